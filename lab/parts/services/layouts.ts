// Starts the processes of a Flink as each kind of deployment does, and finds their logs. Standalone and native
// Kubernetes use the scripts that they run. YARN, which needs a ResourceManager, is replaced by the command line of its
// containers, as YarnClusterDescriptor and BootstrapTools (Utils in newer versions) build it.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAlive, runCommand, waitFor } from '../process.js';
import type { Logging } from './kit.js';

export type Layout = 'standalone' | 'kubernetes' | 'yarn';
export type LayoutRole = 'jobmanager' | 'taskmanager';

/** Process to be started. Its folders are separate, so that processes of one cluster differ in their logging. */
export interface ProcessLogging {
  home: string;
  java: string;
  logging: Logging;
  confDir: string;
  libDir: string;
  logDir: string;
  /** Variables that must be in its environment, so that it is found when its starter dies. */
  env: Readonly<Record<string, string>>;
  /** Receives the pid as soon as the process exists. */
  remember(pid: number): void;
}

export interface Started {
  pid: number;
  logFile: string;
  outFile: string;
  /** Standard error file, if the layout has one next to the .out file. */
  errFile?: string;
}

export function startProcess(layout: Layout, role: LayoutRole, place: ProcessLogging): Promise<Started> {
  for (const folder of [place.logDir, join(place.logDir, 'pid')]) mkdirSync(folder, { recursive: true });
  if (layout === 'standalone') return startDaemon(role, place);
  return layout === 'kubernetes' ? startPod(role, place) : startContainer(role, place);
}

/**
 * Returns Flink's variables for its scripts. FLINK_IDENT_STRING is empty in the official image, so names have two
 * dashes there.
 */
function scriptEnv(place: ProcessLogging, ident: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...place.env,
    JAVA_HOME: place.java,
    FLINK_CONF_DIR: place.confDir,
    FLINK_LIB_DIR: place.libDir,
    FLINK_LOG_DIR: place.logDir,
    FLINK_PID_DIR: join(place.logDir, 'pid'),
    FLINK_IDENT_STRING: ident,
    USER: '',
  };
}

async function startDaemon(role: LayoutRole, place: ProcessLogging): Promise<Started> {
  const [script, name] =
    role === 'jobmanager' ? ['jobmanager.sh', 'standalonesession'] : ['taskmanager.sh', 'taskexecutor'];
  const started = await runCommand(join(place.home, 'bin', script), ['start'], {
    env: scriptEnv(place, 'flink'),
    timeoutMs: 120_000,
  });
  if (started.code !== 0)
    throw new Error(`${script} start ended with code ${started.code}:\n${started.stdout}${started.stderr}`);
  const prefix = join(place.logDir, `flink-flink-${name}-0-${hostname()}`);
  const pid = Number(readFileSync(join(place.logDir, 'pid', `flink-flink-${name}.pid`), 'utf8').trim());
  place.remember(pid);
  return { pid, logFile: `${prefix}.log`, outFile: `${prefix}.out` };
}

/**
 * Starts the command of a pod of native Kubernetes, with its output where the container runtime puts it. A JobManager
 * there contacts the API server at once, so the one of the official image is started, which differs only in the name.
 */
async function startPod(role: LayoutRole, place: ProcessLogging): Promise<Started> {
  const name = role === 'jobmanager' ? 'standalonesession' : 'kubernetes-taskmanager';
  const { jvmOptions, settings } = await readResources(role, place);
  const [script, args] =
    role === 'jobmanager'
      ? (['jobmanager.sh', ['start-foreground']] as const)
      : (['kubernetes-taskmanager.sh', settings] as const);
  const env = { ...scriptEnv(place, ''), FLINK_TM_JVM_MEM_OPTS: jvmOptions.join(' '), _POD_NODE_ID: 'node-1' };
  const outFile = join(place.logDir, 'stdout');
  const pid = spawnInto(join(place.home, 'bin', script), args, { env, cwd: place.logDir, outFile, errFile: outFile });
  place.remember(pid);
  return { pid, logFile: await findLog(place.logDir, new RegExp(`^flink-.*-?${name}-0-.*\\.log$`), pid), outFile };
}

/**
 * Starts `java %jvmmem% %jvmopts% %logging% CLASS %args% 1> X.out 2> X.err` in the container's folder, which also
 * contains the configuration.
 */
async function startContainer(role: LayoutRole, place: ProcessLogging): Promise<Started> {
  const { jvmOptions, settings } = await readResources(role, place);
  const base = join(place.logDir, role);
  const logging =
    place.logging === 'logback'
      ? ['-Dlogback.configurationFile=file:./logback.xml']
      : ['-Dlog4j.configuration=file:./log4j.properties', '-Dlog4j.configurationFile=file:./log4j.properties'];
  const mainClass =
    role === 'jobmanager'
      ? 'org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint'
      : 'org.apache.flink.runtime.taskexecutor.TaskManagerRunner';
  const args = [
    ...jvmOptions,
    ...readJavaOptions(role, place.confDir),
    `-Dlog.file=${base}.log`,
    ...logging,
    mainClass,
    ...settings,
    '--configDir',
    '.',
  ];
  const classpath = readdirSync(place.libDir)
    .sort()
    .map((name) => join(place.libDir, name))
    .join(':');
  const env = { ...process.env, ...place.env, CLASSPATH: classpath };
  const pid = spawnInto(join(place.java, 'bin', 'java'), args, {
    env,
    cwd: place.confDir,
    outFile: `${base}.out`,
    errFile: `${base}.err`,
  });
  place.remember(pid);
  return { pid, logFile: `${base}.log`, outFile: `${base}.out`, errFile: `${base}.err` };
}

function spawnInto(
  command: string,
  args: readonly string[],
  { env, cwd, outFile, errFile }: { env: NodeJS.ProcessEnv; cwd: string; outFile: string; errFile: string },
): number {
  const out = openSync(outFile, 'a');
  const err = errFile === outFile ? out : openSync(errFile, 'a');
  const child = spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', out, err] });
  child.on('error', () => undefined); // there is no pid then, and the wait for the log fails
  child.unref();
  for (const file of new Set([out, err])) closeSync(file);
  return child.pid ?? 0;
}

/**
 * Finds the log of a process. The script's shell becomes the JVM (exec), so the pid stays the same; the log has its
 * name once the JVM writes.
 */
async function findLog(logDir: string, pattern: RegExp, pid: number): Promise<string> {
  const find = (): string | undefined => readdirSync(logDir).find((name) => pattern.test(name));
  await waitFor(
    `a log ${pattern.source}`,
    60_000,
    () => Promise.resolve(find() !== undefined || (isAlive(pid) ? readdirSync(logDir).join(', ') : 'the process died')),
    () => readFileSync(join(logDir, 'stdout'), 'utf8').slice(-3000),
  );
  return join(logDir, find() ?? '');
}

/**
 * Returns what Flink's own scripts query before they start the process: memory options of the JVM, and settings as -D
 * pairs.
 */
async function readResources(
  role: LayoutRole,
  place: ProcessLogging,
): Promise<{ jvmOptions: string[]; settings: string[] }> {
  const command = role === 'jobmanager' ? 'GET_JM_RESOURCE_PARAMS' : 'GET_TM_RESOURCE_PARAMS';
  const dist = readdirSync(place.libDir).find((name) => name.startsWith('flink-dist')) ?? '';
  const asked = await runCommand(join(place.java, 'bin', 'java'), [
    '-cp',
    `${join(place.home, 'bin', 'bash-java-utils.jar')}:${join(place.libDir, dist)}`,
    'org.apache.flink.runtime.util.bash.BashJavaUtils',
    command,
    '--configDir',
    place.confDir,
  ]);
  const [jvm, dynamic] = [...asked.stdout.matchAll(/^BASH_JAVA_UTILS_EXEC_RESULT:(.*)$/gm)].map((match) =>
    (match[1] ?? '').trim(),
  );
  if (jvm === undefined || dynamic === undefined)
    throw new Error(`BashJavaUtils ended with code ${asked.code}:\n${asked.stdout}${asked.stderr}`);
  return { jvmOptions: jvm.split(/\s+/), settings: dynamic === '' ? [] : dynamic.split(/\s+/) };
}

/** Returns the options for all processes (newer versions: a list of --add-opens) and those for the role. */
function readJavaOptions(role: LayoutRole, confDir: string): string[] {
  const files = readdirSync(confDir).filter((name) => name === 'config.yaml' || name === 'flink-conf.yaml');
  const text = files.map((name) => readFileSync(join(confDir, name), 'utf8')).join('\n');
  return [...text.matchAll(/^env\.java\.opts\.(\w+): (.+)$/gm)].flatMap(([, scope, options]) =>
    scope === 'all' || scope === role ? (options ?? '').replace(/^'|'$/g, '').split(/\s+/) : [],
  );
}
