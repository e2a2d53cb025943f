// A large log made from the lab's recordings, the same for the same size: every failure once, spread evenly, and between
// them what healthy jobs write while they run, at INFO. Start-ups are left out of that part: a process that has written
// a gigabyte has started once. Used by the measurements of this folder.
import { closeSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const RECORDINGS = join(import.meta.dirname, '..', 'lab', 'recordings');
const RUNNING = /^.*(?:Receive slot request|switched from state CREATED to RUNNING)/m;
const START_UP = /Loading (?:dynamic )?configuration property|RECEIVED SIGNAL/;

export interface LargeLog {
  readonly bytes: number;
  readonly failures: number;
}

export function writeLargeLog(path: string, bytes: number): LargeLog {
  const failures = listLogs().filter((name) => !name.startsWith('healthy')).map((name) => readFileSync(join(RECORDINGS, name)));
  const calm = Buffer.concat(listLogs().filter((name) => name.startsWith('healthy')).map((name) => Buffer.from(readRunning(readFileSync(join(RECORDINGS, name), 'latin1')), 'latin1')));
  const gap = Math.max(0, Math.floor((bytes - failures.reduce((sum, log) => sum + log.length, 0)) / failures.length));
  const file = openSync(path, 'w');
  let written = 0;
  let from = 0;
  for (const failure of failures) {
    written += writeSync(file, failure);
    for (let left = gap; left > 0; ) {
      const to = lineEnd(calm, Math.min(calm.length, from + left));
      written += writeSync(file, calm, from, to - from);
      left -= to - from;
      from = to === calm.length ? 0 : to;
    }
  }
  closeSync(file);
  return { bytes: written, failures: failures.length };
}

function listLogs(): readonly string[] {
  return readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log') && !name.includes('gc')).sort();
}

/** From where a job runs on, entry by entry, only what is logged at INFO. */
function readRunning(log: string): string {
  const start = log.search(RUNNING);
  if (start < 0) return '';
  const entries = log.slice(start).split(/\n(?=\d{4}-\d\d-\d\d )/);
  return entries.filter((entry) => entry.slice(0, 40).includes(' INFO ') && !START_UP.test(entry)).map((entry) => `${entry.trimEnd()}\n`).join('');
}

function lineEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(10, from);
  return end < 0 ? bytes.length : end + 1;
}
