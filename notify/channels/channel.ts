// What a channel is: what a receiver must say in the settings, how an incident (or a forwarded alert) reads there, how
// messages that go out together become one body, how a body is sent, and what an answer means. Each channel is a folder
// beside this file, with its limits and its double for tests; table.ts lists them.
import type { ReceiverSettings } from '../../core/config/rows/receiver.js';
import type { ForwardedAlert } from '../forward.js';
import type { JsonObject } from '../payload.js';
import type { Card } from '../render.js';
import type { SendResult } from './result.js';

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

/** What a receiver of this kind says in the settings beyond its name, kind and language. */
export interface ChannelSettings {
  /** The name that people know. */
  readonly title: string;
  readonly needs: readonly (keyof ReceiverSettings)[];
  readonly takes: readonly (keyof ReceiverSettings)[];
  /** How an address looks. */
  readonly example: string;
  /** What is wrong with an address, for people; asked for any http or https address. */
  readonly findProblem?: (url: URL) => string | undefined;
  /** Of `mentions`, what it cannot call. */
  readonly isCallable?: (name: string) => boolean;
  /** Messages a minute, where the receiver does not say. */
  readonly perMinute: number;
}

export interface Channel {
  readonly settings: ChannelSettings;
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
