// User code of the lab: compiles lab/jobs/*.java against a Flink home's own jars and packs a jar, as a user's
// build would. Called by the submitJar step; needs a JDK (javac, jar) beside the Java that Flink runs on.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './parts/process.js';

const JOBS_DIR = fileURLToPath(new URL('jobs/', import.meta.url));

/** Path of the jar; it is packed once per run folder and list of classes left out. */
export async function packJobs(flinkHome: string, java: string, dir: string, without: readonly string[] = []): Promise<string> {
  const classes = join(dir, 'classes');
  if (!existsSync(classes)) await compileJobs(flinkHome, java, dir, classes);
  const jar = join(dir, without.length === 0 ? 'shop-jobs.jar' : 'shop-jobs-incomplete.jar');
  if (existsSync(jar)) return jar;
  const files = readdirSync(classes, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.class'));
  const left = files.filter((file) => !without.some((name) => isClassFile(file, name)));
  if (without.length > 0 && left.length === files.length) throw new Error(`None of the classes ${without.join(', ')} is in lab/jobs.`);
  await runTool(join(java, 'bin', 'jar'), ['--create', '--file', jar, ...left.flatMap((file) => ['-C', classes, file])]);
  return jar;
}

async function compileJobs(flinkHome: string, java: string, dir: string, classes: string): Promise<void> {
  const unfinished = `${classes}.tmp`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const sources = readdirSync(JOBS_DIR).filter((name) => name.endsWith('.java')).map((name) => join(JOBS_DIR, name));
  await runTool(join(java, 'bin', 'javac'), ['-g', '--release', '11', '-nowarn', '-d', unfinished, '-cp', join(flinkHome, 'lib', '*'), ...sources]);
  renameSync(unfinished, join(dir, 'classes'));
}

/** `com.acme.geo.RegionIndex` also stands for its inner classes. */
function isClassFile(file: string, className: string): boolean {
  const path = className.replaceAll('.', '/');
  return file === `${path}.class` || file.startsWith(`${path}$`);
}

async function runTool(tool: string, args: readonly string[]): Promise<void> {
  const ended = await runCommand(tool, args, { timeoutMs: 120_000 });
  if (ended.code !== 0) throw new Error(`${tool} ended with code ${ended.code}:\n${ended.stderr}${ended.stdout}`.trimEnd());
}
