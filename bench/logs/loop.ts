// Writes the log of a JobManager whose job with many subtasks restarts again and again, of any length, as Flink 1.20
// prints it. Every fourth line is a task transition; the others are lines that JobManagers of the recordings wrote. It
// also writes the first and the last hour as separate files.
import { closeSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DISK_FULL } from './restarts.js';

const RECORDINGS = join(import.meta.dirname, '..', '..', 'lab', 'recordings');
const START = Date.parse('2026-03-02T00:00:00Z');
const HOUR_MS = 3_600_000;
const EVERY_MS = 30_000;
/** Number of other lines after each transition. */
const BETWEEN = 3;
const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';
const JOB_ID = '00000000000000000000000000abc001';
const JOB = `Job orders (${JOB_ID}) switched from state`;
const STEPS = ['CREATED', 'SCHEDULED', 'DEPLOYING', 'INITIALIZING', 'RUNNING'];

export type LoopPart = 'whole' | 'first' | 'last';

export interface LoopOptions {
  readonly bytes: number;
  readonly subtasks: number;
  readonly path: (part: LoopPart) => string;
}

export interface WrittenLoop {
  readonly bytes: number;
  readonly hours: number;
  /** Share of the lines that are transitions. */
  readonly transitions: number;
}

export function writeLoop({ bytes, subtasks, path }: LoopOptions): WrittenLoop {
  const calm = readCalmLines();
  const write = (restart: number): string => renderRestart(restart, subtasks, calm);
  const restarts = Math.max(1, Math.round(bytes / Buffer.byteLength(write(0))));
  const hour = HOUR_MS / EVERY_MS;
  const files = {
    whole: openSync(path('whole'), 'w'),
    first: openSync(path('first'), 'w'),
    last: openSync(path('last'), 'w'),
  };
  let written = 0;
  for (let restart = 0; restart < restarts; restart++) {
    const text = write(restart);
    written += writeSync(files.whole, text);
    if (restart < hour) writeSync(files.first, text);
    if (restart >= restarts - hour) writeSync(files.last, text);
  }
  for (const file of Object.values(files)) closeSync(file);
  const lines = write(0).split('\n');
  const transitions = lines.filter((line) => line.includes(') switched from ')).length / lines.length;
  return { bytes: written, hours: (restarts * EVERY_MS) / HOUR_MS, transitions };
}

/** Renders a restart: one subtask fails, the others are canceled, and all start again. */
function renderRestart(restart: number, subtasks: number, calm: readonly string[]): string {
  const lines: string[] = [];
  const from = START + restart * EVERY_MS;
  const count = subtasks * (STEPS.length + 1);
  const say = (message: string): void => {
    const at = from + Math.floor((lines.length * EVERY_MS) / (count * (BETWEEN + 1) + 100));
    lines.push(`${stamp(at)} INFO  ${GRAPH.padEnd(60)} [] - ${message}`);
    for (let next = 0; next < BETWEEN; next++)
      lines.push(`${stamp(at)} ${calm[(lines.length + restart) % calm.length] ?? ''}`);
  };
  const failed = restart % subtasks;
  say(
    `${nameTask(failed, subtasks, restart)} switched from RUNNING to FAILED on host-7:40231-d4e5f6 @ host-7 (dataPort=34567).\n${DISK_FULL}`,
  );
  say(`${JOB} RUNNING to RESTARTING.\n${DISK_FULL}`);
  for (let task = 0; task < subtasks; task++)
    if (task !== failed) say(`${nameTask(task, subtasks, restart)} switched from RUNNING to CANCELED.`);
  say(`${JOB} RESTARTING to RUNNING.`);
  for (const [index, step] of STEPS.entries()) {
    const next = STEPS[index + 1];
    if (next === undefined) break;
    for (let task = 0; task < subtasks; task++)
      say(`${nameTask(task, subtasks, restart + 1)} switched from ${step} to ${next}.`);
  }
  return `${lines.join('\n')}\n`;
}

function nameTask(task: number, subtasks: number, attempt: number): string {
  const id = `${'9f'.repeat(16)}_${'bc'.repeat(16)}_${task}_${attempt}`;
  return `Source: orders -> Map -> Sink: archive (${task + 1}/${subtasks}) (${id})`;
}

function stamp(time: number): string {
  return new Date(time).toISOString().replace('T', ' ').replace('.', ',').replace('Z', '');
}

/**
 * Reads level, logger and message of lines that JobManagers of the recordings wrote, with only every tenth line about a
 * checkpoint.
 */
function readCalmLines(): readonly string[] {
  const names = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).sort();
  const lines = names
    .filter((name) => name.endsWith('.log') && name.includes('standalonesession'))
    .flatMap((name) => readFileSync(join(RECORDINGS, name), 'utf8').split('\n'))
    .flatMap((line) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO .*)$/.exec(line)?.[1] ?? [])
    .map((line) => line.replaceAll(/\b[0-9a-f]{32}\b/g, JOB_ID));
  const others = lines.filter((line) => /SlotPool|OperatorCoordinator|esource requirements/.test(line));
  const checkpoints = lines.filter((line) => / (?:Triggering|Completed) checkpoint \d/.test(line));
  return others.flatMap((line, index) =>
    index % 9 === 0 ? [line, checkpoints[index % checkpoints.length] ?? line] : [line],
  );
}
