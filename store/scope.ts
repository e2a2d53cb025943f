// Limits a store to the data of a team: applies a scope (patterns of clusters, job ids and job names) to everything
// that people ask of a store. Input: any store, and a scope. Output: the same port, whose every answer, count and page
// has only the scope's own records and incidents, so that no route and no tool can forget the check. The API gives each
// request such a store.
import { Silence } from '../core/documents/silence.js';
import { createError } from '../core/errors.js';
import { fitsGlob, type Glob } from '../core/text/glob.js';
import type { Incident, IncidentRow } from '../core/documents/incident.js';
import type { AgentStatus } from '../core/documents/agent.js';
import { ALL_CLUSTERS, type LogRecord } from '../core/types.js';
import type {
  AskLimits,
  Collection,
  Collections,
  DocumentQuery,
  IncidentStore,
  RecordSearch,
  StoreHealth,
} from './store.js';

/** Port for what people ask of a store. They write only feedback on diagnoses, triage of incidents, and silences. */
export type ReadableStore = RecordSearch &
  Pick<IncidentStore, 'findIncident' | 'findIncidents' | 'pageIncidents' | 'countJobIncidents' | 'sumGroup'> & {
    readonly [Name in 'alerts' | 'agents']: Pick<Collections[Name], 'find'>;
  } & {
    readonly [Name in 'feedback' | 'triage' | 'silences']: Pick<Collections[Name], 'find' | 'save'>;
  } & StoreHealth;

/** Scope of a team. Undefined means everything, an empty list means nothing. */
export type TeamScope = readonly Glob[] | undefined;

/** Names of a record or an incident that are compared with the patterns of a scope. */
export interface Owned {
  readonly cluster: string;
  readonly jobId?: string | undefined;
  readonly jobName?: string | undefined;
}

/** Largest number of annotations that are searched, the newest ones. */
const MAX_SEARCHED = 5000;
/**
 * Factors by which more neighbours are loaded than wanted, tried in order, because most neighbours may belong to
 * others.
 */
const WIDER = [1, 8, 64];
/** Number of concurrent requests to the store. */
const AT_ONCE = 8;

/** True if one of the patterns matches the cluster, the job id or the job name. */
export function isInScope({ cluster, jobId, jobName }: Owned, scope: TeamScope): boolean {
  if (scope === undefined) return true;
  const names = [cluster, jobId, jobName].filter((name) => name !== undefined);
  return scope.some((glob) => names.some((name) => fitsGlob(glob, name)));
}

/**
 * Limits a store to a scope. Every method is listed by name, so that one that is added to the port does not compile
 * until it is listed here.
 */
export function scopeStore(store: ReadableStore, scope: TeamScope): ReadableStore {
  if (scope === undefined) return store;
  const findIncident = async (id: string): Promise<Incident | undefined> => {
    const incident = await store.findIncident(id);
    return incident === undefined || !ownsIncident(incident, scope) ? undefined : hideParent(incident, scope);
  };
  /**
   * Selects the items whose incidents belong to the scope. The rows of the incidents are loaded at once. An incident
   * without a row, because it was merged into another one, is loaded by itself.
   */
  const selectOwn: Select = async (items) => {
    const ids = [...new Set(items.map(({ incidentId }) => incidentId))];
    const stored = await findRows(store, ids);
    const others = ids.filter((id) => !stored.has(id));
    const own = new Set([
      ...[...stored.values()].filter((row) => ownsIncident(row, scope)).map(({ id }) => id),
      ...(await selectAsync(others, async (id) => (await findIncident(id)) !== undefined)),
    ]);
    return items.filter(({ incidentId }) => own.has(incidentId));
  };
  const checkOwn = async ({ incidentId }: Annotation): Promise<void> => {
    if ((await findIncident(incidentId)) === undefined)
      throw createError('JT_NOT_FOUND', { what: `The incident "${incidentId}"` });
  };
  return {
    searchRecords: (query, options) => store.searchRecords({ ...query, scope }, options),
    findRecords: (query, options) => store.findRecords({ ...query, scope }, options),
    countJobRecords: (query, options) => store.countJobRecords({ ...query, scope }, options),
    findContext: (id, lines, options) => findContext(store, scope, { id, ...lines }, options),
    findIncident,
    findIncidents: async (query) =>
      (await store.findIncidents({ ...query, scope })).map((incident) => hideParent(incident, scope)),
    pageIncidents: async ({ isTop = false, ...query }) => {
      // A scope that does not show the platform incident shows each of its jobs.
      const page = await store.pageIncidents({ ...query, scope, isTop: isTop && ownsAll(scope) });
      return { ...page, rows: page.rows.map((row) => hideParent(row, scope)) };
    },
    countJobIncidents: (query) => store.countJobIncidents({ ...query, scope }),
    sumGroup: (query) => store.sumGroup({ ...query, scope }),
    alerts: { find: (query) => findOwn(store.alerts, selectOwn, query) },
    feedback: limitToOwn(store.feedback, selectOwn, checkOwn),
    triage: limitToOwn(store.triage, selectOwn, checkOwn),
    silences: {
      find: async (query) => (await store.silences.find(query)).filter((silence) => ownsSilence(silence, scope)),
      save: async (silence) => {
        if (!ownsSilence(silence, scope))
          throw createError('JT_REQUEST_INVALID', {
            problems: 'matchers: "job" or "cluster" must name only what this token may see',
          });
        await store.silences.save(silence);
      },
    },
    agents: { find: () => findAgents(store, scope) },
    check: () => store.check(),
    readTime: () => store.readTime(),
    readKeyEnd: () => store.readKeyEnd(),
    checkDiskSpace: () => store.checkDiskSpace(),
  };
}

async function findRows(store: ReadableStore, ids: readonly string[]): Promise<ReadonlyMap<string, IncidentRow>> {
  if (ids.length === 0) return new Map();
  const { rows } = await store.pageIncidents({ ids, limit: ids.length });
  return new Map(rows.map((row) => [row.id, row]));
}

function ownsIncident({ cluster, job }: Pick<Incident, 'cluster' | 'job'>, scope: TeamScope): boolean {
  return isInScope({ cluster, jobId: job?.id, jobName: job?.name }, scope);
}

/**
 * True if every job, or every cluster, that the silence may match belongs to the scope. Patterns are compared as texts,
 * so `pay-*` is within `pay-*`.
 */
function ownsSilence({ matchers }: Silence, scope: readonly Glob[]): boolean {
  return [matchers.job, matchers.cluster].some((value) => {
    const patterns = value === undefined ? [] : typeof value === 'string' ? [value] : value;
    const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
    return wanted.length > 0 && wanted.every((pattern) => scope.some((glob) => fitsGlob(glob, pattern)));
  });
}

function ownsRecord(record: LogRecord, scope: TeamScope): boolean {
  const { 'flink.cluster': cluster, 'flink.job.id': jobId, 'flink.job.name': jobName } = record;
  return isInScope({ cluster, jobId, jobName }, scope);
}

/** Removes the link to a platform incident if the scope does not see all clusters. */
function hideParent<Shown extends Pick<Incident, 'parent'>>(shown: Shown, scope: TeamScope): Shown {
  return ownsAll(scope) ? shown : { ...shown, parent: undefined };
}

function ownsAll(scope: TeamScope): boolean {
  return isInScope({ cluster: ALL_CLUSTERS }, scope);
}

type Context = Awaited<ReturnType<RecordSearch['findContext']>>;

/**
 * Finds a record with as many of the scope's own neighbours as requested, even if records of others are between them.
 */
async function findContext(
  store: ReadableStore,
  scope: TeamScope,
  { id, before, after }: { readonly id: string; readonly before: number; readonly after: number },
  options: AskLimits | undefined,
): Promise<Context> {
  let own: Context;
  for (const times of WIDER) {
    const asked = { before: before * times, after: after * times };
    const found = await store.findContext(id, asked, options);
    const hit = found?.records[found.index];
    if (found === undefined || hit === undefined || !ownsRecord(hit, scope)) return undefined;
    const earlier = found.records.slice(0, found.index).filter((record) => ownsRecord(record, scope));
    const later = found.records.slice(found.index + 1).filter((record) => ownsRecord(record, scope));
    const shown = earlier.slice(Math.max(0, earlier.length - before));
    own = { records: [...shown, hit, ...later.slice(0, after)], index: shown.length };
    const isAllBefore = earlier.length >= before || found.index < asked.before;
    const isAllAfter = later.length >= after || found.records.length - found.index - 1 < asked.after;
    if (isAllBefore && isAllAfter) break;
  }
  return own;
}

/** Document about an incident. */
interface Annotation {
  readonly incidentId: string;
}
type Select = <Document extends Annotation>(documents: readonly Document[]) => Promise<Document[]>;

function limitToOwn<Document extends Annotation, Key extends string>(
  collection: Pick<Collection<Document, Key>, 'find' | 'save'>,
  selectOwn: Select,
  checkOwn: (annotation: Annotation) => Promise<void>,
): Pick<Collection<Document, Key>, 'find' | 'save'> {
  return {
    find: (query) => findOwn(collection, selectOwn, query),
    save: async (document) => {
      await checkOwn(document);
      await collection.save(document);
    },
  };
}

/**
 * Finds annotations of the scope. An annotation does not say whose it is, so older ones are read until there are enough
 * of the scope's own.
 */
async function findOwn<Document extends Annotation, Key extends string>(
  { find }: Pick<Collection<Document, Key>, 'find'>,
  selectOwn: Select,
  query: DocumentQuery<Key> = {},
): Promise<readonly Document[]> {
  const { limit: wanted } = query;
  if (wanted === undefined) return selectOwn(await find(query));
  for (let limit = wanted; ; limit = Math.min(limit * 4, MAX_SEARCHED)) {
    const found = await find({ ...query, limit });
    const own = await selectOwn(found);
    if (own.length >= wanted || found.length < limit || limit >= MAX_SEARCHED) return own.slice(0, wanted);
  }
}

/**
 * Finds the agents of the hosts from which the scope has lines. The message of a condition is removed, because it may
 * name files of other teams; its code, which says what to do, is enough.
 */
async function findAgents(store: ReadableStore, scope: TeamScope): Promise<AgentStatus[]> {
  const own = await selectAsync(await store.agents.find(), async ({ host }) => {
    const query = `host.name:${JSON.stringify(host)}`;
    return (await store.findRecords({ query, scope, limit: 1, order: 'newest' })).records.length > 0;
  });
  return own.map((agent) => ({
    ...agent,
    processes: undefined,
    conditions: agent.conditions.map(({ code, since }) => ({ code, message: '', since })),
  }));
}

async function selectAsync<Item>(
  items: readonly Item[],
  isWanted: (item: Item) => Promise<boolean>,
): Promise<readonly Item[]> {
  const wanted = new Set<Item>();
  for (let start = 0; start < items.length; start += AT_ONCE)
    await Promise.all(
      items.slice(start, start + AT_ONCE).map(async (item) => {
        if (await isWanted(item)) wanted.add(item);
      }),
    );
  return items.filter((item) => wanted.has(item));
}
