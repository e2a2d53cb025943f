// Defines the channel of a generic webhook: JSON with the headers of Standard Webhooks 1.0 (webhook-id,
// webhook-timestamp and, with a secret, webhook-signature) and, for receivers that verify only the body,
// X-Jobtrace-Signature. Other incidents of the group are "related" in one message; forwarded alerts of one group are
// listed together.
import { createHmac } from 'node:crypto';
import type { Channel, Delivery, MessagePart } from '../channel.js';
import { renderForwardedMessage } from '../../forward.js';
import { postJson } from '../http.js';
import { isJsonObject, type JsonObject } from '../../payload.js';
import { renderUndelivered, renderWebhook } from './render.js';

export const WEBHOOK: Channel = {
  settings: {
    title: 'Webhook',
    needs: [],
    takes: ['secret'],
    example: 'https://example.com/hooks/flink',
    perMinute: 60,
  },
  renderIncident: (card) => renderWebhook(card),
  renderForwarded: (alert) => renderForwardedMessage(alert),
  refresh: undefined,
  canEdit: false,
  joins: 'group',
  renderFallback: renderUndelivered,
  async send(parts, delivery) {
    const body = JSON.stringify(joinParts(parts));
    return postJson(delivery.receiver.url, body, signBody(body, delivery), delivery);
  },
};

export function joinParts(parts: readonly MessagePart[]): JsonObject {
  const [first, ...rest] = parts;
  if (first === undefined) return {};
  if (rest.length === 0) return first.message;
  const alerts = parts.flatMap(({ message }) => (Array.isArray(message['alerts']) ? message['alerts'] : []));
  if (alerts.length > 0) return { ...first.message, alerts };
  const data = first.message['data'];
  return { ...first.message, data: { ...(isJsonObject(data) ? data : {}), related: rest.map(({ brief }) => brief) } };
}

export function signBody(body: string, { id, nowMs, receiver }: Delivery): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (receiver.secret === undefined || receiver.secret === '') return headers;
  const key = readKey(receiver.secret);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    ...headers,
    'webhook-signature': `v1,${signature}`,
    'x-jobtrace-signature': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
  };
}

/** Decodes `whsec_` and base64, the standard's format of secrets; any other text is used as it is. */
function readKey(secret: string): Buffer {
  return secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
}
