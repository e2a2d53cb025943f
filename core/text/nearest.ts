// A word that nobody knows and the words that are known → the one that was meant, for "did you mean". Called by
// whatever refuses a name: settings, rules, requests, the search box. Pure.

/**
 * The known word that differs least, in any case, if it differs little: in one letter of a short word, in a third of a
 * long one. Else the nearest that continues the word, or that the word continues; undefined when there is none.
 */
export function findNearest(word: string, known: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  const words = [...known];
  const limit = (word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3))) + 1;
  return (
    findLeast(lower, words, limit) ??
    findLeast(
      lower,
      words.filter((other) => continues(lower, other)),
      Infinity,
    )
  );
}

/** The first of those that differ least, in fewer than `limit` letters. */
function findLeast(word: string, known: readonly string[], limit: number): string | undefined {
  let best: string | undefined;
  let least = limit;
  for (const candidate of known) {
    const distance = measureDistance(word, candidate.toLowerCase(), least);
    if (distance >= least) continue;
    best = candidate;
    least = distance;
  }
  return best;
}

/** One letter begins too many words to mean any. */
function continues(word: string, other: string): boolean {
  const [short, long] = word.length < other.length ? [word, other.toLowerCase()] : [other.toLowerCase(), word];
  return short.length >= 2 && long.startsWith(short);
}

/** Levenshtein distance; `limit` when the lengths alone show that it cannot be below. */
function measureDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? limit;
}
