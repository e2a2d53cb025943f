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
import type { RecordPart } from './partition.js';
import { dateLines, fillMemory, findMemory, takeEntries } from './signals.js';

/** Age, in milliseconds, up to which records are read before all older ones. */
export const LIVE_MS = 300_000;
/** Interval, in milliseconds, of reading recent records while a cluster is concluded. */
const LIVE_EVERY_MS = 300;
/** Number of entries of the cluster that is being concluded that wait until it is. */
const MAX_HELD = 10_000;
/** Number of possible failures of one cluster that are a flood, of which the first are announced early. */
const FLOOD_EVENTS = 100;

/** Reads the records of the last minutes while the feed is behind. Returns the number of records. */
export async function readLive(part: RecordPart): Promise<number> {
  if (part.live === undefined || part.held.length >= MAX_HELD) return 0;
  const { index, of, options, service } = part;
  const from = options.now() - LIVE_MS;
  const page = await service.readEntries(part.live, { part: { index, of }, from, ...decideLeftOut(part) });
  const isHeld = (entry: Entry): boolean => clusterOf(entry) === part.concluding;
  const entries = page.entries.filter((entry) => !isHeld(entry));
  await takeEntries(part, entries);
  flagUrgent(part, entries);
  appendAll(part.held, page.entries.filter(isHeld));
  part.live = page.cursor;
  return page.records;
}

/** Marks the clusters with recent entries as urgent, if the entries changed anything. */
export function flagUrgent({ touched, urgent, options }: RecordPart, entries: readonly Entry[]): void {
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
export function decideLeftOut({ service: { words }, clusters }: RecordPart): Pick<FeedOptions, 'skip' | 'only'> {
  const open = [...clusters].flatMap(([cluster, { isFilled }]) => (isFilled ? [cluster] : []));
  return { skip: renderSignal(words, 'no'), only: { signal: renderSignal(words, 'fact'), clusters: open } };
}

/** Concludes the clusters with recent records. Returns the incidents that changed. */
export async function concludeUrgent(part: RecordPart): Promise<readonly Incident[]> {
  const changed: Incident[] = [];
  for (const cluster of [...part.urgent])
    if (cluster !== part.concluding) appendAll(changed, await concludeCluster(part, cluster));
  return changed;
}

/** Concludes a cluster, and in between those that fail now. Returns the incidents that changed. */
export async function concludeCluster(part: RecordPart, cluster: string): Promise<readonly Incident[]> {
  if (part.concluding !== undefined) return concludeOne(part, cluster, setImmediate);
  const others: Incident[] = [];
  part.concluding = cluster;
  part.liveReadAt = performance.now();
  try {
    const own = await concludeOne(part, cluster, async () => appendAll(others, await giveWay(part)));
    return [...others, ...own];
  } finally {
    part.concluding = undefined;
    const held = part.held.splice(0);
    await takeEntries(part, held);
    flagUrgent(part, held);
  }
}

/** Lets the rest of the process run, then the clusters that fail now. */
async function giveWay(part: RecordPart): Promise<readonly Incident[]> {
  await setImmediate();
  if (performance.now() - part.liveReadAt < LIVE_EVERY_MS) return [];
  part.liveReadAt = performance.now();
  part.live ??= part.open?.cursor;
  await readLive(part);
  return concludeUrgent(part);
}

async function concludeOne(
  part: RecordPart,
  cluster: string,
  giveWay: () => Promise<void>,
): Promise<readonly Incident[]> {
  const memory = findMemory(part, cluster);
  for await (const events of fillMemory(part, cluster, memory)) {
    if (events >= FLOOD_EVENTS && memory.saved.length === 0) await concludeFirst(part, cluster, memory);
    await giveWay();
  }
  await dateLines(part, cluster, memory);
  const conclusion = concludeTouched(part, cluster, memory);
  let step = await conclusion.next();
  for (; step.done !== true; step = await conclusion.next()) await giveWay();
  // The cluster is removed after the store has answered: if the store fails, the next step concludes it again.
  part.touched.delete(cluster);
  part.urgent.delete(cluster);
  part.reread.delete(cluster);
  await part.service.platforms.step();
  return step.value;
}
