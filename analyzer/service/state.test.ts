import { describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import type { LogRecord } from '../../core/types.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import { createAnalyzer, type Analyzer } from './analyzer.js';
import { JOB_A, makeLog, toRecord } from '../testing/samples.js';
import { catalog, cut, drain, type Heard, now, openStore, records, startAnalyzer } from './testing/service.js';

const KEY = 'analyzer/part-0';
/** State key of the previous release. */
const BEFORE = 'analyzer/0-of-1';

describe('what is kept of a cluster', () => {
  it('is nothing as long as nothing fails, however long that is', async () => {
    const store = openStore();
    const analyzer = startAnalyzer(store);
    const start = `10:00:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state CREATED to RUNNING.`;
    const checkpoints = Array.from({ length: 9000 }, (_, index) => {
      const [hours, minutes, seconds] = [10 + Math.floor(index / 900), Math.floor(index / 15) % 60, (index % 15) * 4];
      const time = [hours, minutes, seconds].map((part) => String(part).padStart(2, '0')).join(':');
      return `${time} INFO org.apache.flink.runtime.checkpoint.CheckpointCoordinator - Completed checkpoint ${index + 1} for job ${JOB_A} (1 bytes, checkpointDuration=1 ms, finalizationTime=1 ms).`;
    });
    const log = makeLog('flink-u-standalonesession-0-h.log', [start, ...checkpoints]).map((entry) => toRecord(entry));
    let max = 0;

    for (const batch of cut(log, 1000)) {
      await appendRecords(store, batch);
      await drain(analyzer);
      max = Math.max(max, analyzer.status().signals);
    }

    expect(analyzer.status().records).toBe(9001);
    expect(max).toBe(0);
    await store.close();
  });

  it('is nowhere but in memory: what is written is where the feed was read up to, and by which rules', async () => {
    const store = openStore();
    const written = new Map<string, string>();
    const analyzer = startAnalyzer({
      ...store,
      states: {
        ...store.states,
        save: (state) => {
          written.set(state.key, state.value);
          return store.states.save(state);
        },
      },
    });

    await appendRecords(store, records);
    await drain(analyzer);

    expect(analyzer.status().signals).toBeGreaterThan(0);
    const keys = [...written.keys()].filter((key) => key.startsWith('analyzer/'));
    expect(keys.sort()).toEqual([KEY, `${KEY}/rules`]);
    expect(written.get(KEY)?.length).toBeLessThan(200);
    await store.close();
  });

  it('comes from the store again when the cluster is heard of after a long silence, or after a restart', async () => {
    const store = openStore();
    const lastSeen: Heard[] = [];
    const gone: string[] = [];
    const hour = 3_600_000;
    let present = now;
    const open = (): Analyzer =>
      createAnalyzer({
        store,
        catalog,
        log: createLog('silent'),
        now: () => present,
        onIncident: (incident, change) => void lastSeen.push({ incident, change }),
        onGone: (id) => void gone.push(id),
      });
    const isFailure = (record: LogRecord): boolean =>
      record['event.original'].includes('Insufficient number of network');
    const again = records
      .filter(isFailure)
      .slice(-1)
      .map((record) => ({ ...record, id: `${record.id}-again` }));
    const analyzer = open();
    await appendRecords(store, records);
    await drain(analyzer);
    const kept = analyzer.status();
    expect([kept.clusters, kept.incidents]).toEqual([1, 1]);

    // Steps without new lines, as the loop makes them.
    for (let step = 0; step < 20; step++) {
      present += hour;
      await analyzer.stepOnce();
    }
    expect([analyzer.status().clusters, analyzer.status().signals]).toEqual([0, 0]);

    await appendRecords(store, again);
    await drain(analyzer);
    await drain(open());
    expect(new Set(lastSeen.map(({ incident }) => incident.id)).size).toBe(1);
    expect(gone).toEqual([]);
    const [incident, ...others] = await store.findIncidents({ limit: 10 });
    expect(incident?.firstSeen).toBe(lastSeen[0]?.incident.firstSeen);
    expect(others).toEqual([]);
    await store.close();
  });

  it('takes over from a release that had a document for each cluster, and removes those', async () => {
    const store = openStore();
    const { cursor } = await readAll(store);
    const before = { version: 1, cursor, clusters: ['a'], resting: [['b', now]] };
    await store.states.save({ key: BEFORE, value: JSON.stringify(before) });
    for (const cluster of ['a', 'b']) await store.states.save({ key: `${BEFORE}/cluster/${cluster}`, value: '{}' });

    const next = startAnalyzer(store);
    await drain(next);

    expect(next.status().records).toBe(0);
    for (const cluster of ['a', 'b'])
      expect((await store.states.load(`${BEFORE}/cluster/${cluster}`))?.value).toBeUndefined();
    await store.close();
  });

  it('takes over from a release whose analyzers shared the feed in a fixed way', async () => {
    const store = openStore();
    const { cursor } = await readAll(store);
    await store.states.save({ key: 'analyzer/0-of-2', value: JSON.stringify({ version: 2, cursor, forms: [] }) });

    const next = startAnalyzer(store);
    await drain(next);

    expect(next.status().records).toBe(0);
    await store.close();
  });
});

/**
 * Reads all records and returns the cursor. The state is removed, so that the store is as if no analyzer of this
 * release had run.
 */
async function readAll(store: Store): Promise<{ readonly cursor: string }> {
  const analyzer = startAnalyzer(store);
  await appendRecords(store, records);
  await drain(analyzer);
  const state = JSON.parse((await store.states.load(KEY))?.value ?? '') as { readonly cursor: string };
  await store.states.remove([KEY]);
  return state;
}
