// Defines the types that all stages share (docs/architecture.md): languages, entries and records. The documents that
// follow from them have a declaration each (core/documents/). Times are milliseconds since 1970 (UTC) inside the engine
// and ISO 8601 text in all that is stored or printed. Field names of a record are ECS names, written flat, with the
// same spelling in the store, on the command line, in the API and on the page.
import type { FieldTypes, RecordShape } from './record.js';

export type Level = FieldTypes['level'];
export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
/** Text for people, in each language that Jobtrace publishes. */
export type Text = Readonly<Record<Language, string>>;
/** Verdicts of people on a diagnosis. */
export const VERDICTS = ['right', 'wrong', 'helped'] as const;
/** States that people give to a card. */
export const TRIAGE_STATES = ['open', 'acknowledged', 'resolved', 'ignored', 'merged'] as const;
/** Longest comment on a card, in characters. */
export const MAX_COMMENT = 1000;
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

/**
 * Name that stands for all clusters. A platform incident has it, and only people who may see all clusters see that
 * incident.
 */
export const ALL_CLUSTERS = '*';

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
