// A record whose text stands in bytes → the same two lines of a bulk request that encode.ts makes of records, from
// bytes to bytes: what many records share is encoded once, lines.ts writes, and no object or string is made of a line.
// Ids are those of the agent (agent/identity/identity.ts). Called by store/encode.ts.
import type { BatchWriter } from '../../batch.js';
import { encodePattern, STAMP_UNITS } from '../../head.js';
import type { BatchAddress, FileFields, JobFields, PlainRecord, SharedFields, ThrownFields } from '../../store.js';
import { findAddress, nameDay } from './address.js';
import { createLineWriter, type Gaps, type LineWriter, type SharedPlaces } from './lines.js';
import { encodeProcess, encodeSections, leaveUsual, SECTIONS, type Section } from './source.js';

/** Fields in bytes, by the object of the document in which they stand; each begins with a comma, or is empty. */
type Sections = Readonly<Record<Section | 'rest', Buffer>>;

/** What the records of a file share: where lines.ts has it, and where those of `day` go. */
interface FileParts {
  readonly place: number;
  day: number;
  address: BatchAddress;
}

/** Where lines.ts has what a preamble says, by what stands between the time and the message. */
type PreamblePlaces = Map<SharedFields, number>;

/** How far a clock was ahead of UTC, as a field; and its preambles, by the separator in the time. */
interface Zone {
  readonly field: Buffer;
  readonly preambles: Readonly<Record<',' | '.', PreamblePlaces>>;
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
  /** By how many milliseconds it is ahead. */
  readonly zones: Map<number, Zone>;
  /** Where lines.ts has the job, by its fields: from Flink 1.20 on each line of a job names it. */
  readonly owners: Map<string, number>;
  /** The day of the record before: when it began, in milliseconds, and its index. */
  day: number;
  index: string;
  /** The zone of the record before. */
  aheadMs: number;
  zone: Zone;
  /** The file of the record before. */
  fields: FileFields | undefined;
  file: FileParts;
  readonly shared: { -readonly [Name in keyof SharedPlaces]: SharedPlaces[Name] };
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const COMMA = 44;
const SEPARATOR = 19;
const MOST_OWNERS = 1000;
const MOST_PREAMBLES = 4000;
const NOTHING = Buffer.alloc(0);
const NOTHING_THROWN: ThrownTexts = { rest: '', flink: '' };
const NO_FILE: FileParts = { place: 0, day: -1, address: findAddress('', '') };
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
    zones: new Map(),
    owners: new Map(),
    day: -1,
    index: '',
    aheadMs: NaN,
    zone: createZone(0),
    fields: undefined,
    file: NO_FILE,
    shared: { preamble: 0, file: 0, owner: 0 },
  };
}

/** Returns how many bytes the record takes. */
function addPlain(encoding: PlainEncoding, record: PlainRecord): number {
  turnDay(encoding, record.time);
  turnShared(encoding, record);
  turnAddress(encoding, record.file);
  const { writer, lines, file, shared } = encoding;
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
  return writer.addBytes(lines.bytes, start, lines.write(record, shared, gaps));
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

function turnAddress({ file, day, index }: PlainEncoding, fields: FileFields): void {
  if (file.day === day) return;
  file.day = day;
  file.address = findAddress(index, fields['flink.cluster']);
}

/** Where there is no room all is forgotten, and encoded again when it is asked for. */
function turnShared(encoding: PlainEncoding, record: PlainRecord): void {
  if (findShared(encoding, record)) return;
  encoding.lines.clear();
  encoding.files = new WeakMap();
  encoding.zones.clear();
  encoding.owners.clear();
  encoding.aheadMs = NaN;
  encoding.fields = undefined;
  if (!findShared(encoding, record)) throw new RangeError('what records share has no room');
}

/** False: there is no room for it. */
function findShared(encoding: PlainEncoding, record: PlainRecord): boolean {
  turnZone(encoding, record.aheadMs);
  const isKept = turnFile(encoding, record.file);
  const preamble = findPreamble(encoding, record);
  const owner = findOwner(encoding, record.job);
  if (!isKept || preamble === undefined || owner === undefined) return false;
  const { shared } = encoding;
  shared.file = encoding.file.place;
  shared.preamble = preamble;
  shared.owner = owner;
  return true;
}

function turnZone(encoding: PlainEncoding, aheadMs: number): void {
  if (aheadMs === encoding.aheadMs) return;
  encoding.aheadMs = aheadMs;
  encoding.zone = encoding.zones.get(aheadMs) ?? createZone(aheadMs);
  encoding.zones.set(aheadMs, encoding.zone);
}

function createZone(aheadMs: number): Zone {
  return {
    field: aheadMs === 0 ? NOTHING : Buffer.from(encodeSections({ 'jobtrace.zone': aheadMs / MINUTE_MS }).jobtrace),
    preambles: { ',': new Map(), '.': new Map() },
  };
}

function turnFile(encoding: PlainEncoding, fields: FileFields): boolean {
  if (fields === encoding.fields) return true;
  const file = encoding.files.get(fields) ?? keepFile(encoding, fields);
  if (file === undefined) return false;
  encoding.fields = fields;
  encoding.file = file;
  return true;
}

/** The first field of a section stands without a comma; a file always has one of each. */
function keepFile({ files, lines }: PlainEncoding, fields: FileFields): FileParts | undefined {
  const { rest, log, flink, jobtrace } = bufferSections({ ...fields, 'jobtrace.process': encodeProcess(fields) });
  const place = lines.share(
    Buffer.concat([rest, LOG]),
    Buffer.concat([log, FLINK, flink.subarray(1)]),
    Buffer.concat([JOBTRACE, jobtrace.subarray(1)]),
  );
  if (place === undefined) return undefined;
  const file = { ...NO_FILE, place };
  files.set(fields, file);
  return file;
}

function findPreamble({ zone, lines }: PlainEncoding, record: PlainRecord): number | undefined {
  const { bytes, start, messageStart, preamble } = record;
  const separator = bytes[start + SEPARATOR] === COMMA ? ',' : '.';
  const places = zone.preambles[separator];
  const known = places.get(preamble);
  if (known !== undefined) return known;
  const pattern = encodePattern(separator, bytes.toString('latin1', start + STAMP_UNITS, messageStart), preamble);
  const { rest, log, jobtrace } = bufferSections({ ...preamble, 'jobtrace.head': pattern });
  const place = lines.share(rest, log, Buffer.concat([jobtrace, zone.field, END]));
  if (places.size >= MOST_PREAMBLES) places.clear();
  if (place !== undefined) places.set(preamble, place);
  return place;
}

function findOwner({ owners, lines }: PlainEncoding, job: JobFields | undefined): number | undefined {
  const key = job === undefined ? '' : nameOwner(job);
  const known = owners.get(key);
  if (known !== undefined) return known;
  const place = lines.share(job === undefined ? NOTHING : bufferSections(job).flink);
  if (owners.size >= MOST_OWNERS) owners.clear();
  if (place !== undefined) owners.set(key, place);
  return place;
}

function nameOwner({ 'flink.job.id': id, 'flink.job.name': name }: JobFields): string {
  return name === undefined ? id : `${id} ${name}`;
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
