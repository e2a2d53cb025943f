// Maps the names that scenarios use for Flink's connectors and plugins to the jars of a version's `connectors` part.
// The caller decides where to put them (lib/, plugins/, ADD JAR, next to user code).
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FlinkPart } from './conf.js';
import { getPart } from '../parts.js';

export const CONNECTORS = ['kafka', 'jdbc', 'elasticsearch', 's3'] as const;
export type Connector = (typeof CONNECTORS)[number];

/** Beginnings of the jars' file names. `s3` is a plugin; the others go with the job's code or into lib/. */
const JARS: Readonly<Record<Connector, readonly string[]>> = {
  kafka: ['flink-connector-kafka', 'flink-sql-connector-kafka', 'kafka-clients'],
  jdbc: ['flink-connector-jdbc', 'postgresql'],
  elasticsearch: ['flink-sql-connector-elasticsearch7'],
  s3: ['flink-s3-fs-hadoop'],
};

/** Returns the jars of those connectors; throws an error if one does not exist for the version. */
export async function getConnectors(names: readonly Connector[], version: FlinkPart): Promise<string[]> {
  if (names.length === 0) return [];
  const { home } = await getPart(`connectors-${version}`);
  const files = readdirSync(join(home, 'jars'));
  return names.flatMap((name) => {
    const jars = files.filter((file) => JARS[name].some((start) => file.startsWith(start)));
    if (jars.length === 0) throw new Error(`Flink ${version} has no connector "${name}" that can be had from Maven.`);
    return jars.map((jar) => join(home, 'jars', jar));
  });
}
