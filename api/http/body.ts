// Reads the body of a request that is not JSON: takes the received bytes and their Content-Encoding, returns the bytes
// of the log. A body that is empty, has an unknown encoding, or is too large after decompression is an error.
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { createError } from '../../core/errors.js';

/** Size limit, in bytes, of a body whose route sets no limit. */
export const DEFAULT_BODY_BYTES = 1_048_576;

const DECODERS: Readonly<
  Record<string, (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Decompresses a body. Throws JT_REQUEST_INVALID, JT_REQUEST_TOO_LARGE, JT_ENCODING_UNSUPPORTED. */
export async function readBytes(body: unknown, encoding: string, maxBytes: number): Promise<Buffer> {
  if (body !== undefined && body !== null && !Buffer.isBuffer(body))
    throw createError('JT_REQUEST_INVALID', {
      problems: 'the body must be the log itself, e.g. with "Content-Type: text/plain", and not JSON around it',
    });
  const bytes = await decodeBytes(body ?? Buffer.alloc(0), encoding, maxBytes);
  if (!isBlank(bytes)) return bytes;
  throw createError('JT_REQUEST_INVALID', {
    problems: 'the body is empty; send the log in it (curl --data-binary @FILE)',
  });
}

/** Throws JT_ENCODING_UNSUPPORTED if the body is compressed. */
export function refuseEncoding(encoding: string): void {
  if (encoding !== '' && encoding !== 'identity')
    throw createError('JT_ENCODING_UNSUPPORTED', { encoding, known: 'none here' });
}

async function decodeBytes(bytes: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  if (encoding === '' || encoding === 'identity') return bytes;
  const decode = DECODERS[encoding];
  if (decode === undefined)
    throw createError('JT_ENCODING_UNSUPPORTED', { encoding, known: Object.keys(DECODERS).join(', ') });
  try {
    return await decode(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) throw createError('JT_REQUEST_TOO_LARGE', { maxBytes }, error);
    throw createError('JT_REQUEST_INVALID', { problems: `the body is not ${encoding}, as its header says` }, error);
  }
}

/** Returns true if the bytes hold no text. A byte order mark and the NULs of a hole in a file are not text. */
function isBlank(bytes: Buffer): boolean {
  const text = bytes.subarray(bytes.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0);
  return text.every((byte) => byte === 32 || byte === 0 || (byte >= 9 && byte <= 13));
}
