// The jars in which messages are looked up: a row per Flink version, with the connectors for it, and one of libraries
// and connectors that go with many. sources.test.ts and run.ts open them one after another.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findPart, type PartName } from '../parts/fetch/parts.js';
import { openJars, type Jars } from './jars.js';

export interface JarSet {
  readonly name: string;
  /** Undefined for libraries, which are asked for what no Flink version holds. */
  readonly flink: string | undefined;
  readonly parts: readonly PartName[];
  /** All that Flink is made of is here: a class that is not there is nowhere. */
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

/** Must be closed; undefined when a part is not on this machine. */
export function openJarSet(set: JarSet): Jars | undefined {
  const homes = set.parts.map((name) => findPart(name)?.home);
  return homes.includes(undefined)
    ? undefined
    : openJars(homes.flatMap((home) => (home === undefined ? [] : listFolders(home))));
}

function listFolders(home: string): readonly string[] {
  return ['lib', 'opt', 'plugins', 'jars'].map((name) => join(home, name)).filter(existsSync);
}
