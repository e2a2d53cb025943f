// Test helper for access: data of two teams in one store, alpha and beta, in one cluster and partly in one process, and
// data that belong to both. All data of alpha contain its name, so that a leak is visible. Only tests import this file.
import type { Incident } from '../../core/documents/incident.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import { appendRecords, makeIncident, makeRecord, waitUntil } from '../../store/testing/samples.js';
import type { Store } from '../../store/store.js';
import { incidentOf, UNDELIVERABLE } from './server.js';

export type Team = 'alpha' | 'beta';

const JOB_IDS: Readonly<Record<Team, string>> = { alpha: 'a1fa'.repeat(8), beta: 'be7a'.repeat(8) };
const LINES = 6;

export const jobOf = (team: Team): readonly [string, string] => [JOB_IDS[team], `${team}-orders`];
export const incidentIdOf = (team: Team): string => `incident-of-${team}`;
export const PLATFORM_ID = 'platform-alpha';
/** Failure group with failures of both teams. */
export const SHARED_GROUP = 'g1-5ba4ed';

/**
 * Returns the records of a team. Every other line of one shared process is alpha's; each team has its own process too.
 */
function listRecords(team: Team) {
  const job = jobOf(team);
  const first = team === 'alpha' ? 0 : 1;
  const shared = Array.from({ length: LINES }, (_, index) =>
    makeRecord(first + 2 * index, { text: `${team} line ${index}`, job, level: 'INFO', logger: `com.${team}.Sink` }),
  );
  const own = Array.from({ length: LINES }, (_, index) =>
    makeRecord(first + 2 * index, {
      host: `${team}-node`,
      path: `/logs/${team}.log`,
      text: `${team} met com.${team}.LedgerException`,
      error: [`com.${team}.LedgerException`],
      level: 'ERROR',
      job,
    }),
  );
  return [...shared, ...own];
}

export const recordIdOf = (team: Team): string => listRecords(team)[0]?.id ?? '';

function makeUnknown(team: Team, group: string): Incident['unknown'][number] {
  return {
    fingerprint: `f-${team}`,
    group: { id: group, type: 'a.B', message: 'm *' },
    chain: ['a.B'],
    message: `${team} failed`,
    owner: 'user-code',
    count: 1,
    evidence: [],
  };
}

async function fillTeam(store: Store, team: Team): Promise<void> {
  const job = jobOf(team);
  await appendRecords(store, listRecords(team));
  await store.saveIncident(
    incidentOf(incidentIdOf(team), job, { parent: PLATFORM_ID, processes: [`${team}-node-tm`] }),
  );
  for (const group of [SHARED_GROUP, `g1-${team}`])
    await store.saveIncident(
      incidentOf(`unknown-of-${team}-${group}`, job, {
        diagnoses: { en: [], zh: [] },
        unknown: [makeUnknown(team, group)],
      }),
    );
  for (const state of ['undeliverable', 'pending'] as const)
    await store.alerts.save({
      ...UNDELIVERABLE,
      id: `${team}/hook/${state}`,
      incidentId: incidentIdOf(team),
      receiver: `${team}-hook`,
      state,
    });
  await store.feedback.save({
    incidentId: incidentIdOf(team),
    rule: 'network.insufficient-buffers/total',
    verdict: 'right',
    by: `${team}-person`,
    at: '2026-11-20T10:00:00.000Z',
  });
  await store.triage.save({
    incidentId: incidentIdOf(team),
    state: 'ignored',
    comment: `${team} knows`,
    by: `${team}-person`,
    at: '2026-11-20T10:00:00.000Z',
  });
  await store.jobLines.saveAll([
    { cluster: 'session-1', jobId: job[0], jobName: job[1], spans: [], words: [], records: [], lastMs: 0 },
  ]);
  await fillAgent(store, `${team}-node`, `/logs/${team}.log cannot be read.`);
}

async function fillAgent(store: Store, host: string, message: string): Promise<void> {
  const time = '2026-11-20T10:00:00.000Z';
  const conditions = [{ code: 'JT_FILE_UNREADABLE', message, since: time }];
  await store.agents.save({
    id: host,
    host,
    time,
    files: 2,
    lagBytes: 1,
    shippedRecords: 4,
    counters: {},
    conditions,
  });
}

/** Stores the data of these teams and, if both are given, the platform incident over them. */
export async function fillTeams(store: Store, teams: readonly Team[]): Promise<Store> {
  for (const team of teams) await fillTeam(store, team);
  // Data that belong to both teams contain alpha's name in their texts.
  await fillAgent(store, 'h1', '/logs/alpha.log cannot be read.');
  const children = teams.map((team) => ({ ...incidentOf(incidentIdOf(team), jobOf(team)) }));
  await store.saveIncident(
    makeIncident(PLATFORM_ID, {
      cluster: ALL_CLUSTERS,
      platform: { kind: 'zookeeper', thing: 'alpha-zk:2181', jobs: 2, clusters: 1, children },
    }),
  );
  await waitUntil('what was written can be found', () => isAllFound(store, teams.length));
  return store;
}

async function isAllFound(store: Store, teams: number): Promise<boolean | string> {
  const found = {
    records: (await store.searchRecords({ limit: 1, order: 'newest' })).total === 2 * LINES * teams,
    incidents: (await store.findIncidents({ limit: 100 })).length === 3 * teams + 1,
    alerts: (await store.alerts.find({ limit: 100 })).length === 2 * teams,
    feedback: (await store.feedback.find()).length === teams,
    triage: (await store.triage.find()).length === teams,
    agents: (await store.agents.find()).length === teams + 1,
    lines: (await store.jobLines.find({ where: { cluster: 'session-1' } })).length === teams,
  };
  return Object.values(found).every(Boolean) || JSON.stringify(found);
}
