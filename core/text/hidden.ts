// Makes invisible characters visible: tags, zero-width characters, fillers, selectors, and characters that change the
// reading direction. In a log they can hide an instruction to an assistant, or make a line look different from its
// content. Every output of foreign text to people or models shows them as escapes (`\u202e`). Pure functions.

/**
 * Ranges of soft hyphen, combining grapheme joiner, Arabic letter mark, fillers of Hangul, vowels and selectors without
 * a shape of their own, zero-width characters, line and paragraph separators, embeddings, overrides, isolates,
 * invisible operators, byte order mark, annotations, shorthand and musical format controls, and all tags and selectors
 * beyond the basic plane. The two selectors of emoji (U+FE0E, U+FE0F) stay, because people write them in texts.
 */
const RANGES = [
  String.raw`\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164`,
  String.raw`\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}`,
];
// eslint-disable-next-line no-misleading-character-class -- Each character is searched by itself.
const HIDDEN = new RegExp(`[${RANGES.join('')}]`, 'gu');

/** Replaces each invisible character by its JSON escape, so that a JSON document stays the same document. */
export function showHidden(text: string): string {
  return text.replace(HIDDEN, (letter) =>
    Array.from({ length: letter.length }, (_, index) => {
      const code = letter.charCodeAt(index).toString(16);
      return `\\u${code.padStart(4, '0')}`;
    }).join(''),
  );
}
