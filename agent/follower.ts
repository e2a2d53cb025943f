// Follows the files of one thread from their bytes to the store's acknowledgement: creates tails, pipeline and shipper,
// and runs their cycles. Each scan brings the files that exist. The state of files goes into `known`; `onCommit`
// notifies the owner of the checkpoint, who saves it. The follower neither searches for files nor saves states.
import { pause } from '../core/time/wait.js';
import { createPlainReader } from '../flink/layout/plain-entries.js';
import type { AnchorScanner } from '../flink/bytes/anchors.js';
import { createSignalDetector } from '../flink/bytes/signals.js';
import type { SignalWords } from '../flink/bytes/words.js';
import type { RecordSink } from '../store/store.js';
import type { Scan } from './discovery/discover.js';
import { openPods, type PodDirectory } from './discovery/pods.js';
import { Lifecycle, type LifecycleParts } from './tail/lifecycle.js';
import { Tails, type FollowedFiles } from './tail/tails.js';
import { Pipeline, type FileSelection, type Slice } from './pipeline.js';
import { createPlainIndex } from './record/parse-fast.js';
import { createRedactor } from './record/redact.js';
import type { AgentSettings } from './settings.js';
import { OUTAGE_CODES, Shipper, type ShipperParts } from './ship.js';
import { createBoard, type Board, type BoardView } from './status.js';
import { EntryEncoder } from './tail/encode.js';

export interface Follower {
  /** Takes over the files that exist now. `isElsewhere`: other paths were scanned than the time before. */
  syncFiles(scan: Scan, isElsewhere: boolean): void;
  /** Notes that a watch observed writes at these paths. Returns false if one of them is not followed. */
  notifyChange(paths: Iterable<string>): boolean;
  /** Reads for a short while, sends what is due, moves offsets. */
  runCycle(selection: FileSelection): Cycle;
  /** Reads to the end of all files (or of the budget) and tries once to send everything. Returns the bytes read. */
  poll(): Promise<number>;
  /** Sends what was read, with open entries, until the store has it or this time (`stopWithinMs`) is over. */
  flush(withinMs?: number): Promise<void>;
  /** Changes the settings. Throws JT_PATTERN_UNSUPPORTED (redactPatterns) and then keeps the previous settings. */
  reload(settings: AgentSettings): void;
  /**
   * Records for each entry that is read from now on whether it contains one of these words; `scanner` searches for the
   * same.
   */
  setWords(words: SignalWords, scanner?: AnchorScanner): void;
  describe(): FollowerState;
  /** Closes the files in their current state. */
  close(): void;
}

export interface Cycle {
  /** True if there is more to read or to begin, and nothing throttles it. */
  readonly isBusy: boolean;
  /** True if there is more to read, and the store must first take some of what was read before. */
  readonly isForAnswer: boolean;
  /** Time at which there is something to send; undefined if unknown. */
  readonly dueAt: number | undefined;
}

export interface FollowerState extends BoardView {
  readonly measured: FollowedFiles & { readonly heldBytes: number };
  /** Time at which the store last acknowledged a record; undefined if it never did. */
  readonly acknowledgedAt: number | undefined;
  /** Conditions under which the store takes nothing. */
  readonly outages: readonly string[];
  /** Time at which the follower last began to read. */
  readonly cycleStartedAt: number;
}

export interface FollowerParts extends Pick<
  LifecycleParts,
  'known' | 'isFirstStart' | 'hasBirthTimes' | 'log' | 'now'
> {
  /** Settings of this follower alone, because a reload changes them. */
  readonly settings: AgentSettings;
  readonly store: RecordSink;
  /** Returns the time of day. */
  readonly wallClock: () => number;
  readonly random: () => number;
  /** Returns the processor time of this process so far, in milliseconds. */
  readonly cpuMs: () => number;
  /** Called when an answer came: more can be read, and offsets may have moved. */
  readonly onAnswer: () => void;
  /** Called when offsets have moved as far as they can for now, so that changes in `known` may be saved. */
  readonly onCommit: () => void;
  /** Runs the writing of dead letters, if several threads write them. */
  readonly withDeadLetterLock?: ShipperParts['withDeadLetterLock'];
}

/** Slice of reading, so that the analyzer and the API of `jobtrace up` run in between, however large the backlog is. */
const SLICE: Slice = { ms: 25 };
/** Slice until the store has acknowledged something, because its first request must not wait for reading. */
const FIRST_SLICE: Slice = { ms: 5, maxBytes: 65_536 };
const FORGET_EVERY_MS = 60_000;

/** Follower of some of the files. */
export class FileFollower implements Follower {
  readonly #parts: FollowerParts;
  readonly #board: Board;
  readonly #pods: PodDirectory | undefined;
  readonly #shipper: Shipper;
  readonly #encoder: EntryEncoder;
  readonly #tails: Tails;
  readonly #lifecycle: Lifecycle;
  readonly #pipeline: Pipeline;
  #nextForget: number;
  #cycleStartedAt: number;
  #isClosed = false;

  /** Throws JT_PATTERN_UNSUPPORTED (redactPatterns). */
  constructor(parts: FollowerParts) {
    const { settings, log, wallClock, now } = parts;
    const redact = createRedactor(settings.redactPatterns);
    const board = createBoard(wallClock);
    const shipper = new Shipper({ ...parts, board });
    const pods = openPods({ settings, board, log, now });
    const lines = createPlainReader(createPlainIndex(), settings);
    const encoder = new EntryEncoder({ settings, lines, shipper, redact, board, wallClock });
    const tails = new Tails({ ...parts, board });
    const lifecycle = new Lifecycle({ ...parts, tails, board, pods, encoder });
    this.#parts = parts;
    this.#board = board;
    this.#pods = pods;
    this.#shipper = shipper;
    this.#encoder = encoder;
    this.#tails = tails;
    this.#lifecycle = lifecycle;
    this.#pipeline = new Pipeline({ ...parts, tails, lifecycle, lines, encoder, shipper, board });
    this.#nextForget = now() + FORGET_EVERY_MS;
    this.#cycleStartedAt = now();
  }

  syncFiles(scan: Scan, isElsewhere: boolean): void {
    if (isElsewhere) this.#lifecycle.leaveFiles(scan);
    this.#lifecycle.syncFiles(scan);
  }

  notifyChange(paths: Iterable<string>): boolean {
    let isKnown = true;
    for (const path of paths) if (!this.#tails.notifyChange(path)) isKnown = false;
    return isKnown;
  }

  runCycle(selection: FileSelection): Cycle {
    this.#cycleStartedAt = this.#parts.now();
    this.#lifecycle.openFiles();
    const slice = this.#shipper.acknowledgedAt === undefined ? FIRST_SLICE : SLICE;
    const { hasMore, throttleReason } = this.#pipeline.readRound(slice, selection);
    this.#pipeline.flushIdle(false);
    this.#shipper.pump(false);
    this.#commit();
    return {
      isBusy: (hasMore && throttleReason === undefined) || this.#tails.isOpening,
      isForAnswer: hasMore && throttleReason === 'budget',
      dueAt: this.#shipper.dueAt,
    };
  }

  async poll(): Promise<number> {
    this.#cycleStartedAt = this.#parts.now();
    await this.#lifecycle.archives.finish();
    let readBytes = 0;
    for (;;) {
      this.#lifecycle.openFiles();
      const round = this.#pipeline.readRound(SLICE, 'all');
      readBytes += round.bytes;
      this.#pipeline.flushIdle(false);
      do {
        this.#shipper.pump(true);
        await this.#shipper.settle();
      } while (this.#shipper.hasFresh);
      this.#commit();
      if ((!round.hasMore || round.bytes === 0) && !this.#tails.isOpening) return readBytes;
    }
  }

  async flush(withinMs: number = this.#parts.settings.stopWithinMs): Promise<void> {
    const { now } = this.#parts;
    const shipper = this.#shipper;
    this.#pipeline.flushIdle(true);
    const until = now() + withinMs;
    const giveUp = performance.now() + withinMs;
    while (shipper.heldBytes > 0 && now() < until && performance.now() < giveUp) {
      shipper.pump(true);
      if (shipper.inFlight > 0) {
        const left = Math.max(1, giveUp - performance.now());
        await Promise.race([shipper.settle(), pause(left, undefined, true)]);
      } else await pause(Math.min(100, Math.max(1, (shipper.dueAt ?? 0) - now())));
    }
    this.#commit();
  }

  #commit(): void {
    if (this.#isClosed) return;
    this.#pipeline.acknowledge();
    this.#forgetOld();
    this.#parts.onCommit();
  }

  #forgetOld(): void {
    const { settings, known, now } = this.#parts;
    if (now() < this.#nextForget) return;
    this.#nextForget = now() + FORGET_EVERY_MS;
    const live = new Set(this.#tails.list().map(({ file }) => file.key));
    for (const state of known.values())
      if (now() - state.seen > settings.forgetAfterMs && !live.has(state.key)) known.delete(state.key);
  }

  reload(settings: AgentSettings): void {
    this.#encoder.redact = createRedactor(settings.redactPatterns);
    Object.assign(this.#parts.settings, settings);
  }

  /** Gives up a generation that another follower follows now. */
  release(key: string): void {
    this.#lifecycle.release(key);
  }

  setWords(words: SignalWords, scanner?: AnchorScanner): void {
    if (this.#encoder.detector?.version !== words.version)
      this.#encoder.detector = createSignalDetector(words, scanner);
  }

  describe(): FollowerState {
    const board = this.#board;
    return {
      measured: { ...this.#tails.measure(), heldBytes: this.#shipper.heldBytes },
      acknowledgedAt: this.#shipper.acknowledgedAt,
      counters: board.counters,
      conditions: board.conditions,
      outages: OUTAGE_CODES.filter((code) => board.has(code)),
      cycleStartedAt: this.#cycleStartedAt,
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#shipper.close();
    this.#tails.close();
    this.#pods?.close();
  }
}
