// Provides what every part needs from the operating system: runs a command to its end, checks whether a process is
// alive, stops it for good, finds free ports, and waits with a deadline whose error says what was observed. It needs
// Linux where it reads /proc (the parts are Debian's). Nothing here knows a part by name.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * JVM option for quick compilation only. The thorough compiler costs a third of the CPU time, which a run of half a
 * minute never earns back.
 */
export const QUICK_JAVA = '-XX:TieredStopAtLevel=1';
/** The same for javac and jar, which run for seconds. */
export const TOOL_JVM = [`-J${QUICK_JAVA}`, '-J-XX:+UseSerialGC'] as const;

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  timeoutMs?: number;
  user?: { uid: number; gid: number };
  input?: string;
}

/** Runs a command to its end. The exit code is 127 if the command cannot be started, 124 after a time-out. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: options.env,
      ...options.user,
    });
    const out: string[] = [];
    const err: string[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, options.timeoutMs ?? 600_000);
    child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text));
    child.stdin.on('error', () => undefined); // EPIPE: the command may ignore its input
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, stdout: out.join(''), stderr: error.message });
    });
    // 'exit' and not 'close', because a daemon that the command left behind may hold the pipes open for hours.
    child.on('exit', (code) => {
      clearTimeout(timer);
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code: timedOut ? 124 : (code ?? 128), stdout: out.join(''), stderr: err.join('') });
      }, 20);
    });
  });
}

/**
 * Returns the kernel's start time of a process (clock ticks since boot). Pid and start time together identify a process
 * uniquely.
 */
export function readStartTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // no such process
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  return state === 'Z' || state === 'X' ? undefined : fields[19]; // a zombie is dead, although kill -0 finds it
}

export function isAlive(pid: number): boolean {
  return readStartTime(pid) !== undefined;
}

/** Sends a signal; returns false if the process was already gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Sends SIGTERM, then SIGKILL if the process has not ended in time (a stopped process is continued first). Returns when
 * it is gone.
 */
export async function stopProcess(pid: number, graceMs = 15_000): Promise<void> {
  if (!isAlive(pid)) return;
  signalProcess(pid, 'SIGCONT');
  signalProcess(pid, 'SIGTERM');
  if (await hasEnded(pid, graceMs)) return;
  await killProcess(pid);
}

const REAPED_WITHIN_MS = 3_000;

/** Sends SIGKILL; returns when the process is gone. */
export async function killProcess(pid: number): Promise<void> {
  signalProcess(pid, 'SIGKILL');
  if (!(await hasEnded(pid, 10_000))) throw new Error(`Process ${pid} does not end, not even by SIGKILL.`);
  // A check for the pid in a lock file finds the process until its parent has read its exit status; some parents never
  // do.
  const end = Date.now() + REAPED_WITHIN_MS;
  while (signalProcess(pid, 0) && Date.now() < end) await sleep(20);
}

async function hasEnded(pid: number, deadlineMs: number): Promise<boolean> {
  const end = Date.now() + deadlineMs;
  while (isAlive(pid)) {
    if (Date.now() > end) return false;
    await sleep(50);
  }
  return true;
}

/**
 * Returns that many different ports of the loopback interface on which nobody listens now. They are below the range
 * (32768 and up) that the kernel gives to outgoing connections, so that a part which is down for a while finds its port
 * free again.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false)); // in use by any process
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Error that a check of waitFor throws when no later poll can help. It is passed on at once. */
export class Hopeless extends Error {}

/**
 * Polls until `check` returns true. A string means "not yet" and describes what was observed instead; the error at the
 * deadline contains it, followed by the result of `explain` (usually the tail of a log).
 */
export async function waitFor(
  what: string,
  deadlineMs: number,
  check: () => Promise<true | string>,
  explain: () => string = () => '',
): Promise<void> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const seen = await check().catch((error: unknown) => {
      if (error instanceof Hopeless) throw error;
      return describeError(error);
    });
    if (seen === true) return;
    if (Date.now() > end) {
      throw new Error(
        `${what}: not within ${Math.round(deadlineMs / 1000)} s. Last seen: ${seen}\n${explain()}`.trimEnd(),
      );
    }
    await sleep(200);
  }
}

/**
 * Returns the message of anything that was thrown, with the cause of a fetch error, which says more than "fetch
 * failed".
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

// eslint-disable-next-line no-control-regex -- the pattern searches for the escape character
const COLOUR = /\u001b\[[0-9;]*m/g;

/** Removes the colours from an output. Clients colour it even if it is not a terminal. */
export function dropColour(output: string): string {
  return output.replaceAll(COLOUR, '');
}

/** Returns the last lines of the files that exist, each under its name. */
export function readLastLines(paths: readonly string[], lines = 15): string {
  return paths
    .filter((path) => existsSync(path))
    .map((path) => `--- ${path}\n${readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')}`)
    .join('\n');
}
