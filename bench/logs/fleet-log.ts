// Provides the log of a fleet, a million records a day, its incidents, and the ten most frequent searches in the form
// of the page. For bench/queries.ts and bench/load.ts.
import type { LogRecord } from '../../core/types.js';
import { makeDiagnosis, makeIncident } from '../../core/testing/incidents.js';
import { encodeRecords } from '../../store/encode.js';
import type { RecordQuery, Store } from '../../store/store.js';

export interface FleetSize {
  readonly records: number;
  readonly incidents: number;
}

const BEGIN = Date.parse('2026-11-01T00:00:00.000Z');
const STEP_MS = 86.4;
const HOUR_MS = 3_600_000;
const BATCH = 5000;
const JOBS = 100;
const PROCESSES = 200;
/** Number of incidents saved at once, because Elasticsearch makes each of them visible before it answers. */
const AT_ONCE = 32;

const LINES: readonly ((number: number) => string)[] = [
  (number) => `Triggering checkpoint ${number} (type=CheckpointType{name='Checkpoint'}) @ ${BEGIN + number} for job.`,
  (number) =>
    `Completed checkpoint ${number} for job (${number % 90_000} bytes, checkpointDuration=${number % 4000} ms).`,
  (number) => `Source: orders[${number % 16}] -> Filter (${(number % 8) + 1}/8) switched from INITIALIZING to RUNNING.`,
  (number) => `Resetting offset for partition orders-${number % 64} to position FetchPosition{offset=${number}}.`,
  (number) => `Un-registering task and sending final execution state FINISHED to JobManager for task ${number}.`,
  (number) => `The rolling policy closed the part file part-${number % 32}-${number} of bucket 2026-11.`,
  (number) => `[AdminClient clientId=client-${number % 128}] Node ${number % 9} disconnected.`,
];
const WARNING = (number: number): string => `Checkpoint ${number} of the job expired before completing.`;
const FAILURE = (number: number): string =>
  `Map (${(number % 8) + 1}/8) switched from RUNNING to FAILED.\njava.util.concurrent.TimeoutException: Heartbeat of TaskManager with id tm-${number % PROCESSES} timed out.\n\tat org.apache.flink.runtime.jobmaster.JobMaster.run(JobMaster.java:1476)`;

/** Fills an empty store. Returns when all of it can be found. */
export async function fillFleet(store: Store, { records, incidents }: FleetSize): Promise<void> {
  for (let from = 0; from < records; from += BATCH) {
    const count = Math.min(BATCH, records - from);
    const outcomes = await store.append(
      encodeRecords(
        store.encoding,
        Array.from({ length: count }, (_, index) => makeRecord(from + index)),
      ),
    );
    if (outcomes.some(({ kind }) => kind !== 'stored')) throw new Error(`A batch at ${from} was not stored.`);
    if (from % 500_000 === 0) console.error(`${from.toLocaleString('en')} records`);
  }
  for (let from = 0; from < incidents; from += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, incidents - from) }, (_, index) =>
        store.saveIncident(describeIncident(from + index, { records, incidents })),
      ),
    );
  const isThere = async (): Promise<boolean> =>
    (await store.searchRecords({ limit: 1, order: 'newest' })).total === records;
  while (!(await isThere())) await new Promise((resume) => setTimeout(resume, 500));
}

function makeRecord(number: number): LogRecord {
  const process = number % PROCESSES;
  const job = process % JOBS;
  const [level, say] =
    number % 997 === 5
      ? (['ERROR', FAILURE] as const)
      : number % 97 === 3
        ? (['WARN', WARNING] as const)
        : (['INFO', LINES[number % LINES.length] ?? WARNING] as const);
  const message = say(number);
  const time = new Date(BEGIN + number * STEP_MS).toISOString();
  const text = `${time} ${level} org.apache.flink.runtime.Class${number % 40} [] - ${message}`;
  return {
    id: `h${process}:/logs/tm.log:${String(number).padStart(12, '0')}`,
    '@timestamp': time,
    message,
    'event.original': text,
    'log.file.path': '/logs/tm.log',
    'log.offset': number,
    'host.name': `h${process}`,
    'flink.cluster': `session-${job % 10}`,
    'jobtrace.process': `h${process}-tm`,
    'jobtrace.kind': 'log',
    'jobtrace.layout': 'flink',
    'jobtrace.length': text.length,
    'log.level': level,
    'log.logger': `org.apache.flink.runtime.Class${number % 40}`,
    'flink.component': 'taskmanager',
    'flink.job.id': String(job).padStart(32, 'a'),
    'flink.job.name': `job-${job}`,
    ...(level === 'ERROR' ? { 'error.type': 'java.util.concurrent.TimeoutException' } : {}),
  };
}

function describeIncident(number: number, { records, incidents }: FleetSize): ReturnType<typeof makeIncident> {
  const time = new Date(BEGIN + (number / incidents) * records * STEP_MS).toISOString();
  return makeIncident([makeDiagnosis(`network.cause-${number % 40}/any`)], {
    id: `incident-${number}`,
    cluster: `session-${number % 10}`,
    job: { id: String(number % JOBS).padStart(32, 'a'), name: `job-${number % JOBS}` },
    firstSeen: time,
    lastSeen: time,
    outcome: number % 3 === 0 ? 'failing' : 'recovered',
  });
}

const PAGE = { limit: 100, order: 'newest' } as const;
const FIRST_PAGE = { ...PAGE, histogramBuckets: 60, facets: true } as const;

/** Returns the ten searches with their names. */
export function listSearches(records: number): readonly (readonly [name: string, query: RecordQuery])[] {
  const end = BEGIN + records * STEP_MS;
  const last = (hours: number): Pick<RecordQuery, 'from' | 'to'> => ({
    from: new Date(end - hours * HOUR_MS).toISOString(),
    to: new Date(end).toISOString(),
  });
  return [
    ['the last quarter of an hour', { ...FIRST_PAGE, ...last(0.25) }],
    ['errors, an hour', { ...FIRST_PAGE, query: 'level:ERROR', ...last(1) }],
    ['a job, an hour', { ...FIRST_PAGE, query: 'job:job-17', ...last(1) }],
    ['errors of a job, a day', { ...FIRST_PAGE, query: 'job:job-17 level:ERROR', ...last(24) }],
    ['an exception, a day', { ...FIRST_PAGE, query: 'TimeoutException', ...last(24) }],
    ['a phrase, an hour', { ...FIRST_PAGE, query: '"expired before completing"', ...last(1) }],
    ['a process, an hour', { ...FIRST_PAGE, process: 'h117-tm', ...last(1) }],
    ['a word without another, an hour', { ...FIRST_PAGE, query: 'checkpoint -Completed', ...last(1) }],
    ['one number, of all', { ...FIRST_PAGE, query: String(Math.floor(records / 7) * 5 + 1) }],
    ['the next page of a day', { ...PAGE, query: 'level:WARN', ...last(24) }],
  ];
}
