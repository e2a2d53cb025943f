// Tests that a restart loop writes little and loses nothing: when it ends, when it is idle, and when the analyzer dies.
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import type { Incident } from '../../core/documents/incident.js';
import type { LogRecord } from '../../core/types.js';
import { openSqliteStore } from '../../store/sqlite/sqlite.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import { readEntry } from '../entry/record.js';
import { diagnose } from '../incident/diagnose.js';
import { JOB_A, JOB_B, makeCatalog, makeLog, TEST_RULES, toRecord } from '../testing/samples.js';
import { createAnalyzer, type Analyzer } from './analyzer.js';
import { cut } from './testing/service.js';

const catalog = makeCatalog(TEST_RULES);
const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';
const START = Date.parse('2026-03-02T10:00:00Z');
const EVERY_S = 20;
const TRACE = ['java.io.IOException: No space left on device', '\tat org.apache.flink.A.b(A.java:1)'];

/** Returns the time that many seconds after the start. */
function clock(seconds: number): string {
  return new Date(START + 1000 * seconds).toISOString().slice(11, 19);
}

function epoch(seconds: number, job: string, change: string, trace: readonly string[] = []): readonly string[] {
  return [`${clock(seconds)} INFO ${GRAPH} - Job orders (${job}) switched from state ${change}.`, ...trace];
}

function restart(number: number, job = JOB_A): readonly string[] {
  const at = number * EVERY_S;
  return [...epoch(at, job, 'RUNNING to RESTARTING', TRACE), ...epoch(at + 5, job, 'RESTARTING to RUNNING')];
}

function toRecords(lines: readonly string[]): readonly LogRecord[] {
  return makeLog('/log/flink-u-standalonesession-0-jm.log', lines).map((entry) => toRecord(entry));
}

/** Analyzer whose clock follows the records, as if each had just been written. */
interface Service {
  readonly store: Store;
  readonly saves: Incident[];
  analyzer: Analyzer;
  now: number;
}

const opens: Service[] = [];
afterEach(() => Promise.all(opens.splice(0).map(({ store }) => store.close())));

function open(): Service {
  const sqlite = openSqliteStore({ path: ':memory:' });
  const saves: Incident[] = [];
  const store: Store = {
    ...sqlite,
    saveIncidents: (writes) => {
      saves.push(...writes.map(({ incident }) => incident));
      return sqlite.saveIncidents(writes);
    },
  };
  const clockwork = { now: START };
  const opened: Service = Object.assign(clockwork, { store, saves, analyzer: start(store, () => clockwork.now) });
  opens.push(opened);
  return opened;
}

function start(store: Store, now: () => number): Analyzer {
  return createAnalyzer({ store, catalog, log: createLog('silent'), now });
}

/** Feeds `size` records at a time. */
async function feed(opened: Service, records: readonly LogRecord[], size = 2): Promise<void> {
  for (const batch of cut(records, size)) {
    opened.now = Math.max(opened.now, ...batch.map((record) => Date.parse(record['@timestamp'])));
    await appendRecords(opened.store, batch);
    await drain(opened);
  }
}

async function drain({ analyzer }: Service): Promise<void> {
  while (!(await analyzer.stepOnce()).drained);
}

async function find({ store }: Service, job = JOB_A): Promise<Incident | undefined> {
  return (await store.findIncidents({ jobId: job, limit: 10 }))[0];
}

const RESTARTS = 60;
const restarts = Array.from({ length: RESTARTS }, (_, number) => restart(number)).flat();
const loop = toRecords(restarts);
const ended = toRecords([...restarts, ...epoch(RESTARTS * EVERY_S, JOB_A, 'RUNNING to FAILED', TRACE)]);

function expected(records: readonly LogRecord[], now: number): unknown {
  const entries = records.map(readEntry);
  return JSON.parse(JSON.stringify(diagnose(entries, catalog, { now })));
}

describe('what a restart loop writes', () => {
  it('is little, and never less than two thirds of it', async () => {
    const opened = open();
    for (const [index, records] of cut(loop, 2).entries()) {
      await feed(opened, records);
      expect((await find(opened))?.restarts).toBeGreaterThan((index + 1) / 1.5 - 1);
    }

    expect(opened.saves.length).toBeLessThan(20);
  });

  it('is five minutes behind at most, however rarely the job restarts', async () => {
    const opened = open();
    const every = 250 / EVERY_S;
    const rare = Array.from({ length: 40 }, (_, number) => restart(number * every)).flat();
    for (const [index, records] of cut(toRecords(rare), 2).entries()) {
      await feed(opened, records);
      expect((await find(opened))?.restarts).toBeGreaterThanOrEqual(index);
    }
  });

  it('is all of it at once when something else becomes of the job', async () => {
    const opened = open();

    await feed(opened, ended);

    expect(await opened.store.findIncidents({ limit: 10 })).toEqual(expected(ended, opened.now));
    expect((await find(opened))?.restarts).toBe(RESTARTS);
  });

  it('is all of it when the job rests for a while, and when the analyzer is stopped', async () => {
    const opened = open();
    await feed(opened, loop);
    const held = await find(opened);
    const stop = new AbortController();
    stop.abort();
    await opened.analyzer.run(stop.signal);
    const stopped = await find(opened);

    const other = open();
    await feed(other, loop);
    other.now += 400_000;
    await drain(other);

    expect(held?.restarts).toBeLessThan(RESTARTS);
    expect(stopped?.restarts).toBe(RESTARTS);
    expect(await find(other)).toEqual(stopped);
  });

  it('is the same in the end when the analyzer dies, wherever that is', async () => {
    const undisturbed = open();
    await feed(undisturbed, ended);
    const whole = await undisturbed.store.findIncidents({ limit: 10 });

    for (const at of [3, 61, ended.length]) {
      const opened = open();
      await feed(opened, ended.slice(0, at));
      opened.analyzer = start(opened.store, () => opened.now);
      await drain(opened);
      expect((await find(opened))?.restarts).toBe(Math.ceil(Math.min(at, loop.length) / 2));
      await feed(opened, ended.slice(at));

      expect(await opened.store.findIncidents({ limit: 10 })).toEqual(whole);
    }
  });

  it('is all of it before its lines are forgotten beside the loop of another job', async () => {
    const opened = open();
    const hours = (8 * 3600) / EVERY_S;
    const own = Array.from({ length: 7 }, (_, number) => restart(number)).flat();
    const others = Array.from({ length: 600 }, (_, number) => restart(hours + number, JOB_B)).flat();
    const waiting = epoch(7 * EVERY_S, JOB_A, 'RUNNING to RESTARTING', TRACE);
    const records = toRecords([...own, ...waiting, ...others]);

    await feed(opened, records.slice(0, 12));
    // The rest is read at once, as after an outage. The clock stands still meanwhile.
    await appendRecords(opened.store, records.slice(12, -2));
    await drain(opened);
    const held = await find(opened);
    await feed(opened, records.slice(-2));

    expect([held?.outcome, held?.restarts]).toEqual(['failing', 6]);
    expect((await find(opened))?.restarts).toBe(8);
  });
});
