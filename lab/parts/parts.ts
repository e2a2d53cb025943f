// Provides the real parts: finds one that is here, gets one that is not, or requires one in a test. The folders next to
// this one start them. table.ts lists what each part is and where it comes from.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from './cache.js';
import { fetchPart, homePath, installPart, type FetchProgress } from './fetch.js';
import { readPart, type Part, type PartName } from './table.js';
import { PartError, findJava, requireJava } from './tools.js';

export { PARTS, type Part, type PartName } from './table.js';
export { PartError } from './tools.js';
export type { FetchProgress, ProgressLine } from './fetch.js';

export interface PartHome {
  part: Part;
  home: string;
  /** JAVA_HOME to run it with; empty for a part that needs no Java. */
  java: string;
}

/** Returns the part if it is on this machine and has the Java it needs. Fetches nothing. */
export function findPart(name: PartName): PartHome | undefined {
  const part = readPart(name);
  const home = findHome(part);
  const java = findPartJava(part);
  return home === undefined || java === undefined ? undefined : { part, home, java };
}

/**
 * Returns the part and fetches it first if it is not here. If two processes ask at once, one fetches and the other
 * waits.
 */
export async function getPart(name: PartName, progress: FetchProgress = () => undefined): Promise<PartHome> {
  const part = readPart(name);
  const say = (text: string): void => progress({ part: name, text, live: false });
  const java = await requirePartJava(part, progress);
  const here = findHome(part);
  if (here !== undefined) return { part, home: here, java };
  for (const source of part.sources) {
    if (source.client === 'part') await getPart(source.part, progress);
  }
  await withLock(
    lockName(part),
    (owner) => say(`process ${owner} is fetching it; waiting`),
    async () => {
      if (findHome(part) !== undefined) return;
      if (part.sources.some((source) => source.client === 'apt')) await installPart(part, progress);
      else await fetchPart(part, homePath(part), progress);
    },
  );
  const home = findHome(part);
  if (home === undefined)
    throw new PartError(
      `${name} is still not here.`,
      `${part.proof} is missing after it was fetched`,
      'fetch it again; if that does not help, look into docs/parts.md',
    );
  return { part, home, java };
}

/**
 * Returns a JAVA_HOME of that version, to run something on another Java than its default. Only 17 is sure to include a
 * compiler.
 */
export async function getJava(version: 11 | 17): Promise<string> {
  return version === 11
    ? (await getPart('jdk-11')).home
    : requireJava('Flink', { min: version, max: version }, () => undefined);
}

function findPartJava({ java }: Part): string | undefined {
  if (java === undefined) return '';
  return java.part === undefined ? findJava(java) : findHome(readPart(java.part));
}

async function requirePartJava({ name, version, java }: Part, progress: FetchProgress): Promise<string> {
  if (java === undefined) return '';
  if (java.part !== undefined) return (await getPart(java.part, progress)).home;
  return requireJava(`${name} ${version}`, java, (text) => progress({ part: name, text, live: false }));
}

/**
 * Returns the part for a test if it is here, else undefined, so that the test can be skipped with `missingReason`. With
 * CI=true a missing part throws, because nothing may be skipped there.
 */
export function requirePart(name: PartName): PartHome | undefined {
  const found = findPart(name);
  if (found === undefined && process.env['CI'] === 'true') throw new Error(missingReason(name));
  return found;
}

/** Returns the sentence that a skipped test shows. */
export function missingReason(name: PartName): string {
  const part = readPart(name);
  if (findHome(part) === undefined)
    return `${name} ${part.version} is not on this machine: npm run parts -- get ${name}`;
  if (part.java?.part !== undefined) return missingReason(part.java.part);
  return `${name} ${part.version} is here, but no JDK from ${part.java?.min} to ${part.java?.max} is`;
}

function findHome(part: Part): string | undefined {
  for (const source of part.sources) {
    if (source.client === 'part') return findHome(readPart(source.part));
    // A Debian package has no home of its own: /usr is the folder whose bin/ holds it.
    if (source.client === 'apt') return existsSync(source.binary) ? dirname(dirname(source.binary)) : undefined;
  }
  const home = homePath(part);
  return existsSync(join(home, part.proof)) ? home : undefined;
}

/** Returns the name of the lock. Parts from Debian share one, because apt-get is one for the whole machine. */
function lockName(part: Part): string {
  return part.sources.some((source) => source.client === 'apt') ? 'debian' : part.name;
}
