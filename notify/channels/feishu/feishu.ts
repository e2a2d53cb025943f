// Defines the channel of a custom bot of Feishu or Lark (自定义机器人): its settings, its limits, its request with the
// signature in the body, and the table of its refusals, which have status 200. render.ts renders the card. Source of
// formats and codes: "Custom bot usage guide" of open.feishu.cn.
import { createHmac } from 'node:crypto';
import { toJsonObject, type JsonObject } from '../../payload.js';
import type { ChannelSettings, Delivery } from '../channel.js';
import { createChat, type ChatRequest, type ChatService } from '../chat.js';
import { readJson, type HttpAnswer } from '../http.js';
import { readForeign, readRefusal, type AnswerRow } from '../refusal.js';
import type { SendResult } from '../result.js';
import { renderFeishu, renderFeishuText } from './render.js';

const SETTINGS: ChannelSettings = {
  title: 'Feishu, Lark',
  needs: [],
  takes: ['secret', 'keyword', 'mentions', 'template'],
  example: 'https://open.feishu.cn/open-apis/bot/v2/hook/…',
  findProblem: (url) =>
    /\/hook\/[^/]+$/.test(url.pathname) ? undefined : 'has an address that does not end with /hook/ and the token',
  // Feishu allows a bot 100 messages a minute and 5 a second.
  perMinute: 90,
  perSecond: 4,
};

const BUSY_MS = 60_000;

const ANSWERS: readonly AnswerRow[] = [
  { code: 19021, reason: 'signature' },
  { code: 19024, reason: 'keyword' },
  { code: 19022, reason: 'source-address' },
  { code: 19001, reason: 'credential' },
  { code: 19007, reason: 'gone' },
  { code: 19036, reason: 'too-long' },
  // "Bad Request": an unknown format, or a body that is too large.
  { code: 9499, reason: 'form' },
  { code: 11246, reason: 'form' },
  { code: 200621, reason: 'form' },
  { code: 230099, reason: 'form' },
  { code: 11232, reason: 'too-fast', waitMs: BUSY_MS },
  { code: 99991400, reason: 'too-fast', waitMs: BUSY_MS },
];

export const FEISHU_SERVICE: ChatService = {
  settings: SETTINGS,
  maxBytes: 20_000,
  render: renderFeishu,
  renderPlain: renderFeishuText,
  request,
  readAnswer,
};

export const FEISHU = createChat(FEISHU_SERVICE);

function request(message: JsonObject, { receiver, nowMs }: Delivery): ChatRequest {
  const { url, secret } = receiver;
  const seconds = String(Math.floor(nowMs / 1000));
  const signed = secret === undefined ? {} : { timestamp: seconds, sign: sign(secret, seconds) };
  return { url, body: JSON.stringify(toJsonObject({ ...signed, ...message })), headers: {} };
}

/** Signs the request. The key consists of the time in seconds and the secret; the signed text is empty. */
export function sign(secret: string, seconds: string): string {
  return createHmac('sha256', `${seconds}\n${secret}`).update('').digest('base64');
}

function readAnswer(answer: HttpAnswer): SendResult {
  const body = readJson(answer.text);
  // The answer for old clients has only StatusCode.
  const code = body?.['code'] ?? body?.['StatusCode'];
  if (typeof code !== 'number') return readForeign(answer);
  if (code === 0) return { ok: true, answer: answer.shown };
  return readRefusal(ANSWERS, { code, text: String(body?.['msg']) }, answer);
}
