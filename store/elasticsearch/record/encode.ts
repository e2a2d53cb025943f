// A record → the two lines of a bulk request in which it is sent, and back. The index and the routing that the records
// of a batch share stand in the request's address; what goes elsewhere says so in its own line. Pure but for hashes.
import { isObject } from '../../../core/json.js';
import type { LogRecord } from '../../../core/types.js';
import type { BatchWriter } from '../../batch.js';
import { parseJson } from '../../stored.js';
import type { BatchAddress } from '../../store.js';
import { findAddress, nameIndex } from './address.js';
import { encodeId } from './id.js';
import { encodeSource, readSource } from './source.js';

/** Adds records that are not there yet; returns the bytes of each. */
export function createLinesEncoder(prefix: string, writer: BatchWriter): (record: LogRecord) => number {
  return (record) => {
    const address = findAddress(nameIndex(prefix, record), record['flink.cluster']);
    const action = encodeAction(encodeId(record.id), address, writer.turnTo(address));
    return writer.add(`${action}\n${encodeSource(record, new Date().toISOString())}\n`);
  };
}

/** `shared` is the address of the request. A document without a routing is found by its id. */
export function encodeAction(_id: string, address: BatchAddress, shared: BatchAddress): string {
  if (address === shared) return JSON.stringify({ create: { _id } });
  return JSON.stringify({ create: { _id, _index: address.index, routing: address.routing ?? _id } });
}

/** Throws a plain Error for bytes that no encoder can have made. */
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
