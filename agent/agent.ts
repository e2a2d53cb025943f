// The loop of the agent: scan, read, ship, commit. Everything it does is in the files beside it; here stands in which
// order, and when. cli.ts runs it until its signal aborts; tests step it by hand with pollOnce. Offsets are saved only
// behind acknowledged records, so it may die anywhere: what is sent again has the same ids.
import { resolve } from 'node:path';
import { createStretchReader } from '../flink/layout/stretch.js';
import type { AgentStatus } from '../store/store.js';
import { openCheckpoint, type FileState } from './checkpoint/checkpoint.js';
import { discoverFiles } from './files/discover.js';
import { openPods } from './files/pods.js';
import { createReader } from './follow/read.js';
import { createTails } from './follow/tails.js';
import { createKnown, type Known } from './identity/known.js';
import { hasBirthTimes, openLock } from './checkpoint/lock.js';
import { createPlainMarker } from './record/plain.js';
import { createRedactor } from './record/redact.js';
import type { AgentHealth } from './health.js';
import { reloadSettings, watchFolders } from './reload.js';
import { describeHealth, describeState, saveLastStatus, saveStatus } from './report.js';
import type { AgentSettings } from './settings.js';
import { createShipper } from './ship/ship.js';
import type { AgentParts, AgentState } from './state.js';
import { createBoard } from './status.js';
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
  /**
   * Goes on with other settings, as far as a running agent can; `read` throws when they cannot be used, and those of
   * before stay.
   */
  reload(read: () => AgentSettings): void;
  status(): AgentStatus;
  health(): AgentHealth;
  /** Lets go of files and lock, as they stand. What is in flight is sent again by the next agent. */
  close(): void;
}

const SLICE_MS = 50;
/** A log that is written all the time wakes the agent all the time: read it in larger chunks. */
const MIN_REST_MS = 25;
const FORGET_EVERY_MS = 60_000;

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
    reload: (read) => reloadSettings(agent, read),
    status: () => describeState(agent),
    health: () => describeHealth(agent),
    close: () => closeAgent(agent),
  };
}

function openAgent(given: AgentSettings, { store, log, ...parts }: AgentParts): AgentState {
  const settings = { ...given };
  const wall = parts.wall ?? parts.now ?? Date.now;
  const now = parts.now ?? ((): number => performance.timeOrigin + performance.now());
  const random = parts.random ?? Math.random;
  const redaction = { redact: createRedactor(settings.redactPatterns) };
  const lock = openLock(settings.dataDir, wall);
  const checkpoint = openCheckpoint(settings.dataDir);
  const board = createBoard(wall);
  const known = createKnown(checkpoint.loaded.values());
  const alarm = { wake: (): void => undefined };
  const shipper = createShipper({ store, settings, board, log, now, random, onAnswer: () => alarm.wake() });
  const pods = openPods({ settings, board, log, now });
  const room = createStretchReader(createPlainMarker(), settings);
  const forwarder = createForwarder({
    settings,
    room,
    get redact() {
      return redaction.redact;
    },
    shipper,
    board,
    wall,
  });
  const tails = createTails({
    settings,
    known,
    isFirstStart: checkpoint.isFirstStart,
    hasBirthTimes: hasBirthTimes(settings.dataDir),
    board,
    pods,
    log,
    now,
    forward: forwarder.forwardEntries,
  });
  return {
    settings,
    redaction,
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
    reader: createReader({ settings, tails, forwarder, room, shipper, board, now, cpuMs: parts.cpuMs ?? readCpu }),
    excluded: [resolve(settings.dataDir)],
    scanMemory: { folders: new Map() },
    scannedPaths: settings.paths,
    watcher: undefined,
    isWatchDue: true,
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
  const stopped = new Promise<void>((resume) => signal.addEventListener('abort', () => resume(), { once: true }));
  try {
    await loop(agent, signal, stopped);
    agent.reader.flushIdle(true);
    await drain(agent);
    await saveLastStatus(agent);
  } finally {
    await agent.watcher?.close();
    closeAgent(agent);
  }
}

async function loop(agent: AgentState, signal: AbortSignal, stopped: Promise<void>): Promise<void> {
  const { settings, tails, reader, shipper, now } = agent;
  let nextScan = 0;
  let lastScan = 0;
  while (!signal.aborted) {
    agent.turnedAt = now();
    if (agent.isWatchDue) await watchFolders(agent);
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
    void saveStatus(agent);
    if (round.hasMore && round.hold === undefined) await new Promise<void>((resume) => void setImmediate(resume));
    else {
      const next = Math.min(nextScan, now() + settings.readIntervalMs, shipper.dueAt ?? Number.POSITIVE_INFINITY);
      await rest(agent, stopped, next - now());
    }
  }
}

async function scan(agent: AgentState): Promise<void> {
  const { settings, tails } = agent;
  const { paths } = settings;
  agent.isScanDue = false;
  const found = await discoverFiles(paths, agent.excluded, agent.scanMemory);
  if (paths !== agent.scannedPaths) tails.leaveFiles(found);
  agent.scannedPaths = paths;
  tails.syncFiles(found);
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
  await saveStatus(agent);
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
  agent.shipper.close();
  agent.tails.close();
  agent.pods?.close();
  agent.checkpoint.close();
  agent.lock.release();
}
