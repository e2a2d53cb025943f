// Runs the loop of the agent: scans for files, lets the follower read and ship them, and saves how far it came. The
// other files of this folder do the work; this file defines the order and the times. Tests step it by hand with
// pollOnce. Offsets are saved only for acknowledged records, so the agent may die anywhere: records that are sent again
// have the same ids.
import { resolve } from 'node:path';
import { describeFault } from '../core/fault.js';
import type { ServiceHealth } from '../core/health.js';
import type { AnchorScanner } from '../flink/bytes/anchors.js';
import type { SignalWords } from '../flink/bytes/words.js';
import type { AgentStatus } from '../core/documents/agent.js';
import { openCheckpoint } from './checkpoint/checkpoint.js';
import { hasBirthTimes, openLock } from './checkpoint/lock.js';
import { clearSpool } from './discovery/archive.js';
import type { RefusedLink } from './discovery/links.js';
import { createScanMemory, decideScanWait, decideCycleWait, discoverFiles } from './discovery/discover.js';
import { createAlarm, pauseUntilWoken } from './alarm.js';
import { FileFollower } from './follower.js';
import type { FileSelection } from './pipeline.js';
import { readCpu } from './tail/limits.js';
import { Known } from './checkpoint/known.js';
import { ProcessTracker } from './process-tracker.js';
import { createRedactor } from './record/redact.js';
import { openWatch, reloadSettings } from './reload.js';
import { describeHealth, describeState, FIRST_STATUS_MS, nameAgent, saveLastStatus, saveStatus } from './report.js';
import type { AgentSettings } from './settings.js';
import type { AgentParts, AgentState } from './state.js';
import { createBoard } from './status.js';
import { WorkerPool } from './workers/pool.js';

export interface PollResult {
  readonly files: number;
  readonly readBytes: number;
  /** Number of bytes in the files that the store has not acknowledged. */
  readonly lagBytes: number;
}

export interface Agent {
  /**
   * Does one scan, reads to the end of all files (or of the budget), tries once to ship everything, and commits once.
   */
  pollOnce(): Promise<PollResult>;
  /** Runs until the signal aborts, then ships within a few seconds what was read, commits and closes. */
  run(signal: AbortSignal): Promise<void>;
  /** Ships open entries at once, without waiting for their files to become idle, and commits. */
  flush(): Promise<void>;
  /**
   * Continues with other settings, as far as a running agent can. When `read` throws because they cannot be used, the
   * previous settings stay.
   */
  reload(read: () => AgentSettings): void;
  /**
   * Records for each entry that is read from now on whether it contains one of these words; `scanner` searches for the
   * same.
   */
  setWords(words: SignalWords, scanner?: AnchorScanner): void;
  status(): AgentStatus;
  health(): ServiceHealth;
  /** Closes files and lock in their current state. The next agent sends again what is in flight. */
  close(): void;
}

/** Throws JT_AGENT_LOCKED, JT_FILE_UNWRITABLE (the data folder) and JT_PATTERN_UNSUPPORTED (redactPatterns). */
export function createAgent(settings: AgentSettings, parts: AgentParts): Agent {
  const agent = openAgent(settings, parts);
  reportDamage(agent);
  return {
    pollOnce: () => pollOnce(agent),
    run: (signal) => run(agent, signal),
    flush: () => agent.follower.flush(),
    reload: (read) => reloadSettings(agent, read),
    setWords: (words, scanner) => agent.follower.setWords(words, scanner),
    status: () => describeState(agent),
    health: () => describeHealth(agent),
    close: () => closeAgent(agent),
  };
}

function openAgent(given: AgentSettings, { store, log, ...parts }: AgentParts): AgentState {
  const settings = { ...given };
  const wallClock = parts.wallClock ?? parts.now ?? Date.now;
  const now = parts.now ?? ((): number => performance.timeOrigin + performance.now());
  const random = parts.random ?? Math.random;
  const cpuMs = parts.cpuMs ?? readCpu;
  // Settings that cannot be used throw before anything is opened.
  createRedactor(settings.redactPatterns);
  const lock = openLock(settings.dataDir, wallClock);
  const checkpoint = openCheckpoint(settings.dataDir);
  const known = new Known(checkpoint.loaded.values());
  clearSpool(settings.dataDir);
  const alarm = createAlarm();
  const saving = { board: createBoard(wallClock), checkpoint, known, log };
  const shared = {
    settings: { ...settings },
    store,
    log,
    known,
    isFirstStart: checkpoint.isFirstStart,
    hasBirthTimes: hasBirthTimes(settings.dataDir),
    wallClock,
    now,
    onAnswer: (): void => alarm.answer(),
    onCommit: (): void => saveCheckpoint(saving),
  };
  const { openWorker } = parts;
  const follower =
    settings.workers === 1 || openWorker === undefined
      ? new FileFollower({ ...shared, random, cpuMs })
      : new WorkerPool({ ...shared, openWorker });
  return {
    ...saving,
    id: nameAgent(settings),
    processTracker: new ProcessTracker({ settings, wallClock, procDir: parts.procDir }),
    settings,
    store,
    wallClock,
    now,
    random,
    lock,
    follower,
    alarm,
    excluded: [resolve(settings.dataDir)],
    scanMemory: createScanMemory(),
    scannedPaths: settings.paths,
    refusedLinks: new Set(),
    watcher: undefined,
    isWatchDue: true,
    changedPaths: new Set(),
    isQuiet: false,
    activeMs: parts.cpuMs ?? readActive,
    isScanDue: true,
    hasScanned: false,
    cycleStartedAt: now(),
    nextStatus: 0,
    statusFlight: undefined,
    isEnding: false,
    isClosed: false,
  };
}

/**
 * Returns the time, in milliseconds, in which the event loop of this thread was active. The time of worker threads is
 * left out: it is no cost of a scan and must not postpone the next scan.
 */
function readActive(): number {
  return performance.eventLoopUtilization().active;
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
  agent.nextStatus = agent.now() + FIRST_STATUS_MS;
  void prepareStore(agent);
  try {
    await loop(agent, signal);
    await agent.follower.flush();
    await saveLastStatus(agent);
  } finally {
    agent.watcher?.close();
    closeAgent(agent);
  }
}

/**
 * Prepares the store while the files are searched. A fault is only logged for debugging, because the first refused
 * records report it.
 */
async function prepareStore({ store, log }: AgentState): Promise<void> {
  try {
    await store.prepare?.();
  } catch (error) {
    log.debug({ problem: describeFault(error) }, 'The store is not ready yet.');
  }
}

async function loop(agent: AgentState, signal: AbortSignal): Promise<void> {
  const { settings, follower, now } = agent;
  let scanned: Scanned = { at: 0, cpuMs: 0, jitter: 1 };
  let nextRecentRead = 0;
  while (!signal.aborted) {
    agent.cycleStartedAt = now();
    if (agent.isWatchDue) openWatch(agent);
    const isScan = now() >= findNextScan(agent, scanned);
    if (isScan) scanned = await scanMeasured(agent);
    notifyFollower(agent);
    const selection: FileSelection = isScan ? 'all' : now() >= nextRecentRead ? 'recent' : 'reported';
    // Reading the active time costs more than a short cycle, so a cycle for observed files goes without it.
    const before = selection === 'reported' ? 0 : agent.activeMs();
    const { isBusy, isForAnswer, dueAt } = follower.runCycle(selection);
    if (selection !== 'reported') {
      const cpuMs = agent.activeMs() - before;
      nextRecentRead = now() + decideCycleWait(settings.readIntervalMs, { cpuMs, isIdle: isIdle(agent) });
    }
    void saveStatus(agent);
    if (isBusy) await new Promise<void>((resume) => void setImmediate(resume));
    else {
      const next = Math.min(findNextScan(agent, scanned), nextRecentRead, dueAt ?? Number.POSITIVE_INFINITY);
      await pauseUntilWoken(agent.alarm, signal, { dueInMs: next - now(), isForAnswer });
    }
  }
}

/** Passes on the paths of observed writes. When nobody follows one of them, a scan has to find its file. */
function notifyFollower(agent: AgentState): void {
  const { changedPaths, follower } = agent;
  if (changedPaths.size > 0 && !follower.notifyChange(changedPaths)) agent.isQuiet = false;
  changedPaths.clear();
}

/** Time and cost of the last scan of the loop. */
interface Scanned {
  readonly at: number;
  readonly cpuMs: number;
  /** Random factor of the wait, so that agents that were started together do not scan together. */
  readonly jitter: number;
}

async function scanMeasured(agent: AgentState): Promise<Scanned> {
  const [at, before] = [agent.now(), agent.activeMs()];
  await scan(agent);
  return { at, cpuMs: agent.activeMs() - before, jitter: 0.9 + 0.2 * agent.random() };
}

/** Returns when the next scan is due: soon if a file or folder came or went. */
function findNextScan(agent: AgentState, { at, cpuMs, jitter }: Scanned): number {
  const { settings, isScanDue } = agent;
  const soonMs = settings.readIntervalMs / 2;
  if (isScanDue) return at + decideScanWait(soonMs, { cpuMs, isIdle: false });
  return at + jitter * decideScanWait(settings.scanIntervalMs, { cpuMs, isIdle: isIdle(agent) });
}

/** True if all places are watched and, since the last scan, no event came that requires a scan. */
function isIdle({ watcher, isQuiet }: AgentState): boolean {
  return watcher !== undefined && isQuiet;
}

async function scan(agent: AgentState): Promise<void> {
  const { settings, watcher, excluded, scanMemory } = agent;
  const { paths, linksInto } = settings;
  agent.isScanDue = false;
  agent.isQuiet = true;
  const places = new Set<string>();
  const onPlace = (place: string): Promise<void> | undefined => {
    places.add(place);
    return watcher?.enter(place);
  };
  const found = await discoverFiles(paths, excluded, scanMemory, onPlace, linksInto);
  watcher?.keep(places);
  agent.processTracker.sync(found.files);
  agent.follower.syncFiles(found, paths !== agent.scannedPaths);
  agent.scannedPaths = paths;
  agent.hasScanned = true;
  reportLinks(agent, found.refused);
}

/** Limit of refused links that are reported: the first ones are enough to act on. */
const MAX_LINKS_REPORTED = 20;

function reportLinks(agent: AgentState, refused: readonly RefusedLink[]): void {
  const { board, log } = agent;
  const reported = refused.slice(0, MAX_LINKS_REPORTED);
  for (const { path, target, reason } of reported)
    if (board.raise('JT_LINK_REFUSED', { path, target }, path))
      log.warn({ path, target, reason }, 'A symbolic link is not followed.');
  const paths = new Set(reported.map(({ path }) => path));
  for (const path of agent.refusedLinks) if (!paths.has(path)) board.clear('JT_LINK_REFUSED', path);
  agent.refusedLinks = paths;
}

type Saving = Pick<AgentState, 'checkpoint' | 'known' | 'board' | 'log'>;

/** Saves the changed file states. A checkpoint that cannot be written is reported and stops nothing. */
function saveCheckpoint({ checkpoint, known, board, log }: Saving): void {
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

async function pollOnce(agent: AgentState): Promise<PollResult> {
  if (agent.isClosed) throw new Error('the agent was closed before it was asked to poll');
  await scan(agent);
  const readBytes = await agent.follower.poll();
  await saveStatus(agent);
  const { files, lagBytes } = describeState(agent);
  return { files, readBytes, lagBytes };
}

function closeAgent(agent: AgentState): void {
  if (agent.isClosed) return;
  agent.isClosed = true;
  agent.follower.close();
  agent.checkpoint.close();
  agent.lock.release();
}
