// Provides, for tests of the services, the log of a rule as if its events had begun a minute ago. Older lines are
// history to an analyzer, which notifies nobody of them.
import { readFileSync } from 'node:fs';

const STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}/;
const begin = Date.now() - 60_000;

/** Returns its lines, each with the time in UTC that it would have. */
export function readRecent(path: string): readonly string[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const first = lines.map((line) => STAMP.exec(line)?.[0]).find((stamp) => stamp !== undefined) ?? '';
  const shift = begin - readStamp(first);
  return lines.map((line) => line.replace(STAMP, (stamp) => renderStamp(readStamp(stamp) + shift)));
}

function readStamp(stamp: string): number {
  return Date.parse(`${stamp.replace(' ', 'T').replace(',', '.')}Z`);
}

function renderStamp(time: number): string {
  return new Date(time).toISOString().replace('T', ' ').replace('.', ',').slice(0, 23);
}
