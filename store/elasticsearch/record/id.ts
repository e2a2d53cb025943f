// Encodes the id of a record as the id of its document. An id of the agent (agent/tail/identity.ts) is three
// numbers in hexadecimal digits. They are encoded as base64url, because Elasticsearch stores such an id as bytes, half
// as long. lines.wat writes the same. Ids of any other form stay as they are, and so do documents in indices of release
// 0.1. Pure functions.
import { hash } from 'node:crypto';

/** Parts of an id: key of the file, offset, checksum. */
const NAMED = /^([0-9a-f]{24})-([0-9a-f]{12})-([0-9a-f]{8})$/;
const PACKED = /^[\w-]{30}$/;
/** Largest id, in bytes, that Elasticsearch accepts (routing values may have up to 32,766 bytes). */
const MAX_BYTES = 512;

export function encodeId(id: string): string {
  const [, ...numbers] = NAMED.exec(id) ?? [];
  return numbers.length > 0 ? packHex(numbers.join('')) : encodeFormerId(id);
}

/** Encodes an id as release 0.1 did. It is still used in the indices that release 0.1 created. */
export function encodeFormerId(id: string): string {
  return id.length > 0 && Buffer.byteLength(id) <= MAX_BYTES ? id : `sha256:${hash('sha256', id, 'hex')}`;
}

/** Returns the id of the record, except for one that is too long: that one is in the document. */
export function decodeId(documentId: string): string {
  if (!PACKED.test(documentId)) return documentId;
  const numbers = Buffer.from(documentId, 'base64url').toString('hex');
  return `${numbers.slice(0, 24)}-${numbers.slice(24, 36)}-${numbers.slice(36)}`;
}

/** Lists the ids under which a record may be stored. */
export function listIds(id: string): readonly string[] {
  return [...new Set([encodeId(id), encodeFormerId(id)])];
}

/** Encodes each three bytes as four letters. */
export function packHex(digits: string): string {
  return Buffer.from(digits, 'hex').toString('base64url');
}
