// Writes and deletes documents of the small indices by bulk requests, and deletes what a search finds. A request that
// cannot be done throws the same errors as `client.send`.
import { createError, type JobtraceError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';
import { codeOf, FLOOD_STAGE, readReason, type ElasticsearchClient } from './client.js';
import { search, type SearchHit } from './hits.js';
import { encodeId, listIds } from './record/id.js';
import { locateRefused } from './record/refused.js';

/**
 * Largest number of characters in a request, well below the 100 MB that Elasticsearch accepts
 * (http.max_content_length).
 */
const MAX_BULK_CHARS = 8_000_000;

/**
 * Sends actions, each with its document. Returns the status of each action in their order. A status in `expect` is an
 * answer. For any other status that is an error, it throws the same errors as `client.send`; the other actions may be
 * done then.
 */
export async function sendBulk(
  client: ElasticsearchClient,
  actions: readonly (readonly object[])[],
  { refresh, expect = [] }: { readonly refresh: boolean; readonly expect?: readonly number[] },
): Promise<readonly number[]> {
  const statuses: number[] = [];
  const texts = actions.map((lines) => lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  for (const lines of joinTexts(texts)) {
    const { body } = await client.send({
      method: 'POST',
      path: '/_bulk',
      query: { refresh, filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason' },
      lines: Buffer.from(lines),
      mayRepeat: true,
    });
    const items = (Array.isArray(body['items']) ? body['items'] : [])
      .flatMap((item) => (isObject(item) ? Object.values(item) : []))
      .filter(isObject);
    const failed = items.find((item) => item['error'] !== undefined && !expect.includes(Number(item['status'])));
    if (failed !== undefined) throw explainItem(client, failed);
    for (const item of items) statuses.push(Number(item['status']));
  }
  return statuses;
}

/** Joins the texts to as few as possible, each with at most MAX_BULK_CHARS characters. */
function joinTexts(texts: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let length = 0;
  let open: string[] = [];
  for (const text of texts) {
    if (open.length > 0 && length + text.length > MAX_BULK_CHARS) {
      joined.push(open.join(''));
      open = [];
      length = 0;
    }
    open.push(text);
    length += text.length;
  }
  return open.length === 0 ? joined : [...joined, open.join('')];
}

export function nameDocument(prefix: string, index: string, id: string): object {
  return { _index: `${prefix}-${index}`, _id: encodeId(id) };
}

/** Deletes the documents that a search finds, a thousand at a time. Returns their number. */
export async function removeFound(client: ElasticsearchClient, index: string, query: object): Promise<number> {
  let removed = 0;
  for (;;) {
    const { hits } = await search(client, index, { query, size: 1_000, _source: false });
    if (hits.length === 0) return removed;
    await removeDocuments(client, hits.map(readTarget));
    removed += hits.length;
  }
}

/** Deletes these documents. A search finds them until the next refresh. */
export async function removeHits(client: ElasticsearchClient, hits: readonly SearchHit[]): Promise<void> {
  if (hits.length > 0) await removeDocuments(client, hits.map(readTarget), false);
}

/**
 * Deletes records from the index of refused records. A missing record is no error. A search finds none of them
 * afterwards.
 */
export async function removeRefused(
  client: ElasticsearchClient,
  prefix: string,
  records: readonly LogRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const targets = records.flatMap((record) => {
    const { index, routing } = locateRefused(prefix, record);
    return listIds(record.id).map((_id) => ({ _index: index, _id, routing: routing ?? _id }));
  });
  await removeDocuments(client, targets);
}

/**
 * Deletes documents. A missing document is no error. With `refresh`, a search finds none of them afterwards. Throws the
 * errors of `sendBulk` if a document could not be deleted.
 */
export async function removeDocuments(
  client: ElasticsearchClient,
  targets: readonly object[],
  refresh = true,
): Promise<void> {
  await sendBulk(
    client,
    targets.map((target) => [{ delete: target }]),
    { refresh },
  );
}

function explainItem({ url }: ElasticsearchClient, item: Readonly<Record<string, unknown>>): JobtraceError {
  const reason = readReason(item);
  const status = Number(item['status']);
  const problem = `status ${status}, ${reason}`;
  return createError(FLOOD_STAGE.test(reason) ? 'JT_STORE_FULL' : codeOf(status), { url, problem });
}

function readTarget(hit: SearchHit): object {
  return { _index: hit.index, _id: hit.id, routing: hit.routing };
}
