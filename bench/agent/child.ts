// A process that a measurement started: started, listened to, and stopped for good. Called by the runs and the sinks.
import { spawn, type ChildProcess } from 'node:child_process';

const SAID_UNITS = 2000;

export interface Child {
  readonly pid: number;
  /** Throws, with the last that it said, when it has ended. */
  requireAlive(): void;
  stop(): Promise<void>;
}

/** `cores`: the ones it may run on; all, when there are none. */
export function startChild(command: readonly string[], cwd: string, cores: readonly number[] = []): Child {
  const [program = '', ...args] = [...(cores.length > 0 ? ['taskset', '-c', cores.join(',')] : []), ...command];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-SAID_UNITS)));
  child.on('error', (error) => (said = error.message));
  return {
    pid: child.pid ?? 0,
    requireAlive() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${command.join(' ')} ended with ${child.exitCode ?? child.signalCode ?? 'no start'}: ${said}`);
    },
    stop: () => stopChild(child),
  };
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
