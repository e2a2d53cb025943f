// Defines the channel of an incoming webhook of Slack: its settings, its limits, and the table of its answers, which
// are one word of plain text. render.ts renders the card. Source of formats and words: "Sending messages using incoming
// webhooks" and "Blocks" of docs.slack.dev.
import type { JsonObject } from '../../payload.js';
import type { ChannelSettings, Delivery } from '../channel.js';
import { createChat, type ChatRequest, type ChatService } from '../chat.js';
import { readStatus, type HttpAnswer } from '../http.js';
import { readRefusal, type AnswerRow } from '../refusal.js';
import type { SendResult } from '../result.js';
import { fitsSlack, renderSlack, renderSlackText } from './render.js';

const SETTINGS: ChannelSettings = {
  title: 'Slack',
  needs: [],
  takes: ['mentions', 'template'],
  example: 'https://hooks.slack.com/services/T…/B…/…',
  findProblem: (url) =>
    /^\/(?:services|workflows|triggers)\/.|^\/hooks?\//.test(url.pathname)
      ? undefined
      : 'has an address without /services/ and what follows it',
  isCallable: (name) => /^(?:[UWS][A-Z0-9]{5,}|all|here)$/.test(name),
  // Slack allows a webhook one message a second.
  perMinute: 50,
  perSecond: 1,
};

const ANSWERS: readonly AnswerRow[] = [
  { code: 'invalid_payload', reason: 'form' },
  { code: 'invalid_blocks', reason: 'form' },
  { code: 'invalid_blocks_format', reason: 'form' },
  { code: 'no_text', reason: 'form' },
  { code: 'too_many_attachments', reason: 'form' },
  { code: 'msg_too_long', reason: 'too-long' },
  { code: 'invalid_token', reason: 'credential' },
  { code: 'no_service', reason: 'gone' },
  { code: 'no_service_id', reason: 'credential' },
  { code: 'no_team', reason: 'credential' },
  { code: 'no_active_hooks', reason: 'gone' },
  { code: 'team_disabled', reason: 'gone' },
  { code: 'channel_not_found', reason: 'gone' },
  { code: 'channel_is_archived', reason: 'gone' },
  { code: 'user_not_found', reason: 'gone' },
  { code: 'action_prohibited', reason: 'forbidden' },
  { code: 'posting_to_general_channel_denied', reason: 'forbidden' },
  { code: 'rate_limited', reason: 'too-fast', waitMs: 30_000 },
];

export const SLACK_SERVICE: ChatService = {
  settings: SETTINGS,
  maxBytes: 40_000,
  fits: fitsSlack,
  render: renderSlack,
  renderPlain: renderSlackText,
  request,
  readAnswer,
};

export const SLACK = createChat(SLACK_SERVICE);

function request(message: JsonObject, { receiver }: Delivery): ChatRequest {
  return { url: receiver.url, body: JSON.stringify(message), headers: {} };
}

function readAnswer(answer: HttpAnswer): SendResult {
  if (answer.status === 429) return readRefusal(ANSWERS, { code: 'rate_limited', text: '' }, answer);
  const word = answer.text.trim();
  if (answer.status === 200 && word === 'ok') return { ok: true, answer: answer.shown };
  if (ANSWERS.some(({ code }) => code === word) || answer.status === 200)
    return readRefusal(ANSWERS, { code: word, text: '' }, answer);
  return readStatus(answer);
}
