// Implements the steps that work on the services next to the cluster: topics and records of Kafka, tables of
// PostgreSQL, indices of Elasticsearch, restarts. One function per kind, registered in the table of steps.ts. A service
// that the scenario does not name is an error.
import type { Scene } from './scene.js';
import type { LabService } from '../define/services.js';
import type { StepValues } from '../define/steps-schema.js';

type ServiceStep = 'topic' | 'produce' | 'deleteRecords' | 'postgres' | 'elasticsearch' | 'restart';
type Actions = { readonly [K in ServiceStep]: (scene: Scene, value: StepValues[K]) => Promise<unknown> };

export const SERVICE_ACTIONS: Actions = {
  topic: (scene, { name, partitions = 1, config = {} }) =>
    requirePart(scene, 'kafka').createTopic(name, { partitions: Number(partitions), config }),
  produce: (scene, { topic, lines, keyed = false }) => requirePart(scene, 'kafka').produce(topic, lines, { keyed }),
  deleteRecords: (scene, { topic, ...which }) => requirePart(scene, 'kafka').deleteRecords(topic, which),
  postgres: (scene, { sql }) => requirePart(scene, 'postgres').sql(sql),
  elasticsearch: (scene, request) => askElasticsearch(requirePart(scene, 'elasticsearch'), request),
  restart: (scene, { process }) => requirePart(scene, 'restart', process)(),
};

/** Returns the client of a service, e.g. the Kafka of the service `kafka`. */
function requirePart<K extends keyof LabService>(
  { services }: Scene,
  part: K,
  name: string = part,
): NonNullable<LabService[K]> {
  const found = services.get(name)?.[part];
  if (found === undefined || found === null) throw new Error(`The scenario has no service "${name}" with ${part}.`);
  return found;
}

async function askElasticsearch(url: string, { method, path, body }: StepValues['elasticsearch']): Promise<void> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(30_000),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(
      `Elasticsearch refused ${method} ${path}: ${response.status} ${(await response.text()).slice(0, 500)}`,
    );
}
