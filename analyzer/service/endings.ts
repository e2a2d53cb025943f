// Handles the end of a cluster while the cluster is concluded. Ends found in its logs and its agents' reports
// (watch/ending.ts) are written as incidents. Incidents that follow from an end get it as their parent; incidents that
// were open before it end with that reason.
import { toIso } from '../../core/time/iso.js';
import { findLargest, findSmallest } from '../../core/sequence.js';
import type { Incident, PlatformChild } from '../../core/documents/incident.js';
import { readEntry } from '../entry/record.js';
import { WHOLE_LOG } from '../entry/reading.js';
import { COMPLETED } from '../catalog/wanted.js';
import { nameEnding, renderEnding, type KnownEnding } from '../platform/card.js';
import {
  needsLastLines,
  findEndings,
  findLateWord,
  isBack,
  type ClusterSituation,
  type Ending,
  type EndingKind,
} from '../platform/ending.js';
import { findQuiet, RECENT_MS, type ReportedProcess } from '../platform/process-registry.js';
import { findSilenceWindow } from '../platform/regularity.js';
import type { ClusterMemory } from './memory.js';
import { askLastLine } from './history.js';
import type { RecordPartition } from './partition.js';

export interface EndedCluster {
  /** Incidents, with their parents and their ends. */
  readonly incidents: readonly Incident[];
  /** True if an end may change without a new line. */
  readonly isOpen: boolean;
}

/**
 * Longest times, in milliseconds, from the start of an incident to a later end, and from an end to the start of an
 * incident, so that the incident may follow from the end.
 */
const EARLY_MS = 60_000;
const LATE_MS = 300_000;
/**
 * Longest time, in milliseconds, from the stop of a TaskManager to the stop of its JobManager, for scripts that stop
 * one after the other.
 */
const STOP_MS = 30_000;
/** Time, in milliseconds, within which ends of one process or cluster are the same end. */
const SAME_MS = 600_000;
const REGULARITY_RECORDS = 400;
/** Time, in milliseconds, that a checkpoint may take if nothing else is known. */
const CHECKPOINT_MS = 600_000;
const TRIGGERED = 'Triggering checkpoint';
/** Causes that are reported when a process is gone, in addition to symptoms. */
const FOLLOWS =
  /^(?:network\.|restart\.|checkpoint\.|cluster\.(?:taskmanager-lost|heartbeat-timeout|leadership-lost|no-slots|registration-failed|node-lost|fatal-exit))/;

export async function concludeEndings(
  partition: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
  incidents: readonly Incident[],
  announce: (incident: Incident, change: 'new' | 'changed') => Promise<void>,
): Promise<EndedCluster> {
  const lives = partition.service.watch.livesOf(cluster);
  const { endings } = memory;
  if (lives.length === 0 && endings.size === 0) return { incidents, isOpen: false };
  const situation = await readSituation(partition, cluster, memory, lives);
  const found = lives.length === 0 ? [] : findEndings(situation);
  const current = found.map((ending) => ({ ending, id: identify(cluster, ending, endings) }));
  const settled = dropUnsettled(incidents, memory, situation);
  const adapted = settled.map((incident) => adapt(incident, listCurrent(current, endings)));
  for (const { id, ending } of current) {
    const known = endings.get(id);
    const begin = known?.ending?.begin ?? (Date.parse(known?.incident.firstSeen ?? '') || ending.begin);
    const { process } = ending;
    const incident = renderEnding({
      id,
      cluster,
      ending: { ...ending, begin },
      lastLine: memory.lastLines.get(process),
      host: lives.find((life) => life.process === process)?.host,
      children: adapted.filter(({ parent }) => parent === id).map(toChild),
    });
    if (!isSame(known?.incident, incident)) await announce(incident, known === undefined ? 'new' : 'changed');
    endings.set(id, { incident, ending });
  }
  for (const [id, known] of endings) {
    if (current.some((one) => one.id === id)) continue;
    const next = judgeKnown(known.incident, situation, adapted);
    if (!isSame(known.incident, next)) await announce(next, 'changed');
    endings.set(id, { ...known, incident: next });
  }
  const isQuiet = situation.silenceMs !== undefined && findQuiet(lives) !== undefined;
  return {
    incidents: adapted,
    isOpen:
      isQuiet ||
      needsLastLines(situation) ||
      settled.length < incidents.length ||
      [...endings.values()].some(({ incident }) => mayChange(incident, situation.now)),
  };
}

/**
 * Leaves out new incidents of jobs while TaskManagers are being stopped. They are often the first processes of a
 * cluster that is stopped as a whole; then the failures of their jobs are no incidents, so that these wait for the
 * JobManager.
 */
function dropUnsettled(
  incidents: readonly Incident[],
  { saved }: ClusterMemory,
  { processes, now }: ClusterSituation,
): readonly Incident[] {
  const stopped = [...processes.values()].flatMap(({ component, ends }) =>
    component === 'taskmanager' ? ends.filter(({ reason }) => reason === 'signal').map(({ time }) => time) : [],
  );
  const isStopping = stopped.some((time) => now - time < STOP_MS);
  if (!isStopping) return incidents;
  const begin = findSmallest(stopped.filter((time) => now - time < STOP_MS));
  return incidents.filter(
    (incident) =>
      saved.some(({ id }) => id === incident.id) ||
      !follows(incident) ||
      Date.parse(incident.firstSeen ?? '') < begin - EARLY_MS,
  );
}

function mayChange({ outcome, firstSeen }: Incident, now: number): boolean {
  return outcome === 'failing' && now - Date.parse(firstSeen ?? '') < 6 * RECENT_MS;
}

function isSame(known: Incident | undefined, incident: Incident): boolean {
  return known !== undefined && JSON.stringify(known) === JSON.stringify(incident);
}

/**
 * Reads the situation of a cluster. From the store it adds the last lines of processes that are gone, and how regularly
 * a quiet process wrote.
 */
async function readSituation(
  partition: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
  lives: readonly ReportedProcess[],
): Promise<ClusterSituation> {
  const { store, zone, now } = partition.options;
  const quiet = findQuiet(lives);
  const asked = lives.filter(({ gone, process }) => gone !== undefined || process === quiet?.process);
  for (const { process } of asked) {
    const key = `end of ${process}`;
    if (now() - (memory.asked.get(key) ?? Number.NEGATIVE_INFINITY) < 5000) continue;
    memory.asked.set(key, now());
    await askLastLine(cluster, process, memory, { store, zone });
  }
  const view = memory.index.view(WHOLE_LOG);
  return {
    jobs: [...view.jobs.values()],
    processes: view.processes,
    lastLines: memory.lastLines,
    lives,
    isRead: partition.unreadFrom === undefined,
    silenceMs: quiet === undefined ? undefined : await askRegularity(partition, cluster, memory, quiet),
    hadTasks: (process, jobId, time) => view.thereOn(process, time)?.(jobId) ?? false,
    now: now(),
  };
}

/** Asks the store for the regularity of a process, once per silence. */
async function askRegularity(
  { options: { store } }: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
  quiet: ReportedProcess,
): Promise<number | undefined> {
  if (memory.regularity?.since === quiet.wrote) return memory.regularity.windowMs;
  const { records } = await store.findRecords({
    query: 'NOT flag:undated',
    cluster,
    process: quiet.process,
    limit: REGULARITY_RECORDS,
    order: 'newest',
  });
  const times = records.flatMap((record) => Date.parse(record['@timestamp'] ?? '') || []);
  const texts = records.map((record) => readEntry(record).bytes.toString('utf8'));
  const triggered = texts.findIndex((text) => text.includes(TRIGGERED));
  const completed = texts.findIndex((text) => text.includes(COMPLETED.trim()));
  const isPending = triggered >= 0 && (completed < 0 || triggered < completed);
  const windowMs = findSilenceWindow(times, isPending ? CHECKPOINT_MS + EARLY_MS : 0);
  memory.regularity = { since: quiet.wrote, windowMs };
  return windowMs;
}

const OF_TASK_MANAGER: ReadonlySet<string> = new Set<EndingKind>(['taskmanager-lost']);

/** Returns the id of a known end that is the same, else a new id. */
function identify(cluster: string, ending: Ending, endings: ReadonlyMap<string, KnownEnding>): string {
  for (const [id, { incident }] of endings) {
    const isNear = Math.abs(Date.parse(incident.firstSeen ?? '') - ending.begin) < SAME_MS;
    const known = incident.ending?.kind ?? '';
    const isOfTaskManager = OF_TASK_MANAGER.has(ending.kind);
    const isAlike =
      isOfTaskManager === OF_TASK_MANAGER.has(known) && (!isOfTaskManager || incident.process === ending.process);
    if (isNear && isAlike && sharesJobs(incident, ending)) return id;
  }
  return nameEnding(cluster, ending);
}

function sharesJobs({ ending: known }: Incident, { jobs }: Ending): boolean {
  return known?.jobs.some(({ id }) => jobs.some((job) => job.id === id)) ?? false;
}

interface Effect {
  readonly id: string;
  readonly kind: string;
  readonly begin: number;
  readonly jobs: ReadonlySet<string>;
  readonly isHa: boolean;
  readonly processes: ReadonlySet<string>;
}

function listCurrent(
  current: readonly { readonly id: string; readonly ending: Ending }[],
  endings: ReadonlyMap<string, KnownEnding>,
): readonly Effect[] {
  const effects = new Map<string, Effect>();
  for (const [id, { incident, ending }] of endings)
    effects.set(id, {
      id,
      kind: incident.ending?.kind ?? '',
      begin: Date.parse(incident.firstSeen ?? ''),
      jobs: new Set(incident.ending?.jobs.map((job) => job.id)),
      isHa: ending?.isHa ?? incident.diagnoses.en[0]?.severity !== 'critical',
      processes: new Set(incident.processes),
    });
  for (const { id, ending } of current)
    effects.set(id, {
      id,
      kind: ending.kind,
      begin: effects.get(id)?.begin ?? ending.begin,
      jobs: new Set(ending.jobs.map((job) => job.id)),
      isHa: ending.isHa,
      processes: new Set(ending.processes),
    });
  return [...effects.values()];
}

const OPEN: ReadonlySet<Incident['outcome']> = new Set(['failing', 'silent', 'unknown']);
const FOR_GOOD: ReadonlySet<string> = new Set<EndingKind>(['cluster-lost', 'jobmanager-lost', 'jobmanager-replaced']);

function adapt(incident: Incident, effects: readonly Effect[]): Incident {
  for (const { id, kind, begin, jobs, isHa } of effects) {
    const { job, outcome } = incident;
    const first = Date.parse(incident.firstSeen ?? '');
    const isTaken = job === undefined || jobs.has(job.id);
    const isDuring = first >= begin - EARLY_MS && first <= begin + LATE_MS;
    if (!isTaken) continue;
    const isStop = kind === 'cluster-stopped';
    const time = toIso(begin);
    if (isDuring && follows(incident))
      return isStop
        ? { ...incident, parent: id, outcome: 'canceled', ended: { time, reason: 'cluster-stopped' } }
        : { ...incident, parent: id };
    if (job === undefined || first > begin || !OPEN.has(outcome)) continue;
    if (isStop) return { ...incident, outcome: 'canceled', ended: { time, reason: 'cluster-stopped' } };
    if (FOR_GOOD.has(kind) && !isHa) return { ...incident, outcome: 'failed', ended: { time, reason: 'cluster-gone' } };
  }
  return incident;
}

/** True if the primary diagnosis is one that is reported when a process is gone. */
function follows({ diagnoses, unknown }: Incident): boolean {
  const [first] = diagnoses.en;
  return first === undefined ? unknown.length === 0 : first.symptom || FOLLOWS.test(first.cause);
}

function toChild({ id, cluster, job, firstSeen, outcome }: Incident): PlatformChild {
  return { id, cluster, job, firstSeen, outcome };
}

/** Updates an end that is not found any more, because its evidence is too old or because it is over. */
function judgeKnown(incident: Incident, situation: ClusterSituation, incidents: readonly Incident[]): Incident {
  const { ending, outcome, firstSeen } = incident;
  if (ending === undefined || outcome !== 'failing' || situation.lives.length === 0) return incident;
  const begin = Date.parse(firstSeen ?? '');
  const byFiles = ending.kind === 'cluster-silent' || ending.kind === 'logs-gone';
  const mayBeCanceled = !byFiles && ending.kind !== 'cluster-stopped';
  const word = mayBeCanceled ? findLateWord(begin, situation.processes.get(incident.process ?? '')) : undefined;
  if (word !== undefined)
    return {
      ...incident,
      outcome: 'canceled',
      ended: { time: toIso(word.time), reason: 'cluster-stopped' },
    };
  const isOver = byFiles
    ? writesAgain(situation, begin)
    : ending.jobs.length > 0 && ending.jobs.every((job) => isBack(job, begin, situation.jobs, situation.now));
  const children = incidents.filter(({ parent }) => parent === incident.id).map(toChild);
  const platform = incident.platform && {
    ...incident.platform,
    children: children.length > 0 ? children : incident.platform.children,
  };
  return { ...incident, platform, outcome: isOver ? 'recovered' : 'failing' };
}

function writesAgain({ lives }: ClusterSituation, begin: number): boolean {
  const latest = findLargest(
    lives.filter(({ removed }) => removed === undefined).map(({ wrote }) => Date.parse(wrote)),
  );
  return latest > begin + 1000;
}
