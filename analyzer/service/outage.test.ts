import { describe, expect, it } from 'vitest';
import { createError } from '../../core/errors.js';
import { createLog } from '../../core/log.js';
import type { LogRecord } from '../../core/types.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import { makeLog, toRecord } from '../testing/samples.js';
import { createAnalyzer, type Analyzer } from './analyzer.js';
import { catalog, drain, type Heard, openStore, records, startAnalyzer } from './testing/service.js';

describe('a store that fails', () => {
  it('goes on after the store failed, and says so once', async () => {
    const store = openStore();
    await appendRecords(store, records);
    let failures = 3;
    const flaky: Store = {
      ...store,
      readRecords: (cursor, options) =>
        failures-- > 0
          ? Promise.reject(createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'refused' }))
          : store.readRecords(cursor, options),
    };
    const lastSeen: Heard[] = [];
    const analyzer = startAnalyzer(flaky, lastSeen);

    await expect(analyzer.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    failures = 0;
    await drain(analyzer);

    expect(lastSeen).toHaveLength(1);
    await store.close();
  });

  it('stores an incident that could not be stored at first', async () => {
    const store = openStore();
    await appendRecords(store, records);
    let failures = 1;
    const lastSeen: Heard[] = [];
    const analyzer = startAnalyzer(
      {
        ...store,
        saveIncidents: (writes) =>
          failures-- > 0
            ? Promise.reject(createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'refused' }))
            : store.saveIncidents(writes),
      },
      lastSeen,
    );

    await expect(analyzer.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    await drain(analyzer);

    expect(lastSeen).toHaveLength(1);
    expect(await store.findIncidents({ limit: 10 })).toHaveLength(1);
    await store.close();
  });

  it('knows what it told the store before it died without writing that down', async () => {
    const store = openStore();
    const lastSeen: Heard[] = [];
    const isJobManager = (record: LogRecord): boolean => record['flink.component'] === 'jobmanager';

    await appendRecords(
      store,
      records.filter((record) => !isJobManager(record)),
    );
    const dying = startAnalyzer(
      {
        ...store,
        states: {
          ...store.states,
          save: () => Promise.reject(createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'killed' })),
        },
      },
      lastSeen,
    );
    await expect(dying.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    await appendRecords(store, records.filter(isJobManager));
    await drain(startAnalyzer(store, lastSeen));

    expect(await store.findIncidents({ limit: 10 })).toHaveLength(1);
    expect(new Set(lastSeen.map((item) => item.incident.id)).size).toBe(1);
    expect(lastSeen.map((item) => item.change)).toEqual(['new', 'changed']);
    await store.close();
  });

  it('knows it also when the lines of another process come first in its next life', async () => {
    const store = openStore();
    const lastSeen: Heard[] = [];
    const isJobManager = (record: LogRecord): boolean => record['flink.component'] === 'jobmanager';
    const failed =
      records.find((record) => !isJobManager(record) && record['event.original'].includes('Insufficient number'))?.[
        '@timestamp'
      ] ?? '';
    const own = records.filter((record) => !isJobManager(record) && record['@timestamp'] <= failed);
    const others = records.filter((record) => isJobManager(record) && record['@timestamp'] > failed);
    const pages = [others, own];

    await appendRecords(store, own);
    const dying = startAnalyzer(
      {
        ...store,
        states: {
          ...store.states,
          save: () => Promise.reject(createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'killed' })),
        },
      },
      lastSeen,
    );
    await expect(dying.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    const next = startAnalyzer(
      {
        ...store,
        readRecords: () => Promise.resolve({ records: pages.shift() ?? [], cursor: 'x', drained: pages.length === 0 }),
      },
      lastSeen,
    );
    await next.stepOnce();
    await next.stepOnce();

    expect(others.length).toBeGreaterThan(0);
    expect(new Set(lastSeen.map((item) => item.incident.id)).size).toBe(1);
    expect(lastSeen.length).toBeGreaterThan(1);
    expect(lastSeen.filter((item) => item.change === 'new')).toHaveLength(1);
    await store.close();
  });

  it('does not forget a task whose job was not told yet when it died', async () => {
    const store = openStore();
    const failed = Date.parse('2026-03-02T10:05:00Z');
    const open = (now: number): Analyzer =>
      createAnalyzer({ store, catalog, log: createLog('silent'), now: () => now });
    const lines = makeLog('flink-u-taskexecutor-0-h.log', [
      '10:05:00 WARN org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (22222222222222222222222222222222_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:',
      'java.io.IOException: No space left on device',
      '\tat org.apache.flink.core.fs.FileSystem.write(FileSystem.java:1) ~[flink-dist-1.20.1.jar:1.20.1]',
    ]);
    await appendRecords(
      store,
      lines.map((entry) => toRecord(entry)),
    );

    await drain(open(failed + 1000));
    expect(await store.findIncidents({ limit: 10 })).toEqual([]);
    await drain(open(failed + 120_000));

    expect(await store.findIncidents({ limit: 10 })).toHaveLength(1);
    await store.close();
  });
});
