// Defines the channel of a custom robot of DingTalk (自定义机器人): its settings, its limits, its signed request, and the
// table of its refusals, which all have status 200. Source of formats and codes: "Custom robot access" of
// open.dingtalk.com.
import { createHmac } from 'node:crypto';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { AlertCard } from '../card/card.js';
import { type JsonObject, toJsonObject } from '../card/payload.js';
import { WORDS } from '../card/words.js';
import type { ChannelSettings, Delivery } from './channel.js';
import { createChat, type ChatRequest, type ChatService } from './chat.js';
import { readJson, type HttpAnswer } from './http.js';
import { isMobile, listCalled, listParagraphs, type MarkdownSyntax } from './markdown.js';
import { escapeSyntax, escapeUrl, makePlain } from './plain.js';
import { readForeign, readRefusal, type AnswerRow } from './refusal.js';
import type { SendResult } from './result.js';

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
const RATE_LIMITED_MS = 600_000;

const ANSWERS: readonly AnswerRow[] = [
  { code: 310000, says: /keyword/i, reason: 'keyword' },
  { code: 310000, says: /sign|timestamp/i, reason: 'signature' },
  { code: 310000, says: /\bip\b|whitelist/i, reason: 'source-address' },
  { code: 130101, reason: 'too-fast', waitMs: RATE_LIMITED_MS },
  { code: 410100, reason: 'too-fast', waitMs: RATE_LIMITED_MS },
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

const DINGTALK_SERVICE: ChatService = {
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

// Renders a card as Markdown of DingTalk. It supports headings, quotations, bold, links and lists, and a new paragraph
// only after an empty line. It mentions only people in `at` whose name is also in the text.

const SYNTAX: MarkdownSyntax = {
  escape: escapeSyntax,
  bold: (text) => `**${text}**`,
  quote: (text) => `> ${text}`,
  code: (text) => `> ${escapeSyntax(text)}`,
  link: (text, url) => `[${text}](${escapeUrl(url)})`,
  dim: (text) => text,
};

function renderDingtalk(card: AlertCard, { keyword, mentions }: ReceiverSettings): JsonObject {
  const called = listCalled(card, mentions);
  const names = called.filter((name) => name !== 'all');
  const paragraphs = [
    `### ${escapeSyntax(card.title)}`,
    ...listParagraphs(card, SYNTAX),
    ...(names.length === 0 ? [] : [names.map((name) => `@${name}`).join(' ')]),
  ];
  const text = paragraphs.join('\n\n');
  const hasKeyword = keyword === undefined || text.includes(keyword);
  const title = makePlain([card.title, card.headline].filter((part) => part !== '').join(WORDS[card.language].colon));
  return toJsonObject({
    msgtype: 'markdown',
    markdown: { title, text: hasKeyword ? text : `${text}\n\n${keyword}` },
    at: {
      atMobiles: names.filter(isMobile),
      atUserIds: names.filter((name) => !isMobile(name)),
      isAtAll: called.includes('all'),
    },
  });
}
