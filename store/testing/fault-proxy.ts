// A small HTTP proxy in front of a real Elasticsearch that misbehaves on demand: answers something else, cuts the
// connection before or after the request went through. Only tests import it.
import { createServer, request as openRequest, type IncomingMessage, type ServerResponse } from 'node:http';

export interface FaultAnswer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What to do with a request; undefined lets it pass. */
export type Fault = (request: {
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
}) => FaultAnswer | 'cut-before' | 'cut-after' | undefined;

export interface FaultProxy {
  readonly url: string;
  /** Applies to requests from now on. */
  setFault(fault: Fault | undefined): void;
  /** Requests that were answered by a fault. */
  readonly faults: () => number;
  close(): Promise<void>;
}

export async function openFaultProxy(target: string): Promise<FaultProxy> {
  let current: Fault | undefined;
  let faults = 0;
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const fault = current?.({ method: incoming.method ?? '', path: incoming.url ?? '', bytes: body.length });
      if (fault !== undefined) faults += 1;
      if (fault === 'cut-before') incoming.socket.destroy();
      else if (fault === undefined || fault === 'cut-after')
        forward(target, incoming, body, answer, fault === 'cut-after');
      else
        answer
          .writeHead(fault.status, {
            'content-type': fault.type ?? 'application/json',
            'x-elastic-product': 'Elasticsearch',
            ...fault.headers,
          })
          .end(fault.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    setFault(fault) {
      current = fault;
    },
    faults: () => faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(
  target: string,
  incoming: IncomingMessage,
  body: Buffer,
  answer: ServerResponse,
  isCut: boolean,
): void {
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).filter(([name]) => name !== 'content-length' && name !== 'transfer-encoding'),
  );
  const outgoing = openRequest(
    `${target}${incoming.url ?? ''}`,
    {
      method: incoming.method ?? 'GET',
      headers: body.length > 0 ? { ...headers, 'content-length': String(body.length) } : headers,
    },
    (real) => {
      if (isCut) {
        real.resume().on('end', () => incoming.socket.destroy());
        return;
      }
      answer.writeHead(real.statusCode ?? 500, real.headers);
      real.pipe(answer);
    },
  );
  outgoing.on('error', () => incoming.socket.destroy()); // the target is down: so is the proxy's answer
  outgoing.end(body);
}
