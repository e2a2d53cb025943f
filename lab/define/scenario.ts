// A scenario: one way to make a real Flink cluster fail (or run well), as data. In goes a folder of
// lab/scenarios/<cause id>/<variant>/, out comes the checked Scenario. run.ts plays it, record.ts keeps what it logged;
// manifest.ts describes the recording. What each step may say stands in the table of steps.ts.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from '../../core/document.js';
import { isObject } from '../../core/json.js';
import { readDocument } from './document.js';
import { CONNECTORS, type Connector } from '../parts/flink/connectors.js';
import { SERVICE_SCHEMAS, type ServiceSettings } from './services.js';
import { STEP_SCHEMAS, type ScenarioStep } from './steps-schema.js';
import { PARAMETERS_SCHEMA, chooseValues, fillValues, type Parameters } from './vary.js';
import { VERSIONS, type FlinkVersion } from './versions.js';

export const SCENARIOS_DIR = fileURLToPath(new URL('../scenarios/', import.meta.url));
/** The first part of the id of a run that must bring no diagnosis. */
export const HEALTHY = 'healthy';

/** A scenario with what one version changes in it and its parameters' values filled in. */
export interface Scenario extends ScenarioText {
  /** `<cause id>/<variant>`, the path of its folder. */
  readonly id: string;
  readonly folder: string;
  /** Values of its parameters, for its SQL scripts and data. */
  readonly values: ReadonlyMap<string, string>;
  /** Options that a fix proposed, over what the scenario's scripts set (patch.ts). */
  readonly patch?: Readonly<Record<string, string>>;
}

/** What scenario.yaml says. */
export interface ScenarioText {
  readonly title: string;
  /** Cause id, or "healthy". */
  readonly cause: string;
  /** What is done to the cluster, and why that is the real cause of what its logs show. */
  readonly provokes: string;
  readonly flink: readonly FlinkVersion[];
  /** What `--vary SEED` chooses anew; `@name@` in any text of the scenario and its files stands for the value. */
  readonly parameters?: Parameters;
  readonly cluster: {
    readonly taskManagers: number;
    readonly logging: 'stock' | 'separated';
    /**
     * `@RUN@` in a value is the run's own folder; null takes one of the lab's small defaults away. Options by their
     * newest names.
     */
    readonly config?: Readonly<Record<string, string | null>>;
    /** An application cluster: its JobManager runs this class of the lab's jobs instead of waiting for jobs. */
    readonly application?: { readonly class: string; readonly args?: readonly string[] };
    /** Every TaskManager in a network of its own, which steps can cut. */
    readonly network?: true;
    /** False: no JobManager runs until a step starts one. */
    readonly jobManager?: boolean;
    /** Version of Java instead of the one that this Flink runs on. */
    readonly java?: 11 | 17;
    /** Every process writes a log of its garbage collector beside its own. */
    readonly gcLogs?: boolean;
    /** Connectors that lie in lib/. */
    readonly libraries?: readonly Connector[];
    /** File systems that lie in plugins/. */
    readonly plugins?: readonly Connector[];
    /** Jars (by the beginning of their names) that lib/ lacks. */
    readonly without?: readonly string[];
    /** It leaves the cluster as it found it: scenarios with equal clusters may be played on one, one after another. */
    readonly shares?: true;
    /** Classes of the jobs that lie in lib/, too, in a jar of their own. */
    readonly shared?: readonly string[];
    /** Real services beside the cluster, with their settings. */
    readonly services?: ServiceSettings;
  };
  readonly steps: readonly ScenarioStep[];
  readonly expect: {
    /** Last states of the jobs, by name. */
    readonly jobs?: Readonly<Record<string, string>>;
    /** Processes that must have died. */
    readonly dead?: readonly string[];
    /** The process in which the cause shows (or which died of it). */
    readonly affected?: string;
    /** Which of its files names the cause: "log" unless it says otherwise. */
    readonly affectedFile?: 'log' | 'out';
    /** Cause ids of what follows from the cause and shows as well. */
    readonly symptoms?: readonly string[];
    readonly logs: readonly { readonly process: string; readonly text: string }[];
  };
  /** The proposed options make the job run: what `repair` plays. Scenarios whose fix is no option have none. */
  readonly repaired?: Repaired;
  /** What is otherwise on one version: maps are merged over the rest, lists replace it. */
  readonly on?: Readonly<Partial<Record<FlinkVersion, object>>>;
}

/** How the job is played again with a fix. */
export interface Repaired {
  /** Fixes of the first diagnosis, each tried by itself; the first one that is an option unless they are named. */
  readonly fixes?: readonly string[];
  /** Values that only the owner of a cluster knows (a folder of theirs), in the place of the fix's examples. */
  readonly own?: Readonly<Record<string, string>>;
  /** What is otherwise in the cluster: a scenario that fails before it needs a JobManager has none. */
  readonly cluster?: Partial<Pick<ScenarioText['cluster'], 'taskManagers' | 'jobManager' | 'config'>>;
  /** Instead of the steps up to the last start or submission. */
  readonly steps?: readonly ScenarioStep[];
  /** How long the job must run without a failure. */
  readonly seconds?: number;
  /** The fault itself happens again, and the job lives through it: its cause may be named once more. */
  readonly again?: true;
}

const text = { type: 'string' };
const texts = { type: 'array', items: text };
const connectors = { type: 'array', items: { enum: CONNECTORS } };

const CLUSTER_PROPERTIES = {
  taskManagers: { type: 'integer', minimum: 0, maximum: 4 },
  logging: { enum: ['stock', 'separated'] },
  config: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
  application: {
    type: 'object',
    additionalProperties: false,
    required: ['class'],
    properties: { class: text, args: texts },
  },
  network: { const: true },
  jobManager: { type: 'boolean' },
  java: { enum: [11, 17] },
  gcLogs: { type: 'boolean' },
  libraries: connectors,
  plugins: connectors,
  without: texts,
  shares: { const: true },
  shared: texts,
  services: { type: 'object', additionalProperties: false, properties: SERVICE_SCHEMAS },
};

const EXPECT_PROPERTIES = {
  jobs: { type: 'object', additionalProperties: text },
  dead: texts,
  affected: text,
  affectedFile: { enum: ['log', 'out'] },
  symptoms: texts,
  logs: {
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['process', 'text'],
      properties: { process: text, text: { type: 'string', minLength: 3 } },
    },
  },
};

const STEPS = {
  type: 'array',
  minItems: 1,
  items: { type: 'object', additionalProperties: false, minProperties: 1, maxProperties: 1, properties: STEP_SCHEMAS },
};

const REPAIRED = {
  type: 'object',
  additionalProperties: false,
  properties: {
    fixes: { ...texts, minItems: 1 },
    own: { type: 'object', additionalProperties: text },
    cluster: {
      type: 'object',
      additionalProperties: false,
      properties: {
        taskManagers: CLUSTER_PROPERTIES.taskManagers,
        jobManager: CLUSTER_PROPERTIES.jobManager,
        config: CLUSTER_PROPERTIES.config,
      },
    },
    steps: STEPS,
    seconds: { type: 'integer', minimum: 5, maximum: 300 },
    again: { const: true },
  },
};

/** What `on: {'1.13': …}` may change. */
const CHANGES = {
  type: 'object',
  additionalProperties: false,
  properties: {
    cluster: { type: 'object', additionalProperties: false, properties: CLUSTER_PROPERTIES },
    steps: STEPS,
    expect: { type: 'object', additionalProperties: false, properties: EXPECT_PROPERTIES },
    repaired: REPAIRED,
  },
};

const SCENARIO_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'cause', 'provokes', 'flink', 'cluster', 'steps', 'expect'],
  properties: {
    title: { type: 'string', minLength: 1 },
    cause: { type: 'string', pattern: '^(healthy|[a-z]+\\.[a-z-]+)$' },
    provokes: { type: 'string', minLength: 40 },
    flink: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: [...VERSIONS] } },
    parameters: PARAMETERS_SCHEMA,
    cluster: {
      type: 'object',
      additionalProperties: false,
      required: ['taskManagers', 'logging'],
      properties: CLUSTER_PROPERTIES,
    },
    steps: STEPS,
    expect: { type: 'object', additionalProperties: false, required: ['logs'], properties: EXPECT_PROPERTIES },
    repaired: REPAIRED,
    on: {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(VERSIONS.map((version) => [version, CHANGES])),
    },
  },
};

/** Ids of all scenarios, sorted. */
export function listScenarios(): string[] {
  return readdirSync(SCENARIOS_DIR)
    .sort()
    .flatMap((cause) =>
      readdirSync(join(SCENARIOS_DIR, cause))
        .sort()
        .filter((variant) => existsSync(join(SCENARIOS_DIR, cause, variant, 'scenario.yaml')))
        .map((variant) => `${cause}/${variant}`),
    );
}

/** Text of a scenario.yaml → its value and problems. */
export function parseScenario(text: string, name: string): ReturnType<typeof parseDocument> {
  return parseDocument(text, name, SCENARIO_SCHEMA);
}

export interface ScenarioChoice {
  /** Without it the scenario is given as its file has it, for its first version. */
  readonly version?: FlinkVersion;
  /** Chooses the parameters' values anew; without it they have their defaults. */
  readonly seed?: number | undefined;
}

/** Throws an error that lists all problems of the file, or the nearest ids when there is no such scenario. */
export function loadScenario(id: string, { version, seed }: ScenarioChoice = {}): Scenario {
  const folder = join(SCENARIOS_DIR, id);
  const file = join(folder, 'scenario.yaml');
  if (!existsSync(file)) {
    const near = listScenarios().filter((known) => known.includes(id));
    throw new Error(
      `There is no scenario "${id}". ${near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'Run "npm run lab -- list" to see them.'}`,
    );
  }
  const read = readDocument<ScenarioText>(file, SCENARIO_SCHEMA);
  if (!id.startsWith(`${read.cause}/`))
    throw new Error(`${file}: cause is ${read.cause}, but the folder says ${id.split('/')[0] ?? id}.`);
  const changed = merge(read, read.on?.[version ?? read.flink[0] ?? '1.20']);
  const values = chooseValues(read.parameters ?? {}, seed, id);
  return { ...fillValues(changed, values), id, folder, values };
}

/** Maps are merged, everything else is replaced. */
function merge<T extends object>(base: T, patch: object | undefined): T {
  if (patch === undefined) return base;
  const merged = Object.entries(patch).map(([key, change]: [string, unknown]) => {
    const old: unknown = new Map<string, unknown>(Object.entries(base)).get(key);
    return [key, isObject(change) && isObject(old) ? merge(old, change) : change];
  });
  return { ...base, ...Object.fromEntries(merged) };
}
