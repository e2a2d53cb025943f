// Who finds the words of a record: an analyzer of the cluster, or, where the cluster has not the parts for one (the
// smallest distribution) or the index was made before it, the document, which then brings them. Pure; called by
// elasticsearch.ts.
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
  /** Indices of release 0.1, whose documents bring their words all the same. */
  readonly except: readonly string[];
}

/** Its name in the index template. */
export const WORDS_ANALYZER = 'jobtrace_words';
/** Has the words of all texts of a record; where the analyzer finds them, without those of the message. */
export const WORDS_FIELD = 'jobtrace.words';
/** Has the words of the message, in indices whose `jobtrace.words` lacks them, and in no other. */
export const MESSAGE_WORDS_FIELD = 'jobtrace.text';
const NEWLINE = 10;
const INDEX = Buffer.from('"_index":');
/** The end of each document: of the object of our own fields, and of all. */
const END = Buffer.from('}}\n');

export function encodeWordsPlan(plan: WordsPlan): string {
  return JSON.stringify(plan);
}

/** Whoever brings words too many harms nothing. */
export function decodeWordsPlan(text: string | undefined): WordsPlan {
  const plan = text === undefined ? undefined : parseJson(text);
  if (!isObject(plan) || plan['by'] !== 'analyzer') return { by: 'document', except: [] };
  const except: readonly unknown[] = Array.isArray(plan['except']) ? plan['except'] : [];
  return { by: 'analyzer', except: except.map(String) };
}

/** Of an answer to `_mapping/field` and all indices: those that were made before the analyzer, or may have been. */
export function listOldIndices(mappings: Readonly<Record<string, unknown>>, indices: readonly string[]): string[] {
  return [...new Set([...Object.keys(mappings), ...indices])].filter((name) => !namesAnalyzer(mappings[name] ?? {}));
}

/** Whether a mapping, or an answer with one, has words found by the analyzer. */
export function namesAnalyzer(mapping: unknown): boolean {
  return JSON.stringify(mapping).includes(`"analyzer":"${WORDS_ANALYZER}"`);
}

/** Its documents bring their words, and have the ids of release 0.1. */
function isFormer({ by, except }: WordsPlan, index: string): boolean {
  return by === 'document' || except.includes(index);
}

export function nameDocument(plan: WordsPlan, index: string, id: string): string {
  return isFormer(plan, index) ? encodeFormerId(id) : encodeId(id);
}

/** The batch as it is sent. */
export function fitBatch(batch: EncodedBatch, plan: WordsPlan): EncodedBatch {
  if (plan.by === 'analyzer' && plan.except.length === 0) return batch;
  const records = splitRecords(batch);
  const former = records.map((lines) => isFormer(plan, findIndex(batch, lines)));
  // The usual batch, for as long as an index of the release before is kept.
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
  // A document without a routing of its own is found by its id.
  const action = lines
    .toString('utf8', 0, end)
    .replaceAll(`"${encodeId(record.id)}"`, `"${encodeFormerId(record.id)}"`);
  const words = `,"words":${JSON.stringify(fillWords(record))}`;
  return Buffer.concat([Buffer.from(action), lines.subarray(end, lines.length - END.length), Buffer.from(words), END]);
}
