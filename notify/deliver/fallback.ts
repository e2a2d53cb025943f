// Sends a message that a receiver did not accept to its fallback receiver: the same card, with the name of the refusing
// receiver, its error, and advice. It is a separate message at the other receiver. It does not count in decisions about
// the incident there, and has no fallback itself.
import { toIso } from '../../core/time/iso.js';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { emptyCard, type AlertCard } from '../card/card.js';
import { WORDS } from '../card/words.js';
import { CHANNELS } from '../channels/table.js';
import type { Outbox, OutboxRow } from './outbox.js';
import { isJsonObject, type JsonObject } from '../card/payload.js';

/** Reason of such a message, which has no fallback itself. */
export const FALLBACK_REASON = 'fallback';

export type SendToFallback = (row: Pick<OutboxRow, 'alert' | 'payload'>, error: string) => Promise<void>;

export interface FallbackOptions {
  readonly outbox: Outbox;
  readonly receivers: readonly ReceiverSettings[];
  readonly now: () => number;
}

/** Creates the function that sends what this receiver does not accept to its fallback; undefined without a fallback. */
export function createFallback(receiver: ReceiverSettings, options: FallbackOptions): SendToFallback | undefined {
  const { outbox, receivers, now } = options;
  const other = receivers.find(({ name }) => name === receiver.fallback);
  if (other === undefined) return undefined;
  return async ({ alert, payload }, error) => {
    if (alert.reason === FALLBACK_REASON) return;
    const { undelivered } = WORDS[other.language];
    const card = { ...readCard(receiver, payload), notice: undelivered(receiver.name, error) };
    const { inbound, followUntilMs, openUntilMs, ...rest } = payload;
    await outbox.put(
      {
        ...alert,
        // The id has a prefix of its own, because outbox.ts finds the messages of an incident by the start of the id.
        id: `${FALLBACK_REASON}/${alert.id}`,
        receiver: other.name,
        reason: FALLBACK_REASON,
        sentAt: toIso(now()),
        state: 'pending',
        attempts: 0,
      },
      {
        ...rest,
        notBeforeMs: now(),
        deadlineMs: now() + (payload.deadlineMs - payload.notBeforeMs),
        group: `${FALLBACK_REASON}|${receiver.name}`,
        message: CHANNELS[other.kind].renderFallback(card, now()),
      },
    );
  };
}

/** Reads the card of a message, in the language in which it was rendered. */
function readCard({ kind, language }: ReceiverSettings, payload: OutboxRow['payload']): AlertCard {
  const card = CHANNELS[kind].readCard?.(payload.message);
  return card ?? readBrief(payload.brief, emptyCard(language));
}

function readBrief(brief: JsonObject, empty: AlertCard): AlertCard {
  const text = (key: string): string => (typeof brief[key] === 'string' ? brief[key] : '');
  const job = isJsonObject(brief['job']) ? brief['job'] : {};
  const subject = String(job['name'] ?? job['id'] ?? brief['cluster'] ?? '');
  const link = text('link');
  return {
    ...empty,
    tone: 'bad',
    topic: text('incidentId'),
    title: `🔴 ${subject}`,
    headline: text('title'),
    cause: text('cause'),
    cluster: text('cluster'),
    links: link === '' ? [] : [{ text: WORDS[empty.language].openIncident, url: link }],
    kind: text('cause'),
    subject,
  };
}
