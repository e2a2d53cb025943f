// Starts a real Flink cluster with the separation kit. Its processes differ in logging library and deployment layout;
// its jobs write log lines (Chatter.java). One cluster per version is enough for all combinations. kit.ts defines the
// kit itself, layouts.ts how processes are started.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeConf, type FlinkConfig, type FlinkPart } from './conf.js';
import { listWorkers } from './rest.js';
import { getJava, getPart } from '../parts.js';
import {
  Hopeless,
  findFreePorts,
  isAlive,
  readLastLines,
  runCommand,
  stopProcess,
  TOOL_JVM,
  waitFor,
} from '../process.js';
import { openRecord } from '../running.js';
import { fillPrinting, needsOwnRedirection, writeKitConf, writeKitLib, type Logging } from './kit.js';
import { startProcess, type Layout, type LayoutRole, type Started } from './layouts.js';

export interface Shape {
  logging: Logging;
  layout: Layout;
}

export interface SeparatedProcess extends Started, Shape {
  role: LayoutRole;
  libDir: string;
}

export interface SeparatedCluster {
  restUrl: string;
  jobManager: SeparatedProcess;
  taskManagers: SeparatedProcess[];
  /** Starts a job that logs (Chatter.java) with what it says and its other arguments; returns its id. */
  runJob(says: string, args?: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface SeparatedOptions {
  version: FlinkPart;
  dir: string;
  jobManager: Shape;
  taskManagers: readonly Shape[];
  config?: FlinkConfig;
}

const CHATTER = fileURLToPath(new URL('Chatter.java', import.meta.url));
/**
 * Time-out in milliseconds, long because test machines are often busy and a submission starts the job's main method.
 */
const SUBMIT_TIMEOUT_MS = 90_000;

/** Starts the cluster. Returns when every TaskManager has offered its slots and the jobs' jar is uploaded. */
export async function startSeparated(options: SeparatedOptions): Promise<SeparatedCluster> {
  const { version, dir } = options;
  const { home, java } = await getPart(`flink-${version}`);
  const [rest = 0, rpc = 0] = await findFreePorts(2);
  const restUrl = `http://localhost:${rest}`;
  const record = openRecord(`flink-${version}`, dir, restUrl);
  const stop = async (): Promise<void> => {
    await Promise.all(record.pids().map((pid) => stopProcess(pid, 10_000)));
    record.forget();
  };
  const shapes = [
    { ...options.jobManager, role: 'jobmanager' as const },
    ...options.taskManagers.map((shape) => ({ ...shape, role: 'taskmanager' as const })),
  ];
  try {
    const libs = new Libraries(home, dir);
    const jar = await packChatter(home, dir);
    // All starts are awaited even if one fails, because a process that starts while the others are stopped would stay.
    const starts = await Promise.allSettled(
      shapes.map(async (shape, index) => {
        const folder = join(dir, `${index}-${shape.role}-${shape.logging}-${shape.layout}`);
        const confDir = join(folder, 'conf');
        const own = needsOwnRedirection(version, shape.logging, shape.layout === 'kubernetes');
        writeConf({
          version,
          home,
          confDir,
          ports: { rest, rpc },
          config: { ...fillConfig(version), ...fillPrinting(own), ...options.config },
        });
        writeKitConf(confDir, shape.logging);
        const libDir = await libs.get(shape.logging, own);
        const started = await startProcess(shape.layout, shape.role, {
          home,
          java,
          logging: shape.logging,
          confDir,
          libDir,
          logDir: join(folder, 'log'),
          env: { ...record.env, MAX_JOB_LOG_FILE_NUMBER: '20' },
          remember: record.add,
        });
        return { ...shape, ...started, libDir };
      }),
    );
    const processes = starts.map((start) => {
      if (start.status === 'rejected') throw start.reason;
      return start.value;
    });
    const [jobManager, ...taskManagers] = processes;
    if (jobManager === undefined) throw new Error('A cluster needs a JobManager.');
    await waitForSlots(restUrl, processes);
    const jarId = await uploadJar(restUrl, jar);
    return {
      restUrl,
      jobManager,
      taskManagers,
      stop,
      runJob: (says, args = []) => runJob(restUrl, jarId, taskManagers.length, says, args),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Returns settings with two slots on each TaskManager, and each job spread over all TaskManagers. */
function fillConfig(version: FlinkPart): FlinkConfig {
  return {
    'taskmanager.numberOfTaskSlots': '2',
    'cluster.registration.error-delay': '500', // a TaskManager that starts before the JobManager retries at once
    ...(version === '2.3'
      ? { 'taskmanager.load-balance.mode': 'SLOTS' }
      : { 'cluster.evenly-spread-out-slots': 'true' }),
  };
}

/** Provides one lib/ per logging library, with and without the kit's jar, made when the first process needs it. */
class Libraries {
  private readonly made = new Map<string, Promise<string>>();

  constructor(
    private readonly home: string,
    private readonly dir: string,
  ) {}

  get(logging: Logging, withJobIds: boolean): Promise<string> {
    const libDir = join(this.dir, withJobIds ? `${logging}-with-job-ids` : logging, 'lib');
    const lib = this.made.get(libDir) ?? writeKitLib(this.home, libDir, logging, withJobIds).then(() => libDir);
    this.made.set(libDir, lib);
    return lib;
  }
}

/**
 * Packs one class, compiled against the version's own jars for Java 11, which is quicker than all of lab/jobs (packed
 * by jobs.ts).
 */
async function packChatter(home: string, dir: string): Promise<string> {
  const java = await getJava(17);
  const [classes, jar] = [join(dir, 'classes'), join(dir, 'chatter.jar')];
  const steps = [
    ['javac', ['--release', '11', '-nowarn', '-proc:none', '-d', classes, '-cp', join(home, 'lib', '*'), CHATTER]],
    ['jar', ['--create', '--file', jar, '-C', classes, '.']],
  ] as const;
  for (const [tool, args] of steps) {
    const ended = await runCommand(join(java, 'bin', tool), [...TOOL_JVM, ...args], { timeoutMs: 180_000 });
    if (ended.code !== 0) throw new Error(`${tool} ended with code ${ended.code}:\n${ended.stderr}${ended.stdout}`);
  }
  return jar;
}

async function waitForSlots(restUrl: string, processes: readonly SeparatedProcess[]): Promise<void> {
  await waitFor(
    'the slots of all TaskManagers',
    240_000,
    async () => {
      const dead = processes.find(({ pid }) => !isAlive(pid));
      if (dead !== undefined)
        throw new Hopeless(
          `The ${dead.role} with ${dead.logging}, ${dead.layout}, died.\n${readLastLines([dead.logFile, dead.outFile], 30)}`,
        );
      const free = (await listWorkers(restUrl)).filter(({ freeSlots }) => freeSlots > 0).length;
      return free === processes.length - 1 ? true : `${free} of ${processes.length - 1}`;
    },
    () => readLastLines(processes.flatMap(({ logFile, outFile }) => [logFile, outFile])),
  );
}

async function uploadJar(restUrl: string, jar: string): Promise<string> {
  const form = new FormData();
  form.append('jarfile', new Blob([readFileSync(jar)], { type: 'application/java-archive' }), 'chatter.jar');
  const response = await fetch(`${restUrl}/jars/upload`, { method: 'POST', body: form });
  const text = await response.text();
  const name = /"filename":"[^"]*\/([^"/]+)"/.exec(text)?.[1];
  if (name === undefined) throw new Error(`Flink answered ${response.status} to the upload of a jar: ${text}`);
  return name;
}

async function runJob(
  restUrl: string,
  jarId: string,
  parallelism: number,
  says: string,
  args: readonly string[],
): Promise<string> {
  const response = await fetch(`${restUrl}/jars/${jarId}/run`, {
    method: 'POST',
    signal: AbortSignal.timeout(SUBMIT_TIMEOUT_MS),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      entryClass: 'com.acme.shop.Chatter',
      parallelism,
      programArgsList: ['--say', says, ...args],
    }),
  });
  const text = await response.text();
  const id = /"jobid":"([0-9a-f]{32})"/.exec(text)?.[1];
  if (id === undefined) throw new Error(`Flink answered ${response.status} to the submission of a job: ${text}`);
  return id;
}
