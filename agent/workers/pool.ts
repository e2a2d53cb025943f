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
import type { Follower, FollowerParts, FollowerState, Cycle } from '../follower.js';
import type { FileSelection } from '../pipeline.js';
import { createRedactor } from '../record/redact.js';
import { shareSettings, type AgentSettings } from '../settings.js';
import { joinBoards } from '../status.js';
import { idOf } from '../tail/tail.js';
import type { ClockShift, Order, Report, WorkerProgress, WorkerStart } from './message.js';
import { answerAppend } from './relay.js';
import { Shares } from './share.js';
import { createMutex } from './schedule.js';

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

export class WorkerPool implements Follower {
  readonly #parts: WorkerPoolParts;
  readonly #shares: Shares;
  readonly #members: Member[] = [];
  /** True when the workers have received the remembered states. */
  #isBegun = false;
  #words: SignalWords | undefined;
  /** Worker that has the file which was at a path in the last scan. */
  #owners: ReadonlyMap<string, number> = new Map();
  #failure: Error | undefined;
  #isClosed = false;

  constructor(parts: WorkerPoolParts) {
    const { settings, known, store, log, hasBirthTimes } = parts;
    this.#parts = parts;
    this.#shares = new Shares(settings.workers, known, hasBirthTimes);
    const deadLetterLock = createMutex();
    for (let index = 0; index < settings.workers; index += 1)
      this.#members.push(this.#openMember({ index, encoding: store.encoding, logLevel: log.level, deadLetterLock }));
  }

  runCycle(selection: FileSelection): Cycle {
    if (this.#failure !== undefined) throw this.#failure;
    if (selection !== 'reported') this.#sendAll({ kind: 'run' });
    return { isBusy: false, isForAnswer: false, dueAt: undefined };
  }

  async poll(): Promise<number> {
    const readBytes = await this.#askAll({ kind: 'poll', shift: this.#readShift() });
    return readBytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  reload(next: AgentSettings): void {
    const { settings } = this.#parts;
    createRedactor(next.redactPatterns);
    Object.assign(settings, next);
    if (this.#isBegun) this.#sendAll({ kind: 'reload', settings: shareSettings(settings) });
  }

  setWords(words: SignalWords): void {
    this.#words = words;
    if (this.#isBegun) this.#sendAll({ kind: 'words', words });
  }

  #openMember(start: WorkerStart): Member {
    const { index } = start;
    const worker = this.#parts.openWorker(start);
    const member: Member = { index, worker, files: new Map(), state: undefined, asked: undefined };
    worker.unref();
    worker.on('message', (report: Report) => this.#takeReport(member, report));
    worker.on('error', (error) => this.#fail(member, error));
    worker.on('exit', (code) => this.#fail(member, new Error(`its thread ended with ${code}`)));
    return member;
  }

  /** Fails all requests. Only the first failure counts. */
  #fail({ index }: Member, cause: unknown): void {
    if (this.#isClosed || this.#failure !== undefined) return;
    this.#failure = new Error(`worker ${index + 1} of the agent ended: ${errorText(cause)}`, { cause });
    for (const { asked } of this.#members) asked?.reject(this.#failure);
    this.#parts.onAnswer();
  }

  #sendAll(order: Order): void {
    for (const member of this.#members) send(member, order);
  }

  #askAll(order: Order): Promise<number[]> {
    if (this.#failure !== undefined) throw this.#failure;
    return Promise.all(
      this.#members.map(
        (member) =>
          new Promise<number>((resolve, reject) => {
            member.asked = { resolve, reject };
            send(member, order);
          }),
      ),
    );
  }

  #readShift(): ClockShift {
    return {
      nowMs: Math.round(this.#parts.now() - (performance.timeOrigin + performance.now())),
      wallMs: Math.round(this.#parts.wallClock() - Date.now()),
    };
  }

  syncFiles({ files, problems }: Scan, isElsewhere: boolean): void {
    const shift = this.#readShift();
    const shared = this.#shares.share(files);
    this.#owners = new Map(shared.flatMap((own, index) => own.map(({ path }) => [path, index] as const)));
    if (!this.#isBegun) this.#begin(shift);
    for (const member of this.#members) {
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

  #begin(shift: ClockShift): void {
    const { isFirstStart, hasBirthTimes } = this.#parts;
    const settings = shareSettings(this.#parts.settings);
    const states = this.#shares.shareStates();
    for (const member of this.#members)
      send(member, {
        kind: 'begin',
        settings,
        states: states[member.index] ?? [],
        isFirstStart,
        hasBirthTimes,
        shift,
      });
    if (this.#words !== undefined) this.#sendAll({ kind: 'words', words: this.#words });
    this.#isBegun = true;
  }

  /** Sends each path to the worker that has its file. Returns false if one of them has no worker. */
  notifyChange(paths: Iterable<string>): boolean {
    const changed = this.#members.map((): string[] => []);
    let isKnown = true;
    for (const path of paths) {
      const owner = this.#owners.get(path);
      if (owner === undefined) isKnown = false;
      else changed[owner]?.push(path);
    }
    for (const member of this.#members) {
      const own = changed[member.index] ?? [];
      if (own.length > 0) send(member, { kind: 'changed', paths: own });
    }
    return isKnown;
  }

  #takeReport(member: Member, report: Report): void {
    if (this.#isClosed) return;
    switch (report.kind) {
      case 'progress':
        return this.#takeProgress(member, report);
      case 'polled':
        return member.asked?.resolve(report.readBytes);
      case 'flushed':
        return member.asked?.resolve(0);
      case 'append':
        return void answerAppend(this.#parts.store, report.batch).then((answer) => {
          if (!this.#isClosed) send(member, { kind: 'answer', ticket: report.ticket, answer });
        });
      case 'log':
        return writeLog(this.#parts.log, report.line);
    }
  }

  #takeProgress(member: Member, { changed, removed, state }: WorkerProgress): void {
    const { known, onCommit } = this.#parts;
    for (const file of changed) {
      known.set(file);
      const owner = this.#members[this.#shares.take(file.key, member.index) ?? member.index];
      if (owner !== undefined && owner !== member) send(owner, { kind: 'release', key: file.key });
    }
    for (const file of removed.map((key) => known.get(key)).filter((found) => found !== undefined)) {
      known.delete(file.key);
      this.#shares.forget(file);
    }
    member.state = state ?? member.state;
    onCommit();
  }

  /**
   * Flushes all workers. A worker that does not end in time is abandoned; the next agent reads again what it had not
   * shipped.
   */
  async flush(): Promise<void> {
    if (!this.#isBegun) return;
    const over = new AbortController();
    const { stopWithinMs } = this.#parts.settings;
    const late = pause(stopWithinMs + ANSWER_WITHIN_MS, over.signal);
    // The end is an absolute time, because a worker on a busy machine may receive the order late.
    const until = performance.timeOrigin + performance.now() + stopWithinMs;
    try {
      await Promise.race([this.#askAll({ kind: 'flush', until, shift: this.#readShift() }), late]);
    } finally {
      over.abort();
    }
  }

  describe(): FollowerState {
    const states = this.#members.map(({ state }) => state).filter((state) => state !== undefined);
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
      cycleStartedAt: states.reduce((first, { cycleStartedAt }) => Math.min(first, cycleStartedAt), this.#parts.now()),
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { worker } of this.#members) void worker.terminate();
  }
}

function send({ worker }: Member, order: Order): void {
  worker.postMessage(order);
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

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
