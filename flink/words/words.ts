// The words by which an entry may matter to a diagnosis: those that the scan of the catalog looks for. The analyzer
// writes them into the store, agents read them there and say of each entry whether it holds one (`jobtrace.signal`).
// Their version is part of what they say, so that nobody relies on what other words have found. Pure.
import { hash } from 'node:crypto';
import { isObject } from '../../core/json.js';
import { MAX_TEXT_BYTES } from '../../core/bytes/byte-search.js';
import { LEAST_ANCHOR_BYTES } from './anchor-words.js';

export interface SignalWords {
  /** Another one for other words, and where something else marks an entry. */
  readonly version: string;
  readonly words: readonly string[];
}

/** Under which the store keeps them. */
export const SIGNAL_WORDS_KEY = 'signal/words';
/** Written behind them: what tells in a few bytes that they have changed. */
export const SIGNAL_VERSION_KEY = 'signal/version';

/** Counted up when forms.ts takes entries that it took not before. */
const FORMS_VERSION = 1;
/** Six letters of six bits: a handful of catalogs are alive at a time. */
const VERSION_UNITS = 6;

/** In any order, each once. */
export function describeWords(words: Iterable<string>): SignalWords {
  const sorted = [...new Set(words)].sort();
  const text = JSON.stringify([FORMS_VERSION, ...sorted]);
  return { version: hash('sha256', text, 'base64url').slice(0, VERSION_UNITS), words: sorted };
}

/** `jobtrace.signal` of an entry that holds one of the words, or holds none. */
export function renderSignal({ version }: SignalWords, isMarked: boolean): string {
  return `${isMarked ? 'yes' : 'no'}.${version}`;
}

export function encodeWords({ words }: SignalWords): string {
  return JSON.stringify({ words });
}

/** Undefined for what this release cannot look for. */
export function decodeWords(text: string): SignalWords | undefined {
  const value = parse(text);
  const words: unknown = isObject(value) ? value['words'] : undefined;
  return Array.isArray(words) && words.every(isWord) ? describeWords(words) : undefined;
}

function isWord(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.byteLength(value);
  return bytes >= LEAST_ANCHOR_BYTES && bytes <= MAX_TEXT_BYTES;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // SyntaxError: no words of ours
  }
}
