// Cuts a text at the ranges that are to be highlighted: matches of a search, or the lines and values that prove a
// diagnosis. Pure functions.

export interface TextSegment {
  readonly text: string;
  readonly isHighlighted: boolean;
}

/**
 * Returns the segments of a text from `start` on, in order. Ranges are UTF-16 offsets; a range that overlaps an earlier
 * one is left out.
 */
export function splitSegments(
  text: string,
  ranges: readonly (readonly [start: number, end: number])[],
  start = 0,
): readonly TextSegment[] {
  const segments: TextSegment[] = [];
  let at = start;
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (from < at) continue;
    segments.push(
      { text: text.slice(at, from), isHighlighted: false },
      { text: text.slice(from, to), isHighlighted: true },
    );
    at = to;
  }
  segments.push({ text: text.slice(at), isHighlighted: false });
  return segments.filter((segment) => segment.text !== '');
}
