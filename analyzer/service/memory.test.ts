import { describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import type { LogRecord } from '../../core/types.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import { createAnalyzer, type Analyzer } from './analyzer.js';
import { RECORD_READER } from '../entry/record.js';
import { createServiceState, loadServiceState } from './state.js';
import { JOB_A, makeLog, toRecord } from '../testing/samples.js';
import { catalog, cut, drain, type Heard, now, openStore, records, startAnalyzer } from './testing/service.js';

describe('what is kept of a cluster', () => {
  it('keeps a healthy job small however long it runs', async () => {
    const store = openStore();
    const analyzer = startAnalyzer(store);
    const start = `10:00:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state CREATED to RUNNING.`;
    const checkpoints = Array.from({ length: 9000 }, (_, index) => {
      const [hours, minutes, seconds] = [10 + Math.floor(index / 900), Math.floor(index / 15) % 60, (index % 15) * 4];
      const time = [hours, minutes, seconds].map((part) => String(part).padStart(2, '0')).join(':');
      return `${time} INFO org.apache.flink.runtime.checkpoint.CheckpointCoordinator - Completed checkpoint ${index + 1} for job ${JOB_A} (1 bytes, checkpointDuration=1 ms, finalizationTime=1 ms).`;
    });
    const log = makeLog('flink-u-standalonesession-0-h.log', [start, ...checkpoints]).map((entry) => toRecord(entry));
    let most = 0;

    for (const batch of cut(log, 1000)) {
      await appendRecords(store, batch);
      await drain(analyzer);
      most = Math.max(most, analyzer.status().signals);
    }

    expect(analyzer.status().records).toBe(9001);
    expect(most).toBeLessThan(3000);
    await store.close();
  });

  it('writes the state of a cluster when it has learned something, and loses no last line', async () => {
    const store = openStore();
    let present = Date.parse('2026-03-02T10:05:00Z');
    const written: string[] = [];
    const counting: Store = {
      ...store,
      saveState: (key, value) => {
        written.push(key);
        return store.saveState(key, value);
      },
    };
    const analyzer = createAnalyzer({
      store: counting,
      reader: RECORD_READER,
      catalog,
      log: createLog('silent'),
      now: () => present,
    });
    const [running, ...others] = makeLog('flink-u-standalonesession-0-h.log', [
      `10:00:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state CREATED to RUNNING.`,
      '10:00:01 INFO com.acme.Report - One more row.',
      '10:00:02 INFO com.acme.Report - Another row.',
    ]).map((entry) => toRecord(entry));

    for (const record of [running, ...others]) {
      await appendRecords(store, record === undefined ? [] : [record]);
      await drain(analyzer);
      present += 6000;
    }

    const key = 'analyzer/0-of-1';
    expect(written.filter((name) => name.startsWith(key))).toEqual([`${key}/cluster/cluster-1`, key, key, key]);
    const again = createServiceState();
    await loadServiceState(store, key, again, present);
    expect([...(again.clusters.get('cluster-1')?.lastLines.values() ?? [])].map((line) => line.text)).toEqual([
      expect.stringContaining('Another row.'),
    ]);
    expect(again.clusters.get('cluster-1')?.signals.size).toBe(1);
    await store.close();
  });

  it('lets a silent cluster rest in the store, knows it again when it is heard of, and forgets it at last', async () => {
    const store = openStore();
    const heard: Heard[] = [];
    const gone: string[] = [];
    const hour = 3_600_000;
    let present = now;
    const open = (): Analyzer =>
      createAnalyzer({
        store,
        reader: RECORD_READER,
        catalog,
        log: createLog('silent'),
        now: () => present,
        forgetMs: 48 * hour,
        onIncident: (incident, change) => void heard.push({ incident, change }),
        onGone: (id) => void gone.push(id),
      });
    const plain = makeLog('flink-u-taskexecutor-9-h.log', ['10:00:01 INFO com.acme.Report - One row.']);
    const later = (cluster: string): readonly LogRecord[] =>
      plain.map((entry) => toRecord({ ...entry, source: { ...entry.source, cluster, path: `${cluster}/${present}` } }));
    let analyzer = open();
    await appendRecords(store, records);
    await drain(analyzer);
    const [first] = heard;
    const own = first?.incident.cluster ?? '';
    const kept = analyzer.status();
    expect([kept.clusters, kept.incidents]).toEqual([1, 1]);

    // Steps without lines, as the loop makes them.
    for (let step = 0; step < 20; step++) {
      present += hour;
      await analyzer.stepOnce();
    }
    expect([analyzer.status().clusters, analyzer.status().signals]).toEqual([0, 0]);
    analyzer = open();
    await analyzer.stepOnce();
    expect(analyzer.status().clusters).toBe(0);

    await appendRecords(store, later(own));
    await drain(analyzer);
    expect(analyzer.status()).toMatchObject({ clusters: 1, signals: kept.signals, incidents: 1 });
    expect(new Set(heard.map(({ incident }) => incident.id))).toEqual(new Set([first?.incident.id]));
    expect(gone).toEqual([]);

    for (let step = 0; step < 60; step++) {
      present += hour;
      await appendRecords(store, later('other'));
      await drain(analyzer);
    }
    expect(analyzer.status().clusters).toBe(1);
    expect((await store.loadState(`analyzer/0-of-1/cluster/${own}`))?.length).toBeUndefined();
    expect(await store.loadState('analyzer/0-of-1')).not.toContain(own);
    expect(await store.findIncidents({ limit: 10 })).toHaveLength(1);
    await store.close();
  });
});
