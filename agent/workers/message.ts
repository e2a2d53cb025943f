// Defines the messages between the main thread and a worker of the agent: orders go to a worker, reports come back. All
// of it is plain data, and each side handles every kind.
import type { ErrorCode } from '../../core/errors.js';
import type { SignalWords } from '../../flink/bytes/words.js';
import type { AppendOutcome, EncodedBatch, Encoding } from '../../store/store.js';
import type { FileState } from '../checkpoint/checkpoint.js';
import type { FoundFile, ScanProblem } from '../discovery/discover.js';
import type { FollowerState } from '../follower.js';
import type { AgentSettings } from '../settings.js';

/** Data with which a worker is started. */
export interface WorkerStart {
  /** Index of the worker, from 0. */
  readonly index: number;
  /** Encoding of the main thread's store. */
  readonly encoding: Encoding;
  readonly logLevel: string;
  /** Lock that lets one worker at a time write dead letters; see schedule.ts. */
  readonly deadLetterLock: SharedArrayBuffer;
}

/** Time by which the clocks of the agent are ahead of those of the system, as in tests. */
export interface ClockShift {
  readonly nowMs: number;
  readonly wallMs: number;
}

export type Order =
  | BeginOrder
  | ScanOrder
  /** Read and ship from now on without being asked. Files that grew lately may have grown again. */
  | { readonly kind: 'run' }
  /** Writes were observed at these paths. */
  | { readonly kind: 'changed'; readonly paths: readonly string[] }
  | { readonly kind: 'poll'; readonly shift: ClockShift }
  /** Stop reading, and ship what was read until this time: ms since 1970, by the clock that nobody sets. */
  | { readonly kind: 'flush'; readonly until: number; readonly shift: ClockShift }
  | { readonly kind: 'reload'; readonly settings: AgentSettings }
  /** Words that matter from now on. */
  | { readonly kind: 'words'; readonly words: SignalWords }
  /** Another worker has this generation now. */
  | { readonly kind: 'release'; readonly key: string }
  | { readonly kind: 'answer'; readonly ticket: number; readonly answer: AppendAnswer };

/** First order to a worker. */
export interface BeginOrder {
  readonly kind: 'begin';
  /** Settings with the worker's part of the limits. */
  readonly settings: AgentSettings;
  /** Remembered states of the worker's files. */
  readonly states: readonly FileState[];
  readonly isFirstStart: boolean;
  readonly hasBirthTimes: boolean;
  readonly shift: ClockShift;
}

/** Changes of the worker's files since the scan before. */
export interface ScanOrder {
  readonly kind: 'scan';
  readonly changed: readonly FoundFile[];
  /** Files that are gone, by device and inode. */
  readonly gone: readonly string[];
  readonly problems: readonly ScanProblem[];
  readonly isElsewhere: boolean;
  readonly shift: ClockShift;
}

export type Report =
  | WorkerProgress
  | { readonly kind: 'polled'; readonly readBytes: number }
  | { readonly kind: 'flushed' }
  /** Batch for the main thread's store. */
  | { readonly kind: 'append'; readonly ticket: number; readonly batch: EncodedBatch }
  /** One line of the worker's log, as JSON. */
  | { readonly kind: 'log'; readonly line: string };

/** Progress of a worker, which the main thread saves. */
export interface WorkerProgress {
  readonly kind: 'progress';
  readonly changed: readonly FileState[];
  readonly removed: readonly string[];
  /** State of the follower, which is sent from time to time. */
  readonly state: FollowerState | undefined;
}

export type AppendAnswer =
  | { readonly kind: 'outcomes'; readonly outcomes: readonly AppendOutcome[] }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly details: Readonly<Record<string, string | number>>;
    }
  | { readonly kind: 'failed'; readonly problem: string };
