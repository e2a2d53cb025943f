// Writes the configuration folder of one Flink cluster: the stock conf/ with a config.yaml of flat keys,
// small memory, ports of its own, and the caller's settings on top. The log4j files stay the stock ones unless
// the caller brings a log4j.properties. Nothing is started here.
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Flink settings by their full key; null takes a default of ours away (say, process.size when flink.size is given). */
export type FlinkConfig = Readonly<Record<string, string | null>>;

export interface ConfOptions {
  home: string;
  confDir: string;
  ports: { rest: number; rpc: number };
  config?: FlinkConfig;
  logging?: 'stock' | { log4jProperties: string };
}

/** Enough for small jobs: about 280 MB of resident memory a JVM. */
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

/** The effective settings, in the order of defaults, ports, caller. */
export function fillConfig(options: ConfOptions): Record<string, string> {
  const wanted: FlinkConfig = {
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
  };
  return Object.fromEntries(Object.entries(wanted).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

/** Makes the folder, whole; returns the effective settings. */
export function writeConf(options: ConfOptions): Record<string, string> {
  const stock = join(options.home, 'conf');
  mkdirSync(options.confDir, { recursive: true });
  cpSync(stock, options.confDir, { recursive: true });
  // The stock file's --add-exports and --add-opens list: without it Flink dies on Java 17.
  const opts = /^ {6}all: (.+)$/m.exec(readFileSync(join(stock, 'config.yaml'), 'utf8'))?.[1];
  const config = fillConfig(options);
  const lines = Object.entries({ ...(opts === undefined ? {} : { 'env.java.opts.all': opts }), ...config })
    .map(([key, value]) => `${key}: ${quote(value)}`);
  writeFileSync(join(options.confDir, 'config.yaml'), `${lines.join('\n')}\n`);
  if (options.logging !== undefined && options.logging !== 'stock') {
    copyFileSync(options.logging.log4jProperties, join(options.confDir, 'log4j.properties'));
  }
  return config;
}

/** YAML takes most values as they are; those it would read as something else go into single quotes. */
function quote(value: string): string {
  return /^[\w./-][\w./:=,;+ -]*$/.test(value) && !/: | #|:$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`;
}
