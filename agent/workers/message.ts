// What the main thread and a worker of the agent say to each other: an order goes to a worker, a report comes back. All
// of it is plain data, and each side takes every kind. Called by crew.ts (the main thread) and thread.ts (a worker).
import type { ErrorCode } from '../../core/errors.js';
import type { SignalWords } from '../../flink/words/words.js';
import type { AppendOutcome, EncodedBatch, Encoding } from '../../store/store.js';
import type { FileState } from '../checkpoint/checkpoint.js';
import type { FoundFile, ScanProblem } from '../files/discover.js';
import type { FollowerState } from '../follow/follower.js';
import type { AgentSettings } from '../settings.js';

/** What a worker is started with. */
export interface WorkerStart {
  /** From 0. */
  readonly index: number;
  /** Of the main thread's store. */
  readonly encoding: Encoding;
  readonly logLevel: string;
  /** One worker at a time writes dead letters: see turns.ts. */
  readonly letterTurns: SharedArrayBuffer;
}

/** How far the clocks of the agent are ahead of those of the system: those of tests are. */
export interface ClockShift {
  readonly nowMs: number;
  readonly wallMs: number;
}

export type Order =
  | BeginOrder
  | ScanOrder
  /** Read and ship from now on without being asked; files that grew lately may have grown again. */
  | { readonly kind: 'run' }
  /** Something was written at these paths. */
  | { readonly kind: 'told'; readonly paths: readonly string[] }
  | { readonly kind: 'poll'; readonly shift: ClockShift }
  /** Stop reading, and ship what was read until this time: ms since 1970, by the clock that nobody sets. */
  | { readonly kind: 'flush'; readonly until: number; readonly shift: ClockShift }
  | { readonly kind: 'reload'; readonly settings: AgentSettings }
  /** Those that matter from now on. */
  | { readonly kind: 'words'; readonly words: SignalWords }
  /** Another worker has this generation now. */
  | { readonly kind: 'release'; readonly key: string }
  | { readonly kind: 'answer'; readonly ticket: number; readonly answer: AppendAnswer };

/** Comes first. */
export interface BeginOrder {
  readonly kind: 'begin';
  /** With its share of the limits. */
  readonly settings: AgentSettings;
  /** What is remembered of the files that are its own. */
  readonly states: readonly FileState[];
  readonly isFirstStart: boolean;
  readonly hasBirthTimes: boolean;
  readonly shift: ClockShift;
}

/** How its files differ from those of the scan before. */
export interface ScanOrder {
  readonly kind: 'scan';
  readonly changed: readonly FoundFile[];
  /** By device and inode. */
  readonly gone: readonly string[];
  readonly problems: readonly ScanProblem[];
  readonly isElsewhere: boolean;
  readonly shift: ClockShift;
}

export type Report =
  | WorkerProgress
  | { readonly kind: 'polled'; readonly readBytes: number }
  | { readonly kind: 'flushed' }
  /** For the main thread's store. */
  | { readonly kind: 'append'; readonly ticket: number; readonly batch: EncodedBatch }
  /** A line of its log, as JSON. */
  | { readonly kind: 'log'; readonly line: string };

/** How far it came: to be saved. */
export interface WorkerProgress {
  readonly kind: 'progress';
  readonly changed: readonly FileState[];
  readonly removed: readonly string[];
  /** Now and then. */
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
