// Sets up the place of an ending: a real Flink cluster with two jobs that make checkpoints, and the built program next
// to it in separate processes, with a receiver of its messages.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFlink, type FlinkCluster, type FlinkOptions } from '../parts/services/flink.js';
import { startZookeeper, type Zookeeper } from '../parts/services/zookeeper.js';
import { startProgram, startReceiver, waitUntil, type RunningProgram } from '../../test/program.js';

/** Message as its receiver got it. */
export interface HeardMessage {
  /** Time of arrival, by the clock of this machine. */
  readonly at: number;
  readonly receiver: 'oncall' | 'emergency';
  readonly reason: string;
  readonly cause: string;
  readonly headline: string;
}

export type ProgramPart = 'up' | 'agent' | 'analyzer' | 'api';

export interface EndingPlace {
  readonly flink: FlinkCluster;
  heard(): readonly HeardMessage[];
  /** Starts or restarts a part of the program. */
  start(part: ProgramPart): Promise<void>;
  signal(part: ProgramPart, signal: NodeJS.Signals): Promise<void>;
  submit(job: string): Promise<void>;
  close(): Promise<void>;
}

export interface PlaceOptions {
  readonly folder: string;
  readonly elasticsearch: { readonly url: string; readonly indexPrefix: string } | undefined;
  readonly isHa: boolean;
  readonly hasNetwork: boolean;
}

export const JOBS = ['orders', 'clicks'] as const;
/** Heartbeat options, shorter than Flink's defaults of 10 s and 50 s. */
const HEARTBEAT = { 'heartbeat.interval': '4000', 'heartbeat.timeout': '16000' };
const CHECKPOINTS = { 'execution.checkpointing.interval': '3s' };
const START_MS = 120_000;

export async function openPlace(options: PlaceOptions): Promise<EndingPlace> {
  const { folder, isHa, hasNetwork } = options;
  const [oncall, emergency] = [await startReceiver(), await startReceiver()];
  let zookeeper: Zookeeper | undefined;
  let flink: FlinkCluster | undefined;
  const programs = new Map<ProgramPart, RunningProgram>();
  const close = async (): Promise<void> => {
    for (const program of programs.values()) await program.stop();
    await flink?.stop();
    await zookeeper?.stop();
    await oncall.close();
    await emergency.close();
  };
  try {
    mkdirSync(folder, { recursive: true });
    if (isHa) zookeeper = await startZookeeper({ dir: join(folder, 'zookeeper') });
    const started: FlinkOptions = {
      version: '1.20',
      dir: join(folder, 'flink'),
      network: hasNetwork,
      zookeeper: zookeeper?.connect,
      config: {
        ...HEARTBEAT,
        ...CHECKPOINTS,
        'taskmanager.numberOfTaskSlots': '4',
        // The SQL client uses the port range for its own address and then does not find itself.
        ...(isHa ? { 'rest.bind-port': null } : {}),
      },
    };
    flink = await startFlink(started);
    const config = writeSettings(options, flink.logDir, oncall.url, emergency.url);
    const parts: readonly ProgramPart[] = options.elasticsearch === undefined ? ['up'] : ['agent', 'analyzer', 'api'];
    const start = (part: ProgramPart): Promise<void> => startPart(programs, part, config);
    for (const part of parts) await start(part);
    const cluster = flink;
    return {
      flink: cluster,
      heard: () =>
        [
          ...oncall.received.map(({ at, body }) => readMessage(at, 'oncall', body)),
          ...emergency.received.map(({ at, body }) => readMessage(at, 'emergency', body)),
        ].sort((a, b) => a.at - b.at),
      start,
      signal: async (part, signal) => {
        await programs.get(part)?.stop(signal);
        programs.delete(part);
      },
      submit: (job) => submitJob(cluster, job),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function writeSettings(
  { folder, elasticsearch }: PlaceOptions,
  logs: string,
  oncall: string,
  emergency: string,
): string {
  const config = join(folder, 'jobtrace.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      dataDir: join(folder, 'data'),
      agent: { paths: [join(logs, '**')], zone: 'UTC', cluster: 'session-a' },
      api: { listen: '127.0.0.1:0' },
      notify: {
        receivers: [
          { name: 'oncall', kind: 'webhook', url: oncall },
          { name: 'emergency', kind: 'webhook', url: emergency },
        ],
        route: { receiver: 'oncall' },
        emergency: ['emergency'],
        emergencyAfterMs: 20_000,
      },
      store:
        elasticsearch === undefined
          ? { kind: 'sqlite' }
          : { kind: 'elasticsearch', urls: [elasticsearch.url], indexPrefix: elasticsearch.indexPrefix },
    }),
  );
  return config;
}

async function startPart(programs: Map<ProgramPart, RunningProgram>, part: ProgramPart, config: string): Promise<void> {
  const program = startProgram([part, '--config', config]);
  programs.set(part, program);
  const mark = part === 'up' ? /http:\/\/127\.0\.0\.1:\d+/ : /started/i;
  await waitUntil(`jobtrace ${part}`, () => (mark.test(program.stdout() + program.stderr()) ? true : undefined), {
    deadlineMs: START_MS,
    saw: () => [program.stdout(), program.stderr()],
  });
}

async function submitJob(flink: FlinkCluster, name: string): Promise<void> {
  const { error } = await flink.runSql(`
SET 'pipeline.name' = '${name}';
CREATE TABLE source_of (customer BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE nowhere (customer BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO nowhere SELECT customer FROM source_of;
`);
  if (error !== '') throw new Error(`${name} was not submitted: ${error}`);
  await waitUntil(
    `${name} to run`,
    async () => {
      const jobs = await flink.jobs();
      return jobs.some((job) => job.name === name && job.state === 'RUNNING') ? true : undefined;
    },
    { deadlineMs: START_MS },
  );
  await sleep(1000);
}

function readMessage(
  at: number,
  receiver: HeardMessage['receiver'],
  body: Readonly<Record<string, unknown>>,
): HeardMessage {
  const data = readObject(body['data']);
  const diagnosis = readObject(data['diagnosis']);
  return {
    at,
    receiver,
    reason: String(data['reason'] ?? ''),
    cause: String(diagnosis['cause'] ?? 'unknown'),
    headline: String(data['headline'] ?? ''),
  };
}

function readObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
