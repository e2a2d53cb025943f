// Defines the types that all stages share (docs/architecture.md): entry → record → match → incident → diagnosis →
// alert. Times are milliseconds since 1970 (UTC) inside the engine and ISO 8601 text in all that is stored or printed.
// Field names of a record are ECS names, written flat. They have the same spelling in the store, on the command line,
// in the API and on the page.
import type { FieldTypes, RecordShape } from './record.js';

export type Level = FieldTypes['level'];
export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
/** Text for people, in each language that Jobtrace publishes. */
export type Text = Readonly<Record<Language, string>>;
export type Severity = 'info' | 'warning' | 'error' | 'critical';
/** Party that has to fix a failure. */
export type Owner = 'user-code' | 'configuration' | 'connector' | 'framework' | 'platform' | 'external';
export type Component = FieldTypes['component'];
/** Kind of the file that holds the bytes. The kind decides how the bytes are split and which rules may match. */
export type FileKind = FieldTypes['kind'];

/** Origin of entries. All entries of a file share one object. */
export interface Source {
  /** Path of the file, in the form that people know. */
  readonly path: string;
  readonly kind: FileKind;
  readonly host?: string;
  /**
   * One Flink cluster (YARN application, Kubernetes cluster id, session cluster). Everything in one cluster may explain
   * everything else in it.
   */
  readonly cluster?: string;
  /**
   * Key that joins the files of one process (its .log, rotations, .out, GC log, per-job files). It is stable text, not
   * a Flink id.
   */
  readonly process: string;
  readonly component?: Component;
  /** Job that the path names, if the cluster separates its logs per job. */
  readonly jobId?: string;
}

/** Unparsed joined lines. The bytes of an entry are a view, not a copy, and exclude the last line break. */
export interface Entry {
  readonly bytes: Buffer;
  readonly source: Source;
  /** Byte offset of the first byte in the file. */
  readonly offset: number;
  /**
   * Number of the first line in the file, from 1. It is 0 if the lines were not counted (entries read back from a
   * store).
   */
  readonly line: number;
  /** Id of the record, if the entry comes from a store. It stays the same when the file is read again. */
  readonly id?: string;
  /** Time that the record got when it was stored, so that its time stamp is not parsed again. */
  readonly time?: number;
  /** Time of the previous entry, used if the entry has no time of its own. */
  readonly previousTime?: number;
  /** Last modification time of the file, in milliseconds since 1970, for an entry from a store that has no time. */
  readonly fileTime?: number;
  readonly flags?: readonly EntryFlag[];
  /**
   * Known texts that the reader already found in the entry, by the numbers that the scanner `by` gave them. They make a
   * second search unnecessary.
   */
  readonly matchedAnchors?: { readonly by: object; readonly texts: readonly number[] };
}

/** Change that reading, or the store, had to make to an entry. The agent counts each kind in its metrics. */
export type EntryFlag = FieldTypes['flags'][number];

/** Parsed, stored entry. Its fields are the rows of record.ts. */
export type LogRecord = RecordShape;

/** One class of an exception chain. The outermost class comes first. */
export interface ChainLink {
  readonly type: string;
  readonly message: string;
  /** Frames as `package.Class.method(File.java:1)`, in printed order. */
  readonly frames: readonly string[];
  /** Number of further frames that are printed with the enclosing exception (`... 12 more`). */
  readonly shared?: number;
  readonly relation: 'outer' | 'cause' | 'suppressed';
}

/** Parsed parts of an entry's text, as the format of the log defines them. */
export interface ParsedEntry {
  /**
   * Name of the layout: log4j, logback, level, timestamp, json, klog, gc or none, with the name of a wrapper in front:
   * "cri/log4j".
   */
  readonly layout: string;
  /** Time in milliseconds since 1970. */
  readonly time?: number;
  readonly level?: Level;
  readonly logger?: string;
  readonly thread?: string;
  readonly jobId?: string;
  /** Message without the stack trace. */
  readonly message: string;
  readonly stack?: string;
  /** Outermost exception. */
  readonly error?: { readonly type: string; readonly message: string };
  /** Exception classes from the outermost to the root, without suppressed ones. */
  readonly chain: readonly string[];
  readonly links: readonly ChainLink[];
}

/** Line that proves a diagnosis. It is kept with the incident so that it outlives the log. */
export interface Evidence {
  readonly file: string;
  /** Line number; 0 if unknown (records of a store are found by `recordId`). */
  readonly line: number;
  readonly text: string;
  readonly time?: string;
  readonly recordId?: string;
  readonly host?: string;
  readonly process?: string;
  /** Ranges [start, end) of `text` in UTF-16 units that a rule captured. */
  readonly highlights?: readonly (readonly [number, number])[];
}

export interface Reason {
  readonly id: string;
  readonly text: string;
  /** Fraction from 0 to 1. The weights of all reasons that hold sum to 1. */
  readonly weight: number;
}

export interface Fix {
  readonly id: string;
  readonly text: string;
  /** Option → value, with the option names of the job's Flink version. It is empty if the fix is not a setting. */
  readonly patch: Readonly<Record<string, string>>;
  readonly risk: 'low' | 'medium' | 'high';
  readonly cost?: string;
  readonly verify?: string;
}

/**
 * Cause of a failure and its fixes, in one language. This type is the contract of `jobtrace diagnose --format json`.
 */
export interface Diagnosis {
  readonly cause: string;
  readonly rule: string;
  readonly title: string;
  readonly summary: string;
  readonly severity: Severity;
  readonly confidence: number;
  /** True if the diagnosis follows from an earlier diagnosis of the same incident. */
  readonly symptom: boolean;
  /** True if this is a second cause: it failed the job in other attempts than the primary diagnosis did. */
  readonly beside?: true;
  readonly owner: Owner;
  readonly status: 'draft' | 'test' | 'stable';
  readonly job?: { readonly id: string; readonly name?: string };
  readonly firstSeen?: string;
  readonly lastSeen?: string;
  readonly count: number;
  readonly reasons: readonly Reason[];
  readonly fixes: readonly Fix[];
  readonly evidence: readonly Evidence[];
  /** Ids of the causes that are folded under this one. */
  readonly explains: readonly string[];
  readonly references: readonly string[];
  /** Captured and computed values by name, as printed. */
  readonly values: Readonly<Record<string, string>>;
  /** Components of the ranking score. They show people why this diagnosis ranks first. */
  readonly score: Readonly<Record<string, number>>;
}

/** Failures of one kind that no rule names, and the features that they share. */
export interface FailureGroup {
  /**
   * Group id: `g1-` and twelve hex digits. It is the same on every node, in every order of events and in every Flink
   * version.
   */
  readonly id: string;
  /** Class of the root exception; empty if it was lost. */
  readonly type: string;
  /** Message of the root exception, with placeholders for the parts that vary between occurrences. */
  readonly message: string;
  /**
   * Additional key if class and message are too general: a method of user code, or the exception that wraps the root.
   */
  readonly place?: string;
}

/** Failure that no rule names. It is reported, never guessed. */
export interface UnknownFailure {
  readonly fingerprint: string;
  /** Group of the failure. It is missing in incidents that were stored before groups existed. */
  readonly group?: FailureGroup;
  readonly chain: readonly string[];
  readonly message: string;
  readonly owner: Owner;
  readonly count: number;
  readonly firstSeen?: string;
  readonly lastSeen?: string;
  /** True if this is a second cause, as in a diagnosis. */
  readonly beside?: true;
  readonly job?: { readonly id: string; readonly name?: string };
  readonly evidence: readonly Evidence[];
}

/** One run of a job between two restarts that ended in a failure. */
export interface Attempt {
  readonly number: number;
  readonly failedAt?: string;
  /** Ids of the rules that matched in this attempt, the cause first. */
  readonly rules: readonly string[];
}

export interface IncidentFacts {
  readonly flinkVersion?: string;
  readonly restartStrategy?: string;
  /** Last completed checkpoint before the first failure. */
  readonly lastCheckpoint?: { readonly id: number; readonly time: string };
  /** Milliseconds of work to reprocess: from the last completed checkpoint to the failure. */
  readonly reprocessMs?: number;
  readonly taskManagers?: number;
  readonly slots?: number;
  readonly parallelism?: number;
}

/** One of the incidents that a platform incident represents. */
export type PlatformChild = Pick<Incident, 'id' | 'cluster' | 'job' | 'firstSeen' | 'outcome'>;

/** Resource that several jobs share and whose failure failed them: a ZooKeeper, an HDFS, a machine, a certificate. */
export interface PlatformShare {
  /** Kind of the resource, by its stable name (analyzer/platform/platform.ts). */
  readonly kind: string;
  /** Address of the resource. It is absent if no log names it; all jobs then belong to one cluster. */
  readonly thing?: string;
  readonly jobs: number;
  readonly clusters: number;
  /** Represented incidents, the earliest first. */
  readonly children: readonly PlatformChild[];
}

/**
 * Name that stands for all clusters. A platform incident has it, and only people who may see all clusters see that
 * incident.
 */
export const ALL_CLUSTERS = '*';

/**
 * Period in which a job fails. It may also be one failure of a process without a job, or a failure that several jobs
 * share (`platform`).
 */
export interface Incident {
  /** Incident id, derived from the job and its first failed attempt, never from the rule that ranks first. */
  readonly id: string;
  readonly cluster: string;
  readonly job?: { readonly id: string; readonly name?: string };
  /** Process that failed, for an incident without a job. */
  readonly process?: string;
  /**
   * True if only a client logged it (`flink run`, the SQL client) and no job is known. A person was at the client and
   * saw the failure.
   */
  readonly client?: true;
  /** True if a single line names the job. Anyone who can write to that log could have forged the line. */
  readonly namedOnce?: true;
  /** Processes whose lines are evidence. */
  readonly processes: readonly string[];
  readonly firstSeen?: string;
  readonly lastSeen?: string;
  /**
   * State of the job. `failing`: it fails and restarts. `recovered`: it runs again, as its log shows, or it finished.
   * `failed`: it ended. `canceled`: a person ended it. `silent`: its log has no further lines.
   */
  readonly outcome: 'failing' | 'recovered' | 'failed' | 'canceled' | 'silent' | 'unknown';
  readonly restarts: number;
  readonly attempts: readonly Attempt[];
  /** Diagnoses, the best first and consequences after their cause. Each language has a list. */
  readonly diagnoses: Readonly<Record<Language, readonly Diagnosis[]>>;
  readonly unknown: readonly UnknownFailure[];
  readonly facts: IncidentFacts;
  /** Shared resource, if this is a platform incident, which represents the incidents of its jobs. */
  readonly platform?: PlatformShare;
  /** Platform incident that represents this one. */
  readonly parent?: string;
  /** Change of the diagnosis by rules that were added later. */
  readonly revised?: Revision;
  /** Ids of incidents that turned out to be the same failure. Their addresses lead to this incident. */
  readonly joined?: readonly string[];
  /** Ending that this incident represents, if no failure line announced it. */
  readonly ending?: IncidentEnding;
  /** End of the incident, if the reason lies in its cluster and not in the incident. */
  readonly ended?: { readonly time: string; readonly reason: EndedReason };
}

/** Cluster, process of a cluster, or agent that ended (analyzer/platform). */
export interface IncidentEnding {
  readonly kind: string;
  /** Jobs that ended with it. */
  readonly jobs: readonly { readonly id: string; readonly name?: string }[];
}

/** The cluster was stopped on purpose, or the cluster is gone. */
export type EndedReason = 'cluster-stopped' | 'cluster-gone';

/**
 * Time at which other rules judged the incident again, and the rule that ranked first until then. `before` is absent if
 * no rule had matched.
 */
export interface Revision {
  readonly time: string;
  readonly before?: string;
}

/** Result of one alert of an Alertmanager message. */
export interface ReceivedAlert {
  readonly fingerprint: string;
  readonly status: 'firing' | 'resolved';
  readonly outcome: 'diagnosed' | 'waiting' | 'forwarded' | 'repeated' | 'own-alert' | 'no-job' | 'no-receiver';
  /** Job that the labels of the alert name. */
  readonly job?: string;
  readonly incidentId?: string;
  readonly cause?: string;
}

/** Job within a time range, as people know it: runs of the same name are one job. */
export interface JobSummary {
  /** Job id of the newest known run. */
  readonly id: string;
  readonly name?: string;
  readonly cluster?: string;
  readonly lastSeen?: string;
  /** Number of records in the range, in total and by level. */
  readonly total: number;
  readonly levels: Readonly<Record<string, number>>;
  readonly openIncidents: number;
  readonly incidents: number;
}

/** Status that an analyzer reports about itself. */
export interface AnalyzerStatus {
  readonly records: number;
  /** Number of partitions of the records that this analyzer holds. */
  readonly parts: number;
  /** Number of clusters of these partitions in which something failed recently. */
  readonly clusters: number;
  readonly signals: number;
  readonly incidents: number;
  /** Number of these incidents that are open. */
  readonly open: number;
  /** Approximate memory, in bytes, for the signals that it keeps. */
  readonly heldBytes: number;
  /** Milliseconds since the analyzer last had read all stored records, or since its start. */
  readonly behindMs: number;
  /**
   * Milliseconds by which the clock of this machine is ahead of the store's clock; absent if the clocks are not
   * compared.
   */
  readonly clockAheadMs?: number;
  /**
   * Number of agent nodes whose clock differs strongly from the store's clock; absent if the clocks are not compared.
   */
  readonly agentClocksOff?: number;
  /** Age of the oldest log record that it has not read, in milliseconds; 0 if it has read all. */
  readonly oldestUnreadMs: number;
  /** Number of partitions that it took over from silent analyzers since its start. */
  readonly takeovers: number;
  /** Error code of the last step, if that step failed. */
  readonly lastError: string | undefined;
}

/** Rule as people read it, in one language. Texts hold `{placeholders}` for values found in a log. */
export interface RuleSheet {
  readonly summary: string;
  readonly role: 'cause' | 'symptom';
  readonly scope: 'job' | 'process' | 'cluster';
  /** Alternatives: at least one of these lines must be present. */
  readonly finds: readonly LineSheet[];
  /** Exclusions: none of these lines may be present. */
  readonly unless: readonly LineSheet[];
  /** Further conditions: all of these must hold. */
  readonly steps: readonly StepSheet[];
  /** Name of a value that the rule captures → its type. */
  readonly captures: Readonly<Record<string, string>>;
  readonly reasons: readonly { readonly text: string; readonly weight: number; readonly when?: string | undefined }[];
  readonly fixes: readonly FixSheet[];
  /** Causes that follow from this one. */
  readonly explains: readonly string[];
  readonly logs: readonly ProofLog[];
  /** Number of further logs of the rule that are not in `logs`. */
  readonly moreLogs: number;
}

/** Result of checking a draft rule. If there are no problems, the rule was run on its two logs. */
export interface RuleTrial {
  /** Problems in rule.yaml; line and column count from 1. */
  readonly problems: readonly { readonly line: number; readonly column: number; readonly message: string }[];
  /**
   * Cause of the rule, if the catalog does not have it. `suggestion` asks about a cause whose id is spelled almost the
   * same.
   */
  readonly newCause?: { readonly id: string; readonly suggestion: string };
  /** True if a rule with this id exists, which the draft would replace. */
  readonly replaces?: boolean;
  /** Texts that are not written yet. */
  readonly todos?: readonly string[];
  readonly match?: LogTrial;
  readonly nearMiss?: LogTrial;
}

export interface LogTrial {
  readonly stands: 'first' | 'below' | 'nowhere';
  /** Rule that ranks first. */
  readonly first: string | undefined;
  /** Rule that ranks first without the draft, for the log that the draft must match. */
  readonly before?: string | undefined;
  /** Alternatives of the rule, each with the number of entries that match it. */
  readonly lines: readonly { readonly id: string; readonly anchor: string; readonly hits: number }[];
  /** Title of the diagnosis, as it would be shown. */
  readonly title: string | undefined;
  /** Values that the rule captures from the log, by name. */
  readonly values: Readonly<Record<string, string>>;
  /** Number of its fixes that apply. */
  readonly fixes: number;
  /** Expressions that failed. */
  readonly faults: readonly string[];
}

/** Matches that a draft rule would have had in the stored records. */
export interface RulePast {
  /** Number of records with a matching line. */
  readonly found: number;
  /** Failures that no rule names, or only a general rule. */
  readonly claims: PastHits;
  /** Diagnoses of other rules, next to which the rule would appear. */
  readonly beside: PastHits;
  /** Matches where nothing had failed. */
  readonly healthy: PastHits;
}

export interface PastHits {
  readonly count: number;
  /** First of the hits. */
  readonly shown: readonly PastHit[];
}

export interface PastHit {
  /** Id of the record. */
  readonly record: string;
  readonly time: string;
  readonly cluster: string;
  readonly job: string | undefined;
  readonly incident: string | undefined;
  /** Rule that ranks first in the incident, unless it is a general one. */
  readonly first: string | undefined;
}

export interface LineSheet {
  /** Text that the line must contain, compared as bytes. */
  readonly text?: string | undefined;
  /** Pattern in RE2 syntax. */
  readonly pattern?: string | undefined;
  readonly flink?: string | undefined;
  /** Conditions by the name that rule.yaml gives them. */
  readonly where: Readonly<Record<string, readonly string[]>>;
}

export interface StepSheet extends LineSheet {
  readonly on: string;
  readonly order: string;
  readonly withinMs: number;
  readonly count: number;
  /** True if the line must be absent. */
  readonly absent: boolean;
}

export interface FixSheet {
  readonly text: string;
  readonly when?: string | undefined;
  readonly flink?: string | undefined;
  readonly patch: Readonly<Record<string, string>>;
  /** Expression that computes the options from the cluster's values, if the rule does not list them. */
  readonly computedBy?: string | undefined;
  readonly risk: Fix['risk'];
  readonly cost?: string | undefined;
  readonly verify?: string | undefined;
}

/** Log that a rule must match, or one that it must not match. */
export interface ProofLog {
  readonly name: string;
  readonly isMatch: boolean;
  readonly text: string;
  /** True if the log is longer than `text`. */
  readonly isCut: boolean;
}
