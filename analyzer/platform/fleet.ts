// Reads what agents report of processes from the store, and decides which clusters must be checked because something in
// them may have ended, and which agents are silent. A cluster whose processes run and write causes no requests. The
// analyzer that holds the platform assignment (lease.ts) writes the incidents of agents.
import { toIso } from '../../core/time/iso.js';
import { JobtraceError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import type { Incident } from '../../core/documents/incident.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import type { Collections, IncidentStore, RecordSearch } from '../../store/store.js';
import { PLATFORM } from './decide.js';
import type { Fence } from './fence.js';
import type { Lease } from './lease.js';
import { nameAgentEnding, renderAgent } from './card.js';
import {
  createProcessRegistry,
  listChangeKeys,
  RECENT_MS,
  type ProcessRegistry,
  type SeenAgent,
  type ReportedProcess,
} from './process-registry.js';

export interface WatchOptions {
  readonly store: Pick<Collections, 'agents'> & Pick<IncidentStore, 'findIncidents'> & JobSource;
  readonly lease: Lease;
  readonly fence: Fence;
  readonly log: Log;
  readonly now: () => number;
  readonly onIncident: ((incident: Incident, change: 'new' | 'changed') => void | Promise<void>) | undefined;
}

type JobSource = Pick<RecordSearch, 'countJobRecords'>;

export interface ClusterWatch {
  /** Reads the reports at a limited rate, and writes the incidents of agents. Throws what the store throws. */
  step(): Promise<void>;
  /** Returns the clusters in which something may have ended since their last check, each once. */
  takeDue(isOurs: (cluster: string) => boolean): readonly string[];
  livesOf(cluster: string): readonly ReportedProcess[];
  /** Returns the number of agents whose clock differs much from that of the store. */
  countClocksOff(): number;
}

/** Time between two reads of the reports, in milliseconds. Agents report every five seconds. */
const POLL_MS = 3000;
/** Time, in milliseconds, without a read of the reports after which the analyzer cannot know who was silent. */
const DEAF_MS = 15_000;
/** Time, in milliseconds, within which a restarted agent does not count as stopped. Nothing is reported for it. */
const RESTART_MS = 60_000;
const MAX_FOUND = 1000;
/** Number of clusters of one node whose jobs are named. */
const MAX_CLUSTERS = 10;
const HOUR_MS = 3_600_000;

interface Watching extends WatchOptions {
  readonly processRegistry: ProcessRegistry;
  lives: ReadonlyMap<string, readonly ReportedProcess[]>;
  /** Reasons for a check of each cluster, as of its last check. */
  readonly checked: Map<string, ReadonlySet<string>>;
  /** Current incidents of agents, by id. */
  readonly open: Map<string, Incident>;
  checkedAt: number;
  epoch: number | undefined;
  isDenied: boolean;
  /** Hosts with a wrong clock that were logged already. */
  clocksOff: ReadonlySet<string>;
}

export function createClusterWatch(options: WatchOptions): ClusterWatch {
  const watching: Watching = {
    ...options,
    processRegistry: createProcessRegistry(),
    lives: new Map(),
    checked: new Map(),
    open: new Map(),
    checkedAt: Number.NEGATIVE_INFINITY,
    epoch: undefined,
    isDenied: false,
    clocksOff: new Set(),
  };
  return {
    step: () => step(watching),
    takeDue: (isOurs) => takeDue(watching, isOurs),
    livesOf: (cluster) => watching.lives.get(cluster) ?? [],
    countClocksOff: () => watching.clocksOff.size,
  };
}

async function step(watching: Watching): Promise<void> {
  const { processRegistry, now, store } = watching;
  const sinceMs = now() - watching.checkedAt;
  if (sinceMs >= 0 && sinceMs < POLL_MS) return;
  if (sinceMs < 0 || sinceMs >= DEAF_MS) processRegistry.resetTimes();
  try {
    processRegistry.update(await store.agents.find(), now());
    watching.isDenied = false;
  } catch (error) {
    if (!(error instanceof JobtraceError) || error.code !== 'JT_STORE_DENIED') throw error;
    reportDenied(watching);
  }
  watching.checkedAt = now();
  watching.lives = processRegistry.clusters(now());
  reportClocks(watching);
  await stepAgents(watching);
}

/** Logs each agent with a wrong clock once, until its clock is right again. */
function reportClocks(watching: Watching): void {
  const off = watching.processRegistry.agents(watching.now()).filter(({ aheadMs }) => aheadMs !== 0);
  for (const { status, aheadMs } of off)
    if (!watching.clocksOff.has(status.host))
      watching.log.warn(
        { code: 'JT_CLOCK', host: status.host, aheadMs },
        'The clock of the node of an agent differs from that of the store; set it (NTP, chrony).',
      );
  watching.clocksOff = new Set(off.map(({ status }) => status.host));
}

/** Logs missing rights once. Rights that were granted for an earlier release do not include the reports of agents. */
function reportDenied(watching: Watching): void {
  if (!watching.isDenied)
    watching.log.warn(
      { code: 'JT_STORE_DENIED' },
      'The analyzer is not allowed to read agent reports, so it cannot detect lost processes or agents; "jobtrace setup" grants the right.',
    );
  watching.isDenied = true;
}

function takeDue({ lives, checked, now }: Watching, isOurs: (cluster: string) => boolean): readonly string[] {
  const due: string[] = [];
  for (const [cluster, own] of lives) {
    if (!isOurs(cluster)) continue;
    const keys = listChangeKeys(own, now());
    const before = checked.get(cluster);
    if (keys.length === 0) checked.delete(cluster);
    else checked.set(cluster, new Set(keys));
    if (keys.some((key) => before?.has(key) !== true)) due.push(cluster);
  }
  for (const cluster of checked.keys()) if (!lives.has(cluster)) checked.delete(cluster);
  return due;
}

/**
 * Writes the incidents of agents: each is stored first, then reported. The next holder of the platform assignment loads
 * them from the store.
 */
async function stepAgents(watching: Watching): Promise<void> {
  const { lease, processRegistry, now, open } = watching;
  const epoch = lease.epoch(PLATFORM);
  if (epoch === undefined) return;
  if (epoch !== watching.epoch) await loadAgents(watching);
  watching.epoch = epoch;
  const agents = processRegistry.agents(now());
  for (const agent of agents) {
    const { status, isSilent } = agent;
    const { stopped } = status;
    const stoppedMs = stopped === undefined ? 0 : now() - Date.parse(stopped);
    const isStopped = stopped !== undefined && stoppedMs >= RESTART_MS && stoppedMs < RECENT_MS;
    const isDue = stopped === undefined ? isSilent : isStopped && (status.processes?.length ?? 0) > 0;
    if (isDue && !open.has(nameAgentEnding(status))) await writeAgent(watching, agent);
  }
  for (const incident of open.values()) {
    const agent = agents.find(({ status }) => status.id === incident.process);
    const isBack = agent !== undefined && agent.status.time > (incident.firstSeen ?? '') && !agent.isSilent;
    if (incident.outcome !== 'failing' || !isBack) continue;
    const isNotice = agent.status.stopped !== undefined;
    await write(watching, { ...incident, outcome: isNotice ? 'canceled' : 'recovered' }, 'changed');
  }
  for (const [id, { firstSeen, outcome }] of open)
    if (outcome !== 'failing' && now() - Date.parse(firstSeen ?? '') > 24 * HOUR_MS) open.delete(id);
}

async function loadAgents({ store, open, now }: Watching): Promise<void> {
  const from = toIso(now() - 24 * HOUR_MS);
  for (const incident of [
    ...(await store.findIncidents({ cluster: ALL_CLUSTERS, outcome: 'failing', limit: MAX_FOUND })),
    ...(await store.findIncidents({ cluster: ALL_CLUSTERS, from, limit: MAX_FOUND })),
  ])
    if (incident.ending?.kind.startsWith('agent-') === true) open.set(incident.id, incident);
}

async function writeAgent(watching: Watching, { status }: SeenAgent): Promise<void> {
  const clusters = [...new Set((status.processes ?? []).map(({ cluster }) => cluster))].sort();
  const jobs = await listJobs(watching, clusters);
  const isStopped = status.stopped !== undefined;
  await write(watching, renderAgent({ status, isStopped, clusters, jobs }), 'new');
}

async function write(
  { fence, open, onIncident }: Watching,
  incident: Incident,
  change: 'new' | 'changed',
): Promise<void> {
  await fence.save(incident);
  await onIncident?.(incident, change);
  open.set(incident.id, incident);
}

/** Returns the names of the jobs of these clusters that wrote within the last hour. */
async function listJobs({ store, now }: Watching, clusters: readonly string[]): Promise<readonly string[]> {
  const names = new Set<string>();
  const from = toIso(now() - HOUR_MS);
  for (const cluster of clusters.slice(0, MAX_CLUSTERS)) {
    const { jobs } = await store.countJobRecords({ cluster, from });
    // The name of a job may be missing in a line with its id. Another line has both.
    const known = new Map(jobs.map(({ id, name }) => [name === undefined ? undefined : id, name]));
    for (const { name, id } of jobs) {
      const shown = name ?? known.get(id) ?? id;
      if (shown !== undefined) names.add(shown);
    }
  }
  return [...names].sort();
}
