// Reads a GC log as it comes, and adds one line at its end if the heap was full all the time: full collections, one
// after the other, that freed next to nothing. A single full collection, even a long one, is no such sign, and a heap
// that fills up and is emptied again is how a JVM works. Forms: unified logging (Java 9 on) and -XX:+PrintGCDetails
// (Java 8). The service, which gets the lines one by one, sums them up with the same functions (service/forms.ts).
import { Cursor } from './files/cursor.js';

/** True if the text is a GC log, or one that a container runtime wrote between the lines of Flink. */
export function mayBeGcLog(start: string): boolean {
  return (
    /^(?:\S{20,40} std(?:out|err) F )?\[[^\]\n]*\](?:\[[^\]\n]*\])*\[gc[^\]\n]*\]/m.test(start) ||
    /^(?:\S{20,40} std(?:out|err) F )?(?:\S+: )?\d+\.\d+: \[(?:Full )?GC /m.test(start)
  );
}

export interface GcCollection {
  /** Position in the text that was searched, in UTF-16 units. */
  readonly at: number;
  readonly stamp: string;
  readonly afterKib: number;
  readonly sizeKib: number;
  /** True if the old generation is full. It stays full, however much of the young generation is free. */
  readonly isOldFull: boolean;
}

/** Number of full collections in a row, and share of the heap that each must leave in use. */
export const FULL_IN_A_ROW = 5;
const FULL_SHARE = 0.9;
/** Maximum number of collections of a row that count. */
export const MAX_ROW = 1000;
/**
 * Limits for an excerpt. A few lines that someone copied show fewer collections, so none of them may have freed
 * anything.
 */
const EXCERPT = { bytes: 8192, inARow: 2, share: 0.97 };
/** Maximum length of a line of a GC log. The end of a chunk that is no whole line is searched with the next chunk. */
const MAX_LINE_BYTES = 4096;

export function* watchGcLog(cursor: Cursor): Generator<Buffer> {
  let row: GcCollection[] = [];
  let longest: GcCollection[] = [];
  let rest = '';
  let bytes = 0;
  let collections = 0;
  const add = (lines: string): void => {
    for (const collection of findFullCollections(lines)) {
      collections++;
      row = leavesFull(collection) ? [...row, collection].slice(-MAX_ROW) : [];
      if (row.length >= longest.length) longest = row;
    }
  };
  for (const chunk of cursor.rest()) {
    yield chunk;
    bytes += chunk.length;
    const text = rest + chunk.toString('latin1');
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end).slice(-MAX_LINE_BYTES);
    add(text.slice(0, end));
  }
  add(rest);
  if (
    longest.length >= FULL_IN_A_ROW ||
    (bytes <= EXCERPT.bytes && longest.length === collections && isFullExcerpt(longest))
  )
    yield Buffer.from(`\n${renderFull(longest.length, longest.at(-1))}\n`);
}

function isFullExcerpt(row: readonly GcCollection[]): boolean {
  return row.length >= EXCERPT.inARow && row.every((collection) => isFull(collection, EXCERPT.share));
}

/** True if the collection freed next to nothing. */
export function leavesFull(collection: GcCollection): boolean {
  return isFull(collection, FULL_SHARE);
}

function isFull({ afterKib, sizeKib, isOldFull }: GcCollection, share: number): boolean {
  return isOldFull || afterKib >= share * sizeKib;
}

/**
 * Full collection in unified logging: `[…][gc] GC(812) Pause Full (Allocation Failure) 3921M->3915M(3932M) 21877.204ms`
 */
const UNIFIED =
  /^(?:\S{20,40} std(?:out|err) F )?(\[[^\n]{0,200}?)\[gc[^\n]{0,80}?Pause Full[^\n]{0,120}? (\d{1,12})([KMG])->(\d{1,12})([KMG])\((\d{1,12})([KMG])\) [\d.]{1,20}ms/gm;
/**
 * Full collection in Java 8:
 * `2026-…: 412.1: [Full GC (Ergonomics) [PSYoungGen: …] [ParOldGen: …] 4014080K->4009216K(4026368K), …`. The heap
 * stands outside the inner brackets.
 */
const JAVA_8 =
  /^(?:\S{20,40} std(?:out|err) F )?([^\n[]{0,200})\[Full GC(?: \([^)\n]{0,80}\)){0,4}(?:[^\n[\]]{0,80}\[[^\n\]]{0,120}\]){0,8}?[^\n[\]]{0,80}? ?(\d{1,12})(?:\.\d{1,3})?([KMG])(?:\([\d.]{1,20}[KMG]\))?->(\d{1,12})(?:\.\d{1,3})?([KMG])\((\d{1,12})(?:\.\d{1,3})?([KMG])\)/gm;
const OLD_GENERATION = /\[(?:ParOldGen|PSOldGen|Tenured|CMS): \d+K->(\d+)K\((\d+)K\)/;
/** Share in use at which a generation takes no more objects. */
const OLD_SHARE = 0.99;
const KIB: Readonly<Record<string, number>> = { K: 1, M: 1024, G: 1_048_576 };

export function findFullCollections(lines: string): readonly GcCollection[] {
  if (!lines.includes('Full')) return [];
  return [UNIFIED, JAVA_8].flatMap((form) =>
    [...lines.matchAll(form)].map((match) => {
      const [line, stamp = '', , , after = '0', afterUnit = 'K', size = '1', sizeUnit = 'K'] = match;
      const [, oldAfter = 0, oldSize = 1] = OLD_GENERATION.exec(line) ?? [];
      return {
        at: match.index,
        stamp: stamp.trim(),
        afterKib: Number(after) * (KIB[afterUnit] ?? 1),
        sizeKib: Number(size) * (KIB[sizeUnit] ?? 1),
        isOldFull: Number(oldAfter) >= OLD_SHARE * Number(oldSize),
      };
    }),
  );
}

/**
 * Writes the line that reports a full heap. `row` is the number of collections; the last one says how full the heap is.
 */
export function renderFull(
  row: number,
  last: Pick<GcCollection, 'stamp' | 'afterKib' | 'sizeKib'> | undefined,
): string {
  const { stamp = '', afterKib = 0, sizeKib = 1 } = last ?? {};
  const share = Math.round((100 * afterKib) / Math.max(1, sizeKib));
  return `${stamp}${stamp.startsWith('[') ? '[warning][gc] ' : ' '}The heap is full: ${row} full collections in a row left ${share} % of ${Math.round(sizeKib / 1024)}M in use`;
}
