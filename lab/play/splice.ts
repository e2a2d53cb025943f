// Joins recordings of failures into the logs of one job that fails by one after the other. Each recording becomes one
// attempt, or a few, after which the job starts again. Times are shifted, ids and process names become those of the one
// job, and an event that ended a job restarts it. Pure functions, except for reading the recordings. For tests that
// must tell two failures of one job apart.
import { join } from 'node:path';
import { loadManifest, RECORDINGS_DIR, type Manifest } from './manifest.js';
import { readBlocks, type TimedBlock } from './rewrite.js';

export interface SplicedJob {
  readonly id: string;
  readonly name: string;
}

/** Time in milliseconds between the last line of a recording and the first of the next. */
const GAP_MS = 20_000;
const LINE_TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})([,.])(\d{3})/;
const JOBMANAGER = /(standalonesession|standalonejob)-\d+-[^.]+/;
const TASKMANAGER = /taskexecutor-(\d+)-/;

/** Returns the text of each file by its name, as the job of that id and name would have written it. */
export function spliceRecordings(names: readonly string[], job: SplicedJob): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  let begin: number | undefined;
  for (const [index, name] of names.entries()) {
    const { blocks, manifest } = readPart(name, index > 0);
    const first = blocks[0]?.time ?? 0;
    const shift = (begin ?? first) - first;
    for (const block of blocks) {
      const file = nameFile(block.file, index);
      const lines = block.lines.map((line) => moveTime(rewriteLine(line, manifest, job, index), shift));
      files.set(file, `${files.get(file) ?? ''}${lines.join('\n')}\n`);
    }
    begin = (blocks.at(-1)?.time ?? first) + shift + GAP_MS;
  }
  return files;
}

/**
 * Reads the blocks of a recording's Flink processes. With `follows` it leaves out the start of the JobManager, which
 * already runs.
 */
function readPart(name: string, follows: boolean): { blocks: readonly TimedBlock[]; manifest: Manifest } {
  const dir = join(RECORDINGS_DIR, name);
  const manifest = loadManifest(dir);
  const { id } = findFailed(manifest);
  const all = readBlocks(dir).filter(
    ({ file, time }) => Number.isFinite(time) && /\.(log|out)$/.test(file) && isFlinks(file),
  );
  const start = all.find(({ file, lines }) => JOBMANAGER.test(file) && lines.some((line) => line.includes(id)));
  const blocks = all.filter(
    ({ file, time }) => !follows || !JOBMANAGER.test(file) || time >= (start?.time ?? Number.NEGATIVE_INFINITY),
  );
  return { blocks, manifest };
}

function isFlinks(file: string): boolean {
  return JOBMANAGER.test(file) || TASKMANAGER.test(file);
}

function findFailed({ jobs, expected }: Manifest): SplicedJob {
  const failed = jobs.find(({ id }) => id === expected.job) ?? jobs[0];
  if (failed === undefined) throw new Error('A recording without a job cannot be a part of one.');
  return failed;
}

/** Renames a file. The JobManager stays the same; TaskManagers are new for each recording. */
function nameFile(file: string, index: number): string {
  return file
    .replace(JOBMANAGER, 'standalonesession-0-node-1')
    .replace(TASKMANAGER, (_, number: string) => `taskexecutor-${index * 10 + Number(number)}-`);
}

function rewriteLine(line: string, manifest: Manifest, job: SplicedJob, index: number): string {
  const own = findFailed(manifest);
  const resources = manifest.processes.flatMap(({ resourceId }) => /-([0-9a-f]{6})$/.exec(resourceId ?? '')?.[1] ?? []);
  const renamed = line
    .replaceAll(/(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g, (id) => (id === own.id ? job.id : rotate(id, index)))
    .replaceAll(own.name, job.name);
  const apart = resources.reduce((text, id) => text.replaceAll(`-${id}`, `-${rotate(id, index)}`), renamed);
  const goesOn = apart
    .replace(/(switched from state \w+ to )FAILED\b/, '$1RESTARTING')
    .replace('reached terminal state FAILED', 'reached the state RESTARTING');
  return index === 0
    ? goesOn
    : goesOn.replace('switched from state CREATED to RUNNING', 'switched from state RESTARTING to RUNNING');
}

/** Returns a different id of the same form for each recording. */
function rotate(id: string, by: number): string {
  const at = by % id.length;
  return id.slice(at) + id.slice(0, at);
}

function moveTime(line: string, ms: number): string {
  return line.replace(LINE_TIME, (_, day: string, clock: string, separator: string, rest: string) =>
    new Date(Date.parse(`${day}T${clock}.${rest}Z`) + ms)
      .toISOString()
      .replace('T', ' ')
      .replace('Z', '')
      .replace('.', separator),
  );
}
