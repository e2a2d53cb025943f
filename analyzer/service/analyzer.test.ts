import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createError } from '../../core/errors.js';
import { createLog } from '../../core/log.js';
import type { Entry, Incident, LogRecord } from '../../core/types.js';
import { openSqliteStore } from '../../store/sqlite/sqlite.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import { createAnalyzer, type Analyzer } from './analyzer.js';
import { RECORD_READER, type RecordReader } from '../entry/record.js';
import { createServiceState, loadServiceState } from './state.js';
import { loadCatalog } from '../catalog/catalog.js';
import { diagnose } from '../incident/diagnose.js';
import {
  BUFFER_RECORDING,
  JOB_A,
  JOB_B,
  TEST_RULES,
  makeCatalog,
  makeFolder,
  makeLog,
  readRecording,
  shuffle,
  toRecord,
} from '../testing/samples.js';

const catalog = loadCatalog();
const records = readRecording(BUFFER_RECORDING).map((entry) => toRecord(entry));
const now = Date.parse('2026-11-20T09:12:00Z');

function openStore(): Store {
  return openSqliteStore({ path: join(makeFolder(), 'data.db') });
}

interface Heard {
  readonly incident: Incident;
  readonly change: 'new' | 'changed';
}

function startAnalyzer(store: Store, heard: Heard[] = []): Analyzer {
  return createAnalyzer({
    store,
    reader: RECORD_READER,
    catalog,
    log: createLog('silent'),
    now: () => now,
    onIncident: (incident, change) => void heard.push({ incident, change }),
  });
}

async function drain(analyzer: Analyzer): Promise<void> {
  while (!(await analyzer.stepOnce()).drained);
}

async function waitUntil(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited 20 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function toPlain(incidents: readonly Incident[]): unknown {
  return JSON.parse(JSON.stringify(incidents));
}

async function run(
  batches: readonly (readonly LogRecord[])[],
  restartEach: boolean,
): Promise<{ readonly incidents: readonly Incident[]; readonly heard: readonly Heard[] }> {
  const store = openStore();
  const heard: Heard[] = [];
  let analyzer = startAnalyzer(store, heard);
  for (const batch of batches) {
    await appendRecords(store, batch);
    await drain(analyzer);
    if (restartEach) analyzer = startAnalyzer(store, heard);
  }
  const incidents = await store.findIncidents({ limit: 100 });
  await store.close();
  return { incidents, heard };
}

function cut(list: readonly LogRecord[], size: number): readonly (readonly LogRecord[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

describe('createAnalyzer', () => {
  it('stores the same incident that diagnose finds in the same records', async () => {
    const { incidents, heard } = await run([records], false);

    expect(toPlain(incidents)).toEqual(
      toPlain(
        diagnose(
          records.flatMap((record) => RECORD_READER.readEntry(record) ?? []),
          catalog,
          { now },
        ),
      ),
    );
    expect(heard.map((item) => item.change)).toEqual(['new']);
  });

  it('reads what another shipper stores through a reader of its own', async () => {
    const store = openStore();
    const documents = readRecording(BUFFER_RECORDING).map((entry) => ({ shipped: entry }));
    const pages = [[...documents, { shipped: undefined }]];
    const reader: RecordReader<{ readonly shipped: Entry | undefined }> = { readEntry: ({ shipped }) => shipped };
    const analyzer = createAnalyzer({
      store: {
        ...store,
        readRecords: () => Promise.resolve({ records: pages.shift() ?? [], cursor: 'x', drained: true }),
      },
      reader,
      catalog,
      log: createLog('silent'),
      now: () => now,
    });

    const { records: read, changed } = await analyzer.stepOnce();

    expect(read).toBe(documents.length + 1);
    expect(changed.map((incident) => incident.diagnoses.en[0]?.cause)).toEqual(['network.insufficient-buffers']);
    await store.close();
  });

  it('says a new incident once and changes under the same id, also when it is restarted after every batch', async () => {
    const { incidents, heard } = await run(cut(records, 40), true);

    expect(incidents).toHaveLength(1);
    expect(heard.filter((item) => item.change === 'new')).toHaveLength(1);
    expect(new Set(heard.map((item) => item.incident.id)).size).toBe(1);
  });

  it('comes to the same incidents when records come in another order and twice', async () => {
    const expected = await run([records], false);
    for (const seed of [1, 2, 3]) {
      const mixed = shuffle([...records, ...records.slice(100, 400)], seed);

      const { incidents } = await run(cut(mixed, 97), seed === 2);

      expect(incidents).toHaveLength(1);
      expect(toPlain(incidents.map((incident) => ({ ...incident, id: '' })))).toEqual(
        toPlain(expected.incidents.map((incident) => ({ ...incident, id: '' }))),
      );
    }
  });

  it('corrects a lost TaskManager to the cause in its .out file when that comes later', async () => {
    const store = openStore();
    const heard: Heard[] = [];
    const analyzer = createAnalyzer({
      store,
      reader: RECORD_READER,
      catalog: makeCatalog(TEST_RULES),
      log: createLog('silent'),
      now: () => now,
      onIncident: (incident, change) => void heard.push({ incident, change }),
    });
    const all = readRecording('lab/recordings/memory.heap-oom/out-file-only/1.20.5').map((entry) => toRecord(entry));
    const isOut = (record: LogRecord): boolean => record['log.file.path'].endsWith('.out');

    await appendRecords(
      store,
      all.filter((record) => !isOut(record)),
    );
    await drain(analyzer);
    await appendRecords(store, all.filter(isOut));
    await drain(analyzer);

    expect(heard.map((item) => [item.change, item.incident.diagnoses.en[0]?.cause])).toEqual([
      ['new', 'cluster.taskmanager-lost'],
      ['changed', 'memory.heap-oom'],
    ]);
    expect(new Set(heard.map((item) => item.incident.id)).size).toBe(1);
    await store.close();
  });

  it('does not announce a dying process of its own before its jobs have failed', async () => {
    const store = openStore();
    const heard: Heard[] = [];
    let present = Date.parse('2026-03-02T10:05:01Z');
    const analyzer = createAnalyzer({
      store,
      reader: RECORD_READER,
      catalog: makeCatalog(TEST_RULES),
      log: createLog('silent'),
      now: () => present,
      onIncident: (incident, change) => void heard.push({ incident, change }),
    });
    const jobs = [JOB_A, JOB_B];
    const start = jobs.map(
      (job, index) =>
        `10:00:0${index} INFO org.apache.flink.runtime.taskexecutor.TaskExecutor - Receive slot request ${String(index).repeat(32)} for job ${job} from resource manager with leader id 00000000000000000000000000000000.`,
    );
    const received = jobs.map(
      (_job, index) =>
        `10:00:0${index} INFO org.apache.flink.runtime.taskexecutor.TaskExecutor - Received task Map (1/1)#0 (${String(index + 2).repeat(32)}), deploy into slot with allocation id ${String(index).repeat(32)}.`,
    );
    const failed = jobs.flatMap((job, index) => [
      `10:05:2${index} INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job job-${index} (${job}) switched from state RUNNING to RESTARTING.`,
      'java.lang.Exception: TaskManager lost',
      '\tat org.apache.flink.A.b(A.java:1)',
    ]);
    const toRecords = (path: string, lines: readonly string[]): readonly LogRecord[] =>
      makeLog(path, lines).map((entry) => toRecord(entry));

    await appendRecords(
      store,
      toRecords('flink-u-taskexecutor-0-h.log', [
        ...start,
        ...received,
        '10:05:00 ERROR org.apache.flink.util.FatalExitExceptionHandler - FATAL: Thread x produced an uncaught exception. Stopping the process...',
        'java.lang.OutOfMemoryError: Java heap space',
        '\tat org.apache.flink.A.b(A.java:1)',
      ]),
    );
    await drain(analyzer);
    expect(heard).toEqual([]);
    present += 25_000;
    await appendRecords(store, toRecords('flink-u-standalonesession-0-h.log', failed));
    await drain(analyzer);

    expect(
      heard.map((item) => [item.change, item.incident.job?.id, item.incident.diagnoses.en[0]?.cause]).sort(),
    ).toEqual([
      ['new', JOB_A, 'memory.heap-oom'],
      ['new', JOB_B, 'memory.heap-oom'],
    ]);
    await store.close();
  });

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
    const heard: Heard[] = [];
    const analyzer = startAnalyzer(flaky, heard);

    await expect(analyzer.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    failures = 0;
    await drain(analyzer);

    expect(heard).toHaveLength(1);
    await store.close();
  });

  it('tells once by name which part of a rule fails, and goes on with all others', async () => {
    const said: string[] = [];
    const store = openStore();
    const rules = makeCatalog({
      'cluster.disk-full/a': `captures: { what: text }
title: { en: "{what} is full", zh: "{what} 已满" }
match: [{ id: a, anchor: "is full", regex: '(?P<what>\\w+) is full' }]
let: { next: "what + 1" }`,
    });
    const analyzer = createAnalyzer({
      store,
      reader: RECORD_READER,
      catalog: rules,
      log: createLog('warn', { write: (line) => void said.push(line) }),
      now: () => now,
    });
    const entries = makeLog(
      '/log/flink-x-taskexecutor-0-a.log',
      ['sda', 'sdb', 'sdc'].map((disk, index) => `09:10:0${index} WARN a.B - ${disk} is full`),
    );

    for (const entry of entries) {
      await appendRecords(store, [toRecord(entry)]);
      await drain(analyzer);
    }

    expect((await store.findIncidents({ limit: 10 })).map(({ diagnoses }) => diagnoses.en[0]?.cause)).toContain(
      'cluster.disk-full',
    );
    expect(said.map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'warn', rule: 'cluster.disk-full/a', part: 'let.next' }),
    ]);
    await store.close();
  });

  it('stores an incident that could not be stored at first', async () => {
    const store = openStore();
    await appendRecords(store, records);
    let failures = 1;
    const heard: Heard[] = [];
    const analyzer = startAnalyzer(
      {
        ...store,
        saveIncident: (incident) =>
          failures-- > 0
            ? Promise.reject(createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'refused' }))
            : store.saveIncident(incident),
      },
      heard,
    );

    await expect(analyzer.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    await drain(analyzer);

    expect(heard).toHaveLength(1);
    expect(await store.findIncidents({ limit: 10 })).toHaveLength(1);
    await store.close();
  });

  it('knows what it told the store before it died without writing that down', async () => {
    const store = openStore();
    const heard: Heard[] = [];
    const isJobManager = (record: LogRecord): boolean => record['flink.component'] === 'jobmanager';

    await appendRecords(
      store,
      records.filter((record) => !isJobManager(record)),
    );
    const dying = startAnalyzer(
      {
        ...store,
        saveState: () => Promise.reject(createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'killed' })),
      },
      heard,
    );
    await expect(dying.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    await appendRecords(store, records.filter(isJobManager));
    await drain(startAnalyzer(store, heard));

    expect(await store.findIncidents({ limit: 10 })).toHaveLength(1);
    expect(new Set(heard.map((item) => item.incident.id)).size).toBe(1);
    expect(heard.map((item) => item.change)).toEqual(['new', 'changed']);
    await store.close();
  });

  it('knows it also when the lines of another process come first in its next life', async () => {
    const store = openStore();
    const heard: Heard[] = [];
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
        saveState: () => Promise.reject(createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'killed' })),
      },
      heard,
    );
    await expect(dying.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    const next = startAnalyzer(
      {
        ...store,
        readRecords: () => Promise.resolve({ records: pages.shift() ?? [], cursor: 'x', drained: pages.length === 0 }),
      },
      heard,
    );
    await next.stepOnce();
    await next.stepOnce();

    expect(others.length).toBeGreaterThan(0);
    expect(new Set(heard.map((item) => item.incident.id)).size).toBe(1);
    expect(heard.length).toBeGreaterThan(1);
    expect(heard.filter((item) => item.change === 'new')).toHaveLength(1);
    await store.close();
  });

  // After an outage the files come one after the other, and all lines are old: nothing tells that a job's lines will
  // follow.
  it('knows the failure of a process as that of the job whose lines come later', async () => {
    const store = openStore();
    const heard: Heard[] = [];
    const gone: string[] = [];
    const analyzer = createAnalyzer({
      store,
      reader: RECORD_READER,
      catalog,
      log: createLog('silent'),
      now: () => Date.now(),
      onIncident: (incident, change) => void heard.push({ incident, change }),
      onGone: (id) => void gone.push(id),
    });
    const starved = readRecording('lab/recordings/network.buffer-starvation/backpressured-neighbour/1.20.5').map(
      (entry) => toRecord(entry),
    );
    const files = [...new Set(starved.map((record) => record['log.file.path']))].sort(
      (a, b) => Number(a.includes('standalonesession')) - Number(b.includes('standalonesession')),
    );

    for (const file of files) {
      await appendRecords(
        store,
        starved.filter((record) => record['log.file.path'] === file),
      );
      await drain(analyzer);
    }

    const [early, ...later] = heard;
    const [incident, ...others] = await store.findIncidents({ limit: 10 });
    expect(early?.incident.job).toBeUndefined();
    expect(others).toEqual([]);
    expect(incident).toMatchObject({ id: early?.incident.id, job: { name: 'live-dashboard' } });
    expect(later.at(-1)).toMatchObject({ change: 'changed', incident: { id: early?.incident.id } });
    // The other TaskManager had it too; of the two only one can go on as the job's.
    expect(gone).toEqual(
      heard.flatMap((item) =>
        item.change === 'new' && item.incident.id !== early?.incident.id ? [item.incident.id] : [],
      ),
    );
    await store.close();
  });

  it('finds what is appended while it runs, and ends when it is told to', async () => {
    const store = openStore();
    const heard: Heard[] = [];
    const stop = new AbortController();
    const running = createAnalyzer({
      store,
      reader: RECORD_READER,
      catalog,
      log: createLog('silent'),
      now: () => now,
      pollIntervalMs: 20,
      onIncident: (incident, change) => void heard.push({ incident, change }),
    }).run(stop.signal);

    await appendRecords(store, records);
    await waitUntil(() => heard.length > 0);
    stop.abort();
    await running;

    expect(heard[0]?.incident.diagnoses.en[0]?.cause).toBe('network.insufficient-buffers');
    expect(await store.loadState('analyzer/0-of-1')).toContain('cursor');
    await store.close();
  });

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

  it('replaces an entry that grew', async () => {
    const index = records.findIndex((record) =>
      record['event.original'].includes('Insufficient number of network buffers'),
    );
    const whole = records[index];
    if (whole === undefined) throw new Error('the recording has no such entry');
    const head = whole['event.original'].split('\n')[0] ?? '';
    const short: LogRecord = { ...whole, 'event.original': head, 'jobtrace.length': head.length };

    const { incidents } = await run(
      [
        [...records.slice(0, index), short],
        [whole, ...records.slice(index + 1)],
      ],
      false,
    );

    expect(incidents.map((incident) => incident.diagnoses.en[0]?.rule)).toEqual(['network.insufficient-buffers/total']);
    expect(incidents[0]?.unknown).toEqual([]);
  });
});
