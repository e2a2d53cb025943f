// What all chats share: an incident is kept as a card until it is sent; cards that are due together become one; the one
// is cut until it fits; a form that the service does not accept is sent once more as plain text. In: what the folder of
// a channel says of its service. Out: its Channel.
import type { ReceiverSettings } from '../../core/config/rows/receiver.js';
import { buildForwardedCard, readCard, renderCard, type AlertCard } from '../card/card.js';
import { fitCard } from '../card/cut.js';
import { joinCards } from '../card/join.js';
import { buildOwnCard } from '../card/template.js';
import type { JsonObject } from '../payload.js';
import type { Channel, ChannelSettings, Delivery } from './channel.js';
import { post, type HttpAnswer } from './http.js';
import type { SendResult } from './result.js';

export interface ChatRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ChatService {
  readonly settings: ChannelSettings;
  /** The largest body. */
  readonly maxBytes: number;
  /** The message without signature. */
  render(card: AlertCard, receiver: ReceiverSettings): JsonObject;
  /** Undefined: only the bytes of the body count. */
  readonly fits?: (message: JsonObject) => boolean;
  /** With signature, at the time of the try. */
  request(message: JsonObject, delivery: Delivery): ChatRequest;
  readAnswer(answer: HttpAnswer, delivery: Delivery): SendResult;
  /** Sent where the service does not accept the form of the message. */
  readonly renderPlain?: (card: AlertCard, receiver: ReceiverSettings) => JsonObject;
}

export function createChat(service: ChatService): Channel {
  const send = async (message: JsonObject, delivery: Delivery): Promise<SendResult> => {
    const { url, body, headers } = service.request(message, delivery);
    const answer = await post(url, body, headers, delivery);
    return 'ok' in answer ? answer : service.readAnswer(answer, delivery);
  };
  return {
    settings: service.settings,
    renderIncident: (card) => renderCard(buildOwnCard(card)),
    renderForwarded: (alert) => renderCard(buildForwardedCard(alert)),
    refresh: undefined,
    canEdit: false,
    joins: 'digest',
    renderFallback: renderCard,
    readCard,
    async send(parts, delivery) {
      const card = joinCards(parts.map(({ message }) => readCard(message)));
      const result = await send(fitMessage(service, card, delivery), delivery);
      const { renderPlain } = service;
      const isForm = !result.ok && (result.reason === 'form' || result.reason === 'too-long');
      return isForm && renderPlain !== undefined ? send(renderPlain(card, delivery.receiver), delivery) : result;
    },
  };
}

/** The message as it is sent, small enough with its signature. */
export function fitMessage(service: ChatService, card: AlertCard, delivery: Delivery): JsonObject {
  return fitCard(
    card,
    (cut) => service.render(cut, delivery.receiver),
    (message) =>
      Buffer.byteLength(service.request(message, delivery).body) <= service.maxBytes &&
      service.fits?.(message) !== false,
  );
}
