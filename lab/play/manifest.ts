// Reads and checks manifest.yaml: which scenario the recording is of, which process wrote which file, which steps ran
// when, and what a diagnosis of it must find. record.ts writes it; the rules' tests and checkRecordings read it.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDocument } from '../define/document.js';
import { HEALTHY, listScenarios } from '../define/scenario.js';
import { STEP_SCHEMAS, type ScenarioStep } from '../define/steps-schema.js';
import { errorText } from '../../core/fault.js';

export const RECORDINGS_DIR = fileURLToPath(new URL('../recordings/', import.meta.url));

export interface Manifest {
  /** Scenario id; `npm run lab -- record <scenario> --flink <line>` repeats the recording. */
  readonly scenario: string;
  readonly title: string;
  /** Exact Flink version, e.g. 1.20.5. */
  readonly flink: string;
  readonly recordedAt: string;
  readonly timeZone: 'UTC';
  readonly cluster: {
    readonly taskManagers: number;
    readonly logging: string;
    readonly services: readonly string[];
    readonly config: Readonly<Record<string, string>>;
  };
  /** Jobs of the run. `states`: the states of the job according to the JobManager's log, in order. */
  readonly jobs: readonly {
    readonly id: string;
    readonly name: string;
    readonly state: string;
    readonly states: readonly string[];
  }[];
  readonly processes: readonly {
    readonly name: string;
    readonly resourceId?: string;
    readonly alive: boolean;
    readonly files: readonly string[];
  }[];
  /** Files with the answers of the REST API at the end. */
  readonly snapshots: readonly string[];
  readonly expected: {
    /** Cause id that must come first, or "none" for a healthy run. */
    readonly cause: string;
    readonly symptoms: readonly string[];
    /** Id of the job that failed; every other job of the recording is a healthy neighbour. */
    readonly job?: string;
    readonly process?: string;
    readonly file?: string;
  };
  readonly steps: readonly { readonly at: string; readonly step: ScenarioStep }[];
  /** Entries that were left out, by file and kind, with their number. */
  readonly cut: readonly { readonly file: string; readonly entries: number; readonly kind: string }[];
  /** Replacements for names of the recording machine. */
  readonly scrubbed: readonly string[];
}

const text = { type: 'string' };
const texts = { type: 'array', items: text };

function object(properties: object, optional: readonly string[] = []): object {
  return {
    type: 'object',
    additionalProperties: false,
    properties,
    required: Object.keys(properties).filter((key) => !optional.includes(key)),
  };
}

const MANIFEST_SCHEMA = object({
  scenario: text,
  title: text,
  flink: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+$' },
  recordedAt: text,
  timeZone: { const: 'UTC' },
  cluster: object({
    taskManagers: { type: 'integer' },
    logging: text,
    services: texts,
    config: { type: 'object', additionalProperties: text },
  }),
  jobs: {
    type: 'array',
    items: object({ id: { type: 'string', pattern: '^[0-9a-f]{32}$' }, name: text, state: text, states: texts }),
  },
  snapshots: texts,
  processes: {
    type: 'array',
    minItems: 1,
    items: object({ name: text, resourceId: text, alive: { type: 'boolean' }, files: texts }, ['resourceId']),
  },
  expected: object({ cause: text, symptoms: texts, job: text, process: text, file: text }, ['job', 'process', 'file']),
  steps: {
    type: 'array',
    minItems: 1,
    items: object({
      at: text,
      step: { type: 'object', additionalProperties: false, minProperties: 1, properties: STEP_SCHEMAS },
    }),
  },
  cut: { type: 'array', items: object({ file: text, entries: { type: 'integer' }, kind: text }) },
  scrubbed: texts,
});

export function loadManifest(folder: string): Manifest {
  return readDocument<Manifest>(join(folder, 'manifest.yaml'), MANIFEST_SCHEMA);
}

/** Lists the folders `<cause id>/<variant>/<version>` below `root`, sorted. */
export function listRecordings(root = RECORDINGS_DIR): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^[^/]+\/[^/]+\/\d[^/]*$/.test(path) && statSync(join(root, path)).isDirectory())
    .sort();
}

const MAX_RECORDING_BYTES = 200_000;
const MAX_TOTAL_BYTES = 15_000_000;
/** Traces of the recording machine: home folders, work folders, temporary folders of the lab. */
const MACHINE = /\/root\b|\/home\/\w|\/work\/|jobtrace|\/\.cache\//;

/** Returns the problems of the recordings, one sentence each; none if all is well. */
export function checkRecordings(): string[] {
  const folders = listRecordings();
  const problems = folders.flatMap((folder) => {
    try {
      return checkRecording(folder, loadManifest(join(RECORDINGS_DIR, folder)));
    } catch (error) {
      return [errorText(error)];
    }
  });
  const bytes = folders.reduce((sum, folder) => sum + sizeOf(folder), 0);
  return bytes > MAX_TOTAL_BYTES
    ? [...problems, `lab/recordings: ${bytes} bytes in all, more than ${MAX_TOTAL_BYTES}.`]
    : problems;
}

function checkRecording(folder: string, manifest: Manifest): string[] {
  const dir = join(RECORDINGS_DIR, folder);
  const present = listFiles(dir).filter((name) => name !== 'manifest.yaml');
  const named = [...manifest.processes.flatMap((process) => process.files), ...manifest.snapshots];
  const cause = manifest.expected.cause === 'none' ? HEALTHY : manifest.expected.cause;
  const found: (string | false)[] = [
    folder !== `${manifest.scenario}/${manifest.flink}` &&
      `the manifest says ${manifest.scenario} on ${manifest.flink}`,
    !folder.startsWith(`${cause}/`) && `the expected cause ${cause} is not the folder's`,
    !listScenarios().includes(manifest.scenario) && `there is no scenario ${manifest.scenario}`,
    sizeOf(folder) > MAX_RECORDING_BYTES && `${sizeOf(folder)} bytes, more than ${MAX_RECORDING_BYTES}`,
    ...named.filter((name) => !present.includes(name)).map((name) => `${name} is missing`),
    ...present.filter((name) => !named.includes(name)).map((name) => `${name} is not in the manifest`),
    ...present
      .filter((name) => MACHINE.test(readFileSync(join(dir, name), 'utf8')))
      .map((name) => `${name} names paths of the recording machine`),
    manifest.expected.job !== undefined &&
      !manifest.jobs.some(({ id }) => id === manifest.expected.job) &&
      `the failed job ${manifest.expected.job} is not among its jobs`,
    manifest.expected.file !== undefined &&
      !named.includes(manifest.expected.file) &&
      `the affected file ${manifest.expected.file} is missing`,
  ];
  return found.filter((problem) => problem !== false).map((problem) => `lab/recordings/${folder}: ${problem}.`);
}

function sizeOf(folder: string): number {
  const dir = join(RECORDINGS_DIR, folder);
  return listFiles(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
}

function listFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(dir, name)).isFile());
}
