// Change feed: returns every stored or replaced record at least once, per shard in the order of storing. Elasticsearch
// numbers the operations of a shard; up to the global checkpoint every number is taken and done. A read loads the
// checkpoints, refreshes (their operations are now visible), and searches each shard from the last number that was read
// up to its checkpoint. No clock is used, and nothing can appear behind the cursor. The cursor has the last number of
// each shard by index name and uuid, so that a day that was deleted and created again is read from its start.
// feed-state.ts decides which indices a read asks, record/routing.ts which partition a record belongs to.
import { findNewest } from './jobs.js';
import { createError } from '../../core/errors.js';
import { fieldAt, isObject, listAt, textAt } from '../../core/json.js';
import { findSmallest } from '../../core/sequence.js';
import type { LogRecord } from '../../core/types.js';
import type { ElasticsearchClient } from './client.js';
import { readHit, readSearch } from './hits.js';
import { parseJson } from '../stored.js';
import { chooseIndices, updateFeedState, type FeedState } from './feed-state.js';
import { readDayEnd } from './record/address.js';
import { findPartition, listProbes } from './record/routing.js';
import type { FeedOptions, FeedPage, RecordFeed } from '../store.js';

interface Shard {
  /** Key in the cursor for a shard that is read completely: index|uuid|number. */
  readonly key: string;
  /** Identity of the index: index|uuid. */
  readonly generation: string;
  readonly index: string;
  readonly number: string;
  readonly checkpoint: number;
  readonly maximum: number;
}

interface Reading {
  readonly shard: PartitionShard;
  readonly records: LogRecord[];
  readonly position: number;
}

/** Largest number of shards in one request. */
const SHARDS_AT_ONCE = 16;
/** Largest number of records in one answer. More long stack traces would be larger than a client can receive. */
const MAX_PAGE = 2_000;

/** Shard as the reader of one partition sees it. */
interface PartitionShard extends Shard {
  /** Key in the cursor. It has a suffix if other clusters of the shard are not read. */
  readonly cursorKey: string;
}

interface Feed {
  readonly client: ElasticsearchClient;
  readonly prefix: string;
  /** State after the last read, by the partition that is read ("0/1"). */
  readonly states: Map<string, FeedState>;
  /**
   * Indices (name|uuid) that are known to have sequence numbers, with the number of their shards. The number is 0 if
   * the index routes records in another way than routing.ts.
   */
  readonly known: Map<string, number>;
}

/** Creates the feed. The state that it keeps only saves requests; the cursor alone says what was read. */
export function createFeed(client: ElasticsearchClient, prefix: string): RecordFeed {
  const feed: Feed = { client, prefix, states: new Map(), known: new Map() };
  return {
    readRecords: (cursor, options) => readFeed(feed, cursor, options),
    findNewest: (from) => findNewest(client, prefix, from),
    countPartitions: () => countPartitions(feed),
    findPartition,
    joinCursors,
  };
}

const AHEAD_MS = 2 * 86_400_000;

/** Counts the shards of the newest day. A day that is too far ahead is ignored, because its clock is wrong. */
async function countPartitions({ client, prefix }: Feed): Promise<number> {
  const { body } = await client.send({
    method: 'GET',
    path: `/${prefix}-logs-*/_settings/index.number_of_shards`,
    query: { flat_settings: true, ignore_unavailable: true, allow_no_indices: true },
  });
  const days = Object.keys(body).filter((index) => (readDayEnd(index) ?? Infinity) < Date.now() + AHEAD_MS);
  const newest = days.sort().at(-1);
  return newest === undefined ? 1 : Number(readSettings(body[newest])['index.number_of_shards'] ?? 1);
}

function readSettings(value: unknown): Readonly<Record<string, unknown>> {
  const settings = isObject(value) ? value['settings'] : undefined;
  return isObject(settings) ? settings : {};
}

async function readFeed(feed: Feed, cursor: string | undefined, options: FeedOptions): Promise<FeedPage> {
  const { index, of } = options.partition ?? WHOLE;
  const partition = `${index}/${of}`;
  const before = decodeCursor(cursor);
  const last = feed.states.get(partition);
  // Loaded before the shards, so that the next read sees an index that is created after this.
  const version = await loadStateVersion(feed.client);
  const indices = chooseIndices(last, cursor, version);
  const all = await loadShards(feed, indices);
  await checkNumbers(feed, all);
  const shards = all.flatMap((shard) => findPartitionShard(feed, shard, { index, of }) ?? []);
  const positions = indices === 'all' ? await forgetDeleted(feed, before, all) : new Map(before);
  const pending = shards.filter((shard) => readFrom(shard, positions) < shard.checkpoint);
  if (options.isToEnd === true) {
    for (const shard of pending) positions.set(shard.cursorKey, shard.checkpoint);
    return { records: [], cursor: encodeCursor(positions), drained: true };
  }
  const page =
    pending.length === 0
      ? {
          records: [],
          cursor: positions.size === before.size && cursor !== undefined ? cursor : encodeCursor(positions),
          drained: true,
        }
      : await readPending(feed.client, pending, positions, options);
  feed.states.set(
    partition,
    updateFeedState(last, {
      cursor: page.cursor,
      version,
      all: indices === 'all' ? listIndices(shards) : undefined,
      pending: listIndices(pending),
    }),
  );
  return page;
}

const WHOLE = { index: 0, of: 1 };
/** Suffix of the key of a shard of which only the clusters of one partition were read. */
const OF_PARTITION = '|part';

/**
 * Returns the shard as the reader of the partition sees it, or undefined if none of its clusters can belong to the
 * partition. In an index with as many shards as partitions, each cluster lies in the shard with the number of its
 * partition. In other indices (refused records, days with another number of shards) all shards are searched.
 */
function findPartitionShard({ known }: Feed, shard: Shard, { index, of }: typeof WHOLE): PartitionShard | undefined {
  if (of === 1) return { ...shard, cursorKey: shard.key };
  if (known.get(shard.generation) !== of) return { ...shard, cursorKey: `${shard.key}${OF_PARTITION}` };
  return shard.number === String(index) ? { ...shard, cursorKey: shard.key } : undefined;
}

async function readPending(
  client: ElasticsearchClient,
  pending: readonly PartitionShard[],
  positions: Map<string, number>,
  { limit, skip, only, from, partition = WHOLE }: FeedOptions,
): Promise<FeedPage> {
  const asked = pending.slice(0, Math.min(SHARDS_AT_ONCE, limit));
  await refresh(client, asked);
  const size = Math.max(1, Math.floor(Math.min(MAX_PAGE, limit) / asked.length));
  const readings = await searchShards(client, asked, positions, { size, skip, only, from });
  for (const reading of readings) positions.set(reading.shard.cursorKey, reading.position);
  const drained =
    asked.length === pending.length && readings.every((reading) => reading.position >= reading.shard.checkpoint);
  const isInPartition = (record: LogRecord): boolean =>
    findPartition(record['flink.cluster'], partition.of) === partition.index;
  const records = readings.flatMap((reading) => reading.records).filter(isInPartition);
  return { records, cursor: encodeCursor(positions), drained };
}

function listIndices(shards: readonly Shard[]): readonly string[] {
  return [...new Set(shards.map((shard) => shard.index))];
}

/**
 * Returns the version of the cluster state, or undefined if this user may not ask. It is one small answer of the
 * master.
 */
async function loadStateVersion(client: ElasticsearchClient): Promise<number | undefined> {
  const { status, body } = await client.send({
    method: 'GET',
    path: '/_cluster/state/version',
    query: { filter_path: 'version' },
    expect: [403],
  });
  return status === 200 && typeof body['version'] === 'number' ? body['version'] : undefined;
}

/**
 * Loads the primary shards, because only their checkpoint counts. A shard without an active primary is read by a later
 * call.
 */
async function loadShards({ client, prefix }: Feed, indices: 'all' | readonly string[]): Promise<Shard[]> {
  if (indices.length === 0) return [];
  const { body } = await client.send({
    method: 'GET',
    path: `/${indices === 'all' ? `${prefix}-logs-*` : indices.join(',')}/_stats/docs`,
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
          generation: `${index}|${String(value['uuid'])}`,
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
 * Returns the last number that was read, or -1 if the shard must be read again. Numbers that went back mean that the
 * shard lost acknowledged operations (a forced or restored primary).
 */
function readFrom(shard: PartitionShard, positions: ReadonlyMap<string, number>): number {
  const position = Math.max(positions.get(shard.cursorKey) ?? -1, positions.get(shard.key) ?? -1);
  return position > shard.maximum ? -1 : position;
}

const ASKED_SETTINGS = ['disable_sequence_numbers', 'number_of_shards'].map((name) => `index.${name}`).join(',');

/**
 * Checks once for each index that it has sequence numbers, and how it routes its records. The feed needs sequence
 * numbers; Elasticsearch 9 can switch them off. Throws JT_STORE_UNUSABLE.
 */
async function checkNumbers({ client, known }: Feed, shards: readonly Shard[]): Promise<void> {
  const unknown = shards.filter(({ generation }) => !known.has(generation));
  const indices = listIndices(unknown);
  for (let start = 0; start < indices.length; start += 50) {
    const names = indices.slice(start, start + 50).join(',');
    const { body } = await client.send({
      method: 'GET',
      path: `/${names}/_settings/${ASKED_SETTINGS}`,
      query: { flat_settings: true, ignore_unavailable: true },
    });
    const counts = new Map<string, number>();
    for (const [index, value] of Object.entries(body)) {
      const settings = readSettings(value);
      if (String(settings['index.disable_sequence_numbers']) === 'true')
        throw createError('JT_STORE_UNUSABLE', {
          url: client.url,
          problem: `the index ${index} has no sequence numbers`,
          advice:
            'Set index.disable_sequence_numbers to false in the template that sets it; new indices then work (docs/elasticsearch.md).',
        });
      counts.set(index, Number(settings['index.number_of_shards']));
    }
    const predictable = await findPredictableIndices(client, counts);
    for (const { generation, index } of unknown)
      if (counts.has(index)) known.set(generation, predictable.has(index) ? (counts.get(index) ?? 0) : 0);
  }
}

/**
 * Returns the indices that put each cluster into the shard that routing.ts computes. Others have a routing that their
 * operator configured, or that of Elasticsearch 9. The server is asked where it puts names that
 * belong to the first partition.
 */
async function findPredictableIndices(
  client: ElasticsearchClient,
  counts: ReadonlyMap<string, number>,
): Promise<ReadonlySet<string>> {
  const predictable = new Set<string>();
  for (const count of new Set(counts.values())) {
    const indices = [...counts].filter(([, shards]) => shards === count).map(([index]) => index);
    const found = count === 1 ? new Map() : await locateProbes(client, indices, count);
    for (const index of indices) if (count === 1 || found.get(index) === '0') predictable.add(index);
  }
  return predictable;
}

/** Returns the numbers of the shards in which the probes lie, by index. Returns nothing if this user may not ask. */
async function locateProbes(
  client: ElasticsearchClient,
  indices: readonly string[],
  count: number,
): Promise<ReadonlyMap<string, string>> {
  const { body } = await client.send({
    method: 'GET',
    path: `/${indices.join(',')}/_search_shards`,
    query: { routing: listProbes(count).join(','), ignore_unavailable: true, filter_path: 'shards' },
    expect: [403],
  });
  const copies = listAt(body, 'shards').flatMap((group): readonly unknown[] => (Array.isArray(group) ? group : []));
  const numbers = new Map<string, Set<string>>();
  for (const copy of copies) {
    const index = textAt(copy, 'index');
    numbers.set(index, (numbers.get(index) ?? new Set()).add(String(fieldAt(copy, 'shard'))));
  }
  return new Map([...numbers].map(([index, found]) => [index, [...found].sort().join()]));
}

/**
 * Removes the positions of deleted indices. A shard that does not answer may be unavailable for a moment, so its
 * position is removed only if its index does not exist.
 */
async function forgetDeleted(
  { client, prefix }: Feed,
  before: ReadonlyMap<string, number>,
  shards: readonly Shard[],
): Promise<Map<string, number>> {
  const answering = new Set(shards.map((shard) => shard.generation));
  if ([...before.keys()].every((key) => answering.has(nameGeneration(key)))) return new Map(before);
  const { body } = await client.send({
    method: 'GET',
    path: `/${prefix}-logs-*/_settings/index.uuid`,
    query: { flat_settings: true, ignore_unavailable: true },
  });
  const existing = new Set(
    Object.values(body).flatMap((value) =>
      isObject(value) && isObject(value['settings']) ? [String(value['settings']['index.uuid'])] : [],
    ),
  );
  return new Map([...before].filter(([key]) => existing.has(key.split('|')[1] ?? '')));
}

/** Returns index|uuid of a key of the cursor. */
function nameGeneration(key: string): string {
  return key.split('|', 2).join('|');
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
  shards: readonly PartitionShard[],
  positions: ReadonlyMap<string, number>,
  { size, skip, only, from }: Pick<FeedOptions, 'skip' | 'only' | 'from'> & { readonly size: number },
): Promise<Reading[]> {
  const lines = shards.flatMap((shard) => [
    { index: shard.index, preference: `_shards:${shard.number}`, allow_partial_search_results: false },
    {
      query: {
        bool: {
          filter: [
            { range: { _seq_no: { gt: readFrom(shard, positions), lte: shard.checkpoint } } },
            ...(from === undefined ? [] : [{ range: { '@timestamp': { gte: from, format: 'epoch_millis' } } }]),
          ],
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

/**
 * Joins the cursors of all partitions. A shard that the reader of any partition has read completely is read. In other
 * shards each reader has read its own clusters, so the smallest position counts; if one reader has read nothing there,
 * the shard is read again.
 */
function joinCursors(cursors: readonly (string | undefined)[]): string | undefined {
  const all = cursors.map(decodeCursor);
  const joined = new Map<string, number>();
  const raise = (key: string, position: number): void =>
    void joined.set(key, Math.max(joined.get(key) ?? -1, position));
  for (const positions of all)
    for (const [key, position] of positions)
      if (!key.endsWith(OF_PARTITION)) raise(key, position);
      else raise(key.slice(0, -OF_PARTITION.length), findSmallest(all.map((other) => other.get(key) ?? -1)));
  const read = [...joined].filter(([, position]) => position >= 0);
  return read.length === 0 ? undefined : encodeCursor(new Map(read));
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
