// Tests a second failure next to a lasting first one: recordings of two failures, spliced into the logs of one job that
// fails by the first, by the second and by the first again. Both must be on its incident, as two headlines, in whatever
// order the lines arrive, and no message may say that one corrects the other.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { diagnose } from '../analyzer/incident/diagnose.js';
import { splitText } from '../analyzer/input/read.js';
import { shuffle } from '../analyzer/testing/samples.js';
import { groupBy } from '../core/sequence.js';
import type { Incident } from '../core/documents/incident.js';
import type { Entry } from '../core/types.js';
import { parseEntry } from '../flink/layout/layout.js';
import { loadManifest, RECORDINGS_DIR } from '../lab/play/manifest.js';
import { spliceRecordings } from '../lab/play/splice.js';
import { openMemory } from '../lab/watch/replay-store.js';
import { playRecording, type Message } from '../lab/watch/replay.js';
import type { ReplayOrder } from '../lab/watch/order.js';

const JOB = { id: '5eec0d0000000000000000000000cafe', name: 'settlement' };

const OWN = 'code.user-exception/null-pointer/1.20.5';
const OTHER_OWN = 'code.user-exception/number-format/1.20.5';

interface Combination {
  readonly what: string;
  readonly parts: readonly string[];
  /** Rules that must each be a headline, whichever comes first. */
  readonly headlines: readonly string[];
}

const COMBINATIONS: readonly Combination[] = [
  {
    what: 'an own exception, and the heap of a neighbour',
    parts: [OWN, 'memory.heap-oom/task-heap/1.20.5', OWN],
    headlines: ['code.user-exception/own-code', 'memory.heap-oom/taskmanager'],
  },
  {
    what: 'checkpoints that expire, and a TaskManager that is killed',
    parts: [
      'checkpoint.timeout/backpressure/1.20.5',
      'cluster.taskmanager-lost/killed-from-outside/1.20.5',
      'checkpoint.timeout/backpressure/1.20.5',
    ],
    headlines: ['checkpoint.timeout/expired', 'cluster.taskmanager-lost/unreachable'],
  },
  {
    what: 'too few network buffers, and an own exception',
    parts: ['network.insufficient-buffers/total/1.20.5', OWN, 'network.insufficient-buffers/total/1.20.5'],
    headlines: ['network.insufficient-buffers/total', 'code.user-exception/own-code'],
  },
  {
    what: 'a storage that went away, and a node that was cut off',
    parts: [
      'storage.object-store/went-away/1.20.5',
      'cluster.node-lost/network-cut/1.20.5',
      'storage.object-store/went-away/1.20.5',
    ],
    headlines: ['storage.object-store/failed', 'cluster.node-lost/cut-off'],
  },
  {
    what: 'a Kafka that is gone, and an own exception',
    parts: ['kafka.unreachable/broker-gone/1.20.5', OTHER_OWN, 'kafka.unreachable/broker-gone/1.20.5'],
    headlines: ['kafka.unreachable/timeout', 'code.user-exception/own-code'],
  },
  {
    what: 'a serializer that fails, and a metaspace that is full',
    parts: [
      'code.serialization/kryo-field/1.20.5',
      'memory.metaspace-oom/leaking-class-loaders/1.20.5',
      'code.serialization/kryo-field/1.20.5',
    ],
    headlines: ['code.serialization/kryo', 'memory.metaspace-oom/taskmanager'],
  },
  {
    what: 'a container that is killed, and checkpoints that fail of their serializer',
    parts: [
      'cluster.taskmanager-lost/killed/1.20.5',
      'checkpoint.async-failed/serializer-throws/1.20.5',
      'cluster.taskmanager-lost/killed/1.20.5',
    ],
    headlines: ['cluster.taskmanager-lost/unreachable', 'checkpoint.async-failed/materialize'],
  },
  {
    what: 'a suspended ZooKeeper, and an own exception',
    parts: ['cluster.zookeeper-suspended/lost/1.20.5', OWN, OWN],
    headlines: ['cluster.zookeeper-suspended/suspended', 'code.user-exception/own-code'],
  },
  {
    what: 'state that is missing, then slots that are',
    parts: [
      'state.restore-failed/files-missing/1.20.5',
      'cluster.no-slots/parallelism-too-high/1.20.5',
      'state.restore-failed/files-missing/1.20.5',
    ],
    headlines: ['state.restore-failed/unreadable', 'cluster.no-slots/timeout'],
  },
  {
    what: 'the same cause twice',
    parts: ['memory.heap-oom/task-heap/1.20.5', 'memory.heap-oom/task-heap/1.20.5'],
    headlines: ['memory.heap-oom/taskmanager'],
  },
];

const catalog = loadCatalog();

/** Reads the entries by file, in the order of its lines. */
function readParts(parts: readonly string[]): readonly (readonly Entry[])[] {
  return [...spliceRecordings(parts, JOB)].map(([file, text]) => splitText(text, file));
}

function timeOf({ bytes, previousTime }: Entry): number {
  return parseEntry(bytes).time ?? previousTime ?? 0;
}

const ARRIVALS: Readonly<Record<string, (files: readonly (readonly Entry[])[]) => readonly Entry[]>> = {
  'file by file': (files) => files.flat(),
  'the last file first': (files) => files.toReversed().flat(),
  'as they were written': (files) => files.flat().sort((a, b) => timeOf(a) - timeOf(b)),
  shuffled: (files) => shuffle(files.flat(), 7),
};

function listHeadlines({ diagnoses: { en }, unknown }: Incident): readonly string[] {
  const named = en.filter(({ beside }, index) => index === 0 || beside === true).map(({ rule }) => rule);
  return [...named, ...unknown.map(({ chain }) => `unknown ${chain.at(-1) ?? ''}`)];
}

function findJobs(incidents: readonly Incident[]): readonly Incident[] {
  return incidents.filter(({ job }) => job?.id === JOB.id);
}

describe('a second failure beside a lasting first one', () => {
  it.each(COMBINATIONS)('stands beside it on the card: $what', ({ parts, headlines }) => {
    const files = readParts(parts);
    const [alone] = findJobs(diagnose(readParts(parts.slice(0, 1)).flat(), catalog));
    const [first, ...others] = Object.values(ARRIVALS).map((arrive) => diagnose(arrive(files), catalog));

    const [incident, ...more] = findJobs(first ?? []);
    expect(more).toEqual([]);
    expect([...listHeadlines(incident ?? failTest())].sort()).toEqual([...headlines].sort());
    expect(incident?.id).toBe(alone?.id);
    for (const other of others) expect(other).toEqual(first);
  });
});

describe('the service, of a second failure beside a lasting first one', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'jobtrace-second-'));
    for (const [index, { parts }] of COMBINATIONS.entries()) writeSpliced(join(root, `${index}`), parts);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(COMBINATIONS.map((combination, index) => ({ ...combination, index })))(
    'tells both and corrects neither by the other: $what',
    async ({ index, headlines }) => {
      const ends = new Map<ReplayOrder, readonly Incident[]>();
      for (const order of ['written', 'shuffled', 'jobmanager-late'] as const) {
        const place = { root, folder: join(root, 'play'), ...openMemory() };
        const { incidents, messages } = await playRecording(`${index}`, order, place);
        const own = messages.filter(({ incident }) => incident.job?.id === JOB.id);
        ends.set(order, incidents);
        expect(listUntold(headlines, own), order).toEqual([]);
        expect(listFalse(headlines, own), order).toEqual([]);
        const [card] = findJobs(incidents);
        expect([...listHeadlines(card ?? failTest())].sort(), order).toEqual([...headlines].sort());
      }
    },
    120_000,
  );
});

/** Lists the headlines of which nobody was notified. */
function listUntold(headlines: readonly string[], messages: readonly Message[]): readonly string[] {
  const told = new Set(messages.map(({ diagnosis }) => diagnosis?.cause));
  return headlines.filter((rule) => !told.has(rule.split('/')[0]));
}

/** Lists corrections of one headline by another. */
function listFalse(headlines: readonly string[], messages: readonly Message[]): readonly string[] {
  const causes = new Set(headlines.map((rule) => rule.split('/')[0]));
  return messages.flatMap(({ reason, diagnosis }, index) => {
    if (reason !== 'cause-corrected') return [];
    const before = messages.slice(0, index).flatMap((message) => message.diagnosis?.cause ?? []);
    const wrong = before.filter((cause) => causes.has(cause) && cause !== diagnosis?.cause);
    return wrong.length === before.length && before.length > 0
      ? [`${wrong.join(', ')} → ${diagnosis?.cause ?? ''}`]
      : [];
  });
}

function writeSpliced(folder: string, parts: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  const files = spliceRecordings(parts, JOB);
  for (const [file, text] of files) writeFileSync(join(folder, file), text);
  const manifest = loadManifest(join(RECORDINGS_DIR, parts[0] ?? ''));
  const byProcess = groupBy(files.keys(), (file) => file.replace(/\.(log|out)$/, ''));
  const processes = [...byProcess].map(([process, own]) => ({
    name: `${process.includes('taskexecutor') ? 'taskmanager' : 'jobmanager'}-${process}`,
    alive: true,
    files: own,
  }));
  const jobs = [{ ...JOB, state: 'RESTARTING', states: ['CREATED', 'RUNNING', 'RESTARTING'] }];
  const { scenario, title, flink, recordedAt, timeZone, cluster, expected, steps } = manifest;
  writeFileSync(
    join(folder, 'manifest.yaml'),
    stringify({
      ...{ scenario, title, flink, recordedAt, timeZone, cluster, jobs, processes },
      ...{ snapshots: [], expected: { cause: expected.cause, symptoms: [], job: JOB.id } },
      ...{ steps, cut: [], scrubbed: [] },
    }),
  );
}

function failTest(): never {
  throw new Error('There is no incident of the job.');
}
