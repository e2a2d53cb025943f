// Reads what a process has used so far, together with its children: processor time of all threads, and peak memory.
// Linux only, from /proc.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export interface Usage {
  readonly time: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly peakMib: number;
}

export function readUsage(pid: number): Usage {
  const usage = { time: Date.now(), userSeconds: 0, systemSeconds: 0, peakMib: 0 };
  for (const each of listProcesses(pid)) {
    const fields = readProc(each, 'stat').split(') ')[1]?.split(' ') ?? [];
    usage.userSeconds += Number(fields[11] ?? 0) / TICKS_PER_SECOND;
    usage.systemSeconds += Number(fields[12] ?? 0) / TICKS_PER_SECOND;
    usage.peakMib += Number(/VmHWM:\s+(\d+) kB/.exec(readProc(each, 'status'))?.[1] ?? 0) / 1024;
  }
  return usage;
}

/** Lists the process and its descendants; each of its threads may have started some. */
function listProcesses(pid: number): readonly number[] {
  const children = listThreads(pid).flatMap((thread) =>
    readProc(pid, `task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(listProcesses)];
}

function listThreads(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    // The process has ended.
    return [];
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // The process has ended.
    return '';
  }
}
