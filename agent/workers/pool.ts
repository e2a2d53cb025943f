// Follows files with a pool of worker threads: each follows a part of the files, with a store connection of its own and
// its part of the limits. The main thread keeps what has one owner: which worker has which file (share.ts), the state
// of all files, and the status of the agent. A worker that fails ends the agent with its error; the next agent reads
// again what the store has not acknowledged. It has the interface of follower.ts.
import type { Worker } from 'node:worker_threads';
import { errorText } from '../../core/fault.js';
import { isObject } from '../../core/json.js';
import type { Log } from '../../core/log.js';
import { pause } from '../../core/time/wait.js';
import type { SignalWords } from '../../flink/bytes/words.js';
import type { RecordSink } from '../../store/store.js';
import type { FoundFile, Scan } from '../discovery/discover.js';
import type { Follower, FollowerParts, FollowerState } from '../follower.js';
import { idOf } from '../tail/tails.js';
import { createRedactor } from '../record/redact.js';
import { shareSettings } from '../settings.js';
import { joinBoards } from '../status.js';
import type { ClockShift, Order, Report, WorkerProgress, WorkerStart } from './message.js';
import { answerAppend } from './relay.js';
import { Shares } from './share.js';
import { createTurns } from './schedule.js';

/** Starts a thread that calls runWorker. */
export type OpenWorker = (start: WorkerStart) => Worker;

export interface WorkerPoolParts extends Pick<
  FollowerParts,
  'settings' | 'known' | 'isFirstStart' | 'hasBirthTimes' | 'log' | 'now' | 'wallClock' | 'onAnswer' | 'onCommit'
> {
  /** Store for workers that have none of their own. */
  readonly store: RecordSink;
  readonly openWorker: OpenWorker;
}

interface WorkerPool extends WorkerPoolParts {
  readonly shares: Shares;
  readonly members: Member[];
  /** True when the workers have received the remembered states. */
  isBegun: boolean;
  words: SignalWords | undefined;
  /** Worker that has the file which was at a path in the last scan. */
  owners: ReadonlyMap<string, number>;
  failure: Error | undefined;
  isClosed: boolean;
}

interface Member {
  readonly index: number;
  readonly worker: Worker;
  /** Files of the last scan that the worker knows. */
  files: ReadonlyMap<string, FoundFile>;
  state: FollowerState | undefined;
  /** Promise callbacks of what the worker was asked to do. */
  asked: { readonly resolve: (readBytes: number) => void; readonly reject: (error: Error) => void } | undefined;
}

/**
 * Time, in milliseconds, to wait for the answer of a worker that was asked to end, after the time that it may take for
 * that.
 */
const ANSWER_WITHIN_MS = 2000;

export function createWorkerPool(parts: WorkerPoolParts): Follower {
  const { settings, known, store, log, hasBirthTimes } = parts;
  const shares = new Shares(settings.workers, known, hasBirthTimes);
  const pool: WorkerPool = {
    ...{ ...parts, shares, members: [], isBegun: false, words: undefined, owners: new Map() },
    ...{ failure: undefined, isClosed: false },
  };
  const letterTurns = createTurns();
  for (let index = 0; index < settings.workers; index += 1)
    pool.members.push(openMember(pool, { index, encoding: store.encoding, logLevel: log.level, letterTurns }));
  return {
    syncFiles: (scan, isElsewhere) => syncFiles(pool, scan, isElsewhere),
    notifyChange: (paths) => notifyOwners(pool, paths),
    turn: (look) => {
      if (pool.failure !== undefined) throw pool.failure;
      if (look !== 'told') sendAll(pool, { kind: 'run' });
      return { isBusy: false, isHeld: false, dueAt: undefined };
    },
    poll: async () => {
      const readBytes = await askAll(pool, { kind: 'poll', shift: readShift(pool) });
      return readBytes.reduce((sum, bytes) => sum + bytes, 0);
    },
    flush: () => flush(pool),
    reload: (next) => {
      createRedactor(next.redactPatterns);
      Object.assign(settings, next);
      if (pool.isBegun) sendAll(pool, { kind: 'reload', settings: shareSettings(settings) });
    },
    setWords: (words) => {
      pool.words = words;
      if (pool.isBegun) sendAll(pool, { kind: 'words', words });
    },
    describe: () => describe(pool),
    close: () => close(pool),
  };
}

function openMember(pool: WorkerPool, start: WorkerStart): Member {
  const { index } = start;
  const worker = pool.openWorker(start);
  const member: Member = { index, worker, files: new Map(), state: undefined, asked: undefined };
  worker.unref();
  worker.on('message', (report: Report) => takeReport(pool, member, report));
  worker.on('error', (error) => fail(pool, member, error));
  worker.on('exit', (code) => fail(pool, member, new Error(`its thread ended with ${code}`)));
  return member;
}

/** Fails all requests. Only the first failure counts. */
function fail(pool: WorkerPool, { index }: Member, cause: unknown): void {
  if (pool.isClosed || pool.failure !== undefined) return;
  pool.failure = new Error(`worker ${index + 1} of the agent ended: ${errorText(cause)}`, { cause });
  for (const { asked } of pool.members) asked?.reject(pool.failure);
  pool.onAnswer();
}

function send({ worker }: Member, order: Order): void {
  worker.postMessage(order);
}

function sendAll({ members }: WorkerPool, order: Order): void {
  for (const member of members) send(member, order);
}

function askAll({ members, failure }: WorkerPool, order: Order): Promise<number[]> {
  if (failure !== undefined) throw failure;
  return Promise.all(
    members.map(
      (member) =>
        new Promise<number>((resolve, reject) => {
          member.asked = { resolve, reject };
          send(member, order);
        }),
    ),
  );
}

function readShift({ now, wallClock }: WorkerPool): ClockShift {
  return {
    nowMs: Math.round(now() - (performance.timeOrigin + performance.now())),
    wallMs: Math.round(wallClock() - Date.now()),
  };
}

function syncFiles(pool: WorkerPool, { files, problems }: Scan, isElsewhere: boolean): void {
  const { members, shares } = pool;
  const shift = readShift(pool);
  const shared = shares.share(files);
  pool.owners = new Map(shared.flatMap((own, index) => own.map(({ path }) => [path, index] as const)));
  if (!pool.isBegun) begin(pool, shift);
  for (const member of members) {
    const before = member.files;
    const now = new Map((shared[member.index] ?? []).map((file) => [idOf(file), file]));
    member.files = now;
    send(member, {
      kind: 'scan',
      changed: [...now].filter(([id, file]) => !isAlike(file, before.get(id))).map(([, file]) => file),
      gone: [...before.keys()].filter((id) => !now.has(id)),
      // Problems concern folders, which no worker owns.
      problems: member.index === 0 ? problems : [],
      isElsewhere,
      shift,
    });
  }
}

function begin(pool: WorkerPool, shift: ClockShift): void {
  const { isFirstStart, hasBirthTimes, members, shares } = pool;
  const settings = shareSettings(pool.settings);
  const states = shares.shareStates();
  for (const member of members)
    send(member, {
      kind: 'begin',
      settings,
      states: states[member.index] ?? [],
      isFirstStart,
      hasBirthTimes,
      shift,
    });
  if (pool.words !== undefined) sendAll(pool, { kind: 'words', words: pool.words });
  pool.isBegun = true;
}

/** Sends each path to the worker that has its file. Returns false if one of them has no worker. */
function notifyOwners(pool: WorkerPool, paths: Iterable<string>): boolean {
  const changed = pool.members.map((): string[] => []);
  let isKnown = true;
  for (const path of paths) {
    const owner = pool.owners.get(path);
    if (owner === undefined) isKnown = false;
    else changed[owner]?.push(path);
  }
  for (const member of pool.members) {
    const own = changed[member.index] ?? [];
    if (own.length > 0) send(member, { kind: 'told', paths: own });
  }
  return isKnown;
}

function isAlike(file: FoundFile, before: FoundFile | undefined): boolean {
  return (
    before !== undefined &&
    file.path === before.path &&
    file.size === before.size &&
    file.mtimeMs === before.mtimeMs &&
    file.birthMs === before.birthMs
  );
}

function takeReport(pool: WorkerPool, member: Member, report: Report): void {
  if (pool.isClosed) return;
  switch (report.kind) {
    case 'progress':
      return takeProgress(pool, member, report);
    case 'polled':
      return member.asked?.resolve(report.readBytes);
    case 'flushed':
      return member.asked?.resolve(0);
    case 'append':
      return void answerAppend(pool.store, report.batch).then((answer) => {
        if (!pool.isClosed) send(member, { kind: 'answer', ticket: report.ticket, answer });
      });
    case 'log':
      return writeLog(pool.log, report.line);
  }
}

function takeProgress(pool: WorkerPool, member: Member, { changed, removed, state }: WorkerProgress): void {
  const { known, shares, members, onCommit } = pool;
  for (const file of changed) {
    known.set(file);
    const owner = members[shares.take(file.key, member.index) ?? member.index];
    if (owner !== undefined && owner !== member) send(owner, { kind: 'release', key: file.key });
  }
  for (const file of removed.map((key) => known.get(key)).filter((found) => found !== undefined)) {
    known.delete(file.key);
    shares.forget(file);
  }
  member.state = state ?? member.state;
  onCommit();
}

/** Fields that the main thread's log writes itself. */
const OWN_FIELDS: readonly string[] = ['level', 'time', 'name', 'msg'];

/** Writes a line of a worker's log, with its level and fields. */
function writeLog(log: Log, line: string): void {
  const written: unknown = JSON.parse(line);
  if (!isObject(written)) return;
  const { level, msg } = written;
  const fields = Object.fromEntries(Object.entries(written).filter(([name]) => !OWN_FIELDS.includes(name)));
  const text = typeof msg === 'string' ? msg : '';
  if (level === 'error') log.error(fields, text);
  else if (level === 'warn') log.warn(fields, text);
  else if (level === 'info') log.info(fields, text);
  else log.debug(fields, text);
}

/**
 * Flushes all workers. A worker that does not end in time is abandoned; the next agent reads again what it had not
 * shipped.
 */
async function flush(pool: WorkerPool): Promise<void> {
  if (!pool.isBegun) return;
  const over = new AbortController();
  const { stopWithinMs } = pool.settings;
  const late = pause(stopWithinMs + ANSWER_WITHIN_MS, over.signal);
  // The end is an absolute time, because a worker on a busy machine may receive the order late.
  const until = performance.timeOrigin + performance.now() + stopWithinMs;
  try {
    await Promise.race([askAll(pool, { kind: 'flush', until, shift: readShift(pool) }), late]);
  } finally {
    over.abort();
  }
}

function describe({ members, now }: WorkerPool): FollowerState {
  const states = members.map(({ state }) => state).filter((state) => state !== undefined);
  const sum = (of: (state: FollowerState) => number): number => states.reduce((all, state) => all + of(state), 0);
  return {
    ...joinBoards(states),
    measured: {
      files: sum(({ measured }) => measured.files),
      openFiles: sum(({ measured }) => measured.openFiles),
      lagBytes: sum(({ measured }) => measured.lagBytes),
      waitingBytes: sum(({ measured }) => measured.waitingBytes),
      atRiskBytes: sum(({ measured }) => measured.atRiskBytes),
      heldBytes: sum(({ measured }) => measured.heldBytes),
    },
    acknowledgedAt: states.map((state) => state.acknowledgedAt).reduce(later, undefined),
    outages: [...new Set(states.flatMap(({ outages }) => outages))],
    turnedAt: states.reduce((first, { turnedAt }) => Math.min(first, turnedAt), now()),
  };
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

function close(pool: WorkerPool): void {
  if (pool.isClosed) return;
  pool.isClosed = true;
  for (const { worker } of pool.members) void worker.terminate();
}
