// Encodes a record whose text is in bytes as the same two bulk lines that encode.ts makes of records. Fields that many
// records share are encoded once, and lines.ts writes the lines, so that no object or string is created for a line. Ids
// are those of the agent (agent/tail/identity.ts).
import { toIso } from '../../../core/time/iso.js';
import { BoundedMap } from '../../../core/cache.js';
import type { BatchWriter } from '../../batch.js';
import { encodePattern, STAMP_UNITS } from '../../message-prefix.js';
import type { BatchAddress, FileFields, JobFields, PlainRecord, SharedFields, ThrownFields } from '../../store.js';
import { findAddress, nameDay } from './address.js';
import { LineWriter, type Gaps, type SharedPlaces } from './lines.js';
import { encodeProcess, encodeSections, leaveUsual, SECTIONS, type Section } from './source.js';

/** Fields in bytes, by the object of the document that has them. Each begins with a comma, or is empty. */
type Sections = Readonly<Record<Section | 'rest', Buffer>>;

/**
 * Encoded fields that the records of a file share: their position in lines.ts, and the address of the records of `day`.
 */
interface FileParts {
  readonly place: number;
  day: number;
  address: BatchAddress;
}

/** Positions of preambles in lines.ts. A preamble has the fields between the time and the message. */
type PreamblePlaces = Map<SharedFields, number>;

/** Offset of a clock from UTC, as a field, and its preambles by the separator in the time. */
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
  /** Zones by the number of milliseconds that they are ahead of UTC. */
  readonly zones: Map<number, Zone>;
  /** Positions of jobs in lines.ts, by the fields of the job. From Flink 1.20 on, each line of a job names it. */
  readonly owners: Map<string, number>;
  /** Start of the day of the previous record, in milliseconds, and the name of its index. */
  day: number;
  index: string;
  /** Zone of the previous record. */
  aheadMs: number;
  zone: Zone;
  /** File of the previous record. */
  fields: FileFields | undefined;
  file: FileParts;
  readonly shared: { -readonly [Name in keyof SharedPlaces]: SharedPlaces[Name] };
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const COMMA = 44;
const SEPARATOR = 19;
const MAX_OWNERS = 1000;
const MAX_PREAMBLES = 4000;
const NOTHING = Buffer.alloc(0);
const NOTHING_THROWN: ThrownTexts = { rest: '', flink: '' };
const NO_FILE: FileParts = { place: 0, day: -1, address: findAddress('', '') };
const LOG = Buffer.from(',"log":{"offset":');
const FLINK = Buffer.from('},"flink":{');
const JOBTRACE = Buffer.from('},"jobtrace":{');
const END = Buffer.from('}}\n');

/** Creates the encoder. Its memory is allocated with the first record, because most encoders are given none. */
export function createPlainEncoder(prefix: string, writer: BatchWriter): (record: PlainRecord) => number {
  let encoding: PlainEncoding | undefined;
  return (record) => addPlain((encoding ??= createEncoding(prefix, writer)), record);
}

function createEncoding(prefix: string, writer: BatchWriter): PlainEncoding {
  return {
    prefix,
    writer,
    lines: new LineWriter(),
    files: new WeakMap(),
    zones: new Map(),
    owners: new BoundedMap(MAX_OWNERS),
    day: -1,
    index: '',
    aheadMs: NaN,
    zone: createZone(0),
    fields: undefined,
    file: NO_FILE,
    shared: { preamble: 0, file: 0, owner: 0 },
  };
}

/** Adds a record. Returns its length in bytes. */
function addPlain(encoding: PlainEncoding, record: PlainRecord): number {
  setDay(encoding, record.time);
  setSharedFields(encoding, record);
  setAddress(encoding, record.file);
  const { writer, lines, file, shared } = encoding;
  const batch = writer.switchTo(file.address);
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

/**
 * Returns the fields that few records have. A document with another address than the batch has it after its id. The id
 * is the routing if the address has none.
 */
function describeGaps(record: PlainRecord, address: BatchAddress, batch: BatchAddress): Gaps {
  const { rest, flink } = record.thrown === undefined ? NOTHING_THROWN : encodeThrown(record.thrown);
  return {
    action: address === batch ? NOTHING : Buffer.from(encodeElsewhere(address)),
    repeatsId: address !== batch && address.routing === undefined,
    thrown: rest,
    flink,
  };
}

/**
 * Encodes the fields of the exception, in ASCII as the entry is: those of the document, and those of its section for
 * Flink.
 */
function encodeThrown(fields: ThrownFields): ThrownTexts {
  const { 'error.type': type, 'error.message': message, 'flink.chain': chain } = fields;
  return {
    rest:
      (type === undefined ? '' : `,"error.type":${JSON.stringify(type)}`) +
      (message === undefined ? '' : `,"error.message":${JSON.stringify(message)}`),
    flink: chain === undefined ? '' : `,"chain":${JSON.stringify(chain)}`,
  };
}

function setDay(encoding: PlainEncoding, time: number): void {
  if (time >= encoding.day && time < encoding.day + DAY_MS && encoding.day >= 0) return;
  encoding.day = time - (time % DAY_MS);
  encoding.index = nameDay(encoding.prefix, toIso(encoding.day).slice(0, 10));
}

function setAddress({ file, day, index }: PlainEncoding, fields: FileFields): void {
  if (file.day === day) return;
  file.day = day;
  file.address = findAddress(index, fields['flink.cluster']);
}

/**
 * Finds the encoded fields that the record shares. If there is no room, all are removed and are encoded again when they
 * are needed.
 */
function setSharedFields(encoding: PlainEncoding, record: PlainRecord): void {
  if (findShared(encoding, record)) return;
  encoding.lines.clear();
  encoding.files = new WeakMap();
  encoding.zones.clear();
  encoding.owners.clear();
  encoding.aheadMs = NaN;
  encoding.fields = undefined;
  if (!findShared(encoding, record)) throw new RangeError('what records share has no room');
}

/** Finds the encoded fields that the record shares. Returns false if there is no room for them. */
function findShared(encoding: PlainEncoding, record: PlainRecord): boolean {
  setZone(encoding, record.aheadMs);
  const isKept = setFile(encoding, record.file);
  const preamble = findPreamble(encoding, record);
  const owner = findOwner(encoding, record.job);
  if (!isKept || preamble === undefined || owner === undefined) return false;
  const { shared } = encoding;
  shared.file = encoding.file.place;
  shared.preamble = preamble;
  shared.owner = owner;
  return true;
}

function setZone(encoding: PlainEncoding, aheadMs: number): void {
  if (aheadMs === encoding.aheadMs) return;
  encoding.aheadMs = aheadMs;
  encoding.zone = encoding.zones.get(aheadMs) ?? createZone(aheadMs);
  encoding.zones.set(aheadMs, encoding.zone);
}

function createZone(aheadMs: number): Zone {
  return {
    field: aheadMs === 0 ? NOTHING : Buffer.from(encodeSections({ 'jobtrace.zone': aheadMs / MINUTE_MS }).jobtrace),
    preambles: { ',': new BoundedMap(MAX_PREAMBLES), '.': new BoundedMap(MAX_PREAMBLES) },
  };
}

function setFile(encoding: PlainEncoding, fields: FileFields): boolean {
  if (fields === encoding.fields) return true;
  const file = encoding.files.get(fields) ?? keepFile(encoding, fields);
  if (file === undefined) return false;
  encoding.fields = fields;
  encoding.file = file;
  return true;
}

/**
 * Encodes the fields of a file. The first field of a section has no comma; a file always has a field in each section.
 */
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
  if (place !== undefined) places.set(preamble, place);
  return place;
}

function findOwner({ owners, lines }: PlainEncoding, job: JobFields | undefined): number | undefined {
  const key = job === undefined ? '' : nameOwner(job);
  const known = owners.get(key);
  if (known !== undefined) return known;
  const place = lines.share(job === undefined ? NOTHING : bufferSections(job).flink);
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

/** Encodes an address as the text after the id of a document. The id follows again if the address has no routing. */
function encodeElsewhere({ index, routing }: BatchAddress): string {
  return `","_index":${JSON.stringify(index)},"routing":"${JSON.stringify(routing ?? '').slice(1, -1)}`;
}
