// Sends messages to receivers at least once, and exactly once if nothing goes wrong. A temporary failure is retried
// until a deadline; an undeliverable message stays visible with its reason. Each receiver has its own rate, and its
// errors affect no other receiver: an exception of a channel is handled like a refusal. Other files decide about
// messages and store them.
import { toIso } from '../../core/time/iso.js';
import { hashText } from '../../core/hash.js';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { JobtraceError } from '../../core/errors.js';
import { errorTrace } from '../../core/fault.js';
import type { Proxies } from '../../core/proxy.js';
import type { Log } from '../../core/log.js';
import type { Channel } from '../channels/channel.js';
import type { SendResult } from '../channels/result.js';
import { sendParts } from './send.js';
import { CHANNELS } from '../channels/table.js';
import { FALLBACK_REASON, type SendToFallback } from './fallback.js';
import { createRateLimiter, RECEIVER_BACKOFF, type RateLimiter, type PaceLimit } from '../decide/pace.js';
import { backoffMs } from '../../core/time/wait.js';
import type { OutboxRow, Outbox } from './outbox.js';
import { DELIVER_DEADLINE_MS, type JsonObject } from '../card/payload.js';

export interface SenderOptions {
  readonly outbox: Outbox;
  readonly receiver: ReceiverSettings;
  /** Proxies of the settings; absent: none. */
  readonly proxies?: Proxies | undefined;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  readonly onDelivery: (kind: string, result: 'sent' | 'retry' | 'undeliverable') => void;
  /** Observes that a receiver accepted a first message, with the milliseconds since the last line of its failure. */
  readonly onNotified: (ms: number) => void;
  /** True while the message's route, a silence or an annotation holds it back. */
  readonly isHeld: (row: OutboxRow) => boolean;
  /** Hands what this receiver did not accept to another; undefined without a fallback. */
  readonly sendToFallback?: SendToFallback | undefined;
}

/** Sender for the messages of one receiver. */
export interface Sender {
  deliverDue(): Promise<void>;
  /** Repeats what is still open to a receiver that forgets. */
  refreshOpen(): Promise<void>;
}

interface Pace {
  readonly rateLimiter: RateLimiter;
  /** Time until which the receiver asked for a pause. */
  holdUntilMs: number;
  /** Refusal with a long pause. Until the pause ends, due messages go to the fallback with this refusal. */
  longRefusal: SendResult | undefined;
  refreshedMs: number;
  /** Last problem; empty if there is none. */
  problem: string;
  readonly tries: Map<string, { readonly failures: number; readonly nextMs: number }>;
}

const REFRESH_MS = 60_000;
const MAX_PARTS = 100;
/** Number of due groups above which a digest is sent, and number of messages after which sending pauses. */
const MAX_SINGLE = 5;
const DIGEST_PAUSE_MS = 10_000;
const MAX_DIGEST = 5000;
const LONG_REFUSAL_MS = 300_000;

export function createSender(options: SenderOptions): Sender {
  const { outbox, receiver, proxies, now } = options;
  const channel = CHANNELS[receiver.kind];
  const pace: Pace = {
    rateLimiter: createRateLimiter(listLimits(receiver, channel)),
    holdUntilMs: 0,
    longRefusal: undefined,
    refreshedMs: now(),
    problem: '',
    tries: new Map(),
  };
  return {
    async deliverDue() {
      await outbox.saveUnsaved();
      // The due messages are selected again after each message, because a better message may replace the next one
      // meanwhile.
      for (let rows = chooseDue(options, pace); rows.length > 0; rows = chooseDue(options, pace)) {
        const refusal = pace.holdUntilMs > now() ? pace.longRefusal : undefined;
        if (refusal !== undefined) await settleAll(rows, refusal, options, pace);
        else if (pace.holdUntilMs > now() || !pace.rateLimiter.take(now())) return;
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

/** Selects due messages that are sent as one, or none. A message waits for an earlier one of its topic. */
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

/** Selects those of the due messages that are sent as one. */
function chooseTogether(due: readonly OutboxRow[], joins: Channel['joins']): readonly OutboxRow[] {
  if (joins === 'none') return due.slice(0, 1);
  const groups = new Set(due.map(({ payload }) => payload.group));
  if (joins === 'digest' && groups.size > MAX_SINGLE) return due.slice(0, MAX_DIGEST);
  const [group] = groups;
  return due.filter(({ payload }) => joins === 'all' || payload.group === group).slice(0, MAX_PARTS);
}

/**
 * Lists the limits of the service and, for a chat, a pause after some messages, in which others are collected into a
 * digest.
 */
function listLimits({ perMinute }: ReceiverSettings, { settings, joins }: Channel): readonly PaceLimit[] {
  const { perSecond } = settings;
  return [
    { count: perMinute ?? settings.perMinute, perMs: 60_000 },
    ...(perSecond === undefined ? [] : [{ count: perSecond, perMs: 1000 }]),
    ...(joins === 'digest' ? [{ count: MAX_SINGLE, perMs: DIGEST_PAUSE_MS }] : []),
  ];
}

/**
 * Sends messages and marks them as in flight until the result is known, so that no better message is inserted
 * meanwhile.
 */
async function deliver(rows: readonly OutboxRow[], options: SenderOptions, pace: Pace): Promise<void> {
  const { outbox, receiver, proxies, now } = options;
  const ids = rows.map(({ alert }) => alert.id);
  const release = outbox.hold(ids);
  try {
    const delivery = {
      receiver,
      proxies,
      id: `msg_${hashText(ids.join('\n'), 20)}`,
      nowMs: now(),
      thread: await findThread(rows, options),
    };
    const result = await sendParts(
      rows.map(({ payload }) => payload),
      delivery,
      rows.reduce((max, { alert }) => Math.max(max, alert.attempts), 0),
    );
    if (!result.ok && result.retryAfterMs !== undefined) pace.holdUntilMs = now() + result.retryAfterMs;
    pace.longRefusal = isLong(result, options) ? result : undefined;
    reportChange(options, pace, result);
    await settleAll(rows, result, options, pace);
  } finally {
    release();
  }
}

/**
 * Finds the receipt of the first message about the same incident. A message about several incidents begins its own
 * thread.
 */
async function findThread(
  rows: readonly OutboxRow[],
  { outbox, receiver }: SenderOptions,
): Promise<JsonObject | undefined> {
  const [row] = rows;
  const isAlone = row !== undefined && rows.length === 1 && row.payload.inbound === undefined;
  if (!isAlone || CHANNELS[receiver.kind].hasThreads !== true) return undefined;
  const notifications = await outbox.findNotifications(row.alert.incidentId, row.alert.receiver);
  return notifications.find(({ payload }) => payload.receipt !== undefined)?.payload.receipt;
}

/** Stores the results of all messages, even if the store fails on the first, so that none is sent again. */
async function settleAll(
  rows: readonly OutboxRow[],
  result: SendResult,
  options: SenderOptions,
  pace: Pace,
): Promise<void> {
  const settled = await Promise.allSettled(rows.map((row) => settle(row, result, options, pace)));
  for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason;
}

/** True for a pause so long that it counts as a final refusal, because another receiver can take the message. */
function isLong(result: SendResult, { sendToFallback }: SenderOptions): boolean {
  return sendToFallback !== undefined && !result.ok && (result.retryAfterMs ?? 0) >= LONG_REFUSAL_MS;
}

/** Stores the result of a message. */
async function settle(
  { alert, payload }: OutboxRow,
  result: SendResult,
  options: SenderOptions,
  pace: Pace,
): Promise<void> {
  const { outbox, receiver, now, random, onDelivery, onNotified } = options;
  const attempts = alert.attempts + 1;
  const sentAt = toIso(now());
  if (result.ok) {
    pace.tries.delete(alert.id);
    onDelivery(receiver.kind, 'sent');
    if (alert.reason === 'new-incident' && payload.seenMs !== undefined)
      onNotified(Math.max(0, now() - payload.seenMs));
    const { error, ...rest } = alert;
    const isNeeded = payload.openUntilMs !== undefined || payload.inbound !== undefined;
    const kept = isNeeded ? payload : { ...payload, message: {}, brief: {} };
    return outbox.put({ ...rest, attempts, sentAt, state: 'sent' }, { ...kept, receipt: result.receipt });
  }
  // The deadline of a message that was held back begins with its first try.
  const deadlineMs = attempts === 1 ? Math.max(payload.deadlineMs, now() + DELIVER_DEADLINE_MS) : payload.deadlineMs;
  const isSentToFallback = alert.reason !== FALLBACK_REASON && isLong(result, options);
  const isGivenUp = !result.retryable || isSentToFallback || now() >= deadlineMs;
  onDelivery(receiver.kind, isGivenUp ? 'undeliverable' : 'retry');
  const failures = (pace.tries.get(alert.id)?.failures ?? 0) + 1;
  if (isGivenUp) pace.tries.delete(alert.id);
  else
    pace.tries.set(alert.id, {
      failures,
      nextMs: now() + Math.max(result.retryAfterMs ?? 0, backoffMs(RECEIVER_BACKOFF, failures - 1, random)),
    });
  // The message is stored at the fallback first, so that a crash in between cannot lose it.
  if (isGivenUp) await tryFallback({ alert, payload }, result.error, options);
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

/** Hands the message to the fallback. A defect there must not keep the message at the first receiver forever. */
async function tryFallback(
  row: Pick<OutboxRow, 'alert' | 'payload'>,
  problem: string,
  { receiver, sendToFallback, log }: SenderOptions,
): Promise<void> {
  try {
    await sendToFallback?.(row, problem);
  } catch (error) {
    if (error instanceof JobtraceError) throw error;
    const fallback = receiver.fallback ?? '';
    const trace = errorTrace(error);
    log.error({ receiver: fallback, code: 'JT_RECEIVER_DEFECT', trace }, 'The fallback could not take a message.');
  }
}

/** Logs one line if a receiver begins to fail, fails differently, or works again. */
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
