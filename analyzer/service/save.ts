// Saves incidents: decides which are written now (restarts/write.ts), writes them in one transaction, then calls
// onIncident. Also removes incidents that were merged, and writes flood cards. After a crash the same steps give the
// same result.
import { createSlices } from '../../core/time/slices.js';
import type { Incident, PlatformChild } from '../../core/documents/incident.js';
import { MAX_SHOWN, minuteOf, renderFlood } from './flood.js';
import { remember } from './identity.js';
import type { ClusterMemory, SavedIncident } from './memory.js';
import type { RecordPartition } from './partition.js';
import { decideWrite, digestIncident, type IncidentDigest } from '../restarts/write.js';

/** Number of incidents that are written in one transaction. */
export const WRITTEN_AT_ONCE = 100;

export interface DueIncident {
  readonly incident: Incident;
  readonly change: 'new' | 'changed';
}

/** Decides whether the incident is written now (write.ts). */
export function decideIncident(
  partition: RecordPartition,
  memory: ClusterMemory,
  incident: Incident,
  known: SavedIncident | undefined,
): { readonly next: SavedIncident; readonly change: DueIncident['change'] | undefined } {
  const { logBytes, unwritten } = memory;
  const now = partition.options.now();
  const digest = digestOnce(incident);
  const since = known?.hash === digest.hash ? known.since : now;
  const next = { ...remember(incident), hash: digest.hash, since };
  const decision = decideWrite(incident, digest, known?.written, { logBytes, now, quietMs: now - since });
  if (decision === 'known') unwritten.delete(incident.id);
  else unwritten.set(incident.id, incident);
  if (decision === 'known' || decision === 'later')
    return { next: { ...next, written: known?.written }, change: undefined };
  noteFlood(memory, next.flood);
  const written = { ...digest, logBytes, at: now };
  return { next: { ...next, written }, change: known === undefined ? 'new' : 'changed' };
}

const digests = new WeakMap<Incident, IncidentDigest>();

/** Returns the digest of an incident. It is cached by object, because the same object has the same digest. */
function digestOnce(incident: Incident): IncidentDigest {
  let digest = digests.get(incident);
  if (digest === undefined) digests.set(incident, (digest = digestIncident(incident)));
  return digest;
}

/** Stores the incidents in one write, then calls onIncident. */
export async function announce(
  partition: RecordPartition,
  { unwritten }: ClusterMemory,
  due: readonly DueIncident[],
): Promise<void> {
  if (due.length === 0) return;
  const slices = createSlices();
  const placed: DueIncident[] = [];
  for (const { incident, change } of due)
    placed.push({ incident: await partition.service.platforms.place(incident), change });
  await partition.service.fence.saveAll(
    placed.map(({ incident }) => incident),
    partition.epoch,
  );
  partition.hasWritten = true;
  // Notify all at once, so that their notifications are stored in one write as well.
  await Promise.all(placed.map(({ incident, change }) => partition.options.onIncident?.(incident, change)));
  for (const { incident } of due) unwritten.delete(incident.id);
  if (slices.isOver()) await slices.rest();
}

/**
 * Writes the pending incidents that are not concluded any more, because nothing else would write them. `concluded`
 * holds the ids of those that are.
 */
export async function writeRest(
  partition: RecordPartition,
  memory: ClusterMemory,
  concluded: ReadonlySet<string>,
): Promise<void> {
  const rest = [...memory.unwritten.values()].filter(({ id }) => !concluded.has(id));
  for (let from = 0; from < rest.length; from += WRITTEN_AT_ONCE)
    await announce(
      partition,
      memory,
      rest.slice(from, from + WRITTEN_AT_ONCE).map((incident) => ({ incident, change: 'changed' })),
    );
}

/** Removes an incident that was merged with another one after better evidence. */
export async function removeGone(
  { options, service, epoch }: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
  { id }: SavedIncident,
): Promise<void> {
  service.fence.check(cluster, epoch);
  service.platforms.forget(id);
  await options.onGone?.(id);
  await service.fence.remove({ id, cluster }, epoch);
  memory.unwritten.delete(id);
}

/** Shortest time, in milliseconds, between two writes of a flood card that grows. */
const FLOOD_EVERY_MS = 10_000;

function noteFlood({ floods }: ClusterMemory, flood: string | undefined): void {
  if (flood !== undefined) floods.set(flood, { isDirty: true, next: floods.get(flood)?.next ?? 0 });
}

/** Writes the flood cards of which a member was written. */
export async function writeFloods(
  partition: RecordPartition,
  memory: ClusterMemory,
  incidents: readonly Incident[],
  changed: Incident[],
): Promise<void> {
  const now = partition.options.now();
  const due = [...memory.floods].filter(([, { isDirty, next }]) => isDirty && next <= now);
  const cards = due.flatMap(([flood]) => {
    const others = memory.saved.filter((one) => one.flood === flood);
    const minute = new Set(others.map(({ first }) => minuteOf(first)));
    const members = memory.saved.filter(({ first }) => minute.has(minuteOf(first)));
    const children = incidents.filter(({ parent }) => parent === flood);
    const [primary] = children;
    return primary === undefined
      ? []
      : [renderFlood(flood, members, children.slice(0, MAX_SHOWN).map(toChild), primary)];
  });
  if (cards.length > 0) {
    await partition.service.fence.saveAll(cards, partition.epoch);
    for (const card of cards) {
      await partition.options.onIncident?.(card, 'changed');
      changed.push(card);
    }
  }
  for (const [flood] of due) memory.floods.set(flood, { isDirty: false, next: now + FLOOD_EVERY_MS });
}

function toChild({ id, cluster, job, firstSeen, outcome }: Incident): PlatformChild {
  return { id, cluster, job, firstSeen, outcome };
}
