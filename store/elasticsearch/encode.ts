// A record → the two lines of a bulk request in which it is sent, and back, and a stored document → its record.
// Pure but for the hash.
import { isObject } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';
import { formatTime, readTime } from '../page.js';
import { isLogRecord, parseJson } from '../stored.js';
import { fillWords } from '../words.js';
import { encodeId, hashText, nameIndex, OWN_FIELDS, readRouting } from './mapping.js';

/** What Elasticsearch takes as it is. */
const PLAIN_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
/** A longer version of an entry replaces a shorter one (external versioning), nothing else does. */
export function encodeLines(prefix: string, record: LogRecord, ingested: string): string {
  const action = {
    index: {
      _index: nameIndex(prefix, record),
      _id: encodeId(record.id),
      version: record['jobtrace.length'],
      version_type: 'external',
      ...readRouting(record),
    },
  };
  return `${JSON.stringify(action)}\n${encodeDocument(record, ingested)}\n`;
}

/** Throws a plain Error for bytes that encodeLines cannot have made. */
export function decodeLines(bytes: Buffer): LogRecord {
  const document = parseJson(bytes.toString('utf8', bytes.indexOf(10) + 1));
  const record = isObject(document) ? readDocument(document) : undefined;
  if (record === undefined) throw new Error(`The ${bytes.length} bytes are no encoded record.`);
  return record;
}

/** A document's `_source` back to the record; undefined when it is none of ours. */
export function readDocument(source: Readonly<Record<string, unknown>>): LogRecord | undefined {
  const fields = Object.fromEntries(Object.entries(source).filter(([name]) => !OWN_FIELDS.has(name)));
  const timestamp = source['jobtrace.timestamp'];
  const record: unknown = { ...fields, ...(typeof timestamp === 'string' ? { '@timestamp': timestamp } : {}) };
  return isLogRecord(record) ? record : undefined;
}

/** Joined as text: taking the record apart and putting it together again would cost as much as all the rest. */
function encodeDocument(record: LogRecord, ingested: string): string {
  const time = readTime(record);
  const text = record['@timestamp'];
  const isPlain = time !== 0 && PLAIN_TIME.test(text) && new Date(time).getUTCDate() === Number(text.slice(8, 10));
  const json = encodeJson(isPlain ? record : { ...record, '@timestamp': formatTime(time), 'jobtrace.timestamp': text });
  return `${json.slice(0, -1)},"event.ingested":"${ingested}","jobtrace.hash":"${hashText(record['event.original'])}","jobtrace.words":"${fillWords(record)}"}`;
}

/** A half surrogate is not text: it becomes U+FFFD, as in every UTF-8 file. */
function encodeJson(document: object): string {
  const json = JSON.stringify(document);
  return json.includes('\\ud')
    ? JSON.stringify(document, (_key, value: unknown) =>
        typeof value === 'string' ? Buffer.from(value).toString() : value,
      )
    : json;
}
