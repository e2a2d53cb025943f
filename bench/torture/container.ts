// Renders entries as a container runtime writes them: each line with its stream in front, long lines in pieces, and the
// lines of two streams mixed.
import type { Dice } from './dice.js';
import type { EntryText } from './entries.js';

/** Bytes that are written with one call. */
export interface Piece {
  readonly bytes: Buffer;
  /** True if the file may be rotated after this piece. */
  readonly mayTurn: boolean;
}

export interface Wrapped {
  readonly entries: readonly EntryText[];
  readonly pieces: readonly Piece[];
}

const PIECES_SHARE = 0.2;
/** Size of a piece in characters; the first piece holds the name of the entry. */
const PIECE_UNITS = [150, 16_384] as const;
/** Number of bytes of the other stream after which an entry is over. */
const FAR_BYTES = 30_000;

/** Wraps one entry of each stream, or a single one. */
export function wrapEntries(dice: Dice, given: readonly [EntryText] | readonly [EntryText, EntryText]): Wrapped {
  const stamp = `${new Date().toISOString().slice(0, -1)}000000Z`;
  const first = dice.pick(['stdout', 'stderr']);
  const streams = [first, first === 'stdout' ? 'stderr' : 'stdout'];
  const wrapped = given.map(({ text }, at) => wrapLines(dice, `${stamp} ${streams[at] ?? first}`, text));
  const bytes = wrapped.flat().reduce((sum, line) => sum + line.length, 0);
  const lines = bytes > FAR_BYTES ? wrapped.flat() : mix(dice, wrapped);
  return {
    entries: given.map(({ name }, at) => ({ name, text: (wrapped[at] ?? []).join('\n') })),
    pieces: lines.map((line, at) => ({
      bytes: Buffer.from(`${line}\n`),
      mayTurn: at === lines.length - 1 || (given.length === 1 && goesOn(line, lines[at + 1] ?? '')),
    })),
  };
}

function wrapLines(dice: Dice, head: string, text: string): string[] {
  const [first = '', ...others] = text.split('\n');
  const size = dice.chance(PIECES_SHARE) ? dice.between(PIECE_UNITS) : PIECE_UNITS[1];
  const parts = Array.from({ length: Math.ceil(first.length / size) }, (_, at) =>
    first.slice(at * size, (at + 1) * size),
  );
  return [
    ...parts.map((part, at) => `${head} ${at < parts.length - 1 ? 'P' : 'F'} ${part}`),
    ...others.map((line) => `${head} F ${line}`),
  ];
}

/** Mixes the lists; each list keeps its order. */
function mix(dice: Dice, lists: readonly (readonly string[])[]): string[] {
  const rests = lists.map((list) => [...list]);
  const mixed: string[] = [];
  for (let left = rests; left.length > 0; left = left.filter((rest) => rest.length > 0)) {
    const line = dice.pick(left).shift();
    if (line !== undefined) mixed.push(line);
  }
  return mixed;
}

/** Returns true if the next line cannot be a separate entry. */
function goesOn(line: string, next: string): boolean {
  return / std(?:out|err) P /.test(line.slice(0, 50)) || / std(?:out|err) F \t/.test(next.slice(0, 50));
}
