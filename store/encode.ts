// Creates an encoder from plain data that says how a store wants its records, and decodes encoded records. A thread
// that has no store creates its encoder here from the store's `encoding`. Loads no database client.
import type { LogRecord } from '../core/types.js';
import { createLinesEncoder, decodeLines } from './elasticsearch/record/encode.js';
import { createPlainEncoder } from './elasticsearch/record/encode-fast.js';
import { decodeRow, encodeRow } from './sqlite/encode.js';
import { createBatchWriter } from './batch.js';
import type { EncodedBatch, Encoding, PlainRecord } from './store.js';

/** Encoder of records. It keeps nothing of the records that it is given. */
export interface RecordEncoder {
  /** Adds a record. Returns its length in bytes. */
  add(record: LogRecord): number;
  /** Method that adds a record from bytes; undefined if the store wants records. */
  readonly addPlain: ((record: PlainRecord) => number) | undefined;
  /** Returns a batch of the records that were added since the last call. */
  take(): EncodedBatch;
  /** Takes back the memory of a batch from `take` that nobody needs any more. Call it once for each batch. */
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

/** Decodes the bytes of one record, for a record that no store accepts. */
export function decodeRecord(encoding: Encoding, bytes: Buffer): LogRecord {
  return encoding.kind === 'sqlite' ? decodeRow(bytes) : decodeLines(bytes);
}
