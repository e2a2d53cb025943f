// Follows the files of one thread from their bytes to the store's acknowledgement: joins tails, reader, forwarder and
// shipper, and defines their order. Each scan brings the files that exist. The state of files goes into `known`;
// `onCommit` notifies the owner of the checkpoint, who saves it. The follower neither looks for files nor saves states.
import { pause } from '../../core/time/wait.js';
import { createStretchReader } from '../../flink/layout/stretch.js';
import type { AnchorScanner } from '../../flink/words/anchors.js';
import { createSignalMarker, type SignalMarker } from '../../flink/words/marks.js';
import type { SignalWords } from '../../flink/words/words.js';
import type { RecordSink } from '../../store/store.js';
import type { FileState } from '../checkpoint/checkpoint.js';
import type { Scan } from '../files/discover.js';
import { openPods, type PodDirectory } from '../files/pods.js';
import type { Known } from '../identity/known.js';
import { createPlainMarker } from '../record/parse-fast.js';
import { createRedactor, type Redactor } from '../record/redact.js';
import type { AgentSettings } from '../settings.js';
import { createShipper, OUTAGE_CODES, type Shipper, type ShipperParts } from '../ship/ship.js';
import { createBoard, type Board, type BoardView } from '../status.js';
import { advanceAcks } from '../tail/acks.js';
import { createForwarder } from '../tail/forward.js';
import { describeTail, type Tail } from '../tail/tail.js';
import { createReader, type FileLook, type Reader, type Slice } from './read.js';
import { createTails, type FollowedFiles, type Tails } from './tails.js';
import type { TailsParts } from './set.js';

export interface Follower {
  /** Takes over the files that exist now. `isElsewhere`: other paths were scanned than the time before. */
  syncFiles(scan: Scan, isElsewhere: boolean): void;
  /** Notes that a watch observed writes at these paths. Returns false if one of them is not followed. */
  notifyChange(paths: Iterable<string>): boolean;
  /** Reads for a short while, sends what is due, moves offsets. */
  turn(look: FileLook): Turn;
  /** Reads to the end of all files (or of the budget) and tries once to send everything. Returns the bytes read. */
  poll(): Promise<number>;
  /** Sends what was read, with open entries, until the store has it or this time (`stopWithinMs`) is over. */
  flush(withinMs?: number): Promise<void>;
  /** Changes the settings. Throws JT_PATTERN_UNSUPPORTED (redactPatterns) and then keeps the previous settings. */
  reload(settings: AgentSettings): void;
  /**
   * Marks each entry that is read from now on by whether it holds one of these words; `scanner` searches for the same.
   */
  setWords(words: SignalWords, scanner?: AnchorScanner): void;
  describe(): FollowerState;
  /** Closes the files in their current state. */
  close(): void;
}

/** Follower of some of the files, one of several. */
export interface FileFollower extends Follower {
  /** Gives up a generation that another follower follows now. */
  release(key: string): void;
}

export interface Turn {
  /** True if there is more to read or to begin, and nothing throttles it. */
  readonly isBusy: boolean;
  /** True if there is more to read, and the store must first take some of what was read before. */
  readonly isHeld: boolean;
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
  readonly turnedAt: number;
}

export interface FollowerParts extends Pick<TailsParts, 'known' | 'isFirstStart' | 'hasBirthTimes' | 'log' | 'now'> {
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
  readonly withLetterLock?: ShipperParts['withLetterLock'];
}

interface Following extends FollowerParts {
  readonly redaction: { redact: Redactor };
  /** Marks entries by the words that matter; undefined as long as the words are unknown. */
  readonly signals: { marker: SignalMarker | undefined };
  readonly board: Board;
  readonly pods: PodDirectory | undefined;
  readonly shipper: Shipper;
  readonly tails: Tails;
  readonly reader: Reader;
  nextForget: number;
  turnedAt: number;
  isClosed: boolean;
}

/** Slice that lets the analyzer and the API of `jobtrace up` work in between, however many files are behind. */
const SLICE: Slice = { ms: 25 };
/** Slice until the store has taken something, because its first request must not wait for reading. */
const FIRST_SLICE: Slice = { ms: 5, maxBytes: 65_536 };
const FORGET_EVERY_MS = 60_000;

/** Creates a follower. Throws JT_PATTERN_UNSUPPORTED (redactPatterns). */
export function createFollower(parts: FollowerParts): FileFollower {
  const following = joinParts(parts);
  const { settings, redaction, signals, tails, reader } = following;
  return {
    syncFiles: (scan, isElsewhere) => {
      if (isElsewhere) tails.leaveFiles(scan);
      tails.syncFiles(scan);
    },
    notifyChange: (paths) => notifyChange(following, paths),
    turn: (look) => turn(following, look),
    poll: () => poll(following),
    flush: async (withinMs = settings.stopWithinMs) => {
      reader.flushIdle(true);
      await drain(following, withinMs);
    },
    reload: (next) => {
      redaction.redact = createRedactor(next.redactPatterns);
      Object.assign(settings, next);
    },
    release: (key) => tails.release(key),
    setWords: (words, scanner) => {
      if (signals.marker?.version !== words.version) signals.marker = createSignalMarker(words, scanner);
    },
    describe: () => describe(following),
    close: () => close(following),
  };
}

function joinParts(parts: FollowerParts): Following {
  const { settings, store, log, wallClock, now, random, cpuMs, onAnswer, withLetterLock } = parts;
  const redaction = { redact: createRedactor(settings.redactPatterns) };
  const signals: Following['signals'] = { marker: undefined };
  const board = createBoard(wallClock);
  const shipper = createShipper({ store, settings, board, log, now, random, onAnswer, withLetterLock });
  const pods = openPods({ settings, board, log, now });
  const room = createStretchReader(createPlainMarker(), settings);
  const forwarder = createForwarder({
    settings,
    room,
    get redact() {
      return redaction.redact;
    },
    get signals() {
      return signals.marker;
    },
    shipper,
    board,
    wallClock,
  });
  const tails = createTails({ ...parts, board, pods, forward: forwarder.forwardEntries });
  return {
    ...parts,
    redaction,
    signals,
    board,
    pods,
    shipper,
    tails,
    reader: createReader({ settings, tails, forwarder, room, shipper, board, now, cpuMs }),
    nextForget: now() + FORGET_EVERY_MS,
    turnedAt: now(),
    isClosed: false,
  };
}

function notifyChange({ tails }: Following, paths: Iterable<string>): boolean {
  let isKnown = true;
  for (const path of paths) if (!tails.notifyChange(path)) isKnown = false;
  return isKnown;
}

function turn(following: Following, look: FileLook): Turn {
  const { tails, reader, shipper } = following;
  following.turnedAt = following.now();
  tails.openFiles();
  const round = reader.readRound(shipper.acknowledgedAt === undefined ? FIRST_SLICE : SLICE, look);
  reader.flushIdle(false);
  shipper.pump(false);
  commit(following);
  const isReading = round.hasMore && round.hold === undefined;
  const isHeld = round.hasMore && round.hold === 'budget';
  return { isBusy: isReading || tails.isOpening, isHeld, dueAt: shipper.dueAt };
}

async function poll(following: Following): Promise<number> {
  const { tails, reader, shipper } = following;
  following.turnedAt = following.now();
  await tails.finishArchive();
  let readBytes = 0;
  for (;;) {
    tails.openFiles();
    const round = reader.readRound(SLICE, 'all');
    readBytes += round.bytes;
    reader.flushIdle(false);
    do {
      shipper.pump(true);
      await shipper.settle();
    } while (shipper.hasFresh);
    commit(following);
    if ((!round.hasMore || round.bytes === 0) && !tails.isOpening) return readBytes;
  }
}

async function drain(following: Following, withinMs: number): Promise<void> {
  const { shipper, now } = following;
  const until = now() + withinMs;
  const giveUp = performance.now() + withinMs;
  while (shipper.heldBytes > 0 && now() < until && performance.now() < giveUp) {
    shipper.pump(true);
    if (shipper.inFlight > 0) {
      const left = Math.max(1, giveUp - performance.now());
      await Promise.race([shipper.settle(), pause(left, undefined, true)]);
    } else await pause(Math.min(100, Math.max(1, (shipper.dueAt ?? 0) - now())));
  }
  commit(following);
}

/** Moves offsets over what was acknowledged. */
function commit(following: Following): void {
  const { tails, known } = following;
  if (following.isClosed) return;
  for (const tail of [...tails.listBusy(), ...tails.ended]) {
    advanceAcks(tail.acks);
    if (tail.acks.isDirty && tail.file.isSettled) known.set(describeOnce(known, tail));
    tail.acks.isDirty = false;
  }
  tails.sweep();
  forgetOld(following);
  following.onCommit();
}

/** Describes a tail for the checkpoint, so that the next agent does not report the losses of an ended file again. */
function describeOnce(known: Known, tail: Tail): FileState {
  const state = describeTail(tail);
  const before = known.get(state.key);
  if (before === undefined) return state;
  if (tail.file.endedAt !== undefined) return { ...state, size: Math.min(state.size, before.size) };
  // The bytes before the offset of a closed file have not changed, so their guard is kept.
  return tail.reading.fd === undefined && before.offset === state.offset ? { ...state, guard: before.guard } : state;
}

function forgetOld(following: Following): void {
  const { settings, tails, known, now } = following;
  if (now() < following.nextForget) return;
  following.nextForget = now() + FORGET_EVERY_MS;
  const live = new Set(tails.list().map(({ file }) => file.key));
  for (const state of known.values())
    if (now() - state.seen > settings.forgetAfterMs && !live.has(state.key)) known.delete(state.key);
}

function describe({ tails, shipper, board, turnedAt }: Following): FollowerState {
  return {
    measured: { ...tails.measure(), heldBytes: shipper.heldBytes },
    acknowledgedAt: shipper.acknowledgedAt,
    counters: board.counters,
    conditions: board.conditions,
    outages: OUTAGE_CODES.filter((code) => board.has(code)),
    turnedAt,
  };
}

function close(following: Following): void {
  following.isClosed = true;
  following.shipper.close();
  following.tails.close();
  following.pods?.close();
}
