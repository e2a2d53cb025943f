// Defines the real services that run next to a scenario's cluster. One row per service says which settings
// scenario.yaml may give it, how it is started in the run's folder, and by which name scenario texts refer to its
// address. Each service itself is a module of lab/parts.
import { join } from 'node:path';
import { STORE_PASSWORD, makeCertificates } from '../parts/services/certificates.js';
import type { FlinkProcess } from '../parts/services/flink.js';
import { startElasticsearch } from '../parts/services/elasticsearch.js';
import { startKafka, type Kafka } from '../parts/services/kafka.js';
import { startPostgres, type Postgres } from '../parts/services/postgres.js';
import { startProxy } from '../parts/proxy.js';
import { startS3 } from '../parts/services/s3.js';
import type { PartServer } from '../parts/server.js';
import { startZookeeper } from '../parts/services/zookeeper.js';

export interface LabService {
  /** `@NAME@` → address of the service, for any text of the scenario. */
  readonly values: Readonly<Record<string, string>>;
  /**
   * Process, for the steps that kill, stop and continue it, and for its logs. Absent if the service has no process of
   * its own.
   */
  readonly process?: FlinkProcess;
  /** True if its log has Flink's layout and goes into the recording. */
  readonly recorded?: true;
  /** Resets the connections that go through the service. */
  readonly reset?: () => void;
  /** Opens idle connections to the target behind the service. */
  readonly idle?: (count: number) => void;
  /** Starts the service again on the same address and data. */
  readonly restart?: () => Promise<void>;
  /** Client for the steps that work on it. */
  readonly kafka?: Kafka;
  readonly postgres?: Postgres;
  /** Address of its REST API. */
  readonly elasticsearch?: string;
  stop(): Promise<void>;
}

export interface ServiceSettings {
  /** ZooKeeper for the high availability of the cluster. */
  readonly zookeeper?: Readonly<Record<string, string>>;
  /** TCP proxy that listens at `@PROXY_PORT@` and forwards to `@PROXY_TARGET@`, where something has to listen. */
  readonly proxy?: Readonly<Record<string, string>>;
  /**
   * Kafka broker at `@KAFKA@`. With `users` (name → password) it also listens at `@KAFKA_SASL@`. The settings override
   * its own server.properties.
   */
  readonly kafka?: {
    readonly settings?: Readonly<Record<string, string>>;
    readonly users?: Readonly<Record<string, string>>;
  };
  /**
   * Database at the JDBC address `@POSTGRES@`, for the user `@POSTGRES_USER@` with `@POSTGRES_PASSWORD@`, with settings
   * as on its command line.
   */
  readonly postgres?: Readonly<Record<string, string>>;
  /** Single Elasticsearch node at `@ELASTICSEARCH@`, with settings as on its command line. */
  readonly elasticsearch?: Readonly<Record<string, string>>;
  /** Object store at `@S3@` for the keys `@S3_KEY@` and `@S3_SECRET@`, with these buckets. */
  readonly s3?: { readonly buckets: readonly string[] };
  /** Key stores for TLS at `@CLUSTER_STORE@` and `@STRANGER_STORE@`, with `@STORE_PASSWORD@`. */
  readonly certificates?: Readonly<Record<string, string>>;
}

export type ServiceName = keyof ServiceSettings;

const settings = { type: 'object', additionalProperties: { type: 'string' } };

export const SERVICE_SCHEMAS: Readonly<Record<ServiceName, object>> = {
  zookeeper: settings,
  proxy: settings,
  certificates: settings,
  kafka: { type: 'object', additionalProperties: false, properties: { settings, users: settings } },
  postgres: settings,
  elasticsearch: settings,
  s3: {
    type: 'object',
    additionalProperties: false,
    required: ['buckets'],
    properties: { buckets: { type: 'array', items: { type: 'string' } } },
  },
};

type Starters = {
  readonly [K in ServiceName]: (dir: string, settings: NonNullable<ServiceSettings[K]>) => Promise<LabService>;
};

const STARTERS: Starters = {
  zookeeper: async (dir, given) => {
    const zookeeper = await startZookeeper({ dir, settings: given });
    return {
      values: { ZOOKEEPER: zookeeper.connect },
      process: { ...zookeeper, outFile: zookeeper.logFile.replace(/\.log$/, '.out') },
      recorded: true,
      stop: () => zookeeper.stop(),
    };
  },
  proxy: async () => {
    const { port, target, reset, idle, stop } = await startProxy();
    return { values: { PROXY_PORT: String(port), PROXY_TARGET: String(target) }, reset, idle, stop };
  },
  kafka: async (dir, given) => {
    const kafka = await startKafka({ dir, ...given });
    return { values: { KAFKA: kafka.bootstrap, KAFKA_SASL: kafka.saslBootstrap }, kafka, ...describeServer(kafka) };
  },
  postgres: async (dir, given) => {
    const postgres = await startPostgres({ dir, settings: given });
    return {
      values: { POSTGRES: postgres.jdbcUrl, POSTGRES_USER: postgres.user, POSTGRES_PASSWORD: postgres.password },
      postgres,
      ...describeServer(postgres),
    };
  },
  elasticsearch: async (dir, given) => {
    const node = await startElasticsearch({ version: 7, dir, settings: given });
    const logFile = join(dir, 'logs', 'jobtrace-parts.log');
    return {
      values: { ELASTICSEARCH: node.url },
      elasticsearch: node.url,
      ...describeServer({
        ...node,
        logFile,
        get pid() {
          return node.pid;
        },
      }),
    };
  },
  s3: async (dir, { buckets }) => {
    const store = await startS3({ dir, buckets });
    return {
      values: { S3: store.endpoint, S3_KEY: store.accessKey, S3_SECRET: store.secretKey },
      ...describeServer(store),
    };
  },
  certificates: async (dir) => {
    const { cluster, stranger } = await makeCertificates(dir);
    return {
      values: { CLUSTER_STORE: cluster, STRANGER_STORE: stranger, STORE_PASSWORD },
      stop: () => Promise.resolve(),
    };
  },
};

/** Describes a server as a process. Its pid changes with a restart. */
function describeServer(
  server: Pick<PartServer, 'pid' | 'logFile' | 'isAlive' | 'signal' | 'restart' | 'stop'>,
): Pick<LabService, 'process' | 'restart' | 'stop'> {
  const { logFile, isAlive, signal } = server;
  return {
    process: {
      logFile,
      outFile: logFile.replace(/\.log$/, '.out'),
      isAlive,
      signal,
      get pid() {
        return server.pid;
      },
    },
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

/**
 * Starts the services that the scenario wants, each in a folder of its name. If one does not start, the others are
 * stopped.
 */
export async function startServices(wanted: ServiceSettings, dir: string): Promise<ReadonlyMap<string, LabService>> {
  const started = new Map<string, LabService>();
  try {
    for (const name of listNames()) {
      const service = await startService(name, wanted, join(dir, name));
      if (service !== undefined) started.set(name, service);
    }
  } catch (error) {
    await stopServices(started);
    throw error;
  }
  return started;
}

export async function stopServices(services: ReadonlyMap<string, LabService>): Promise<void> {
  await Promise.all([...services.values()].map((service) => service.stop()));
}

async function startService<K extends ServiceName>(
  name: K,
  wanted: ServiceSettings,
  dir: string,
): Promise<LabService | undefined> {
  const given = wanted[name];
  return given === undefined ? undefined : STARTERS[name](dir, given);
}

function listNames(): ServiceName[] {
  return Object.keys(STARTERS).filter((name): name is ServiceName => name in STARTERS);
}
