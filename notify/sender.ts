// Messages on their way to receivers: sent at least once, and once when nothing goes wrong. A failure that may pass
// is tried again until a deadline; what cannot be delivered stays visible with its reason. Each receiver has its own
// pace, and its errors stay with it: whatever a channel throws is an answer like any other. What is said, and where it
// is kept, is decided elsewhere.
import type { ReceiverSettings } from '../core/config/rows/receiver.js';
import { JobtraceError } from '../core/errors.js';
import { errorTrace } from '../core/fault.js';
import type { Proxies } from '../core/proxy/choose.js';
import type { Log } from '../core/log.js';
import type { Channel } from './channels/channel.js';
import type { SendResult } from './channels/result.js';
import { sendParts } from './channels/send.js';
import { CHANNELS } from './channels/table.js';
import { FALLBACK_REASON, type HandOver } from './fallback.js';
import { hash } from './forward.js';
import { createBucket, RECEIVER_BACKOFF, type Bucket, type PaceLimit } from './pace.js';
import { backoffMs } from '../core/time/wait.js';
import type { OutboxRow, Outbox } from './outbox.js';
import { DELIVER_DEADLINE_MS, type JsonObject } from './payload.js';

export interface SenderOptions {
  readonly outbox: Outbox;
  readonly receiver: ReceiverSettings;
  /** Absent: none. */
  readonly proxies?: Proxies | undefined;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  readonly onDelivery: (kind: string, result: 'sent' | 'retry' | 'undeliverable') => void;
  /** A first message was taken, so long after the last line of the failure that it is about. */
  readonly onTold: (ms: number) => void;
  /** True while its route, or what people said, holds a message back. */
  readonly isHeld: (row: OutboxRow) => boolean;
  /** Gives what this receiver did not take to another; undefined where there is none. */
  readonly handOver?: HandOver | undefined;
}

/** Carries the messages of one receiver. */
export interface Sender {
  deliverDue(): Promise<void>;
  /** Tells a receiver that forgets what is still open. */
  refreshOpen(): Promise<void>;
}

interface Pace {
  readonly bucket: Bucket;
  /** The receiver asked for a pause until then. */
  holdUntilMs: number;
  /** Until then what is due goes to the fallback, with this refusal. */
  longRefusal: SendResult | undefined;
  refreshedMs: number;
  /** What went wrong last; empty when nothing did. */
  problem: string;
  readonly tries: Map<string, { readonly failures: number; readonly nextMs: number }>;
}

const REFRESH_MS = 60_000;
const MOST_PARTS = 100;
/** More groups than these that are due at once become a digest; more messages than these are followed by a rest. */
const MOST_SINGLE = 5;
const REST_MS = 10_000;
const MOST_DIGEST = 5000;
const LONG_REFUSAL_MS = 300_000;

export function createSender(options: SenderOptions): Sender {
  const { outbox, receiver, proxies, now } = options;
  const channel = CHANNELS[receiver.kind];
  const pace: Pace = {
    bucket: createBucket(listLimits(receiver, channel)),
    holdUntilMs: 0,
    longRefusal: undefined,
    refreshedMs: now(),
    problem: '',
    tries: new Map(),
  };
  return {
    async deliverDue() {
      await outbox.saveUnsaved();
      // Looked at anew after each message: while one is on its way, the next may be replaced by a better one.
      for (let rows = chooseDue(options, pace); rows.length > 0; rows = chooseDue(options, pace)) {
        const refusal = pace.holdUntilMs > now() ? pace.longRefusal : undefined;
        if (refusal !== undefined) await settleAll(rows, refusal, options, pace);
        else if (pace.holdUntilMs > now() || !pace.bucket.take(now())) return;
        else await deliver(rows, options, pace);
      }
    },
    async refreshOpen() {
      const { refresh } = channel;
      if (refresh === undefined || now() - pace.refreshedMs < REFRESH_MS || pace.holdUntilMs > now()) return;
      pace.refreshedMs = now();
      const open = outbox.listOpen(receiver.name).filter(({ payload }) => (payload.openUntilMs ?? 0) > now());
      const parts = open.flatMap(({ payload }) => {
        const message = refresh(payload.message);
        return message === undefined ? [] : [{ message, brief: {} }];
      });
      if (parts.length === 0) return;
      reportChange(options, pace, await sendParts(parts, { receiver, proxies, id: '', nowMs: now() }, 0));
    },
  };
}

/** Due messages that go out as one, or none; a message waits for an earlier one of its topic. */
function chooseDue({ outbox, receiver, now, isHeld }: SenderOptions, pace: Pace): readonly OutboxRow[] {
  const seen = new Set<string>();
  const due = outbox.listPending(receiver.name).filter((row) => {
    const { alert, payload, isInFlight } = row;
    if (seen.has(payload.topic)) return false;
    seen.add(payload.topic);
    const isDue = !isInFlight && payload.notBeforeMs <= now() && (pace.tries.get(alert.id)?.nextMs ?? 0) <= now();
    return isDue && !isHeld(row);
  });
  return chooseTogether(due, CHANNELS[receiver.kind].joins);
}

/** Of what is due the messages that go out as one. */
function chooseTogether(due: readonly OutboxRow[], joins: Channel['joins']): readonly OutboxRow[] {
  if (joins === 'none') return due.slice(0, 1);
  const groups = new Set(due.map(({ payload }) => payload.group));
  if (joins === 'digest' && groups.size > MOST_SINGLE) return due.slice(0, MOST_DIGEST);
  const [group] = groups;
  return due.filter(({ payload }) => joins === 'all' || payload.group === group).slice(0, MOST_PARTS);
}

/** What the service says, and in a chat a rest after some messages, in which others gather for a digest. */
function listLimits({ perMinute }: ReceiverSettings, { settings, joins }: Channel): readonly PaceLimit[] {
  const { perSecond } = settings;
  return [
    { count: perMinute ?? settings.perMinute, perMs: 60_000 },
    ...(perSecond === undefined ? [] : [{ count: perSecond, perMs: 1000 }]),
    ...(joins === 'digest' ? [{ count: MOST_SINGLE, perMs: REST_MS }] : []),
  ];
}

/** Held until it is known what became of them: a better message must not slip in between. */
async function deliver(rows: readonly OutboxRow[], options: SenderOptions, pace: Pace): Promise<void> {
  const { outbox, receiver, proxies, now } = options;
  const ids = rows.map(({ alert }) => alert.id);
  const release = outbox.hold(ids);
  try {
    const delivery = {
      receiver,
      proxies,
      id: `msg_${hash(ids.join('\n'))}`,
      nowMs: now(),
      thread: await findThread(rows, options),
    };
    const result = await sendParts(
      rows.map(({ payload }) => payload),
      delivery,
      rows.reduce((most, { alert }) => Math.max(most, alert.attempts), 0),
    );
    if (!result.ok && result.retryAfterMs !== undefined) pace.holdUntilMs = now() + result.retryAfterMs;
    pace.longRefusal = isLong(result, options) ? result : undefined;
    reportChange(options, pace, result);
    await settleAll(rows, result, options, pace);
  } finally {
    release();
  }
}

/** The receipt of the first message about the same incident; what is about several begins a thread of its own. */
async function findThread(
  rows: readonly OutboxRow[],
  { outbox, receiver }: SenderOptions,
): Promise<JsonObject | undefined> {
  const [row] = rows;
  const isAlone = row !== undefined && rows.length === 1 && row.payload.inbound === undefined;
  if (!isAlone || CHANNELS[receiver.kind].hasThreads !== true) return undefined;
  const told = await outbox.findTold(row.alert.incidentId, row.alert.receiver);
  return told.find(({ payload }) => payload.receipt !== undefined)?.payload.receipt;
}

/** All of them, also when the store fails on the first: none may go out again. */
async function settleAll(
  rows: readonly OutboxRow[],
  result: SendResult,
  options: SenderOptions,
  pace: Pace,
): Promise<void> {
  const settled = await Promise.allSettled(rows.map((row) => settle(row, result, options, pace)));
  for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason;
}

/** As good as a refusal for good, where another receiver can take the message. */
function isLong(result: SendResult, { handOver }: SenderOptions): boolean {
  return handOver !== undefined && !result.ok && (result.retryAfterMs ?? 0) >= LONG_REFUSAL_MS;
}

/** Remembers what became of a message. */
async function settle(
  { alert, payload }: OutboxRow,
  result: SendResult,
  options: SenderOptions,
  pace: Pace,
): Promise<void> {
  const { outbox, receiver, now, random, onDelivery, onTold } = options;
  const attempts = alert.attempts + 1;
  const sentAt = new Date(now()).toISOString();
  if (result.ok) {
    pace.tries.delete(alert.id);
    onDelivery(receiver.kind, 'sent');
    if (alert.reason === 'new-incident' && payload.seenMs !== undefined) onTold(Math.max(0, now() - payload.seenMs));
    const { error, ...rest } = alert;
    void error;
    const isNeeded = payload.openUntilMs !== undefined || payload.inbound !== undefined;
    const kept = isNeeded ? payload : { ...payload, message: {}, brief: {} };
    return outbox.put({ ...rest, attempts, sentAt, state: 'sent' }, { ...kept, receipt: result.receipt });
  }
  // What was held back has its time from the first try on.
  const deadlineMs = attempts === 1 ? Math.max(payload.deadlineMs, now() + DELIVER_DEADLINE_MS) : payload.deadlineMs;
  const isHandedOver = alert.reason !== FALLBACK_REASON && isLong(result, options);
  const isGivenUp = !result.retryable || isHandedOver || now() >= deadlineMs;
  onDelivery(receiver.kind, isGivenUp ? 'undeliverable' : 'retry');
  const failures = (pace.tries.get(alert.id)?.failures ?? 0) + 1;
  if (isGivenUp) pace.tries.delete(alert.id);
  else
    pace.tries.set(alert.id, {
      failures,
      nextMs: now() + Math.max(result.retryAfterMs ?? 0, backoffMs(RECEIVER_BACKOFF, failures - 1, random)),
    });
  // First there: what is nowhere must not be lost by a crash in between.
  if (isGivenUp) await tryHandOver({ alert, payload }, result.error, options);
  return outbox.put(
    {
      ...alert,
      attempts,
      sentAt: isGivenUp ? sentAt : alert.sentAt,
      state: isGivenUp ? 'undeliverable' : 'pending',
      error: result.error,
    },
    { ...payload, deadlineMs },
  );
}

/** A fallback that cannot say it must not keep the message at the first receiver for ever. */
async function tryHandOver(
  row: Pick<OutboxRow, 'alert' | 'payload'>,
  problem: string,
  { receiver, handOver, log }: SenderOptions,
): Promise<void> {
  try {
    await handOver?.(row, problem);
  } catch (error) {
    if (error instanceof JobtraceError) throw error;
    const fallback = receiver.fallback ?? '';
    const trace = errorTrace(error);
    log.error({ receiver: fallback, code: 'JT_RECEIVER_DEFECT', trace }, 'The fallback could not take a message.');
  }
}

/** One line when a receiver begins to fail, fails differently, or works again. */
function reportChange({ receiver, log }: SenderOptions, pace: Pace, result: SendResult): void {
  const problem = result.ok ? '' : result.error;
  if (problem === pace.problem) return;
  pace.problem = problem;
  if (result.ok) log.info({ receiver: receiver.name }, 'The receiver takes alerts again.');
  else if (result.defect !== undefined)
    log.error(
      { receiver: receiver.name, code: 'JT_RECEIVER_DEFECT', problem, trace: result.defect },
      'Sending to the receiver failed inside Jobtrace; the other receivers are not affected.',
    );
  else if (result.retryable)
    log.warn(
      { receiver: receiver.name, code: 'JT_ALERT_UNREACHABLE', problem },
      'An alert could not be delivered; it is kept and tried again.',
    );
  else
    log.error(
      { receiver: receiver.name, code: 'JT_ALERT_REFUSED', problem },
      'An alert was refused and will not be tried again.',
    );
}
