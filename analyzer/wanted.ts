// What a diagnosis wants of a log, for a reader that leaves out the rest (flink/skim.ts): entries with an anchor of the
// catalog. Of a job's completed checkpoints, which most lines of a healthy JobManager are about, only the last before
// something else happens is ever asked for.
import type { FindWanted, Wanted } from '../flink/skim.js';
import type { Catalog } from './catalog.js';

const COMPLETED = 'Completed checkpoint ';
const LOOK_BYTES = 72;

export function wantedBy({ scanner, literals, uses }: Catalog): FindWanted {
  const asked = literals.filter((literal) => literal.includes(COMPLETED.trim())).length > 1 || uses[literals.indexOf(COMPLETED)]?.some((use) => use.kind !== 'fact');
  // A rule that asks for them itself gets them all.
  const completed = asked === true ? -1 : literals.indexOf(COMPLETED);
  return (bytes, from): Wanted | undefined => {
    const met = scanner.next(bytes, from);
    return met === undefined || met.literal !== completed ? met : { ...met, newest: readJob(bytes.toString('latin1', met.end, met.end + LOOK_BYTES)) };
  };
}

/** `17 for job 5d2f… (`; before 1.6 without the job. */
function readJob(text: string): string {
  return /^\d+ for job ([0-9a-f]{32}) \(/.exec(text)?.[1] ?? '';
}
