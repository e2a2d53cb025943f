// A record whose text stands in bytes → the same two lines of a bulk request that encode.ts makes of records, from
// bytes to bytes: what many records share is encoded once, texts are copied, and no object or string is made of a line.
// Called by store/encode.ts.
import type { BatchWriter } from '../batch.js';
import type { PlainRecord, SharedFields } from '../store.js';
import { encodeId, hashText, nameDay, readRouting } from './mapping.js';

/** What all records of a file share: the rest of the action's line, and fields. */
interface FileParts {
  readonly action: Buffer;
  readonly fields: Buffer;
}

interface PlainEncoding {
  readonly prefix: string;
  readonly writer: BatchWriter;
  readonly files: WeakMap<SharedFields, FileParts>;
  readonly preambles: WeakMap<SharedFields, Buffer>;
  /** The day of the record before, as milliseconds of its beginning, its name, and how an action of it begins. */
  day: number;
  date: Buffer;
  head: Buffer;
  /** When records are added now; milliseconds, and as a field. */
  ingestedAt: number;
  ingested: Buffer;
}

const DAY_MS = 86_400_000;
const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;
const ZERO = 48;
/** Of what is written beside the texts and the shared fields. */
const MOST_OTHER_BYTES = 1024;
/** The longest word that is found (words.ts). */
const MAX_WORD_BYTES = 255;
const VERSION = Buffer.from('","version":');
const TIMESTAMP = Buffer.from('","@timestamp":"');
const ORIGINAL = Buffer.from('","event.original":"');
const MESSAGE = Buffer.from('","message":"');
const OFFSET = Buffer.from('","log.offset":');
const LENGTH = Buffer.from(',"jobtrace.length":');
const HASH = Buffer.from(',"jobtrace.hash":"');
const WORDS = Buffer.from('","jobtrace.words":"');
const END = Buffer.from('"}\n');
/** By byte: its letter or digit in lower case; 0 for what stands between words. */
const WORD_BYTES = new Uint8Array(256);
for (const byte of Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz')) WORD_BYTES[byte] = byte;
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ')) WORD_BYTES[byte] = byte + 0x20;

export function createPlainEncoder(prefix: string, writer: BatchWriter): (record: PlainRecord) => number {
  const encoding: PlainEncoding = {
    prefix,
    writer,
    files: new WeakMap(),
    preambles: new WeakMap(),
    day: -1,
    date: Buffer.alloc(0),
    head: Buffer.alloc(0),
    ingestedAt: -1,
    ingested: Buffer.alloc(0),
  };
  return (record) => addPlain(encoding, record);
}

/** Returns how many bytes the record takes. */
function addPlain(encoding: PlainEncoding, record: PlainRecord): number {
  turnDay(encoding, record.time);
  turnClock(encoding, Date.now());
  const file = findFile(encoding, record.file);
  const preamble = findPreamble(encoding, record.preamble);
  const own = record.own === undefined ? undefined : Buffer.from(encodeFields(record.own));
  const id = encodeId(record.id);
  const { length } = record.bytes;
  const { bytes, at: start } = encoding.writer.reserve(
    5 * length +
      3 * id.length +
      file.action.length +
      file.fields.length +
      preamble.length +
      (own?.length ?? 0) +
      MOST_OTHER_BYTES,
  );
  let at = put(bytes, start, encoding.head);
  at += bytes.write(id, at, 'latin1');
  at = putNumber(bytes, put(bytes, at, VERSION), length);
  at = put(bytes, at, file.action);
  at += bytes.write(record.id, at, 'latin1');
  at = put(bytes, put(bytes, at, TIMESTAMP), encoding.date);
  at = putClock(bytes, at, record.time - encoding.day);
  at = putTexts(bytes, at, record);
  at = putNumber(bytes, put(bytes, at, OFFSET), record.offset);
  at = putNumber(bytes, put(bytes, at, LENGTH), length);
  at = put(bytes, put(bytes, at, preamble), file.fields);
  if (own !== undefined) at = put(bytes, at, own);
  at = put(bytes, put(bytes, at, encoding.ingested), HASH);
  at += bytes.write(hashText(record.bytes), at, 'latin1');
  at = putWords(bytes, put(bytes, at, WORDS), record.bytes);
  return encoding.writer.keep(record.id, put(bytes, at, END));
}

function turnDay(encoding: PlainEncoding, time: number): void {
  if (time >= encoding.day && time < encoding.day + DAY_MS && encoding.day >= 0) return;
  encoding.day = time - (time % DAY_MS);
  const date = new Date(encoding.day).toISOString().slice(0, 10);
  encoding.date = Buffer.from(`${date}T`);
  encoding.head = Buffer.from(`{"index":{"_index":${JSON.stringify(nameDay(encoding.prefix, date))},"_id":"`);
}

function turnClock(encoding: PlainEncoding, now: number): void {
  if (now === encoding.ingestedAt) return;
  encoding.ingestedAt = now;
  encoding.ingested = Buffer.from(`,"event.ingested":"${new Date(now).toISOString()}"`);
}

function findFile({ files }: PlainEncoding, fields: SharedFields): FileParts {
  const known = files.get(fields);
  if (known !== undefined) return known;
  const action = { version_type: 'external', ...readRouting({ 'flink.cluster': fields['flink.cluster'] ?? '' }) };
  const parts = {
    action: Buffer.from(`,${JSON.stringify(action).slice(1)}}\n{"id":"`),
    fields: Buffer.from(encodeFields(fields)),
  };
  files.set(fields, parts);
  return parts;
}

function findPreamble({ preambles }: PlainEncoding, fields: SharedFields): Buffer {
  const known = preambles.get(fields);
  if (known !== undefined) return known;
  const encoded = Buffer.from(encodeFields(fields));
  preambles.set(fields, encoded);
  return encoded;
}

/** `,"a":1,"b":"c"`. */
function encodeFields(fields: SharedFields): string {
  const json = JSON.stringify(fields);
  return json === '{}' ? '' : `,${json.slice(1, -1)}`;
}

function put(to: Buffer, at: number, part: Buffer): number {
  to.set(part, at);
  return at + part.length;
}

function putNumber(to: Buffer, start: number, value: number): number {
  let end = start + 1;
  for (let rest = value; rest >= 10; rest = Math.trunc(rest / 10)) end += 1;
  putPadded(to, start, value, end - start);
  return end;
}

/** `10:00:00.000Z`. */
function putClock(to: Buffer, start: number, ms: number): number {
  putPadded(to, start, Math.trunc(ms / 3_600_000), 2);
  putPadded(to, start + 3, Math.trunc(ms / 60_000) % 60, 2);
  putPadded(to, start + 6, Math.trunc(ms / 1000) % 60, 2);
  putPadded(to, start + 9, ms % 1000, 3);
  [to[start + 2], to[start + 5], to[start + 8], to[start + 12]] = [58, 58, 46, 90];
  return start + 13;
}

function putPadded(to: Buffer, start: number, value: number, count: number): void {
  let rest = value;
  for (let at = start + count - 1; at >= start; at -= 1) {
    to[at] = ZERO + (rest % 10);
    rest = Math.trunc(rest / 10);
  }
}

/** The text, and behind it its message once more. */
function putTexts(to: Buffer, start: number, { bytes, messageStart, hasEscapes }: PlainRecord): number {
  let at = put(to, start, ORIGINAL);
  at = putText(to, at, bytes, { from: 0, until: messageStart, hasEscapes });
  const message = at;
  at = putText(to, at, bytes, { from: messageStart, until: bytes.length, hasEscapes });
  const end = at;
  at = put(to, at, MESSAGE);
  to.copyWithin(at, message, end);
  return at + end - message;
}

interface TextPart {
  readonly from: number;
  readonly until: number;
  readonly hasEscapes: boolean;
}

function putText(to: Buffer, start: number, bytes: Buffer, { from, until, hasEscapes }: TextPart): number {
  if (!hasEscapes) return start + bytes.copy(to, start, from, until);
  let at = start;
  for (let index = from; index < until; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE || byte === BACKSLASH) to[at++] = BACKSLASH;
    to[at++] = byte;
  }
  return at;
}

/** What words.ts makes of it: runs of letters and digits with one space between, over-long ones cut. */
function putWords(to: Buffer, start: number, bytes: Buffer): number {
  let at = start;
  let run = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = WORD_BYTES[bytes[index] ?? 0] ?? 0;
    if (byte === 0) {
      run = 0;
      continue;
    }
    if (run === 0 ? at > start : run % MAX_WORD_BYTES === 0) to[at++] = SPACE;
    to[at++] = byte;
    run += 1;
  }
  return at;
}
