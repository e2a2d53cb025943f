// Defines the channel of a custom robot of DingTalk (自定义机器人): its settings, its limits, its signed request, and the
// table of its refusals, which all have status 200. render.ts renders the card. Source of formats and codes: "Custom
// robot access" of open.dingtalk.com.
import { createHmac } from 'node:crypto';
import type { JsonObject } from '../../payload.js';
import { createChat, type ChatRequest, type ChatService } from '../chat.js';
import type { ChannelSettings, Delivery } from '../channel.js';
import { readJson, type HttpAnswer } from '../http.js';
import { readForeign, readRefusal, type AnswerRow } from '../refusal.js';
import type { SendResult } from '../result.js';
import { renderDingtalk } from './render.js';

const SETTINGS: ChannelSettings = {
  title: 'DingTalk',
  needs: [],
  takes: ['secret', 'keyword', 'mentions', 'template'],
  example: 'https://oapi.dingtalk.com/robot/send?access_token=…',
  findProblem: (url) => (url.searchParams.has('access_token') ? undefined : 'has an address without `access_token`'),
  // DingTalk allows 20 messages a minute; two are left for other programs that use the robot.
  perMinute: 18,
};

/** Penalty in milliseconds: after more than 20 messages in a minute DingTalk refuses messages for ten minutes. */
const PUNISHED_MS = 600_000;

const ANSWERS: readonly AnswerRow[] = [
  { code: 310000, says: /keyword/i, reason: 'keyword' },
  { code: 310000, says: /sign|timestamp/i, reason: 'signature' },
  { code: 310000, says: /\bip\b|whitelist/i, reason: 'source-address' },
  { code: 130101, reason: 'too-fast', waitMs: PUNISHED_MS },
  { code: 410100, reason: 'too-fast', waitMs: PUNISHED_MS },
  { code: 300005, reason: 'credential' },
  { code: 300001, reason: 'credential' },
  { code: 400101, reason: 'credential' },
  { code: 40035, reason: 'credential' },
  { code: 400102, reason: 'gone' },
  { code: 400106, reason: 'gone' },
  { code: 400013, reason: 'gone' },
  { code: 90030, reason: 'quota' },
  { code: 460101, reason: 'too-long' },
  { code: 43002, reason: 'form' },
  { code: 43004, reason: 'form' },
  { code: 400105, reason: 'form' },
  { code: -1, reason: 'busy', waitMs: 30_000 },
];

export const DINGTALK_SERVICE: ChatService = {
  settings: SETTINGS,
  maxBytes: 20_000,
  render: renderDingtalk,
  request,
  readAnswer,
};

export const DINGTALK = createChat(DINGTALK_SERVICE);

function request(message: JsonObject, { receiver, nowMs }: Delivery): ChatRequest {
  const { url, secret } = receiver;
  const signed =
    secret === undefined
      ? url
      : `${url}${url.includes('?') ? '&' : '?'}timestamp=${nowMs}&sign=${encodeURIComponent(sign(secret, nowMs))}`;
  return { url: signed, body: JSON.stringify(message), headers: {} };
}

/** Signs the time in milliseconds and the secret. The secret is also the key. */
export function sign(secret: string, nowMs: number): string {
  return createHmac('sha256', secret).update(`${nowMs}\n${secret}`).digest('base64');
}

function readAnswer(answer: HttpAnswer): SendResult {
  const body = readJson(answer.text);
  const code = body?.['errcode'];
  if (typeof code !== 'number') return readForeign(answer);
  if (code === 0) return { ok: true, answer: answer.shown };
  return readRefusal(ANSWERS, { code, text: String(body?.['errmsg']) }, answer);
}
