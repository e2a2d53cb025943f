// What a channel is: how an incident (or a forwarded alert) reads there, how messages that go out together become
// one body, and how a body is sent. Each channel is one file beside this one; table.ts lists them.
import type { ReceiverSettings } from '../../core/config/rows/receiver.js';
import type { ForwardedAlert } from '../forward.js';
import type { JsonObject } from '../payload.js';
import type { Card } from '../render.js';

export type SendResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly retryable: boolean; readonly error: string; readonly retryAfterMs?: number };

export interface MessagePart {
  readonly message: JsonObject;
  readonly brief: JsonObject;
}

export interface Delivery {
  readonly receiver: ReceiverSettings;
  /** The same for every try of the same message, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly nowMs: number;
}

export interface Channel {
  /** `previous`: the message about this incident that stands at the receiver, when there is one. */
  renderIncident(card: Card, previous: JsonObject | undefined): JsonObject;
  /** A message about an incident takes the place of the one before it, where it stands. */
  readonly canEdit: boolean;
  /** Undefined when this channel takes no forwarded alerts. */
  readonly renderForwarded: ((alert: ForwardedAlert) => JsonObject) | undefined;
  /**
   * What of a message its receiver must be told again, lest it forget; undefined when nothing of it goes on. No
   * function: the receiver forgets nothing.
   */
  readonly refresh: ((message: JsonObject) => JsonObject | undefined) | undefined;
  /** True when every message that is due goes out in one request, whatever its group. */
  readonly joinsAll: boolean;
  send(parts: readonly MessagePart[], delivery: Delivery): Promise<SendResult>;
}
