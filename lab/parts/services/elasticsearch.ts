// Starts a real single-node Elasticsearch on separate ports, with configuration, data and logs in a separate folder,
// and waits for its health. It refuses to run as root; then a system user runs it, who gets the folder. The
// distribution is the minimal one: `GET /` answers 405 here, so health is the first request to send. With our plugin it
// has the tokenizer that normal distributions have.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chownAll, openPath, requireUser, type SystemUser } from '../owner.js';
import { buildAnalysisPlugin } from './analysis.js';
import { getPart, PartError } from '../parts.js';
import {
  findFreePorts,
  Hopeless,
  isAlive,
  killProcess,
  QUICK_JAVA,
  readLastLines,
  runCommand,
  signalProcess,
  stopProcess,
  waitFor,
} from '../process.js';
import { openRecord, type RunRecord } from '../running.js';

export interface ElasticsearchOptions {
  version: 7 | 8 | 9;
  /** Folder for config/, data/ and logs/, kept at stop. If absent, a temporary folder is made, and removed at stop. */
  dir?: string;
  /** Minimum and maximum Java heap; '512m' by default. */
  heap?: string;
  /** True to add the tokenizer `pattern`, which every distribution but this smallest one has; for versions 8 and 9. */
  analysis?: boolean;
  /** True to compile its code as in production, which pays off only in runs of minutes, such as measurements. */
  thorough?: boolean;
  /** Settings as on the command line (-E), e.g. {'cluster.routing.allocation.disk.watermark.low': '50%'}. */
  settings?: Readonly<Record<string, string>>;
  /** Edits the config folder before the first start, e.g. to add users, roles or certificates. */
  editConfig?: (configDir: string) => void;
  startDeadlineMs?: number;
  /** Headers of the health request when security is on: {authorization: 'Basic …'}. */
  headers?: Readonly<Record<string, string>>;
  /** True to leave it running when this process ends (the `start` command). */
  outlive?: boolean;
}

export interface Elasticsearch {
  version: string;
  url: string;
  port: number;
  dir: string;
  /** Pid of the server process; restart() changes it. */
  readonly pid: number;
  isAlive(): boolean;
  signal(signal: NodeJS.Signals): boolean;
  /** Sends SIGTERM and waits. The data stays, and restart() is possible, only if `dir` was given. */
  stop(): Promise<void>;
  /** Sends SIGKILL and waits; the data stays, so restart() finds it. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; stops it first if it runs. */
  restart(): Promise<void>;
}

export async function startElasticsearch(options: ElasticsearchOptions): Promise<Elasticsearch> {
  const part = await getPart(`elasticsearch-${options.version}`);
  const user = process.getuid?.() === 0 ? await requireUser() : undefined;
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'jobtrace-elasticsearch-'));
  const plugin =
    options.analysis === true
      ? await buildAnalysisPlugin({ home: part.home, version: part.part.version, java: part.java })
      : undefined;
  const home = await makeFolders(part.home, dir, user, plugin);
  options.editConfig?.(join(dir, 'config'));
  if (user !== undefined) chownAll(dir, user);
  const [port = 0, transport = 0] = await findFreePorts(2);
  const url = `http${options.settings?.['xpack.security.http.ssl.enabled'] === 'true' ? 's' : ''}://127.0.0.1:${port}`;
  let record: RunRecord | undefined;
  const node: Node = { home, dir, java: part.java, port, transport, user };
  let pid = 0;

  const start = async (): Promise<void> => {
    record ??= openRecord(`elasticsearch-${options.version}`, dir, url, options.outlive);
    pid = await launch(node, options, record.env);
    record.add(pid);
    await waitForHealth(url, pid, dir, options);
  };
  const end = async (): Promise<void> => {
    await stopProcess(pid, 30_000);
    record?.forget();
    record = undefined;
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    version: part.part.version,
    url,
    port,
    dir,
    get pid() {
      return pid;
    },
    isAlive: () => isAlive(pid),
    signal: (signal) => signalProcess(pid, signal),
    stop: end,
    kill: () => killProcess(pid),
    async restart() {
      if (!existsSync(dir))
        throw new Error(
          'This Elasticsearch was stopped and its temporary folder is gone. Give startElasticsearch a `dir` to keep it.',
        );
      await stopProcess(pid, 30_000);
      await start();
    },
  };
}

interface Node {
  home: string;
  dir: string;
  java: string;
  port: number;
  transport: number;
  user: SystemUser | undefined;
}

/**
 * Makes separate folders for config, data and logs. Returns the home to run, which is a linked copy if the user cannot
 * read the cached home, or if a plugin is added.
 */
async function makeFolders(
  home: string,
  dir: string,
  user: SystemUser | undefined,
  plugin: string | undefined,
): Promise<string> {
  for (const name of ['data', 'logs', 'tmp']) mkdirSync(join(dir, name), { recursive: true });
  if (!existsSync(join(dir, 'config'))) cpSync(join(home, 'config'), join(dir, 'config'), { recursive: true });
  if (user !== undefined) openPath(dir);
  if (plugin === undefined && (user === undefined || (await mayRead(home, user)))) return home;
  const linked = join(dir, 'home');
  if (!existsSync(linked)) await linkHome(home, linked);
  if (plugin !== undefined) cpSync(plugin, join(linked, 'plugins', 'jobtrace-analysis'), { recursive: true });
  return linked;
}

/** Checks whether the user may read the home, because root's own folders are closed to others. */
async function mayRead(home: string, user: SystemUser): Promise<boolean> {
  return (await runCommand('test', ['-r', join(home, 'bin/elasticsearch')], { user })).code === 0;
}

/** Copies the home with hard links, which cost nothing; across file systems it is a real copy. */
async function linkHome(home: string, linked: string): Promise<void> {
  const ended = await runCommand('cp', ['-al', home, linked]);
  if (ended.code === 0) return;
  rmSync(linked, { recursive: true, force: true });
  cpSync(home, linked, { recursive: true, verbatimSymlinks: true });
}

/**
 * Starts the node with `-d`, which returns when the node is up, or with its error (version 7: at once). The pid file
 * names the server process.
 */
async function launch(
  node: Node,
  options: ElasticsearchOptions,
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const settings: Record<string, string> = {
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': String(node.port),
    'transport.port': String(node.transport),
    'path.data': join(node.dir, 'data'),
    'path.logs': join(node.dir, 'logs'),
    'xpack.security.enabled': 'false',
    'cluster.name': 'jobtrace-parts',
    'node.name': 'node-1',
    ...options.settings,
  };
  const heap = options.heap ?? '512m';
  const pidFile = join(node.dir, 'pid');
  rmSync(pidFile, { force: true });
  const ended = await runCommand(
    join(node.home, 'bin/elasticsearch'),
    [...Object.entries(settings).map(([key, value]) => `-E${key}=${value}`), '-d', '-p', pidFile],
    {
      cwd: node.dir,
      timeoutMs: options.startDeadlineMs ?? 180_000,
      env: {
        PATH: process.env['PATH'],
        HOME: node.dir,
        LANG: 'C.UTF-8',
        ES_JAVA_HOME: node.java,
        ES_JAVA_OPTS: `-Xms${heap} -Xmx${heap} ${options.thorough === true ? '' : QUICK_JAVA}`.trimEnd(),
        CLI_JAVA_OPTS: QUICK_JAVA,
        ES_PATH_CONF: join(node.dir, 'config'),
        ES_TMPDIR: join(node.dir, 'tmp'),
        ...env,
      },
      user: node.user,
    },
  );
  if (ended.code === 0) await waitForPid(pidFile, node, options);
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').trim()) : 0;
  if (ended.code !== 0 || !isAlive(pid)) {
    if (pid > 0) await stopProcess(pid, 5_000);
    throw new PartError(
      `Elasticsearch did not start (code ${ended.code}).`,
      dropFrames(`${ended.stdout}${ended.stderr}`),
      `read its log, ${join(node.dir, 'logs', 'jobtrace-parts.log')}`,
    );
  }
  return pid;
}

function waitForPid(pidFile: string, node: Node, { startDeadlineMs = 180_000 }: ElasticsearchOptions): Promise<void> {
  return waitFor(
    'The pid file of Elasticsearch',
    startDeadlineMs,
    () => Promise.resolve((existsSync(pidFile) && readFileSync(pidFile, 'utf8').trim() !== '') || 'not there'),
    () => readLastLines(listLogs(node.dir)),
  );
}

/** Returns the last dozen lines of an output without the stack frames: messages and causes. */
function dropFrames(output: string): string {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+(at |\.\.\. \d+ more)/.test(line))
    .slice(-12)
    .join('\n');
}

async function waitForHealth(url: string, pid: number, dir: string, options: ElasticsearchOptions): Promise<void> {
  // The certificate for TLS is the caller's own, which fetch does not trust, so the success of the launcher has to be
  // enough.
  if (url.startsWith('https:')) return;
  await waitFor(
    `Elasticsearch at ${url}`,
    options.startDeadlineMs ?? 180_000,
    async () => {
      if (!isAlive(pid))
        throw new Hopeless(`Elasticsearch (process ${pid}) died while starting.\n${readLastLines(listLogs(dir))}`);
      const response = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=5s`, {
        signal: AbortSignal.timeout(10_000),
        headers: { ...options.headers },
      });
      const text = await response.text();
      return response.ok ? true : `${response.status} ${text.slice(0, 200)}`;
    },
    () => readLastLines(listLogs(dir)),
  );
}

function listLogs(dir: string): string[] {
  const logs = join(dir, 'logs');
  return existsSync(logs)
    ? readdirSync(logs)
        .filter((name) => name === 'jobtrace-parts.log')
        .map((name) => join(logs, name))
    : [];
}
