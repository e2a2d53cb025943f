// Plans who finds the words of a record: an analyzer of the cluster, or the document, which then has them itself. The
// document has them if the cluster lacks the modules of the analyzer (the smallest distribution), or if the index was
// created before the analyzer. Pure functions.
import { isObject } from '../../../core/json.js';
import { splitRecords } from '../../batch.js';
import { parseJson } from '../../stored.js';
import type { EncodedBatch } from '../../store.js';
import { fillWords } from '../../words.js';
import { decodeLines } from './encode.js';
import { encodeFormerId, encodeId } from './id.js';

export type WordsBy = 'analyzer' | 'document';

export interface WordsPlan {
  readonly by: WordsBy;
  /** Indices of release 0.1, whose documents have their words in any case. */
  readonly except: readonly string[];
}

/** Name of the analyzer in the index template. */
export const WORDS_ANALYZER = 'jobtrace_words';
/**
 * Field with the words of all texts of a record. If the analyzer finds them, it does not have the words of the message.
 */
export const WORDS_FIELD = 'jobtrace.words';
/** Field with the words of the message. Only indices whose `jobtrace.words` lacks them have it. */
export const MESSAGE_WORDS_FIELD = 'jobtrace.text';
const NEWLINE = 10;
const INDEX = Buffer.from('"_index":');
/** End of each document: of the object of our own fields, and of the whole. */
const END = Buffer.from('}}\n');

export function encodeWordsPlan(plan: WordsPlan): string {
  return JSON.stringify(plan);
}

/** Reads a plan. Without a plan the documents have their words, because words that are not needed do no harm. */
export function decodeWordsPlan(text: string | undefined): WordsPlan {
  const plan = text === undefined ? undefined : parseJson(text);
  if (!isObject(plan) || plan['by'] !== 'analyzer') return { by: 'document', except: [] };
  const except: readonly unknown[] = Array.isArray(plan['except']) ? plan['except'] : [];
  return { by: 'analyzer', except: except.map(String) };
}

/**
 * Lists the indices that were created before the analyzer, or may have been. `mappings` is an answer to
 * `_mapping/field`, `indices` are all indices.
 */
export function listOldIndices(mappings: Readonly<Record<string, unknown>>, indices: readonly string[]): string[] {
  return [...new Set([...Object.keys(mappings), ...indices])].filter((name) => !namesAnalyzer(mappings[name] ?? {}));
}

/** True if the analyzer finds the words, according to a mapping or an answer with one. */
export function namesAnalyzer(mapping: unknown): boolean {
  return JSON.stringify(mapping).includes(`"analyzer":"${WORDS_ANALYZER}"`);
}

/** True if the documents of the index have their words, and ids as in release 0.1. */
function isFormer({ by, except }: WordsPlan, index: string): boolean {
  return by === 'document' || except.includes(index);
}

export function nameDocument(plan: WordsPlan, index: string, id: string): string {
  return isFormer(plan, index) ? encodeFormerId(id) : encodeId(id);
}

/** Returns the batch as it is sent. */
export function fitBatch(batch: EncodedBatch, plan: WordsPlan): EncodedBatch {
  if (plan.by === 'analyzer' && plan.except.length === 0) return batch;
  const records = splitRecords(batch);
  const former = records.map((lines) => isFormer(plan, findIndex(batch, lines)));
  // The usual case, as long as an index of the previous release is kept.
  if (!former.includes(true)) return batch;
  const parts = records.map((lines, index) => (former[index] === true ? toFormer(lines) : lines));
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(bytes, at);
  return { ...batch, bytes, lengths: parts.map((part) => part.length) };
}

function findIndex({ address }: EncodedBatch, lines: Buffer): string {
  const end = lines.indexOf(NEWLINE);
  if (address !== undefined && !lines.subarray(0, end).includes(INDEX)) return address.index;
  const action = parseJson(lines.toString('utf8', 0, end));
  const create = isObject(action) ? action['create'] : undefined;
  const own = isObject(create) ? create['_index'] : undefined;
  return typeof own === 'string' ? own : (address?.index ?? '');
}

function toFormer(lines: Buffer): Buffer {
  const record = decodeLines(lines);
  const end = lines.indexOf(NEWLINE);
  // All occurrences are replaced, because a document without a routing of its own repeats its id.
  const action = lines
    .toString('utf8', 0, end)
    .replaceAll(`"${encodeId(record.id)}"`, `"${encodeFormerId(record.id)}"`);
  const words = `,"words":${JSON.stringify(fillWords(record))}`;
  return Buffer.concat([Buffer.from(action), lines.subarray(end, lines.length - END.length), Buffer.from(words), END]);
}
