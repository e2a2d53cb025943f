// The change feed: every record that was stored or replaced, at least once, per shard in the order of storing.
// Elasticsearch numbers the operations of a shard; up to the global checkpoint every number is taken and done.
// So: read the checkpoints, then refresh (what they cover is now visible), then search each shard from the last
// number that was read up to its checkpoint. No clock is asked and nothing can appear behind the cursor.
// The cursor is the last number of every shard, by index name and uuid: a day that was deleted and made again
// is read from its start. Which indices are asked at a read is decided in look.ts.
import { createError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';
import type { ElasticsearchClient } from './client.js';
import { readHit, readSearch } from './hits.js';
import { parseJson } from '../stored.js';
import { decideLook, rememberLook, type FeedLook } from './look.js';
import type { FeedOptions, FeedPage, RecordFeed } from '../store.js';

interface Shard {
  /** index|uuid|number: the key in the cursor. */
  readonly key: string;
  readonly index: string;
  readonly number: string;
  readonly checkpoint: number;
  readonly maximum: number;
}

interface Reading {
  readonly shard: Shard;
  readonly records: LogRecord[];
  readonly position: number;
}

/** Shards asked in one request. */
const SHARDS_AT_ONCE = 16;
/** Records in one answer: many more long stack traces would be larger than what a client can take. */
const MAX_PAGE = 2_000;

interface Feed {
  readonly client: ElasticsearchClient;
  readonly prefix: string;
  /** By the part of the shards that is read ("0/1"). */
  readonly looks: Map<string, FeedLook>;
  /** Indices (name|uuid) that were seen to have sequence numbers. */
  readonly numbered: Set<string>;
}

/** What it keeps spares requests; the cursor alone says what was read. */
export function createFeed(client: ElasticsearchClient, prefix: string): RecordFeed {
  const feed: Feed = { client, prefix, looks: new Map(), numbered: new Set() };
  return { readRecords: (cursor, options) => readFeed(feed, cursor, options) };
}

async function readFeed(feed: Feed, cursor: string | undefined, options: FeedOptions): Promise<FeedPage> {
  const { index, of } = options.shard ?? { index: 0, of: 1 };
  const part = `${index}/${of}`;
  const before = decodeCursor(cursor);
  const last = feed.looks.get(part);
  // Before the shards are asked: what is made after this shows at the next read.
  const version = await loadStateVersion(feed.client);
  const look = decideLook(last, cursor, version);
  const shards = (await loadShards(feed, look)).filter((shard) => hashShard(shard) % of === index);
  await checkNumbers(feed, shards);
  const positions = look === 'all' ? await forgetDeleted(feed, before, shards) : new Map(before);
  const pending = shards.filter((shard) => readFrom(shard, positions) < shard.checkpoint);
  const page =
    pending.length === 0
      ? {
          records: [],
          cursor: positions.size === before.size && cursor !== undefined ? cursor : encodeCursor(positions),
          drained: true,
        }
      : await readPending(feed.client, pending, positions, options);
  feed.looks.set(
    part,
    rememberLook(last, {
      cursor: page.cursor,
      version,
      all: look === 'all' ? listIndices(shards) : undefined,
      pending: listIndices(pending),
    }),
  );
  return page;
}

async function readPending(
  client: ElasticsearchClient,
  pending: readonly Shard[],
  positions: Map<string, number>,
  { limit, skip, only }: FeedOptions,
): Promise<FeedPage> {
  const asked = pending.slice(0, Math.min(SHARDS_AT_ONCE, limit));
  await refresh(client, asked);
  const size = Math.max(1, Math.floor(Math.min(MAX_PAGE, limit) / asked.length));
  const readings = await searchShards(client, asked, positions, { size, skip, only });
  for (const reading of readings) positions.set(reading.shard.key, reading.position);
  const drained =
    asked.length === pending.length && readings.every((reading) => reading.position >= reading.shard.checkpoint);
  return { records: readings.flatMap((reading) => reading.records), cursor: encodeCursor(positions), drained };
}

function listIndices(shards: readonly Shard[]): readonly string[] {
  return [...new Set(shards.map((shard) => shard.index))];
}

/** One small answer of the master; undefined for who may not ask. */
async function loadStateVersion(client: ElasticsearchClient): Promise<number | undefined> {
  const { status, body } = await client.send({
    method: 'GET',
    path: '/_cluster/state/version',
    query: { filter_path: 'version' },
    expect: [403],
  });
  return status === 200 && typeof body['version'] === 'number' ? body['version'] : undefined;
}

/** Primaries only: theirs is the checkpoint that counts. A shard without an active primary is left for later. */
async function loadShards({ client, prefix }: Feed, look: 'all' | readonly string[]): Promise<Shard[]> {
  if (look.length === 0) return [];
  const { body } = await client.send({
    method: 'GET',
    path: `/${look === 'all' ? `${prefix}-logs-*` : look.join(',')}/_stats/docs`,
    query: {
      level: 'shards',
      filter_path:
        'indices.*.uuid,indices.*.shards.*.routing.primary,indices.*.shards.*.routing.state,indices.*.shards.*.seq_no',
      ignore_unavailable: true,
    },
  });
  const shards: Shard[] = [];
  for (const [index, value] of Object.entries(isObject(body['indices']) ? body['indices'] : {})) {
    if (!isObject(value) || !isObject(value['shards'])) continue;
    for (const [number, copies] of Object.entries(value['shards'])) {
      const list: readonly unknown[] = Array.isArray(copies) ? copies : [];
      const primary = list
        .filter(isObject)
        .find(
          (copy) =>
            isObject(copy['routing']) && copy['routing']['primary'] === true && copy['routing']['state'] === 'STARTED',
        );
      const numbers = primary?.['seq_no'];
      if (isObject(numbers))
        shards.push({
          key: `${index}|${String(value['uuid'])}|${number}`,
          index,
          number,
          checkpoint: Number(numbers['global_checkpoint']),
          maximum: Number(numbers['max_seq_no']),
        });
    }
  }
  return shards.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * Numbers that went back mean that the shard lost what was acknowledged (a forced or restored primary): read it again.
 */
function readFrom(shard: Shard, positions: ReadonlyMap<string, number>): number {
  const position = positions.get(shard.key) ?? -1;
  return position > shard.maximum ? -1 : position;
}

/** Without sequence numbers there is no feed; Elasticsearch 9 can switch them off. Asked once of each index. */
async function checkNumbers({ client, numbered }: Feed, shards: readonly Shard[]): Promise<void> {
  const unknown = shards.filter((shard) => !numbered.has(nameGeneration(shard)));
  const indices = listIndices(unknown);
  for (let start = 0; start < indices.length; start += 50) {
    const names = indices.slice(start, start + 50).join(',');
    const { body } = await client.send({
      method: 'GET',
      path: `/${names}/_settings/index.disable_sequence_numbers`,
      query: { flat_settings: true, ignore_unavailable: true },
    });
    for (const [index, value] of Object.entries(body)) {
      const settings = isObject(value) ? value['settings'] : undefined;
      if (!isObject(settings) || String(settings['index.disable_sequence_numbers']) !== 'true') continue;
      throw createError('JT_STORE_UNUSABLE', {
        url: client.url,
        problem: `the index ${index} has no sequence numbers`,
        advice:
          'Set index.disable_sequence_numbers to false in the template that sets it; new indices then work (docs/elasticsearch.md).',
      });
    }
  }
  for (const shard of unknown) numbered.add(nameGeneration(shard));
}

/** One life of an index: another one under the same name has another uuid. */
function nameGeneration({ key }: Shard): string {
  return key.slice(0, key.lastIndexOf('|'));
}

/** A shard that does not answer may only be away for a moment: it is forgotten when its index is really gone. */
async function forgetDeleted(
  { client, prefix }: Feed,
  before: ReadonlyMap<string, number>,
  shards: readonly Shard[],
): Promise<Map<string, number>> {
  const here = new Set(shards.map((shard) => shard.key));
  if ([...before.keys()].every((key) => here.has(key))) return new Map(before);
  const { body } = await client.send({
    method: 'GET',
    path: `/${prefix}-logs-*/_settings/index.uuid`,
    query: { flat_settings: true, ignore_unavailable: true },
  });
  const living = new Set(
    Object.values(body).flatMap((value) =>
      isObject(value) && isObject(value['settings']) ? [String(value['settings']['index.uuid'])] : [],
    ),
  );
  return new Map([...before].filter(([key]) => living.has(key.split('|')[1] ?? '')));
}

async function refresh(client: ElasticsearchClient, shards: readonly Shard[]): Promise<void> {
  const names = [...new Set(shards.map((shard) => shard.index))].join(',');
  const { body } = await client.send({
    method: 'POST',
    path: `/${names}/_refresh`,
    query: { ignore_unavailable: true },
  });
  if (!isObject(body['_shards']) || body['_shards']['failed'] !== 0)
    throw createError('JT_STORE_UNREACHABLE', {
      url: client.url,
      problem: `not every shard of ${names} could be refreshed`,
    });
}

async function searchShards(
  client: ElasticsearchClient,
  shards: readonly Shard[],
  positions: ReadonlyMap<string, number>,
  { size, skip, only }: Pick<FeedOptions, 'skip' | 'only'> & { readonly size: number },
): Promise<Reading[]> {
  const lines = shards.flatMap((shard) => [
    { index: shard.index, preference: `_shards:${shard.number}`, allow_partial_search_results: false },
    {
      query: {
        bool: {
          filter: [{ range: { _seq_no: { gt: readFrom(shard, positions), lte: shard.checkpoint } } }],
          must_not: listLeftOut(skip, only),
        },
      },
      sort: [{ _seq_no: 'asc' }],
      size,
      track_total_hits: false,
    },
  ]);
  const { body } = await client.send({
    method: 'POST',
    path: '/_msearch',
    lines: Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
  });
  const answers: readonly unknown[] = Array.isArray(body['responses']) ? body['responses'] : [];
  return shards.map((shard, index) => {
    const answer = answers[index];
    const { hits } = readSearch(client, isObject(answer) ? answer : {});
    const last = hits.at(-1)?.sort[0];
    return {
      shard,
      records: hits.map((hit) => readHit(client, hit)),
      position: hits.length < size || last === undefined ? shard.checkpoint : Number(last),
    };
  });
}

function listLeftOut(skip: string | undefined, only: FeedOptions['only']): readonly object[] {
  const ofSignal = (signal: string): object => ({ term: { 'jobtrace.signal': signal } });
  return [
    ...(skip === undefined ? [] : [ofSignal(skip)]),
    ...(only === undefined
      ? []
      : [{ bool: { filter: [ofSignal(only.signal)], must_not: [{ terms: { 'flink.cluster': only.clusters } }] } }]),
  ];
}

/** FNV-1a over the names only: an index made again stays with its reader. */
function hashShard(shard: Shard): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${shard.index}/${shard.number}`)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function encodeCursor(positions: ReadonlyMap<string, number>): string {
  return JSON.stringify({ v: 1, shards: Object.fromEntries(positions) });
}

function decodeCursor(cursor: string | undefined): Map<string, number> {
  if (cursor === undefined || cursor === '') return new Map();
  const value = parseJson(cursor);
  if (!isObject(value) || value['v'] !== 1 || !isObject(value['shards']))
    throw createError('JT_REQUEST_INVALID', { problems: 'the cursor is not one of this store' });
  return new Map(Object.entries(value['shards']).map(([key, position]) => [key, Number(position)]));
}
