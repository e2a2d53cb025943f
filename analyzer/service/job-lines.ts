// Writes into the store which lines of a failing cluster belong to which job although they name none, so that a search
// for the job finds them (JobLines of the port). Changes are written at a limited rate. An open run is extended by an
// hour, and without limit if the cluster belongs to one application.
import type { Incident } from '../../core/documents/incident.js';
import type { JobLines } from '../../core/documents/job.js';
import type { Collections } from '../../store/store.js';
import type { ClusterView } from '../topology/cluster.js';
import { WHOLE_LOG } from '../entry/reading.js';
import type { ClusterMemory } from './memory.js';

/** Shortest time, in milliseconds, between two writes. Computing the owners of lines costs more than a conclusion. */
const PACE_MS = 5_000;
const HOUR_MS = 3_600_000;
/** Number of runs of one cluster that are written: those with the latest lines. */
const MAX_RUNS = 200;
const MAX_RECORDS = 300;
/**
 * Number of known jobs above which lines that name no job are assigned to none, because the computation would delay
 * everything else.
 */
const MAX_JOBS = 5_000;

/** Writes the job lines that changed. Returns the time of the next try if it was too early, else undefined. */
export async function publishLines(
  cluster: string,
  memory: ClusterMemory,
  incidents: readonly Incident[],
  { store, now }: { readonly store: Pick<Collections, 'jobLines'>; readonly now: number },
): Promise<number | undefined> {
  const { published } = memory;
  if (now < published.next) return published.next;
  if (memory.index.view(WHOLE_LOG).jobs.size > MAX_JOBS) return undefined;
  if (!published.isLoaded)
    for (const lines of await store.jobLines.find({ where: { cluster: cluster } }))
      published.lines.set(lines.jobId, lines);
  published.isLoaded = true;
  const shown = listShown(incidents);
  const latest = memory.index
    .lines(findUntil(memory))
    .toSorted((a, b) => b.lastMs - a.lastMs)
    .slice(0, MAX_RUNS);
  const changed = latest.flatMap((lines) => {
    const before = published.lines.get(lines.jobId);
    const records = shown.get(lines.jobId) ?? [];
    if (published.from.get(lines.jobId) === lines && records.every((id) => before?.records.includes(id))) return [];
    const next = addRecords(lines, records, before);
    return JSON.stringify(next) === JSON.stringify(before) ? [] : [next];
  });
  if (changed.length > 0) await store.jobLines.saveAll(changed);
  for (const lines of changed) published.lines.set(lines.jobId, lines);
  for (const lines of latest) published.from.set(lines.jobId, lines);
  published.next = now + PACE_MS;
  return undefined;
}

/** Adds the records that incidents show. They stay assigned when their lines are dropped from memory. */
function addRecords(lines: JobLines, shown: readonly string[], before: JobLines | undefined): JobLines {
  return { ...lines, records: [...new Set([...shown, ...(before?.records ?? [])])].slice(0, MAX_RECORDS) };
}

/** Returns the ids of evidence records by job, those of the latest incident first. */
function listShown(incidents: readonly Incident[]): ReadonlyMap<string, readonly string[]> {
  const shown = new Map<string, string[]>();
  for (const { job, diagnoses, unknown } of [...incidents].reverse()) {
    if (job === undefined) continue;
    const ids = [...diagnoses.en, ...unknown].flatMap(({ evidence }) => evidence.flatMap((one) => one.recordId ?? []));
    shown.set(job.id, [...(shown.get(job.id) ?? []), ...ids]);
  }
  return shown;
}

/**
 * Returns the time until which an open run is extended. In a cluster for many jobs the next job may start while no
 * analyzer runs.
 */
function findUntil({ index, lastTime }: ClusterMemory): number {
  if (isOfOneApplication(index.view(WHOLE_LOG))) return FOR_EVER;
  return (Math.ceil(lastTime / HOUR_MS) + 1) * HOUR_MS;
}

/** Latest time that Elasticsearch, SQLite and JavaScript all accept. */
const FOR_EVER = Date.parse('9999-12-31T23:59:59.999Z');
/** `execution.target` of a cluster that is started for one application and ends with it. */
const OF_ONE = /-(?:application|per-job)$/;

function isOfOneApplication({ processes }: ClusterView): boolean {
  for (const { options, dynamicOptions } of processes.values())
    if (OF_ONE.test(dynamicOptions.get('execution.target') ?? options.get('execution.target') ?? '')) return true;
  return false;
}
