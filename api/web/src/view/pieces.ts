// Cuts a text at the ranges that are to be marked: matches of a search, or the lines and values that prove a diagnosis.
// Pure functions.

export interface TextPiece {
  readonly text: string;
  readonly isMarked: boolean;
}

/**
 * Returns the pieces of a text from `start` on, in order. Ranges are UTF-16 offsets; a range that overlaps an earlier
 * one is left out.
 */
export function cutPieces(
  text: string,
  ranges: readonly (readonly [start: number, end: number])[],
  start = 0,
): readonly TextPiece[] {
  const pieces: TextPiece[] = [];
  let at = start;
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (from < at) continue;
    pieces.push({ text: text.slice(at, from), isMarked: false }, { text: text.slice(from, to), isMarked: true });
    at = to;
  }
  pieces.push({ text: text.slice(at), isMarked: false });
  return pieces.filter((piece) => piece.text !== '');
}
