// The service reads what an agent found a word of the catalog in, and what nobody judged by its words; the rest is
// asked for where it counts.
import { describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import type { Incident, LogRecord } from '../../core/types.js';
import { mayBeOfForm } from '../../flink/words/forms.js';
import { createSignalMarker, holdsWord, type SignalMarker } from '../../flink/words/marks.js';
import {
  decodeWords,
  describeWords,
  renderSignal,
  SIGNAL_VERSION_KEY,
  SIGNAL_WORDS_KEY,
} from '../../flink/words/words.js';
import { openSqliteStore } from '../../store/sqlite/sqlite.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import type { Catalog } from '../catalog/catalog.js';
import { RECORD_READER } from '../entry/record.js';
import { makeCatalog, makeLog, TEST_RULES, toRecord } from '../testing/samples.js';
import { createAnalyzer, type Analyzer } from './analyzer.js';

const catalog = makeCatalog(TEST_RULES);
const now = Date.parse('2026-03-02T10:30:00Z');

function startAnalyzer(store: Store, rules: Catalog = catalog): Analyzer {
  return createAnalyzer({ store, reader: RECORD_READER, catalog: rules, log: createLog('silent'), now: () => now });
}

/** How many records it read. */
async function drain(analyzer: Analyzer): Promise<number> {
  let records = 0;
  for (;;) {
    const step = await analyzer.stepOnce();
    records += step.records;
    if (step.drained) return records;
  }
}

const markerOf = (rules: Catalog): SignalMarker => createSignalMarker(describeWords(rules.literals));

function mark(records: readonly LogRecord[], marker: SignalMarker): readonly LogRecord[] {
  return records.map((record) => {
    const bytes = Buffer.from(record['event.original']);
    const isMarked =
      holdsWord(marker, bytes) ||
      mayBeOfForm({
        kind: record['jobtrace.kind'],
        path: record['log.file.path'],
        offset: record['log.offset'],
        bytes,
        isLaidOut: record['jobtrace.layout'] !== 'none',
      });
    return { ...record, 'jobtrace.signal': isMarked ? marker.yes : marker.no };
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
    const first = decodeWords((await store.loadState(SIGNAL_WORDS_KEY)) ?? '');
    const next = makeCatalog({ ...TEST_RULES, 'kafka.auth/own': 'match: [{ id: a, anchor: "nothing to say 7" }]' });

    analyzer.setCatalog(next);
    await appendRecords(store, mark(records, markerOf(catalog)));
    const readByOld = await drain(analyzer);
    await appendRecords(
      store,
      mark(records, markerOf(next)).map((record) => ({ ...record, id: `again ${record.id}` })),
    );
    const readByNew = await drain(analyzer);

    expect(first).toEqual(describeWords(catalog.literals));
    expect(decodeWords((await store.loadState(SIGNAL_WORDS_KEY)) ?? '')).toEqual(describeWords(next.literals));
    expect(await store.loadState(SIGNAL_VERSION_KEY)).toBe(describeWords(next.literals).version);
    expect(readByOld).toBe(records.length);
    expect(readByNew).toBeLessThan(20);
    expect(renderSignal(describeWords(next.literals), false)).toBe(markerOf(next).no);
    await store.close();
  });
});
