// The words of the house (docs/architecture.md): entry → record → match → incident → diagnosis → alert.
// Every stage speaks these types and no other; times are milliseconds since 1970 (UTC) inside the engine
// and ISO 8601 text in whatever is stored or printed. Field names of a record are ECS names, written flat:
// the same spelling in the store, on the command line, in the API and on the page.
import type { FieldTypes, RecordShape } from './record.js';

export type Level = FieldTypes['level'];
export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
/** A text for people, in each language that we publish. */
export type Text = Readonly<Record<Language, string>>;
export type Severity = 'info' | 'warning' | 'error' | 'critical';
/** Whose task a failure is. */
export type Owner = 'user-code' | 'configuration' | 'connector' | 'framework' | 'platform' | 'external';
export type Component = FieldTypes['component'];
/** What kind of file the bytes stand in: it decides how they are split and which rules may look. */
export type FileKind = FieldTypes['kind'];

/** Where entries come from; one object shared by all entries of a file. */
export interface Source {
  /** The file's path as people know it. */
  readonly path: string;
  readonly kind: FileKind;
  readonly host?: string;
  /**
   * One Flink cluster (YARN application, Kubernetes cluster id, session cluster): everything that can explain each
   * other.
   */
  readonly cluster?: string;
  /** Joins the files of one process (its .log, rotations, .out, GC log, per-job files): stable text, not a Flink id. */
  readonly process: string;
  readonly component?: Component;
  /** The job that the path names, when the cluster separates its logs per job. */
  readonly jobId?: string;
}

/** Joined lines, unparsed: an entry's bytes (a view, not a copy) without its last line break. */
export interface Entry {
  readonly bytes: Buffer;
  readonly source: Source;
  /** Byte offset of the first byte in the file. */
  readonly offset: number;
  /** Number of the first line in the file, from 1; 0 when nobody counted (entries read back from a store). */
  readonly line: number;
  /** The record's id when the entry comes from a store; stable over re-reads. */
  readonly id?: string;
  /** The time that its record was given when it was stored; its time stamp is not read a second time. */
  readonly time?: number;
  /** Time of the entry before it, used when the entry has none of its own. */
  readonly previousTime?: number;
  /** When its file was written last, of an entry from a store that has no time: in milliseconds since 1970. */
  readonly fileTime?: number;
  readonly flags?: readonly EntryFlag[];
  /** What its reader met in it of known texts, by the numbers that somebody gave them: nobody need look again. */
  readonly met?: { readonly by: object; readonly texts: readonly number[] };
}

/** What reading, or the store, had to do to an entry; each is counted in the agent's metrics. */
export type EntryFlag = FieldTypes['flags'][number];

/** A parsed, stored entry: its fields are the rows of record.ts. */
export type LogRecord = RecordShape;

/** One class of an exception chain, the outermost first. */
export interface ChainLink {
  readonly type: string;
  readonly message: string;
  /** Frames as `package.Class.method(File.java:1)`, in the order printed. */
  readonly frames: readonly string[];
  /** So many more, printed at the end of what wraps it (`... 12 more`). */
  readonly shared?: number;
  readonly relation: 'outer' | 'cause' | 'suppressed';
}

/** An entry as its text was read: where the format of the log put what. */
export interface ParsedEntry {
  /** log4j, logback, level, timestamp, json, klog, gc, none; with the wrapping in front: "cri/log4j". */
  readonly layout: string;
  /** Milliseconds since 1970. */
  readonly time?: number;
  readonly level?: Level;
  readonly logger?: string;
  readonly thread?: string;
  readonly jobId?: string;
  /** Without the stack trace. */
  readonly message: string;
  readonly stack?: string;
  /** The outermost exception. */
  readonly error?: { readonly type: string; readonly message: string };
  /** Exception classes from the outside in, suppressed ones left out. */
  readonly chain: readonly string[];
  readonly links: readonly ChainLink[];
}

/** A line that proves something, kept with the incident so that it outlives the log. */
export interface Evidence {
  readonly file: string;
  /** 0 when unknown (records of a store are found by `recordId`). */
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
  /** Share of 1 among the reasons that hold. */
  readonly weight: number;
}

export interface Fix {
  readonly id: string;
  readonly text: string;
  /** Option → value, with the option names of the job's Flink version. Empty when the fix is not a setting. */
  readonly patch: Readonly<Record<string, string>>;
  readonly risk: 'low' | 'medium' | 'high';
  readonly cost?: string;
  readonly verify?: string;
}

/** What went wrong and what to do, in one language: the contract of `jobtrace diagnose --format json`. */
export interface Diagnosis {
  readonly cause: string;
  readonly rule: string;
  readonly title: string;
  readonly summary: string;
  readonly severity: Severity;
  readonly confidence: number;
  /** True for what follows from an earlier diagnosis of the same incident. */
  readonly symptom: boolean;
  /** A second cause: it failed the job in other attempts than the one that stands first. */
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
  /** Cause ids folded under this one. */
  readonly explains: readonly string[];
  readonly references: readonly string[];
  /** Captured and computed values by name, as printed. */
  readonly values: Readonly<Record<string, string>>;
  /** The parts of the ranking score, so that people can see why this one stands first. */
  readonly score: Readonly<Record<string, number>>;
}

/** Failures of one kind that no rule names, and why they are the same. */
export interface FailureGroup {
  /** The same on every node, in every order and version of Flink: `g1-` and twelve hex digits. */
  readonly id: string;
  /** Class of the root; empty where it was lost. */
  readonly type: string;
  /** The root's message, with marks in place of what differs from one time to the next. */
  readonly message: string;
  /** Where class and message say too little: a method of somebody's own, or what wraps the root. */
  readonly place?: string;
}

/** A failure that no rule names: reported, never guessed. */
export interface UnknownFailure {
  readonly fingerprint: string;
  /** Missing in incidents of before there were groups. */
  readonly group?: FailureGroup;
  readonly chain: readonly string[];
  readonly message: string;
  readonly owner: Owner;
  readonly count: number;
  readonly firstSeen?: string;
  readonly lastSeen?: string;
  /** A second cause, as of a diagnosis. */
  readonly beside?: true;
  readonly job?: { readonly id: string; readonly name?: string };
  readonly evidence: readonly Evidence[];
}

/** One run of a job between restarts that ended in a failure. */
export interface Attempt {
  readonly number: number;
  readonly failedAt?: string;
  /** Rule ids found in this attempt, the cause first. */
  readonly rules: readonly string[];
}

export interface IncidentFacts {
  readonly flinkVersion?: string;
  readonly restartStrategy?: string;
  /** Last completed checkpoint before the first failure. */
  readonly lastCheckpoint?: { readonly id: number; readonly time: string };
  /** Milliseconds of work to be done again: from the last completed checkpoint to the failure. */
  readonly reprocessMs?: number;
  readonly taskManagers?: number;
  readonly slots?: number;
  readonly parallelism?: number;
}

/** One of the incidents that a platform incident stands for. */
export type PlatformChild = Pick<Incident, 'id' | 'cluster' | 'job' | 'firstSeen' | 'outcome'>;

/** What several jobs share that failed of one thing: a ZooKeeper, an HDFS, a machine, a certificate. */
export interface PlatformShare {
  /** What kind of thing it is, by its stable name (analyzer/platform/platform.ts). */
  readonly kind: string;
  /** Its address; absent where no log names it: then the jobs are of one cluster. */
  readonly thing?: string;
  readonly jobs: number;
  readonly clusters: number;
  /** The earliest first. */
  readonly children: readonly PlatformChild[];
}

/** In place of a cluster's name: a platform incident is of all of them, and seen by who may see all. */
export const ALL_CLUSTERS = '*';

/** A job's episode of failing (or one process failure without a job, or what several jobs share: `platform`). */
export interface Incident {
  /** From the job and its first failed attempt, never from the rule that won. */
  readonly id: string;
  readonly cluster: string;
  readonly job?: { readonly id: string; readonly name?: string };
  /** The process that failed, for an incident without a job. */
  readonly process?: string;
  /** Only a client tells of it (`flink run`, the SQL client), and no job is known: somebody was there and saw it. */
  readonly client?: true;
  /** The job is known from one line alone, which whoever writes to that log could have written. */
  readonly namedOnce?: true;
  /** Processes whose lines are evidence. */
  readonly processes: readonly string[];
  readonly firstSeen?: string;
  readonly lastSeen?: string;
  /**
   * What became of the job: still failing and restarting; running again, as its log shows, or finished; ended;
   * ended by a person; or nothing more is written of it.
   */
  readonly outcome: 'failing' | 'recovered' | 'failed' | 'canceled' | 'silent' | 'unknown';
  readonly restarts: number;
  readonly attempts: readonly Attempt[];
  /** Best first; consequences after their cause. One list per language. */
  readonly diagnoses: Readonly<Record<Language, readonly Diagnosis[]>>;
  readonly unknown: readonly UnknownFailure[];
  readonly facts: IncidentFacts;
  /** Of a platform incident, which stands for those of its jobs. */
  readonly platform?: PlatformShare;
  /** The platform incident that stands for this one. */
  readonly parent?: string;
  /** Rules that came later say something else of it than was said. */
  readonly revised?: Revision;
  /** Ids of cards that turned out to be of this failure: they lead here. */
  readonly joined?: readonly string[];
  /** Of an incident that stands for an end, which no line of a failure tells. */
  readonly ending?: IncidentEnding;
  /** It is over for a reason of its cluster's, not of its own. */
  readonly ended?: { readonly time: string; readonly reason: EndedReason };
}

/** What ended: a cluster, a process of it, or an agent (analyzer/watch). */
export interface IncidentEnding {
  readonly kind: string;
  /** The jobs that it took along. */
  readonly jobs: readonly { readonly id: string; readonly name?: string }[];
}

/** Its cluster was stopped on purpose; its cluster is gone. */
export type EndedReason = 'cluster-stopped' | 'cluster-gone';

/** When an incident was judged again by other rules, and which rule stood first until then; none: nobody named it. */
export interface Revision {
  readonly time: string;
  readonly before?: string;
}

/** What became of one alert of an Alertmanager message. */
export interface ReceivedAlert {
  readonly fingerprint: string;
  readonly status: 'firing' | 'resolved';
  readonly outcome: 'diagnosed' | 'waiting' | 'forwarded' | 'repeated' | 'own-alert' | 'no-job' | 'no-receiver';
  /** What the alert's labels say about the job. */
  readonly job?: string;
  readonly incidentId?: string;
  readonly cause?: string;
}

/** A job of a range of time as people know it: runs of one name are one job. */
export interface JobSummary {
  /** Of the newest run that is known. */
  readonly id: string;
  readonly name?: string;
  readonly cluster?: string;
  readonly lastSeen?: string;
  /** Records of the range, and by level. */
  readonly total: number;
  readonly levels: Readonly<Record<string, number>>;
  readonly openIncidents: number;
  readonly incidents: number;
}

/** What an analyzer says of itself. */
export interface AnalyzerStatus {
  readonly records: number;
  /** Of the records; those that are this analyzer's. */
  readonly parts: number;
  /** Those in which something failed lately. */
  readonly clusters: number;
  readonly signals: number;
  readonly incidents: number;
  /** Of them those that go on. */
  readonly open: number;
  /** About what it keeps of them in memory. */
  readonly heldBytes: number;
  /** Since it last had read all that was stored, or since its start, in milliseconds. */
  readonly behindMs: number;
  /** By how many milliseconds this machine's clock is ahead of the store's; absent where nobody compares them. */
  readonly clockAheadMs?: number;
  /** Nodes of agents whose clock is far off the store's; absent where nobody compares them. */
  readonly agentClocksOff?: number;
  /** How long ago the first record was logged that it has not read; 0 when it has read all. */
  readonly oldestUnreadMs: number;
  /** Parts that it took from an analyzer that had gone silent, since its start. */
  readonly takeovers: number;
  /** Code of what the last step failed of. */
  readonly lastError: string | undefined;
}

/** A rule as people read it, in one language; texts hold `{placeholders}` for what is found in a log. */
export interface RuleSheet {
  readonly summary: string;
  readonly role: 'cause' | 'symptom';
  readonly scope: 'job' | 'process' | 'cluster';
  /** One line of these must be there. */
  readonly finds: readonly LineSheet[];
  /** None of these. */
  readonly unless: readonly LineSheet[];
  /** And all of these. */
  readonly steps: readonly StepSheet[];
  /** Name of a value that it reads → its type. */
  readonly captures: Readonly<Record<string, string>>;
  readonly reasons: readonly { readonly text: string; readonly weight: number; readonly when?: string | undefined }[];
  readonly fixes: readonly FixSheet[];
  /** Causes that follow from it. */
  readonly explains: readonly string[];
  readonly logs: readonly ProofLog[];
  /** Logs that it has beside these. */
  readonly moreLogs: number;
}

/** What a rule that is being written does; without problems it was tried on its two logs. */
export interface RuleTrial {
  /** In rule.yaml; line and column from 1. */
  readonly problems: readonly { readonly line: number; readonly column: number; readonly message: string }[];
  /** Its cause is none of the catalog's; `suggestion` asks for one that is written nearly so. */
  readonly newCause?: { readonly id: string; readonly suggestion: string };
  /** There is a rule of this id, in whose place it would stand. */
  readonly replaces?: boolean;
  /** Texts that are still to be written. */
  readonly todos?: readonly string[];
  readonly match?: LogTrial;
  readonly nearMiss?: LogTrial;
}

export interface LogTrial {
  readonly stands: 'first' | 'below' | 'nowhere';
  /** The rule that stands first. */
  readonly first: string | undefined;
  /** Of the log that it must name: the rule that stands first without this one. */
  readonly before?: string | undefined;
  /** Of its alternatives: how many entries each was found in. */
  readonly lines: readonly { readonly id: string; readonly anchor: string; readonly hits: number }[];
  /** As it would be told. */
  readonly title: string | undefined;
  /** What it reads from the log, by name. */
  readonly values: Readonly<Record<string, string>>;
  /** How many of its fixes apply. */
  readonly fixes: number;
  /** Expressions that failed. */
  readonly faults: readonly string[];
}

/** What a rule that is being written would have found in what is stored. */
export interface RulePast {
  /** Records in which it finds its line. */
  readonly found: number;
  /** Failures that no rule names, or only a general one. */
  readonly claims: PastHits;
  /** Diagnoses of other rules, beside which it would stand. */
  readonly beside: PastHits;
  /** Where nothing had failed. */
  readonly healthy: PastHits;
}

export interface PastHits {
  readonly count: number;
  /** The first of them. */
  readonly shown: readonly PastHit[];
}

export interface PastHit {
  /** Id of a record. */
  readonly record: string;
  readonly time: string;
  readonly cluster: string;
  readonly job: string | undefined;
  readonly incident: string | undefined;
  /** The rule that stands first there, unless it is a general one. */
  readonly first: string | undefined;
}

export interface LineSheet {
  /** Bytes that it must hold. */
  readonly text?: string | undefined;
  /** RE2. */
  readonly pattern?: string | undefined;
  readonly flink?: string | undefined;
  /** By the name that rule.yaml has for it. */
  readonly where: Readonly<Record<string, readonly string[]>>;
}

export interface StepSheet extends LineSheet {
  readonly on: string;
  readonly order: string;
  readonly withinMs: number;
  readonly count: number;
  /** It must not be there. */
  readonly absent: boolean;
}

export interface FixSheet {
  readonly text: string;
  readonly when?: string | undefined;
  readonly flink?: string | undefined;
  readonly patch: Readonly<Record<string, string>>;
  /** The expression that computes the options from what the cluster has, where they do not stand in the rule. */
  readonly computedBy?: string | undefined;
  readonly risk: Fix['risk'];
  readonly cost?: string | undefined;
  readonly verify?: string | undefined;
}

/** A log that a rule must name, or one that it must not. */
export interface ProofLog {
  readonly name: string;
  readonly isMatch: boolean;
  readonly text: string;
  /** It is longer. */
  readonly isCut: boolean;
}
