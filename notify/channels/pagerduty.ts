// Defines the channel of PagerDuty (Events API v2). Each incident is one alert: `dedup_key` joins an event with earlier
// ones, so that a better cause corrects the alert in place and good news resolves it. The routing key is the secret.
// Source: "Events API v2 overview" of developer.pagerduty.com.
import type { AlertCard } from '../card/card.js';
import { toJsonObject, type JsonObject } from '../card/payload.js';
import { cutMiddle } from '../card/render.js';
import { WORDS } from '../card/words.js';
import type { Channel, ChannelSettings, Delivery } from './channel.js';
import { createChat, type ChatRequest, type ChatService } from './chat.js';
import { readStatus, type HttpAnswer } from './http.js';
import { makePlain } from './plain.js';
import { readRefusal, type AnswerRow } from './refusal.js';
import type { SendResult } from './result.js';

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

// Renders a card as an event of PagerDuty. The summary is read out on a phone; everything else is in the details. Good
// news, and an incident that continues elsewhere, resolves the alert.

const SUMMARY_UNITS = 1024;
const KEY_UNITS = 255;

function renderPagerduty(card: AlertCard): JsonObject {
  const { topic, tone, subject, headline, severity, links, numbers } = card;
  const words = WORDS[card.language];
  const key = { dedup_key: `jobtrace/${topic}`.slice(0, KEY_UNITS) };
  if (tone === 'good' || tone === 'neutral') return { event_action: 'resolve', ...key };
  const summary = makePlain([subject, headline].filter((part) => part !== '').join(words.colon));
  return toJsonObject({
    event_action: 'trigger',
    ...key,
    payload: {
      summary: cutMiddle(summary, SUMMARY_UNITS),
      source: subject === '' ? 'jobtrace' : subject,
      severity,
      component: subject,
      class: card.cause,
      ...(card.cluster === '' ? {} : { group: card.cluster }),
      custom_details: {
        title: card.title,
        summary: card.summary,
        fix: [card.fix, ...card.patch].filter((line) => line !== '').join('\n'),
        evidence: card.evidence.join('\n'),
        ...Object.fromEntries(numbers.map(({ name, value }) => [name, value])),
        ...(card.notice === '' ? {} : { notice: card.notice }),
      },
    },
    client: 'Jobtrace',
    client_url: links[0]?.url,
    links: links.map(({ text, url }) => ({ href: url, text })),
  });
}
