// Reads recent records ahead of a backlog, and concludes one cluster after the other. A cluster with thousands of old
// failures takes many seconds, so that recent records are also read, and the clusters of these concluded, within the
// conclusion of another cluster.
import { setImmediate } from 'node:timers/promises';
import { appendAll } from '../../core/sequence.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Entry } from '../../core/types.js';
import { renderSignal } from '../../flink/bytes/words.js';
import type { FeedOptions } from '../../store/store.js';
import { concludeFirst, concludeTouched } from './conclude.js';
import type { RecordPartition } from './partition.js';
import { dateLines, fillMemory, findMemory, takeEntries } from './signals.js';

/** Age, in milliseconds, up to which records are read before all older ones. */
export const LIVE_MS = 300_000;
/** Interval, in milliseconds, of reading recent records while a cluster is concluded. */
const LIVE_EVERY_MS = 300;
/** Number of entries of the cluster that is being concluded that wait until it is. */
const MAX_HELD = 3000;
/** Number of possible failures of one cluster that are a flood, of which the first are announced early. */
const FLOOD_EVENTS = 100;

/** Reads the records of the last minutes while the feed is behind. Returns the number of records. */
export async function readLive(partition: RecordPartition): Promise<number> {
  if (partition.live === undefined || partition.held.length >= MAX_HELD) return 0;
  const { index, of, options, service } = partition;
  const from = options.now() - LIVE_MS;
  const page = await service.readEntries(partition.live, {
    partition: { index, of },
    from,
    ...decideLeftOut(partition),
  });
  const isHeld = (entry: Entry): boolean => clusterOf(entry) === partition.concluding;
  const entries = page.entries.filter((entry) => !isHeld(entry));
  await takeEntries(partition, entries);
  flagUrgent(partition, entries);
  appendAll(partition.held, page.entries.filter(isHeld));
  partition.live = page.cursor;
  return page.records;
}

/** Marks the clusters with recent entries as urgent, if the entries changed anything. */
export function flagUrgent({ touched, urgent, options }: RecordPartition, entries: readonly Entry[]): void {
  const from = options.now() - LIVE_MS;
  for (const entry of entries)
    if ((timeOf(entry) ?? 0) >= from && touched.has(clusterOf(entry))) urgent.add(clusterOf(entry));
}

/** Returns undefined for an entry without a time. */
export function timeOf({ time, previousTime }: Entry): number | undefined {
  return time ?? previousTime;
}

function clusterOf({ source }: Entry): string {
  return source.cluster ?? '';
}

/** Returns the filter of the feed: no records without a signal word, and facts only of clusters that are in memory. */
export function decideLeftOut({ service: { words }, clusters }: RecordPartition): Pick<FeedOptions, 'skip' | 'only'> {
  const open = [...clusters].flatMap(([cluster, { isFilled }]) => (isFilled ? [cluster] : []));
  return { skip: renderSignal(words, 'no'), only: { signal: renderSignal(words, 'fact'), clusters: open } };
}

/** Concludes the clusters with recent records. Returns the incidents that changed. */
export async function concludeUrgent(partition: RecordPartition): Promise<readonly Incident[]> {
  const changed: Incident[] = [];
  for (const cluster of [...partition.urgent])
    if (cluster !== partition.concluding) appendAll(changed, await concludeCluster(partition, cluster));
  return changed;
}

/** Concludes a cluster, and in between those that fail now. Returns the incidents that changed. */
export async function concludeCluster(partition: RecordPartition, cluster: string): Promise<readonly Incident[]> {
  if (partition.concluding !== undefined) return concludeOne(partition, cluster, setImmediate);
  const others: Incident[] = [];
  partition.concluding = cluster;
  partition.liveReadAt = performance.now();
  try {
    const own = await concludeOne(partition, cluster, async () => appendAll(others, await giveWay(partition)));
    return [...others, ...own];
  } finally {
    partition.concluding = undefined;
    const held = partition.held.splice(0);
    await takeEntries(partition, held);
    flagUrgent(partition, held);
  }
}

/** Lets the rest of the process run, then the clusters that fail now. */
async function giveWay(partition: RecordPartition): Promise<readonly Incident[]> {
  await setImmediate();
  if (performance.now() - partition.liveReadAt < LIVE_EVERY_MS) return [];
  partition.liveReadAt = performance.now();
  partition.live ??= partition.open?.cursor;
  await readLive(partition);
  return concludeUrgent(partition);
}

async function concludeOne(
  partition: RecordPartition,
  cluster: string,
  giveWay: () => Promise<void>,
): Promise<readonly Incident[]> {
  const memory = findMemory(partition, cluster);
  for await (const events of fillMemory(partition, cluster, memory)) {
    if (events >= FLOOD_EVENTS && memory.saved.length === 0) await concludeFirst(partition, cluster, memory);
    await giveWay();
  }
  await dateLines(partition, cluster, memory);
  const conclusion = concludeTouched(partition, cluster, memory);
  let step = await conclusion.next();
  for (; step.done !== true; step = await conclusion.next()) await giveWay();
  // The cluster is removed after the store has answered: if the store fails, the next step concludes it again.
  partition.touched.delete(cluster);
  partition.urgent.delete(cluster);
  partition.reread.delete(cluster);
  await partition.service.platforms.step();
  return step.value;
}
