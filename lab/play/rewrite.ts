// Replays a recording: writes the lines of its files into a folder in the order and proportion of their times, with the
// present time in place of the recorded one. Lines without a time follow the line before them.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface Recording {
  /** Folder below lab/recordings, e.g. "network.insufficient-buffers/total/1.20". */
  readonly name: string;
  readonly folder: string;
  readonly healthy: boolean;
}

export interface TimedBlock {
  readonly file: string;
  /** Recorded time in milliseconds; undefined before the first line that has one. */
  readonly time: number;
  readonly lines: string[];
}

const LINE_TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})([,.])(\d{3})/;

/** Finds every folder with a manifest.yaml; failures come first, so that there is something to see at once. */
export function findRecordings(root: string): Recording[] {
  const found = listFolders(root)
    .filter((folder) => existsSync(join(folder, 'manifest.yaml')))
    .map((folder) => ({ name: relative(root, folder), folder, healthy: relative(root, folder).startsWith('healthy') }));
  return found.sort((a, b) => Number(a.healthy) - Number(b.healthy) || a.name.localeCompare(b.name));
}

function listFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true, recursive: true })
    .filter((item) => item.isDirectory())
    .map((item) => join(item.parentPath, item.name));
}

/** Replays a recording. Resolves when all is written, or when the signal aborts. */
export async function replayRecording(
  recording: Recording,
  target: string,
  options: { readonly delayMs: number; readonly durationMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const blocks = readBlocks(recording.folder);
  const first = blocks[0]?.time ?? 0;
  const last = blocks.at(-1)?.time ?? first;
  const speed = Math.max(1, (last - first) / options.durationMs);
  const begin = Date.now() + options.delayMs;
  for (const block of blocks) {
    const due = begin + (block.time - first) / speed;
    const pause = due - Date.now();
    if (pause > 0) await wait(pause, undefined, { signal: options.signal }).catch(() => undefined);
    if (options.signal.aborted) return;
    const path = join(target, recording.name.replaceAll('/', '_'), block.file);
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, block.lines.map((line) => `${withTime(line, due)}\n`).join(''));
  }
}

/** Reads the blocks (a line with a time and the following lines without one) of all files, in order of time. */
export function readBlocks(folder: string): TimedBlock[] {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((item) => item.isFile() && /\.(log|out|err)(\.|$)/.test(item.name))
    .map((item) => relative(folder, join(item.parentPath, item.name)));
  const perFile = files.map((file) => splitBlocks(file, readFileSync(join(folder, file), 'utf8')));
  const dated = perFile.flat().filter((block) => Number.isFinite(block.time));
  return perFile
    .flatMap((blocks) =>
      blocks.map((block) => (Number.isFinite(block.time) ? block : { ...block, time: guessTime(block.file, dated) })),
    )
    .sort((a, b) => a.time - b.time);
}

/**
 * Guesses the time of output without a time (the .out file). It is mostly the last output of a process, so it gets the
 * time at which the log of the process ends.
 */
function guessTime(file: string, dated: readonly TimedBlock[]): number {
  const stem = file.replace(/\.(?:log|out|err)(?:\..*)?$/, '');
  const own = dated.filter((block) => block.file.startsWith(`${stem}.`));
  return Math.max(...(own.length > 0 ? own : dated).map((block) => block.time));
}

function splitBlocks(file: string, text: string): TimedBlock[] {
  const blocks: TimedBlock[] = [];
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const time = readTime(line);
    const current = blocks.at(-1);
    if (current !== undefined && (time === undefined || time === current.time)) current.lines.push(line);
    else
      blocks.push({
        file,
        time: Math.max(time ?? Number.NEGATIVE_INFINITY, current?.time ?? Number.NEGATIVE_INFINITY),
        lines: [line],
      });
  }
  return blocks;
}

function readTime(line: string): number | undefined {
  const found = LINE_TIME.exec(line);
  return found === null ? undefined : Date.parse(`${found[1] ?? ''}T${found[2] ?? ''}.${found[4] ?? ''}Z`);
}

function withTime(line: string, time: number): string {
  return line.replace(LINE_TIME, (_, _day, _clock, separator: string) => localTime(time).replace('.', separator));
}

/** Formats a time in the machine's zone, like Flink. */
function localTime(time: number): string {
  const shifted = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return shifted.toISOString().replace('T', ' ').replace('Z', '');
}
