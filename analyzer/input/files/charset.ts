// Converts bytes that are not UTF-8 into UTF-8. UTF-16 is recognized by the beginning of a file. A single line of GBK
// (Chinese Windows, old scripts) or Latin-1 is recognized by its bytes, so that a file may mix them. Pure functions.
import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { findUtf16, UTF16_PROBE_BYTES } from '../../../flink/bytes/utf16.js';
import { Cursor } from './cursor.js';

/** Converts a UTF-16 file into UTF-8, chunk by chunk; everything else stays as it is. */
export function* decodeChunks(chunks: Iterable<Buffer>): Generator<Buffer> {
  const cursor = new Cursor(chunks);
  const form = findUtf16(cursor.peek(UTF16_PROBE_BYTES));
  const decoder = form === undefined ? undefined : new TextDecoder(form);
  for (const chunk of cursor.rest())
    yield decoder === undefined ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8');
  if (decoder !== undefined) yield Buffer.from(decoder.decode(), 'utf8');
}

/** Converts the lines that are not UTF-8, each by itself; the others stay. */
export function decodeLines(bytes: Buffer): Buffer {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(10, start);
    const end = newline === -1 ? bytes.length : newline + 1;
    const line = bytes.subarray(start, end);
    lines.push(isUtf8(line) ? line : Buffer.from(decodeForeign(line), 'utf8'));
    start = end;
  }
  return Buffer.concat(lines);
}

const CHINESE = new TextDecoder('gb18030', { fatal: true });
const WESTERN = new TextDecoder('windows-1252');

/** Decodes as Chinese if nearly all bytes above ASCII come in the pairs of GB 2312, else as Western. */
export function decodeForeign(bytes: Buffer): string {
  if (!isMostlyPairs(bytes)) return WESTERN.decode(bytes);
  try {
    return CHINESE.decode(bytes);
  } catch {
    return WESTERN.decode(bytes); // a pair that GB 18030 does not know
  }
}

function isMostlyPairs(bytes: Buffer): boolean {
  let paired = 0;
  let high = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) continue;
    high++;
    if (byte < 0xa1 || byte > 0xf7 || (bytes[at + 1] ?? 0) < 0xa1) continue;
    high++;
    paired += 2;
    at++;
  }
  return paired >= 0.8 * high;
}
