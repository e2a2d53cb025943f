// Starts a real Flink session cluster: one JobManager and as many TaskManagers as wanted, by Flink's own
// scripts, so logs, .out files and JVM options are what users have. Configuration, logs and pids lie in a
// folder of the cluster's own; several clusters and versions run side by side. Tests and the lab call it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { runJar, runScript, runSql, type ClientResult, type JarRun } from './flink-client.js';
import { writeConf, type FlinkConfig } from './flink-conf.js';
import { readClusterTails, startJobManager, startTaskManagers, waitForRest, waitForWorkers, type Daemons, type FlinkProcess, type FlinkTaskManager } from './flink-process.js';
import { cancelJob, listJobs, readRest, waitForJobState, type FlinkJob } from './flink-rest.js';
import { getPart } from './parts.js';
import { findFreePorts, stopProcess } from './process.js';
import { openRecord } from './running.js';

export type { ClientResult, JarRun } from './flink-client.js';
export type { FlinkConfig } from './flink-conf.js';
export type { FlinkProcess, FlinkTaskManager } from './flink-process.js';
export type { FlinkJob } from './flink-rest.js';

export interface FlinkOptions {
  version: '1.20' | '2.3';
  /** Where conf/, log/ and pid/ go; kept at stop. Without it a temporary folder is made, and removed at stop. */
  dir?: string;
  taskManagers?: number;
  /** Settings of the whole cluster, over our small defaults; null takes a default away. */
  config?: FlinkConfig;
  /** Settings of the TaskManagers only, given as -D on their command line. */
  taskManagerConfig?: Readonly<Record<string, string>>;
  logging?: 'stock' | { log4jProperties: string };
  /** High availability through this ZooKeeper ("host:port"). */
  zookeeper?: string;
  /** Further variables for all of Flink's scripts (FLINK_LIB_DIR, for one). */
  env?: Readonly<Record<string, string>>;
  /** The <user> in the log files' names; the user who runs this, by default. */
  ident?: string;
  startDeadlineMs?: number;
  /** Leave it running when this process ends (the `start` command). */
  outlive?: boolean;
}

export interface FlinkCluster {
  version: string;
  home: string;
  dir: string;
  confDir: string;
  logDir: string;
  restUrl: string;
  /** The effective settings of config.yaml. */
  config: Record<string, string>;
  jobManager: FlinkProcess;
  /** All that were ever started, dead ones included. */
  taskManagers: FlinkTaskManager[];
  /** Starts one more and waits for its slots; with `wait: false` it may as well die at once. */
  addTaskManager(settings?: Readonly<Record<string, string>>, options?: { wait?: boolean }): Promise<FlinkTaskManager>;
  /** Starts a new JobManager process after the old one died (`jobManager` is the new one then). */
  restartJobManager(): Promise<FlinkProcess>;
  /** Runs SQL text, or a file when given its path, with sql-client.sh. */
  runSql(sql: string | { file: string }, options?: { timeoutMs?: number }): Promise<ClientResult>;
  /** `flink run` with a jar of user code, detached unless told otherwise. */
  runJar(run: JarRun): Promise<ClientResult>;
  /** Any other command of bin/, e.g. `runScript('flink', ['savepoint', id, dir])`. */
  runScript(script: string, args: readonly string[]): Promise<ClientResult>;
  rest(path: string, method?: string, body?: unknown): Promise<unknown>;
  jobs(): Promise<FlinkJob[]>;
  cancel(jobId: string): Promise<void>;
  waitForJob(jobId: string, state: string, deadlineMs?: number): Promise<void>;
  /** Ends every process of the cluster, stopped (SIGSTOP) ones too. */
  stop(): Promise<void>;
}

/** Starts the cluster and waits until every TaskManager has offered its slots. */
export async function startFlink(options: FlinkOptions): Promise<FlinkCluster> {
  const part = await getPart(options.version === '1.20' ? 'flink-1.20' : 'flink-2.3');
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'jobtrace-flink-'));
  const [confDir, logDir, pidDir] = [join(dir, 'conf'), join(dir, 'log'), join(dir, 'pid')];
  for (const folder of [logDir, pidDir]) mkdirSync(folder, { recursive: true });
  const [rest = 0, rpc = 0] = await findFreePorts(2);
  const config = writeConf({
    home: part.home, confDir, ports: { rest, rpc },
    config: { ...(options.zookeeper === undefined ? {} : fillAvailability(options.zookeeper, dir)), ...options.config },
    ...(options.logging === undefined ? {} : { logging: options.logging }),
  });
  const restUrl = `http://localhost:${config['rest.port'] ?? rest}`;
  const ident = options.ident ?? userInfo().username;
  const record = openRecord(`flink-${options.version}`, dir, restUrl, options.outlive);
  const env = {
    ...process.env, JAVA_HOME: part.java, FLINK_CONF_DIR: confDir, FLINK_LOG_DIR: logDir, FLINK_PID_DIR: pidDir, FLINK_IDENT_STRING: ident, ...record.env, ...options.env,
  };
  const daemons: Daemons = { home: part.home, env, logDir, pidDir, ident, record };
  return runCluster(options, daemons, { version: part.part.version, home: part.home, dir, confDir, logDir, restUrl, config });
}

type Facts = Pick<FlinkCluster, 'version' | 'home' | 'dir' | 'confDir' | 'logDir' | 'restUrl' | 'config'>;

async function runCluster(options: FlinkOptions, daemons: Daemons, facts: Facts): Promise<FlinkCluster> {
  const { restUrl, dir, logDir } = facts;
  const deadlineMs = options.startDeadlineMs ?? 120_000;
  const client = { home: facts.home, env: daemons.env, dir, timeoutMs: 180_000 };
  const explain = (): string => readClusterTails(logDir);
  // The scripts spend most of their time in Java calls that read the configuration: let them do it at once.
  const [jobManager, workers] = await Promise.allSettled([
    startJobManager(daemons), startTaskManagers(daemons, options.taskManagerConfig ?? {}, options.taskManagers ?? 1),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all(daemons.record.pids().map((pid) => stopProcess(pid, 10_000)));
    daemons.record.forget();
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  if (jobManager.status === 'rejected' || workers.status === 'rejected') {
    await stop();
    throw jobManager.status === 'rejected' ? jobManager.reason : workers.status === 'rejected' ? workers.reason : undefined;
  }
  let turn: Promise<unknown> = Promise.resolve(); // one after another: a new process is found as the new line of the pid file
  const cluster: FlinkCluster = {
    ...facts, jobManager: jobManager.value, taskManagers: workers.value, stop,
    async addTaskManager(settings = {}, { wait = true } = {}) {
      const started = turn.then(() => startTaskManagers(daemons, { ...options.taskManagerConfig, ...settings }, 1));
      turn = started.catch(() => undefined);
      const [added] = await started;
      if (added === undefined) throw new Error('taskmanager.sh ended well but named no process.');
      cluster.taskManagers.push(added);
      if (wait) await waitForWorkers(restUrl, [added], deadlineMs);
      return added;
    },
    async restartJobManager() {
      cluster.jobManager = await startJobManager(daemons);
      await waitForRest(restUrl, cluster.jobManager, deadlineMs);
      return cluster.jobManager;
    },
    runSql: (sql, { timeoutMs = 180_000 } = {}) => runSql({ ...client, timeoutMs }, sql),
    runJar: (run) => runJar(client, run),
    runScript: (script, args) => runScript(client, script, args),
    rest: (path, method, body) => readRest(restUrl, path, method, body),
    jobs: () => listJobs(restUrl),
    cancel: (jobId) => cancelJob(restUrl, jobId),
    waitForJob: (jobId, state, jobDeadlineMs = 60_000) => waitForJobState(restUrl, jobId, state, jobDeadlineMs, explain),
  };
  try {
    await waitForRest(restUrl, cluster.jobManager, deadlineMs);
    await waitForWorkers(restUrl, cluster.taskManagers, deadlineMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return cluster;
}

/** Short time-outs, so that a paused ZooKeeper is noticed in seconds. */
function fillAvailability(quorum: string, dir: string): FlinkConfig {
  return {
    'high-availability.type': 'zookeeper',
    'high-availability.zookeeper.quorum': quorum,
    'high-availability.storageDir': `file://${join(dir, 'ha')}`,
    'high-availability.cluster-id': `/${basename(dir)}`,
    'high-availability.zookeeper.client.session-timeout': '15 s',
    'high-availability.zookeeper.client.connection-timeout': '5 s',
  };
}
