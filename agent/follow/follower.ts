// The files that one thread follows, from their bytes to what the store says of them: tails, reader, forwarder and
// shipper, joined, and in which order each has its turn. What there is comes in with each scan; what is known of files
// goes into `known`, and whoever saves that is told. It neither looks for files nor owns the checkpoint. Called by the
// loop in agent.ts, and in a worker by that of workers/thread.ts.
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
import { createPlainMarker } from '../record/plain.js';
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
  /** What stands there now; `isElsewhere`: it was looked for at other paths than the time before. */
  syncFiles(scan: Scan, isElsewhere: boolean): void;
  /** A watch says that something was written at these paths. False: nobody follows one of them. */
  tell(paths: Iterable<string>): boolean;
  /** Reads for a short while, sends what is due, moves offsets. */
  turn(look: FileLook): Turn;
  /** Reads to the end of all files (or of the budget) and tries once to send everything. Returns the bytes read. */
  poll(): Promise<number>;
  /** Sends what is read, open entries as well, until the store has it or this time is over (`stopWithinMs`). */
  flush(withinMs?: number): Promise<void>;
  /** Throws JT_PATTERN_UNSUPPORTED (redactPatterns), and goes on with the settings of before. */
  reload(settings: AgentSettings): void;
  /** Says of each entry that is read from now on whether it holds one of these words; `scanner` looks for the same. */
  setWords(words: SignalWords, scanner?: AnchorScanner): void;
  describe(): FollowerState;
  /** Lets go of the files, as they stand. */
  close(): void;
}

/** One of several. */
export interface FileFollower extends Follower {
  /** Another one follows this generation now. */
  release(key: string): void;
}

export interface Turn {
  /** There is more to read or to begin, and nothing holds it up. */
  readonly isBusy: boolean;
  /** There is more to read, and the store has to take some of what was read before. */
  readonly isHeld: boolean;
  /** When there is something to send; undefined: nobody knows. */
  readonly dueAt: number | undefined;
}

export interface FollowerState extends BoardView {
  readonly measured: FollowedFiles & { readonly heldBytes: number };
  /** When the store last said that it has a record; undefined: it never did. */
  readonly acknowledgedAt: number | undefined;
  /** Conditions under which the store takes nothing. */
  readonly outages: readonly string[];
  /** When it last began to read. */
  readonly turnedAt: number;
}

export interface FollowerParts extends Pick<TailsParts, 'known' | 'isFirstStart' | 'hasBirthTimes' | 'log' | 'now'> {
  /** Its own: a reload changes them. */
  readonly settings: AgentSettings;
  readonly store: RecordSink;
  /** The time of day. */
  readonly wall: () => number;
  readonly random: () => number;
  /** Processor time of this process so far, in milliseconds. */
  readonly cpuMs: () => number;
  /** An answer came: more can be read, offsets may have moved. */
  readonly onAnswer: () => void;
  /** Offsets have moved as far as they can for now: what changed in `known` may be saved. */
  readonly onCommit: () => void;
  /** Around the writing of dead letters, where several threads do. */
  readonly takeLetterTurn?: ShipperParts['takeLetterTurn'];
}

interface Following extends FollowerParts {
  readonly redaction: { redact: Redactor };
  /** By the words that matter; undefined as long as nobody knows them. */
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

const SLICE: Slice = { ms: 50, endsWithin: false };
/** Until the store has taken something: what has to be asked of it first is not to wait for reading. */
const FIRST_SLICE: Slice = { ms: 5, endsWithin: true, mostBytes: 65_536 };
const FORGET_EVERY_MS = 60_000;

/** Throws JT_PATTERN_UNSUPPORTED (redactPatterns). */
export function createFollower(parts: FollowerParts): FileFollower {
  const following = joinParts(parts);
  const { settings, redaction, signals, tails, reader } = following;
  return {
    syncFiles: (scan, isElsewhere) => {
      if (isElsewhere) tails.leaveFiles(scan);
      tails.syncFiles(scan);
    },
    tell: (paths) => tell(following, paths),
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
  const { settings, store, log, wall, now, random, cpuMs, onAnswer, takeLetterTurn } = parts;
  const redaction = { redact: createRedactor(settings.redactPatterns) };
  const signals: Following['signals'] = { marker: undefined };
  const board = createBoard(wall);
  const shipper = createShipper({ store, settings, board, log, now, random, onAnswer, takeLetterTurn });
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
    wall,
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

function tell({ tails }: Following, paths: Iterable<string>): boolean {
  let isKnown = true;
  for (const path of paths) if (!tails.tell(path)) isKnown = false;
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

/** What was reported as lost of a file that ended is not reported again by the next agent. */
function describeOnce(known: Known, tail: Tail): FileState {
  const state = describeTail(tail);
  const before = known.get(state.key);
  if (before === undefined) return state;
  if (tail.file.endedAt !== undefined) return { ...state, size: Math.min(state.size, before.size) };
  // Of a closed file the bytes before the offset are those of before.
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
