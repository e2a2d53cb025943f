// Defines the channel of a group robot of WeCom (企业微信消息推送, formerly 群机器人): its settings, its limits, and the table of
// its refusals. The key in the address is the only credential. render.ts renders the card. Source of formats and codes:
// "消息推送配置说明" of developer.work.weixin.qq.com.
import type { JsonObject } from '../../payload.js';
import type { ChannelSettings, Delivery } from '../channel.js';
import { createChat, type ChatRequest, type ChatService } from '../chat.js';
import { readJson, type HttpAnswer } from '../http.js';
import { isMobile } from '../markdown.js';
import { readForeign, readRefusal, type AnswerRow } from '../refusal.js';
import type { SendResult } from '../result.js';
import { fitsWecom, renderWecom, renderWecomText } from './render.js';

const SETTINGS: ChannelSettings = {
  title: 'WeCom',
  needs: [],
  takes: ['mentions', 'template'],
  example: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…',
  findProblem: (url) => (url.searchParams.has('key') ? undefined : 'has an address without `key`'),
  isCallable: (name) => name !== 'all' && !isMobile(name),
  // WeCom allows 20 messages a minute; two are left for other programs that use the robot.
  perMinute: 18,
};

const ANSWERS: readonly AnswerRow[] = [
  // The code has two meanings.
  { code: 93000, says: /max length|too long/i, reason: 'too-long' },
  { code: 93000, reason: 'credential' },
  { code: 45009, reason: 'too-fast', waitMs: 60_000 },
  { code: 45033, reason: 'too-fast', waitMs: 60_000 },
  { code: 40058, says: /max length|exceed/i, reason: 'too-long' },
  { code: 40058, reason: 'form' },
  { code: 40008, reason: 'form' },
  { code: 44004, reason: 'form' },
  { code: -1, reason: 'busy', waitMs: 30_000 },
];

export const WECOM_SERVICE: ChatService = {
  settings: SETTINGS,
  maxBytes: 20_000,
  fits: fitsWecom,
  render: renderWecom,
  renderPlain: renderWecomText,
  request,
  readAnswer,
};

export const WECOM = createChat(WECOM_SERVICE);

function request(message: JsonObject, { receiver }: Delivery): ChatRequest {
  return { url: receiver.url, body: JSON.stringify(message), headers: {} };
}

/** Interprets the answer by its code, whatever the status, because a wrong key was seen with 200 and with 403. */
function readAnswer(answer: HttpAnswer): SendResult {
  const body = readJson(answer.text);
  const code = body?.['errcode'];
  if (typeof code !== 'number') return readForeign(answer);
  if (code === 0) return { ok: true, answer: answer.shown };
  return readRefusal(ANSWERS, { code, text: String(body?.['errmsg']) }, answer);
}
