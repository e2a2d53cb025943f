// Ports between the stages and the store of the records, one for each use. Each stage names the ports that it needs in
// its own types. Adapters: sqlite.ts (embedded, one machine) and elasticsearch.ts (a cluster). contract.ts is the suite
// that both must pass. Nothing above this file knows which adapter is in use.
import type { AgentStatus } from '../core/documents/agent.js';
import type { Alert } from '../core/documents/alert.js';
import type { Feedback } from '../core/documents/feedback.js';
import type { JobLines } from '../core/documents/job.js';
import type { Triage } from '../core/documents/triage.js';
import type { Silence } from '../core/documents/silence.js';
import type { Glob } from '../core/text/glob.js';
import { type Incident, IncidentRow } from '../core/documents/incident.js';
import type { Component, Level, LogRecord } from '../core/types.js';
import type { SignalKind } from '../flink/bytes/words.js';

/** Outcome of one record of a batch. Outcomes are in the order of the batch. */
export type AppendOutcome =
  | { readonly kind: 'stored' }
  /** The same entry was already stored (it was sent again), so it counts as delivered. */
  | { readonly kind: 'duplicate' }
  /** Another entry has this id. A collision is always reported. */
  | { readonly kind: 'collision'; readonly error: string }
  /** The record must be tried again later (busy, blocked, missing right, missing index). */
  | { readonly kind: 'retry'; readonly error: string }
  /** There is no space for the record at `place`. It must be tried again later. */
  | { readonly kind: 'full'; readonly error: string; readonly place: string }
  /**
   * Its own place will never accept the record as it is. It is kept whole at `place`, where searches and the feed find
   * it.
   */
  | { readonly kind: 'aside'; readonly error: string; readonly place: string }
  /** No place will ever accept the record as it is. It goes to the dead letters of the node. */
  | { readonly kind: 'refused'; readonly error: string };

export interface RecordQuery {
  /** Words and `field:value` terms: see store/query/query.ts. */
  readonly query?: string;
  /** ISO times, inclusive start, exclusive end. */
  readonly from?: string;
  readonly to?: string;
  /** Id of a job. Only records that name it are found. */
  readonly jobId?: string;
  /** Id or name of a job. All that is known to belong to it is found, as with `job:`. */
  readonly job?: string;
  readonly cluster?: string;
  readonly process?: string;
  readonly component?: Component;
  readonly levels?: readonly Level[];
  /** Kind of `jobtrace.signal`, by any version of the signal words. */
  readonly signal?: SignalKind;
  /** Value of `jobtrace.signal`. Records with it are left out. */
  readonly skip?: string;
  /** Ids of records. Only these records are found. */
  readonly ids?: readonly string[];
  /** Jobs and clusters of a team's scope. Only their records are found. */
  readonly scope?: readonly Glob[];
  /**
   * Largest number of records on this page (a store may return fewer and a `next`). 0 means all, streamed by pages
   * through `after`.
   */
  readonly limit: number;
  readonly order: 'newest' | 'oldest';
  /** Value of `next` of the previous page. */
  readonly after?: string;
  readonly histogramBuckets?: number;
  readonly facets?: boolean;
}

export type LineQuery = Omit<RecordQuery, 'histogramBuckets' | 'facets'>;
/** Conditions for records, without their order. */
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
  /** Position to be given as `after`; left out on the last page. */
  readonly next?: string;
}

/** Fields by which the records of a search are counted. */
export type FacetName = 'level' | 'job' | 'cluster' | 'process' | 'component' | 'host' | 'logger' | 'errorType';

export interface FacetValue {
  readonly value: string;
  readonly count: number;
}

export interface FeedPage<Stored = LogRecord> {
  readonly records: readonly Stored[];
  /** Opaque position to be given back to read on. It is unchanged if there was nothing new. */
  readonly cursor: string;
  /**
   * True if the feed had nothing more where new records are expected. A record that comes late into an old day may be
   * found some reads later; it is never skipped.
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
  /**
   * Values of the primary diagnosis (core/wording/primary.ts). Incidents that an older release saved in Elasticsearch
   * do not have them.
   */
  readonly cause?: string;
  readonly severity?: string;
  readonly owner?: string;
  readonly notOutcomes?: readonly Incident['outcome'][];
  /** Ids of incidents: only those in `ids` are found, and those in `notIds` are left out. */
  readonly ids?: readonly string[];
  readonly notIds?: readonly string[];
  /** True if incidents that are part of a platform incident are left out. */
  readonly isTop?: boolean;
  readonly scope?: readonly Glob[];
  readonly limit: number;
}

/** Page of a list of incidents, the last seen first. */
export interface IncidentPage {
  readonly rows: readonly IncidentRow[];
  /** Number of incidents on all pages. */
  readonly total: number;
  /** Position to be given as `after`; undefined on the last page. */
  readonly next?: string;
  /** Number of incidents with each value, on all pages, the most frequent first, at most MAX_COUNTS. */
  readonly counts: Readonly<Record<IncidentFacet, readonly ValueCount[]>>;
}

export const INCIDENT_FACETS = ['outcome', 'severity', 'owner', 'cause', 'cluster'] as const;
export type IncidentFacet = (typeof INCIDENT_FACETS)[number];

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

/** Group to be summed, and the time as of which it is summed. */
export interface GroupQuery {
  readonly group: string;
  readonly now: string;
  readonly scope?: readonly Glob[];
}

/** Sum of what is stored of a group of failures that no rule names. */
export interface GroupSum {
  readonly incidents: number;
  /** Number of these that were seen in the last 24 hours, and in the last seven days. */
  readonly lastDay: number;
  readonly lastWeek: number;
  readonly firstSeen?: string;
  readonly lastSeen?: string;
}

/** Conditions for the jobs that are counted. */
export interface JobQuery {
  readonly from?: string;
  readonly to?: string;
  readonly cluster?: string;
  /** Group of failures. It applies only to incidents. */
  readonly group?: string;
  readonly scope?: readonly Glob[];
}

/** Counts of one job in one cluster. A line may have the id of its job, the name, or both: each of these is a row. */
export interface JobCounts {
  readonly id?: string;
  readonly name?: string;
  readonly cluster: string;
  readonly lastSeen?: string;
  /** Numbers of records by level (or "NONE"), or of incidents by outcome. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface JobRows {
  /** Rows in no particular order. */
  readonly jobs: readonly JobCounts[];
  /** True if all jobs are counted. False if there are more than a store counts. */
  readonly isComplete: boolean;
}

/** Form in which a store wants its records: plain data from which any thread creates an encoder (encode.ts). */
export type Encoding = { readonly kind: 'sqlite' } | { readonly kind: 'elasticsearch'; readonly prefix: string };

/** Record whose text is in bytes, as its reader fills it: printable ASCII, line breaks and tabs, without flags. */
export interface PlainRecord {
  /** Parts of the id, which renderRecordId joins. */
  readonly key: string;
  readonly offset: number;
  readonly crc: number;
  /**
   * Bytes of the text: `event.original` from `start` up to `end`, `message` from `messageStart` up to `messageEnd`; the
   * rest, after a line break, is `error.stack_trace`. The bytes stay unchanged while records have the same object.
   */
  readonly bytes: Buffer;
  readonly start: number;
  readonly messageStart: number;
  readonly messageEnd: number;
  readonly end: number;
  /** Value of `@timestamp` in milliseconds since 1970. */
  readonly time: number;
  /**
   * Milliseconds by which the clock of the line is ahead of UTC. The text begins with the time of that clock, as
   * `2026-11-24 10:00:00,000` or with a point.
   */
  readonly aheadMs: number;
  /**
   * Fields of all entries of a file, and of all entries with the same preamble and the same `jobtrace.signal`. Each
   * object is encoded once.
   */
  readonly file: FileFields;
  readonly preamble: SharedFields;
  /** Job of the entry, if the entry names it. */
  readonly job: JobFields | undefined;
  /** Fields of the exception that the entry reports. */
  readonly thrown: ThrownFields | undefined;
}

export type SharedFields = Partial<LogRecord>;
export type JobFields = { readonly 'flink.job.id': string } & Pick<LogRecord, 'flink.job.name'>;
export type ThrownFields = Pick<LogRecord, 'error.type' | 'error.message' | 'flink.chain'>;
export type FileFields = SharedFields &
  Pick<LogRecord, 'log.file.path' | 'host.name' | 'flink.cluster' | 'jobtrace.process'>;

/** Records as their store wants them: plain data, whose memory may be given to another thread. */
export interface EncodedBatch {
  /** Records, one after another. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Length of each record in bytes. */
  readonly lengths: readonly number[];
  /** Address of the records that do not have their own; undefined if a store has only one place. */
  readonly address: BatchAddress | undefined;
}

/** Address in Elasticsearch. */
export interface BatchAddress {
  readonly index: string;
  /** Routing; undefined for routing by the document's id. */
  readonly routing: string | undefined;
}

/** Way in: the port with which the agent delivers records. */
export interface RecordSink {
  readonly encoding: Encoding;
  /**
   * Starts what the first append would wait for; absent if there is nothing to start. Throws the errors of `append`.
   */
  prepare?(): Promise<void>;
  /**
   * Appends a batch. Returns one outcome for each record. A record whose id exists replaces the stored one only if its
   * `jobtrace.length` is greater. Throws JT_STORE_UNREACHABLE or JT_STORE_DENIED if the whole batch may be sent again.
   */
  append(batch: EncodedBatch): Promise<readonly AppendOutcome[]>;
}

/** Change feed, which an analyzer reads. */
export interface RecordFeed<Stored = LogRecord> {
  /**
   * Returns every appended or replaced record at least once, those of a cluster in the order of storing. A page may be
   * shorter than `limit` and still not be drained.
   */
  readRecords(cursor: string | undefined, options: FeedOptions): Promise<FeedPage<Stored>>;
  /** Returns the time, in milliseconds, of the newest record of each cluster that has one since `from`. */
  findNewest(from: string): Promise<ReadonlyMap<string, number>>;
  /**
   * Counts the partitions of the feed, which several readers may read separately. An operator can change the number.
   */
  countPartitions(): Promise<number>;
  /** Returns the partition of a cluster, from 0 to `count` - 1. All records of a cluster belong to one partition. */
  findPartition(cluster: string, count: number): number;
  /**
   * Joins the cursors of the readers of all partitions to one that leaves out what all of them have read, for any
   * partition.
   */
  joinCursors(cursors: readonly (string | undefined)[]): string | undefined;
}

export interface FeedOptions {
  readonly limit: number;
  /** Partition to which the records are limited. */
  readonly partition?: { readonly index: number; readonly of: number };
  /** Value of `jobtrace.signal`. Records with it are left out; those with another value or none are returned. */
  readonly skip?: string;
  /** Time in milliseconds since 1970. Records before it are left out. */
  readonly from?: number;
  /** True if no records are returned, and the cursor is after everything that is stored. */
  readonly isToEnd?: boolean;
  /** Value of `jobtrace.signal`. Records with it are returned only if they are of these clusters. */
  readonly only?: { readonly signal: string; readonly clusters: readonly string[] };
}

/** Records that were kept aside, with the flag `refused`, because their own place did not accept them. */
export interface RefusedRecords {
  /**
   * Returns the records, the oldest first, and asks nothing of their own places. `after` is the `next` of the previous
   * page.
   */
  findRefused(after?: string): Promise<{ readonly records: readonly LogRecord[]; readonly next?: string }>;
  /** Removes records that their own place now has. */
  removeRefused(records: readonly LogRecord[]): Promise<void>;
}

/** Limits of the time that a caller waits for the answer. */
export interface AskLimits {
  /** Signal that ends the search when it aborts. The promise of the search then rejects. */
  readonly signal?: AbortSignal | undefined;
  /** Time limit in milliseconds, after which a search ends with JT_SEARCH_STOPPED. Without it there is no limit. */
  readonly limitMs?: number | undefined;
}

/** Searches that people ask for. A store that runs in this thread answers before it could be stopped. */
export interface RecordSearch {
  searchRecords(query: RecordQuery, options?: AskLimits): Promise<RecordPage>;
  /** Returns the same lines and counts nothing, for callers that read page after page, or a few of many records. */
  findRecords(query: LineQuery, options?: AskLimits): Promise<RecordLines>;
  /** Counts the records of all jobs that have some, in a number of queries that does not grow with theirs. */
  countJobRecords(query: JobQuery, options?: AskLimits): Promise<JobRows>;
  /** Returns the record and its neighbours in the same process, oldest first, or undefined if the record is gone. */
  findContext(
    id: string,
    lines: { readonly before: number; readonly after: number },
    options?: AskLimits,
  ): Promise<{ readonly records: readonly LogRecord[]; readonly index: number } | undefined>;
}

export interface IncidentWrite {
  readonly incident: Incident;
  readonly epoch?: number | undefined;
}

export interface IncidentStore {
  /**
   * Inserts or replaces the incident with this id. If several writers may write it, the latest epoch (a number
   * that only grows) wins. Returns false and writes nothing if the incident was written with a later epoch.
   */
  saveIncident(incident: Incident, epoch?: number): Promise<boolean>;
  /**
   * Saves many incidents as `saveIncident` does, in one transaction or one request. Returns a result for each, in their
   * order.
   */
  saveIncidents(writes: readonly IncidentWrite[]): Promise<readonly boolean[]>;
  /** Removes an incident. Returns false if it was written with a later epoch. */
  removeIncident(id: string, epoch?: number): Promise<boolean>;
  /** Returns the epoch with which the incident was last written, or undefined if it is not stored. */
  findEpoch(id: string): Promise<number | undefined>;
  /** Finds an incident by its id, or by the id of one that was merged into it (`joined`). */
  findIncident(id: string): Promise<Incident | undefined>;
  /** Finds incidents, the newest `lastSeen` first. */
  findIncidents(query: IncidentQuery): Promise<readonly Incident[]>;
  /**
   * Returns rows of the same incidents page by page, with counts. Throws JT_REQUEST_INVALID for an `after` that no page
   * returned.
   */
  pageIncidents(query: IncidentQuery & { readonly after?: string }): Promise<IncidentPage>;
  /** Counts the incidents of all jobs that have some. It counts those that touch the range. */
  countJobIncidents(query: JobQuery): Promise<JobRows>;
  /** Sums a group. All numbers are zero if nothing of the group is stored (any more). */
  sumGroup(query: GroupQuery): Promise<GroupSum>;
}

/** Text that a stage keeps under a key (an analyzer's cursor, a list of users, …). */
export interface State {
  readonly key: string;
  readonly value: string;
}

/** Small documents of one kind, each with an id. */
export interface Collection<Document, Key extends string> {
  /** Saves a document. It replaces the one with its id. */
  save(document: Document): Promise<void>;
  /** Saves many documents in one transaction or one request. If several have the same id, the last one stays. */
  saveAll(documents: readonly Document[]): Promise<void>;
  /** Loads a document by its id, as it was saved last. */
  load(id: string): Promise<Document | undefined>;
  /** Finds documents in the order of their declaration, at most its `max`. Throws JT_REQUEST_INVALID. */
  find(query?: DocumentQuery<Key>): Promise<readonly Document[]>;
  /** Removes documents by their ids. A missing document is no error. */
  remove(ids: readonly string[]): Promise<void>;
  /**
   * Saves `next` if `known` is still stored (undefined: nothing). If several callers replace the same document at once,
   * one succeeds and the others get false. If it throws, it is unknown whether `next` was saved.
   */
  replace(known: Document | undefined, next: Document): Promise<boolean>;
}

/** Conditions for documents. All that are given must match. */
export interface DocumentQuery<Key extends string> {
  /** Value of a key, or several of which one must match. */
  readonly where?: { readonly [Name in Key]?: string | readonly string[] | undefined };
  /** Patterns of which one must match the value of one of the keys, in any case. */
  readonly matching?: { readonly keys: readonly Key[]; readonly globs: readonly Glob[] } | undefined;
  /** ISO time. Documents are found whose own time is later. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** All small documents. store/collections.ts declares each collection. */
export interface Collections {
  /** Messages that were sent about incidents, the newest first. */
  readonly alerts: Collection<Alert, 'incidentId' | 'state'>;
  /** Feedback of people on diagnoses, the newest first. The precision of rules is computed from it. */
  readonly feedback: Collection<Feedback, 'incidentId'>;
  /** Triage of cards by people: who works on it, what is resolved, what is ignored. The newest comes first. */
  readonly triage: Collection<Triage, 'incidentId'>;
  /** Silences: what people do not want to be notified of for a while. The latest end comes first. */
  readonly silences: Collection<Silence, never>;
  /** Reports of agents, by id. */
  readonly agents: Collection<AgentStatus, never>;
  /** Records that belong to a job and do not name it, the latest first. Searches for a job use them. */
  readonly jobLines: Collection<JobLines, 'cluster' | 'jobId' | 'jobName'>;
  readonly states: Collection<State, never>;
  /** States that grant access to the API. */
  readonly access: Collection<State, never>;
}

export interface Retention {
  /**
   * Deletes records whose event day ended before `time`, and incidents last seen before it. Returns the number of
   * deleted records.
   */
  deleteBefore(time: string): Promise<number>;
  /**
   * Deletes records at INFO, DEBUG and TRACE whose event day ended before `time`, except those with an exception and
   * those that an incident shows. Returns the number of deleted records.
   */
  deleteInfoBefore(time: string): Promise<number>;
}

/**
 * Key of a state whose value changes whenever something was deleted. An analyzer that sees a change forgets what it
 * knew.
 */
export const ERASED_KEY = 'erased';

/** Deletion on request. store/erase.ts decides what is deleted. */
export interface Erasure {
  /** Deletes the records that `findRecords` finds, in batches between which others can write. Returns their number. */
  deleteRecords(query: RecordFilter): Promise<number>;
  /** Frees the storage that held deleted texts, as far as the store can. */
  purgeDeleted(): Promise<void>;
}

export interface StoreHealth {
  /** Checks the store, for health checks and at start. Throws a JobtraceError that says what is wrong. */
  check(): Promise<{ readonly kind: 'sqlite' | 'elasticsearch'; readonly version: string }>;
  /** Returns the time of the store's own clock, in milliseconds, or undefined as long as it is not known. */
  readTime(): Promise<number | undefined>;
  /**
   * Returns when the key of this store's requests expires, in milliseconds since 1970; undefined if it never does or if
   * there is no key.
   */
  readKeyEnd(): Promise<number | undefined>;
  /** Throws JT_DISK_FULL or JT_STORE_FULL while there is no space for records. Writers wait meanwhile. */
  checkDiskSpace(): Promise<void>;
}

/** All ports, for code that opens a store and passes it on. */
export interface Store
  extends
    RecordSink,
    RecordFeed,
    RefusedRecords,
    RecordSearch,
    IncidentStore,
    Collections,
    Retention,
    Erasure,
    StoreHealth {
  close(): Promise<void>;
}
