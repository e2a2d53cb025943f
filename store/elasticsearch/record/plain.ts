// A record whose text stands in bytes → the same two lines of a bulk request that encode.ts makes of records, from
// bytes to bytes: what many records share is encoded once, lines.ts writes, and no object or string is made of a line.
// Ids are those of the agent (agent/identity/identity.ts). Called by store/encode.ts.
import type { BatchWriter } from '../../batch.js';
import { encodePattern, STAMP_UNITS } from '../../head.js';
import type { BatchAddress, FileFields, JobFields, PlainRecord, SharedFields, ThrownFields } from '../../store.js';
import { findAddress, nameDay } from './address.js';
import { createLineWriter, type Gaps, type LineWriter } from './lines.js';
import { encodeProcess, encodeSections, leaveUsual, SECTIONS, type Section } from './source.js';

/** Fields in bytes, by the object of the document in which they stand; each begins with a comma, or is empty. */
type Sections = Readonly<Record<Section | 'rest', Buffer>>;

/** What the records of a file share. */
interface FileParts {
  readonly sections: Sections;
  /** Where those of `day` go. */
  day: number;
  address: BatchAddress;
  /** By preamble and owner, in one zone: where lines.ts has what stands around the offset, behind what was thrown. */
  zone: Buffer;
  readonly shared: Map<Sections, Map<Sections, number>>;
}

interface ThrownTexts {
  readonly rest: string;
  readonly flink: string;
}

interface PlainEncoding {
  readonly prefix: string;
  readonly writer: BatchWriter;
  readonly lines: LineWriter;
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
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const COMMA = 44;
const SEPARATOR = 19;
const MOST_OWNERS = 1000;
const MOST_PREAMBLES = 4000;
const NOTHING = Buffer.alloc(0);
const NOTHING_THROWN: ThrownTexts = { rest: '', flink: '' };
const NO_SECTIONS: Sections = {
  log: NOTHING,
  flink: NOTHING,
  jobtrace: NOTHING,
  rest: NOTHING,
};
const LOG = Buffer.from(',"log":{"offset":');
const FLINK = Buffer.from('},"flink":{');
const JOBTRACE = Buffer.from('},"jobtrace":{');
const END = Buffer.from('}}\n');

/** Its memory is made with the first record: most encoders are given none. */
export function createPlainEncoder(prefix: string, writer: BatchWriter): (record: PlainRecord) => number {
  let encoding: PlainEncoding | undefined;
  return (record) => addPlain((encoding ??= createEncoding(prefix, writer)), record);
}

function createEncoding(prefix: string, writer: BatchWriter): PlainEncoding {
  return {
    prefix,
    writer,
    lines: createLineWriter(),
    files: new WeakMap(),
    preambles: { ',': new Map(), '.': new Map() },
    owners: new Map(),
    day: -1,
    index: '',
    aheadMs: 0,
    zone: NOTHING,
    fields: undefined,
    file: createFile(NO_SECTIONS),
  };
}

/** Returns how many bytes the record takes. */
function addPlain(encoding: PlainEncoding, record: PlainRecord): number {
  turnDay(encoding, record.time);
  turnZone(encoding, record.aheadMs);
  turnFile(encoding, record.file);
  const { writer, lines, file } = encoding;
  const place = findShared(encoding, record);
  const batch = writer.turnTo(file.address);
  const gaps =
    record.thrown === undefined && file.address === batch ? undefined : describeGaps(record, file.address, batch);
  if (lines.isFull) {
    writer.settle();
    lines.rewind();
  }
  lines.setKey(record.key);
  lines.setText(record.bytes);
  const { start } = lines;
  return writer.addBytes(lines.bytes, start, lines.write(record, place, gaps));
}

/** A document that goes elsewhere says so behind its id; the id is its routing where it has none. */
function describeGaps(record: PlainRecord, address: BatchAddress, batch: BatchAddress): Gaps {
  const { rest, flink } = record.thrown === undefined ? NOTHING_THROWN : encodeThrown(record.thrown);
  return {
    action: address === batch ? NOTHING : Buffer.from(encodeElsewhere(address)),
    repeatsId: address !== batch && address.routing === undefined,
    thrown: rest,
    flink,
  };
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
  return { sections, day: -1, address: findAddress('', ''), zone: NOTHING, shared: new Map() };
}

function findShared(encoding: PlainEncoding, record: PlainRecord): number {
  const { file, zone } = encoding;
  if (file.zone !== zone) file.shared.clear();
  file.zone = zone;
  const preamble = findPreamble(encoding, record);
  const owner = record.job === undefined ? NO_SECTIONS : findOwner(encoding, record.job);
  const known = file.shared.get(preamble)?.get(owner);
  if (known !== undefined) return known;
  const place = keepShared(encoding, joinShared(file, preamble, owner, zone));
  const owned = file.shared.get(preamble) ?? new Map<Sections, number>();
  file.shared.set(preamble, owned.set(owner, place));
  return place;
}

/** Where there is no room all is forgotten, and encoded again when it is asked for. */
function keepShared(encoding: PlainEncoding, texts: SharedTexts): number {
  const { lines, file } = encoding;
  const place = lines.share(...texts);
  if (place !== undefined) return place;
  lines.clear();
  file.shared.clear();
  encoding.files = new WeakMap();
  encoding.fields = undefined;
  const next = lines.share(...texts);
  if (next === undefined) throw new RangeError('what records share has no room');
  return next;
}

type SharedTexts = readonly [before: Buffer, middle: Buffer, after: Buffer];

/** The first field of a section stands without a comma; a file always has one. */
function joinShared({ sections: file }: FileParts, preamble: Sections, owner: Sections, zone: Buffer): SharedTexts {
  return [
    Buffer.concat([preamble.rest, file.rest, owner.rest, LOG]),
    Buffer.concat([preamble.log, file.log, owner.log, FLINK, file.flink.subarray(1), owner.flink]),
    Buffer.concat([JOBTRACE, file.jobtrace.subarray(1), preamble.jobtrace, zone, END]),
  ];
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
  return {
    log: log ?? NOTHING,
    flink: flink ?? NOTHING,
    jobtrace: jobtrace ?? NOTHING,
    rest: rest ?? NOTHING,
  };
}

/** What stands behind the id of a document that goes elsewhere; its id follows where nothing else says its routing. */
function encodeElsewhere({ index, routing }: BatchAddress): string {
  return `","_index":${JSON.stringify(index)},"routing":"${JSON.stringify(routing ?? '').slice(1, -1)}`;
}
