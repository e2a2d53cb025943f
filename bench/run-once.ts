// Runs a program once, alone on a core. For the measurements of the command line.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProgramRun {
  readonly seconds: number;
  readonly peakMib: number;
}

/** Returns the wall time and the peak memory of a process that is bound to one core. */
export function runOnce(
  command: readonly string[],
  core: number,
  onOutput?: (bytes: Buffer) => void,
): Promise<ProgramRun> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn('taskset', ['-c', String(core), ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
    let peakMib = 0;
    let said = '';
    const watch = setInterval(() => (peakMib = Math.max(peakMib, readPeak(child.pid))), 20);
    child.stdout.on('data', onOutput ?? (() => undefined));
    child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      if (code === 0) resolve({ seconds: (performance.now() - start) / 1000, peakMib });
      else reject(new Error(`${command.join(' ')} ended with ${code}: ${said.slice(0, 1000)}`));
    });
  });
}

function readPeak(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
