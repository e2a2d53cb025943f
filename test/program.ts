// Provides what the tests of the whole product share: the running command line (of the packed product, as users start
// it), a webhook receiver that is a real HTTP server, and waiting with a deadline whose error says what was observed.
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_ROOT } from '../cli/version.js';
import { findProduct } from './install/product.js';

/**
 * Path of the command line: from the unpacked tarball in a test run, from the tree's build in a laboratory or a bench.
 */
export const FRONT_DOOR = (await findProduct())?.frontDoor ?? join(PACKAGE_ROOT, 'dist', 'cli.js');

export interface RunningProgram {
  readonly process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Sends SIGTERM by default; resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

export function startProgram(
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly input?: Buffer | string;
    /** Node other than the one that runs this, and the product that is installed for it. */
    readonly other?: { readonly node: string; readonly frontDoor: string };
  } = {},
): RunningProgram {
  const { node, frontDoor } = options.other ?? { node: process.execPath, frontDoor: FRONT_DOOR };
  const child = spawn(node, [frontDoor, ...args], {
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    cwd: options.cwd,
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (data: Buffer) => out.push(data));
  child.stderr?.on('data', (data: Buffer) => err.push(data));
  child.stdin?.on('error', () => undefined);
  if (options.input !== undefined) child.stdin?.end(options.input);
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return {
    process: child,
    stdout: () => Buffer.concat(out).toString('utf8'),
    stderr: () => Buffer.concat(err).toString('utf8'),
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
    ended,
  };
}

/** Runs a command line to its end. */
export async function runProgram(
  args: readonly string[],
  options: Parameters<typeof startProgram>[1] = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = startProgram(args, options);
  const code = await program.ended;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

export interface Received {
  readonly at: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** Starts a receiver of webhooks that keeps what it got. */
export async function startReceiver(): Promise<{ url: string; received: Received[]; close(): Promise<void> }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (data: Buffer) => parts.push(data));
    request.on('end', () => {
      received.push({
        at: Date.now(),
        headers: request.headers,
        body: JSON.parse(Buffer.concat(parts).toString('utf8')) as Record<string, unknown>,
      });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    received,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/**
 * Polls until the value is there; the error says what was observed last. An expensive poll (that starts a program)
 * takes at most half of the time.
 */
export async function waitUntil<T>(
  what: string,
  find: () => T | undefined | Promise<T | undefined>,
  options: { readonly deadlineMs?: number; readonly saw?: () => unknown } = {},
): Promise<T> {
  const end = Date.now() + (options.deadlineMs ?? 30_000);
  for (;;) {
    const began = Date.now();
    const value = await find();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`waited for ${what}; saw ${JSON.stringify(options.saw?.() ?? 'nothing')}`);
    await sleep(Math.max(100, Date.now() - began));
  }
}
