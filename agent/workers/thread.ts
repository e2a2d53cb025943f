// Runs a worker of the agent: a follower in a thread of its own, with a part of the files and of the limits. Orders
// come in, reports go out (message.ts). It keeps nothing on disk but dead letters; the state of its files goes to the
// main thread, which saves it.
import type { MessagePort } from 'node:worker_threads';
import { createLog, type Log, type LogLevel } from '../../core/log.js';
import type { RecordSink } from '../../store/store.js';
import type { FoundFile } from '../discovery/discover.js';
import { createAlarm, pauseUntilWoken, type Alarm } from '../alarm.js';
import { FileFollower } from '../follower.js';
import { readCpu } from '../tail/limits.js';
import type { FileSelection } from '../pipeline.js';
import { idOf } from '../tail/tail.js';
import { Known } from '../checkpoint/known.js';
import type { BeginOrder, ClockShift, Order, Report, ScanOrder, WorkerStart } from './message.js';
import { createRelay, type Relay } from './relay.js';
import { runExclusive } from './schedule.js';

interface Thread {
  readonly port: MessagePort;
  readonly deadLetterLock: SharedArrayBuffer;
  readonly relay: Relay;
  readonly store: RecordSink;
  readonly log: Log;
  readonly alarm: Alarm;
  shift: ClockShift;
  /** Undefined until the first order. */
  work: Work | undefined;
}

interface Work {
  readonly follower: FileFollower;
  readonly known: Known;
  readonly readIntervalMs: () => number;
  readonly files: Map<string, FoundFile>;
  /** True if a scan came, so that files that have been idle for long are read as well. */
  isScanned: boolean;
  /** True if files that grew lately are read as well. */
  isRecentDue: boolean;
  loop: Loop | undefined;
  /** Time at which the state was last reported. */
  reportedAt: number;
}

interface Loop {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

const STATE_EVERY_MS = 500;
const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/**
 * Runs a worker until it is ended. `choose` returns a store of its own, or the given one, which is the main thread's.
 */
export function runWorker(port: MessagePort, start: WorkerStart, choose: (relay: RecordSink) => RecordSink): void {
  const relay = createRelay(start.encoding, (ticket, batch) => send(port, { kind: 'append', ticket, batch }));
  const level = LOG_LEVELS.find((name) => name === start.logLevel) ?? 'info';
  const log = createLog(level, { write: (line) => send(port, { kind: 'log', line }) });
  const thread: Thread = {
    port,
    deadLetterLock: start.deadLetterLock,
    relay,
    store: choose(relay),
    log: log.child({ worker: start.index + 1 }),
    alarm: createAlarm(),
    shift: { nowMs: 0, wallMs: 0 },
    work: undefined,
  };
  port.on('message', (order: Order) => handleOrder(thread, order));
}

function send(port: MessagePort, report: Report): void {
  port.postMessage(report);
}

function handleOrder(thread: Thread, order: Order): void {
  if ('shift' in order) thread.shift = order.shift;
  if (order.kind === 'begin') thread.work = begin(thread, order);
  else if (order.kind === 'answer') thread.relay.take(order.ticket, order.answer);
  else if (thread.work !== undefined) handleWorkOrder(thread, thread.work, order);
}

function handleWorkOrder(
  thread: Thread,
  work: Work,
  order: Exclude<Order, { readonly kind: 'begin' } | { readonly kind: 'answer' }>,
): void {
  switch (order.kind) {
    case 'scan':
      return takeScan(work, order);
    case 'run':
      work.loop ??= startLoop(thread, work);
      work.isRecentDue = true;
      return thread.alarm.wake();
    case 'changed':
      work.follower.notifyChange(order.paths);
      return thread.alarm.wake();
    case 'poll':
      return void poll(thread, work);
    case 'flush':
      return void flush(thread, work, order.until);
    case 'reload':
      return work.follower.reload(order.settings);
    case 'words':
      return work.follower.setWords(order.words);
    case 'release':
      return work.follower.release(order.key);
  }
}

function begin(thread: Thread, { settings: given, states, isFirstStart, hasBirthTimes }: BeginOrder): Work {
  const settings = { ...given };
  const known = new Known(states);
  const { store, log, alarm, deadLetterLock } = thread;
  const follower = new FileFollower({
    settings,
    store,
    log,
    known,
    isFirstStart,
    hasBirthTimes,
    wallClock: () => Date.now() + thread.shift.wallMs,
    now: () => readNow(thread),
    random: Math.random,
    cpuMs: readCpu,
    onAnswer: () => alarm.answer(),
    onCommit: () => {
      if (thread.work !== undefined) reportProgress(thread, thread.work, false);
    },
    withDeadLetterLock: (write) => runExclusive(deadLetterLock, write),
  });
  return {
    follower,
    known,
    readIntervalMs: () => settings.readIntervalMs,
    files: new Map(),
    isScanned: false,
    isRecentDue: false,
    loop: undefined,
    reportedAt: 0,
  };
}

function readNow({ shift }: Thread): number {
  return performance.timeOrigin + performance.now() + shift.nowMs;
}

function takeScan(work: Work, { changed, gone, problems, isElsewhere }: ScanOrder): void {
  const { files, follower } = work;
  for (const id of gone) files.delete(id);
  for (const file of changed) files.set(idOf(file), file);
  follower.syncFiles({ files: [...files.values()], problems, refused: [] }, isElsewhere);
  work.isScanned = true;
}

function startLoop(thread: Thread, work: Work): Loop {
  const stop = new AbortController();
  return { stop, ended: loop(thread, work, stop.signal) };
}

async function loop(thread: Thread, work: Work, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const selection: FileSelection = work.isScanned ? 'all' : work.isRecentDue ? 'recent' : 'reported';
    work.isScanned = false;
    work.isRecentDue = false;
    const { isBusy, isForAnswer, dueAt } = work.follower.runCycle(selection);
    if (isBusy) await new Promise<void>((resume) => void setImmediate(resume));
    else {
      const dueInMs = Math.min(work.readIntervalMs(), (dueAt ?? Number.POSITIVE_INFINITY) - readNow(thread));
      await pauseUntilWoken(thread.alarm, signal, { dueInMs, isForAnswer });
    }
  }
}

async function poll(thread: Thread, work: Work): Promise<void> {
  const readBytes = await work.follower.poll();
  reportProgress(thread, work, true);
  send(thread.port, { kind: 'polled', readBytes });
}

async function flush(thread: Thread, work: Work, until: number): Promise<void> {
  work.loop?.stop.abort();
  await work.loop?.ended;
  work.loop = undefined;
  await work.follower.flush(Math.max(0, until - performance.timeOrigin - performance.now()));
  reportProgress(thread, work, true);
  send(thread.port, { kind: 'flushed' });
}

/** Reports progress: changes of file states at once, the state of the follower from time to time. */
function reportProgress(thread: Thread, work: Work, isWhole: boolean): void {
  const { follower, known } = work;
  const { changed, removed } = known.takeChanges();
  const isDue = isWhole || performance.now() - work.reportedAt >= STATE_EVERY_MS;
  if (!isDue && changed.length === 0 && removed.length === 0) return;
  if (isDue) work.reportedAt = performance.now();
  const state = isDue ? follower.describe() : undefined;
  send(thread.port, { kind: 'progress', changed, removed, state });
}
