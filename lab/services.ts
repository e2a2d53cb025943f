// The real services that stand beside a scenario's cluster: one row per service says which settings scenario.yaml may
// give it, how it is started in the run's folder, and what scenario texts call its address. Called by run.ts;
// each service itself is a module of lab/parts.
import { join } from 'node:path';
import type { FlinkProcess } from './parts/flink.js';
import { startZookeeper } from './parts/zookeeper.js';

export interface Service {
  /** `@NAME@` → its address, for any text of the scenario. */
  readonly values: Readonly<Record<string, string>>;
  /** For steps that kill, stop and continue it, and for its logs. */
  readonly process: FlinkProcess;
  stop(): Promise<void>;
}

export interface ServiceSettings {
  /** High availability of the cluster goes through it. */
  readonly zookeeper?: Readonly<Record<string, string>>;
}

export type ServiceName = keyof ServiceSettings;

const settings = { type: 'object', additionalProperties: { type: 'string' } };

export const SERVICE_SCHEMAS: Readonly<Record<ServiceName, object>> = {
  zookeeper: settings,
};

type Starters = { readonly [K in ServiceName]: (dir: string, settings: NonNullable<ServiceSettings[K]>) => Promise<Service> };

const STARTERS: Starters = {
  zookeeper: async (dir, given) => {
    const zookeeper = await startZookeeper({ dir, settings: given });
    return { values: { ZOOKEEPER: zookeeper.connect }, process: { ...zookeeper, outFile: zookeeper.logFile.replace(/\.log$/, '.out') }, stop: () => zookeeper.stop() };
  },
};

/** Starts what the scenario wants, each in a folder of its name; when one does not start the others are stopped. */
export async function startServices(wanted: ServiceSettings, dir: string): Promise<ReadonlyMap<string, Service>> {
  const started = new Map<string, Service>();
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

export async function stopServices(services: ReadonlyMap<string, Service>): Promise<void> {
  await Promise.all([...services.values()].map((service) => service.stop()));
}

async function startService<K extends ServiceName>(name: K, wanted: ServiceSettings, dir: string): Promise<Service | undefined> {
  const given = wanted[name];
  return given === undefined ? undefined : STARTERS[name](dir, given);
}

function listNames(): ServiceName[] {
  return Object.keys(STARTERS).filter((name): name is ServiceName => name in STARTERS);
}
