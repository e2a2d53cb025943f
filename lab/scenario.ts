// A scenario: one way to make a real Flink cluster fail (or run well), as data. In goes a folder of
// lab/scenarios/<cause id>/<variant>/, out comes the checked Scenario. run.ts plays it, record.ts keeps what it logged;
// manifest.ts describes the recording. What each step may say stands in the table of steps.ts.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from '../core/document.js';
import { readDocument } from './document.js';
import { STEP_SCHEMAS, type Step } from './steps-schema.js';

export const SCENARIOS_DIR = fileURLToPath(new URL('scenarios/', import.meta.url));
export const VERSIONS = ['1.20', '2.3'] as const;
export type FlinkVersion = (typeof VERSIONS)[number];
/** The first part of the id of a run that must bring no diagnosis. */
export const HEALTHY = 'healthy';

export interface Scenario extends ScenarioText {
  /** `<cause id>/<variant>`, the path of its folder. */
  readonly id: string;
  readonly folder: string;
}

/** What scenario.yaml says. */
export interface ScenarioText {
  readonly title: string;
  /** Cause id, or "healthy". */
  readonly cause: string;
  /** What is done to the cluster, and why that is the real cause of what its logs show. */
  readonly provokes: string;
  readonly flink: readonly FlinkVersion[];
  readonly cluster: {
    readonly taskManagers: number;
    readonly logging: 'stock' | 'separated';
    readonly zookeeper?: boolean;
    /** `@RUN@` in a value is the run's own folder; null takes one of the lab's small defaults away. */
    readonly config?: Readonly<Record<string, string | null>>;
  };
  readonly steps: readonly Step[];
  readonly expect: {
    /** Last states of the jobs, by name. */
    readonly jobs?: Readonly<Record<string, string>>;
    /** The process in which the cause shows (or which died of it). */
    readonly affected?: string;
    /** Which of its files names the cause: "log" unless it says otherwise. */
    readonly affectedFile?: 'log' | 'out';
    /** Cause ids of what follows from the cause and shows as well. */
    readonly symptoms?: readonly string[];
    readonly logs: readonly { readonly process: string; readonly text: string }[];
  };
}

const SCENARIO_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'cause', 'provokes', 'flink', 'cluster', 'steps', 'expect'],
  properties: {
    title: { type: 'string', minLength: 1 },
    cause: { type: 'string', pattern: '^(healthy|[a-z]+\\.[a-z-]+)$' },
    provokes: { type: 'string', minLength: 40 },
    flink: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: [...VERSIONS] } },
    cluster: {
      type: 'object',
      additionalProperties: false,
      required: ['taskManagers', 'logging'],
      properties: {
        taskManagers: { type: 'integer', minimum: 0, maximum: 4 },
        logging: { enum: ['stock', 'separated'] },
        zookeeper: { type: 'boolean' },
        config: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
      },
    },
    steps: { type: 'array', minItems: 1, items: { type: 'object', additionalProperties: false, minProperties: 1, maxProperties: 1, properties: STEP_SCHEMAS } },
    expect: {
      type: 'object',
      additionalProperties: false,
      required: ['logs'],
      properties: {
        jobs: { type: 'object', additionalProperties: { type: 'string' } },
        affected: { type: 'string' },
        affectedFile: { enum: ['log', 'out'] },
        symptoms: { type: 'array', items: { type: 'string' } },
        logs: {
          type: 'array', minItems: 1,
          items: { type: 'object', additionalProperties: false, required: ['process', 'text'], properties: { process: { type: 'string' }, text: { type: 'string', minLength: 3 } } },
        },
      },
    },
  },
};

/** Ids of all scenarios, sorted. */
export function listScenarios(): string[] {
  return readdirSync(SCENARIOS_DIR).sort().flatMap((cause) => readdirSync(join(SCENARIOS_DIR, cause)).sort()
    .filter((variant) => existsSync(join(SCENARIOS_DIR, cause, variant, 'scenario.yaml')))
    .map((variant) => `${cause}/${variant}`));
}

/** Text of a scenario.yaml → its value and problems. */
export function parseScenario(text: string, name: string): ReturnType<typeof parseDocument> {
  return parseDocument(text, name, SCENARIO_SCHEMA);
}

/** Throws an error that lists all problems of the file, or the nearest ids when there is no such scenario. */
export function loadScenario(id: string): Scenario {
  const folder = join(SCENARIOS_DIR, id);
  const file = join(folder, 'scenario.yaml');
  if (!existsSync(file)) {
    const near = listScenarios().filter((known) => known.includes(id));
    throw new Error(`There is no scenario "${id}". ${near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'Run "npm run lab -- list" to see them.'}`);
  }
  const text = readDocument<ScenarioText>(file, SCENARIO_SCHEMA);
  if (!id.startsWith(`${text.cause}/`)) throw new Error(`${file}: cause is ${text.cause}, but the folder says ${id.split('/')[0] ?? id}.`);
  return { ...text, id, folder };
}
