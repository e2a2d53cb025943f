// Reads scenarios. A scenario describes, as data, one way to make a real Flink cluster fail (or run well). Takes a
// folder lab/scenarios/<cause id>/<variant>/ and returns the checked Scenario. run.ts plays it, record.ts keeps what it
// logged, and manifest.ts describes the recording. The table in steps.ts defines what each step does.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from '../../core/document.js';
import { isObject } from '../../core/json.js';
import { readDocument } from './document.js';
import { CONNECTORS, type Connector } from '../parts/services/connectors.js';
import { SERVICE_SCHEMAS, type ServiceSettings } from './services.js';
import { STEP_SCHEMAS, type ScenarioStep } from './steps-schema.js';
import { PARAMETERS_SCHEMA, chooseValues, fillValues, type Parameters } from './vary.js';
import { VERSIONS, type FlinkVersion } from './versions.js';

export const SCENARIOS_DIR = fileURLToPath(new URL('../scenarios/', import.meta.url));
/** First part of the id of a run that must produce no diagnosis. */
export const HEALTHY = 'healthy';

/** Scenario with the changes of one version applied and the values of its parameters filled in. */
export interface Scenario extends ScenarioText {
  /** Path of its folder, `<cause id>/<variant>`. */
  readonly id: string;
  readonly folder: string;
  /** Values of its parameters, for its SQL scripts and data. */
  readonly values: ReadonlyMap<string, string>;
  /** Options that a fix proposed; they override what the scenario's scripts set (patch.ts). */
  readonly patch?: Readonly<Record<string, string>>;
}

/** Content of scenario.yaml. */
export interface ScenarioText {
  readonly title: string;
  /** Cause id, or "healthy". */
  readonly cause: string;
  /** Fault that is caused in the cluster, and why it is the real cause of what the logs show. */
  readonly provokes: string;
  readonly flink: readonly FlinkVersion[];
  /**
   * Parameters that `--vary SEED` chooses anew. `@name@` stands for the value in any text of the scenario and its
   * files.
   */
  readonly parameters?: Parameters;
  readonly cluster: {
    readonly taskManagers: number;
    readonly logging: 'stock' | 'separated';
    /**
     * Flink options under their newest names. `@RUN@` in a value is the run's own folder; null removes one of the lab's
     * small defaults.
     */
    readonly config?: Readonly<Record<string, string | null>>;
    /** Application cluster: its JobManager runs this class of the lab's jobs and does not wait for jobs. */
    readonly application?: { readonly class: string; readonly args?: readonly string[] };
    /** True if every TaskManager has its own network, which steps can cut. */
    readonly network?: true;
    /** False if no JobManager runs until a step starts one. */
    readonly jobManager?: boolean;
    /** Java version that replaces the one on which this Flink runs. */
    readonly java?: 11 | 17;
    /** True if every process writes a garbage collector log next to its own log. */
    readonly gcLogs?: boolean;
    /** Connectors in lib/. */
    readonly libraries?: readonly Connector[];
    /** File systems in plugins/. */
    readonly plugins?: readonly Connector[];
    /** Jars that lib/ lacks, given by the beginning of their names. */
    readonly without?: readonly string[];
    /**
     * True if the scenario leaves the cluster as it found it. Scenarios with equal clusters may then be played on the
     * same cluster, one after another.
     */
    readonly shares?: true;
    /** Classes of the jobs that are also in lib/, in a separate jar. */
    readonly shared?: readonly string[];
    /** Real services next to the cluster, with their settings. */
    readonly services?: ServiceSettings;
  };
  readonly steps: readonly ScenarioStep[];
  readonly expect: {
    /** Final states of the jobs, by name. */
    readonly jobs?: Readonly<Record<string, string>>;
    /** Processes that must have died. */
    readonly dead?: readonly string[];
    /** Process in which the cause shows, or which died of it. */
    readonly affected?: string;
    /** File of that process that names the cause; the default is "log". */
    readonly affectedFile?: 'log' | 'out';
    /** Cause ids of consequences of the cause that also show. */
    readonly symptoms?: readonly string[];
    readonly logs: readonly { readonly process: string; readonly text: string }[];
  };
  /**
   * Settings for `repair`, which proves that the proposed options make the job run. Absent if the scenario's fix is not
   * an option.
   */
  readonly repaired?: Repaired;
  /** Differences on one version: maps are merged over the rest, lists replace it. */
  readonly on?: Readonly<Partial<Record<FlinkVersion, object>>>;
}

/** Settings for playing the job again with a fix. */
export interface Repaired {
  /** Fixes of the first diagnosis, each tried separately. Default: the first one that is an option. */
  readonly fixes?: readonly string[];
  /** Values that only the owner of a cluster knows, e.g. one of their folders. They replace the examples of the fix. */
  readonly own?: Readonly<Record<string, string>>;
  /** Overrides for the cluster, e.g. a JobManager, which a scenario that fails before it needs one does not have. */
  readonly cluster?: Partial<Pick<ScenarioText['cluster'], 'taskManagers' | 'jobManager' | 'config'>>;
  /** Steps that replace those up to the last start or submission. */
  readonly steps?: readonly ScenarioStep[];
  /** Seconds for which the job must run without a failure. */
  readonly seconds?: number;
  /** True if the fault itself happens again and the job survives it; its cause may then be named once more. */
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

/** Schema of what `on: {'1.13': …}` may change. */
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

/** Returns the ids of all scenarios, sorted. */
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

/** Parses the text of a scenario.yaml into its value and problems. */
export function parseScenario(text: string, name: string): ReturnType<typeof parseDocument> {
  return parseDocument(text, name, SCENARIO_SCHEMA);
}

export interface ScenarioChoice {
  /** Flink version. If absent, the scenario is returned as its file states it, for its first version. */
  readonly version?: FlinkVersion;
  /** Seed that chooses new values for the parameters. If absent, they have their defaults. */
  readonly seed?: number | undefined;
}

/**
 * Loads a scenario. Throws an error that lists all problems of the file, or the nearest ids if there is no such
 * scenario.
 */
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

/** Merges maps and replaces everything else. */
function merge<T extends object>(base: T, patch: object | undefined): T {
  if (patch === undefined) return base;
  const merged = Object.entries(patch).map(([key, change]: [string, unknown]) => {
    const old: unknown = new Map<string, unknown>(Object.entries(base)).get(key);
    return [key, isObject(change) && isObject(old) ? merge(old, change) : change];
  });
  return { ...base, ...Object.fromEntries(merged) };
}
