// Defines a channel: its fields in a receiver's settings, how an incident (or a forwarded alert) is rendered, how
// messages that are sent together become one body, how a body is sent, and how an answer is interpreted. Each channel
// is one file in channels/, with its limits; table.ts lists them.
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { Proxies } from '../../core/proxy.js';
import type { Text } from '../../core/types.js';
import type { AlertCard } from '../card/card.js';
import type { ForwardedAlert } from '../card/forward.js';
import type { JsonObject } from '../card/payload.js';
import type { Card } from '../card/render.js';
import type { SendResult } from './result.js';

export interface MessagePart {
  readonly message: JsonObject;
  readonly brief: JsonObject;
}

export interface Delivery {
  readonly receiver: ReceiverSettings;
  /** Proxies of the settings; absent: none. */
  readonly proxies?: Proxies | undefined;
  /** Message id, the same for every try, so that a receiver can recognize a repetition. */
  readonly id: string;
  readonly nowMs: number;
  /**
   * Receipt of an earlier message about the same incident. If the channel has threads, this message is a reply to it.
   */
  readonly thread?: JsonObject | undefined;
  /** Receipt of the message that this one replaces. */
  readonly edits?: JsonObject | undefined;
}

/** Fields of a receiver of this kind beyond its name, kind and language. */
export interface ChannelSettings {
  /** Name that people know. */
  readonly title: string;
  readonly needs: readonly (keyof ReceiverSettings)[];
  readonly takes: readonly (keyof ReceiverSettings)[];
  /** Schemes of the address; absent: http and https. */
  readonly schemes?: readonly string[];
  /** Example of an address. */
  readonly example: string;
  /** Returns what is wrong with an address whose scheme is right, in words. */
  readonly findProblem?: (url: URL) => string | undefined;
  /** Returns what else is wrong with a receiver, in words. */
  readonly findMore?: (receiver: ReceiverSettings) => string | undefined;
  /** Returns what is unsafe about a valid address, in words. */
  readonly findRisk?: (url: URL) => Text | undefined;
  /** True for a name in `mentions` that this kind can mention. */
  readonly isCallable?: (name: string) => boolean;
  /** Messages a minute, if the receiver does not set it. More messages are joined into a digest. */
  readonly perMinute: number;
  /** Messages a second, if the service limits them. */
  readonly perSecond?: number;
}

export interface Channel {
  readonly settings: ChannelSettings;
  /** Renders an incident. `previous`: the message about it that is open at the receiver, if there is one. */
  renderIncident(card: Card, previous: JsonObject | undefined): JsonObject;
  /** True if a message about an incident replaces the previous one in place. */
  readonly canEdit: boolean;
  /** True if messages about one incident are replies to the first one, found by its receipt. */
  readonly hasThreads?: true;
  /** Renders a forwarded alert; undefined if this channel takes none. */
  readonly renderForwarded: ((alert: ForwardedAlert) => JsonObject) | undefined;
  /**
   * Returns the part of a message that must be sent again so that the receiver does not forget it; undefined if nothing
   * of it is open. The function is undefined if the receiver forgets nothing.
   */
  readonly refresh: ((message: JsonObject) => JsonObject | undefined) | undefined;
  /**
   * Due messages that are joined into one request: all, those of one group, or single messages. A digest joins one
   * group, and all groups if too many are due at once.
   */
  readonly joins: 'all' | 'digest' | 'group' | 'none';
  /** Renders a message that another receiver did not accept. The notice of the card gives the reason. */
  renderFallback(card: AlertCard, nowMs: number): JsonObject;
  /**
   * Returns the card of a message, for the receiver that takes it instead. Absent: only the brief of the message is
   * available.
   */
  readonly readCard?: (message: JsonObject) => AlertCard;
  send(parts: readonly MessagePart[], delivery: Delivery): Promise<SendResult>;
}
