// A batch of encoded records → bulk requests → one outcome per record. An id that is taken is compared with what is
// stored; what is busy, blocked or not allowed is tried again by the caller; only a document that Elasticsearch cannot
// parse is refused. Requests are small enough for any cluster and halved when one is too large all the same.
import { createError, JobtraceError } from '../../core/errors.js';
import { isObject, omitMissing } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';
import { decideConflict } from '../conflict.js';
import { readReason, readStatus, type ElasticsearchClient } from './client.js';
import { findAddress, nameIndex } from './record/address.js';
import { decodeLines } from './record/encode.js';
import { encodeId, readSource } from './record/source.js';
import { sliceBatch, splitRecords, viewBytes } from '../batch.js';
import type { AppendOutcome, EncodedBatch } from '../store.js';

const MAX_REQUEST_BYTES = 5_000_000;
const NEWLINE = 10;
const STORED: AppendOutcome = { kind: 'stored' };
const ITEM_FIELDS = 'errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason';

/** Throws JT_STORE_UNREACHABLE or JT_STORE_DENIED only when no part of the batch came through. */
export async function appendBatch(
  client: ElasticsearchClient,
  prefix: string,
  batch: EncodedBatch,
): Promise<AppendOutcome[]> {
  const outcomes: AppendOutcome[] = [];
  for (const part of splitBatch(batch)) {
    try {
      for (const outcome of await sendPart(client, prefix, part)) outcomes.push(outcome);
    } catch (error) {
      if (!(error instanceof JobtraceError) || outcomes.length === 0) throw error;
      while (outcomes.length < batch.ids.length) outcomes.push({ kind: 'retry', error: error.message });
      break;
    }
  }
  return outcomes;
}

function splitBatch(batch: EncodedBatch): EncodedBatch[] {
  const parts: EncodedBatch[] = [];
  let start = 0;
  let bytes = 0;
  batch.lengths.forEach((length, index) => {
    if (index > start && bytes + length > MAX_REQUEST_BYTES) {
      parts.push(sliceBatch(batch, start, index));
      start = index;
      bytes = 0;
    }
    bytes += length;
  });
  parts.push(sliceBatch(batch, start, batch.ids.length));
  return parts;
}

async function sendPart(client: ElasticsearchClient, prefix: string, part: EncodedBatch): Promise<AppendOutcome[]> {
  let body;
  try {
    ({ body } = await client.send({
      method: 'POST',
      path: part.address === undefined ? '/_bulk' : `/${part.address.index}/_bulk`,
      query: { filter_path: ITEM_FIELDS, ...omitMissing({ routing: part.address?.routing }) },
      lines: viewBytes(part.bytes),
    }));
  } catch (error) {
    if (readStatus(error) === 413) return sendHalves(client, prefix, part);
    throw error;
  }
  const items = readItems(client, body, part.ids.length);
  const outcomes = items.map(readOutcome);
  const taken = splitRecords(part)
    .filter((_lines, index) => outcomes[index] === 'conflict')
    .map((lines) => ({ lines, record: decodeLines(lines) }));
  const compared = taken.length === 0 ? [] : await settleTaken(client, prefix, taken);
  return outcomes.map((outcome) =>
    outcome === 'conflict' ? (compared.shift() ?? { kind: 'retry', error: 'not compared' }) : outcome,
  );
}

async function sendHalves(client: ElasticsearchClient, prefix: string, part: EncodedBatch): Promise<AppendOutcome[]> {
  const count = part.ids.length;
  if (count === 1)
    return [
      {
        kind: 'refused',
        error: `status 413: the record of ${part.bytes.length} bytes is larger than the cluster or a proxy takes`,
      },
    ];
  const middle = Math.ceil(count / 2);
  return [
    ...(await sendPart(client, prefix, sliceBatch(part, 0, middle))),
    ...(await sendPart(client, prefix, sliceBatch(part, middle, count))),
  ];
}

function readItems(
  client: ElasticsearchClient,
  body: Readonly<Record<string, unknown>>,
  count: number,
): Readonly<Record<string, unknown>>[] {
  const items: unknown = body['items'];
  const read = Array.isArray(items)
    ? items.flatMap((item: unknown) => (isObject(item) ? Object.values(item).filter(isObject) : []))
    : [];
  if (read.length !== count)
    throw explainAnswer(client, `the answer to a bulk request has ${read.length} items instead of ${count}`);
  return read;
}

function readOutcome(item: Readonly<Record<string, unknown>>): AppendOutcome | 'conflict' {
  const status = Number(item['status']);
  if (status >= 200 && status < 300) return STORED;
  if (status === 409) return 'conflict';
  const error = `status ${status}, ${readReason(item)}${readCause(item)}`;
  return status === 400 && !isAboutIndex(item) ? { kind: 'refused', error } : { kind: 'retry', error };
}

/** These stand under status 400 too, but speak of the index or the cluster, not of the document. */
function isAboutIndex(item: Readonly<Record<string, unknown>>): boolean {
  const error = item['error'];
  const type = isObject(error) ? String(error['type']) : '';
  const reason = isObject(error) ? String(error['reason']) : '';
  return (
    type === 'index_closed_exception' ||
    type === 'resource_already_exists_exception' ||
    /maximum (normal )?shards open|would add \[\d+\]|data stream|alias/i.test(reason)
  );
}

function readCause(item: Readonly<Record<string, unknown>>): string {
  const error = item['error'];
  const cause = isObject(error) ? error['caused_by'] : undefined;
  return isObject(cause) && typeof cause['reason'] === 'string' ? ` (${cause['reason'].slice(0, 200)})` : '';
}

interface Taken {
  /** As it was sent. */
  readonly lines: Buffer;
  readonly record: LogRecord;
}

/** Records whose ids are taken: what is longer than what is stored replaces it. */
async function settleTaken(
  client: ElasticsearchClient,
  prefix: string,
  taken: readonly Taken[],
): Promise<AppendOutcome[]> {
  const records = taken.map(({ record }) => record);
  const sources = await loadSources(client, prefix, records);
  const compared = records.map((record, index) => compareTexts(record, sources[index]));
  const longer = taken.filter((_item, index) => compared[index] === 'newer');
  const replaced = longer.length === 0 ? [] : await replaceStored(client, prefix, longer);
  return compared.map((outcome) =>
    outcome === 'newer' ? (replaced.shift() ?? { kind: 'retry', error: 'not replaced' }) : outcome,
  );
}

function compareTexts(
  record: LogRecord,
  source: Readonly<Record<string, unknown>> | undefined,
): AppendOutcome | 'newer' {
  if (source === undefined) return { kind: 'retry', error: 'the record with this id is gone again' };
  const stored = readSource(source, record.id);
  if (stored === undefined)
    return { kind: 'collision', error: `a document that is not a record holds the id ${record.id}` };
  const version = (of: LogRecord) => ({
    length: of['jobtrace.length'],
    text: of['event.original'],
    flags: of['jobtrace.flags'] ?? [],
  });
  const conflict = decideConflict(version(record), version(stored));
  if (conflict === 'newer') return 'newer';
  if (conflict === 'duplicate') return { kind: 'duplicate' };
  return {
    kind: 'collision',
    error: `another entry of ${stored['log.file.path']} at offset ${stored['log.offset']} holds the id ${record.id}`,
  };
}

/** A longer version of an entry replaces a shorter one, nothing else does: lengths are its external versions. */
async function replaceStored(
  client: ElasticsearchClient,
  prefix: string,
  longer: readonly Taken[],
): Promise<AppendOutcome[]> {
  const parts = longer.map(({ lines, record }) => {
    const { index, routing } = findAddress(nameIndex(prefix, record), record['flink.cluster']);
    const version = { version: record['jobtrace.length'], version_type: 'external' };
    const action = { index: { _id: encodeId(record.id), _index: index, routing, ...version } };
    return Buffer.concat([Buffer.from(JSON.stringify(action)), lines.subarray(lines.indexOf(NEWLINE))]);
  });
  const { body } = await client.send({
    method: 'POST',
    path: '/_bulk',
    query: { filter_path: ITEM_FIELDS },
    lines: Buffer.concat(parts),
  });
  return readItems(client, body, longer.length).map((item) => {
    const outcome = readOutcome(item);
    return outcome === 'conflict' ? { kind: 'retry', error: 'the stored record changed at the same moment' } : outcome;
  });
}

async function loadSources(
  client: ElasticsearchClient,
  prefix: string,
  records: readonly LogRecord[],
): Promise<(Readonly<Record<string, unknown>> | undefined)[]> {
  const docs = records.map((record) => {
    const { index, routing } = findAddress(nameIndex(prefix, record), record['flink.cluster']);
    return { _index: index, _id: encodeId(record.id), routing };
  });
  const { body } = await client.send({
    method: 'POST',
    path: '/_mget',
    query: { filter_path: 'docs.found,docs._source,docs.error' },
    body: { docs },
  });
  const found: unknown = body['docs'];
  if (!Array.isArray(found) || found.length !== records.length)
    throw explainAnswer(client, 'the answer to a request for documents is incomplete');
  return found.map((doc: unknown) => (isObject(doc) && isObject(doc['_source']) ? doc['_source'] : undefined));
}

function explainAnswer(client: ElasticsearchClient, problem: string): JobtraceError {
  return createError('JT_STORE_UNREACHABLE', { url: client.url, problem });
}
