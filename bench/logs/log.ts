// Writes a large log made from the lab's recordings; the same size always gives the same log. It contains the log of
// every failure once, evenly spread. Between them are the INFO lines of healthy jobs whose checkpoints complete, long
// of one recording and then of the next. Starts and ends are left out of that part, because a process that has written
// a gigabyte has started only once.
import { closeSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

const RECORDINGS = join(import.meta.dirname, '..', '..', 'lab', 'recordings');
const COMPLETED = /^(\S+ \S+) .* Completed checkpoint /gm;
/** Lines about a job or process that starts, fails or ends. */
const TURN =
  / switched from | slot |TaskSlot|TaskExecutor|TaskManager|JobManager|leader|restart|Loading |Starting |task | - {5}/;
/** Number of repetitions of one healthy recording before the next follows. */
const REPEATED = 3000;
const NEXT_ENTRY = /\n(?=\d{4}-\d\d-\d\d )/;

export interface LargeLog {
  readonly bytes: number;
  readonly failures: number;
}

export function writeLargeLog(path: string, bytes: number): LargeLog {
  const names = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.log') && !name.includes('gc'))
    .sort();
  const failures = names
    .filter((name) => !name.startsWith('healthy'))
    .map((name) => readFileSync(join(RECORDINGS, name)));
  const calm = Buffer.from(readCalm(names.filter((name) => name.startsWith('healthy'))));
  const gap = Math.max(0, Math.floor((bytes - failures.reduce((sum, log) => sum + log.length, 0)) / failures.length));
  const file = openSync(path, 'w');
  let written = 0;
  let from = 0;
  for (const failure of failures) {
    written += writeSync(file, failure);
    for (let left = gap; left > 0;) {
      const to = lineEnd(calm, Math.min(calm.length, from + left));
      written += writeSync(file, calm, from, to - from);
      left -= to - from;
      from = to === calm.length ? 0 : to;
    }
  }
  closeSync(file);
  return { bytes: written, failures: failures.length };
}

/** Reads the lines of all processes of a recording, from its first completed checkpoint to its last. */
function readCalm(names: readonly string[]): string {
  const folders = [...new Set(names.map((name) => dirname(name)))];
  return folders
    .flatMap((folder) => {
      const logs = names
        .filter((name) => dirname(name) === folder)
        .map((name) => readFileSync(join(RECORDINGS, name), 'utf8'));
      const times = logs.flatMap((log) => [...log.matchAll(COMPLETED)].map(([, time = '']) => time)).sort();
      const [first = '9', last = ''] = [times[0], times.at(-1)];
      const entries = logs
        .flatMap((log) => log.split(NEXT_ENTRY))
        .filter(
          (entry) =>
            entry.slice(0, 23) >= first &&
            entry.slice(0, 23) <= last &&
            entry.slice(0, 40).includes(' INFO ') &&
            !TURN.test(entry.slice(entry.indexOf('] - '))),
        );
      return entries
        .map((entry) => `${entry.trimEnd()}\n`)
        .join('')
        .repeat(REPEATED);
    })
    .join('');
}

function lineEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(10, from);
  return end < 0 ? bytes.length : end + 1;
}
