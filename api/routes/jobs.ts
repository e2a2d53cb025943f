// Route for the jobs of a range. Takes the store's counts of records and incidents, one row for each id, name and
// cluster; merges them to one job for each name, or for each id without a known name.
import { toIso } from '../../core/time/iso.js';
import type { Incident } from '../../core/documents/incident.js';
import type { JobSummary } from '../../core/documents/job.js';
import type { JobCounts } from '../../store/store.js';
import { route, type Answer, type Request, type Route, type Services } from '../http/route.js';
import type { JobList } from '../schemas/incidents.js';
import { readRange } from './records.js';

interface Draft {
  newest: JobCounts;
  id: string | undefined;
  idSeen: string;
  total: number;
  levels: Record<string, number>;
  openIncidents: number;
  incidents: number;
}

const DEFAULT_RANGE_MS = 24 * 3_600_000;
const DEFAULT_JOBS = 50;

/** Outcomes of an incident that is not over. An incident without new lines is not known to be over. */
const OPEN: readonly Incident['outcome'][] = ['failing', 'silent'];

export function createJobRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'GET /api/v1/jobs',
      role: 'reader',
      tag: 'jobs',
      summary: 'Jobs seen in a range, with level counts and open incidents',
      description:
        'The range is the last 24 hours when none is given. Jobs with open incidents first, then by number of records.',
      handle: (request) => listJobs(services, request),
    }),
  ];
}

/** Lists the jobs of a range with two queries to the store, independent of the number of jobs. */
async function listJobs({ now }: Services, { query, store }: Request<'GET /api/v1/jobs'>): Promise<Answer<JobList>> {
  const given = readRange(query);
  const to = given.to ?? toIso(now());
  const from = given.from ?? toIso(Date.parse(to) - DEFAULT_RANGE_MS);
  const asked = { cluster: query.cluster, from, to };
  const [records, incidents] = await Promise.all([store.countJobRecords(asked), store.countJobIncidents(asked)]);
  const { job } = query;
  const all = mergeJobs(records.jobs, incidents.jobs);
  const jobs = job === undefined ? all : all.filter(({ id, name }) => name === job || id === job);
  return {
    kind: 'json',
    body: {
      jobs: jobs.slice(0, query.limit ?? DEFAULT_JOBS),
      total: jobs.length,
      complete: records.isComplete && incidents.isComplete,
      from,
      to,
    },
  };
}

/** Merges the counts to jobs; jobs with open incidents come first, then jobs with more records. */
export function mergeJobs(records: readonly JobCounts[], incidents: readonly JobCounts[]): readonly JobSummary[] {
  const names = findNames(records, incidents);
  const drafts = new Map<string, Draft>();
  for (const row of records) {
    const draft = openDraft(drafts, names, row);
    for (const [level, count] of Object.entries(row.counts)) {
      draft.total += count;
      if (level !== 'NONE') draft.levels[level] = (draft.levels[level] ?? 0) + count;
    }
  }
  for (const row of incidents) {
    const draft = openDraft(drafts, names, row);
    for (const outcome of OPEN) draft.openIncidents += row.counts[outcome] ?? 0;
    for (const count of Object.values(row.counts)) draft.incidents += count;
  }
  return [...drafts.values()].map((draft) => finishJob(draft, names)).sort(compareJobs);
}

/**
 * Returns the job name of each id within its cluster. The cluster is needed because applications with high availability
 * share an id of sixteen zero bytes.
 */
function findNames(records: readonly JobCounts[], incidents: readonly JobCounts[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const row of [...records, ...incidents])
    if (row.id !== undefined && row.name !== undefined) names.set(printRun(row.cluster, row.id), row.name);
  return names;
}

function printRun(cluster: string, id: string): string {
  return JSON.stringify([cluster, id]);
}

function findName(names: ReadonlyMap<string, string>, { name, id, cluster }: JobCounts): string | undefined {
  return name ?? (id === undefined ? undefined : names.get(printRun(cluster, id)));
}

function openDraft(drafts: Map<string, Draft>, names: ReadonlyMap<string, string>, row: JobCounts): Draft {
  const name = findName(names, row);
  const key = name === undefined ? printRun(row.cluster, row.id ?? '') : JSON.stringify([name]);
  const found = drafts.get(key);
  const draft: Draft = found ?? {
    newest: row,
    id: undefined,
    idSeen: '',
    total: 0,
    levels: {},
    openIncidents: 0,
    incidents: 0,
  };
  const seen = row.lastSeen ?? '';
  if (seen > (draft.newest.lastSeen ?? '')) draft.newest = row;
  if (row.id !== undefined && (draft.id === undefined || seen > draft.idSeen)) {
    draft.id = row.id;
    draft.idSeen = seen;
  }
  drafts.set(key, draft);
  return draft;
}

function finishJob(draft: Draft, names: ReadonlyMap<string, string>): JobSummary {
  const name = findName(names, draft.newest);
  return {
    id: draft.id ?? name ?? '',
    name,
    cluster: draft.newest.cluster,
    lastSeen: draft.newest.lastSeen,
    total: draft.total,
    levels: draft.levels,
    openIncidents: draft.openIncidents,
    incidents: draft.incidents,
  };
}

function compareJobs(left: JobSummary, right: JobSummary): number {
  return (
    right.openIncidents - left.openIncidents ||
    right.total - left.total ||
    (left.id < right.id ? -1 : left.id > right.id ? 1 : 0)
  );
}
