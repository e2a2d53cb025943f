// Names a number of things in English, in the singular or plural, for every text that counts: command line, cards, log
// and answers to assistants. Pure.

/** Returns the number with its noun, such as "1 record" or "2 entries". */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
