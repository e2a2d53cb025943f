// Plain data that says how a store wants its records → an encoder, and the way back. A thread that has no store makes
// its encoder here from what the store's `encoding` says. Loads no database client. Called by the agent.
import type { LogRecord } from '../core/types.js';
import { createLinesEncoder, decodeLines } from './elasticsearch/record/encode.js';
import { createPlainEncoder } from './elasticsearch/record/plain.js';
import { decodeRow, encodeRow } from './sqlite/encode.js';
import { createBatchWriter } from './batch.js';
import type { EncodedBatch, Encoding, PlainRecord } from './store.js';

/** Keeps nothing of the records that it is given. */
export interface RecordEncoder {
  /** Returns how many bytes the record takes. */
  add(record: LogRecord): number;
  /** The same from bytes; undefined where the store wants records. */
  readonly addPlain: ((record: PlainRecord) => number) | undefined;
  /** Hands over what was added since the last time. */
  take(): EncodedBatch;
  /** Takes back the memory of a batch that it handed over and that nobody needs any more; once. */
  giveBack(batch: EncodedBatch): void;
}

export function createEncoder(encoding: Encoding): RecordEncoder {
  const writer = createBatchWriter();
  return {
    add:
      encoding.kind === 'sqlite'
        ? (record) => writer.add(encodeRow(record))
        : createLinesEncoder(encoding.prefix, writer),
    addPlain: encoding.kind === 'sqlite' ? undefined : createPlainEncoder(encoding.prefix, writer),
    take: () => writer.take(),
    giveBack: (batch) => writer.giveBack(batch),
  };
}

export function encodeRecords(encoding: Encoding, records: readonly LogRecord[]): EncodedBatch {
  const encoder = createEncoder(encoding);
  for (const record of records) encoder.add(record);
  return encoder.take();
}

/** The bytes of one record back to the record, for what no store will take. */
export function decodeRecord(encoding: Encoding, bytes: Buffer): LogRecord {
  return encoding.kind === 'sqlite' ? decodeRow(bytes) : decodeLines(bytes);
}
