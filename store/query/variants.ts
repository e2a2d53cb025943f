// Suggests how the text of a search that found nothing might have been meant: words match whole words, and often only a
// part of one was typed. The page and the command line ask for each variant and show how much it would find. Pure
// functions.

/**
 * Turns words into prefixes, or with `isAnywhere` into any part of a word. Returns undefined if there is no such word.
 */
export function starWords(text: string, isAnywhere = false): string | undefined {
  let isChanged = false;
  const parts = text.match(/"(?:[^"\\]|\\.)*"?|[^\s"]+|\s+/g) ?? [];
  const starred = parts.map((part) => {
    const [, field = '', word = ''] = /^([a-z_.]+:)?(.+)$/i.exec(part) ?? [];
    if (!isPlain(field, word)) return part;
    isChanged = true;
    return `${field}${isAnywhere ? '*' : ''}${word}*`;
  });
  return isChanged ? starred.join('') : undefined;
}

/** True unless the piece is excluded, quoted, grouped, an operator, or already a pattern. */
function isPlain(field: string, word: string): boolean {
  if (/^(?:OR|AND|NOT)$/.test(word) || /^-|[*"()]/.test(field + word)) return false;
  return /[\p{L}\p{N}]$/u.test(word) && !/^(?:level|component|kind):$/i.test(field);
}
