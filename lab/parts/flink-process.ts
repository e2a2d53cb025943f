// The processes of one Flink cluster: started by bin/jobmanager.sh and bin/taskmanager.sh with folders of the
// cluster's own, found again through the pid files that those scripts write (line N is process N, as in the
// log file's name), and waited for through REST. flink.ts puts them together.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { listWorkers, readRest } from './flink-rest.js';
import { Hopeless, isAlive, readTails, runCommand, signalProcess, waitFor } from './process.js';
import type { RunRecord } from './running.js';

export interface FlinkProcess {
  pid: number;
  logFile: string;
  outFile: string;
  isAlive(): boolean;
  /** False when it was gone already. */
  signal(signal: NodeJS.Signals): boolean;
}

export interface FlinkTaskManager extends FlinkProcess {
  /** Its resource id, e.g. "localhost:38463-a1b2c3"; empty until its log says it. */
  readonly id: string;
}

/** What the scripts need to know of the cluster. */
export interface Daemons {
  home: string;
  env: NodeJS.ProcessEnv;
  logDir: string;
  pidDir: string;
  ident: string;
  record: RunRecord;
}

/** Flink's name of a daemon, as in its log file's name, and the script that starts it. */
const SCRIPTS = { standalonesession: 'jobmanager.sh', taskexecutor: 'taskmanager.sh', zookeeper: 'zookeeper.sh' } as const;
type Kind = keyof typeof SCRIPTS;

export async function startJobManager(daemons: Daemons): Promise<FlinkProcess> {
  const [started] = await startDaemons(daemons, 'standalonesession', [], 1);
  if (started === undefined) throw new Error('jobmanager.sh ended well but named no process.');
  return started;
}

/** Starts `count` TaskManagers with the same settings, all at once. */
export async function startTaskManagers(daemons: Daemons, settings: Readonly<Record<string, string>>, count: number): Promise<FlinkTaskManager[]> {
  const args = Object.entries(settings).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
  const started = await startDaemons(daemons, 'taskexecutor', args, count);
  return started.map((daemon) => ({
    ...daemon,
    get id() {
      return readResourceId(daemon.logFile);
    },
  }));
}

/** The one ZooKeeper that Flink's own script starts (zookeeper.ts has the configuration). */
export async function startQuorumPeer(daemons: Daemons): Promise<FlinkProcess> {
  const [started] = await startDaemons(daemons, 'zookeeper', ['1'], 1);
  if (started === undefined) throw new Error('zookeeper.sh ended well but named no process.');
  return started;
}

async function startDaemons(daemons: Daemons, kind: Kind, args: readonly string[], count: number): Promise<FlinkProcess[]> {
  const known = readPids(daemons, kind).length;
  const script = join(daemons.home, 'bin', SCRIPTS[kind]);
  const runs = await Promise.all(Array.from({ length: count }, () => runCommand(script, ['start', ...args], { env: daemons.env, timeoutMs: 120_000 })));
  const started = readPids(daemons, kind).slice(known).map((pid, index) => describeProcess(daemons, kind, pid, known + index));
  for (const daemon of started) daemons.record.add(daemon.pid);
  const failed = runs.find((run) => run.code !== 0);
  if (failed !== undefined) {
    throw new Error(`${script} start ended with code ${failed.code}:\n${`${failed.stdout}${failed.stderr}`.trim().split('\n').slice(-20).join('\n')}`);
  }
  return started;
}

function describeProcess(daemons: Daemons, kind: Kind, pid: number, index: number): FlinkProcess {
  const prefix = join(daemons.logDir, `flink-${daemons.ident}-${kind}-${index}-${hostname()}`);
  return {
    pid, logFile: `${prefix}.log`, outFile: `${prefix}.out`,
    isAlive: () => isAlive(pid),
    signal: (signal) => signalProcess(pid, signal),
  };
}

function readPids(daemons: Daemons, kind: Kind): number[] {
  const file = join(daemons.pidDir, `flink-${daemons.ident}-${kind}.pid`);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map(Number);
}

/** From the TaskManager's own words: "Starting TaskManager with ResourceID: localhost:38463-a1b2c3". */
function readResourceId(logFile: string): string {
  if (!existsSync(logFile)) return '';
  return /Starting TaskManager with ResourceID: (\S+)/.exec(readFileSync(logFile, 'utf8'))?.[1] ?? '';
}

export async function waitForRest(restUrl: string, jobManager: FlinkProcess, deadlineMs: number): Promise<void> {
  await waitFor(`JobManager at ${restUrl}`, deadlineMs, async () => {
    failIfDead('JobManager', jobManager);
    await readRest(restUrl, '/overview');
    return true;
  }, () => readTails([jobManager.logFile, jobManager.outFile]));
}

/** Registered is not ready: a TaskManager is listed before its slots are. */
export async function waitForWorkers(restUrl: string, workers: readonly FlinkTaskManager[], deadlineMs: number): Promise<void> {
  await waitFor(`${workers.length} TaskManager(s) with slots at ${restUrl}`, deadlineMs, async () => {
    for (const worker of workers) failIfDead('TaskManager', worker);
    const registered = await listWorkers(restUrl);
    const missing = workers.filter((worker) => !registered.some((known) => known.id === worker.id && known.slots > 0));
    return missing.length === 0 ? true : `${missing.length} not there yet, registered: ${registered.map((known) => `${known.id} with ${known.slots} slots`).join(', ') || 'none'}`;
  }, () => readTails(workers.flatMap((worker) => [worker.logFile, worker.outFile])));
}

/** For the checks of waitFor: a process that died while it was waited for ends the wait. */
export function failIfDead(what: string, daemon: FlinkProcess): void {
  if (daemon.isAlive()) return;
  throw new Hopeless(`${what} ${daemon.pid} died while starting.\n${readTails([daemon.logFile, daemon.outFile], 25)}`);
}

/** The last lines of every log of the cluster, for error messages. */
export function readClusterTails(logDir: string): string {
  const names = existsSync(logDir) ? readdirSync(logDir).filter((name) => /-(standalonesession|taskexecutor)-.*\.(log|out)$/.test(name)) : [];
  return readTails(names.sort().map((name) => join(logDir, name)));
}
