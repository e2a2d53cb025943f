// Lists the jars in which messages are looked up: one row per Flink version, with its connectors, and one row of
// libraries and connectors that fit many versions. sources.test.ts and run.ts open them one after another.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findPart, type PartName } from '../parts/parts.js';
import { openJars, type Jars } from './jars.js';

export interface JarSet {
  readonly name: string;
  /** Flink version; undefined for libraries, which are searched for what no Flink version contains. */
  readonly flink: string | undefined;
  readonly parts: readonly PartName[];
  /** True if all of Flink's modules are here, so that a class that is not found does not exist. */
  readonly whole: boolean;
}

export const JAR_SETS: readonly JarSet[] = [
  { name: '1.13', flink: '1.13', parts: ['flink-1.13', 'connectors-1.13'], whole: true },
  { name: '1.14', flink: '1.14', parts: ['flink-jars-1.14'], whole: false },
  { name: '1.16', flink: '1.16', parts: ['flink-jars-1.16'], whole: false },
  { name: '1.17', flink: '1.17', parts: ['flink-1.17', 'connectors-1.17'], whole: true },
  { name: '1.18', flink: '1.18', parts: ['flink-jars-1.18'], whole: false },
  { name: '1.20', flink: '1.20', parts: ['flink-1.20', 'connectors-1.20'], whole: true },
  { name: '2.3', flink: '2.3', parts: ['flink-2.3', 'connectors-2.3'], whole: true },
  { name: 'libraries', flink: undefined, parts: ['libraries'], whole: false },
];

/** Opens a jar set, which the caller must close. Returns undefined if a part is not on this machine. */
export function openJarSet(set: JarSet): Jars | undefined {
  const homes = set.parts.map((name) => findPart(name)?.home);
  return homes.includes(undefined)
    ? undefined
    : openJars(homes.flatMap((home) => (home === undefined ? [] : listFolders(home))));
}

function listFolders(home: string): readonly string[] {
  return ['lib', 'opt', 'plugins', 'jars'].map((name) => join(home, name)).filter(existsSync);
}
