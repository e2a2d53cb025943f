// Tests which records the service reads: possible failures and records that no agent has judged by the signal words;
// facts where something failed. The rest is requested where it is needed.
import { describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import type { Incident } from '../../core/documents/incident.js';
import type { LogRecord } from '../../core/types.js';
import { mayBeOfForm } from '../../flink/bytes/forms.js';
import { createSignalDetector, SIGNAL_RANK, rankEntry, type SignalDetector } from '../../flink/bytes/signals.js';
import { decodeWords, renderSignal, SIGNAL_VERSION_KEY, SIGNAL_WORDS_KEY } from '../../flink/bytes/words.js';
import { openSqliteStore } from '../../store/sqlite/sqlite.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import type { Catalog } from '../catalog/catalog.js';
import { listSignalWords } from '../catalog/signal-words.js';
import { makeCatalog, makeLog, TEST_RULES, toRecord } from '../testing/samples.js';
import { createAnalyzer, type Analyzer } from './analyzer.js';

const catalog = makeCatalog(TEST_RULES);
const now = Date.parse('2026-03-02T10:30:00Z');

function startAnalyzer(store: Store, rules: Catalog = catalog): Analyzer {
  return createAnalyzer({ store, catalog: rules, log: createLog('silent'), now: () => now });
}

/** Returns the number of records that the analyzer read. */
async function drain(analyzer: Analyzer): Promise<number> {
  let records = 0;
  for (;;) {
    const step = await analyzer.stepOnce();
    records += step.records;
    if (step.drained) return records;
  }
}

const markerOf = (rules: Catalog): SignalDetector => createSignalDetector(listSignalWords(rules));

function mark(records: readonly LogRecord[], marker: SignalDetector): readonly LogRecord[] {
  return records.map((record) => {
    const bytes = Buffer.from(record['event.original']);
    const isOfForm = mayBeOfForm({
      kind: record['jobtrace.kind'],
      path: record['log.file.path'],
      offset: record['log.offset'],
      bytes,
      isLaidOut: record['jobtrace.layout'] !== 'none',
    });
    return { ...record, 'jobtrace.signal': marker.signals[isOfForm ? SIGNAL_RANK.yes : rankEntry(marker, bytes)] };
  });
}

async function conclude(records: readonly LogRecord[]): Promise<{ read: number; incidents: readonly Incident[] }> {
  const store = openSqliteStore({ path: ':memory:' });
  await appendRecords(store, records);
  const read = await drain(startAnalyzer(store));
  const incidents = await store.findIncidents({ limit: 100 });
  await store.close();
  return { read, incidents };
}

const JOB = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1';
const COORDINATOR = 'org.apache.flink.runtime.checkpoint.CheckpointCoordinator';
const MASTER = 'org.apache.flink.runtime.jobmaster.JobMaster';
const MANAGER = 'org.apache.flink.runtime.resourcemanager.active.ActiveResourceManager';
const RUNNER = 'org.apache.flink.runtime.taskexecutor.TaskManagerRunner';
const quiet = (process: string): readonly string[] =>
  Array.from({ length: 50 }, (_, index) => `10:05:${10 + index} INFO a.b.C - ${process} has nothing to say ${index}`);
const jobmanager = makeLog('/l/flink-u-standalonesession-0-jm.log', [
  `10:00:00 INFO ${COORDINATOR} - Starting.`,
  `10:00:01 INFO ${MANAGER} - Registering TaskManager with ResourceID tm-1:1-a (pekko.tcp://flink@h:1/user/rpc/taskmanager_0) at ResourceManager`,
  `10:00:02 INFO ${MASTER} - Job orders (${JOB}) switched from state CREATED to RUNNING.`,
  ...quiet('the JobManager'),
  `10:20:00 WARN ${MASTER} - Source: orders (1/1) (${JOB}_0_0) switched from RUNNING to FAILED on tm-1:1-a @ h (dataPort=1).`,
  'org.apache.flink.runtime.jobmaster.JobMasterException: TaskManager with id tm-1:1-a is no longer reachable.',
  `10:20:00 INFO ${MASTER} - Job orders (${JOB}) switched from state RUNNING to FAILED.`,
  'org.apache.flink.runtime.jobmaster.JobMasterException: TaskManager with id tm-1:1-a is no longer reachable.',
]);
const taskmanager = makeLog('/l/flink-u-taskexecutor-0-h.log', [
  `10:00:00 INFO ${RUNNER} - Starting TaskManager with ResourceID: tm-1:1-a`,
  ...quiet('the TaskManager'),
  '10:19:58 INFO a.b.C - the very last words',
]);
/** Second of two jobs. It goes on running, and only its checkpoints are stored. */
const BESIDE = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2';
const checkpoints = Array.from({ length: 200 }, (_, second) =>
  [JOB, BESIDE].map(
    (job) =>
      `10:1${Math.floor(second / 50)}:${10 + (second % 50)} INFO ${COORDINATOR} - Completed checkpoint ${second} for job ${job} (4817 bytes, checkpointDuration=11 ms, finalizationTime=1 ms).`,
  ),
).flat();
const orders = makeLog('/l/flink-u-standalonesession-0-two.log', [
  `10:00:00 INFO ${COORDINATOR} - Starting.`,
  `10:00:02 INFO ${MASTER} - Job orders (${JOB}) switched from state CREATED to RUNNING.`,
  ...checkpoints,
  `10:15:00 WARN ${COORDINATOR} - a line that names no job`,
  'java.io.IOException: No space left on device',
  '\tat java.io.FileOutputStream.writeBytes(Native Method)',
  `10:20:00 WARN ${MASTER} - Source: orders (1/1) (${JOB}_0_0) switched from RUNNING to FAILED on tm-1:1-a @ h (dataPort=1).`,
  'java.io.IOException: No space left on device',
  '\tat java.io.FileOutputStream.writeBytes(Native Method)',
  `10:20:00 INFO ${MASTER} - Job orders (${JOB}) switched from state RUNNING to FAILED.`,
  'java.io.IOException: No space left on device',
  '\tat java.io.FileOutputStream.writeBytes(Native Method)',
])
  .map((entry) => toRecord(entry))
  .map((record) => ({ ...record, 'flink.job.id': / for job (\w{32})/.exec(record['event.original'])?.[1] }));
const hourly = makeLog('/l/flink-u-standalonesession-0-hourly.log', [
  `07:00:02 INFO ${MASTER} - Job orders (${JOB}) switched from state CREATED to RUNNING.`,
  `07:10:10 INFO ${COORDINATOR} - Completed checkpoint 7 for job ${JOB} (4817 bytes, checkpointDuration=11 ms, finalizationTime=1 ms).`,
  `10:20:00 INFO ${MASTER} - Job orders (${JOB}) switched from state RUNNING to FAILED.`,
  'java.io.IOException: No space left on device',
  '\tat java.io.FileOutputStream.writeBytes(Native Method)',
])
  .map((entry) => toRecord(entry))
  .map((record) => ({ ...record, 'flink.job.id': / for job (\w{32})/.exec(record['event.original'])?.[1] }));
const laterFacts = makeLog('/l/flink-u-standalonesession-0-other.log', [
  `10:21:00 INFO a.b.C - The first line of a file.`,
  `10:21:02 INFO ${MASTER} - Job orders (${JOB}) switched from state CREATED to RUNNING.`,
])
  .slice(1)
  .map((entry) => toRecord(entry));
const records = [...jobmanager, ...taskmanager].map((entry) => toRecord(entry));

describe('the service', () => {
  it('comes to the same from what is marked as from everything, the last line of a lost process included', async () => {
    const all = await conclude(records);
    const marked = await conclude(mark(records, markerOf(catalog)));

    expect(all.read).toBe(records.length);
    expect(marked.read).toBeLessThan(15);
    expect(marked.incidents).toEqual(all.incidents);
    expect(marked.incidents.map(({ diagnoses }) => diagnoses.en[0]?.title)).toEqual([
      expect.stringContaining('the very last words'),
    ]);
  });

  it('reads no fact of a cluster in which nothing fails, and asks for all of them when something does', async () => {
    const store = openSqliteStore({ path: ':memory:' });
    const run = mark(orders, markerOf(catalog));
    const failing = run.findIndex((record) => record['event.original'].includes('names no job'));

    await appendRecords(store, run.slice(0, failing));
    const healthy = await drain(startAnalyzer(store));
    await appendRecords(store, run.slice(failing));
    const failed = await drain(startAnalyzer(store));
    const incidents = await store.findIncidents({ limit: 100 });
    await store.close();

    expect(healthy).toBe(0);
    expect(failed).toBe(3);
    expect(incidents).toEqual((await conclude(orders)).incidents);
    expect(incidents.map(({ job, facts }) => [job?.name, facts.lastCheckpoint?.id])).toEqual([
      ['orders', 199],
      [undefined, undefined],
    ]);
  });

  it('asks for the last checkpoint before a failure, however long ago, also where it names no job', async () => {
    const nameless = hourly.map((record) => ({
      ...record,
      'flink.job.id': undefined,
      'event.original': record['event.original'].replace(/ for job \w{32} \((\d+ bytes), .*/, ' ($1 in 11 ms).'),
    }));

    for (const log of [hourly, nameless]) {
      const { incidents } = await conclude(mark(log, markerOf(catalog)));

      expect(incidents).toEqual((await conclude(log)).incidents);
      expect(incidents.map(({ facts }) => facts.lastCheckpoint?.id)).toEqual([7]);
    }
  });

  it('knows the facts that come after something failed, over restarts', async () => {
    const store = openSqliteStore({ path: ':memory:' });
    await appendRecords(store, mark(orders, markerOf(catalog)));
    await drain(startAnalyzer(store));

    await appendRecords(store, mark(laterFacts, markerOf(catalog)));
    await drain(startAnalyzer(store));
    const [incident] = await store.findIncidents({ limit: 100 });
    await store.close();

    expect(incident).toEqual((await conclude([...orders, ...laterFacts])).incidents[0]);
    expect(incident?.outcome).toBe('failing');
  });

  it('reads what other words have marked or not, and what nobody has judged', async () => {
    const other = makeCatalog({ 'kafka.auth/own': 'match: [{ id: a, anchor: "ledger is closed" }]' });
    const some = records.map((record, index) =>
      index % 2 === 0 ? record : { ...record, 'jobtrace.signal': undefined },
    );
    const judged = mark(some, markerOf(other));
    const { read, incidents } = await conclude(judged);

    expect(read).toBe(records.length);
    expect(incidents).toEqual((await conclude(records)).incidents);
  });

  it('tells the agents its words at its start and when rules have changed, and reads by them from then on', async () => {
    const store = openSqliteStore({ path: ':memory:' });
    const analyzer = startAnalyzer(store);
    await drain(analyzer);
    const first = decodeWords((await store.states.load(SIGNAL_WORDS_KEY))?.value ?? '');
    const next = makeCatalog({ ...TEST_RULES, 'kafka.auth/own': 'match: [{ id: a, anchor: "nothing to say 7" }]' });

    analyzer.setCatalog(next);
    await appendRecords(store, mark(records, markerOf(catalog)));
    const readByOld = await drain(analyzer);
    await appendRecords(
      store,
      mark(records, markerOf(next)).map((record) => ({ ...record, id: `again ${record.id}` })),
    );
    const readByNew = await drain(analyzer);

    expect(first).toEqual(listSignalWords(catalog));
    expect(decodeWords((await store.states.load(SIGNAL_WORDS_KEY))?.value ?? '')).toEqual(listSignalWords(next));
    expect((await store.states.load(SIGNAL_VERSION_KEY))?.value).toBe(listSignalWords(next).version);
    expect(readByOld).toBe(records.length);
    expect(readByNew).toBeLessThan(20);
    expect(renderSignal(listSignalWords(next), 'no')).toBe(markerOf(next).signals[SIGNAL_RANK.no]);
    await store.close();
  });
});
