// Finds, for `rules explain`, the longest prefix of a pattern that occurs in a text that the whole pattern does not
// fit. Open brackets of the prefix are closed. Pure apart from a small cache of compiled patterns.
import { BoundedMap } from '../../core/cache.js';
import { JobtraceError } from '../../core/errors.js';
import { createRegex, type Regex } from '../../core/regex.js';

export interface PartialFit {
  /** Longest prefix of the pattern that occurs; empty if none does. */
  readonly pattern: string;
  readonly rest: string;
  readonly groups: Readonly<Record<string, string>>;
}

const MAX_OPEN = 4;
/** Number of patterns in the cache. A rule has few patterns, and each entry with the anchor asks all of them. */
const MAX_REMEMBERED = 8;

/** Prefixes of the patterns that were asked last: prefix length → pattern, compiled on first use. */
const remembered = new BoundedMap<string, Map<number, Regex | undefined>>(MAX_REMEMBERED);

export function fitBeginning(source: string, text: string): PartialFit {
  const compiled = remember(source);
  for (let length = source.length - 1; length > 0; length--) {
    const beginning = source.slice(0, length);
    // Skip an alternative that has only begun, because it would fit everything.
    if (/[|(]$/.test(beginning)) continue;
    if (!compiled.has(length)) compiled.set(length, compileClosed(beginning));
    const found = compiled.get(length)?.exec(text);
    if (found === null || found === undefined || found[0] === '') continue;
    const groups = Object.entries(found.groups ?? {}).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' && value !== '' ? [[name, value]] : [],
    );
    return { pattern: beginning, rest: source.slice(length), groups: Object.fromEntries(groups) };
  }
  return { pattern: '', rest: source, groups: {} };
}

function remember(source: string): Map<number, Regex | undefined> {
  const known = remembered.get(source) ?? new Map<number, Regex | undefined>();
  remembered.delete(source);
  remembered.set(source, known);
  return known;
}

/** Returns undefined if the prefix ends in the middle of an escape, a character class or an operator. */
function compileClosed(beginning: string): Regex | undefined {
  for (let open = 0; open <= MAX_OPEN; open++) {
    try {
      return createRegex(`${beginning}${')'.repeat(open)}`);
    } catch (error) {
      if (!(error instanceof JobtraceError)) throw error;
    }
  }
  return undefined;
}
