// The jars of connectors, formats and file systems that scenarios name, for one Flink version.
import type { FlinkVersion } from './versions.js';

export function getConnectors(names: readonly string[], version: FlinkVersion): Promise<string[]> {
  if (names.length > 0) throw new Error(`No connectors are there for Flink ${version}: ${names.join(', ')}.`);
  return Promise.resolve([]);
}
