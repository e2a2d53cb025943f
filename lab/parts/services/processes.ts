// Starts and finds the processes of one Flink cluster. The scripts of bin/ start them with the cluster's own folders;
// the pid files of those scripts identify them (line N is process N, as in the log file's name); REST shows when they
// are ready. A start that must fail returns its output instead of an error.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { listWorkers, readRest } from './rest.js';
import type { NetworkHost } from '../network.js';
import { Hopeless, isAlive, readLastLines, runCommand, signalProcess, waitFor } from '../process.js';
import type { RunRecord } from '../running.js';

export interface FlinkProcess {
  /** Process id; 0 if there was never a process: not started so far, or the script itself gave up. */
  pid: number;
  logFile: string;
  outFile: string;
  isAlive(): boolean;
  /** Sends a signal; returns false if the process was already gone. */
  signal(signal: NodeJS.Signals): boolean;
}

export interface FlinkDaemon extends FlinkProcess {
  /** Output of its start script. */
  terminal: string;
}

export interface FlinkTaskManager extends FlinkDaemon {
  /** Resource id, e.g. "localhost:38463-a1b2c3"; empty until the log contains it. */
  readonly id: string;
  /** Its own network, if the cluster was started with `network: true`. */
  readonly network: NetworkHost | undefined;
}

/** Cluster settings that the scripts need. */
export interface Daemons {
  home: string;
  env: NodeJS.ProcessEnv;
  logDir: string;
  pidDir: string;
  ident: string;
  record: RunRecord;
}

/** Name of a daemon in its log file's name → script that starts it. */
const SCRIPTS = {
  standalonesession: 'jobmanager.sh',
  standalonejob: 'standalone-job.sh',
  taskexecutor: 'taskmanager.sh',
  zookeeper: 'zookeeper.sh',
} as const;
export type Kind = keyof typeof SCRIPTS;

interface Start {
  args?: readonly string[];
  /** Command that runs the script: under limits, in another network. */
  prefix?: readonly string[];
  count?: number;
  /** True if the script or the process must die; otherwise the start is an error. */
  fails?: boolean;
}

export async function startJobManager(daemons: Daemons, kind: Kind, start: Start = {}): Promise<FlinkDaemon> {
  return findOne(await startDaemons(daemons, kind, start));
}

/** Starts `count` TaskManagers with the same settings, all at once. */
export async function startTaskManagers(
  daemons: Daemons,
  settings: Readonly<Record<string, string>>,
  start: Start = {},
  network?: NetworkHost,
): Promise<FlinkTaskManager[]> {
  const args = Object.entries(settings).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
  const started = await startDaemons(daemons, 'taskexecutor', { ...start, args });
  return started.map((daemon) => ({
    ...daemon,
    network,
    get id() {
      return readResourceId(daemon.logFile);
    },
  }));
}

/** Starts the single ZooKeeper with Flink's own script (zookeeper.ts has the configuration). */
export async function startQuorumPeer(daemons: Daemons): Promise<FlinkProcess> {
  return findOne(await startDaemons(daemons, 'zookeeper', { args: ['1'] }));
}

async function startDaemons(
  daemons: Daemons,
  kind: Kind,
  { args = [], prefix = [], count = 1, fails = false }: Start,
): Promise<FlinkDaemon[]> {
  const known = readPids(daemons, kind).length;
  const [command = '', ...rest] = [...prefix, join(daemons.home, 'bin', SCRIPTS[kind]), 'start', ...args];
  const runs = await Promise.all(
    Array.from({ length: count }, () => runCommand(command, rest, { env: daemons.env, timeoutMs: 120_000 })),
  );
  const pids = readPids(daemons, kind).slice(known);
  const started = runs.map((run, index) =>
    describeProcess(daemons, kind, known + index, pids[index] ?? 0, `${run.stdout}${run.stderr}`),
  );
  for (const pid of pids) daemons.record.add(pid);
  if (fails) await waitForDeath(started);
  const failed = fails ? undefined : runs.find((run) => run.code !== 0);
  if (failed !== undefined) {
    throw new Error(
      `${SCRIPTS[kind]} start ended with code ${failed.code}:\n${`${failed.stdout}${failed.stderr}`.trim().split('\n').slice(-20).join('\n')}`,
    );
  }
  return started;
}

async function waitForDeath(started: readonly FlinkProcess[]): Promise<void> {
  await waitFor(
    'the end of a process that was to fail',
    150_000,
    () => Promise.resolve(started.every((daemon) => !daemon.isAlive()) || 'it lives'),
    () => readLastLines(started.flatMap((daemon) => [daemon.logFile, daemon.outFile])),
  );
}

/** Returns the process with that number in its log's name. The pid 0 stands for one that does not run. */
export function describeProcess(
  daemons: Pick<Daemons, 'logDir' | 'ident'>,
  kind: Kind,
  index: number,
  pid = 0,
  terminal = '',
): FlinkDaemon {
  const prefix = join(daemons.logDir, `flink-${daemons.ident}-${kind}-${index}-${hostname()}`);
  return {
    pid,
    terminal,
    logFile: `${prefix}.log`,
    outFile: `${prefix}.out`,
    isAlive: () => pid > 0 && isAlive(pid),
    signal: (signal) => pid > 0 && signalProcess(pid, signal),
  };
}

function findOne([started]: FlinkDaemon[]): FlinkDaemon {
  if (started === undefined) throw new Error('A start of one process gave none.');
  return started;
}

function readPids(daemons: Daemons, kind: Kind): number[] {
  const file = join(daemons.pidDir, `flink-${daemons.ident}-${kind}.pid`);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** Reads the id from the TaskManager's log: "Starting TaskManager with ResourceID: localhost:38463-a1b2c3". */
function readResourceId(logFile: string): string {
  if (!existsSync(logFile)) return '';
  return /Starting TaskManager with ResourceID: (\S+)/.exec(readFileSync(logFile, 'utf8'))?.[1] ?? '';
}

/** Returns the address at which that JobManager serves REST; undefined until its log contains it. */
export function readRestUrl(logFile: string): string | undefined {
  const port = existsSync(logFile)
    ? /Rest endpoint listening at \S+:(\d+)/.exec(readFileSync(logFile, 'utf8'))?.[1]
    : undefined;
  return port === undefined ? undefined : `http://localhost:${port}`;
}

export async function waitForRest(jobManager: FlinkProcess, deadlineMs: number): Promise<void> {
  await waitFor(
    `JobManager ${jobManager.pid}`,
    deadlineMs,
    async () => {
      failIfDead('JobManager', jobManager);
      const restUrl = readRestUrl(jobManager.logFile);
      if (restUrl === undefined) return 'no REST so far';
      await readRest(restUrl, '/overview');
      return true;
    },
    () => readLastLines([jobManager.logFile, jobManager.outFile]),
  );
}

/**
 * Waits until the TaskManagers have slots. Registration is not enough: a TaskManager is listed before its slots are.
 */
export async function waitForWorkers(
  restUrl: string,
  workers: readonly FlinkTaskManager[],
  deadlineMs: number,
): Promise<void> {
  await waitFor(
    `${workers.length} TaskManager(s) with slots at ${restUrl}`,
    deadlineMs,
    async () => {
      for (const worker of workers) failIfDead('TaskManager', worker);
      const registered = await listWorkers(restUrl);
      const missing = workers.filter(
        (worker) => !registered.some((known) => known.id === worker.id && known.slots > 0),
      );
      return missing.length === 0
        ? true
        : `${missing.length} not there yet, registered: ${registered.map((known) => `${known.id} with ${known.slots} slots`).join(', ') || 'none'}`;
    },
    () => readLastLines(workers.flatMap((worker) => [worker.logFile, worker.outFile])),
  );
}

/** Ends a waitFor with an error if the process died meanwhile. */
export function failIfDead(what: string, daemon: FlinkProcess): void {
  if (daemon.isAlive()) return;
  throw new Hopeless(
    `${what} ${daemon.pid} died while starting.\n${readLastLines([daemon.logFile, daemon.outFile], 25)}`,
  );
}

/** Returns the last lines of every log of the cluster, for error messages. */
export function readClusterLogs(logDir: string): string {
  const names = existsSync(logDir)
    ? readdirSync(logDir).filter((name) => /-(standalonesession|standalonejob|taskexecutor)-.*\.(log|out)$/.test(name))
    : [];
  return readLastLines(names.sort().map((name) => join(logDir, name)));
}
