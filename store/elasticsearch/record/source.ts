// A record ↔ the `_source` of its document. No text of an entry is in it twice: what stands before the message is a
// pattern over other fields (head.ts), behind it stands the stack trace; only an entry that does not read so keeps
// `event.original`. What follows from the rest, and what nearly every record has, is left out. Names that begin alike
// stand in one object. What releases before 0.2 stored, flat and with all texts, is read as well. Pure but for a hash;
// called by encode.ts and plain.ts, and by whoever reads documents.
import { hash } from 'node:crypto';
import { isObject } from '../../../core/json.js';
import type { LogRecord } from '../../../core/types.js';
import { describeFile } from '../../../flink/layout/names.js';
import { joinRest, renderHead, splitHead, type Head } from '../../head.js';
import { formatTime, readDay, readTime } from '../../page.js';
import { isLogRecord } from '../../stored.js';
import { decodeId, encodeId } from './id.js';

type Fields = Readonly<Record<string, unknown>>;

/** Objects of a document: what names of records begin with. */
export const SECTIONS = ['log', 'flink', 'jobtrace'] as const;
export type Section = (typeof SECTIONS)[number];

/** The fields of a document as JSON without its braces, by section; each begins with a comma, or is empty. */
export interface SectionTexts extends Readonly<Record<Section, string>> {
  readonly rest: string;
}

/** Fields of a document that no record has. */
export const OWN_FIELDS = [
  'event.ingested',
  'jobtrace.hash',
  'jobtrace.head',
  'jobtrace.timestamp',
  'jobtrace.words',
  'jobtrace.zone',
] as const;

/** What is left out when a record has it, because nearly every record does. */
export const USUAL_VALUES: Readonly<Record<string, string>> = { 'jobtrace.kind': 'log', 'jobtrace.layout': 'log4j' };

/** Elasticsearch takes a short number for a year. */
const FIRST_NUMBER = 100_000_000_000;
/** Begins the name of a process that is a hash. */
const HASHED = '#';
/** 60 bits. */
const PROCESS_HASH_UNITS = 10;
/** By host and path: a page of documents has few files. */
const names = new Map<string, string>();
const MOST_NAMES = 10_000;

/** The document of a record; a half surrogate is not text and becomes U+FFFD, as in every UTF-8 file. */
export function encodeSource(record: LogRecord, ingested: string): string {
  const { log, flink, jobtrace, rest } = encodeSections(describeDocument(record, ingested));
  return `{${rest.slice(1)},"log":{${log.slice(1)}},"flink":{${flink.slice(1)}},"jobtrace":{${jobtrace.slice(1)}}}`;
}

/** `,"level":"INFO","logger":"a.B"` of the section `log`. */
export function encodeSections(fields: Fields): SectionTexts {
  const sections = { log: {}, flink: {}, jobtrace: {}, rest: {} };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const section = SECTIONS.find((prefix) => name.startsWith(`${prefix}.`));
    if (section === undefined) Object.assign(sections.rest, { [name]: value });
    else Object.assign(sections[section], { [name.slice(section.length + 1)]: value });
  }
  return {
    log: encodeFields(sections.log),
    flink: encodeFields(sections.flink),
    jobtrace: encodeFields(sections.jobtrace),
    rest: encodeFields(sections.rest),
  };
}

function encodeFields(fields: object): string {
  const json = encodeJson(fields);
  return json === '{}' ? '' : `,${json.slice(1, -1)}`;
}

function encodeJson(document: object): string {
  const json = JSON.stringify(document);
  return json.includes('\\ud')
    ? JSON.stringify(document, (_key, value: unknown) =>
        typeof value === 'string' ? Buffer.from(value).toString() : value,
      )
    : json;
}

/** The fields of a document, flat. */
function describeDocument(record: LogRecord, ingested: string): Fields {
  const { 'event.original': original, 'jobtrace.length': length } = record;
  const head = splitHead(record);
  return leaveUsual({
    ...record,
    ...describeTime(record, ingested),
    // Only an id that is too long for `_id` stands in the document.
    id: decodeId(encodeId(record.id)) === record.id ? undefined : record.id,
    'event.original': head === undefined ? original : undefined,
    'jobtrace.process': encodeProcess(record),
    'jobtrace.length': length === Buffer.byteLength(original) ? undefined : length,
    'jobtrace.head': head?.pattern,
    'jobtrace.zone': head?.zone,
  });
}

/** Fields that are as usual are left out. */
export function leaveUsual(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => USUAL_VALUES[name] !== value));
}

/** When it was stored is told only of a record that lies in no day, because it is kept from then on. */
function describeTime(record: LogRecord, ingested: string): Fields {
  const time = readTime(record);
  const text = record['@timestamp'];
  const isExact = formatTime(time) === text;
  return {
    '@timestamp': time < FIRST_NUMBER ? formatTime(time) : time,
    'jobtrace.timestamp': isExact ? undefined : text,
    'event.ingested': readDay(record) === undefined ? ingested : undefined,
  };
}

/** A document's `_source` back to the record; undefined when it is none of ours. */
export function readSource(source: Fields, documentId: string): LogRecord | undefined {
  const own = new Map<string, unknown>();
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flatten(source)))
    if (isOwnField(name)) own.set(name, value);
    else found[name] = value;
  const timestamp = own.get('jobtrace.timestamp');
  const fields = {
    id: decodeId(documentId),
    ...USUAL_VALUES,
    ...found,
    '@timestamp': typeof timestamp === 'string' ? timestamp : readTimestamp(found['@timestamp']),
  };
  const [pattern, zone] = [own.get('jobtrace.head'), own.get('jobtrace.zone')];
  const record: unknown = completeText(fields, {
    pattern: typeof pattern === 'string' ? pattern : undefined,
    zone: typeof zone === 'number' ? zone : undefined,
  });
  return isLogRecord(record) ? { ...record, 'jobtrace.process': decodeProcess(record) } : undefined;
}

/** Milliseconds; a text of an older release. */
function readTimestamp(value: unknown): unknown {
  return typeof value === 'number' ? formatTime(value) : value;
}

function isOwnField(name: string): boolean {
  return OWN_FIELDS.some((own) => own === name);
}

/** Objects within → one level; lists are values. */
function flatten(source: Fields, prefix = '', into: Record<string, unknown> = {}): Record<string, unknown> {
  for (const [name, value] of Object.entries(source)) {
    if (isObject(value)) flatten(value, `${prefix}${name}.`, into);
    else into[`${prefix}${name}`] = value;
  }
  return into;
}

/** With the entry's text and its length, where the document has them not. */
function completeText(fields: Fields, head: Head): Fields {
  const { message, 'event.original': kept, 'jobtrace.length': length, 'error.stack_trace': stack } = fields;
  if (typeof message !== 'string') return fields;
  const rest = joinRest(message, typeof stack === 'string' ? stack : undefined);
  const time = Date.parse(String(fields['@timestamp']));
  const before = typeof kept === 'string' ? '' : renderHead(head, time, fields);
  if (before === undefined) return fields;
  const original = typeof kept === 'string' ? kept : `${before}${rest}`;
  return { ...fields, 'event.original': original, 'jobtrace.length': length ?? Buffer.byteLength(original) };
}

type ProcessFields = Pick<LogRecord, 'jobtrace.process' | 'log.file.path' | 'host.name'>;

/** A name that follows from host and path is a hash in the document: it joins files, and is as long as a path. */
export function encodeProcess(record: ProcessFields): string {
  const { 'jobtrace.process': process } = record;
  return nameProcess(record) === process ? hashProcess(process) : process;
}

export function hashProcess(process: string): string {
  return HASHED + hash('sha256', process, 'base64url').slice(0, PROCESS_HASH_UNITS);
}

/** The name again, of what encodeProcess gave. */
export function decodeProcess(record: ProcessFields): string {
  const stored = record['jobtrace.process'];
  if (!stored.startsWith(HASHED)) return stored;
  const named = nameProcess(record);
  return hashProcess(named) === stored ? named : stored;
}

/** As the agent names the process of a path (agent/record/origin.ts). */
function nameProcess({ 'log.file.path': path, 'host.name': host }: ProcessFields): string {
  const place = `${host}:${path}`;
  const known = names.get(place);
  if (known !== undefined) return known;
  const { processKey } = describeFile(path);
  const name = processKey.startsWith('/') ? `${host}:${processKey}` : processKey;
  if (names.size >= MOST_NAMES) names.clear();
  names.set(place, name);
  return name;
}
