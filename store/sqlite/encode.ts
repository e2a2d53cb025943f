// Encodes a record as the line in which it reaches the embedded store, and decodes it: a JSON list of the values of its
// row (RECORD_COLUMNS), then its words. The store fills in when the record was stored. Pure functions.
import type { LogRecord } from '../../core/types.js';
import { readDay } from '../page.js';
import { parseJson } from '../stored.js';
import { fillWords } from '../words.js';
import { fillRow, readRow, RECORD_COLUMNS } from './schema.js';

/** Word that no search can ask for, so that no phrase spans two texts. */
const BETWEEN_TEXTS = ' \u00b7 ';

type Value = string | number | null;

export interface EncodedRow {
  readonly values: readonly Value[];
  readonly words: string;
}

export function encodeRow(record: LogRecord): string {
  const words = fillWords(record).join(BETWEEN_TEXTS);
  return JSON.stringify([...fillRow(record, readDay(record) === undefined, 0), words]);
}

/** Reads an encoded row. Throws a plain Error for bytes that encodeRow cannot have written. */
export function readEncodedRow(bytes: Buffer): EncodedRow {
  const line = parseJson(bytes.toString('utf8'));
  const list: readonly unknown[] = Array.isArray(line) ? line : [];
  const words = list.at(-1);
  if (list.length !== RECORD_COLUMNS.length + 1 || typeof words !== 'string' || !list.every(isValue))
    throw new Error(`The ${bytes.length} bytes are no encoded record of the embedded store.`);
  return { values: list.slice(0, -1), words };
}

export function decodeRow(bytes: Buffer): LogRecord {
  const { values } = readEncodedRow(bytes);
  return readRow(Object.fromEntries(RECORD_COLUMNS.map((column, index) => [column, values[index]])));
}

function isValue(value: unknown): value is Value {
  return value === null || typeof value === 'string' || typeof value === 'number';
}
