// Defines the shippers that are measured: how each is started over one folder of logs (configurations in peers/), and
// how its version is read. One that is not available here has no command and is skipped with its name. The two in Go
// are built once, from locked modules, and kept.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const CONFIGURATIONS = join(import.meta.dirname, 'peers');
const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'dist', 'cli.js');
/** Folder of built peers, kept between measurements. */
const BUILT = join(homedir(), '.cache', 'jobtrace', 'bench');

/** Input of one run. */
export interface RunSite {
  readonly logs: string;
  readonly state: string;
  readonly port: number;
}

export interface Peer {
  readonly name: string;
  /** File name in peers/. */
  readonly configuration: string;
  /** Returns the path of the program; undefined if it is not available here. */
  readonly find: () => string | undefined;
  /** Returns the command line without the program. */
  readonly args: (configuration: string, site: RunSite) => readonly string[];
  readonly readVersion: (program: string) => string;
  /** Number of Jobtrace's reading threads; undefined: another shipper. */
  readonly workers?: number;
}

export const PEERS: readonly Peer[] = [
  jobtrace('jobtrace', 'jobtrace.yaml'),
  jobtrace('jobtrace (two workers)', 'jobtrace-workers.yaml', 2),
  jobtrace('jobtrace (no gzip)', 'jobtrace-plain.yaml'),
  {
    name: 'rsyslog',
    configuration: 'rsyslog.conf',
    find: () => findProgram('rsyslogd'),
    args: (configuration, { state }) => {
      mkdirSync(join(state, 'rs'));
      return ['-n', '-f', configuration, '-i', join(state, 'pid')];
    },
    readVersion: (program) => /\d[\d.]+/.exec(ask(program, '-v'))?.[0] ?? 'unknown',
  },
  {
    name: 'otel',
    configuration: 'otel.yaml',
    find: () => findBuilt('otel'),
    args: (configuration) => ['--config', configuration],
    readVersion: (program) =>
      [...ask(program, 'components').matchAll(/\/(filelogreceiver|elasticsearchexporter) v(\S+)/g)]
        .map(([, name = '', version = '']) => `${name} ${version}`)
        .join(', '),
  },
  filebeat('filebeat', 'filebeat.yml'),
  filebeat('filebeat (throughput)', 'filebeat-throughput.yml'),
];

function jobtrace(name: string, configuration: string, workers = 1): Peer {
  return {
    name,
    configuration,
    find: () => process.execPath,
    args: (path) => [CLI, 'agent', '--config', path],
    readVersion: readJobtraceVersion,
    workers,
  };
}

/** Returns the version of the build, with the commit of the tree. */
export function readJobtraceVersion(): string {
  const commit = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' });
  return `${ask(process.execPath, CLI, '--version').trim()} (${commit.stdout.trim()}), Node ${process.version}`;
}

function filebeat(name: string, configuration: string): Peer {
  return {
    name,
    configuration,
    find: () => findBuilt('filebeat'),
    args: (path, { state }) => [
      ...['-e', '-c', path, '--strict.perms=false'],
      ...['--path.home', state, '--path.data', join(state, 'data')],
    ],
    readVersion: (program) => /version (\S+)/.exec(ask(program, 'version'))?.[1] ?? 'unknown',
  };
}

export function readConfiguration(name: string): string {
  return readFileSync(join(CONFIGURATIONS, name), 'utf8');
}

/** Returns the command line and writes a configuration that has the folders and the port of this run. */
export function prepareCommand(peer: Peer, program: string, site: RunSite): readonly string[] {
  const { logs, state, port } = site;
  const path = join(state, peer.configuration);
  const text = readConfiguration(peer.configuration);
  writeFileSync(path, text.replaceAll('@LOGS@', logs).replaceAll('@STATE@', state).replaceAll('@PORT@', String(port)));
  return [program, ...peer.args(path, site)];
}

function ask(program: string, ...args: readonly string[]): string {
  return spawnSync(program, args, { encoding: 'utf8' }).stdout;
}

function findProgram(name: string): string | undefined {
  const folders = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(':')];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function findBuilt(name: string): string | undefined {
  const program = join(BUILT, name);
  if (existsSync(program)) return program;
  if (findProgram('go') === undefined) return undefined;
  console.error(`Building ${name}, some minutes…`);
  const source = mkdtempSync(join(tmpdir(), `jobtrace-bench-${name}-`));
  try {
    cpSync(join(CONFIGURATIONS, name), source, { recursive: true });
    mkdirSync(BUILT, { recursive: true });
    const flags = ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', program, '.'];
    execFileSync('go', flags, { cwd: source, env: { ...process.env, CGO_ENABLED: '0' }, stdio: 'inherit' });
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
  return program;
}
