// Starts a real Flink cluster, session or application: a JobManager and any number of TaskManagers. Flink's own scripts
// start them, so logs, .out files and JVM options are what users have. Configuration, logs and pids are in the
// cluster's own folder; several clusters and versions run side by side.
import { createSerialQueue } from '../../../core/queue.js';
import { omitMissing } from '../../../core/json.js';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { runJar, runScript, runSql, type ClientResult, type JarRun } from './client.js';
import {
  changeConf,
  confFile,
  fillAvailability,
  fillNetwork,
  writeConf,
  type FlinkConfig,
  type FlinkPart,
} from './conf.js';
import { fillLibraries, type Libraries } from './libraries.js';
import {
  describeProcess,
  readClusterLogs,
  readRestUrl,
  startJobManager,
  startTaskManagers,
  waitForRest,
  waitForWorkers,
  type Daemons,
  type FlinkDaemon,
  type FlinkTaskManager,
  type Kind,
} from './processes.js';
import { cancelJob, listJobs, readRest, waitForJobState, type FlinkJob } from './rest.js';
import { fillLimits, type Limits } from '../limits.js';
import { openNetwork, type Network } from '../network.js';
import { getJava, getPart } from '../parts.js';
import { findFreePorts, stopProcess } from '../process.js';
import { openRecord } from '../running.js';
import { mountSmallDisk } from '../small-disk.js';

export type { ClientResult, JarRun } from './client.js';
export type { FlinkConfig, FlinkPart } from './conf.js';
export type { FlinkDaemon, FlinkProcess, FlinkTaskManager } from './processes.js';
export type { FlinkJob } from './rest.js';

export interface FlinkOptions {
  version: FlinkPart;
  /** Folder for conf/, log/ and pid/, kept at stop. If absent, a temporary folder is made, and removed at stop. */
  dir?: string;
  /**
   * Number of TaskManagers at the start, one by default. If there is no JobManager, the start does not wait for their
   * slots.
   */
  taskManagers?: number;
  /** Settings of the whole cluster, which override our small defaults; null removes a default. */
  config?: FlinkConfig;
  /** Settings of the TaskManagers only, given as -D on their command line. */
  taskManagerConfig?: Readonly<Record<string, string>>;
  /** Limits of every TaskManager that has none of its own. */
  limits?: Limits;
  logging?: 'stock' | { log4jProperties: string };
  /** High availability through this ZooKeeper ("host:port"). */
  zookeeper?: string;
  /** Java version that replaces the default (11 for 1.13 and 1.17, 17 for the others). */
  java?: 11 | 17;
  /** False to start without a JobManager; startJobManager() starts it later. */
  jobManager?: boolean;
  /** Application cluster: standalone-job.sh with this job instead of a session. */
  application?: Application;
  /** Jars added to lib/ or left out of it, and plugins. */
  libraries?: Pick<Libraries, 'lib' | 'without' | 'plugins'>;
  /** True if each TaskManager has its own network, which can be cut (as root only). */
  network?: boolean;
  /** Further variables for all of Flink's scripts (FLINK_LIB_DIR, for one). */
  env?: Readonly<Record<string, string>>;
  /** The <user> part of the log file names; default: the user who runs this. */
  ident?: string;
  startDeadlineMs?: number;
  /** True to leave it running when this process ends (the `start` command). */
  outlive?: boolean;
}

export interface Application {
  /** Jars for usrlib/. */
  jars: readonly string[];
  mainClass?: string;
  args?: readonly string[];
  /** Options of standalone-job.sh itself, e.g. ['--fromSavepoint', path] or ['-D', 'key=value']. */
  options?: readonly string[];
}

export interface TaskManagerStart {
  /** True (default) to wait until its slots are there. If false, it may even die at once. */
  wait?: boolean;
  /**
   * True if it must die while starting (script or process). The call returns after that, with `terminal` and its files.
   */
  fails?: boolean;
  limits?: Limits;
}

export interface FlinkCluster {
  version: string;
  home: string;
  dir: string;
  confDir: string;
  /** Path of config.yaml or flink-conf.yaml. */
  confFile: string;
  logDir: string;
  /** REST address of the last JobManager that is alive. */
  readonly restUrl: string;
  /** Effective settings of the configuration file. */
  config: Record<string, string>;
  /** JobManager that was started last; its pid is 0 if there was none so far. */
  readonly jobManager: FlinkDaemon;
  /** All JobManagers that were ever started, dead ones included; with high availability several are alive. */
  jobManagers: FlinkDaemon[];
  /** All TaskManagers that were ever started, dead ones included. */
  taskManagers: FlinkTaskManager[];
  addTaskManager(settings?: Readonly<Record<string, string>>, options?: TaskManagerStart): Promise<FlinkTaskManager>;
  /**
   * Starts a JobManager. The settings are first written into the configuration file (null removes one), where they
   * stay.
   */
  startJobManager(settings?: FlinkConfig, options?: Pick<TaskManagerStart, 'wait' | 'fails'>): Promise<FlinkDaemon>;
  /** Mounts a disk of that size at a folder below `dir`, until stop. */
  mountSmallDisk(path: string, megabytes: number): Promise<void>;
  /** Runs SQL text, or a file when given its path, with sql-client.sh. */
  runSql(sql: string | { file: string }, options?: { timeoutMs?: number }): Promise<ClientResult>;
  /** Runs `flink run` with a jar of user code, detached by default. */
  runJar(run: JarRun): Promise<ClientResult>;
  /** Runs any other command of bin/, e.g. `runScript('flink', ['savepoint', id, dir])`. */
  runScript(script: string, args: readonly string[]): Promise<ClientResult>;
  rest(path: string, method?: string, body?: unknown): Promise<unknown>;
  jobs(): Promise<FlinkJob[]>;
  cancel(jobId: string): Promise<void>;
  waitForJob(jobId: string, state: string, deadlineMs?: number): Promise<void>;
  /** Ends every process of the cluster, including stopped (SIGSTOP) ones. */
  stop(): Promise<void>;
}

/** Starts the cluster and waits until every TaskManager has offered its slots. */
export async function startFlink(options: FlinkOptions): Promise<FlinkCluster> {
  const { version } = options;
  const part = await getPart(`flink-${version}`);
  const java = options.java === undefined ? part.java : await getJava(options.java);
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'jobtrace-flink-'));
  const [confDir, logDir, pidDir] = [join(dir, 'conf'), join(dir, 'log'), join(dir, 'pid')];
  for (const folder of [logDir, pidDir]) mkdirSync(folder, { recursive: true });
  const [rest = 0, rpc = 0] = await findFreePorts(2);
  const restUrl = `http://localhost:${options.config?.['rest.port'] ?? rest}`;
  const record = openRecord(`flink-${version}`, dir, restUrl, options.outlive);
  try {
    const network = options.network === true ? await openNetwork(record) : undefined;
    const config = writeConf({
      version,
      home: part.home,
      confDir,
      ports: { rest, rpc },
      config: {
        ...(options.zookeeper && fillAvailability(version, options.zookeeper, dir, rest)),
        ...(network && fillNetwork(network.address)),
        ...options.config,
      },
      logging: options.logging,
    });
    const ident = options.ident ?? userInfo().username;
    const libraries = fillLibraries(part.home, dir, { ...options.libraries, usrlib: options.application?.jars ?? [] });
    const env = {
      ...process.env,
      JAVA_HOME: java,
      FLINK_CONF_DIR: confDir,
      FLINK_LOG_DIR: logDir,
      FLINK_PID_DIR: pidDir,
      FLINK_IDENT_STRING: ident,
      ...libraries,
      ...record.env,
      ...options.env,
    };
    const facts = {
      version: part.part.version,
      home: part.home,
      dir,
      confDir,
      confFile: confFile(version, confDir),
      logDir,
      restUrl,
      config,
    };
    return await runCluster(options, { home: part.home, env, logDir, pidDir, ident, record }, facts, network);
  } catch (error) {
    await stopAll(options, { record }, dir);
    throw error;
  }
}

type Facts = Pick<FlinkCluster, 'version' | 'home' | 'dir' | 'confDir' | 'confFile' | 'logDir' | 'restUrl' | 'config'>;

async function runCluster(
  options: FlinkOptions,
  daemons: Daemons,
  facts: Facts,
  network: Network | undefined,
): Promise<FlinkCluster> {
  const { dir, home, logDir, confDir } = facts;
  const { startDeadlineMs: deadlineMs = 120_000, taskManagers = 1, limits = {} } = options;
  const client = { home, env: daemons.env, dir, timeoutMs: 180_000 };
  const explain = (): string => readClusterLogs(logDir);
  const leader = describeLeader(options);
  const first = await startFirst(options, daemons, leader, network === undefined ? taskManagers : 0);
  // one start after another, because a new process is found as the new line of the pid file
  const inOrder = createSerialQueue();
  const cluster: FlinkCluster = {
    ...facts,
    ...first,
    get jobManager() {
      return cluster.jobManagers.at(-1) ?? describeProcess(daemons, leader.kind, 0);
    },
    get restUrl() {
      return readRestUrl(cluster.jobManagers.findLast((known) => known.isAlive())?.logFile ?? '') ?? facts.restUrl;
    },
    async addTaskManager(settings = {}, { fails = false, wait = !fails, limits: own = limits } = {}) {
      const added = await inOrder(async () => {
        const host = await network?.addHost();
        const all = {
          ...omitMissing({ 'taskmanager.host': host?.address }),
          ...options.taskManagerConfig,
          ...settings,
        };
        const [one] = await startTaskManagers(
          daemons,
          all,
          { prefix: [...(host?.prefix ?? []), ...fillLimits(own)], fails },
          host,
        );
        if (one === undefined) throw new Error('A start of one TaskManager gave none.');
        cluster.taskManagers.push(one);
        return one;
      });
      if (wait) await waitForWorkers(cluster.restUrl, [added], deadlineMs);
      return added;
    },
    async startJobManager(settings = {}, { fails = false, wait = !fails } = {}) {
      cluster.config = changeConf({ version: options.version, home, confDir }, cluster.config, settings);
      const started = await startJobManager(daemons, leader.kind, { args: leader.args, fails });
      cluster.jobManagers.push(started);
      if (wait) await waitForRest(started, deadlineMs);
      return started;
    },
    mountSmallDisk: (path, megabytes) => mountSmallDisk(daemons.record, path, megabytes),
    runSql: (sql, { timeoutMs = 180_000 } = {}) => runSql({ ...client, timeoutMs }, sql),
    runJar: (run) => runJar(client, run),
    runScript: (script, args) => runScript(client, script, args),
    rest: (path, method, body) => readRest(cluster.restUrl, path, method, body),
    jobs: () => listJobs(cluster.restUrl),
    cancel: (jobId) => cancelJob(cluster.restUrl, jobId),
    waitForJob: (jobId, state, jobDeadlineMs = 60_000) =>
      waitForJobState(cluster.restUrl, jobId, state, jobDeadlineMs, explain),
    stop: () => stopAll(options, daemons, dir),
  };
  if (network !== undefined)
    for (let started = 0; started < taskManagers; started++) await cluster.addTaskManager({}, { wait: false });
  if (options.jobManager !== false) {
    await waitForRest(cluster.jobManager, deadlineMs);
    await waitForWorkers(cluster.restUrl, cluster.taskManagers, deadlineMs);
  }
  return cluster;
}

/**
 * Starts the first processes at once, because the scripts spend most of their time in Java calls that read the
 * configuration.
 */
async function startFirst(
  options: FlinkOptions,
  daemons: Daemons,
  leader: ReturnType<typeof describeLeader>,
  taskManagers: number,
): Promise<Pick<FlinkCluster, 'jobManagers' | 'taskManagers'>> {
  const { limits = {}, taskManagerConfig = {} } = options;
  const [jobManagers, workers] = await Promise.allSettled([
    options.jobManager === false ? [] : startJobManager(daemons, leader.kind, leader).then((started) => [started]),
    taskManagers > 0
      ? startTaskManagers(daemons, taskManagerConfig, { prefix: fillLimits(limits), count: taskManagers })
      : [],
  ]);
  if (jobManagers.status === 'rejected') throw jobManagers.reason;
  if (workers.status === 'rejected') throw workers.reason;
  return { jobManagers: jobManagers.value, taskManagers: workers.value };
}

function describeLeader({ application }: FlinkOptions): { kind: Kind; args: string[] } {
  if (application === undefined) return { kind: 'standalonesession', args: [] };
  const { mainClass, options = [], args = [] } = application;
  return {
    kind: 'standalonejob',
    args: [...(mainClass === undefined ? [] : ['--job-classname', mainClass]), ...options, ...args],
  };
}

async function stopAll(options: FlinkOptions, { record }: Pick<Daemons, 'record'>, dir: string): Promise<void> {
  await Promise.all(record.pids().map((pid) => stopProcess(pid, 10_000)));
  record.forget();
  if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
}
