// A record whose text stands in bytes → the same two lines of a bulk request that encode.ts makes of records, from
// bytes to bytes: what many records share is encoded once, the message is copied, and no object or string is made of a
// line. Ids are those of the agent (agent/identity/identity.ts). Called by store/encode.ts.
import type { BatchWriter } from '../../batch.js';
import { encodePattern, STAMP_UNITS } from '../../head.js';
import type { BatchAddress, FileFields, JobFields, PlainRecord, SharedFields, ThrownFields } from '../../store.js';
import { findAddress, nameDay } from './address.js';
import { encodeProcess, encodeSections, leaveUsual, SECTIONS, type Section } from './source.js';

/** Fields in bytes, by the object of the document in which they stand; each begins with a comma, or is empty. */
type Sections = Readonly<Record<Section | 'rest', Buffer>>;

/** What the records of a file share. */
interface FileParts {
  readonly sections: Sections;
  /** Where those of `day` go. */
  day: number;
  address: BatchAddress;
  /** By preamble: what stands around the offset of a record that says the same as the one before it. */
  readonly shared: Map<Sections, Shared>;
}

interface Shared {
  readonly owner: Sections;
  readonly zone: Buffer;
  /** Behind the message and what was thrown, up to the offset. */
  readonly before: Buffer;
  /** Behind the offset, up to the classes of what was thrown; and up to the record's end. */
  readonly middle: Buffer;
  readonly after: Buffer;
}

interface ThrownTexts {
  readonly rest: string;
  readonly flink: string;
}

interface PlainEncoding {
  readonly prefix: string;
  readonly writer: BatchWriter;
  files: WeakMap<SharedFields, FileParts>;
  /** By what stands between the time and the message, and by the separator in the time. */
  readonly preambles: Readonly<Record<',' | '.', Map<SharedFields, Sections>>>;
  /** By the fields themselves: from Flink 1.20 on each line of a job names it. */
  readonly owners: Map<string, Sections>;
  /** The day of the record before: when it began, in milliseconds, and its index. */
  day: number;
  index: string;
  /** How far the clock of the record before was ahead of UTC; milliseconds, and as a field. */
  aheadMs: number;
  zone: Buffer;
  /** The file of the record before. */
  fields: FileFields | undefined;
  file: FileParts;
  /** How many of `shared` all files have. */
  shared: number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const DASH = 45;
const ZERO = 48;
const SMALL_A = 97;
const SMALL_N = 110;
const SMALL_T = 116;
const TAB = 9;
const NEWLINE = 10;
const SEPARATOR = 19;
/** Of what is written beside the text and the shared fields. */
const MOST_OTHER_BYTES = 256;
const MOST_OWNERS = 1000;
const MOST_PREAMBLES = 4000;
/** Of all files; each takes half a KiB. */
const MOST_SHARED = 8192;
/** Digits of an id. */
const OFFSET_DIGITS = 12;
const OFFSET_HALF = 2 ** 24;
const CRC_DIGITS = 8;
/** A time is written in two halves: whole numbers of 32 bits are several times as fast as the others. */
const LOW_DIGITS = 6;
const LOW_DIGITS_END = 10 ** LOW_DIGITS;
const NOTHING = Buffer.alloc(0);
/** By byte: what stands behind its backslash in JSON; 0: it stands for itself. */
const ESCAPED = new Uint8Array(256);
ESCAPED[QUOTE] = QUOTE;
ESCAPED[BACKSLASH] = BACKSLASH;
ESCAPED[TAB] = SMALL_T;
ESCAPED[NEWLINE] = SMALL_N;
const NOTHING_THROWN: ThrownTexts = { rest: '', flink: '' };
const NO_SECTIONS: Sections = { log: NOTHING, flink: NOTHING, jobtrace: NOTHING, rest: NOTHING };
const CREATE = Buffer.from('{"create":{"_id":"');
const TIMESTAMP = Buffer.from('"}}\n{"@timestamp":');
const MESSAGE = Buffer.from(',"message":"');
const STACK = Buffer.from('","error.stack_trace":"');
const LOG = Buffer.from(',"log":{"offset":');
const FLINK = Buffer.from('},"flink":{');
const JOBTRACE = Buffer.from('},"jobtrace":{');
const END = Buffer.from('}}\n');

export function createPlainEncoder(prefix: string, writer: BatchWriter): (record: PlainRecord) => number {
  const encoding: PlainEncoding = {
    prefix,
    writer,
    files: new WeakMap(),
    preambles: { ',': new Map(), '.': new Map() },
    owners: new Map(),
    day: -1,
    index: '',
    aheadMs: 0,
    zone: NOTHING,
    fields: undefined,
    file: createFile(NO_SECTIONS),
    shared: 0,
  };
  return (record) => addPlain(encoding, record);
}

/** Returns how many bytes the record takes. */
function addPlain(encoding: PlainEncoding, record: PlainRecord): number {
  turnDay(encoding, record.time);
  turnZone(encoding, record.aheadMs);
  turnFile(encoding, record.file);
  const { writer, file } = encoding;
  const { before, middle, after } = findShared(encoding, record);
  const thrown = record.thrown === undefined ? NOTHING_THROWN : encodeThrown(record.thrown);
  const shared = writer.turnTo(file.address);
  const elsewhere = file.address === shared ? undefined : encodeElsewhere(file.address);
  const most =
    2 * (record.end - record.messageStart) +
    (elsewhere?.length ?? 0) +
    before.length +
    middle.length +
    after.length +
    thrown.rest.length +
    thrown.flink.length +
    2 * record.key.length +
    MOST_OTHER_BYTES;
  const { bytes, at: start } = writer.reserve(most);
  let at = putId(bytes, put(bytes, start, CREATE), record);
  if (elsewhere !== undefined) at += bytes.write(elsewhere, at, 'utf8');
  if (elsewhere !== undefined && file.address.routing === undefined) at = putId(bytes, at, record);
  at = putNumber(bytes, put(bytes, at, TIMESTAMP), record.time);
  at = putText(bytes, put(bytes, at, MESSAGE), record, record.messageStart, record.messageEnd);
  if (record.messageEnd < record.end)
    at = putText(bytes, put(bytes, at, STACK), record, record.messageEnd + 1, record.end);
  bytes[at++] = QUOTE;
  if (thrown.rest !== '') at += bytes.write(thrown.rest, at, 'latin1');
  at = put(bytes, putNumber(bytes, put(bytes, at, before), record.offset), middle);
  if (thrown.flink !== '') at += bytes.write(thrown.flink, at, 'latin1');
  return writer.keep(put(bytes, at, after));
}

/** ASCII, as the entry is: fields of the document, and of its section for Flink. */
function encodeThrown(fields: ThrownFields): ThrownTexts {
  const { 'error.type': type, 'error.message': message, 'flink.chain': chain } = fields;
  return {
    rest:
      (type === undefined ? '' : `,"error.type":${JSON.stringify(type)}`) +
      (message === undefined ? '' : `,"error.message":${JSON.stringify(message)}`),
    flink: chain === undefined ? '' : `,"chain":${JSON.stringify(chain)}`,
  };
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

function turnFile(encoding: PlainEncoding, fields: FileFields): void {
  if (fields !== encoding.fields) {
    encoding.fields = fields;
    encoding.file = findFile(encoding, fields);
  }
  const { file, day, index } = encoding;
  if (file.day === day) return;
  file.day = day;
  file.address = findAddress(index, fields['flink.cluster']);
}

function findFile({ files }: PlainEncoding, fields: FileFields): FileParts {
  const known = files.get(fields);
  if (known !== undefined) return known;
  const parts = createFile(bufferSections({ ...fields, 'jobtrace.process': encodeProcess(fields) }));
  files.set(fields, parts);
  return parts;
}

function createFile(sections: Sections): FileParts {
  return { sections, day: -1, address: findAddress('', ''), shared: new Map() };
}

function findShared(encoding: PlainEncoding, record: PlainRecord): Shared {
  const { file, zone } = encoding;
  const preamble = findPreamble(encoding, record);
  const owner = record.job === undefined ? NO_SECTIONS : findOwner(encoding, record.job);
  const known = file.shared.get(preamble);
  if (known?.owner === owner && known.zone === zone) return known;
  const made = joinShared(file, preamble, owner, zone);
  if (known === undefined) encoding.shared += 1;
  if (encoding.shared > MOST_SHARED) forgetShared(encoding);
  file.shared.set(preamble, made);
  return made;
}

/** What was encoded is encoded again when it is asked for. */
function forgetShared(encoding: PlainEncoding): void {
  encoding.files = new WeakMap();
  encoding.fields = undefined;
  encoding.file.shared.clear();
  encoding.shared = 0;
}

/** The first field of a section stands without a comma; a file always has one. */
function joinShared({ sections: file }: FileParts, preamble: Sections, owner: Sections, zone: Buffer): Shared {
  return {
    owner,
    zone,
    before: Buffer.concat([preamble.rest, file.rest, owner.rest, LOG]),
    middle: Buffer.concat([preamble.log, file.log, owner.log, FLINK, file.flink.subarray(1), owner.flink]),
    after: Buffer.concat([...[JOBTRACE, file.jobtrace.subarray(1), preamble.jobtrace, zone], END]),
  };
}

function findPreamble({ preambles }: PlainEncoding, { bytes, start, messageStart, preamble }: PlainRecord): Sections {
  const separator = bytes[start + SEPARATOR] === COMMA ? ',' : '.';
  const known = preambles[separator].get(preamble);
  if (known !== undefined) return known;
  const pattern = encodePattern(separator, bytes.toString('latin1', start + STAMP_UNITS, messageStart), preamble);
  const sections = bufferSections({ ...preamble, 'jobtrace.head': pattern });
  if (preambles[separator].size >= MOST_PREAMBLES) preambles[separator].clear();
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

/** What stands behind the id of a document that goes elsewhere; its id follows where nothing else says its routing. */
function encodeElsewhere({ index, routing }: BatchAddress): string {
  return `","_index":${JSON.stringify(index)},"routing":"${JSON.stringify(routing ?? '').slice(1, -1)}`;
}

function putId(to: Buffer, start: number, { key, offset, crc }: PlainRecord): number {
  let at = start;
  for (let index = 0; index < key.length; index += 1) to[at++] = key.charCodeAt(index);
  to[at++] = DASH;
  at = putHex(to, at, Math.floor(offset / OFFSET_HALF), OFFSET_DIGITS / 2);
  at = putHex(to, at, offset % OFFSET_HALF, OFFSET_DIGITS / 2);
  to[at++] = DASH;
  return putHex(to, at, crc, CRC_DIGITS);
}

/** Of at most 32 bits: whole numbers are several times as fast as the others. */
function putHex(to: Buffer, start: number, value: number, count: number): number {
  let rest = value | 0;
  for (let at = start + count - 1; at >= start; at -= 1) {
    const digit = rest & 15;
    to[at] = digit < 10 ? ZERO + digit : SMALL_A + digit - 10;
    rest >>>= 4;
  }
  return start + count;
}

function put(to: Buffer, at: number, part: Buffer): number {
  to.set(part, at);
  return at + part.length;
}

function putNumber(to: Buffer, start: number, value: number): number {
  if (value < LOW_DIGITS_END) return putDigits(to, start, value | 0, countDigits(value | 0));
  const high = Math.floor(value / LOW_DIGITS_END);
  const at = putDigits(to, start, high | 0, countDigits(high | 0));
  return putDigits(to, at, (value - high * LOW_DIGITS_END) | 0, LOW_DIGITS);
}

function countDigits(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) count += 1;
  return count;
}

function putDigits(to: Buffer, start: number, value: number, count: number): number {
  let rest = value;
  for (let at = start + count - 1; at >= start; at -= 1) {
    const tens = (rest / 10) | 0;
    to[at] = ZERO + rest - 10 * tens;
    rest = tens;
  }
  return start + count;
}

/** As JSON writes it, of the bytes that a plain record may have. */
function putText(to: Buffer, start: number, { bytes, hasEscapes }: PlainRecord, from: number, end: number): number {
  if (!hasEscapes) return start + bytes.copy(to, start, from, end);
  let at = start;
  for (let index = from; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    const escaped = ESCAPED[byte] ?? 0;
    if (escaped !== 0) to[at++] = BACKSLASH;
    to[at++] = escaped === 0 ? byte : escaped;
  }
  return at;
}
