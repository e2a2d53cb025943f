// Small HTTP proxy in front of a real Elasticsearch that misbehaves on demand: answers something else, cuts the
// connection before or after the request went through, answers late, refuses single items of a bulk request. Only tests
// import it.
import { createServer, request as openRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** True if a request sends records. Its address may name an index. */
export function isBulk(path: string): boolean {
  return /^(?:\/[^/?]+)?\/_bulk(?:\?|$)/.test(path);
}

export interface FaultAnswer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Fault that lets the request pass after this time. */
export interface LateAnswer {
  readonly delayMs: number;
}

/**
 * Fault that lets a bulk request pass without the items for which `decide` returns a status. These never reach the
 * target.
 */
export interface PartialAnswer {
  readonly decide: (document: string) => number | undefined;
}

/** Decides what to do with a request. Undefined lets it pass. */
export type Fault = (request: {
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
  /** Encoding of the body: `gzip`, or undefined. */
  readonly encoding: string | undefined;
}) => FaultAnswer | LateAnswer | PartialAnswer | 'cut-before' | 'cut-after' | undefined;

export interface FaultProxy {
  readonly url: string;
  /** Sets the fault for requests from now on. */
  setFault(fault: Fault | undefined): void;
  /** Returns the number of requests that were answered by a fault. */
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
      const fault = current?.({
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        bytes: body.length,
        encoding: incoming.headers['content-encoding'],
      });
      if (fault !== undefined) faults += 1;
      if (fault === 'cut-before') incoming.socket.destroy();
      else if (fault === undefined || fault === 'cut-after')
        forward(target, incoming, body, answer, fault === 'cut-after');
      else if ('delayMs' in fault) setTimeout(() => forward(target, incoming, body, answer, false), fault.delayMs);
      else if ('decide' in fault)
        // The target is down, so the proxy's connection is closed too.
        void forwardPart(target, incoming, body, answer, fault).catch(() => incoming.socket.destroy());
      else sendAnswer(answer, fault);
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

function sendAnswer(answer: ServerResponse, { status, body, type, headers }: FaultAnswer): void {
  answer
    .writeHead(status, {
      'content-type': type ?? 'application/json',
      'x-elastic-product': 'Elasticsearch',
      ...headers,
    })
    .end(body);
}

/**
 * Forwards the items that pass. An item has two lines: the action and the document. The answers are joined in the order
 * of the items.
 */
async function forwardPart(
  target: string,
  incoming: IncomingMessage,
  body: Buffer,
  answer: ServerResponse,
  { decide }: PartialAnswer,
): Promise<void> {
  const plain = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  const lines = plain.toString('utf8').trimEnd().split('\n');
  const items = lines.flatMap((action, at) => (at % 2 === 0 ? [{ action, document: lines[at + 1] ?? '' }] : []));
  const statuses = items.map(({ document }) => decide(document));
  const kept = items.filter((_item, at) => statuses[at] === undefined);
  const given = kept.length === 0 ? [] : await sendItems(`${target}${incoming.url ?? ''}`, kept);
  const merged = statuses.map((status) => (status === undefined ? given.shift() : refuseItem(status)));
  sendAnswer(answer, { status: 200, body: JSON.stringify({ errors: true, items: merged }) });
}

async function sendItems(
  url: string,
  items: readonly { readonly action: string; readonly document: string }[],
): Promise<unknown[]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: items.map(({ action, document }) => `${action}\n${document}\n`).join(''),
  });
  const { items: given } = (await response.json()) as { items: unknown[] };
  return given;
}

function refuseItem(status: number): object {
  return { index: { status, error: { type: 'injected_exception', reason: `the proxy answers ${status}` } } };
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
  outgoing.on('error', () => incoming.socket.destroy()); // the target is down, so this connection is closed too
  outgoing.end(body);
}
