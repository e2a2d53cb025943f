// A cluster that was touched is concluded: what diagnose.ts says of its signals (the engine of the command line), under
// the ids that people know (identity.ts), is written where it says something new (write.ts), and told. Whatever crash
// lies between, the same comes of it again. Then the time is planned at which the cluster is looked at without new
// lines. Called by analyzer.ts.
import { groupBy } from '../../core/sequence.js';
import type { Incident } from '../../core/types.js';
import { concludeCluster } from '../incident/clusters.js';
import type { RuleFault } from '../incident/explain.js';
import { DEFAULT_HEALTHY_MS } from '../incident/group/group.js';
import { isEvent } from '../entry/signal.js';
import { noteRevision } from '../backfill/backfill.js';
import { concludeEndings } from './endings.js';
import { askCheckpoints } from './history.js';
import { findHeir, keepIds, remember } from './identity.js';
import { COMPACT_DEFAULTS, type ClusterMemory, type SavedIncident } from './keep.js';
import { tellLines } from './lines.js';
import type { RecordPart } from './part.js';
import { compactLarge, takeEntries } from './take.js';
import { decideWrite, printIncident } from '../incident/write.js';

/** How often a job that fails or has just recovered is looked at again without new lines. */
export const RECHECK_MS = 30_000;
/** The same of a cluster that ended: its jobs may be submitted again. */
const ENDING_CHECK_MS = 5000;
/** What happens to a process waits so long for the failures of its jobs; Flink notices a dead one after some 20 s. */
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
    announce(part, memory, incident, change),
  );
  const kept = ended.incidents;
  const gone = memory.saved.filter(
    (known) => kept.every((incident) => incident.id !== known.id) && isStillHeld(memory, known),
  );
  const joined = groupBy(gone, (known) => findHeir(known, kept, part.options.healthyMs)?.id ?? '');
  const incidents: Incident[] = [];
  const changed: Incident[] = [];
  const saved: SavedIncident[] = [];
  for (const found of kept) {
    const known = memory.saved.find(({ id }) => id === found.id);
    const revised = noteRevision(found, known, part.options.now());
    const incident = noteJoined(revised, known, joined.get(found.id) ?? []);
    incidents.push(incident);
    const { next, isWritten } = await writeIncident(part, memory, incident, known);
    if (isWritten) changed.push(incident);
    saved.push(next);
  }
  for (const known of gone) await removeGone(part, cluster, memory, known);
  memory.saved = [
    ...saved,
    ...memory.saved.filter(
      (known) => !incidents.some((incident) => incident.id === known.id) && !isStillHeld(memory, known),
    ),
  ];
  const { store, now } = part.options;
  const next = await tellLines(cluster, memory, incidents, { store, now: now() });
  compactLarge(part, memory);
  planNext(part, cluster, memory, incidents, ended.isOpen);
  const due = part.due.get(cluster);
  if (next !== undefined && due !== undefined) part.due.set(cluster, Math.min(next, due));
  await writeRest(part, memory, part.clusters.has(cluster) ? incidents : []);
  return changed;
}

/** Once more where the store knows a later checkpoint before one of the incidents. */
async function concludeAsking(part: RecordPart, cluster: string, memory: ClusterMemory): Promise<readonly Incident[]> {
  const { store, now, healthyMs, zone } = part.options;
  const { index, signals, lastLines, conclusions: memo } = memory;
  const conclude = (): readonly Incident[] =>
    concludeCluster({ cluster, index, signals: signals.values(), lastLines, memo }, part.service.catalog, {
      now: now(),
      settleMs: SETTLE_MS,
      healthyMs,
      zone,
      onFault: (fault) => tellFault(part, fault),
    });
  const concluded = conclude();
  const checkpoints = await askCheckpoints(cluster, memory, concluded, store);
  takeEntries(part, checkpoints);
  return checkpoints.length === 0 ? concluded : conclude();
}

/** Once for each part of a rule, until the rules change. */
function tellFault({ service, options }: RecordPart, { rule, part, problem }: RuleFault): void {
  const key = `${rule} ${part}`;
  if (service.toldFaults.has(key)) return;
  service.toldFaults.add(key);
  options.log.warn({ rule, part, problem }, 'A part of a rule fails when it is used; what needs it is left out.');
}

/** Where that is worth it now (write.ts). */
async function writeIncident(
  part: RecordPart,
  memory: ClusterMemory,
  incident: Incident,
  known: SavedIncident | undefined,
): Promise<{ readonly next: SavedIncident; readonly isWritten: boolean }> {
  const { logBytes, unwritten } = memory;
  const now = part.options.now();
  const print = printIncident(incident);
  const since = known?.hash === print.hash ? known.since : now;
  const next = { ...remember(incident), hash: print.hash, since };
  const decision = decideWrite(incident, print, known?.written, { logBytes, now, quietMs: now - since });
  if (decision === 'known') unwritten.delete(incident.id);
  else unwritten.set(incident.id, incident);
  if (decision === 'known' || decision === 'later')
    return { next: { ...next, written: known?.written }, isWritten: false };
  await announce(part, memory, incident, known === undefined ? 'new' : 'changed');
  return { next: { ...next, written: { ...print, logBytes, at: now } }, isWritten: true };
}

/** What is concluded no more would not be written any more. */
export async function writeRest(
  part: RecordPart,
  memory: ClusterMemory,
  concluded: readonly Incident[],
): Promise<void> {
  for (const incident of [...memory.unwritten.values()])
    if (!concluded.some(({ id }) => id === incident.id)) await announce(part, memory, incident, 'changed');
}

async function announce(
  part: RecordPart,
  { unwritten }: ClusterMemory,
  incident: Incident,
  change: 'new' | 'changed',
): Promise<void> {
  const placed = await part.service.platforms.place(incident);
  await part.service.fence.save(placed, part.turn);
  part.hasWritten = true;
  await part.options.onIncident?.(placed, change);
  unwritten.delete(incident.id);
}

/** It has what was known of these, too. */
function noteJoined(incident: Incident, known: SavedIncident | undefined, gone: readonly SavedIncident[]): Incident {
  const ids = [...(known?.joined ?? []), ...gone.flatMap(({ id, joined = [] }) => [...joined, id])];
  return ids.length === 0 ? incident : { ...incident, joined: [...new Set(ids)] };
}

/** Better evidence has joined it with another one. */
async function removeGone(
  { options, service, turn }: RecordPart,
  cluster: string,
  memory: ClusterMemory,
  { id }: SavedIncident,
): Promise<void> {
  service.fence.check(cluster, turn);
  service.platforms.forget(id);
  await options.onGone?.(id);
  await service.fence.remove({ id, cluster }, turn);
  memory.unwritten.delete(id);
}

/** True while the lines that made the incident are still in memory: one whose lines are only forgotten stays. */
function isStillHeld(memory: ClusterMemory, known: SavedIncident): boolean {
  for (const signal of memory.signals.values()) if (isEvent(signal) && signal.place.time === known.first) return true;
  return false;
}

/**
 * As long as something may change, the cluster is looked at again, the longer it is quiet the less often. When nothing
 * has failed there for hours it is forgotten.
 */
function planNext(
  part: RecordPart,
  cluster: string,
  memory: ClusterMemory,
  incidents: readonly Incident[],
  isEnding: boolean,
): void {
  const { healthyMs = DEFAULT_HEALTHY_MS } = part.options;
  const now = part.options.now();
  const { keepMs } = COMPACT_DEFAULTS;
  const quietMs = Math.max(0, now - (isOpen(incidents) ? memory.lastTime : memory.lastEvent));
  const mayChange = quietMs < (isOpen(incidents) ? keepMs : healthyMs + 2 * RECHECK_MS);
  const next = mayChange ? now + Math.max(RECHECK_MS, Math.floor(quietMs / 10)) : memory.heard + keepMs;
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
