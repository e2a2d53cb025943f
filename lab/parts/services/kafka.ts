// Starts a real Kafka: one broker that is its own controller, with separate ports and folder, a listener for anybody
// and, if users are given, a second one that requires SASL/PLAIN. Topics and records go through Kafka's own tools, each
// of which starts a JVM for a second or two. The lab stops, pauses and kills it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getPart } from '../parts.js';
import { findFreePorts, runCommand } from '../process.js';
import { makeFolder, startServer, type PartServer, type ServerStart } from '../server.js';

export interface KafkaOptions extends ServerStart {
  /** Lines that override those of our server.properties, e.g. {'message.max.bytes': '20000'}. */
  settings?: Readonly<Record<string, string>>;
  /** Name → password; only these may use `saslBootstrap` (SASL_PLAINTEXT, mechanism PLAIN). */
  users?: Readonly<Record<string, string>>;
}

export interface Kafka extends PartServer {
  /** Address "localhost:port" that is open to anybody. */
  bootstrap: string;
  /** Address "localhost:port" of the listener that requires a user; without `users` nobody listens there. */
  saslBootstrap: string;
  createTopic(
    name: string,
    options?: { partitions?: number; config?: Readonly<Record<string, string>> },
  ): Promise<void>;
  deleteTopic(name: string): Promise<void>;
  /** Writes one record per line. With `keyed` a line is "key<TAB>value", and the key decides the partition. */
  produce(topic: string, lines: readonly string[], options?: { keyed?: boolean }): Promise<void>;
  /**
   * Drops the records before that offset (all records by default), so that a consumer at an earlier offset is out of
   * range.
   */
  deleteRecords(topic: string, options?: { partition?: number; before?: number }): Promise<void>;
}

interface Ports {
  open: number;
  sasl: number;
  controller: number;
}

const CLUSTER_ID = 'am9idHJhY2Uta2Fma2EtMQ';

const LOGGING = `log4j.rootLogger=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=[%d] %p %m (%c)%n
`;

export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const part = await getPart('kafka');
  const dir = makeFolder('kafka', options);
  const [open = 0, sasl = 0, controller = 0] = await findFreePorts(3);
  const [properties, logging] = [join(dir, 'server.properties'), join(dir, 'log4j.properties')];
  writeFileSync(properties, renderProperties(dir, { open, sasl, controller }, options));
  writeFileSync(logging, LOGGING);
  const bootstrap = `localhost:${open}`;
  const java = [join(part.java, 'bin', 'java'), '-XX:TieredStopAtLevel=1', '-cp', join(part.home, 'libs', '*')];
  const runTool = (main: string, args: readonly string[], input?: string): Promise<void> =>
    runMain(java, dir, main, args, input);
  await runTool('kafka.tools.StorageTool', [
    'format',
    '--cluster-id',
    CLUSTER_ID,
    '--config',
    properties,
    '--ignore-formatted',
  ]);
  const server = await startServer(
    {
      name: 'kafka',
      address: bootstrap,
      command: [...java, '-Xmx256m', `-Dlog4j.configuration=file:${logging}`, 'kafka.Kafka', properties],
      isReady: (printed) =>
        Promise.resolve(printed.includes('Kafka Server started') || 'it has not said "Kafka Server started"'),
    },
    dir,
    options,
  );
  return Object.assign(server, {
    bootstrap,
    saslBootstrap: `localhost:${sasl}`,
    ...describeTopics(runTool, dir, bootstrap),
  });
}

type Topics = Pick<Kafka, 'createTopic' | 'deleteTopic' | 'produce' | 'deleteRecords'>;

function describeTopics(
  runTool: (main: string, args: readonly string[], input?: string) => Promise<void>,
  dir: string,
  bootstrap: string,
): Topics {
  const runTopic = (...args: string[]): Promise<void> =>
    runTool('org.apache.kafka.tools.TopicCommand', ['--bootstrap-server', bootstrap, ...args]);
  return {
    createTopic: (name, { partitions = 1, config = {} } = {}) =>
      runTopic(
        '--create',
        '--topic',
        name,
        '--partitions',
        String(partitions),
        ...Object.entries(config).flatMap(([key, value]) => ['--config', `${key}=${value}`]),
      ),
    deleteTopic: (name) => runTopic('--delete', '--topic', name),
    produce: (topic, lines, { keyed = false } = {}) =>
      runTool(
        'kafka.tools.ConsoleProducer',
        ['--bootstrap-server', bootstrap, '--topic', topic, ...(keyed ? ['--property', 'parse.key=true'] : [])],
        lines.map((line) => `${line}\n`).join(''),
      ),
    async deleteRecords(topic, { partition = 0, before = -1 } = {}) {
      const file = join(dir, 'delete-records.json');
      writeFileSync(file, JSON.stringify({ version: 1, partitions: [{ topic, partition, offset: before }] }));
      await runTool('org.apache.kafka.tools.DeleteRecordsCommand', [
        '--bootstrap-server',
        bootstrap,
        '--offset-json-file',
        file,
      ]);
    },
  };
}

async function runMain(
  java: readonly string[],
  dir: string,
  main: string,
  args: readonly string[],
  input = '',
): Promise<void> {
  const [binary = '', ...rest] = [...java, '-Xmx128m', main, ...args];
  const ended = await runCommand(binary, rest, { cwd: dir, timeoutMs: 60_000, input });
  const said = `${ended.stdout}${ended.stderr}`.trim();
  // The producer's exit code is 0 even if nothing was delivered.
  if (ended.code !== 0 || /^\S* ?ERROR |Exception:/m.test(said))
    throw new Error(`Kafka's ${main} ended with code ${ended.code}:\n${said.slice(-1500)}`);
}

/** Renders a small configuration: one copy of everything, few internal partitions, no automatic topics. */
function renderProperties(dir: string, ports: Ports, { settings, users }: KafkaOptions): string {
  const sasl: Readonly<Record<string, string>> =
    users === undefined
      ? {}
      : {
          'listener.name.sasl.sasl.enabled.mechanisms': 'PLAIN',
          'listener.name.sasl.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${Object.entries(
            users,
          )
            .map(([user, password]) => `user_${user}="${password}"`)
            .join(' ')};`,
        };
  const all: Readonly<Record<string, string>> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@localhost:${ports.controller}`,
    listeners: `OPEN://localhost:${ports.open},${users === undefined ? '' : `SASL://localhost:${ports.sasl},`}CONTROLLER://localhost:${ports.controller}`,
    'listener.security.protocol.map': 'OPEN:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'OPEN',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(dir, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A broker that was killed is accepted again only after its last session has expired.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '1000',
    ...sasl,
    ...settings,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
