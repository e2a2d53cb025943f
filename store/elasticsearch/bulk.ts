// Sends a batch of encoded records as bulk requests and returns one outcome for each record. A record whose id is taken
// is compared with the stored one. The caller retries records that are busy, blocked or not permitted. Only a document
// that Elasticsearch cannot parse is refused; it is kept in an index that accepts it (refused.ts). Requests are small
// enough for any cluster, and one that is too large all the same is halved. While all records are stored, a request
// asks only whether there were errors, because answers for each record would be most of the data that is read.
import { createError, JobtraceError } from '../../core/errors.js';
import { isObject, omitMissing } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';
import { decideConflict } from '../conflict.js';
import { FLOOD_STAGE, readReason, readStatus, type ElasticsearchClient, type ServerAnswer } from './client.js';
import { findAddress, nameIndex } from './record/address.js';
import { decodeLines } from './record/encode.js';
import { readSource } from './record/source.js';
import { nameDocument, type WordsPlan } from './record/words.js';
import { encodeRefused, locateRefused, nameRefusedIndex } from './record/refused.js';
import { sliceBatch, splitRecords, viewBytes } from '../batch.js';
import type { AppendOutcome, BatchAddress, EncodedBatch } from '../store.js';

const MAX_REQUEST_BYTES = 5_000_000;
const NEWLINE = 10;
const STORED: AppendOutcome = { kind: 'stored' };
const ITEM_FIELDS = 'errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason';

/** Destination of records. */
export interface Target {
  readonly client: ElasticsearchClient;
  readonly prefix: string;
  /** Plan that says who finds the words of records that are encoded again. */
  readonly plan: WordsPlan;
  readonly course: BulkCourse;
}

/** State of the most recent requests. */
export interface BulkCourse {
  /** Number of requests in a row in which each record was stored. */
  calm: number;
}

/** Parameters for sending a batch. */
interface Sending {
  readonly client: ElasticsearchClient;
  /** Returns the address of the document of a record, whether it exists or not. */
  readonly locate: (record: LogRecord) => BatchAddress;
  readonly plan: WordsPlan;
  readonly course: BulkCourse;
}

/** Number of requests in a row without an error after which answers for each record are not requested. */
const CALM_REQUESTS = 3;

/**
 * Sends a batch. Throws JT_STORE_UNREACHABLE, JT_STORE_DENIED or JT_STORE_FULL only if no part of the batch was
 * accepted.
 */
export async function appendBatch(target: Target, batch: EncodedBatch): Promise<readonly AppendOutcome[]> {
  const { client, prefix, plan, course } = target;
  const locate = (record: LogRecord): BatchAddress => findAddress(nameIndex(prefix, record), record['flink.cluster']);
  let outcomes: readonly AppendOutcome[] = [];
  for (const part of splitBatch(batch)) {
    try {
      const answered = await keepRefused(target, part, await sendPart({ client, locate, plan, course }, part));
      // Most batches have one part.
      outcomes = outcomes.length === 0 ? answered : [...outcomes, ...answered];
    } catch (error) {
      if (!(error instanceof JobtraceError) || outcomes.length === 0) throw error;
      const unanswered = batch.lengths.length - outcomes.length;
      return [...outcomes, ...new Array<AppendOutcome>(unanswered).fill({ kind: 'retry', error: error.message })];
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
  parts.push(sliceBatch(batch, start, batch.lengths.length));
  return parts;
}

async function sendPart(sending: Sending, part: EncodedBatch): Promise<readonly SentOutcome[]> {
  const { client, course } = sending;
  try {
    if (course.calm >= CALM_REQUESTS && (await isAllStored(client, part)))
      return new Array<SentOutcome>(part.lengths.length).fill(STORED);
    const { body } = await requestBulk(client, part, ITEM_FIELDS);
    const outcomes = readItems(client, body, part.lengths.length).map((item) => readOutcome(client, item));
    course.calm = outcomes.every((outcome) => outcome === STORED) ? course.calm + 1 : 0;
    return await settleConflicts(sending, part, outcomes);
  } catch (error) {
    course.calm = 0;
    if (readStatus(error) === 413) return sendHalves(sending, part);
    throw error;
  }
}

/**
 * True if each record was stored. If false, the request must be repeated to learn which records failed; the stored ones
 * are then recognized by their ids.
 */
async function isAllStored(client: ElasticsearchClient, part: EncodedBatch): Promise<boolean> {
  const { body } = await requestBulk(client, part, 'errors');
  const { errors } = body;
  if (typeof errors !== 'boolean') throw explainAnswer(client, 'the answer to a bulk request does not tell of errors');
  return !errors;
}

function requestBulk(client: ElasticsearchClient, part: EncodedBatch, fields: string): Promise<ServerAnswer> {
  return client.send({
    method: 'POST',
    path: part.address === undefined ? '/_bulk' : `/${part.address.index}/_bulk`,
    query: { filter_path: fields, ...omitMissing({ routing: part.address?.routing }) },
    lines: viewBytes(part.bytes),
  });
}

async function settleConflicts(
  sending: Sending,
  part: EncodedBatch,
  outcomes: readonly (SentOutcome | 'conflict')[],
): Promise<SentOutcome[]> {
  const taken = splitRecords(part)
    .filter((_lines, index) => outcomes[index] === 'conflict')
    .map((lines) => ({ lines, record: decodeLines(lines) }));
  const compared = taken.length === 0 ? [] : await settleTaken(sending, taken);
  return outcomes.map((outcome) =>
    outcome === 'conflict' ? (compared.shift() ?? { kind: 'retry', error: 'not compared' }) : outcome,
  );
}

async function sendHalves(sending: Sending, part: EncodedBatch): Promise<SentOutcome[]> {
  const count = part.lengths.length;
  if (count === 1)
    return [
      {
        kind: 'oversized',
        error: `status 413: the record of ${part.bytes.length} bytes is larger than the cluster or a proxy takes`,
      },
    ];
  const middle = Math.ceil(count / 2);
  return [
    ...(await sendPart(sending, sliceBatch(part, 0, middle))),
    ...(await sendPart(sending, sliceBatch(part, middle, count))),
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

function readOutcome(client: ElasticsearchClient, item: Readonly<Record<string, unknown>>): SentOutcome | 'conflict' {
  const status = Number(item['status']);
  if (status >= 200 && status < 300) return STORED;
  if (status === 409) return 'conflict';
  const reason = readReason(item);
  const error = `status ${status}, ${reason}${readCause(item)}`;
  if (FLOOD_STAGE.test(reason)) return { kind: 'full', error, place: client.url };
  if (status === 400 && !isAboutIndex(item)) return { kind: 'refused', error };
  return { kind: status === 429 || status >= 500 ? 'retry' : 'closed', error };
}

/**
 * True if the error is about the index or the cluster and not about the document, although its status is 400 as well.
 */
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

/**
 * Outcome of a record at the address to which it was sent. `closed` and `oversized` are internal: the caller gets
 * `retry` or `refused` instead.
 */
type SentOutcome =
  | AppendOutcome
  /** Rejected until somebody changes rights or settings. */
  | { readonly kind: 'closed'; readonly error: string }
  | { readonly kind: 'oversized'; readonly error: string };

/**
 * Sends records that the index of their day refused to the index of refused records. A record that is not accepted
 * there either stays refused.
 */
async function keepRefused(
  { client, prefix, plan }: Target,
  part: EncodedBatch,
  answered: readonly SentOutcome[],
): Promise<readonly AppendOutcome[]> {
  if (areAllStored(answered)) return answered;
  const lines = answered.some(({ kind }) => kind === 'refused') ? splitRecords(part) : [];
  const refused = answered.flatMap((outcome, index) => {
    const bytes = lines[index];
    if (outcome.kind !== 'refused' || bytes === undefined) return [];
    return [{ record: decodeLines(bytes), error: outcome.error }];
  });
  const locate = (record: LogRecord): BatchAddress => locateRefused(prefix, record);
  const sending = { client, locate, plan: { by: plan.by, except: [] }, course: { calm: 0 } };
  const kept = refused.length === 0 ? [] : [...(await sendKept(sending, encodeRefused(prefix, plan, refused)))];
  return answered.map((outcome) => {
    if (outcome.kind === 'refused') return decideKept(outcome.error, kept.shift(), nameRefusedIndex(prefix));
    if (outcome.kind === 'closed') return { ...outcome, kind: 'retry' };
    return outcome.kind === 'oversized' ? { ...outcome, kind: 'refused' } : outcome;
  });
}

function areAllStored(answered: readonly SentOutcome[]): answered is readonly AppendOutcome[] {
  return answered.every((outcome) => outcome === STORED);
}

/**
 * Sends refused records. Returns a store error as outcomes and does not throw it, because the other records are already
 * answered.
 */
async function sendKept(sending: Sending, batch: EncodedBatch): Promise<readonly SentOutcome[]> {
  try {
    return await sendPart(sending, batch);
  } catch (error) {
    if (!(error instanceof JobtraceError)) throw error;
    const { message } = error;
    return batch.lengths.map(() => ({ kind: readStatus(error) === 403 ? 'closed' : 'retry', error: message }));
  }
}

function decideKept(error: string, kept: SentOutcome | undefined, place: string): AppendOutcome {
  if (kept === undefined) return { kind: 'retry', error };
  switch (kept.kind) {
    case 'stored':
    case 'duplicate':
      return { kind: 'aside', error, place };
    case 'full':
    case 'retry':
      return kept;
    default:
      return { kind: 'refused', error: `${error}; and by ${place}: ${kept.error}` };
  }
}

interface Taken {
  /** Lines of the bulk request, as they were sent. */
  readonly lines: Buffer;
  readonly record: LogRecord;
}

/** Settles records whose ids are taken: a record that is longer than the stored one replaces it. */
async function settleTaken(sending: Sending, taken: readonly Taken[]): Promise<SentOutcome[]> {
  const records = taken.map(({ record }) => record);
  const sources = await loadSources(sending, records);
  const compared = records.map((record, index) => compareTexts(record, sources[index]));
  const longer = taken.filter((_item, index) => compared[index] === 'newer');
  const replaced = longer.length === 0 ? [] : await replaceStored(sending, longer);
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

/** Replaces stored entries by longer versions of them and by nothing else: the length is the external version. */
async function replaceStored({ client, locate, plan }: Sending, longer: readonly Taken[]): Promise<SentOutcome[]> {
  const parts = longer.map(({ lines, record }) => {
    const { index, routing } = locate(record);
    const version = { version: record['jobtrace.length'], version_type: 'external' };
    const action = { index: { _id: nameDocument(plan, index, record.id), _index: index, routing, ...version } };
    return Buffer.concat([Buffer.from(JSON.stringify(action)), lines.subarray(lines.indexOf(NEWLINE))]);
  });
  const { body } = await client.send({
    method: 'POST',
    path: '/_bulk',
    query: { filter_path: ITEM_FIELDS },
    lines: Buffer.concat(parts),
  });
  return readItems(client, body, longer.length).map((item) => {
    const outcome = readOutcome(client, item);
    return outcome === 'conflict' ? { kind: 'retry', error: 'the stored record changed at the same moment' } : outcome;
  });
}

async function loadSources(
  { client, locate, plan }: Sending,
  records: readonly LogRecord[],
): Promise<(Readonly<Record<string, unknown>> | undefined)[]> {
  const docs = records.map((record) => {
    const { index, routing } = locate(record);
    return { _index: index, _id: nameDocument(plan, index, record.id), routing };
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
