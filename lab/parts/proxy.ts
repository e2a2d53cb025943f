// Runs a TCP proxy in the lab's own process, like a firewall or load balancer between two processes: it listens on one
// port and forwards everything to another. Its connections can be reset while both ends stay alive. Connections that it
// accepts while nobody listens behind it are closed at once.
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { findFreePorts } from './process.js';

export interface Proxy {
  /** Port that clients connect to. */
  readonly port: number;
  /** Port on which the server behind the proxy has to listen. */
  readonly target: number;
  /** Ends every connection with a reset (RST) to both sides; new ones are passed on again. */
  reset(): void;
  /** Opens this many connections to the target that never send anything, like a port scanner or a health check. */
  idle(count: number): void;
  stop(): Promise<void>;
}

export async function startProxy(): Promise<Proxy> {
  const [port = 0, target = 0] = await findFreePorts(2);
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const behind = createConnection(target, '127.0.0.1');
    for (const [socket, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      open.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => open.delete(socket));
      socket.pipe(other);
    }
  });
  await listen(server, port);
  const reset = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  const idle = (count: number): void => {
    for (let opened = 0; opened < count; opened++) {
      const socket = createConnection(target, '127.0.0.1');
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => open.delete(socket));
    }
  };
  return {
    port,
    target,
    reset,
    idle,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        reset();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
