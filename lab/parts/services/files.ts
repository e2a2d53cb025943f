// Reads what the separation kit left on disk: the files of a process and of its jobs, by the names that
// docker/flink/README.md promises, in the order in which they were written, and which of them a process holds open. For
// the separation tests.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ParsedEntry } from '../../../core/types.js';
import { parseEntry } from '../../../flink/layout/layout.js';
import type { SeparatedProcess } from './kit-cluster.js';

/** Line that begins an entry in one of the kit's layouts. */
const DATED = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3} /;

export function jobFile(process: SeparatedProcess, jobId: string): string {
  return `${process.logFile}.job-${jobId}.log`;
}

/** Returns all generations of a job's file in one process, the oldest first. */
export function readJob(process: SeparatedProcess, jobId: string): string {
  return readGenerations(process, jobFile(process, jobId));
}

/** Returns the process log with its generations, the oldest first. */
export function readProcessLog(process: SeparatedProcess): string {
  return readGenerations(process, process.logFile);
}

function readGenerations(process: SeparatedProcess, current: string): string {
  const names = readdirSync(dirname(current)).filter(
    (name) =>
      name === basename(current) ||
      (/^\.\d+$/.test(name.slice(basename(current).length)) && name.startsWith(basename(current))),
  );
  const age = (name: string): number =>
    (process.logging === 'log4j' ? 1 : -1) *
    Number(/\.log\.(\d+)$/.exec(name)?.[1] ?? (process.logging === 'log4j' ? 1e9 : 0));
  return names
    .sort((a, b) => age(a) - age(b))
    .map((name) => readFileSync(join(dirname(current), name), 'utf8'))
    .join('');
}

/** Returns the paths of all job files of that process. */
export function listJobFiles(process: SeparatedProcess): string[] {
  return readdirSync(dirname(process.logFile))
    .filter((name) => name.startsWith(`${basename(process.logFile)}.job-`))
    .map((name) => join(dirname(process.logFile), name));
}

/** Returns the job ids in the brackets of the lines, as the agent reads them; '' for a line without one. */
export function readOwners(text: string): Set<string> {
  return new Set(listEntries(text).map((line) => parseEntry(Buffer.from(line)).jobId ?? ''));
}

/** Returns the entries (their first lines) that name one of these jobs but have no job id in the brackets. */
export function listNaming(text: string, jobIds: readonly string[]): ParsedEntry[] {
  return listEntries(text)
    .filter((line) => jobIds.some((id) => line.includes(id)))
    .map((line) => parseEntry(Buffer.from(line)))
    .filter(({ jobId }) => jobId === undefined);
}

export function listEntries(text: string): string[] {
  return text.split('\n').filter((line) => DATED.test(line));
}

/** Lists the job files that the process has open. */
export function listOpenJobFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const file = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return /\.log\.job-[0-9a-f]{32}\.log/.test(file) ? [file] : [];
    } catch {
      return []; // closed between the listing and this look
    }
  });
}

/** Counts all descriptors of the process: files, sockets, pipes. */
export function countDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
