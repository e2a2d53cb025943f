// The id of a record as the id of its document. What the agent names (agent/identity/identity.ts) is three numbers in
// hexadecimal digits: in letters for six bits each, Elasticsearch keeps their bytes, which is half as long. lines.wat
// writes the same. Ids of any other form stay as they are, and so do documents in indices of release 0.1. Pure.
import { hash } from 'node:crypto';

/** Key of the file, offset, sum. */
const NAMED = /^([0-9a-f]{24})-([0-9a-f]{12})-([0-9a-f]{8})$/;
const PACKED = /^[\w-]{30}$/;
/** Elasticsearch takes ids up to 512 bytes (and routing values up to 32,766). */
const MOST_BYTES = 512;

export function encodeId(id: string): string {
  const [, ...numbers] = NAMED.exec(id) ?? [];
  return numbers.length > 0 ? packHex(numbers.join('')) : encodeFormerId(id);
}

/** As release 0.1 named documents; so it goes on in the indices that it made. */
export function encodeFormerId(id: string): string {
  return id.length > 0 && Buffer.byteLength(id) <= MOST_BYTES ? id : `sha256:${hash('sha256', id, 'hex')}`;
}

/** The record's id, but for one that is too long: that stands in the document. */
export function decodeId(documentId: string): string {
  if (!PACKED.test(documentId)) return documentId;
  const numbers = Buffer.from(documentId, 'base64url').toString('hex');
  return `${numbers.slice(0, 24)}-${numbers.slice(24, 36)}-${numbers.slice(36)}`;
}

/** Under which ids a record may lie. */
export function listIds(id: string): readonly string[] {
  return [...new Set([encodeId(id), encodeFormerId(id)])];
}

/** Of each three bytes four letters. */
export function packHex(digits: string): string {
  return Buffer.from(digits, 'hex').toString('base64url');
}
