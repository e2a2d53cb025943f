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
  /** Those that were met last; most logs are about few. */
  let jobs: readonly Job[] = [];
  const nameJob = (bytes: Buffer, start: number): string => {
    let job = jobs.find((known) => holdsAt(bytes, start, known.bytes));
    if (job === undefined) {
      const own = Buffer.from(bytes.subarray(start, start + JOB_BYTES));
      job = { bytes: own, name: own.toString('latin1') };
      jobs = [job, ...jobs].slice(0, MAX_JOBS);
    }
    return job.name;
  };
  return (bytes) => {
    const search = scanner.open(bytes);
    return (from): Wanted | undefined => {
      if (!search.next(from)) return undefined;
      const { start, end } = search;
      if (search.text !== completed) return { start, end };
      let afterNumber = end;
      while (isDigit(at(bytes, afterNumber))) afterNumber += 1;
      return { start, end: afterNumber, newest: nameJob(bytes, afterNumber) };
    };
  };
}

interface Job {
  readonly bytes: Buffer;
  readonly name: string;
}

const MAX_JOBS = 8;

function holdsAt(bytes: Buffer, start: number, wanted: Buffer): boolean {
  // Jobs differ in their ids, at the end.
  for (let index = wanted.length - 1; index >= 0; index -= 1) if (bytes[start + index] !== wanted[index]) return false;
  return wanted.length > 0;
}
