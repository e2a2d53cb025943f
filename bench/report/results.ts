// Stores the results of measurements as lines of JSON: one for the session (when, where, with which programs), followed
// by one for each run. Measurements append them; docs/benchmarks.md is made from those in bench/results.
import { appendFileSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { isObject } from '../../core/json.js';

const MIB = 1_048_576;
export const RESULTS = join(import.meta.dirname, '..', 'results');

export interface MeasuredProgram {
  readonly name: string;
  readonly version: string;
  /** Text of its configuration; undefined if it has none. */
  readonly configuration?: string | undefined;
}

interface Machine {
  readonly model: string;
  readonly cores: number;
  readonly memoryMib: number;
  /** Load when the session began: processes that ran or waited, on average over five minutes. */
  readonly load: number;
}

export interface BenchSession {
  readonly kind: 'session';
  /** Date in ISO 8601. */
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly programs: readonly MeasuredProgram[];
}

/** Run: what was measured (texts and settings), and its figures. */
export interface RunLine {
  readonly kind: string;
  readonly [name: string]: string | number | undefined;
}

/** Runs with the session they belong to. */
export interface Measured {
  readonly session: BenchSession | undefined;
  readonly runs: readonly RunLine[];
}

/** Describes a session. `script` is its path, e.g. `bench/agent.ts`. */
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

/** Reads all files of the folder in the order of their names; none if it does not exist. */
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

/** Returns the median; with an even count the lower of the two in the middle. */
export function findMedian(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Returns the 99th percentile; NaN for an empty list. */
export function findP99(took: readonly number[]): number {
  return [...took].sort((a, b) => a - b)[Math.min(took.length - 1, Math.floor(took.length * 0.99))] ?? NaN;
}
