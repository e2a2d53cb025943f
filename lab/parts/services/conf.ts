// Writes the configuration folder of one Flink cluster: the stock conf/ with flat keys in the file that the version
// reads, small memory, separate ports, and the caller's settings on top. The log4j files stay the stock ones unless the
// caller provides a log4j.properties. Differences in names between versions are handled here. Nothing is started.
import { omitMissing } from '../../../core/json.js';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { QUICK_JAVA } from '../process.js';

export const FLINK_VERSIONS = ['1.13', '1.17', '1.20', '2.3'] as const;
export type FlinkPart = (typeof FLINK_VERSIONS)[number];

/** Flink settings by their full key; null removes one of our defaults (e.g. process.size when flink.size is given). */
export type FlinkConfig = Readonly<Record<string, string | null>>;

export interface ConfOptions {
  version: FlinkPart;
  home: string;
  confDir: string;
  ports: { rest: number; rpc: number };
  config?: FlinkConfig;
  logging?: 'stock' | { log4jProperties: string };
}

/**
 * Configuration file of each version. Up to 1.18 the only file is flink-conf.yaml, which is not YAML: everything after
 * ": " is the value, including quotes.
 */
const CONF_FILES: Readonly<Record<FlinkPart, string>> = {
  '1.13': 'flink-conf.yaml',
  '1.17': 'flink-conf.yaml',
  '1.20': 'config.yaml',
  '2.3': 'config.yaml',
};

/** Memory that is enough for small jobs: about 280 MB resident per JVM. */
export const SMALL_MEMORY: FlinkConfig = {
  'jobmanager.memory.process.size': '900m',
  'jobmanager.memory.jvm-metaspace.size': '192m',
  'jobmanager.memory.jvm-overhead.min': '64m',
  'jobmanager.memory.jvm-overhead.max': '128m',
  'taskmanager.memory.process.size': '900m',
  'taskmanager.memory.jvm-metaspace.size': '192m',
  'taskmanager.memory.jvm-overhead.min': '64m',
  'taskmanager.memory.jvm-overhead.max': '128m',
  'taskmanager.memory.managed.size': '64m',
  'taskmanager.memory.framework.heap.size': '64m',
  'taskmanager.memory.framework.off-heap.size': '64m',
};

/** Options that hold the JVM options of each process. */
export const JAVA_OPTIONS = ['env.java.opts.jobmanager', 'env.java.opts.taskmanager', 'env.java.opts.client'] as const;

/**
 * JVM options for a longer start of the remoting. Otherwise it gives up after ten seconds whatever
 * pekko.startup-timeout says, because Flink writes that under a name that Pekko (formerly Akka) does not read.
 */
const PATIENT_START = ['pekko', 'akka'].map((library) => `-D${library}.remote.classic.startup-timeout=60s`).join(' ');

/** Returns the effective settings: the defaults, the ports, and the caller's settings, which override both. */
export function fillConfig(options: ConfOptions): Record<string, string> {
  return dropNulls({
    'jobmanager.rpc.address': 'localhost',
    'jobmanager.rpc.port': String(options.ports.rpc),
    'jobmanager.bind-host': 'localhost',
    'taskmanager.bind-host': 'localhost',
    'taskmanager.host': 'localhost',
    'taskmanager.numberOfTaskSlots': '1',
    'rest.address': 'localhost',
    'rest.bind-address': 'localhost',
    'rest.port': String(options.ports.rest),
    'parallelism.default': '1',
    ...SMALL_MEMORY,
    ...options.config,
    ...Object.fromEntries(
      JAVA_OPTIONS.map((key) => [key, [QUICK_JAVA, PATIENT_START, options.config?.[key]].filter(Boolean).join(' ')]),
    ),
  });
}

/**
 * Returns the high availability settings. The time-outs are short, so that a paused ZooKeeper is noticed in seconds.
 * They are in milliseconds, because 1.13 accepts nothing else. A further JobManager serves REST at the next free port.
 */
export function fillAvailability(version: FlinkPart, quorum: string, dir: string, restPort: number): FlinkConfig {
  return {
    'rest.bind-port': `${restPort}-${restPort + 20}`,
    [version === '1.13' ? 'high-availability' : 'high-availability.type']: 'zookeeper',
    'high-availability.zookeeper.quorum': quorum,
    'high-availability.storageDir': `file://${join(dir, 'ha')}`,
    'high-availability.cluster-id': `/${basename(dir)}`,
    'high-availability.zookeeper.client.session-timeout': '15000',
    'high-availability.zookeeper.client.connection-timeout': '5000',
  };
}

/**
 * Returns settings with which all processes can be reached from other networks and the JobManager uses that address.
 */
export function fillNetwork(address: string): FlinkConfig {
  return {
    'jobmanager.rpc.address': address,
    'jobmanager.bind-host': '0.0.0.0',
    'taskmanager.bind-host': '0.0.0.0',
    'rest.bind-address': '0.0.0.0',
  };
}

/** Writes the complete folder; returns the effective settings. */
export function writeConf(options: ConfOptions): Record<string, string> {
  const stock = join(options.home, 'conf');
  mkdirSync(options.confDir, { recursive: true });
  cpSync(stock, options.confDir, { recursive: true });
  const config = fillConfig(options);
  writeSettings(options, config);
  if (options.logging !== undefined && options.logging !== 'stock') {
    copyFileSync(options.logging.log4jProperties, join(options.confDir, 'log4j.properties'));
  }
  return config;
}

/** Rewrites the configuration file, like a person who edits it; returns the effective settings. */
export function changeConf(
  options: Pick<ConfOptions, 'version' | 'home' | 'confDir'>,
  before: Readonly<Record<string, string>>,
  changes: FlinkConfig,
): Record<string, string> {
  const config = dropNulls({ ...before, ...changes });
  writeSettings(options, config);
  return config;
}

export function confFile(version: FlinkPart, confDir: string): string {
  return join(confDir, CONF_FILES[version]);
}

function writeSettings(
  { version, home, confDir }: Pick<ConfOptions, 'version' | 'home' | 'confDir'>,
  config: Readonly<Record<string, string>>,
): void {
  // The stock file's list of --add-exports and --add-opens, without which Flink dies on Java 17. Versions for Java 11
  // have none.
  const stock = join(home, 'conf', 'config.yaml');
  const opts = existsSync(stock) ? /^ {6}all: (.+)$/m.exec(readFileSync(stock, 'utf8'))?.[1] : undefined;
  const lines = Object.entries(omitMissing({ 'env.java.opts.all': opts, ...config })).map(
    ([key, value]) => `${key}: ${CONF_FILES[version] === 'config.yaml' ? quote(value) : value}`,
  );
  writeFileSync(confFile(version, confDir), `${lines.join('\n')}\n`);
}

function dropNulls(config: FlinkConfig): Record<string, string> {
  return Object.fromEntries(Object.entries(config).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

/** Puts a value into single quotes if YAML would read it as something else. */
function quote(value: string): string {
  return /^[\w./-][\w./:=,;+ -]*$/.test(value) && !/: | #|:$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`;
}
