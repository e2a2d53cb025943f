// Concludes a cluster that changed: runs the engine on its signals, keeps known incident ids (identity.ts), writes
// incidents with news (write.ts) and calls onIncident. After a crash the same steps give the same result. Finally plans
// the time at which the cluster is checked without new lines.
import { findSmallest, groupBy } from '../../core/sequence.js';
import { createSlices } from '../../core/time/slices.js';
import type { Incident, PlatformChild } from '../../core/types.js';
import { concludeEach } from '../incident/clusters.js';
import type { RuleFault } from '../incident/explain.js';
import { LIMITS } from '../restarts/limits.js';
import { isEvent } from '../entry/signal.js';
import { noteRevision } from '../backfill/backfill.js';
import { concludeEndings } from './endings.js';
import { MAX_SHOWN, minuteOf, nameFlood, renderFlood } from './flood.js';
import { askCheckpoints } from './history.js';
import { findMergeTarget, keepIds, remember } from './identity.js';
import { COMPACT_DEFAULTS, type ClusterMemory, type SavedIncident } from './keep.js';
import { publishLines } from './lines.js';
import type { RecordPart } from './part.js';
import { compactLarge, takeEntries } from './take.js';
import { decideWrite, digestIncident, type IncidentDigest } from '../restarts/write.js';

/** Time, in milliseconds, after which a job that fails or has just recovered is checked again without new lines. */
export const RECHECK_MS = 30_000;
/** Same time for a cluster that ended, because its jobs may be submitted again. */
const ENDING_CHECK_MS = 5000;
/**
 * Time, in milliseconds, that an event of a process waits for the failures of its jobs. Flink notices a dead process
 * after some 20 s.
 */
const SETTLE_MS = 30_000;
export const OPEN_OUTCOMES: readonly Incident['outcome'][] = ['failing', 'silent'];

export async function concludeTouched(
  part: RecordPart,
  cluster: string,
  memory: ClusterMemory,
): Promise<readonly Incident[]> {
  const concluded = await concludeAsking(part, cluster, memory);
  const named = keepIds(concluded, memory.saved, part.options.healthyMs);
  const ended = await concludeEndings(part, cluster, memory, named, (incident, change) =>
    announce(part, memory, [{ incident, change }]),
  );
  const kept = ended.incidents;
  const ids = new Set(kept.map(({ id }) => id));
  const times = collectEventTimes(memory);
  const others = memory.saved.filter(({ id }) => !ids.has(id));
  const gone = others.filter(({ first }) => times.has(first));
  const joined = groupBy(gone, (known) => findMergeTarget(known, kept, part.options.healthyMs)?.id ?? '');
  const known = new Map(memory.saved.map((one) => [one.id, one]));
  const shown = countShown(memory.saved);
  const incidents: Incident[] = [];
  const changed: Incident[] = [];
  const saved: SavedIncident[] = [];
  const slices = createSlices();
  let due: DueIncident[] = [];
  for (const found of kept) {
    const before = known.get(found.id);
    const revised = noteRevision(found, before, part.options.now());
    const own = noteJoined(revised, before, joined.get(found.id) ?? []);
    const incident = placeInFlood(cluster, own, before, shown);
    incidents.push(incident);
    const { next, change } = decideIncident(part, memory, incident, before);
    saved.push(next);
    if (change !== undefined) due.push({ incident, change });
    if (due.length >= WRITTEN_AT_ONCE) {
      for (const one of due) changed.push(one.incident);
      await announce(part, memory, due);
      due = [];
    }
    if (slices.isOver()) await slices.rest();
  }
  for (const one of due) changed.push(one.incident);
  await announce(part, memory, due);
  for (const one of gone) await removeGone(part, cluster, memory, one);
  memory.saved = [...saved, ...others.filter(({ first }) => !times.has(first))];
  await writeFloods(part, memory, incidents, changed);
  const { store, now } = part.options;
  const published = await publishLines(cluster, memory, incidents, { store, now: now() });
  const next = findSmallest([
    published ?? Infinity,
    ...[...memory.floods.values()].flatMap((flood) => (flood.isDirty ? [flood.next] : [])),
  ]);
  compactLarge(part, memory);
  planNext(part, cluster, memory, incidents, ended.isOpen);
  const at = part.due.get(cluster);
  if (at !== undefined) part.due.set(cluster, Math.min(next, at));
  await writeRest(part, memory, part.clusters.has(cluster) ? ids : new Set());
  return changed;
}

/** Number of incidents that are written in one transaction. */
const WRITTEN_AT_ONCE = 100;

interface DueIncident {
  readonly incident: Incident;
  readonly change: 'new' | 'changed';
}

/** Concludes the cluster, and once more if the store knows a later checkpoint before one of the incidents. */
async function concludeAsking(part: RecordPart, cluster: string, memory: ClusterMemory): Promise<readonly Incident[]> {
  const { store } = part.options;
  const slices = createSlices();
  const conclude = async (): Promise<readonly Incident[]> => {
    const concluded: Incident[] = [];
    for (const incident of concludeMemory(part, cluster, memory)) {
      if (incident !== undefined) concluded.push(incident);
      if (slices.isOver()) await slices.rest();
    }
    return concluded;
  };
  const concluded = await conclude();
  const checkpoints = await askCheckpoints(cluster, memory, concluded, store);
  await takeEntries(part, checkpoints);
  return checkpoints.length === 0 ? concluded : conclude();
}

/** Concludes the incidents of the cluster one by one from what is known now. */
function concludeMemory(part: RecordPart, cluster: string, memory: ClusterMemory): Iterable<Incident | undefined> {
  const { now, healthyMs, zone } = part.options;
  const { index, signals, lastLines, conclusions: memo } = memory;
  const signalsOf = { cluster, index, signals: signals.values(), lastLines, memo };
  const onFault = (fault: RuleFault): void => reportFault(part, fault);
  return concludeEach(signalsOf, part.service.catalog, { now: now(), settleMs: SETTLE_MS, healthyMs, zone, onFault });
}

/**
 * Announces the first incidents of a cluster in which very many jobs fail at once. Its other failures are read and
 * concluded afterwards, which takes seconds. All that are announced here are shown by themselves, not on the flood
 * card.
 */
export async function concludeFirst(part: RecordPart, cluster: string, memory: ClusterMemory): Promise<void> {
  const saved: SavedIncident[] = [];
  const due: DueIncident[] = [];
  for (const incident of concludeMemory(part, cluster, memory)) {
    if (incident === undefined) continue;
    const { next, change } = decideIncident(part, memory, incident, undefined);
    saved.push(next);
    if (change !== undefined) due.push({ incident, change });
    if (saved.length === MAX_SHOWN) break;
  }
  memory.saved = saved;
  await announce(part, memory, due);
}

/** Logs a fault of a rule once per part of the rule, until the rules change. */
function reportFault({ service, options }: RecordPart, { rule, part, problem }: RuleFault): void {
  const key = `${rule} ${part}`;
  if (service.reportedFaults.has(key)) return;
  service.reportedFaults.add(key);
  options.log.warn({ rule, part, problem }, 'A part of a rule fails when it is used; what needs it is left out.');
}

/** Decides whether the incident is written now (write.ts). */
function decideIncident(
  part: RecordPart,
  memory: ClusterMemory,
  incident: Incident,
  known: SavedIncident | undefined,
): { readonly next: SavedIncident; readonly change: DueIncident['change'] | undefined } {
  const { logBytes, unwritten } = memory;
  const now = part.options.now();
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

/**
 * Writes the pending incidents that are not concluded any more, because nothing else would write them. `concluded`
 * holds the ids of those that are.
 */
export async function writeRest(
  part: RecordPart,
  memory: ClusterMemory,
  concluded: ReadonlySet<string>,
): Promise<void> {
  const rest = [...memory.unwritten.values()].filter(({ id }) => !concluded.has(id));
  for (let from = 0; from < rest.length; from += WRITTEN_AT_ONCE)
    await announce(
      part,
      memory,
      rest.slice(from, from + WRITTEN_AT_ONCE).map((incident) => ({ incident, change: 'changed' })),
    );
}

/** Stores the incidents in one write, then calls onIncident. */
async function announce(part: RecordPart, { unwritten }: ClusterMemory, due: readonly DueIncident[]): Promise<void> {
  if (due.length === 0) return;
  const slices = createSlices();
  const placed: DueIncident[] = [];
  for (const { incident, change } of due)
    placed.push({ incident: await part.service.platforms.place(incident), change });
  await part.service.fence.saveAll(
    placed.map(({ incident }) => incident),
    part.epoch,
  );
  part.hasWritten = true;
  // Notify all at once, so that their notifications are stored in one write as well.
  await Promise.all(placed.map(({ incident, change }) => part.options.onIncident?.(incident, change)));
  for (const { incident } of due) unwritten.delete(incident.id);
  if (slices.isOver()) await slices.rest();
}

/** Counts, by the minute of their start, the incidents that are shown individually. */
function countShown(saved: readonly SavedIncident[]): Map<number, number> {
  const shown = new Map<number, number>();
  for (const { first, flood } of saved)
    if (flood === undefined) shown.set(minuteOf(first), (shown.get(minuteOf(first)) ?? 0) + 1);
  return shown;
}

/** Moves an incident to the flood card of its minute if very many began in it. It stays there. */
function placeInFlood(
  cluster: string,
  incident: Incident,
  known: SavedIncident | undefined,
  shown: Map<number, number>,
): Incident {
  if (known?.flood !== undefined) return putBehind(incident, known.flood);
  if (known !== undefined) return incident;
  const first = Date.parse(incident.firstSeen ?? '') || 0;
  const minute = minuteOf(first);
  const count = shown.get(minute) ?? 0;
  if (count >= MAX_SHOWN) return putBehind(incident, nameFlood(cluster, first));
  shown.set(minute, count + 1);
  return incident;
}

const behind = new WeakMap<Incident, Incident>();

/** Returns the same object for the same incident. */
function putBehind(incident: Incident, flood: string): Incident {
  const known = behind.get(incident);
  if (known?.parent === flood) return known;
  const placed = { ...incident, parent: flood };
  behind.set(incident, placed);
  return placed;
}

/** Shortest time, in milliseconds, between two writes of a flood card that grows. */
const FLOOD_EVERY_MS = 10_000;

function noteFlood({ floods }: ClusterMemory, flood: string | undefined): void {
  if (flood !== undefined) floods.set(flood, { isDirty: true, next: floods.get(flood)?.next ?? 0 });
}

/** Writes the flood cards of which a member was written. */
async function writeFloods(
  part: RecordPart,
  memory: ClusterMemory,
  incidents: readonly Incident[],
  changed: Incident[],
): Promise<void> {
  const now = part.options.now();
  const due = [...memory.floods].filter(([, { isDirty, next }]) => isDirty && next <= now);
  const cards = due.flatMap(([flood]) => {
    const others = memory.saved.filter((one) => one.flood === flood);
    const minute = new Set(others.map(({ first }) => minuteOf(first)));
    const members = memory.saved.filter(({ first }) => minute.has(minuteOf(first)));
    const children = incidents.filter(({ parent }) => parent === flood);
    const [lead] = children;
    return lead === undefined ? [] : [renderFlood(flood, members, children.slice(0, MAX_SHOWN).map(toChild), lead)];
  });
  if (cards.length > 0) {
    await part.service.fence.saveAll(cards, part.epoch);
    for (const card of cards) {
      await part.options.onIncident?.(card, 'changed');
      changed.push(card);
    }
  }
  for (const [flood] of due) memory.floods.set(flood, { isDirty: false, next: now + FLOOD_EVERY_MS });
}

function toChild({ id, cluster, job, firstSeen, outcome }: Incident): PlatformChild {
  return { id, cluster, job, firstSeen, outcome };
}

/** Adds the ids of merged incidents to the incident. */
function noteJoined(incident: Incident, known: SavedIncident | undefined, gone: readonly SavedIncident[]): Incident {
  const ids = [...(known?.joined ?? []), ...gone.flatMap(({ id, joined = [] }) => [...joined, id])];
  return ids.length === 0 ? incident : { ...incident, joined: [...new Set(ids)] };
}

/** Removes an incident that was merged with another one after better evidence. */
async function removeGone(
  { options, service, epoch }: RecordPart,
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

/**
 * Returns the times of the events in memory. An incident that begins at one of them still has its lines in memory, so
 * that it is gone if it is not concluded any more.
 */
function collectEventTimes({ signals }: ClusterMemory): ReadonlySet<number | undefined> {
  const times = new Set<number | undefined>();
  for (const signal of signals.values()) if (isEvent(signal)) times.add(signal.place.time);
  return times;
}

/**
 * Plans the next check of a cluster. It is checked as long as something may change, less often the longer it is quiet.
 * It is dropped from memory if nothing has failed there for hours.
 */
function planNext(
  part: RecordPart,
  cluster: string,
  memory: ClusterMemory,
  incidents: readonly Incident[],
  isEnding: boolean,
): void {
  const { healthyMs = LIMITS.healthy.value } = part.options;
  const now = part.options.now();
  const { keepMs } = COMPACT_DEFAULTS;
  const quietMs = Math.max(0, now - (isOpen(incidents) ? memory.lastTime : memory.lastEvent));
  const mayChange = quietMs < (isOpen(incidents) ? keepMs : healthyMs + 2 * RECHECK_MS);
  const next = mayChange ? now + Math.max(RECHECK_MS, Math.floor(quietMs / 10)) : memory.lastSeen + keepMs;
  if (isEnding || (memory.eventCount > 0 && next > now)) {
    part.due.set(cluster, isEnding ? now + ENDING_CHECK_MS : next);
    return;
  }
  part.due.delete(cluster);
  part.clusters.delete(cluster);
}

function isOpen(incidents: readonly Incident[]): boolean {
  return incidents.some(({ outcome }) => OPEN_OUTCOMES.includes(outcome));
}
