import { describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import type { LogRecord } from '../../core/types.js';
import { appendRecords, waitUntil } from '../../store/testing/samples.js';
import { createAnalyzer } from './analyzer.js';
import { readEntry } from '../entry/record.js';
import { diagnose } from '../incident/diagnose.js';
import {
  JOB_A,
  JOB_B,
  TEST_RULES,
  makeCatalog,
  makeLog,
  readRecording,
  shuffle,
  toRecord,
} from '../testing/samples.js';
import { catalog, cut, drain, type Heard, now, openStore, records, run, toPlain } from './testing/service.js';

describe('createAnalyzer', () => {
  it('stores the same incident that diagnose finds in the same records', async () => {
    const { incidents, lastSeen } = await run([records], false);

    expect(toPlain(incidents)).toEqual(toPlain(diagnose(records.map(readEntry), catalog, { now })));
    expect(lastSeen.map((item) => item.change)).toEqual(['new']);
  });

  it('says a new incident once and changes under the same id, also when it is restarted after every batch', async () => {
    const { incidents, lastSeen } = await run(cut(records, 40), true);

    expect(incidents).toHaveLength(1);
    expect(lastSeen.filter((item) => item.change === 'new')).toHaveLength(1);
    expect(new Set(lastSeen.map((item) => item.incident.id)).size).toBe(1);
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
    const lastSeen: Heard[] = [];
    const analyzer = createAnalyzer({
      store,
      catalog: makeCatalog(TEST_RULES),
      log: createLog('silent'),
      now: () => now,
      onIncident: (incident, change) => void lastSeen.push({ incident, change }),
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

    expect(lastSeen.map((item) => [item.change, item.incident.diagnoses.en[0]?.cause])).toEqual([
      ['new', 'cluster.taskmanager-lost'],
      ['changed', 'memory.heap-oom'],
    ]);
    expect(new Set(lastSeen.map((item) => item.incident.id)).size).toBe(1);
    await store.close();
  });

  it('does not announce a dying process of its own before its jobs have failed', async () => {
    const store = openStore();
    const lastSeen: Heard[] = [];
    let present = Date.parse('2026-03-02T10:05:01Z');
    const analyzer = createAnalyzer({
      store,
      catalog: makeCatalog(TEST_RULES),
      log: createLog('silent'),
      now: () => present,
      onIncident: (incident, change) => void lastSeen.push({ incident, change }),
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
    expect(lastSeen).toEqual([]);
    present += 25_000;
    await appendRecords(store, toRecords('flink-u-standalonesession-0-h.log', failed));
    await drain(analyzer);

    expect(
      lastSeen.map((item) => [item.change, item.incident.job?.id, item.incident.diagnoses.en[0]?.cause]).sort(),
    ).toEqual([
      ['new', JOB_A, 'memory.heap-oom'],
      ['new', JOB_B, 'memory.heap-oom'],
    ]);
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

  // The files arrive one after the other after an outage, and all lines are old, so that nothing shows that the lines
  // of a job will follow.
  it('knows the failure of a process as that of the job whose lines come later', async () => {
    const store = openStore();
    const lastSeen: Heard[] = [];
    const gone: string[] = [];
    const analyzer = createAnalyzer({
      store,
      catalog,
      log: createLog('silent'),
      now: () => Date.now(),
      onIncident: (incident, change) => void lastSeen.push({ incident, change }),
      onGone: (id) => void gone.push(id),
    });
    // Records from which the TaskManagers' lines about their jobs are left out.
    const starved = readRecording('lab/recordings/network.buffer-starvation/backpressured-neighbour/1.20.5')
      .map((entry) => toRecord(entry))
      .filter((record) => record['log.level'] !== 'INFO' || record['flink.component'] !== 'taskmanager');
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

    const [early, ...later] = lastSeen;
    const [incident, ...others] = await store.findIncidents({ limit: 10 });
    expect(early?.incident.job).toBeUndefined();
    expect(others).toEqual([]);
    expect(incident).toMatchObject({ id: early?.incident.id, job: { name: 'live-dashboard' } });
    expect(later.at(-1)).toMatchObject({ change: 'changed', incident: { id: early?.incident.id } });
    // The other TaskManager had the failure too. Only one of the two incidents can become the job's.
    expect(gone).toEqual(
      lastSeen.flatMap((item) =>
        item.change === 'new' && item.incident.id !== early?.incident.id ? [item.incident.id] : [],
      ),
    );
    await store.close();
  });

  it('finds what is appended while it runs, and ends when it is told to', async () => {
    const store = openStore();
    const lastSeen: Heard[] = [];
    const stop = new AbortController();
    const running = createAnalyzer({
      store,
      catalog,
      log: createLog('silent'),
      now: () => now,
      pollIntervalMs: 20,
      onIncident: (incident, change) => void lastSeen.push({ incident, change }),
    }).run(stop.signal);

    await appendRecords(store, records);
    await waitUntil('an incident', async () => lastSeen.length > 0);
    stop.abort();
    await running;

    expect(lastSeen[0]?.incident.diagnoses.en[0]?.cause).toBe('network.insufficient-buffers');
    expect((await store.states.load('analyzer/part-0'))?.value).toContain('cursor');
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
