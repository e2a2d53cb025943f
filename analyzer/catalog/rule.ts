// Defines a rule: the shape that rules/schema.json allows (form/read.ts makes it of a file of the new form), and the
// same rule compiled (patterns, texts, expressions). compile.ts makes the compiled rule; scan, incident, rank and
// explain read it.
import type { Owner, Severity } from '../../core/documents/incident.js';
import type { Component, FileKind, Level, Text } from '../../core/types.js';
import type { Pattern } from '../../core/regex.js';
import { fitsGlob, type Glob } from '../../core/text/glob.js';
import type { Expression } from './expression.js';
import type { Template, TextTemplate } from './template.js';

export type RuleStatus = 'draft' | 'test' | 'stable';
export type CaptureType = 'text' | 'int' | 'bytes' | 'duration' | 'host' | 'path' | 'class';
export type Scope = 'job' | 'process' | 'cluster';
export type StepOn = 'process' | 'job' | 'peer' | 'cluster';
export type StepOrder = 'before' | 'after' | 'around';

export interface WhereFile {
  readonly exception?: string | readonly string[];
  readonly root?: string | readonly string[];
  readonly frame?: string;
  readonly under?: string;
  readonly userFrame?: boolean;
  readonly failure?: boolean;
  /** Owners, `library`, and beginnings of packages or classes. */
  readonly thrownBy?: readonly string[];
  readonly message?: string;
  readonly logger?: string | readonly string[];
  readonly level?: readonly Level[];
  readonly component?: readonly Component[];
  readonly file?: readonly FileKind[];
}

export interface AlternativeFile {
  readonly id: string;
  readonly flink?: string;
  readonly anchor: string;
  readonly words?: readonly string[];
  readonly where?: WhereFile;
  readonly regex?: string;
  readonly same?: readonly string[];
  readonly source?: SourceFile | readonly SourceFile[];
}

/**
 * Class that prints a message, and the part of the message that stands in its source. `flink` is set if another class
 * prints it in other versions.
 */
export interface SourceFile {
  readonly class: string;
  readonly literal: string;
  readonly flink?: string;
}

export interface StepFile {
  readonly id: string;
  readonly anchor: string;
  readonly where?: WhereFile;
  readonly regex?: string;
  readonly on: StepOn;
  readonly order?: StepOrder;
  readonly within: string;
  readonly apart?: string;
  readonly count?: number;
  readonly absent?: boolean;
}

export interface FixFile {
  readonly id: string;
  readonly for?: readonly string[];
  readonly flink?: string;
  readonly when?: string | boolean;
  readonly patch?: Readonly<Record<string, string>>;
  readonly patchFrom?: string;
  readonly risk: 'low' | 'medium' | 'high';
  readonly cost?: Text;
  readonly text: Text;
  readonly verify?: Text;
}

export interface ExceptionFile {
  readonly text?: string;
  readonly regex?: string;
  readonly where?: WhereFile;
  readonly why?: string;
}

/** File that switches off the rule of the same id in the catalogs before. */
export interface DisabledFile {
  readonly status: 'disabled';
}

/** File that adds exceptions to the rule of the same id in the catalogs before. */
export interface ExtensionFile {
  readonly status: 'extended';
  readonly unless: readonly ExceptionFile[];
}

export interface RuleFile {
  readonly status: RuleStatus;
  readonly severity: Severity;
  readonly owner: Owner;
  readonly role: 'cause' | 'symptom';
  readonly scope?: Scope;
  readonly standsAlone?: boolean;
  readonly general?: boolean | 'last';
  readonly confidence?: number;
  readonly explains?: readonly string[];
  readonly title: Text;
  readonly summary: Text;
  readonly match: readonly AlternativeFile[];
  readonly captures?: Readonly<Record<string, CaptureType>>;
  readonly unless?: readonly ExceptionFile[];
  readonly steps?: readonly StepFile[];
  readonly peer?: string;
  readonly let?: Readonly<Record<string, string | number | boolean>>;
  readonly reasons?: readonly {
    readonly id: string;
    readonly when?: string | boolean;
    /** Alternatives that name this reason. */
    readonly forms?: readonly string[];
    readonly weight: number;
    readonly text: Text;
  }[];
  readonly fixes: readonly FixFile[];
  readonly references: readonly string[];
  readonly notes?: string;
}

export interface Where {
  readonly exception: readonly string[];
  readonly root: readonly string[];
  readonly frame: string | undefined;
  /** Literal of a frame below `frame`, of the code that called it. */
  readonly under: string | undefined;
  readonly userFrame: boolean | undefined;
  readonly failure: boolean | undefined;
  readonly thrownBy: readonly string[];
  readonly message: Pattern | undefined;
  readonly logger: readonly string[];
  readonly level: readonly string[];
  readonly component: readonly string[];
  readonly file: readonly string[];
}

/** Condition that an entry must meet for an alternative, a step or an exception to fit. */
export interface Condition {
  readonly where: Where | undefined;
  readonly regex: Pattern | undefined;
  /** Captures that must hold the same text. */
  readonly same?: readonly string[];
  /** Literal that must occur. It is undefined for alternatives and steps, whose literal the scan has found already. */
  readonly text: string | undefined;
}

export interface Alternative extends Condition {
  readonly id: string;
  readonly anchor: string;
  /** Words by which a message alone is recognized if its class, which is the anchor, was left out. */
  readonly words: readonly string[];
  readonly flink: string | undefined;
  readonly sources: readonly SourceFile[];
}

export interface RuleStep extends Condition {
  readonly id: string;
  readonly anchor: string;
  readonly on: StepOn;
  readonly order: StepOrder;
  readonly withinMs: number;
  /**
   * Minimum distance in milliseconds. Nearer entries do not count, because 500 subtasks that complain at once are no
   * repetition.
   */
  readonly apartMs: number;
  readonly count: number;
  readonly absent: boolean;
}

export interface ReasonRule {
  readonly id: string;
  /** Alternatives by which alone the reason holds; empty: by any. */
  readonly forms: readonly string[];
  readonly when: Expression | undefined;
  readonly weight: number;
  readonly text: TextTemplate;
}

export interface FixRule {
  readonly id: string;
  readonly for: readonly string[];
  readonly flink: string | undefined;
  readonly when: Expression | undefined;
  readonly patch: readonly (readonly [option: string, value: Template])[];
  readonly patchFrom: string | undefined;
  readonly risk: 'low' | 'medium' | 'high';
  readonly cost: TextTemplate | undefined;
  readonly text: TextTemplate;
  readonly verify: TextTemplate | undefined;
}

export interface Rule {
  /** Id of the form `<area>.<cause>/<variant>`, which is the folder of the rule. */
  readonly id: string;
  readonly cause: string;
  /** Path of its rule.yaml. */
  readonly file: string;
  readonly status: RuleStatus;
  readonly severity: Severity;
  readonly owner: Owner;
  readonly role: 'cause' | 'symptom';
  readonly scope: Scope;
  /** True if a match is an incident by itself, even if nothing failed because of it. */
  readonly standsAlone: boolean;
  readonly general: boolean;
  /** True if the rule is general and gives way to the other general rules. */
  readonly last: boolean;
  readonly confidence: number;
  readonly explains: readonly Glob[];
  readonly title: TextTemplate;
  readonly summary: TextTemplate;
  readonly alternatives: readonly Alternative[];
  readonly captures: Readonly<Record<string, CaptureType>>;
  readonly unless: readonly Condition[];
  readonly steps: readonly RuleStep[];
  readonly peer: string | undefined;
  readonly lets: readonly (readonly [name: string, expression: Expression])[];
  readonly reasons: readonly ReasonRule[];
  readonly fixes: readonly FixRule[];
  readonly references: readonly string[];
}

/**
 * True if people are notified at once, without waiting for what follows. This holds for a cause that stands alone, and
 * for what a process says about its own end. What others say about that end waits for the cause.
 */
export function isNewsAlone(rule: Rule | undefined): boolean {
  if (rule === undefined) return false;
  const { role, standsAlone, scope, severity, peer } = rule;
  return role === 'cause' ? standsAlone : scope === 'process' && severity === 'critical' && peer === undefined;
}

/**
 * Returns the time after its line, in milliseconds, in which another line may take back what the rule says. It is the
 * longest window in which a step wants nothing to follow; 0 if there is none.
 */
function readDoubt(steps: readonly RuleStep[]): number {
  const following = steps.filter(({ absent, order }) => absent && order !== 'before');
  return following.reduce((longest, { withinMs }) => Math.max(longest, withinMs), 0);
}

/**
 * Returns what is asked of a rule before people are notified. Each question reads the catalog again, because it may
 * change.
 */
export function readRulePolicy(rules: { readonly catalog: { findRule: (id: string) => Rule | undefined } }): {
  readonly isSymptom: (id: string) => boolean;
  readonly isNews: (id: string) => boolean;
  readonly doubtMs: (id: string) => number;
} {
  const find = (id: string): Rule | undefined => rules.catalog.findRule(id);
  return {
    isSymptom: (id) => find(id)?.role === 'symptom',
    isNews: (id) => isNewsAlone(find(id)),
    doubtMs: (id) => readDoubt(find(id)?.steps ?? []),
  };
}

/** Values that every rule may use in texts and expressions, each with its meaning. rules/README.md lists them. */
export const BUILT_IN_VALUES: Readonly<Record<string, string>> = {
  version: 'Flink version of the process',
  job: 'name of the job',
  jobId: 'id of the job',
  task: 'task that failed, without its subtask number',
  parallelism: 'parallelism of that task',
  restarts: 'how often the job restarted in this incident',
  count: 'how often this was seen in the incident',
  host: 'host of the process that wrote the line',
  process: 'process that wrote the line (resource id or file)',
  component: 'jobmanager, taskmanager, client or gateway',
  file: 'path of the log',
  exception: 'class of the exception that matched',
  exceptionMessage: 'message of the exception that matched',
  rootException: "class of the chain's root",
  rootMessage: "message of the chain's root",
  complaint:
    'what the deepest exception that says so complains of: denied, unreachable, existing, missing, conflict, unsupported, limit, unfit or defect',
  userFrame: "first stack frame in the user's own code",
  library: "package of the library that threw, called by the user's own code",
  peerProcess: 'the process that the peer capture names',
  peerHost: 'its host',
  peerLastLine: 'the last line that it wrote',
  peerLastTime: 'when that was',
  peerEnd:
    'how it ended by its own log: signal, fatal, exit, shutdown (it closed its services and nothing says why), or none (it logged no end); unknown without its log',
};

/** Names by which patterns match a rule. A row of the engine has its table in place of a cause. */
export interface Named {
  readonly id: string;
  readonly cause: string;
}

/** True if the pattern (a rule id, a cause id, `area.*`) fits the id or the cause. */
export function isNamedBy(item: Named, glob: Glob): boolean {
  return fitsGlob(glob, item.id) || fitsGlob(glob, item.cause);
}
