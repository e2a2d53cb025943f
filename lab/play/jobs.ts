// Builds the user code of the lab: compiles lab/jobs and a scenario's own *.java against the jars of a Flink home and
// packs a jar, as a user's build would. Classes are kept in the cache of the parts under the hash of their inputs, so
// that a thousand runs compile once.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir } from '../parts/cache.js';
import { runCommand, TOOL_JVM } from '../parts/process.js';
import { requireJava } from '../parts/tools.js';

const JOBS_DIR = fileURLToPath(new URL('../jobs/', import.meta.url));
/** Java release of the classes, because every supported Flink runs on Java 11 or later. */
const RELEASE = 11;

export interface JarOptions {
  /** Class names (with their inner classes) that the jar lacks. */
  readonly without?: readonly string[];
  /** Folder whose *.java files are compiled too. */
  readonly folder?: string;
  /** Jars that user code is compiled with and that are packed into the jar's lib/, where Flink finds them. */
  readonly libraries?: readonly string[];
  /** Java version for which the classes are compiled. */
  readonly release?: number;
  /**
   * Folder below `folder` whose classes are compiled separately and replace those of the same name, like another
   * version of a library.
   */
  readonly instead?: string;
}

/** Packs the jar and returns its path in the run's folder; each set of options is packed once. */
export async function packJobs(flinkHome: string, dir: string, options: JarOptions = {}): Promise<string> {
  const { without = [], libraries = [] } = options;
  const java = await requireJava('user code of the lab', { min: 17, max: 99 }, () => undefined);
  const classes = await compileJobs(flinkHome, java, options);
  const other = await compileOther(flinkHome, java, options);
  const plain = without.length + libraries.length === 0 && options.release === undefined && other === undefined;
  const jar = join(dir, plain ? 'shop-jobs.jar' : `shop-jobs-${hash(JSON.stringify(options)).slice(0, 6)}.jar`);
  if (existsSync(jar)) return jar;
  const files = listClasses(classes);
  const others = other === undefined ? [] : listClasses(other);
  const isLeft = (file: string): boolean => !without.some((name) => isClassFile(file, name));
  const left = files.filter((file) => !others.includes(file) && isLeft(file));
  const absent = without.filter((name) => !files.some((file) => isClassFile(file, name)));
  if (absent.length > 0)
    throw new Error(`There is no class ${absent.join(', ')} in lab/jobs or the scenario's folder.`);
  const packed = join(classes, '..', `${basename(classes)}.jar`);
  if (plain && existsSync(packed)) {
    copyFileSync(packed, jar);
    return jar;
  }
  await runTool(join(java, 'bin', 'jar'), [
    '--create',
    '--file',
    jar,
    ...left.flatMap((file) => ['-C', classes, file]),
    ...others.filter(isLeft).flatMap((file) => ['-C', other ?? '', file]),
    ...bundleLibraries(dir, libraries),
  ]);
  if (plain) copyWhole(jar, packed);
  return jar;
}

/**
 * Packs a jar for Flink's lib/ with only these classes of the jobs, e.g. a library that a cluster's owner put there.
 */
export async function packShared(
  flinkHome: string,
  dir: string,
  folder: string,
  shared: readonly string[],
): Promise<string> {
  const java = await requireJava('user code of the lab', { min: 17, max: 99 }, () => undefined);
  const classes = await compileJobs(flinkHome, java, { folder });
  const jar = join(dir, 'shop-commons.jar');
  const files = listClasses(classes).filter((file) => shared.some((name) => isClassFile(file, name)));
  await runTool(join(java, 'bin', 'jar'), [
    '--create',
    '--file',
    jar,
    ...files.flatMap((file) => ['-C', classes, file]),
  ]);
  return jar;
}

/** Copies a file so that it appears complete, because another run may read it meanwhile. */
function copyWhole(from: string, to: string): void {
  copyFileSync(from, `${to}.${process.pid}`);
  renameSync(`${to}.${process.pid}`, to);
}

/**
 * Compiles the jobs of the lab and the scenario's own sources: those of its folder, and those written differently for
 * the Flink at hand.
 */
async function compileJobs(
  flinkHome: string,
  java: string,
  { folder, libraries = [], release = RELEASE }: JarOptions,
): Promise<string> {
  const line = readFlinkMinor(flinkHome) >= 119 ? 'since-1.19' : 'before-1.19';
  const folders = [JOBS_DIR, ...(folder === undefined ? [] : [folder])].flatMap((path) => [path, join(path, line)]);
  return compile(flinkHome, java, folders, libraries, release);
}

async function compileOther(
  flinkHome: string,
  java: string,
  { folder = '', instead, libraries = [], release = RELEASE }: JarOptions,
): Promise<string | undefined> {
  return instead === undefined ? undefined : compile(flinkHome, java, [join(folder, instead)], libraries, release);
}

async function compile(
  flinkHome: string,
  java: string,
  folders: readonly string[],
  libraries: readonly string[],
  release: number,
): Promise<string> {
  const sources = folders
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      readdirSync(path)
        .filter((name) => name.endsWith('.java'))
        .map((name) => join(path, name)),
    );
  const key = hash(
    [flinkHome, String(release), ...libraries, ...sources.map((file) => readFileSync(file, 'utf8'))].join('\0'),
  );
  const classes = join(cacheDir(), 'jobs', key);
  if (existsSync(classes)) return classes;
  const unfinished = `${classes}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const path = [join(flinkHome, 'lib', '*'), ...libraries].join(':');
  await runTool(join(java, 'bin', 'javac'), [
    '-g',
    '--release',
    String(release),
    '-nowarn',
    '-proc:none',
    '-d',
    unfinished,
    '-cp',
    path,
    ...sources,
  ]);
  if (existsSync(classes)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, classes);
  return classes;
}

function listClasses(classes: string): string[] {
  return readdirSync(classes, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.class'));
}

/** Reads the version from the name of the distribution's jar: 1.20 → 120, 2.3 → 203. */
function readFlinkMinor(flinkHome: string): number {
  const jar = readdirSync(join(flinkHome, 'lib')).find((name) => /^flink-dist.*-\d+\.\d+\.\d+\.jar$/.test(name)) ?? '';
  const [, major = '0', minor = '0'] = /-(\d+)\.(\d+)\.\d+\.jar$/.exec(jar) ?? [];
  return Number(major) * 100 + Number(minor);
}

/** Returns the arguments that put the libraries under lib/ in the jar. */
function bundleLibraries(dir: string, libraries: readonly string[]): string[] {
  if (libraries.length === 0) return [];
  mkdirSync(join(dir, 'bundle', 'lib'), { recursive: true });
  for (const library of libraries) copyFileSync(library, join(dir, 'bundle', 'lib', basename(library)));
  return ['-C', join(dir, 'bundle'), 'lib'];
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/**
 * Returns true if the file is the class or one of its inner classes: `com.acme.geo.RegionIndex` also stands for its
 * inner classes.
 */
function isClassFile(file: string, className: string): boolean {
  const path = className.replaceAll('.', '/');
  return file === `${path}.class` || file.startsWith(`${path}$`);
}

async function runTool(tool: string, args: readonly string[]): Promise<void> {
  const ended = await runCommand(tool, [...TOOL_JVM, ...args], { timeoutMs: 120_000 });
  if (ended.code !== 0)
    throw new Error(`${tool} ended with code ${ended.code}:\n${ended.stderr}${ended.stdout}`.trimEnd());
}
