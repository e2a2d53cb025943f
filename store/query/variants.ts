// A search that found nothing → how its text might have been meant: words are whole words, and often only a part of one
// was typed. The page and the command line ask for each and say how much it would find. Pure.

/** Words as beginnings of words; or, `isAnywhere`, as any part. Undefined where there is no such word. */
export function starWords(text: string, isAnywhere = false): string | undefined {
  let isChanged = false;
  const pieces = text.match(/"(?:[^"\\]|\\.)*"?|[^\s"]+|\s+/g) ?? [];
  const starred = pieces.map((piece) => {
    const [, field = '', word = ''] = /^([a-z_.]+:)?(.+)$/i.exec(piece) ?? [];
    if (!isPlain(field, word)) return piece;
    isChanged = true;
    return `${field}${isAnywhere ? '*' : ''}${word}*`;
  });
  return isChanged ? starred.join('') : undefined;
}

/** Nothing that is excluded, quoted, grouped, an operator, or a pattern already. */
function isPlain(field: string, word: string): boolean {
  if (/^(?:OR|AND|NOT)$/.test(word) || /^-|[*"()]/.test(field + word)) return false;
  return /[\p{L}\p{N}]$/u.test(word) && !/^(?:level|component|kind):$/i.test(field);
}
