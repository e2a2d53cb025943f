// Starts a process for a measurement, keeps its last output, and stops it for good.
import { spawn, type ChildProcess } from 'node:child_process';

const SAID_UNITS = 2000;

export interface Child {
  readonly pid: number;
  /** Throws an error with its last output if it has ended. */
  requireAlive(): void;
  stop(): Promise<void>;
}

/** Starts the command. `cores` are those it may run on; all if the list is empty. */
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
