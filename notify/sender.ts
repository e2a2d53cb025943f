// Messages on their way to receivers: sent at least once, and once when nothing goes wrong. A failure that may pass
// is tried again until a deadline; what cannot be delivered stays visible with its reason. Each receiver has its own
// pace. What is said, and where it is kept, is decided elsewhere.
import type { ReceiverSettings } from '../core/config/rows/receiver.js';
import type { Log } from '../core/log.js';
import type { SendResult } from './channels/result.js';
import { CHANNELS } from './channels/table.js';
import { hash } from './forward.js';
import { createBucket, RECEIVER_BACKOFF, type Bucket } from './pace.js';
import { backoffMs } from '../core/time/wait.js';
import type { OutboxRow, Outbox } from './outbox.js';
import { DELIVER_DEADLINE_MS, type Payload } from './payload.js';

export interface SenderOptions {
  readonly outbox: Outbox;
  readonly receiver: ReceiverSettings;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  readonly onDelivery: (kind: string, result: 'sent' | 'retry' | 'undeliverable') => void;
  /** True while its route or a silence holds a message back. */
  readonly isHeld: (payload: Payload) => boolean;
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
  refreshedMs: number;
  /** What went wrong last; empty when nothing did. */
  problem: string;
  readonly tries: Map<string, { readonly failures: number; readonly nextMs: number }>;
}

const REFRESH_MS = 60_000;
const MAX_PARTS = 100;

export function createSender(options: SenderOptions): Sender {
  const { outbox, receiver, now } = options;
  const channel = CHANNELS[receiver.kind];
  const pace: Pace = {
    bucket: createBucket(receiver.perMinute ?? channel.settings.perMinute, now()),
    holdUntilMs: 0,
    refreshedMs: now(),
    problem: '',
    tries: new Map(),
  };
  return {
    async deliverDue() {
      await outbox.saveUnsaved();
      // Looked at anew after each message: while one is on its way, the next may be replaced by a better one.
      for (let rows = chooseDue(options, pace); rows.length > 0; rows = chooseDue(options, pace)) {
        if (pace.holdUntilMs > now() || !pace.bucket.take(now())) return;
        await deliver(rows, options, pace);
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
      if (parts.length > 0) reportChange(options, pace, await channel.send(parts, { receiver, id: '', nowMs: now() }));
    },
  };
}

/** Due messages that go out as one, or none; a message waits for an earlier one of its topic. */
function chooseDue({ outbox, receiver, now, isHeld }: SenderOptions, pace: Pace): readonly OutboxRow[] {
  const seen = new Set<string>();
  const due = outbox.listPending(receiver.name).filter(({ alert, payload, isInFlight }) => {
    if (seen.has(payload.topic)) return false;
    seen.add(payload.topic);
    const isDue = !isInFlight && payload.notBeforeMs <= now() && (pace.tries.get(alert.id)?.nextMs ?? 0) <= now();
    return isDue && !isHeld(payload);
  });
  const group = due[0]?.payload.group;
  return due.filter(({ payload }) => CHANNELS[receiver.kind].joinsAll || payload.group === group).slice(0, MAX_PARTS);
}

/** Held until it is known what became of them: a better message must not slip in between. */
async function deliver(rows: readonly OutboxRow[], options: SenderOptions, pace: Pace): Promise<void> {
  const { outbox, receiver, now } = options;
  const ids = rows.map(({ alert }) => alert.id);
  const release = outbox.hold(ids);
  try {
    const result = await CHANNELS[receiver.kind].send(
      rows.map(({ payload }) => payload),
      { receiver, id: `msg_${hash(ids.join('\n'))}`, nowMs: now() },
    );
    if (!result.ok && result.retryAfterMs !== undefined) pace.holdUntilMs = now() + result.retryAfterMs;
    reportChange(options, pace, result);
    // All of them, also when the store fails on the first: none may go out again.
    const settled = await Promise.allSettled(rows.map((row) => settle(row, result, options, pace)));
    for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason;
  } finally {
    release();
  }
}

/** Remembers what became of a message. */
async function settle(
  { alert, payload }: OutboxRow,
  result: SendResult,
  { outbox, receiver, now, random, onDelivery }: SenderOptions,
  pace: Pace,
): Promise<void> {
  const attempts = alert.attempts + 1;
  const sentAt = new Date(now()).toISOString();
  if (result.ok) {
    pace.tries.delete(alert.id);
    onDelivery(receiver.kind, 'sent');
    const { error, ...rest } = alert;
    void error;
    const isNeeded = payload.openUntilMs !== undefined || payload.inbound !== undefined;
    return outbox.put(
      { ...rest, attempts, sentAt, state: 'sent' },
      isNeeded ? payload : { ...payload, message: {}, brief: {} },
    );
  }
  // What was held back has its time from the first try on.
  const deadlineMs = attempts === 1 ? Math.max(payload.deadlineMs, now() + DELIVER_DEADLINE_MS) : payload.deadlineMs;
  const isGivenUp = !result.retryable || now() >= deadlineMs;
  onDelivery(receiver.kind, isGivenUp ? 'undeliverable' : 'retry');
  const failures = (pace.tries.get(alert.id)?.failures ?? 0) + 1;
  if (isGivenUp) pace.tries.delete(alert.id);
  else
    pace.tries.set(alert.id, {
      failures,
      nextMs: now() + Math.max(result.retryAfterMs ?? 0, backoffMs(RECEIVER_BACKOFF, failures - 1, random)),
    });
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

/** One line when a receiver begins to fail, fails differently, or works again. */
function reportChange({ receiver, log }: SenderOptions, pace: Pace, result: SendResult): void {
  const problem = result.ok ? '' : result.error;
  if (problem === pace.problem) return;
  pace.problem = problem;
  if (result.ok) log.info({ receiver: receiver.name }, 'The receiver takes alerts again.');
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
