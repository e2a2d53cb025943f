// Searches a log for what a diagnosis needs, for a reader that leaves out the rest (flink/layout/skim.ts): entries with
// an anchor of the catalog. Most lines of a healthy JobManager are about completed checkpoints, and only a job's last
// one before something else happens is needed. A JobManager logs thousands of subtasks at each restart, and only the
// last subtask of each task is needed. The options and arguments that a process prints at its start come together.
import type { ByteRun, TextSearch } from '../../core/wasm/byte-search.js';
import { at, isDigit } from '../../flink/bytes/byte.js';
import type { FindWanted, WantedSearch } from '../../flink/layout/skim.js';
import { FACT_SERIES } from '../../flink/facts/facts.js';
import type { Catalog } from './catalog.js';

export const COMPLETED = 'Completed checkpoint ';
/**
 * Length of what follows the number in `17 for job 5d2f… (`. The number differs from line to line, the rest hardly
 * ever. Before Flink 1.6 the line names no job.
 */
const JOB_BYTES = ' for job '.length + 32;
/** Transitions of a subtask without an error. */
const TRANSITIONS: readonly string[] = [' to RUNNING', ' to FINISHED', ' to CANCELED'];
/**
 * Text before the transition, as a JobManager since Flink 1.16 logs it; ids begin with the id of the execution graph.
 * The line names no TaskManager, so the lines of many subtasks say the same.
 */
const SUBTASK =
  /ExecutionGraph +(?:\[.{0,200}\] )?- (.{1,2000}) \(\d+(\/\d+)\) \(([0-9a-f]{32})_[0-9a-f]{32}_\d+_\d+\) switched from \w+$/;
const MAX_FIRST_LINE_BYTES = 3000;
const NEWLINE = 10;

export function wantedBy(catalog: Catalog): FindWanted {
  const { scanner, literals } = catalog;
  const run: ByteRun = { text: asksForCompleted(catalog) ? -1 : literals.indexOf(COMPLETED), bytes: JOB_BYTES };
  const many: Many = {
    run,
    transitions: new Map(
      TRANSITIONS.flatMap((transition) =>
        asksFor(catalog, transition) ? [] : ([[literals.indexOf(transition), transition]] as const),
      ),
    ),
    series: new Map(FACT_SERIES.map((literal) => [literals.indexOf(literal), literal])),
  };
  const room = scanner.takeBuffer();
  const find = (chunk: Buffer): WantedSearch => new Search(scanner.open(chunk, run), chunk, many);
  return Object.assign(find, { by: scanner, room });
}

export function asksForCompleted(catalog: Catalog): boolean {
  return asksFor(catalog, COMPLETED.trim());
}

/** True if a rule asks for the text itself. Such a rule gets all entries with it. */
function asksFor({ literals, kindsOf }: Catalog, text: string): boolean {
  return literals.some(
    (literal, index) => literal.includes(text) && [...kindsOf(index)].some((kind) => kind !== 'fact'),
  );
}

/** Texts that many similar entries hold, by the number of the text. */
interface Many {
  readonly run: ByteRun;
  readonly transitions: ReadonlyMap<number, string>;
  readonly series: ReadonlyMap<number, string>;
}

class Search implements WantedSearch {
  text = -1;
  start = 0;
  end = 0;
  newest: string | undefined;
  series: string | undefined;
  readonly #anchors: TextSearch;
  readonly #chunk: Buffer;
  readonly #many: Many;

  constructor(anchors: TextSearch, chunk: Buffer, many: Many) {
    this.#anchors = anchors;
    this.#chunk = chunk;
    this.#many = many;
  }

  next(from: number): boolean {
    if (!this.#anchors.next(from)) return false;
    const { text, start, end } = this.#anchors;
    const { run, transitions, series } = this.#many;
    this.text = text;
    this.start = start;
    this.end = end;
    this.series = series.get(text);
    this.newest = text === run.text ? this.#readJob() : transitions.has(text) ? this.#readTask() : undefined;
    return true;
  }

  #readJob(): string {
    while (isDigit(at(this.#chunk, this.end))) this.end += 1;
    return this.#chunk.toString('latin1', this.end, this.end + this.#many.run.bytes);
  }

  #readTask(): string | undefined {
    const line = this.#chunk.lastIndexOf(NEWLINE, this.start) + 1;
    if (this.start - line > MAX_FIRST_LINE_BYTES) return undefined;
    const [, task, parallelism, graph] = SUBTASK.exec(this.#chunk.toString('latin1', line, this.start)) ?? [];
    return graph === undefined ? undefined : `${this.text} ${graph} ${parallelism} ${task}`;
  }
}
