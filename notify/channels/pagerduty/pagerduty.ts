// Defines the channel of PagerDuty (Events API v2). Each incident is one alert: `dedup_key` joins an event with earlier
// ones, so that a better cause corrects the alert in place and good news resolves it. The routing key is the secret.
// render.ts renders the card. Source: "Events API v2 overview" of developer.pagerduty.com.
import { toJsonObject, type JsonObject } from '../../payload.js';
import type { Channel, ChannelSettings, Delivery } from '../channel.js';
import { createChat, type ChatRequest, type ChatService } from '../chat.js';
import { readStatus, type HttpAnswer } from '../http.js';
import { readRefusal, type AnswerRow } from '../refusal.js';
import type { SendResult } from '../result.js';
import { renderPagerduty } from './render.js';

const SETTINGS: ChannelSettings = {
  title: 'PagerDuty',
  needs: ['secret'],
  takes: ['template'],
  example: 'https://events.pagerduty.com/v2/enqueue',
  perMinute: 60,
};

/** Pause in milliseconds; PagerDuty's page says "Preferably with a backoff of a few minutes." */
const PAUSE_MS = 120_000;

const ANSWERS: readonly AnswerRow[] = [
  { code: 400, says: /routing_key|integration key/i, reason: 'credential' },
  { code: 400, reason: 'form' },
  { code: 403, reason: 'too-fast', waitMs: PAUSE_MS },
  { code: 404, reason: 'credential' },
  { code: 413, reason: 'too-long' },
  { code: 429, reason: 'too-fast', waitMs: PAUSE_MS },
];

export const PAGERDUTY_SERVICE: ChatService = {
  settings: SETTINGS,
  maxBytes: 512_000,
  render: renderPagerduty,
  request,
  readAnswer,
};

export const PAGERDUTY: Channel = { ...createChat(PAGERDUTY_SERVICE), canEdit: true, joins: 'none' };

function request(message: JsonObject, { receiver }: Delivery): ChatRequest {
  const { url, secret = '' } = receiver;
  return { url, body: JSON.stringify(toJsonObject({ routing_key: secret, ...message })), headers: {} };
}

function readAnswer(answer: HttpAnswer, { receiver }: Delivery): SendResult {
  const { status, text } = answer;
  const shown = answer.shown.replaceAll(receiver.secret ?? '\0', '***');
  if (status === 202) return { ok: true, answer: shown };
  const row = ANSWERS.some(({ code }) => code === status);
  return row ? readRefusal(ANSWERS, { code: status, text }, { ...answer, shown }) : readStatus({ ...answer, shown });
}
