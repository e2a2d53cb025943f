// Installs the separation kit (docker/flink) into a Flink as its README says: a conf/ with the kit's files, a lib/ with
// the logging library that they need, and before 1.20 the jar that finds job ids. Only the limits are reduced, so that
// files close and rotate within seconds. The part's own folders are never changed.
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FlinkConfig, FlinkPart } from './conf.js';
import { getJava, getPart } from '../parts.js';
import { runCommand } from '../process.js';

export const KIT = fileURLToPath(new URL('../../../docker/flink/', import.meta.url));

export type Logging = 'log4j' | 'logback';

/** Files of the kit that a Flink with this logging library reads. */
export const KIT_FILES: Readonly<Record<Logging, readonly string[]>> = {
  log4j: ['log4j.properties', 'log4j-console.properties'],
  logback: ['logback.xml', 'logback-console.xml'],
};

/** Limits that are reduced: text in the kit's files → replacement. Every text must be found. */
const SMALL: Readonly<Record<Logging, readonly (readonly [string, string])[]>> = {
  log4j: [
    ['timeToLive = 1\n', 'timeToLive = 4\n'],
    ['timeUnit = minutes', 'timeUnit = seconds'],
    ['size = 50MB', 'size = 20KB'],
  ],
  logback: [
    ['<timeout>1 minute</timeout>', '<timeout>4 seconds</timeout>'],
    [':-50MB}', ':-20KB}'],
  ],
};

/** Copies the kit's files for that library over those in the conf/ folder. */
export function writeKitConf(confDir: string, logging: Logging): void {
  for (const file of KIT_FILES[logging])
    writeFileSync(join(confDir, file), shrink(readFileSync(join(KIT, file), 'utf8'), logging));
}

function shrink(text: string, logging: Logging): string {
  return SMALL[logging].reduce((made, [from, to]) => {
    if (!made.includes(from)) throw new Error(`The kit has no "${from}" any more.`);
    return made.replaceAll(from, to);
  }, text);
}

/** Makes a lib/ of links: Flink's jars, with logback instead of log4j if wanted, and the kit's jar. */
export async function writeKitLib(home: string, libDir: string, logging: Logging, withJobIds: boolean): Promise<void> {
  mkdirSync(libDir, { recursive: true });
  const jars = readdirSync(join(home, 'lib')).filter((name) => logging === 'log4j' || !name.startsWith('log4j-'));
  for (const jar of jars) symlinkSync(join(home, 'lib', jar), join(libDir, jar));
  if (logging === 'logback') await linkLogback(libDir);
  if (!withJobIds) return;
  const built = await runCommand(join(KIT, 'job-id', 'build.sh'), [libDir, join(libDir, 'jobtrace-job-id.jar')], {
    env: { ...process.env, JAVA_HOME: await getJava(17) },
  });
  if (built.code !== 0) throw new Error(`build.sh ended with code ${built.code}:\n${built.stdout}${built.stderr}`);
}

async function linkLogback(libDir: string): Promise<void> {
  const { home } = await getPart('logback');
  for (const jar of readdirSync(join(home, 'lib'))) symlinkSync(join(home, 'lib', jar), join(libDir, jar));
}

/** Returns true if Flink itself puts the job id into the context of its threads (1.20 and later). */
export function hasJobIds(version: FlinkPart): boolean {
  return version !== '1.13' && version !== '1.17';
}

/**
 * Returns true if the kit must redirect what is printed into the log. Flink itself can do that from 1.19 on, but not
 * with logback on a console, which would print it again.
 */
export function needsOwnRedirection(version: FlinkPart, logging: Logging, onConsole: boolean): boolean {
  return !hasJobIds(version) || (logging === 'logback' && onConsole);
}

/** Returns the matching line of config-snippet.yaml. */
export function fillPrinting(own: boolean): FlinkConfig {
  return own ? { 'env.java.opts.taskmanager': '-Djobtrace.system-out=LOG' } : { 'taskmanager.system-out.mode': 'LOG' };
}
