// Defines the words by which an entry may matter to a diagnosis: those that the scan of the catalog searches. The
// analyzer writes them into the store; agents read them there and record for each entry whether it has one
// (`jobtrace.signal`). The value includes the version of the words, so that nobody relies on what other words have
// found. Pure functions.
import { hash } from 'node:crypto';
import { isObject } from '../../core/json.js';
import { MAX_TEXT_BYTES } from '../../core/wasm/byte-search.js';
import { MIN_ANCHOR_BYTES } from './anchor-words.js';

export interface SignalWords {
  /** Version, which changes with the words, and with other rules for marking an entry. */
  readonly version: string;
  readonly words: readonly string[];
  /** Words of facts and of steps, a subset. They count only beside a match or a failure. */
  readonly facts: readonly string[];
}

/**
 * Meaning of `jobtrace.signal` for an entry: it may be about a failure; it holds words that count beside one; neither.
 * The feed of an analyzer returns the first kind, and the second kind for clusters in which something failed.
 */
export type SignalKind = 'yes' | 'fact' | 'no';

/** Key under which the store keeps the words. */
export const SIGNAL_WORDS_KEY = 'signal/words';
/** Key of their version, which is written after them and shows in a few bytes that they have changed. */
export const SIGNAL_VERSION_KEY = 'signal/version';

/** Version of forms.ts, increased when it accepts entries that it did not accept before. */
const FORMS_VERSION = 1;
/** Length of a version: six letters of six bits, because only a handful of catalogs are in use at a time. */
const VERSION_UNITS = 6;

/** Describes words in any order, each listed once; `facts` are among the words. */
export function describeWords(words: Iterable<string>, facts: Iterable<string> = []): SignalWords {
  const [sorted, sortedFacts] = [sortOnce(words), sortOnce(facts)];
  const text = JSON.stringify([FORMS_VERSION, ...sorted, sortedFacts]);
  return { version: hash('sha256', text, 'base64url').slice(0, VERSION_UNITS), words: sorted, facts: sortedFacts };
}

function sortOnce(words: Iterable<string>): readonly string[] {
  return [...new Set(words)].sort();
}

/** Returns the value of `jobtrace.signal` for an entry. */
export function renderSignal({ version }: SignalWords, kind: SignalKind): string {
  return `${kind}.${version}`;
}

export function encodeWords({ words, facts }: SignalWords): string {
  return JSON.stringify({ words, facts });
}

/** Decodes words; undefined if this release cannot search for them. */
export function decodeWords(text: string): SignalWords | undefined {
  const value = parse(text);
  if (!isObject(value)) return undefined;
  // Older analyzers write no facts: all their words have the same rank.
  const { words, facts = [] } = value;
  return areWords(words) && areWords(facts) ? describeWords(words, facts) : undefined;
}

function areWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isWord);
}

function isWord(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.byteLength(value);
  return bytes >= MIN_ANCHOR_BYTES && bytes <= MAX_TEXT_BYTES;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // SyntaxError: these are no words of an analyzer
  }
}
