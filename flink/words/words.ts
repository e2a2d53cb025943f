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
  /** Of these, words of facts and of steps: they count beside a match or a failure alone. */
  readonly facts: readonly string[];
}

/**
 * What `jobtrace.signal` says of an entry: it may tell of a failure; it holds words that count beside one; neither. The
 * feed of an analyzer gives the first, and the second of clusters in which something failed.
 */
export type SignalKind = 'yes' | 'fact' | 'no';

/** Under which the store keeps them. */
export const SIGNAL_WORDS_KEY = 'signal/words';
/** Written behind them: what tells in a few bytes that they have changed. */
export const SIGNAL_VERSION_KEY = 'signal/version';

/** Counted up when forms.ts takes entries that it took not before. */
const FORMS_VERSION = 1;
/** Six letters of six bits: a handful of catalogs are alive at a time. */
const VERSION_UNITS = 6;

/** In any order, each once; `facts` are among the words. */
export function describeWords(words: Iterable<string>, facts: Iterable<string> = []): SignalWords {
  const [sorted, sortedFacts] = [sortOnce(words), sortOnce(facts)];
  const text = JSON.stringify([FORMS_VERSION, ...sorted, sortedFacts]);
  return { version: hash('sha256', text, 'base64url').slice(0, VERSION_UNITS), words: sorted, facts: sortedFacts };
}

function sortOnce(words: Iterable<string>): readonly string[] {
  return [...new Set(words)].sort();
}

/** `jobtrace.signal` of an entry. */
export function renderSignal({ version }: SignalWords, kind: SignalKind): string {
  return `${kind}.${version}`;
}

export function encodeWords({ words, facts }: SignalWords): string {
  return JSON.stringify({ words, facts });
}

/** Undefined for what this release cannot look for. */
export function decodeWords(text: string): SignalWords | undefined {
  const value = parse(text);
  if (!isObject(value)) return undefined;
  // An analyzer of before tells no facts: all its words mark alike.
  const { words, facts = [] } = value;
  return areWords(words) && areWords(facts) ? describeWords(words, facts) : undefined;
}

function areWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isWord);
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
