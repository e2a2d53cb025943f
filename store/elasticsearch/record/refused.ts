// Encodes records that the index of their day refuses (because somebody gave one of its fields another type) for an
// index of their own. The mapping of that index is only ours and accepts every record: complete, under the same id,
// with a flag and the reason. Its name begins like those of the days, so that searches, the feed and rights include it.
// Pure functions.
import type { LogRecord } from '../../../core/types.js';
import { createBatchWriter, viewBytes } from '../../batch.js';
import type { BatchAddress, EncodedBatch } from '../../store.js';
import { findAddress } from './address.js';
import { createLinesEncoder, encodeAction } from './encode.js';
import { fitBatch, nameDocument, type WordsPlan } from './words.js';

/** Field of a document with the reason why the index of its day refused it. */
export const REFUSAL_FIELD = 'jobtrace.refusal';

const NEWLINE = 10;
/** Empty address, because each line of the request names its index. */
const NO_ADDRESS: BatchAddress = { index: '', routing: undefined };

export interface Refused {
  readonly record: LogRecord;
  readonly error: string;
}

export function nameRefusedIndex(prefix: string): string {
  return `${prefix}-logs-dead`;
}

export function locateRefused(prefix: string, record: LogRecord): BatchAddress {
  return findAddress(nameRefusedIndex(prefix), record['flink.cluster']);
}

/**
 * Encodes refused records, with a flag and the reason. The exceptions of the plan are left out, because they are other
 * indices.
 */
export function encodeRefused(prefix: string, { by }: WordsPlan, refused: readonly Refused[]): EncodedBatch {
  const plan: WordsPlan = { by, except: [] };
  const parts = refused.map(({ record, error }) => {
    const flagged = {
      ...record,
      'jobtrace.flags': [...new Set([...(record['jobtrace.flags'] ?? []), 'refused' as const])],
      [REFUSAL_FIELD]: error,
    };
    const writer = createBatchWriter();
    createLinesEncoder(prefix, writer)(flagged);
    const lines = viewBytes(fitBatch(writer.take(), plan).bytes);
    const address = locateRefused(prefix, record);
    const action = encodeAction(nameDocument(plan, address.index, record.id), address, NO_ADDRESS);
    return Buffer.concat([Buffer.from(action), lines.subarray(lines.indexOf(NEWLINE))]);
  });
  return {
    bytes: new Uint8Array(Buffer.concat(parts)),
    lengths: parts.map((part) => part.length),
    address: undefined,
  };
}
