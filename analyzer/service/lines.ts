// What the store is told of a cluster in which something failed: which lines are whose though they name nobody, so that
// a search for a job finds them (JobLines of the port). Told again when it has changed, at a pace; what is still open
// is believed for the next hour, and longer where the cluster is there for one application. Called by analyzer.ts.
import type { Incident } from '../../core/types.js';
import type { JobLines, JobLineStore } from '../../store/store.js';
import type { ClusterView } from '../cluster/cluster.js';
import { WHOLE_LOG } from '../entry/reading.js';
import type { ClusterMemory } from './keep.js';

/** Finding out whose lines are whose costs more than a conclusion. */
const PACE_MS = 5_000;
const HOUR_MS = 3_600_000;
/** Of one cluster, those with the latest lines. */
const MOST_RUNS = 200;
const MOST_RECORDS = 300;
/** Where more jobs are known than this, lines that name nobody are nobody's: to find out would hold up all else. */
const MOST_JOBS = 5_000;

/** When the cluster is to be looked at again because it was too early to tell; undefined when all is told. */
export async function tellLines(
  cluster: string,
  memory: ClusterMemory,
  incidents: readonly Incident[],
  { store, now }: { readonly store: JobLineStore; readonly now: number },
): Promise<number | undefined> {
  const { told } = memory;
  if (now < told.next) return told.next;
  if (memory.index.view(WHOLE_LOG).jobs.size > MOST_JOBS) return undefined;
  if (!told.isLoaded) for (const lines of await store.loadJobLines(cluster)) told.lines.set(lines.jobId, lines);
  told.isLoaded = true;
  const shown = listShown(incidents);
  const latest = memory.index
    .lines(findUntil(memory))
    .toSorted((a, b) => b.lastMs - a.lastMs)
    .slice(0, MOST_RUNS);
  const changed = latest.flatMap((lines) => {
    const before = told.lines.get(lines.jobId);
    const records = shown.get(lines.jobId) ?? [];
    if (told.from.get(lines.jobId) === lines && records.every((id) => before?.records.includes(id))) return [];
    const next = addRecords(lines, records, before);
    return JSON.stringify(next) === JSON.stringify(before) ? [] : [next];
  });
  if (changed.length > 0) await store.saveJobLines(changed);
  for (const lines of changed) told.lines.set(lines.jobId, lines);
  for (const lines of latest) told.from.set(lines.jobId, lines);
  told.next = now + PACE_MS;
  return undefined;
}

/** What incidents show stays shown when their lines are forgotten here. */
function addRecords(lines: JobLines, shown: readonly string[], before: JobLines | undefined): JobLines {
  return { ...lines, records: [...new Set([...shown, ...(before?.records ?? [])])].slice(0, MOST_RECORDS) };
}

/** Ids of records by the job, of the latest incident first. */
function listShown(incidents: readonly Incident[]): ReadonlyMap<string, readonly string[]> {
  const shown = new Map<string, string[]>();
  for (const { job, diagnoses, unknown } of [...incidents].reverse()) {
    if (job === undefined) continue;
    const ids = [...diagnoses.en, ...unknown].flatMap(({ evidence }) => evidence.flatMap((one) => one.recordId ?? []));
    shown.set(job.id, [...(shown.get(job.id) ?? []), ...ids]);
  }
  return shown;
}

/** In a cluster for many jobs the next may come when nobody looks any more. */
function findUntil({ index, lastTime }: ClusterMemory): number {
  if (isOfOneApplication(index.view(WHOLE_LOG))) return FOR_EVER;
  return (Math.ceil(lastTime / HOUR_MS) + 1) * HOUR_MS;
}

/** Elasticsearch has no later time that SQLite and JavaScript have too. */
const FOR_EVER = Date.parse('9999-12-31T23:59:59.999Z');
/** `execution.target` of a cluster that is started for one application and ends with it. */
const OF_ONE = /-(?:application|per-job)$/;

function isOfOneApplication({ processes }: ClusterView): boolean {
  for (const { options, dynamicOptions } of processes.values())
    if (OF_ONE.test(dynamicOptions.get('execution.target') ?? options.get('execution.target') ?? '')) return true;
  return false;
}
