// What a diagnosis wants of a log, for a reader that leaves out the rest (flink/skim.ts): entries with an anchor of the
// catalog. Of a job's completed checkpoints, which most lines of a healthy JobManager are about, only the last before
// something else happens is ever asked for.
import type { TextSearch } from '../core/byte-search.js';
import { at, isDigit } from '../flink/byte.js';
import type { FindWanted, WantedSearch } from '../flink/skim.js';
import type { Catalog } from './catalog.js';

const COMPLETED = 'Completed checkpoint ';
/** `17 for job 5d2f… (`: the number differs from line to line, what follows it hardly ever; before 1.6 there is no job. */
const JOB_BYTES = ' for job '.length + 32;

export function wantedBy({ scanner, literals, uses }: Catalog): FindWanted {
  // A rule that asks for them itself gets them all.
  const isAsked = literals.some((literal, index) => literal.includes(COMPLETED.trim()) && uses[index]?.some(({ kind }) => kind !== 'fact'));
  const completed = isAsked ? -1 : literals.indexOf(COMPLETED);
  const jobs = new JobNames();
  return (piece) => new Search(scanner.open(piece), piece, completed, jobs);
}

class Search implements WantedSearch {
  start = 0;
  end = 0;
  newest: string | undefined;
  readonly #anchors: TextSearch;
  readonly #piece: Buffer;
  readonly #completed: number;
  readonly #jobs: JobNames;

  constructor(anchors: TextSearch, piece: Buffer, completed: number, jobs: JobNames) {
    this.#anchors = anchors;
    this.#piece = piece;
    this.#completed = completed;
    this.#jobs = jobs;
  }

  next(from: number): boolean {
    if (!this.#anchors.next(from)) return false;
    this.start = this.#anchors.start;
    this.end = this.#anchors.end;
    this.newest = undefined;
    if (this.#anchors.text !== this.#completed) return true;
    while (isDigit(at(this.#piece, this.end))) this.end += 1;
    this.newest = this.#jobs.nameAt(this.#piece, this.end);
    return true;
  }
}

const MAX_JOBS = 8;

/** Those that were met last; most logs are about few. */
class JobNames {
  #known: readonly { readonly bytes: Buffer; readonly name: string }[] = [];

  nameAt(piece: Buffer, start: number): string {
    for (const { bytes, name } of this.#known) if (holdsAt(piece, start, bytes)) return name;
    const bytes = Buffer.from(piece.subarray(start, start + JOB_BYTES));
    const name = bytes.toString('latin1');
    this.#known = [{ bytes, name }, ...this.#known].slice(0, MAX_JOBS);
    return name;
  }
}

function holdsAt(bytes: Buffer, start: number, wanted: Buffer): boolean {
  // Jobs differ in their ids, at the end.
  for (let index = wanted.length - 1; index >= 0; index -= 1) if (bytes[start + index] !== wanted[index]) return false;
  return wanted.length > 0;
}
