// Tests the same failure in every place and format in which a node keeps its logs: one built "jobtrace up" over a
// folder of Flink's start scripts, YARN's containers, pods with the API server that names them, Docker, JSON and
// UTF-16. The logs are those of a real failure (lab/recordings/). Next to them are files of the JVM, and one that
// exists only for a moment.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CRASH } from '../analyzer/testing/crash.js';
import type { Incident } from '../core/documents/incident.js';
import type { LogRecord } from '../core/types.js';
import { parseEntry } from '../flink/layout/layout.js';
import { createSplitter } from '../flink/layout/split.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import { makeAuthority } from '../store/testing/tls-front.js';
import { expected, lines } from './agent-fixture.js';
import { runProgram, startProgram, waitUntil, type RunningProgram } from './program.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RECORDING = join(ROOT, 'lab/recordings/memory.heap-oom/gc-overhead/1.20.5');
const GC_LOG = join(ROOT, 'rules/recordings/memory.gc-pressure.heap-full-2.log');
const UID = '0b5d4f3e-6a41-4f0e-9f5e-0a7e0e1c2d3f';
const APPLICATION = 'application_1700000000000_0042';
const CONTAINER = 'container_1700000000000_0042_01_00000';
const JOB = '0123456789abcdef0123456789abcdef';
const PIECE_UNITS = 16_384;

type Role = 'jobmanager' | 'taskmanager';
/** Content of a process's files by extension. */
type ProcessFiles = Readonly<Record<'log' | 'out', string>>;

const NAMES: Readonly<Record<Role, string>> = {
  jobmanager: 'flink-flink-standalonesession-0-node-1',
  taskmanager: 'flink-flink-taskexecutor-0-node-1',
};

interface Place {
  readonly name: string;
  readonly cluster: string;
  /** Returns path → content of the files that a process leaves there. */
  readonly write: (role: Role, files: ProcessFiles) => Readonly<Record<string, string | Buffer>>;
  /** Fields of its JobManager's records that say where they come from. */
  readonly says: Partial<LogRecord>;
}

const PLACES: readonly Place[] = [
  {
    name: "Flink's start scripts",
    cluster: 'scripts',
    write: (role, { log, out }) => ({
      [`named/scripts/${NAMES[role]}.log`]: log,
      [`named/scripts/${NAMES[role]}.out`]: out,
    }),
    says: { 'flink.component': 'jobmanager', 'host.name': 'node-1', 'jobtrace.layout': 'log4j' },
  },
  {
    name: 'containers of YARN',
    cluster: APPLICATION,
    write: (role, { log, out }) => {
      const folder = `yarn/${APPLICATION}/${CONTAINER}${role === 'jobmanager' ? 1 : 2}`;
      return { [`${folder}/${role}.log`]: log, [`${folder}/${role}.out`]: '', [`${folder}/${role}.err`]: out };
    },
    says: { 'flink.component': 'jobmanager', 'container.id': `${CONTAINER}1`, 'jobtrace.layout': 'log4j' },
  },
  {
    name: 'pods, one of which only its labels name',
    cluster: 'shop/orders',
    write: (role, files) => {
      const pod = role === 'jobmanager' ? 'orders-0' : 'orders-taskmanager-1-1';
      return { [`pods/shop_${pod}_${UID}/flink-main-container/0.log`]: mixStreams(files, renderCri) };
    },
    says: {
      'flink.component': 'jobmanager',
      'orchestrator.namespace': 'shop',
      'kubernetes.pod.name': 'orders-0',
      'jobtrace.layout': 'cri/log4j',
    },
  },
  {
    name: 'containers of Docker',
    cluster: 'docker',
    write: (role, files) => {
      const id = (role === 'jobmanager' ? 'a1' : 'b2').repeat(32);
      return { [`named/docker/${id}/${id}-json.log`]: mixStreams(files, renderDocker) };
    },
    says: { 'container.id': 'a1'.repeat(32), 'jobtrace.layout': 'docker/log4j' },
  },
  {
    name: 'lines of JSON',
    cluster: 'json',
    write: (role, { log, out }) => ({
      [`named/json/${NAMES[role]}.log`]: renderJson(log),
      [`named/json/${NAMES[role]}.out`]: out,
    }),
    says: { 'flink.component': 'jobmanager', 'jobtrace.layout': 'json' },
  },
  {
    name: 'UTF-16',
    cluster: 'utf16',
    write: (role, { log, out }) => ({
      [`named/utf16/${NAMES[role]}.log`]: Buffer.from(`\ufeff${log}`, 'utf16le'),
      [`named/utf16/${NAMES[role]}.out`]: Buffer.from(out === '' ? '' : `\ufeff${out}`, 'utf16le'),
    }),
    says: { 'flink.component': 'jobmanager', 'jobtrace.layout': 'log4j' },
  },
];

type RenderLine = (text: string, stream: 'stdout' | 'stderr', stamp: string, isPiece: boolean) => string;

/**
 * Mixes the streams of a container, which prints its log to stdout and what the process prints to stderr; long lines
 * come in pieces.
 */
function mixStreams({ log, out }: ProcessFiles, render: RenderLine): string {
  let stamp = '1970-01-01T00:00:00.000';
  const rows = log.trimEnd().split('\n');
  const write = (text: string, stream: 'stdout' | 'stderr'): readonly string[] => {
    const pieces = text.match(new RegExp(`.{1,${PIECE_UNITS}}`, 'g')) ?? [''];
    return pieces.map((piece, at) => render(piece, stream, `${stamp}000000Z`, at < pieces.length - 1));
  };
  const printed = out === '' ? [] : out.trimEnd().split('\n');
  const mixed = rows.flatMap((row, at) => {
    const time = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3})/.exec(row);
    if (time !== null) stamp = `${time[1]}T${time[2]}.${time[3]}`;
    const between = at % 2 === 1 ? printed.splice(0, 1) : [];
    return [...write(row, 'stdout'), ...between.flatMap((text) => write(text, 'stderr'))];
  });
  return [...mixed, ...printed.flatMap((text) => write(text, 'stderr'))].join('');
}

function renderCri(text: string, stream: string, stamp: string, isPiece: boolean): string {
  return `${stamp} ${stream} ${isPiece ? 'P' : 'F'} ${text}\n`;
}

function renderDocker(text: string, stream: string, time: string, isPiece: boolean): string {
  return `${JSON.stringify({ log: isPiece ? text : `${text}\n`, stream, time })}\n`;
}

/** Renders each entry as Elastic's layout for log4j does. */
function renderJson(log: string): string {
  const splitter = createSplitter({ kind: 'log' });
  return [...splitter.push(Buffer.from(log)), ...splitter.flush()]
    .map(({ bytes }) => {
      const { time = 0, level, logger, message, stack } = parseEntry(bytes);
      const trace = stack === undefined ? {} : { 'error.stack_trace': stack };
      const head = { '@timestamp': new Date(time).toISOString(), 'log.level': level, message };
      return `${JSON.stringify({ ...head, 'ecs.version': '1.2.0', 'log.logger': logger, ...trace })}\n`;
    })
    .join('');
}

let folder: string;
let server: Server;
let program: RunningProgram;

const readFiles = (role: Role): ProcessFiles => ({
  log: readFileSync(join(RECORDING, `${NAMES[role]}.log`), 'utf8'),
  out: readFileSync(join(RECORDING, `${NAMES[role]}.out`), 'utf8'),
});

function writeFile(name: string, content: string | Buffer): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}

/**
 * Opens a server that answers for the pods of one namespace, like the API server of Kubernetes; the other namespaces
 * are closed to the agent.
 */
async function openApiServer(credentials: string): Promise<string> {
  mkdirSync(credentials);
  const { key, cert, caFile } = makeAuthority(credentials);
  copyFileSync(caFile, join(credentials, 'ca.crt'));
  writeFileSync(join(credentials, 'token'), 'token-of-the-agent\n');
  server = createServer({ key, cert }, ({ url = '' }, response) => {
    if (!url.startsWith('/api/v1/namespaces/shop/')) response.statusCode = 403;
    const metadata = {
      name: url.split('/').at(-1),
      namespace: 'shop',
      labels: { app: 'orders', component: 'jobmanager' },
    };
    response.end(JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-places-'));
  for (const role of ['jobmanager', 'taskmanager'] as const)
    for (const place of PLACES)
      for (const [name, content] of Object.entries(place.write(role, readFiles(role)))) writeFile(name, content);
  writeFile(`named/gc/${NAMES.taskmanager}-gc.log`, readFileSync(GC_LOG));
  writeFile('named/crash/hs_err_pid21034.log', CRASH);
  writeFile(`pods/closed_billing-0_${UID}/main/0.log`, mixStreams({ log: lines(0, 5), out: '' }, renderCri));
  writeFile(`jobs/${JOB}/node-9/taskmanager.log`, lines(0, 5));
  const credentials = join(folder, 'credentials');
  const kubernetes = await openApiServer(credentials);
  const jobs = `${folder}/jobs/{job_id}/{host}/*.log`;
  const paths = [`${folder}/named/{cluster}/**`, `${folder}/yarn`, `${folder}/pods`, jobs];
  const agent = { paths, zone: 'UTC', kubernetes, kubernetesDir: credentials, undecidedFlushMs: 1000 };
  writeFile('jobtrace.yaml', JSON.stringify({ dataDir: join(folder, 'data'), agent }));
  program = startProgram(['up', '--config', join(folder, 'jobtrace.yaml'), '--listen', '127.0.0.1:0']);
});
afterAll(async () => {
  await program.stop();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function readStore<Value>(read: (store: ReturnType<typeof openSqliteStore>) => Promise<Value>): Promise<Value> {
  const store = openSqliteStore({ path: join(folder, 'data', 'jobtrace.db'), readonly: true });
  try {
    return await read(store);
  } finally {
    await store.close();
  }
}

async function findRules(cluster: string): Promise<readonly string[]> {
  const incidents = await readStore((store) => store.findIncidents({ limit: 100 })).catch(
    (): readonly Incident[] => [],
  );
  return incidents
    .filter((incident) => incident.cluster === cluster)
    .map(({ diagnoses }) => diagnoses.en[0]?.rule ?? 'unknown')
    .sort();
}

/** Returns what the command line says about the files in a folder. */
async function diagnoseFolder(name: string): Promise<readonly string[]> {
  const { stdout } = await runProgram(['diagnose', '--format', 'json', join(folder, name)]);
  const { diagnoses } = JSON.parse(stdout) as { diagnoses: readonly { rule: string; symptom: boolean }[] };
  return diagnoses.filter(({ symptom }) => !symptom).map(({ rule }) => rule);
}

async function waitForRules(cluster: string, rules: readonly string[]): Promise<void> {
  let seen: readonly string[] = [];
  await waitUntil(
    `the incident of ${cluster}`,
    async () => ((seen = await findRules(cluster)).join() === [...rules].sort().join() ? true : undefined),
    { deadlineMs: 60_000, saw: () => ({ seen, log: program.stderr().slice(-2000) }) },
  );
}

async function readRecords(cluster: string): Promise<readonly LogRecord[]> {
  const { records } = await readStore((store) => store.readRecords(undefined, { limit: 100_000 }));
  return records.filter((record) => record['flink.cluster'] === cluster);
}

/** Returns all records of a cluster, once this many of them have these fields. */
async function waitForRecords(cluster: string, says: Partial<LogRecord>, count = 1): Promise<readonly LogRecord[]> {
  const wanted: readonly (readonly [string, unknown])[] = Object.entries(says);
  const isSaid = (record: LogRecord): boolean => {
    const fields = new Map<string, unknown>(Object.entries(record));
    return wanted.every(([name, value]) => fields.get(name) === value);
  };
  return waitUntil(`a record of ${cluster}`, async () => {
    const records = await readRecords(cluster);
    return records.filter(isSaid).length >= count ? records : undefined;
  });
}

describe('the failure of a job', () => {
  it.each(PLACES)('is known from $name, and whose it is', async ({ cluster, says }) => {
    const rules = await diagnoseFolder('named/scripts');
    await waitForRules(cluster, rules);
    const records = await waitForRecords(cluster, says);

    expect(rules).toEqual(['memory.heap-oom/taskmanager']);
    expect(
      records.filter((record) => record['jobtrace.layout'] === 'none' && record['jobtrace.kind'] === 'log'),
    ).toEqual([]);
  });
});

describe('a file of which less is known', () => {
  it('goes on without the labels of its pod where the agent may not read them', async () => {
    const records = await waitForRecords('default', { 'kubernetes.pod.name': 'billing-0' }, 5);

    expect(records.filter((record) => record['orchestrator.namespace'] === 'closed')).toHaveLength(5);
  });

  it('is of the job and of the host that its folders name', async () => {
    const ofJob = { 'flink.job.id': JOB, 'host.name': 'node-9', 'flink.component': 'taskmanager' } as const;
    const records = await waitForRecords('default', ofJob, 5);

    expect(records.filter((record) => record['flink.job.id'] === JOB)).toHaveLength(5);
  });
});

describe('a file of the JVM', () => {
  it.each([
    ['a GC log, whose full collections say it together', 'gc'],
    ['a crash report', 'crash'],
  ])('is diagnosed as the command line does: %s', async (_, cluster) => {
    const rules = await diagnoseFolder(`named/${cluster}`);

    expect(rules).toHaveLength(1);
    await waitForRules(cluster, rules);
  });
});

describe('a file that lives for a moment', () => {
  it('is read to its end though it is gone, once the agent saw it', async () => {
    const path = join(folder, 'named', 'brief', 'flink-u-taskexecutor-7-h.log');
    const files = `/proc/${program.process.pid}/fd`;
    const isOpen = (fd: string): boolean => {
      try {
        return readlinkSync(join(files, fd)) === path;
      } catch {
        return false; // closed meanwhile
      }
    };
    writeFile('named/brief/flink-u-taskexecutor-7-h.log', lines(0, 300));
    await waitUntil('its descriptor', () => (readdirSync(files).some(isOpen) ? true : undefined));
    unlinkSync(path);

    const texts = await waitUntil('its records', async () => {
      const records = await readRecords('brief');
      return records.length >= 300 ? records.map((record) => record['event.original']) : undefined;
    });
    expect([...texts].sort()).toEqual(expected(0, 300));
  });
});
