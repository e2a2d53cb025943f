// A store that can show only what is theirs: a team's scope (patterns of clusters, job ids and job names) around what
// people ask of a store. In: any store, and a scope. Out: the same port, whose every answer, count and page is made of
// the scope's own records and incidents, so that no route and no tool can forget to ask. The API hands it to each
// request.
import type { Feedback } from '../core/routing/feedback.js';
import type { Triage } from '../core/routing/triage.js';
import { createError } from '../core/errors.js';
import type { Silence } from '../core/routing/silence.js';
import { fitsGlob, type Glob } from '../core/text/glob.js';
import { ALL_CLUSTERS, type Incident, type LogRecord } from '../core/types.js';
import type {
  AgentRegistry,
  AgentStatus,
  Alert,
  AlertStore,
  AskLimits,
  FeedbackStore,
  IncidentRow,
  IncidentStore,
  RecordSearch,
  SilenceStore,
  StoreHealth,
  TriageStore,
} from './store.js';

/** What people ask of a store. They write nothing but what they say of diagnoses and cards, and their silences. */
export type ReadableStore = RecordSearch &
  Pick<IncidentStore, 'findIncident' | 'findIncidents' | 'pageIncidents' | 'countJobIncidents' | 'sumGroup'> &
  Pick<AlertStore, 'findAlerts'> &
  FeedbackStore &
  TriageStore &
  SilenceStore &
  Pick<AgentRegistry, 'findAgentStatuses'> &
  StoreHealth;

/** Undefined: all of it. Empty: nothing. */
export type TeamScope = readonly Glob[] | undefined;

/** What a scope pattern is held against: a record's or an incident's own names. */
export interface Owned {
  readonly cluster: string;
  readonly jobId?: string | undefined;
  readonly jobName?: string | undefined;
}

/** Of the alerts so many are looked through, the newest. */
const MOST_ALERTS = 5000;
/** Times as many neighbours as are wanted, where most are of others. */
const WIDER = [1, 8, 64];
/** Questions to the store at once. */
const AT_ONCE = 8;

/** True when one of the patterns fits the cluster, the job id or the job name. */
export function isInScope({ cluster, jobId, jobName }: Owned, scope: TeamScope): boolean {
  if (scope === undefined) return true;
  const names = [cluster, jobId, jobName].filter((name) => name !== undefined);
  return scope.some((glob) => names.some((name) => fitsGlob(glob, name)));
}

/** Every method by name: one that is added to the port does not compile until it stands here. */
export function scopeStore(store: ReadableStore, scope: TeamScope): ReadableStore {
  if (scope === undefined) return store;
  const findIncident = async (id: string): Promise<Incident | undefined> => {
    const incident = await store.findIncident(id);
    return incident === undefined || !ownsIncident(incident, scope) ? undefined : hideParent(incident, scope);
  };
  /** Of what is about incidents the scope's own: asked at once, and one by one where a card became another. */
  const selectOwn = async <Item extends { readonly incidentId: string }>(items: readonly Item[]): Promise<Item[]> => {
    const ids = [...new Set(items.map(({ incidentId }) => incidentId))];
    const stored = await findRows(store, ids);
    const others = ids.filter((id) => !stored.has(id));
    const own = new Set([
      ...[...stored.values()].filter((row) => ownsIncident(row, scope)).map(({ id }) => id),
      ...(await selectAsync(others, async (id) => (await findIncident(id)) !== undefined)),
    ]);
    return items.filter(({ incidentId }) => own.has(incidentId));
  };
  const checkOwn = async ({ incidentId }: { readonly incidentId: string }): Promise<void> => {
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
      // Whom nobody shows the platform incident, sees each of its jobs.
      const page = await store.pageIncidents({ ...query, scope, isTop: isTop && ownsAll(scope) });
      return { ...page, rows: page.rows.map((row) => hideParent(row, scope)) };
    },
    countJobIncidents: (query) => store.countJobIncidents({ ...query, scope }),
    sumGroup: (query) => store.sumGroup({ ...query, scope }),
    findAlerts: (query) => findAlerts(store, selectOwn, query),
    findFeedback: async (query): Promise<Feedback[]> => selectOwn(await store.findFeedback(query)),
    saveFeedback: async (feedback) => {
      await checkOwn(feedback);
      await store.saveFeedback(feedback);
    },
    findTriage: async (query): Promise<Triage[]> => selectOwn(await store.findTriage(query)),
    saveTriage: async (triage) => {
      await checkOwn(triage);
      await store.saveTriage(triage);
    },
    findSilences: async (query) => (await store.findSilences(query)).filter((silence) => ownsSilence(silence, scope)),
    saveSilence: async (silence) => {
      if (!ownsSilence(silence, scope))
        throw createError('JT_REQUEST_INVALID', {
          problems: 'matchers: "job" or "cluster" must name only what this token may see',
        });
      await store.saveSilence(silence);
    },
    findAgentStatuses: () => findAgents(store, scope),
    check: () => store.check(),
    readTime: () => store.readTime(),
    readKeyEnd: () => store.readKeyEnd(),
    checkRoom: () => store.checkRoom(),
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

/** Every job, or every cluster, that it may silence is of the scope: as patterns, so `pay-*` is within `pay-*`. */
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

/** Whoever does not see all clusters is not sent to what stands for all of them. */
function hideParent<Shown extends Pick<Incident, 'parent'>>(shown: Shown, scope: TeamScope): Shown {
  return ownsAll(scope) ? shown : { ...shown, parent: undefined };
}

function ownsAll(scope: TeamScope): boolean {
  return isInScope({ cluster: ALL_CLUSTERS }, scope);
}

type Context = Awaited<ReturnType<RecordSearch['findContext']>>;

/** As many neighbours as were asked for, whatever of others stands between them. */
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

/** An alert does not say whose it is: older ones are read until there are enough of the scope's own. */
async function findAlerts(
  store: ReadableStore,
  selectOwn: (alerts: readonly Alert[]) => Promise<Alert[]>,
  query: Parameters<AlertStore['findAlerts']>[0],
): Promise<Alert[]> {
  for (let limit = query.limit; ; limit = Math.min(limit * 4, MOST_ALERTS)) {
    const found = await store.findAlerts({ ...query, limit });
    const own = await selectOwn(found);
    if (own.length >= query.limit || found.length < limit || limit >= MOST_ALERTS) return own.slice(0, query.limit);
  }
}

/**
 * Those of the hosts that the scope has lines of. The words of a condition may name files of other teams: its code and
 * what to do are enough.
 */
async function findAgents(store: ReadableStore, scope: TeamScope): Promise<AgentStatus[]> {
  const own = await selectAsync(await store.findAgentStatuses(), async ({ host }) => {
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
