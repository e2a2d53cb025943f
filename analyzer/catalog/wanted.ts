// What a diagnosis wants of a log, for a reader that leaves out the rest (flink/form/skim.ts): entries with an anchor
// of the catalog. Of a job's completed checkpoints, which most lines of a healthy JobManager are about, only the last
// before something else happens is ever asked for. The options and arguments that a process prints at its start come
// together.
import type { ByteRun, TextSearch } from '../../core/bytes/byte-search.js';
import { at, isDigit } from '../../flink/bytes/byte.js';
import type { FindWanted, WantedSearch } from '../../flink/form/skim.js';
import { FACT_SERIES } from '../../flink/facts/facts.js';
import type { Catalog } from './catalog.js';

export const COMPLETED = 'Completed checkpoint ';
/**
 * `17 for job 5d2f… (`: the number differs from line to line, what follows it hardly ever; before 1.6 there is no job.
 */
const JOB_BYTES = ' for job '.length + 32;

export function wantedBy(catalog: Catalog): FindWanted {
  const { scanner, literals } = catalog;
  const run: ByteRun = { text: asksForCompleted(catalog) ? -1 : literals.indexOf(COMPLETED), bytes: JOB_BYTES };
  const series = new Map(FACT_SERIES.map((literal) => [literals.indexOf(literal), literal]));
  const room = scanner.takeRoom();
  const find = (chunk: Buffer): WantedSearch => new Search(scanner.open(chunk, run), chunk, run, series);
  return Object.assign(find, { by: scanner, room });
}

/** A rule that asks for completed checkpoints itself gets them all. */
export function asksForCompleted({ literals, kindsOf }: Catalog): boolean {
  return literals.some(
    (literal, index) => literal.includes(COMPLETED.trim()) && [...kindsOf(index)].some((kind) => kind !== 'fact'),
  );
}

class Search implements WantedSearch {
  text = -1;
  start = 0;
  end = 0;
  newest: string | undefined;
  series: string | undefined;
  readonly #anchors: TextSearch;
  readonly #chunk: Buffer;
  readonly #run: ByteRun;
  readonly #series: ReadonlyMap<number, string>;

  constructor(anchors: TextSearch, chunk: Buffer, run: ByteRun, series: ReadonlyMap<number, string>) {
    this.#anchors = anchors;
    this.#chunk = chunk;
    this.#run = run;
    this.#series = series;
  }

  next(from: number): boolean {
    if (!this.#anchors.next(from)) return false;
    this.text = this.#anchors.text;
    this.start = this.#anchors.start;
    this.end = this.#anchors.end;
    this.series = this.#series.get(this.text);
    this.newest = this.text === this.#run.text ? this.#readJob() : undefined;
    return true;
  }

  #readJob(): string {
    while (isDigit(at(this.#chunk, this.end))) this.end += 1;
    return this.#chunk.toString('latin1', this.end, this.end + this.#run.bytes);
  }
}
