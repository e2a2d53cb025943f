// The loop of the agent: scan, read, ship, commit. Everything it does is in the files beside it; here stands in which
// order, and when. cli.ts runs it until its signal aborts; tests step it by hand with pollOnce. Offsets are saved only
// behind acknowledged records, so it may die anywhere: what is sent again has the same ids.
import { resolve } from 'node:path';
import type { Log } from '../core/log.js';
import type { AgentRegistry, AgentStatus, RecordSink } from '../store/store.js';
import { openCheckpoint } from './checkpoint/checkpoint.js';
import { discoverFiles, openWatcher, type ScanMemory } from './files/discover.js';
import { errorText } from './fault.js';
import { createKnown } from './identity/known.js';
import { hasBirthTimes, openLock } from './checkpoint/lock.js';
import { createReader } from './tail/read.js';
import { createRedactor } from './record/redact.js';
import type { AgentSettings } from './settings.js';
import { createShipper } from './ship/ship.js';
import { createBoard, describeAgent } from './status.js';
import { advanceTail, describeTail, lagBytes } from './tail/tail.js';
import { createTails } from './tail/tails.js';

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
  /** Lets go of files and lock, as they stand. What is in flight is sent again by the next agent. */
  close(): void;
}

export interface AgentParts {
  readonly store: RecordSink & Pick<AgentRegistry, 'saveAgentStatus'>;
  readonly log: Log;
  readonly now?: () => number;
  readonly random?: () => number;
}

const SLICE_MS = 50;
/** A log that is written all the time wakes the agent all the time: read it in larger pieces. */
const MIN_REST_MS = 25;
const FORGET_EVERY_MS = 60_000;

/** Throws JT_AGENT_LOCKED, JT_FILE_UNWRITABLE (the data folder) and JT_PATTERN_UNSUPPORTED (redactPatterns). */
export function createAgent(settings: AgentSettings, parts: AgentParts): Agent {
  const { log, store } = parts;
  const wall = parts.now ?? Date.now;
  // Waits are measured with a clock that nobody sets: a jump of the machine's clock by a day must not stop the agent
  // for a day.
  const now = parts.now ?? ((): number => performance.timeOrigin + performance.now());
  const redact = createRedactor(settings.redactPatterns);
  const lock = openLock(settings.dataDir, wall);
  const checkpoint = openCheckpoint(settings.dataDir);
  const board = createBoard(wall);
  const known = createKnown(checkpoint.loaded.values());
  const excluded = [resolve(settings.dataDir)];
  const memory: ScanMemory = { folders: new Map() };
  let wake = (): void => undefined;
  let isScanDue = true;
  let nextStatus = 0;
  let nextForget = now() + FORGET_EVERY_MS;
  let isClosed = false;
  const shipper = createShipper({
    store,
    settings,
    board,
    log,
    now,
    random: parts.random ?? Math.random,
    onAnswer: () => wake(),
  });
  const reader = createReader({ settings, redact, shipper, board, log, now, wall, watch: () => watch });
  const watch = createTails({
    settings,
    known,
    isFirstStart: checkpoint.isFirstStart,
    hasBirthTimes: hasBirthTimes(settings.dataDir),
    board,
    log,
    now,
    onPieces: reader.shipPieces,
  });
  if (checkpoint.damage !== undefined) {
    board.raise(checkpoint.damage.code, checkpoint.damage.message);
    log.warn(
      { code: checkpoint.damage.code, ...checkpoint.damage.details },
      'The checkpoint was damaged; reading goes on from its last valid state.',
    );
  }

  async function scan(): Promise<void> {
    isScanDue = false;
    watch.syncFiles(await discoverFiles(settings.paths, excluded, memory));
  }

  /** Moves offsets over what was acknowledged and saves them. A checkpoint that cannot be written stops nothing. */
  function commit(): void {
    if (isClosed) return;
    for (const tail of [...watch.tails, ...watch.ended]) {
      advanceTail(tail);
      if (tail.isDirty && tail.isSettled) known.set(describeTail(tail));
      tail.isDirty = false;
    }
    watch.sweep();
    forgetOld();
    const { changed, removed } = known.takeChanges();
    if (changed.length === 0 && removed.length === 0 && !board.has('JT_CHECKPOINT_UNWRITABLE')) return;
    try {
      checkpoint.save(changed, removed);
      board.clear('JT_CHECKPOINT_UNWRITABLE');
    } catch (error) {
      if (board.raise('JT_CHECKPOINT_UNWRITABLE', errorText(error)))
        log.error(
          { problem: errorText(error) },
          'The checkpoint cannot be written; after a restart some records are sent again under the same ids.',
        );
    }
  }

  function forgetOld(): void {
    if (now() < nextForget) return;
    nextForget = now() + FORGET_EVERY_MS;
    const live = new Set(watch.tails.map((tail) => tail.key));
    for (const state of known.values())
      if (now() - state.seen > settings.forgetAfterMs && !live.has(state.key)) known.delete(state.key);
  }

  function status(): AgentStatus {
    const tails = watch.tails;
    const lag = [...tails, ...watch.ended].reduce((sum, tail) => sum + lagBytes(tail), 0);
    return describeAgent({ host: settings.host, now: wall(), files: tails.length, lagBytes: lag, board });
  }

  async function saveStatus(): Promise<void> {
    if (now() < nextStatus) return;
    nextStatus = now() + settings.statusIntervalMs;
    lock.touch();
    try {
      await store.saveAgentStatus(status());
    } catch (error) {
      log.debug({ problem: errorText(error) }, 'The status could not be saved.');
    }
  }

  async function pollOnce(): Promise<PollResult> {
    if (isClosed) throw new Error('the agent was closed before it was asked to poll');
    await scan();
    await watch.finishArchive();
    let readBytes = 0;
    for (;;) {
      watch.settleTails();
      const round = reader.readRound(SLICE_MS, true);
      readBytes += round.bytes;
      reader.flushIdle(false);
      do {
        shipper.pump(true);
        await shipper.settle();
      } while (shipper.hasFresh);
      commit();
      if (!round.hasMore || round.bytes === 0) break;
    }
    await saveStatus();
    return { files: watch.tails.length, readBytes, lagBytes: status().lagBytes };
  }

  async function flush(): Promise<void> {
    reader.flushIdle(true);
    await drain(now() + settings.stopWithinMs);
  }

  /** Sends what is read until the store has it or the time is over. */
  async function drain(until: number): Promise<void> {
    const giveUp = performance.now() + settings.stopWithinMs;
    while (shipper.heldBytes > 0 && now() < until && performance.now() < giveUp) {
      shipper.pump(true);
      if (shipper.inFlight > 0) await shipper.settle();
      else await sleep(Math.min(100, Math.max(1, (shipper.dueAt ?? 0) - now())));
    }
    commit();
  }

  async function run(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resume) => signal.addEventListener('abort', () => resume(), { once: true }));
    const watcher = settings.watch
      ? openWatcher(settings.paths, excluded, wakeFor, (problem) =>
          log.info({ problem }, 'Folders cannot be watched; the periodic scan goes on.'),
        )
      : undefined;
    function wakeFor(what: 'change' | 'list'): void {
      if (what === 'list') isScanDue = true;
      wake();
    }
    try {
      await loop(signal, stopped);
      reader.flushIdle(true);
      await drain(now() + settings.stopWithinMs);
      nextStatus = 0;
      await saveStatus();
    } finally {
      await watcher?.close();
      close();
    }
  }

  async function loop(signal: AbortSignal, stopped: Promise<void>): Promise<void> {
    let nextScan = 0;
    let lastScan = 0;
    while (!signal.aborted) {
      const isScan =
        now() >= nextScan || ((isScanDue || watch.isCrowded) && now() - lastScan >= settings.readIntervalMs / 2);
      if (isScan) {
        lastScan = now();
        await scan();
        nextScan = now() + settings.scanIntervalMs * (0.9 + 0.2 * (parts.random ?? Math.random)());
      }
      watch.settleTails();
      const round = reader.readRound(SLICE_MS, isScan);
      reader.flushIdle(false);
      shipper.pump(false);
      commit();
      await saveStatus();
      if (round.hasMore && !round.isBlocked) await new Promise<void>((resume) => void setImmediate(resume));
      else
        await rest(
          stopped,
          Math.min(nextScan, now() + settings.readIntervalMs, shipper.dueAt ?? Number.POSITIVE_INFINITY) - now(),
        );
    }
  }

  /** Until the time is over, a file changed, the store answered, or the agent stops; a short while in any case. */
  async function rest(stopped: Promise<void>, waitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([sleep(Math.min(MIN_REST_MS, waitMs)), stopped]);
    const woken = new Promise<void>((resume) => {
      wake = resume;
      timer = setTimeout(resume, Math.max(1, waitMs - MIN_REST_MS));
    });
    await Promise.race([woken, stopped]);
    clearTimeout(timer);
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    watch.close();
    checkpoint.close();
    lock.release();
  }

  return { pollOnce, run, flush, status, close };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resume) => void setTimeout(resume, ms));
}
