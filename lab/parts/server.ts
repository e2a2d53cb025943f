// Runs one background server of a part (a Kafka broker, a PostgreSQL …) as a separate process with a log file: start,
// wait, signal, kill, stop, and restart on the same folder. The module of each server defines its command and how to
// detect that it is ready.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hopeless, isAlive, killProcess, readLastLines, signalProcess, stopProcess, waitFor } from './process.js';
import { openRecord, type RunRecord } from './running.js';

export interface ServerStart {
  /**
   * Folder for configuration, data and log, kept at stop. If absent, a temporary folder is made, and removed at stop.
   */
  dir?: string;
  startDeadlineMs?: number;
  /** True to leave it running when this process ends (the `start` command). */
  outlive?: boolean;
}

export interface ServerCommand {
  name: string;
  address: string;
  command: readonly string[];
  env?: Readonly<Record<string, string>>;
  user?: { uid: number; gid: number };
  /** Signal that asks it to end; SIGTERM by default. */
  stopSignal?: NodeJS.Signals;
  /** Decides whether the server is ready, from what it printed since this start. A text says what is missing. */
  isReady(printed: string): Promise<true | string>;
}

export interface PartServer {
  /** Pid of the current process; restart() changes it. */
  readonly pid: number;
  readonly dir: string;
  readonly logFile: string;
  isAlive(): boolean;
  signal(signal: NodeJS.Signals): boolean;
  /** Sends SIGSTOP: connections stay open, but nobody answers. */
  pause(): void;
  continue(): void;
  /** Sends SIGKILL and waits; the data stays. */
  kill(): Promise<void>;
  /** Asks it to end and waits. restart() is possible afterwards only if `dir` was given. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data; stops it first if it runs. */
  restart(): Promise<void>;
}

/** Returns the folder of a server: the caller's, or a temporary one. */
export function makeFolder(name: string, { dir }: ServerStart): string {
  if (dir === undefined) return mkdtempSync(join(tmpdir(), `jobtrace-${name}-`));
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** Starts it and waits until it is ready. */
export async function startServer(what: ServerCommand, dir: string, place: ServerStart): Promise<PartServer> {
  const logFile = join(dir, `${what.name}.log`);
  let record: RunRecord | undefined;
  let pid = 0;
  const start = async (): Promise<void> => {
    record ??= openRecord(what.name, dir, what.address, place.outlive);
    const before = existsSync(logFile) ? statSync(logFile).size : 0;
    pid = await launch(what, dir, logFile, record.env);
    record.add(pid);
    await waitFor(
      `${what.name} at ${what.address}`,
      place.startDeadlineMs ?? 90_000,
      async () => {
        if (!isAlive(pid)) throw new Hopeless(`${what.name} died while starting.\n${readLastLines([logFile], 25)}`);
        return what.isReady(readFileSync(logFile).subarray(before).toString());
      },
      () => readLastLines([logFile]),
    );
  };
  const end = async (): Promise<void> => {
    if (isAlive(pid)) {
      signalProcess(pid, 'SIGCONT');
      signalProcess(pid, what.stopSignal ?? 'SIGTERM');
    }
    await stopProcess(pid);
  };
  const stop = async (): Promise<void> => {
    await end();
    record?.forget();
    record = undefined;
    if (place.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  const signal = (name: NodeJS.Signals): boolean => signalProcess(pid, name);
  return {
    dir,
    logFile,
    stop,
    signal,
    get pid() {
      return pid;
    },
    isAlive: () => isAlive(pid),
    pause: () => void signal('SIGSTOP'),
    continue: () => void signal('SIGCONT'),
    kill: () => killProcess(pid),
    async restart() {
      if (!existsSync(dir))
        throw new Error(
          `This ${what.name} was stopped and its temporary folder is gone. Give it a \`dir\` to keep it.`,
        );
      await end();
      await start();
    },
  };
}

function launch(
  { command: [binary = '', ...args], env, user }: ServerCommand,
  dir: string,
  logFile: string,
  mark: Readonly<Record<string, string>>,
): Promise<number> {
  const log = openSync(logFile, 'a');
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, {
      cwd: dir,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env, ...mark },
      ...user,
    });
    closeSync(log);
    child.on('error', reject);
    child.on('spawn', () => {
      child.unref();
      resolve(child.pid ?? 0);
    });
  });
}
