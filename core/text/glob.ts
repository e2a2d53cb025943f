// Parses and matches patterns with `*`, as people write them in settings, in the search box and in rules. `*` matches
// any text, including none and line breaks. Every other character matches itself, case included; there is no escape.
// The whole text must match. A pattern is parsed once into the literals between the stars. The stores translate that
// form into their query languages, and a search ignores the case of ASCII letters. Paths have their own patterns
// (agent/discovery/pattern.ts). Pure functions.

/** Literals with "anything" between them: a*b → ['a', 'b'], *b → ['', 'b'], a → ['a']. */
export type Glob = readonly string[];

/**
 * Longest pattern in characters. Elasticsearch refuses some patterns of twice this length ("too complex to
 * determinize").
 */
export const MAX_GLOB_LENGTH = 255;

/** Parses a pattern. Several stars in a row count as one. */
export function parseGlob(text: string): Glob {
  return text.replace(/\*+/g, '*').split('*');
}

/** Prints the text of a glob as it was written, with one star for several in a row. */
export function printGlob(glob: Glob): string {
  return glob.join('*');
}

/** True for a star alone, which matches every text. */
export function isAnything(glob: Glob): boolean {
  return hasStar(glob) && glob.every((literal) => literal === '');
}

export function hasStar(glob: Glob): boolean {
  return glob.length > 1;
}

/**
 * True if the text matches. Each literal is searched after the previous one only, so that more stars cause no more
 * passes.
 */
export function fitsGlob(glob: Glob, text: string): boolean {
  const first = glob[0] ?? '';
  if (!hasStar(glob)) return text === first;
  const last = glob.at(-1) ?? '';
  const end = text.length - last.length;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const literal of glob.slice(1, -1)) {
    const found = text.indexOf(literal, at);
    if (found < 0) return false;
    at = found + literal.length;
  }
  return at <= end;
}

/**
 * True if the text matches without regard to the case of A to Z. No other letter changes, as in the stores' searches.
 */
export function fitsAnyCase(glob: Glob, text: string): boolean {
  return fitsGlob(glob.map(lowerAscii), lowerAscii(text));
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
