// Deletes data on request: everything that holds the text that a filter names. Records are found by a search. Incidents
// are deleted if they are about what is deleted, quote one of its records, or hold the text; the annotations of an
// incident are deleted with it. This works on any store. An analyzer that still knows a deleted incident would write it
// again, so it is asked to start anew, and what was written until it did is deleted a second time.
import { toIso } from '../core/time/iso.js';
import { createError } from '../core/errors.js';
import { isObject, omitMissing } from '../core/json.js';
import { pause } from '../core/time/wait.js';
import type { Evidence, Incident } from '../core/documents/incident.js';
import { countOf } from '../core/text/count.js';
import { COLLECTIONS, type AnnotationName, type Declaration } from './collections.js';
import { parseTime } from './page.js';
import {
  ERASED_KEY,
  type Collection,
  type Collections,
  type Erasure,
  type IncidentStore,
  type RecordFilter,
  type RecordSearch,
} from './store.js';
import { parseJson } from './stored.js';
import { splitWords } from './words.js';

/** Filter of what is to be deleted. All given conditions must match. */
export interface EraseFilter {
  readonly cluster?: string | undefined;
  /** Id or name of a job. */
  readonly job?: string | undefined;
  /** Whole words, one after the other, in any case. */
  readonly contains?: string | undefined;
  /** Path of a log file, with `*` for any text. */
  readonly file?: string | undefined;
  /** ISO times; from inclusive, to exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Numbers of documents of each kind that were deleted, or would be. */
export type EraseCounts = Readonly<Record<'records' | 'incidents' | AnnotationName, number>>;

export type EraseStore = Erasure &
  Pick<RecordSearch, 'searchRecords' | 'findRecords'> &
  Pick<IncidentStore, 'pageIncidents' | 'findIncidents' | 'findEpoch' | 'removeIncident'> &
  Pick<Collections, AnnotationName | 'jobLines' | 'states'>;

/** Time, in milliseconds, to wait for analyzers, which check for a deletion at each step. */
const SETTLE_MS = 5_000;
const PAGE_INCIDENTS = 200;
const NAMES = ['cluster', 'job', 'contains', 'file', 'from', 'to'] as const satisfies readonly (keyof EraseFilter)[];

/** Renders the filter as people read it, and as the audit trail keeps it. */
export function describeFilter(filter: EraseFilter): string {
  return NAMES.flatMap((name) => (filter[name] === undefined ? [] : [`${name}=${JSON.stringify(filter[name])}`])).join(
    ' ',
  );
}

export function describeCounts(counts: EraseCounts): string {
  return [
    countOf(counts.records, 'record'),
    countOf(counts.incidents, 'incident'),
    countOf(counts.alerts, 'message'),
    countOf(counts.feedback + counts.triage, 'remark'),
  ].join(', ');
}

/** Counts what would be deleted now. Throws JT_REQUEST_INVALID. */
export async function countErasable(store: EraseStore, filter: EraseFilter): Promise<EraseCounts> {
  const query = buildQuery(filter);
  const { total } = await store.searchRecords({ ...query, limit: 1, order: 'newest' });
  const incidents = await findErasable(store, filter, query);
  const annotations = await findAnnotations(store, filter, incidents);
  return countAll(total, incidents, annotations);
}

/**
 * Deletes what the filter matches. Throws JT_REQUEST_INVALID, and the errors of the store. A second call deletes what
 * the first one left.
 */
export async function erase(
  store: EraseStore,
  filter: EraseFilter,
  { settleMs = SETTLE_MS, now = Date.now }: { readonly settleMs?: number; readonly now?: () => number } = {},
): Promise<EraseCounts> {
  const query = buildQuery(filter);
  // Loaded first, because the incidents that quote a record are only known while the record exists.
  const incidents = await findErasable(store, filter, query);
  const annotations = await findAnnotations(store, filter, incidents);
  const records = await store.deleteRecords(query);
  await removeAll(store, incidents, annotations);
  if (records > 0 || incidents.size > 0) {
    await store.states.save({ key: ERASED_KEY, value: toIso(now()) });
    await pause(settleMs);
    const again = new Set([...incidents, ...(await findErasable(store, filter, query))]);
    await removeAll(store, again, await findAnnotations(store, filter, again));
  }
  const { contains, file, from, to } = filter;
  if ([contains, file, from, to].every((value) => value === undefined)) await removeJobLines(store, query);
  await store.purgeDeleted();
  return countAll(records, incidents, annotations);
}

/** Builds the query of the filter. Throws JT_REQUEST_INVALID if it would find everything. */
function buildQuery({ cluster, job, contains, file, from, to }: EraseFilter): RecordFilter {
  const problem = findProblem({ cluster, job, contains, file, from, to });
  if (problem !== undefined) throw createError('JT_REQUEST_INVALID', { problems: problem });
  const parts = [
    ...(contains === undefined ? [] : [quote(splitWords(contains).join(' '))]),
    ...(file === undefined ? [] : [`file:${/^[^\s"()]+$/.test(file) ? file : quote(file)}`]),
  ];
  const query = parts.length === 0 ? undefined : parts.join(' ');
  return omitMissing({ query, cluster, job, from, to });
}

function findProblem({ cluster, job, contains, file, from, to }: EraseFilter): string | undefined {
  if ([cluster, job, contains, file].every((value) => value === undefined || value === ''))
    return 'one of "cluster", "job", "contains" and "file" must be given, so that not everything is deleted';
  if (contains !== undefined && splitWords(contains).length === 0)
    return `"contains" is "${contains}", but needs a letter or a digit`;
  if (file?.includes('*') === true && /[\s"()]/.test(file))
    return `"file" is "${file}", but a path with * may hold no space, quote or parenthesis`;
  if (file !== undefined && !/[^*/\s]/.test(file)) return `"file" is "${file}", which is every file`;
  if (from !== undefined && to !== undefined && parseTime('from', from) >= parseTime('to', to))
    return `"from" (${from}) must be before "to" (${to})`;
  return undefined;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Returns the ids of the incidents to be deleted. */
async function findErasable(store: EraseStore, filter: EraseFilter, query: RecordFilter): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const incidents of readIncidents(store)) {
    const quoted = await findQuoted(store, query, incidents);
    for (const incident of incidents)
      if (isAbout(incident, filter) || listRecords(incident).some((id) => quoted.has(id))) found.add(incident.id);
  }
  return found;
}

/** Reads the incidents of all times, because what an incident quotes may be older than the incident. */
async function* readIncidents(store: EraseStore): AsyncGenerator<readonly Incident[]> {
  let after: string | undefined;
  do {
    const page = await store.pageIncidents({ limit: PAGE_INCIDENTS, ...omitMissing({ after }) });
    const ids = page.rows.map(({ id }) => id);
    if (ids.length > 0) yield await store.findIncidents({ ids, limit: ids.length });
    after = page.next;
  } while (after !== undefined);
}

/** Returns the ids of the records that the incidents quote and that are to be deleted. */
async function findQuoted(
  store: EraseStore,
  query: RecordFilter,
  incidents: readonly Incident[],
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(incidents.flatMap(listRecords))];
  const quoted = new Set<string>();
  for (let from = 0; from < ids.length; from += MAX_IDS) {
    const asked = ids.slice(from, from + MAX_IDS);
    const { records } = await store.findRecords({ ...query, ids: asked, limit: MAX_IDS, order: 'newest' });
    for (const { id } of records) quoted.add(id);
  }
  return quoted;
}

const MAX_IDS = 1_000;

function listRecords({ diagnoses, unknown }: Incident): readonly string[] {
  const evidence: readonly Evidence[] = [...Object.values(diagnoses).flat(), ...unknown].flatMap(
    (failure) => failure.evidence,
  );
  return evidence.flatMap(({ recordId }) => recordId ?? []);
}

/**
 * True if the filter matches the cluster, job, time and text of the incident. A platform incident is about each of its
 * children.
 */
function isAbout(incident: Incident, { cluster, job, contains, file, from, to }: EraseFilter): boolean {
  const others = [...(incident.platform?.children ?? [])];
  const { firstSeen = '', lastSeen = '' } = incident;
  const isWithin =
    (from === undefined || Date.parse(lastSeen) >= parseTime('from', from)) &&
    (to === undefined || Date.parse(firstSeen) < parseTime('to', to));
  const isOfCluster = cluster === undefined || [incident, ...others].some((one) => one.cluster === cluster);
  const jobs = [incident.job, ...others.map((child) => child.job), ...(incident.ending?.jobs ?? [])];
  const wanted = job?.toLowerCase();
  const isOfJob =
    job === undefined || jobs.some((one) => one?.id.toLowerCase() === wanted || one?.name?.toLowerCase() === wanted);
  // The evidence decides about a file, because it says from which lines the incident comes.
  return (
    isWithin &&
    isOfCluster &&
    isOfJob &&
    file === undefined &&
    (contains === undefined || holdsText(incident, contains))
  );
}

/**
 * True if the value holds the words as a search finds them: whole ones, one after the other, in any case. A text that
 * is JSON is searched inside, because a message is kept as JSON.
 */
function holdsText(value: unknown, contains: string): boolean {
  const wanted = ` ${splitWords(contains).join(' ')} `;
  const holds = (part: unknown): boolean => {
    if (typeof part === 'string')
      return ` ${splitWords(part).join(' ')} `.includes(wanted) || (/^[[{]/.test(part) && holds(parseJson(part)));
    if (Array.isArray(part)) return part.some(holds);
    return isObject(part) && Object.entries(part).some(([name, inner]) => holds(name) || holds(inner));
  };
  return holds(value);
}

/** Ids of the documents to be deleted, by collection. */
type Annotations = Readonly<Record<AnnotationName, readonly string[]>>;

/** Finds the annotations of these incidents, and those that hold the text themselves. */
async function findAnnotations(
  store: EraseStore,
  { contains }: EraseFilter,
  incidents: ReadonlySet<string>,
): Promise<Annotations> {
  const find = async <Document>(
    { id }: Pick<Declaration<Document, never>, 'id'>,
    collection: Pick<Collection<Document, 'incidentId'>, 'find'>,
  ): Promise<readonly string[]> => {
    const found = new Set<string>();
    for (let from = 0; from < incidents.size; from += PAGE_INCIDENTS) {
      const incidentId = [...incidents].slice(from, from + PAGE_INCIDENTS);
      for (const document of await collection.find({ where: { incidentId } })) found.add(id(document));
    }
    if (contains !== undefined)
      for (const document of await collection.find()) if (holdsText(document, contains)) found.add(id(document));
    return [...found];
  };
  return {
    alerts: await find(COLLECTIONS.alerts, store.alerts),
    feedback: await find(COLLECTIONS.feedback, store.feedback),
    triage: await find(COLLECTIONS.triage, store.triage),
  };
}

async function removeAll(store: EraseStore, incidents: ReadonlySet<string>, annotations: Annotations): Promise<void> {
  // Removed with the epoch of its writer, so that it can be written again if the job fails again.
  for (const id of incidents) {
    const epoch = await store.findEpoch(id);
    if (epoch !== undefined) await store.removeIncident(id, epoch);
  }
  await store.alerts.remove(annotations.alerts);
  await store.feedback.remove(annotations.feedback);
  await store.triage.remove(annotations.triage);
}

/** Deletes what is known of the lines of these jobs, as many at a time as a search finds. */
async function removeJobLines({ jobLines }: EraseStore, { cluster, job }: RecordFilter): Promise<void> {
  const matching = job === undefined ? undefined : ({ keys: ['jobId', 'jobName'], globs: [[job]] } as const);
  for (;;) {
    const found = await jobLines.find({ where: { cluster }, matching });
    if (found.length === 0) return;
    await jobLines.remove(found.map(COLLECTIONS.jobLines.id));
  }
}

function countAll(records: number, incidents: ReadonlySet<string>, annotations: Annotations): EraseCounts {
  const { alerts, feedback, triage } = annotations;
  return {
    records,
    incidents: incidents.size,
    alerts: alerts.length,
    feedback: feedback.length,
    triage: triage.length,
  };
}
