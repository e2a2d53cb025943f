// What a diagnosis wants of a log, for a reader that leaves out the rest (flink/skim.ts): entries with an anchor of the
// catalog. Of a job's completed checkpoints, which most lines of a healthy JobManager are about, only the last before
// something else happens is ever asked for.
import { at, isDigit } from '../flink/byte.js';
import type { FindWanted, Wanted } from '../flink/skim.js';
import type { Catalog } from './catalog.js';

const COMPLETED = 'Completed checkpoint ';
/** `17 for job 5d2f… (`: the number differs from line to line, what follows it hardly ever; before 1.6 there is no job. */
const JOB_BYTES = ' for job '.length + 32;

export function wantedBy({ scanner, literals, uses }: Catalog): FindWanted {
  // A rule that asks for them itself gets them all.
  const isAsked = literals.some((literal, index) => literal.includes(COMPLETED.trim()) && uses[index]?.some(({ kind }) => kind !== 'fact'));
  const completed = isAsked ? -1 : literals.indexOf(COMPLETED);
  let job = '';
  let jobBytes: Buffer = Buffer.alloc(0);
  return (bytes, from): Wanted | undefined => {
    const met = scanner.next(bytes, from);
    if (met === undefined || met.literal !== completed) return met;
    let start = met.end;
    while (isDigit(at(bytes, start))) start += 1;
    if (!holdsAt(bytes, start, jobBytes)) {
      jobBytes = Buffer.from(bytes.subarray(start, start + JOB_BYTES));
      job = jobBytes.toString('latin1');
    }
    return { start: met.start, end: start, newest: job };
  };
}

function holdsAt(bytes: Buffer, start: number, wanted: Buffer): boolean {
  // Jobs differ in their ids, at the end.
  for (let index = wanted.length - 1; index >= 0; index -= 1) if (bytes[start + index] !== wanted[index]) return false;
  return wanted.length > 0;
}
