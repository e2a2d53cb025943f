// Builds the channel of a chat service. An incident is stored as a card until it is sent. Cards that are due together
// are joined into one, which is shortened until it fits. If the service does not accept the format, the message is sent
// once more as plain text. Takes the service's properties from the folder of the channel.
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { buildForwardedCard, readCard, renderCard, type AlertCard } from '../card/card.js';
import { fitCard } from '../card/cut.js';
import { joinCards } from '../card/join.js';
import { buildOwnCard } from '../card/template.js';
import type { JsonObject } from '../card/payload.js';
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
  /** Largest body in bytes. */
  readonly maxBytes: number;
  /** Renders the message without its signature. */
  render(card: AlertCard, receiver: ReceiverSettings): JsonObject;
  /** True if the message is within the service's other limits. Absent: only the bytes of the body count. */
  readonly fits?: (message: JsonObject) => boolean;
  /** Builds the signed request, at the time of the try. */
  request(message: JsonObject, delivery: Delivery): ChatRequest;
  readAnswer(answer: HttpAnswer, delivery: Delivery): SendResult;
  /** Renders the plain text that is sent if the service does not accept the format. */
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

/** Returns the message as it is sent, shortened so that it fits with its signature. */
function fitMessage(service: ChatService, card: AlertCard, delivery: Delivery): JsonObject {
  return fitCard(
    card,
    (cut) => service.render(cut, delivery.receiver),
    (message) =>
      Buffer.byteLength(service.request(message, delivery).body) <= service.maxBytes &&
      service.fits?.(message) !== false,
  );
}
