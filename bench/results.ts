// What measurements found, kept as lines of JSON: one for the session (when, where, with which programs) and one for
// each run behind it. Measurements append them, docs/benchmarks.md is made of those in bench/results.
import { appendFileSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { isObject } from '../core/json.js';

const MIB = 1_048_576;
export const RESULTS = join(import.meta.dirname, 'results');

export interface MeasuredProgram {
  readonly name: string;
  readonly version: string;
  /** The text of its configuration; undefined where it has none. */
  readonly configuration?: string | undefined;
}

interface Machine {
  readonly model: string;
  readonly cores: number;
  readonly memoryMib: number;
  /** What else it had to do when the session began: processes that ran or waited, on average over five minutes. */
  readonly load: number;
}

export interface BenchSession {
  readonly kind: 'session';
  /** As ISO 8601. */
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly programs: readonly MeasuredProgram[];
}

/** One run: what was measured (texts and settings), and its figures. */
export interface RunLine {
  readonly kind: string;
  readonly [name: string]: string | number | undefined;
}

/** Lines with the session they belong to. */
export interface Measured {
  readonly session: BenchSession | undefined;
  readonly runs: readonly RunLine[];
}

/** `script` as it is called, e.g. `bench/agent.ts`. */
export function describeSession(script: string, programs: readonly MeasuredProgram[]): BenchSession {
  const command = `npx tsx ${[script, ...process.argv.slice(2)].join(' ')}`;
  const machine = {
    model: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryMib: Math.round(totalmem() / MIB),
    load: Number((loadavg()[1] ?? 0).toFixed(1)),
  };
  return { kind: 'session', date: new Date().toISOString(), command, machine, programs };
}

export function appendResult(path: string | undefined, line: BenchSession | RunLine): void {
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(line)}\n`);
}

/** All files of the folder, in the order of their names; none where it is not there. */
export function readResults(folder = RESULTS): readonly Measured[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => splitSessions(readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean)));
}

function splitSessions(lines: readonly string[]): readonly Measured[] {
  const found: { session: BenchSession | undefined; runs: RunLine[] }[] = [];
  for (const line of lines) {
    const value: unknown = JSON.parse(line);
    if (isSession(value)) found.push({ session: value, runs: [] });
    else if (isRun(value)) {
      if (found.length === 0) found.push({ session: undefined, runs: [] });
      found.at(-1)?.runs.push(value);
    }
  }
  return found;
}

function isSession(value: unknown): value is BenchSession {
  return isObject(value) && value['kind'] === 'session' && Array.isArray(value['programs']);
}

function isRun(value: unknown): value is RunLine {
  return isObject(value) && typeof value['kind'] === 'string' && value['kind'] !== 'session';
}

/** The middle one; of two in the middle the lower. */
export function findMedian(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** The 99th percentile; NaN of nothing. */
export function findP99(took: readonly number[]): number {
  return [...took].sort((a, b) => a - b)[Math.min(took.length - 1, Math.floor(took.length * 0.99))] ?? NaN;
}
