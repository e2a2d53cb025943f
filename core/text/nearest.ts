// Finds the known word that an unknown word most likely meant, for "did you mean". Everything that rejects a name uses
// it: settings, rules, requests, the search box. Pure functions.

/**
 * Returns the known word that differs least, ignoring case, if it differs by at most one letter of a short word or a
 * third of a long one. Otherwise returns the nearest word that continues the given one, or that the given one
 * continues; undefined if there is none.
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

/** Returns the first of the words with the least distance, if that is below `limit`. */
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

/** True if one word begins with the other. A single letter does not count, because too many words begin with it. */
function continues(word: string, other: string): boolean {
  const [short, long] = word.length < other.length ? [word, other.toLowerCase()] : [other.toLowerCase(), word];
  return short.length >= 2 && long.startsWith(short);
}

/** Returns the Levenshtein distance, or `limit` if the lengths alone show that it cannot be below. */
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
