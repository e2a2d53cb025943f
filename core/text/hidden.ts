// Letters that nobody sees: tags, zero-width marks, fillers, selectors, and the marks that turn the direction of
// reading. In a log they can hide an order to an assistant, or make a line read otherwise than it is. Whoever shows a
// text of others to people or models shows them instead (`\u202e`). Pure.

/**
 * Soft hyphen, combining grapheme joiner, Arabic letter mark, fillers of Hangul, vowels and selectors that have no
 * shape of their own, zero-width marks, line and paragraph separators, embeddings, overrides, isolates, invisible
 * operators, byte order mark, annotations, marks of shorthand and music, and all tags and selectors beyond the basic
 * plane. The two selectors of emoji (U+FE0E, U+FE0F) stay: they stand in texts that people write.
 */
const RANGES = [
  String.raw`\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164`,
  String.raw`\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}`,
];
// eslint-disable-next-line no-misleading-character-class -- Each is looked for by itself.
const HIDDEN = new RegExp(`[${RANGES.join('')}]`, 'gu');

/** As JSON escapes them, so that a document stays the same document. */
export function showHidden(text: string): string {
  return text.replace(HIDDEN, (letter) =>
    Array.from({ length: letter.length }, (_, index) => {
      const code = letter.charCodeAt(index).toString(16);
      return `\\u${code.padStart(4, '0')}`;
    }).join(''),
  );
}
