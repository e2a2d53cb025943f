// Encodes a record as two lines of a bulk request, and decodes them. The index and the routing that the records of a
// batch share are in the address of the request; a record with another address has it in its own line.
import { toIso } from '../../../core/time/iso.js';
import { isObject } from '../../../core/json.js';
import type { LogRecord } from '../../../core/types.js';
import type { BatchWriter } from '../../batch.js';
import { parseJson } from '../../stored.js';
import type { BatchAddress } from '../../store.js';
import { findAddress, nameIndex } from './address.js';
import { encodeId } from './id.js';
import { encodeSource, readSource } from './source.js';

/** Returns a function that adds a record to be created, and returns the length of the record in bytes. */
export function createLinesEncoder(prefix: string, writer: BatchWriter): (record: LogRecord) => number {
  return (record) => {
    const address = findAddress(nameIndex(prefix, record), record['flink.cluster']);
    const action = encodeAction(encodeId(record.id), address, writer.switchTo(address));
    return writer.add(`${action}\n${encodeSource(record, toIso(Date.now()))}\n`);
  };
}

/**
 * Encodes the action of a document. `shared` is the address of the request. A document without a routing is routed by
 * its id.
 */
export function encodeAction(_id: string, address: BatchAddress, shared: BatchAddress): string {
  if (address === shared) return JSON.stringify({ create: { _id } });
  return JSON.stringify({ create: { _id, _index: address.index, routing: address.routing ?? _id } });
}

/** Decodes the two lines of a record. Throws a plain Error for bytes that no encoder can have written. */
export function decodeLines(bytes: Buffer): LogRecord {
  const end = bytes.indexOf(10);
  const action = parseJson(bytes.toString('utf8', 0, Math.max(end, 0)));
  const document = parseJson(bytes.toString('utf8', end + 1));
  const create = isObject(action) ? action['create'] : undefined;
  const id = isObject(create) ? create['_id'] : undefined;
  const record = isObject(document) && typeof id === 'string' ? readSource(document, id) : undefined;
  if (record === undefined) throw new Error(`The ${bytes.length} bytes are no encoded record.`);
  return record;
}
