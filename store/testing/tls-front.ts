// Server with a certificate of its own authority in front of a real Elasticsearch, like a load balancer or a node with
// TLS. A client with its API key passes as the user that has the rights of the key (the smallest distribution can keep
// users in files, but no keys). It can die, or answer that it is unavailable. Only tests import it.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as openRequest } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';

export interface Authority {
  /** PEM file of the authority that signed the certificate of every front. */
  readonly caFile: string;
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** Creates a certificate for 127.0.0.1, and the authority that signed it. Needs openssl. */
export function makeAuthority(dir: string): Authority {
  const path = (name: string): string => join(dir, name);
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  const name = ['-subj', '/CN=Authority of this test'];
  openssl('req', '-x509', '-days', '2', ...key, ...name, '-keyout', path('ca.key'), '-out', path('ca.pem'));
  openssl('req', '-new', ...key, '-subj', '/CN=node', '-keyout', path('node.key'), '-out', path('node.csr'));
  writeFileSync(path('san.cnf'), 'subjectAltName=IP:127.0.0.1\n');
  const signed = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-extfile', path('san.cnf')];
  openssl('x509', '-req', '-days', '2', '-in', path('node.csr'), ...signed, '-out', path('node.pem'));
  return { caFile: path('ca.pem'), key: readFileSync(path('node.key')), cert: readFileSync(path('node.pem')) };
}

export interface FrontDoor {
  readonly target: string;
  readonly authority: Authority;
  readonly apiKey: string;
  /**
   * Authorization header that Elasticsearch gets instead of the key. It is of the user that has the rights of the key.
   */
  readonly authorization: string;
}

export interface TlsFront {
  readonly url: string;
  /** Returns the number of requests that it has seen. */
  readonly requests: () => number;
  /** Answers 503 to everything from now on, as a node without a master does. */
  fail(): void;
  close(): Promise<void>;
}

const NO_MASTER = '{"error":{"type":"master_not_discovered_exception","reason":null},"status":503}';
const NOT_KNOWN = '{"error":{"type":"security_exception","reason":"unable to authenticate"},"status":401}';

export async function openTlsFront({ target, authority, apiKey, authorization }: FrontDoor): Promise<TlsFront> {
  const { key, cert } = authority;
  let requests = 0;
  let isFailing = false;
  const server = createServer({ key, cert }, (incoming, answer) => {
    requests += 1;
    const { method, headers, url = '/' } = incoming;
    const isKnown = headers.authorization === `ApiKey ${apiKey}`;
    if (isFailing || !isKnown) {
      incoming.resume();
      answer.writeHead(isFailing ? 503 : 401, {
        'content-type': 'application/json',
        'x-elastic-product': 'Elasticsearch',
      });
      answer.end(isFailing ? NO_MASTER : NOT_KNOWN);
      return;
    }
    const outgoing = openRequest(`${target}${url}`, { method, headers: { ...headers, authorization } }, (real) => {
      answer.writeHead(real.statusCode ?? 500, real.headers);
      real.pipe(answer);
    });
    outgoing.on('error', () => incoming.socket.destroy()); // the target is down, so this connection is closed too
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port.');
  return {
    url: `https://127.0.0.1:${address.port}`,
    requests: () => requests,
    fail: () => {
      isFailing = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
