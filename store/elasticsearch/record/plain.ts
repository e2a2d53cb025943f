// A record whose text stands in bytes → the same two lines of a bulk request that encode.ts makes of records, from
// bytes to bytes: what many records share is encoded once, the message is copied, and no object or string is made of a
// line. Called by store/encode.ts.
import type { BatchWriter } from '../../batch.js';
import { encodePattern, STAMP_UNITS } from '../../head.js';
import type { BatchAddress, FileFields, JobFields, PlainRecord, SharedFields } from '../../store.js';
import { findAddress, nameDay } from './address.js';
import { encodeAction } from './encode.js';
import { encodeId, encodeProcess, encodeSections, leaveUsual, SECTIONS, type Section } from './source.js';

/** Fields in bytes, by the object of the document in which they stand; each begins with a comma, or is empty. */
type Sections = Readonly<Record<Section | 'rest', Buffer>>;

/** What the records of a file share. */
interface FileParts {
  readonly sections: Sections;
  /** Where those of `day` go. */
  day: number;
  address: BatchAddress;
}

interface PlainEncoding {
  readonly prefix: string;
  readonly writer: BatchWriter;
  readonly files: WeakMap<SharedFields, FileParts>;
  /** By what stands between the time and the message, and by the separator in the time. */
  readonly preambles: Readonly<Record<',' | '.', WeakMap<SharedFields, Sections>>>;
  /** By the fields themselves: from Flink 1.20 on each line of a job names it. */
  readonly owners: Map<string, Sections>;
  /** The day of the record before: when it began, in milliseconds, and its index. */
  day: number;
  index: string;
  /** How far the clock of the record before was ahead of UTC; milliseconds, and as a field. */
  aheadMs: number;
  zone: Buffer;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const ZERO = 48;
/** Of what is written beside the message and the shared fields. */
const MOST_OTHER_BYTES = 256;
const MOST_OWNERS = 1000;
const NOTHING = Buffer.alloc(0);
const CREATE = Buffer.from('{"create":{"_id":"');
const TIMESTAMP = Buffer.from('"}}\n{"@timestamp":');
const NEXT_LINE = Buffer.from('\n{"@timestamp":');
const MESSAGE = Buffer.from(',"message":"');
const LOG = Buffer.from(',"log":{"offset":');
const FLINK = Buffer.from('},"flink":{');
const JOBTRACE = Buffer.from('},"jobtrace":{');
const END = Buffer.from('}}\n');

export function createPlainEncoder(prefix: string, writer: BatchWriter): (record: PlainRecord) => number {
  const encoding: PlainEncoding = {
    prefix,
    writer,
    files: new WeakMap(),
    preambles: { ',': new WeakMap(), '.': new WeakMap() },
    owners: new Map(),
    day: -1,
    index: '',
    aheadMs: 0,
    zone: NOTHING,
  };
  return (record) => addPlain(encoding, record);
}

/** Returns how many bytes the record takes. */
function addPlain(encoding: PlainEncoding, record: PlainRecord): number {
  turnDay(encoding, record.time);
  turnZone(encoding, record.aheadMs);
  const { writer, day } = encoding;
  const file = findFile(encoding, record.file);
  const preamble = findPreamble(encoding, record);
  const own = record.job === undefined ? undefined : findOwner(encoding, record.job);
  if (file.day !== day) {
    file.day = day;
    file.address = findAddress(encoding.index, record.file['flink.cluster']);
  }
  const shared = writer.turnTo(file.address);
  const action = file.address === shared ? undefined : encodeAction(record.id, file.address, shared);
  const most =
    2 * (record.bytes.length - record.messageStart) +
    record.id.length +
    (action?.length ?? 0) +
    countBytes(file.sections) +
    countBytes(preamble) +
    (own === undefined ? 0 : countBytes(own)) +
    MOST_OTHER_BYTES;
  const { bytes, at: start } = writer.reserve(most);
  let at = putAction(bytes, start, record.id, action);
  at = putNumber(bytes, at, record.time);
  at = putMessage(bytes, put(bytes, at, MESSAGE), record);
  bytes[at++] = QUOTE;
  at = put(bytes, put(bytes, at, preamble.rest), file.sections.rest);
  if (own !== undefined) at = put(bytes, at, own.rest);
  at = putNumber(bytes, put(bytes, at, LOG), record.offset);
  at = put(bytes, put(bytes, at, preamble.log), file.sections.log);
  // The first field of the section stands without a comma; a file always has one.
  at = putFirst(bytes, put(bytes, at, FLINK), file.sections.flink);
  if (own !== undefined) at = put(bytes, at, own.flink);
  at = putFirst(bytes, put(bytes, at, JOBTRACE), file.sections.jobtrace);
  at = put(bytes, put(bytes, at, preamble.jobtrace), encoding.zone);
  return writer.keep(record.id, put(bytes, at, END));
}

function turnDay(encoding: PlainEncoding, time: number): void {
  if (time >= encoding.day && time < encoding.day + DAY_MS && encoding.day >= 0) return;
  encoding.day = time - (time % DAY_MS);
  encoding.index = nameDay(encoding.prefix, new Date(encoding.day).toISOString().slice(0, 10));
}

function turnZone(encoding: PlainEncoding, aheadMs: number): void {
  if (aheadMs === encoding.aheadMs) return;
  encoding.aheadMs = aheadMs;
  encoding.zone =
    aheadMs === 0 ? NOTHING : Buffer.from(encodeSections({ 'jobtrace.zone': aheadMs / MINUTE_MS }).jobtrace);
}

function findFile({ files }: PlainEncoding, fields: FileFields): FileParts {
  const known = files.get(fields);
  if (known !== undefined) return known;
  const sections = bufferSections({ ...fields, 'jobtrace.process': encodeProcess(fields) });
  const parts = { sections, day: -1, address: findAddress('', '') };
  files.set(fields, parts);
  return parts;
}

function findPreamble({ preambles }: PlainEncoding, { bytes, messageStart, preamble }: PlainRecord): Sections {
  const separator = bytes[19] === COMMA ? ',' : '.';
  const known = preambles[separator].get(preamble);
  if (known !== undefined) return known;
  const pattern = encodePattern(separator, bytes.toString('latin1', STAMP_UNITS, messageStart), preamble);
  const sections = bufferSections({ ...preamble, 'jobtrace.head': pattern });
  preambles[separator].set(preamble, sections);
  return sections;
}

function findOwner({ owners }: PlainEncoding, fields: JobFields): Sections {
  const { 'flink.job.id': id, 'flink.job.name': name } = fields;
  const key = name === undefined ? id : `${id} ${name}`;
  const known = owners.get(key);
  if (known !== undefined) return known;
  const sections = bufferSections(fields);
  if (owners.size >= MOST_OWNERS) owners.clear();
  owners.set(key, sections);
  return sections;
}

function bufferSections(fields: Readonly<Record<string, unknown>>): Sections {
  const texts = encodeSections(leaveUsual(fields));
  const [log, flink, jobtrace, rest] = [...SECTIONS, 'rest' as const].map((name) => Buffer.from(texts[name]));
  return { log: log ?? NOTHING, flink: flink ?? NOTHING, jobtrace: jobtrace ?? NOTHING, rest: rest ?? NOTHING };
}

function countBytes({ log, flink, jobtrace, rest }: Sections): number {
  return log.length + flink.length + jobtrace.length + rest.length;
}

/** Up to the time. */
function putAction(to: Buffer, start: number, id: string, action: string | undefined): number {
  if (action !== undefined) return put(to, start + to.write(action, start, 'latin1'), NEXT_LINE);
  const at = put(to, start, CREATE);
  return put(to, at + to.write(encodeId(id), at, 'latin1'), TIMESTAMP);
}

function putFirst(to: Buffer, at: number, part: Buffer): number {
  return at + part.copy(to, at, 1);
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

function putPadded(to: Buffer, start: number, value: number, count: number): void {
  let rest = value;
  for (let at = start + count - 1; at >= start; at -= 1) {
    to[at] = ZERO + (rest % 10);
    rest = Math.trunc(rest / 10);
  }
}

/** The text behind the head. */
function putMessage(to: Buffer, start: number, { bytes, messageStart, hasEscapes }: PlainRecord): number {
  if (!hasEscapes) return start + bytes.copy(to, start, messageStart);
  let at = start;
  for (let index = messageStart; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE || byte === BACKSLASH) to[at++] = BACKSLASH;
    to[at++] = byte;
  }
  return at;
}
