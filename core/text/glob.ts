// A pattern with `*`, as people write it in settings, in the search box and in rules: `*` stands for any text, none and
// line breaks included; every other character stands for itself, its case too; there is no escape. The whole text must
// fit. Parsed once into the texts between the stars; the stores translate that form into their own language, and a
// search ignores the case of ASCII letters. Paths have patterns of their own (agent/files/pattern.ts). Pure.

/** Literal texts with "anything" between them: a*b → ['a', 'b'], *b → ['', 'b'], a → ['a']. */
export type Glob = readonly string[];

/** Characters; of twice as many Elasticsearch refuses some ("too complex to determinize"). */
export const MAX_GLOB_LENGTH = 255;

/** Several stars in a row are one. */
export function parseGlob(text: string): Glob {
  return text.replace(/\*+/g, '*').split('*');
}

/** The text of a glob, as it was written but for stars in a row. */
export function printGlob(glob: Glob): string {
  return glob.join('*');
}

/** True for a star alone, which fits every text. */
export function isAnything(glob: Glob): boolean {
  return hasStar(glob) && glob.every((literal) => literal === '');
}

export function hasStar(glob: Glob): boolean {
  return glob.length > 1;
}

/** Each literal is looked for behind the one before, and never again: more stars do not mean more passes. */
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

/** The same for a search: A to Z are as a to z, and no other letter changes, as in the stores. */
export function fitsAnyCase(glob: Glob, text: string): boolean {
  return fitsGlob(glob.map(lowerAscii), lowerAscii(text));
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
