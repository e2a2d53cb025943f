// Encodes a record as the `_source` of its document, and reads it back. No text of an entry is in the document twice:
// the text before the message is a pattern over other fields (message-prefix.ts), and the stack trace follows the
// message. Only an entry of another form keeps `event.original`. Fields that follow from others, and values that nearly
// every record has, are left out. Fields whose names begin alike are in one object. Documents of releases before 0.2,
// which are flat and have all texts, are read too. Pure functions.
import { remember } from '../../../core/cache.js';
import { hash } from 'node:crypto';
import { isObject } from '../../../core/json.js';
import type { LogRecord } from '../../../core/types.js';
import { describeFile } from '../../../flink/layout/names.js';
import { joinRest, renderMessagePrefix, splitMessagePrefix, type MessagePrefix } from '../../message-prefix.js';
import { formatTime, readDay, readTime } from '../../page.js';
import { isLogRecord } from '../../stored.js';
import { decodeId, encodeId } from './id.js';

type Fields = Readonly<Record<string, unknown>>;

/** Objects of a document. The names of fields of records begin with them. */
export const SECTIONS = ['log', 'flink', 'jobtrace'] as const;
export type Section = (typeof SECTIONS)[number];

/** Fields of a document as JSON without its braces, by section. Each text begins with a comma, or is empty. */
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

/** Values that are left out of a document, because nearly every record has them. */
export const USUAL_VALUES: Readonly<Record<string, string>> = { 'jobtrace.kind': 'log', 'jobtrace.layout': 'log4j' };

/** Smallest time, in milliseconds, that is stored as a number. Elasticsearch takes a shorter number for a year. */
const FIRST_NUMBER = 100_000_000_000;
/** First character of the name of a process that is a hash. */
const HASHED = '#';
/** Number of characters of the hash (60 bits). */
const PROCESS_HASH_UNITS = 10;
/** Names of processes by host and path, kept because a page of documents has few files. */
const findProcessKey = remember(10_000, (path) => describeFile(path).processKey);

/** Encodes the document of a record. A half surrogate is not text and becomes U+FFFD, as in every UTF-8 file. */
export function encodeSource(record: LogRecord, ingested: string): string {
  const { log, flink, jobtrace, rest } = encodeSections(describeDocument(record, ingested));
  return `{${rest.slice(1)},"log":{${log.slice(1)}},"flink":{${flink.slice(1)}},"jobtrace":{${jobtrace.slice(1)}}}`;
}

/** Encodes fields by section. The section `log` may be `,"level":"INFO","logger":"a.B"`. */
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

/** Returns the fields of a document, flat. */
function describeDocument(record: LogRecord, ingested: string): Fields {
  const { 'event.original': original, 'jobtrace.length': length } = record;
  const messagePrefix = splitMessagePrefix(record);
  return leaveUsual({
    ...record,
    ...describeTime(record, ingested),
    // The document has the id only if it is too long for `_id`.
    id: decodeId(encodeId(record.id)) === record.id ? undefined : record.id,
    'event.original': messagePrefix === undefined ? original : undefined,
    'jobtrace.process': encodeProcess(record),
    'jobtrace.length': length === Buffer.byteLength(original) ? undefined : length,
    'jobtrace.head': messagePrefix?.pattern,
    'jobtrace.zone': messagePrefix?.zone,
  });
}

/** Returns the fields without the usual values. */
export function leaveUsual(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => USUAL_VALUES[name] !== value));
}

/**
 * Returns the fields of the time. Only an undated record has the time at which it was stored, because its retention
 * starts from there.
 */
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

/** Reads the record from the `_source` of a document. Returns undefined if the document is not ours. */
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

/** Formats milliseconds as a time. A text, as in an older release, stays as it is. */
function readTimestamp(value: unknown): unknown {
  return typeof value === 'number' ? formatTime(value) : value;
}

function isOwnField(name: string): boolean {
  return OWN_FIELDS.some((own) => own === name);
}

/** Flattens nested objects to one level. Lists are values. */
function flatten(source: Fields, prefix = '', into: Record<string, unknown> = {}): Record<string, unknown> {
  for (const [name, value] of Object.entries(source)) {
    if (isObject(value)) flatten(value, `${prefix}${name}.`, into);
    else into[`${prefix}${name}`] = value;
  }
  return into;
}

/** Adds the text of the entry and its length if the document does not have them. */
function completeText(fields: Fields, messagePrefix: MessagePrefix): Fields {
  const { message, 'event.original': kept, 'jobtrace.length': length, 'error.stack_trace': stack } = fields;
  if (typeof message !== 'string') return fields;
  const rest = joinRest(message, typeof stack === 'string' ? stack : undefined);
  const time = Date.parse(String(fields['@timestamp']));
  const before = typeof kept === 'string' ? '' : renderMessagePrefix(messagePrefix, time, fields);
  if (before === undefined) return fields;
  const original = typeof kept === 'string' ? kept : `${before}${rest}`;
  return { ...fields, 'event.original': original, 'jobtrace.length': length ?? Buffer.byteLength(original) };
}

type ProcessFields = Pick<LogRecord, 'jobtrace.process' | 'log.file.path' | 'host.name'>;

/**
 * Returns the process as the document has it. A name that follows from host and path is stored as a hash, because it is
 * as long as a path. The hash is needed, because the process joins files.
 */
export function encodeProcess(record: ProcessFields): string {
  const { 'jobtrace.process': process } = record;
  return nameProcess(record) === process ? hashProcess(process) : process;
}

export function hashProcess(process: string): string {
  return HASHED + hash('sha256', process, 'base64url').slice(0, PROCESS_HASH_UNITS);
}

/** Returns the name of the process for a value of encodeProcess. */
export function decodeProcess(record: ProcessFields): string {
  const stored = record['jobtrace.process'];
  if (!stored.startsWith(HASHED)) return stored;
  const named = nameProcess(record);
  return hashProcess(named) === stored ? named : stored;
}

/** Names the process of a path as the agent does (agent/record/origin.ts). */
function nameProcess({ 'log.file.path': path, 'host.name': host }: ProcessFields): string {
  const processKey = findProcessKey(path);
  return processKey.startsWith('/') ? `${host}:${processKey}` : processKey;
}
