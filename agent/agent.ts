// The loop of the agent: scan, read, ship, commit. Everything it does is in the files beside it; here stands in which
// order, and when. cli.ts runs it until its signal aborts; tests step it by hand with pollOnce. Offsets are saved only
// behind acknowledged records, so it may die anywhere: what is sent again has the same ids.
import { resolve } from 'node:path';
import type { Log } from '../core/log.js';
import type { AgentRegistry, AgentStatus, RecordSink } from '../store/store.js';
import { openCheckpoint, type Checkpoint, type FileState } from './checkpoint/checkpoint.js';
import { discoverFiles, openWatcher, type ScanMemory } from './files/discover.js';
import { openPods, type PodDirectory } from './files/pods.js';
import { createReader, type Reader } from './follow/read.js';
import { createTails, type Tails } from './follow/tails.js';
import { createKnown, type Known } from './identity/known.js';
import { hasBirthTimes, openLock, type Lock } from './checkpoint/lock.js';
import { createRedactor } from './record/redact.js';
import { decideHealth, type AgentHealth } from './health.js';
import type { AgentSettings } from './settings.js';
import { createShipper, OUTAGE_CODES, type Shipper } from './ship/ship.js';
import { createBoard, describeAgent, type Board } from './status.js';
import { advanceAcks } from './tail/acks.js';
import { createForwarder } from './tail/forward.js';
import { describeTail, type Tail } from './tail/tail.js';
import { describeFault } from '../core/fault.js';
import { pause } from '../core/time/wait.js';

export interface PollResult {
  readonly files: number;
  readonly readBytes: number;
  /** Bytes in files that the store has not acknowledged. */
  readonly lagBytes: number;
}

export interface Agent {
  /** One scan, reading to the end of all files (or of the budget), one try to ship everything, one commit. */
  pollOnce(): Promise<PollResult>;
  /** Runs until the signal aborts, then ships what is read within a few seconds, commits and closes. */
  run(signal: AbortSignal): Promise<void>;
  /** Ships open entries at once, without waiting for their files to rest, and commits. */
  flush(): Promise<void>;
  status(): AgentStatus;
  health(): AgentHealth;
  /** Lets go of files and lock, as they stand. What is in flight is sent again by the next agent. */
  close(): void;
}

export interface AgentParts {
  readonly store: RecordSink & Pick<AgentRegistry, 'saveAgentStatus'>;
  readonly log: Log;
  readonly now?: () => number;
  /** The time of day, where it is not that of `now`. */
  readonly wall?: () => number;
  readonly random?: () => number;
  /** Processor time of this process so far, in milliseconds. */
  readonly cpuMs?: () => number;
}

const SLICE_MS = 50;
/** A log that is written all the time wakes the agent all the time: read it in larger chunks. */
const MIN_REST_MS = 25;
const FORGET_EVERY_MS = 60_000;
const STATUS_EVERY_MS = 5000;
/** A stopping agent waits so long for a store that does not answer. */
const LAST_STATUS_MS = 2000;

/** What one agent holds, and what it has to do next. */
interface AgentState {
  readonly settings: AgentSettings;
  readonly store: AgentParts['store'];
  readonly log: Log;
  /** The time of day. */
  readonly wall: () => number;
  /** Waits are measured with a clock that nobody sets: a jump by a day must not stop the agent for a day. */
  readonly now: () => number;
  readonly random: () => number;
  readonly lock: Lock;
  readonly checkpoint: Checkpoint;
  readonly known: Known;
  readonly board: Board;
  readonly shipper: Shipper;
  readonly tails: Tails;
  readonly pods: PodDirectory | undefined;
  readonly reader: Reader;
  /** Folders that are never entered. */
  readonly excluded: readonly string[];
  readonly scanMemory: ScanMemory;
  /** A file came or went: scan before the time. */
  isScanDue: boolean;
  hasScanned: boolean;
  /** When the loop last began a turn. */
  turnedAt: number;
  nextStatus: number;
  /** The status is on its way to the store; nothing waits for it. */
  statusFlight: Promise<void> | undefined;
  nextForget: number;
  isClosed: boolean;
  /** Ends the rest of the loop. */
  readonly alarm: { wake: () => void };
}

/** Throws JT_AGENT_LOCKED, JT_FILE_UNWRITABLE (the data folder) and JT_PATTERN_UNSUPPORTED (redactPatterns). */
export function createAgent(settings: AgentSettings, parts: AgentParts): Agent {
  const agent = openAgent(settings, parts);
  reportDamage(agent);
  return {
    pollOnce: () => pollOnce(agent),
    run: (signal) => run(agent, signal),
    flush: async () => {
      agent.reader.flushIdle(true);
      await drain(agent);
    },
    status: () => describeState(agent),
    health: () => describeHealth(agent),
    close: () => closeAgent(agent),
  };
}

function openAgent(settings: AgentSettings, { store, log, ...parts }: AgentParts): AgentState {
  const wall = parts.wall ?? parts.now ?? Date.now;
  const now = parts.now ?? ((): number => performance.timeOrigin + performance.now());
  const random = parts.random ?? Math.random;
  const redact = createRedactor(settings.redactPatterns);
  const lock = openLock(settings.dataDir, wall);
  const checkpoint = openCheckpoint(settings.dataDir);
  const board = createBoard(wall);
  const known = createKnown(checkpoint.loaded.values());
  const alarm = { wake: (): void => undefined };
  const shipper = createShipper({ store, settings, board, log, now, random, onAnswer: () => alarm.wake() });
  const pods = openPods({ settings, board, log, now });
  const forward = createForwarder({ settings, redact, shipper, board, wall });
  const tails = createTails({
    settings,
    known,
    isFirstStart: checkpoint.isFirstStart,
    hasBirthTimes: hasBirthTimes(settings.dataDir),
    board,
    pods,
    log,
    now,
    forward,
  });
  return {
    settings,
    store,
    log,
    wall,
    now,
    random,
    lock,
    checkpoint,
    known,
    board,
    shipper,
    tails,
    pods,
    alarm,
    reader: createReader({ settings, tails, forward, shipper, board, now, cpuMs: parts.cpuMs ?? readCpu }),
    excluded: [resolve(settings.dataDir)],
    scanMemory: { folders: new Map() },
    isScanDue: true,
    hasScanned: false,
    turnedAt: now(),
    nextStatus: 0,
    statusFlight: undefined,
    nextForget: now() + FORGET_EVERY_MS,
    isClosed: false,
  };
}

function readCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function reportDamage({ checkpoint: { damage }, board, log }: AgentState): void {
  if (damage === undefined) return;
  board.raise('JT_CHECKPOINT_CORRUPT', damage);
  log.warn(
    { code: 'JT_CHECKPOINT_CORRUPT', ...damage },
    'The checkpoint was damaged; reading goes on from its last valid state.',
  );
}

async function run(agent: AgentState, signal: AbortSignal): Promise<void> {
  const { settings, log, alarm } = agent;
  const stopped = new Promise<void>((resume) => signal.addEventListener('abort', () => resume(), { once: true }));
  const watcher = settings.watch
    ? openWatcher(settings.paths, agent.excluded, wakeFor, (problem) =>
        log.info({ problem }, 'Folders cannot be watched; the periodic scan goes on.'),
      )
    : undefined;
  function wakeFor(what: 'change' | 'list'): void {
    if (what === 'list') agent.isScanDue = true;
    alarm.wake();
  }
  try {
    await loop(agent, signal, stopped);
    agent.reader.flushIdle(true);
    await drain(agent);
    await Promise.race([saveLastStatus(agent), pause(LAST_STATUS_MS, undefined, true)]);
  } finally {
    await watcher?.close();
    closeAgent(agent);
  }
}

async function loop(agent: AgentState, signal: AbortSignal, stopped: Promise<void>): Promise<void> {
  const { settings, tails, reader, shipper, now } = agent;
  let nextScan = 0;
  let lastScan = 0;
  while (!signal.aborted) {
    agent.turnedAt = now();
    const isWanted = (agent.isScanDue || tails.isCrowded) && now() - lastScan >= settings.readIntervalMs / 2;
    const isScan = now() >= nextScan || isWanted;
    if (isScan) {
      lastScan = now();
      await scan(agent);
      nextScan = now() + settings.scanIntervalMs * (0.9 + 0.2 * agent.random());
    }
    tails.settleTails();
    const round = reader.readRound(SLICE_MS, isScan);
    reader.flushIdle(false);
    shipper.pump(false);
    commit(agent);
    if (now() >= agent.nextStatus) void saveStatus(agent);
    if (round.hasMore && round.hold === undefined) await new Promise<void>((resume) => void setImmediate(resume));
    else {
      const next = Math.min(nextScan, now() + settings.readIntervalMs, shipper.dueAt ?? Number.POSITIVE_INFINITY);
      await rest(agent, stopped, next - now());
    }
  }
}

async function scan(agent: AgentState): Promise<void> {
  agent.isScanDue = false;
  agent.tails.syncFiles(await discoverFiles(agent.settings.paths, agent.excluded, agent.scanMemory));
  agent.hasScanned = true;
}

/** Moves offsets over what was acknowledged and saves them. */
function commit(agent: AgentState): void {
  const { tails, known } = agent;
  if (agent.isClosed) return;
  for (const tail of [...tails.list(), ...tails.ended]) {
    advanceAcks(tail.acks);
    if (tail.acks.isDirty && tail.file.isSettled) known.set(describeOnce(known, tail));
    tail.acks.isDirty = false;
  }
  tails.sweep();
  forgetOld(agent);
  saveCheckpoint(agent);
}

/** What was reported as lost of a file that ended is not reported again by the next agent. */
function describeOnce(known: Known, tail: Tail): FileState {
  const state = describeTail(tail);
  const before = tail.file.endedAt === undefined ? undefined : known.get(state.key);
  return before === undefined ? state : { ...state, size: Math.min(state.size, before.size) };
}

function forgetOld(agent: AgentState): void {
  const { settings, tails, known, now } = agent;
  if (now() < agent.nextForget) return;
  agent.nextForget = now() + FORGET_EVERY_MS;
  const live = new Set(tails.list().map(({ file }) => file.key));
  for (const state of known.values())
    if (now() - state.seen > settings.forgetAfterMs && !live.has(state.key)) known.delete(state.key);
}

/** A checkpoint that cannot be written stops nothing. */
function saveCheckpoint({ checkpoint, known, board, log }: AgentState): void {
  const { changed, removed } = known.takeChanges();
  if (changed.length === 0 && removed.length === 0 && !board.has('JT_CHECKPOINT_UNWRITABLE')) return;
  try {
    checkpoint.save(changed, removed);
    board.clear('JT_CHECKPOINT_UNWRITABLE');
  } catch (error) {
    if (board.raise('JT_CHECKPOINT_UNWRITABLE', { problem: describeFault(error) }))
      log.error(
        { problem: describeFault(error) },
        'The checkpoint cannot be written; after a restart some records are sent again under the same ids.',
      );
  }
}

/** A store that does not answer holds up its own status only: the one on its way is not overtaken. */
async function saveStatus(agent: AgentState): Promise<void> {
  agent.nextStatus = agent.now() + STATUS_EVERY_MS;
  touchLock(agent);
  agent.statusFlight ??= sendStatus(agent).finally(() => {
    agent.statusFlight = undefined;
  });
  await agent.statusFlight;
}

async function saveLastStatus(agent: AgentState): Promise<void> {
  await agent.statusFlight;
  await saveStatus(agent);
}

async function sendStatus(agent: AgentState): Promise<void> {
  try {
    await agent.store.saveAgentStatus(describeState(agent));
  } catch (error) {
    agent.log.debug({ problem: describeFault(error) }, 'The status could not be saved.');
  }
}

function touchLock({ lock, log }: AgentState): void {
  try {
    lock.touch();
  } catch (error) {
    log.debug({ problem: describeFault(error) }, 'The lock could not be touched.');
  }
}

function describeState({ settings, tails, shipper, board, wall, now }: AgentState): AgentStatus {
  const { acknowledgedAt } = shipper;
  return describeAgent({
    host: settings.host,
    now: wall(),
    // The time of day of then, as it is counted now.
    acknowledgedAt: acknowledgedAt === undefined ? undefined : wall() - (now() - acknowledgedAt),
    measured: { ...tails.measure(), heldBytes: shipper.heldBytes },
    board,
  });
}

function describeHealth({ now, turnedAt, hasScanned, board }: AgentState): AgentHealth {
  return decideHealth({
    sinceTurnMs: now() - turnedAt,
    hasScanned,
    outages: OUTAGE_CODES.filter((code) => board.has(code)),
  });
}

/** Until the time is over, a file changed, the store answered, or the agent stops; a short while in any case. */
async function rest({ alarm }: AgentState, stopped: Promise<void>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([pause(Math.min(MIN_REST_MS, waitMs)), stopped]);
  const woken = new Promise<void>((resume) => {
    alarm.wake = resume;
    timer = setTimeout(resume, Math.max(1, waitMs - MIN_REST_MS));
  });
  await Promise.race([woken, stopped]);
  clearTimeout(timer);
}

async function pollOnce(agent: AgentState): Promise<PollResult> {
  const { tails, reader, shipper } = agent;
  if (agent.isClosed) throw new Error('the agent was closed before it was asked to poll');
  await scan(agent);
  await tails.finishArchive();
  let readBytes = 0;
  for (;;) {
    tails.settleTails();
    const round = reader.readRound(SLICE_MS, true);
    readBytes += round.bytes;
    reader.flushIdle(false);
    do {
      shipper.pump(true);
      await shipper.settle();
    } while (shipper.hasFresh);
    commit(agent);
    if (!round.hasMore || round.bytes === 0) break;
  }
  if (agent.now() >= agent.nextStatus) await saveStatus(agent);
  const { files, lagBytes: lag } = describeState(agent);
  return { files, readBytes, lagBytes: lag };
}

/** Sends what is read until the store has it or the time to stop is over. */
async function drain(agent: AgentState): Promise<void> {
  const { settings, shipper, now } = agent;
  const until = now() + settings.stopWithinMs;
  const giveUp = performance.now() + settings.stopWithinMs;
  while (shipper.heldBytes > 0 && now() < until && performance.now() < giveUp) {
    shipper.pump(true);
    if (shipper.inFlight > 0) {
      const left = Math.max(1, giveUp - performance.now());
      await Promise.race([shipper.settle(), pause(left, undefined, true)]);
    } else await pause(Math.min(100, Math.max(1, (shipper.dueAt ?? 0) - now())));
  }
  commit(agent);
}

function closeAgent(agent: AgentState): void {
  if (agent.isClosed) return;
  agent.isClosed = true;
  agent.tails.close();
  agent.pods?.close();
  agent.checkpoint.close();
  agent.lock.release();
}
