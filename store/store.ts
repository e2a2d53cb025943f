// The ports between the stages and whatever keeps the records, one by use: each stage names the ones that it needs
// in its own types. Adapters: sqlite.ts (embedded, one machine) and elasticsearch.ts (a cluster); contract.ts is the
// suite that both must pass. Nothing above this file knows which adapter is in use.
import type { Feedback } from '../core/routing/feedback.js';
import type { Triage } from '../core/routing/triage.js';
import type { Silence } from '../core/routing/silence.js';
import type { Glob } from '../core/text/glob.js';
import type { LeadValues } from '../core/text/lead.js';
import type { Component, Incident, Level, LogRecord, PlatformShare, Text } from '../core/types.js';
import type { SignalKind } from '../flink/words/words.js';

/** What became of one record of a batch, in the batch's order. */
export type AppendOutcome =
  | { readonly kind: 'stored' }
  /** The same entry was already there (a re-send): delivered. */
  | { readonly kind: 'duplicate' }
  /** Another entry holds this id: loud, never silent. */
  | { readonly kind: 'collision'; readonly error: string }
  /** Try this record again later (busy, blocked, missing right, missing index). */
  | { readonly kind: 'retry'; readonly error: string }
  /** There is no room for this record at `place`: try it again later. */
  | { readonly kind: 'full'; readonly error: string; readonly place: string }
  /** Its own place will never take it as it is; it is kept whole at `place`, where searches and the feed find it. */
  | { readonly kind: 'aside'; readonly error: string; readonly place: string }
  /** Will never be accepted as it is, anywhere: goes to the dead letters of the node. */
  | { readonly kind: 'refused'; readonly error: string };

export interface RecordQuery {
  /** Words and `field:value` terms: see store/query/query.ts. */
  readonly query?: string;
  /** ISO times, inclusive start, exclusive end. */
  readonly from?: string;
  readonly to?: string;
  /** Only records that name it. */
  readonly jobId?: string;
  /** All that is known to be of the job with this id or name, as `job:` finds it. */
  readonly job?: string;
  readonly cluster?: string;
  readonly process?: string;
  readonly component?: Component;
  readonly levels?: readonly Level[];
  /** What `jobtrace.signal` says, by whatever words. */
  readonly signal?: SignalKind;
  /** Leaves out records with this `jobtrace.signal`. */
  readonly skip?: string;
  /** Only records with one of these ids. */
  readonly ids?: readonly string[];
  /** Only records of these jobs and clusters (a team's scope). */
  readonly scope?: readonly Glob[];
  /** At most so many on this page (a store may give fewer and a `next`). 0 = all, streamed by pages through `after`. */
  readonly limit: number;
  readonly order: 'newest' | 'oldest';
  /** `next` of the page before. */
  readonly after?: string;
  readonly histogramBuckets?: number;
  readonly facets?: boolean;
}

export type LineQuery = Omit<RecordQuery, 'histogramBuckets' | 'facets'>;
/** Which records, whatever their order. */
export type RecordFilter = Omit<LineQuery, 'limit' | 'order' | 'after'>;

export interface RecordPage extends RecordLines {
  readonly total: number;
  readonly histogram?: readonly {
    readonly time: string;
    readonly counts: Readonly<Partial<Record<Level | 'NONE', number>>>;
  }[];
  readonly facets?: Readonly<Record<FacetName, readonly FacetValue[]>>;
}

export interface RecordLines {
  readonly records: readonly LogRecord[];
  /** Give it back as `after`; left out on the last page. */
  readonly next?: string;
}

/** What the records of a search are counted by. */
export type FacetName = 'level' | 'job' | 'cluster' | 'process' | 'component' | 'host' | 'logger' | 'errorType';

export interface FacetValue {
  readonly value: string;
  readonly count: number;
}

export interface FeedPage<Stored = LogRecord> {
  readonly records: readonly Stored[];
  /** Opaque; give it back to read on. Unchanged when there was nothing new. */
  readonly cursor: string;
  /**
   * True when the feed had nothing more where news are expected. What comes late into an old day may be found some
   * reads later; it is never skipped.
   */
  readonly drained: boolean;
}

export interface IncidentQuery {
  readonly jobId?: string;
  /** Id or name of a job. */
  readonly job?: string;
  readonly cluster?: string;
  readonly from?: string;
  readonly to?: string;
  readonly outcome?: Incident['outcome'];
  /** Id of a group of failures that no rule names. */
  readonly group?: string;
  /** Of what it is called by (core/text/lead.ts). An older release saved incidents on Elasticsearch without these. */
  readonly cause?: string;
  readonly severity?: string;
  readonly owner?: string;
  readonly notOutcomes?: readonly Incident['outcome'][];
  /** Only these; without those. */
  readonly ids?: readonly string[];
  readonly notIds?: readonly string[];
  /** Without those for which a platform incident stands. */
  readonly isTop?: boolean;
  readonly scope?: readonly Glob[];
  readonly limit: number;
}

/** What a list shows of an incident: a hundredth of it. */
export interface IncidentRow
  extends
    Pick<Incident, 'id' | 'cluster' | 'job' | 'process' | 'outcome' | 'restarts' | 'firstSeen' | 'lastSeen' | 'parent'>,
    LeadValues {
  /** Undefined where no rule names it. */
  readonly rule?: string;
  /** Of what no rule names the exception and its message. */
  readonly title: Text;
  /** Titles of its second causes; absent where there is none, and in rows of before. */
  readonly beside?: readonly Text[];
  readonly platform?: Omit<PlatformShare, 'children'>;
}

/** A page of a list of incidents, the last seen first. */
export interface IncidentPage {
  readonly rows: readonly IncidentRow[];
  /** Of all pages. */
  readonly total: number;
  /** Give it back as `after`; undefined on the last page. */
  readonly next?: string;
  /** Of all pages: how many have which value, the most frequent first, at most MOST_COUNTS. */
  readonly counts: Readonly<Record<IncidentFacet, readonly ValueCount[]>>;
}

export const INCIDENT_FACETS = ['outcome', 'severity', 'owner', 'cause', 'cluster'] as const;
export type IncidentFacet = (typeof INCIDENT_FACETS)[number];

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

/** Of which group, and as of when. */
export interface GroupQuery {
  readonly group: string;
  readonly now: string;
  readonly scope?: readonly Glob[];
}

/** What is stored of a group of failures that no rule names. */
export interface GroupSum {
  readonly incidents: number;
  /** Of them seen in the 24 hours before, and in the seven days. */
  readonly lastDay: number;
  readonly lastWeek: number;
  readonly firstSeen?: string;
  readonly lastSeen?: string;
}

/** Of which jobs a count is asked. */
export interface JobQuery {
  readonly from?: string;
  readonly to?: string;
  readonly cluster?: string;
  /** Of incidents alone. */
  readonly group?: string;
  readonly scope?: readonly Glob[];
}

/** What was found of one job in one cluster. A line may tell the id of its job, the name, or both: each is a row. */
export interface JobCounts {
  readonly id?: string;
  readonly name?: string;
  readonly cluster: string;
  readonly lastSeen?: string;
  /** Level (or "NONE") of records, outcome of incidents → how many. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface JobRows {
  /** In no order. */
  readonly jobs: readonly JobCounts[];
  /** False when there are more than a store counts. */
  readonly isComplete: boolean;
}

/** Which records are a job's though they do not name it, as an analyzer has found out; one for each run. */
export interface JobLines {
  readonly cluster: string;
  readonly jobId: string;
  readonly jobName?: string;
  /** When it was alone somewhere: what names no other job there is about it. The latest first, as the others are. */
  readonly spans: readonly JobSpan[];
  /** Its attempts, slots and execution graphs, each a word as words.ts has it; what has one and names no job is its. */
  readonly words: readonly string[];
  /** Ids of records: what its incidents show. */
  readonly records: readonly string[];
  /** Milliseconds since 1970: nothing of it is later. */
  readonly lastMs: number;
}

/** From and to in milliseconds since 1970, both inclusive; open where they are left out. */
export interface JobSpan {
  /** Left out: all processes of the cluster. */
  readonly process?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** What was said to a receiver about an incident. */
export interface Alert {
  readonly id: string;
  readonly incidentId: string;
  readonly receiver: string;
  readonly reason: string;
  /** Rule or fingerprint that was announced. */
  readonly cause: string;
  readonly sentAt: string;
  /** Withdrawn: the incident was no more before the message went out. */
  readonly state: 'sent' | 'pending' | 'undeliverable' | 'withdrawn';
  readonly attempts: number;
  readonly error?: string;
  /** The rendered message, kept while it is not delivered. */
  readonly payload?: string;
}

export interface AgentStatus {
  /** One agent's: of its machine and its data folder. Agents of older releases have the host's name. */
  readonly id: string;
  readonly host: string;
  readonly time: string;
  /** It was stopped in order at this time; absent while it runs, and where it ended without a word. */
  readonly stopped?: string;
  readonly files: number;
  /** Bytes in matched files that are not acknowledged yet. */
  readonly lagBytes: number;
  /** Of these, bytes in files that were found and are not begun yet. */
  readonly waitingBytes?: number;
  /** Of these, bytes whose file is gone or was replaced: only the process of the agent still has them. */
  readonly atRiskBytes?: number;
  /** What records that wait for the store take in the agent's memory. */
  readonly heldBytes?: number;
  readonly openFiles?: number;
  /** When the store last took a record of this agent. */
  readonly acknowledged?: string;
  readonly shippedRecords: number;
  readonly counters: Readonly<Record<string, number>>;
  /** What a person should know; see core/conditions.ts. */
  readonly conditions: readonly StatusCondition[];
  /** Those that wrote lately, the latest first. Agents of older releases give none. */
  readonly processes?: readonly ProcessLife[];
}

/** A process whose files an agent follows, as the agent sees it. All times are of the agent's clock. */
export interface ProcessLife {
  /** As its records have it (`jobtrace.process`). */
  readonly process: string;
  readonly cluster: string;
  readonly component?: Component;
  /** When one of its files was written last. */
  readonly wrote: string;
  /** When its JVM was started; absent where the agent cannot see it, as in another container. */
  readonly started?: string;
  /** When the agent saw that this JVM is gone. */
  readonly gone?: string;
  /** When the agent saw that none of its files is there any more. */
  readonly removed?: string;
}

export interface StatusCondition {
  /** One of core/conditions.ts, or of another version of it. */
  readonly code: string;
  /** In English, for whoever does not know the code. */
  readonly message: string;
  /** What fills the message in any language; older agents give none. */
  readonly values?: Readonly<Record<string, string | number>>;
  readonly since: string;
}

/** How a store wants its records: plain data from which any thread makes an encoder (encode.ts). */
export type Encoding = { readonly kind: 'sqlite' } | { readonly kind: 'elasticsearch'; readonly prefix: string };

/** A record whose text stands in bytes, as its reader fills it: printable ASCII, line breaks and tabs, no flag. */
export interface PlainRecord {
  /** Parts of the id, as renderRecordId puts them together. */
  readonly key: string;
  readonly offset: number;
  readonly crc: number;
  /**
   * `event.original` stands in it from `start` up to `end`, `message` from `messageStart` up to `messageEnd`; what is
   * left is `error.stack_trace`, behind a line break. The bytes stay as they are while records have the same object.
   */
  readonly bytes: Buffer;
  readonly start: number;
  readonly messageStart: number;
  readonly messageEnd: number;
  readonly end: number;
  /** `@timestamp` in milliseconds since 1970. */
  readonly time: number;
  /** The text begins with it, as `2026-11-24 10:00:00,000` or with a point, by a clock so far ahead of UTC. */
  readonly aheadMs: number;
  /**
   * The fields of all entries of a file, and of all with the same preamble and the same `jobtrace.signal`: each object
   * is encoded once.
   */
  readonly file: FileFields;
  readonly preamble: SharedFields;
  /** Whose entry it is, where it says so. */
  readonly job: JobFields | undefined;
  /** Of the exception of which it tells. */
  readonly thrown: ThrownFields | undefined;
}

export type SharedFields = Partial<LogRecord>;
export type JobFields = { readonly 'flink.job.id': string } & Pick<LogRecord, 'flink.job.name'>;
export type ThrownFields = Pick<LogRecord, 'error.type' | 'error.message' | 'flink.chain'>;
export type FileFields = SharedFields &
  Pick<LogRecord, 'log.file.path' | 'host.name' | 'flink.cluster' | 'jobtrace.process'>;

/** Records as their store wants them: plain data, whose memory may be given to another thread. */
export interface EncodedBatch {
  /** One record behind another. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of each record. */
  readonly lengths: readonly number[];
  /** Where the records go that do not say where; undefined where a store has only one place. */
  readonly address: BatchAddress | undefined;
}

/** A place in Elasticsearch. */
export interface BatchAddress {
  readonly index: string;
  /** Undefined: by the document's id. */
  readonly routing: string | undefined;
}

/** The way in: what the agent needs to deliver records. */
export interface RecordSink {
  readonly encoding: Encoding;
  /** Begins what the first append would wait for; absent where there is nothing to begin. Throws what append throws. */
  prepare?(): Promise<void>;
  /**
   * Appends a batch; a record whose id exists replaces it only if its `jobtrace.length` is greater. One outcome per
   * record. Throws JT_STORE_UNREACHABLE or JT_STORE_DENIED when the whole batch may be sent again.
   */
  append(batch: EncodedBatch): Promise<readonly AppendOutcome[]>;
}

/** The change feed: what an analyzer reads. */
export interface RecordFeed<Stored = LogRecord> {
  /**
   * Every appended (or replaced) record at least once, those of a cluster in the order of storing. A page may be
   * shorter than `limit` and still not be drained.
   */
  readRecords(cursor: string | undefined, options: FeedOptions): Promise<FeedPage<Stored>>;
  /** The time of the newest record of each cluster that has one since `from`, in milliseconds. */
  findNewest(from: string): Promise<ReadonlyMap<string, number>>;
  /** Into how many parts the feed falls, which several may read apart. It changes when an operator wants it. */
  countParts(): Promise<number>;
  /** From 0 to `count` - 1: of one part is all of a cluster. */
  findPart(cluster: string, count: number): number;
  /** From the cursors of the readers of all parts one that leaves out what all of them have read, for any part. */
  joinCursors(cursors: readonly (string | undefined)[]): string | undefined;
}

export interface FeedOptions {
  readonly limit: number;
  /** Gives the records of this part alone. */
  readonly part?: { readonly index: number; readonly of: number };
  /** Leaves out records with this `jobtrace.signal`; those that say nothing, or something else, are given. */
  readonly skip?: string;
  /** Leaves out records of before this time, in milliseconds since 1970. */
  readonly from?: number;
  /** Gives nothing, and the cursor behind everything that is stored. */
  readonly isToEnd?: boolean;
  /** Of records with this `jobtrace.signal` gives those of these clusters alone. */
  readonly only?: { readonly signal: string; readonly clusters: readonly string[] };
}

/** What was kept aside, with the flag `refused`, because its own place did not take it. */
export interface RefusedRecords {
  /** The oldest first; asks nothing of their own places. `after` is the `next` of the page before. */
  findRefused(after?: string): Promise<{ readonly records: readonly LogRecord[]; readonly next?: string }>;
  /** For those that their own place has now. */
  removeRefused(records: readonly LogRecord[]): Promise<void>;
}

/** How long whoever asks waits for the answer. */
export interface AskLimits {
  /** The search ends, and its promise rejects, when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** A search that takes longer ends with JT_SEARCH_STOPPED. Left out: it may take as long as it wants. */
  readonly limitMs?: number | undefined;
}

/** What people ask. A store that runs in this thread answers before it could be stopped. */
export interface RecordSearch {
  searchRecords(query: RecordQuery, options?: AskLimits): Promise<RecordPage>;
  /** The same lines, and nothing is counted: for whoever reads page after page, or a few of many. */
  findRecords(query: LineQuery, options?: AskLimits): Promise<RecordLines>;
  /** All jobs that have records, in a number of queries that does not grow with theirs. */
  countJobRecords(query: JobQuery, options?: AskLimits): Promise<JobRows>;
  /** The record and its neighbours in the same process, oldest first. Undefined when it is gone. */
  findContext(
    id: string,
    lines: { readonly before: number; readonly after: number },
    options?: AskLimits,
  ): Promise<{ readonly records: readonly LogRecord[]; readonly index: number } | undefined>;
}

export interface IncidentWrite {
  readonly incident: Incident;
  readonly turn?: number | undefined;
}

export interface IncidentStore {
  /**
   * Upsert by `incident.id`. Of several who may write it the one wins that has the latest `turn`, a number that only
   * grows: false, and nothing is written, where one with a later turn wrote it.
   */
  saveIncident(incident: Incident, turn?: number): Promise<boolean>;
  /** Many at once, as `saveIncident` does each: one transaction, or one request. An answer for each, in their order. */
  saveIncidents(writes: readonly IncidentWrite[]): Promise<readonly boolean[]>;
  /** False where one with a later turn wrote it. */
  removeIncident(id: string, turn?: number): Promise<boolean>;
  /** The turn in which the incident was written last; undefined for one that is not stored. */
  findTurn(id: string): Promise<number | undefined>;
  /** Also by the id of one that has joined it (`joined`). */
  findIncident(id: string): Promise<Incident | undefined>;
  /** Newest `lastSeen` first. */
  findIncidents(query: IncidentQuery): Promise<readonly Incident[]>;
  /** The same, page by page, with counts. Throws JT_REQUEST_INVALID for an `after` that no page gave. */
  pageIncidents(query: IncidentQuery & { readonly after?: string }): Promise<IncidentPage>;
  /** All jobs that have incidents, those that touch the range. */
  countJobIncidents(query: JobQuery): Promise<JobRows>;
  /** Zeros for a group of which there is nothing (any more). */
  sumGroup(query: GroupQuery): Promise<GroupSum>;
}

/** Whose the records are that do not say it. Searches for a job use it (store/jobs/lines.ts). */
export interface JobLineStore {
  /** Each replaces what was saved of the same job and cluster. A search may find it a moment later. */
  saveJobLines(lines: readonly JobLines[]): Promise<void>;
  /** Of all jobs of the cluster, those with the latest lines first. */
  loadJobLines(cluster: string): Promise<readonly JobLines[]>;
}

/** What was said about incidents. */
export interface AlertStore {
  rememberAlert(alert: Alert): Promise<void>;
  /** Many at once: one transaction, or one request. Of several with one id the last stays. */
  rememberAlerts(alerts: readonly Alert[]): Promise<void>;
  /** Newest first. */
  findAlerts(query: {
    readonly incidentId?: string;
    readonly state?: Alert['state'];
    readonly limit: number;
  }): Promise<readonly Alert[]>;
}

/** What people said of diagnoses. It outlives the incidents: rules are measured by it. */
export interface FeedbackStore {
  /** Replaces what the same person said of the same rule and incident. */
  saveFeedback(feedback: Feedback): Promise<void>;
  /** Newest first, at most MAX_FEEDBACK. */
  findFeedback(query: { readonly incidentId?: string }): Promise<readonly Feedback[]>;
}

/** What people said of cards: who is at it, what is mended, what is ignored. It outlives the incidents. */
export interface TriageStore {
  saveTriage(triage: Triage): Promise<void>;
  /** Of these incidents (absent: of all), the newest first, at most MAX_TRIAGE. */
  findTriage(query: { readonly incidentIds?: readonly string[] }): Promise<readonly Triage[]>;
}

/** What people do not want to hear of for a while. They are kept when they are over: who wanted what, and why. */
export interface SilenceStore {
  /** Replaces the one with its id. */
  saveSilence(silence: Silence): Promise<void>;
  /** Those that end after a time, the latest end first, at most MAX_SILENCES. */
  findSilences(query: { readonly endsAfter?: string | undefined }): Promise<readonly Silence[]>;
}

/** Small named documents of the stages (an analyzer's cursor and state, mutes, …). */
export interface StateStore {
  saveState(key: string, value: string): Promise<void>;
  loadState(key: string): Promise<string | undefined>;
  removeState(key: string): Promise<void>;
  /**
   * Saves `value` where `known` still stands (undefined: nothing). Of several who replace the same at once one
   * succeeds; false for the others. When it throws, nobody knows whether it was done.
   */
  replaceState(key: string, known: string | undefined, value: string): Promise<boolean>;
}

/** Which agents there are, and how they are. */
export interface AgentRegistry {
  saveAgentStatus(status: AgentStatus): Promise<void>;
  findAgentStatuses(): Promise<readonly AgentStatus[]>;
}

export interface Retention {
  /**
   * Deletes records whose event day ended before `time`, and incidents last seen before it. Returns how many records
   * went.
   */
  deleteBefore(time: string): Promise<number>;
  /**
   * Deletes records at INFO, DEBUG and TRACE whose event day ended before `time`, but not those with an exception, and
   * those that an incident shows. Returns how many records went.
   */
  deleteInfoBefore(time: string): Promise<number>;
}

/** State with another value whenever something was deleted: an analyzer that sees it forgets what it knew. */
export const ERASED_KEY = 'erased';

/** What stands beside incidents, by the ids of its documents. */
export type SaidKind = 'alerts' | 'feedback' | 'triage';

/** Deletion on request: store/erase.ts decides what goes. */
export interface Erasure {
  /**
   * Deletes the records that `findRecords` finds, in batches between which others write. Returns how many.
   */
  deleteRecords(query: RecordFilter): Promise<number>;
  /** What is not there is no error. */
  deleteSaid(kind: SaidKind, ids: readonly string[]): Promise<void>;
  /** What is known of the lines of these jobs (JobLineStore). */
  deleteJobLines(jobs: Pick<RecordQuery, 'cluster' | 'job'>): Promise<void>;
  /** Frees what held deleted texts, as far as the store can. */
  purgeDeleted(): Promise<void>;
}

export interface StoreHealth {
  /** Throws a JobtraceError that says what is wrong; used by health and at start. */
  check(): Promise<{ readonly kind: 'sqlite' | 'elasticsearch'; readonly version: string }>;
  /** The time of the store's own clock, in milliseconds; undefined as long as it cannot tell. */
  readTime(): Promise<number | undefined>;
  /** When the key ends with which it is asked, in milliseconds since 1970; undefined: never, or it is asked without. */
  readKeyEnd(): Promise<number | undefined>;
  /** Throws JT_DISK_FULL or JT_STORE_FULL while there is no room for records; whoever appends waits meanwhile. */
  checkRoom(): Promise<void>;
}

/** All ports: for whoever opens a store and hands it on. */
export interface Store
  extends
    RecordSink,
    RecordFeed,
    RefusedRecords,
    RecordSearch,
    IncidentStore,
    JobLineStore,
    AlertStore,
    FeedbackStore,
    TriageStore,
    SilenceStore,
    StateStore,
    AgentRegistry,
    Retention,
    Erasure,
    StoreHealth {
  close(): Promise<void>;
}
