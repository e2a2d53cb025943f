// How far a pattern fits a text that it does not fit: its longest beginning that occurs, for `rules explain`. Open
// brackets of the beginning are closed. Pure; called by condition.ts.
import { JobtraceError } from '../../core/errors.js';
import { createRegex, type Regex } from '../../core/regex.js';

export interface PartialFit {
  /** The longest beginning of the pattern that occurs; empty when nothing of it does. */
  readonly pattern: string;
  readonly rest: string;
  readonly groups: Readonly<Record<string, string>>;
}

const MAX_OPEN = 4;
/** A rule has a few patterns, and a log asks all of them for each entry that holds the anchor. */
const MAX_REMEMBERED = 8;

/** Of the patterns that were asked last: each beginning by its length, compiled when it is asked for. */
const remembered = new Map<string, Map<number, Regex | undefined>>();

export function fitBeginning(source: string, text: string): PartialFit {
  const compiled = remember(source);
  for (let length = source.length - 1; length > 0; length--) {
    const beginning = source.slice(0, length);
    // An alternative that has only begun would fit everything.
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
  for (const oldest of remembered.keys()) {
    if (remembered.size <= MAX_REMEMBERED) break;
    remembered.delete(oldest);
  }
  return known;
}

/** Undefined when the beginning ends in the middle of an escape, a class or an operator. */
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
