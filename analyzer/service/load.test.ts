// Tests the service under load: very many jobs that fail at once, and old records that wait while a job fails now.
import { describe, expect, it } from 'vitest';
import { nameFailingJob, renderFailingJobs, type FailingJobs } from '../../bench/logs/flood.js';
import { createLog } from '../../core/log.js';
import type { LogRecord } from '../../core/types.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import { splitText } from '../input/read.js';
import { toRecord } from '../testing/samples.js';
import { createAnalyzer, type Analyzer } from './analyzer.js';
import { MAX_SHOWN } from './flood.js';
import { catalog, drain, openStore, type Heard } from './testing/service.js';

const NOW = Date.parse('2026-03-02T12:00:00Z');
const JOB_MANAGER = 'flink-u-standalonesession-0-host.log';
const HOUR_MS = 3_600_000;

function makeRecords(cluster: string, jobs: Omit<FailingJobs, 'isShared' | 'hasTasks'>): readonly LogRecord[] {
  const text = renderFailingJobs({ isShared: false, hasTasks: false, ...jobs });
  return splitText(text, JOB_MANAGER).map((entry) =>
    toRecord({ ...entry, source: { ...entry.source, cluster } }, `host-${cluster}`),
  );
}

function start(store: Store, lastSeen: Heard[], more: { readonly skipsBacklog?: boolean } = {}): Analyzer {
  return createAnalyzer({
    store,
    catalog,
    log: createLog('silent'),
    now: () => NOW,
    batchSize: 50,
    onIncident: (incident, change) => void lastSeen.push({ incident, change }),
    ...more,
  });
}

function nameJobs(lastSeen: readonly Heard[]): readonly (string | undefined)[] {
  return lastSeen.map(({ incident }) => incident.job?.name);
}

describe('very many jobs of a cluster that fail within a minute', () => {
  const jobs = 130;
  const records = makeRecords('session', { jobs, start: NOW - 60_000 });

  it('are shown one by one up to a limit, and all of them on one card; each is stored', async () => {
    const store = openStore();
    const lastSeen: Heard[] = [];
    await appendRecords(store, records);
    await drain(start(store, lastSeen));
    const stored = await store.findIncidents({ limit: 1000 });
    const [card, ...more] = stored.filter(({ platform }) => platform !== undefined);

    expect(stored.filter(({ job }) => job !== undefined)).toHaveLength(jobs);
    expect(stored.filter(({ job, parent }) => job !== undefined && parent === undefined)).toHaveLength(MAX_SHOWN);
    expect(more).toEqual([]);
    expect(card).toMatchObject({ cluster: 'session', platform: { kind: 'flood', clusters: 1 } });
    expect(stored.filter(({ parent }) => parent === card?.id)).toHaveLength(jobs - MAX_SHOWN);
    expect(lastSeen.filter(({ incident }) => incident.parent === undefined && incident.job !== undefined)).toHaveLength(
      MAX_SHOWN,
    );
    await store.close();
  });

  it('stand behind the same card after a restart', async () => {
    const store = openStore();
    await appendRecords(store, records);
    await drain(start(store, []));
    const before = await store.findIncidents({ limit: 1000 });
    const lastSeen: Heard[] = [];
    await drain(start(store, lastSeen));
    const after = await store.findIncidents({ limit: 1000 });

    const parentsOf = (incidents: typeof before): unknown => incidents.map(({ id, parent }) => [id, parent]).sort();
    expect(parentsOf(after)).toEqual(parentsOf(before));
    expect(lastSeen.filter(({ change }) => change === 'new')).toEqual([]);
    await store.close();
  });
});

describe('old records that wait', () => {
  const old = [0, 1, 2, 3, 4].flatMap((cluster) =>
    makeRecords(`old-${cluster}`, { jobs: 100, start: NOW - 20 * HOUR_MS, everyMs: 1000, first: cluster * 1000 }),
  );
  const live = makeRecords('now', { jobs: 1, start: NOW - 1000, first: 9000 });

  it('do not delay what fails now, and come to the same in the end', async () => {
    const store = openStore();
    const lastSeen: Heard[] = [];
    await appendRecords(store, [...old, ...live]);
    const analyzer = start(store, lastSeen);
    await analyzer.stepOnce();
    const { drained } = await analyzer.stepOnce();

    expect(drained).toBe(false);
    expect(analyzer.status().oldestUnreadMs).toBeGreaterThan(HOUR_MS);
    expect(nameJobs(lastSeen)).toContain(nameFailingJob(9000));
    await drain(analyzer);
    expect(analyzer.status().oldestUnreadMs).toBe(0);
    const inOrder = openStore();
    await appendRecords(inOrder, old);
    const other = start(inOrder, []);
    await drain(other);
    await appendRecords(inOrder, live);
    await drain(other);
    const list = async (one: Store): Promise<unknown> =>
      [...(await one.findIncidents({ limit: 5000 }))].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(JSON.stringify(await list(store))).toBe(JSON.stringify(await list(inOrder)));
    await store.close();
    await inOrder.close();
  });

  it('are skipped when that is wanted, and what comes then is read', async () => {
    const store = openStore();
    const lastSeen: Heard[] = [];
    await appendRecords(store, old);
    const analyzer = start(store, lastSeen, { skipsBacklog: true });
    await drain(analyzer);
    await appendRecords(store, live);
    await drain(analyzer);

    expect(nameJobs(lastSeen)).toEqual([nameFailingJob(9000)]);
    await store.close();
  });
});
