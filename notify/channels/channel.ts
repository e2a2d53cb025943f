// What a channel is: what a receiver must say in the settings, how an incident (or a forwarded alert) reads there, how
// messages that go out together become one body, how a body is sent, and what an answer means. Each channel is a folder
// beside this file, with its limits and its double for tests; table.ts lists them.
import type { ReceiverSettings } from '../../core/config/rows/receiver.js';
import type { Proxies } from '../../core/proxy/choose.js';
import type { Text } from '../../core/types.js';
import type { AlertCard } from '../card/card.js';
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
  /** Absent: none. */
  readonly proxies?: Proxies | undefined;
  /** The same for every try of the same message, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly nowMs: number;
  /** The receipt of an earlier message about the same incident: where there are threads, this one follows it. */
  readonly thread?: JsonObject | undefined;
  /** The receipt of the message that this one takes the place of. */
  readonly edits?: JsonObject | undefined;
}

/** What a receiver of this kind says in the settings beyond its name, kind and language. */
export interface ChannelSettings {
  /** The name that people know. */
  readonly title: string;
  readonly needs: readonly (keyof ReceiverSettings)[];
  readonly takes: readonly (keyof ReceiverSettings)[];
  /** Of the address; left out: http and https. */
  readonly schemes?: readonly string[];
  /** How an address looks. */
  readonly example: string;
  /** What is wrong with an address, for people; asked where its scheme is right. */
  readonly findProblem?: (url: URL) => string | undefined;
  /** What else is wrong with a receiver, for people. */
  readonly findMore?: (receiver: ReceiverSettings) => string | undefined;
  /** What is not safe of an address that works, for people. */
  readonly findRisk?: (url: URL) => Text | undefined;
  /** Of `mentions`, what it cannot call. */
  readonly isCallable?: (name: string) => boolean;
  /** Messages a minute, where the receiver does not say; a digest takes the place of what is more. */
  readonly perMinute: number;
  /** Where the service says it. */
  readonly perSecond?: number;
}

export interface Channel {
  readonly settings: ChannelSettings;
  /** `previous`: the message about this incident that stands at the receiver, when there is one. */
  renderIncident(card: Card, previous: JsonObject | undefined): JsonObject;
  /** A message about an incident takes the place of the one before it, where it stands. */
  readonly canEdit: boolean;
  /** Messages about one incident follow the first one, by its receipt. */
  readonly hasThreads?: true;
  /** Undefined when this channel takes no forwarded alerts. */
  readonly renderForwarded: ((alert: ForwardedAlert) => JsonObject) | undefined;
  /**
   * What of a message its receiver must be told again, lest it forget; undefined when nothing of it goes on. No
   * function: the receiver forgets nothing.
   */
  readonly refresh: ((message: JsonObject) => JsonObject | undefined) | undefined;
  /**
   * What goes out in one request of the messages that are due: all of them, those of one group, none but one. A digest
   * is of one group, and of all when too many groups are due at once.
   */
  readonly joins: 'all' | 'digest' | 'group' | 'none';
  /** A message that another receiver did not take, as the card says in its notice. */
  renderFallback(card: AlertCard, nowMs: number): JsonObject;
  /** The card of a message, for who takes it in place of this receiver; left out: its brief is all there is. */
  readonly readCard?: (message: JsonObject) => AlertCard;
  send(parts: readonly MessagePart[], delivery: Delivery): Promise<SendResult>;
}
