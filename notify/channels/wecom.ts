// Defines the channel of a group robot of WeCom (企业微信消息推送, formerly 群机器人): its settings, its limits, and the table of
// its refusals. The key in the address is the only credential. Source of formats and codes: "消息推送配置说明" of
// developer.work.weixin.qq.com.
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { AlertCard } from '../card/card.js';
import { type JsonObject, isJsonObject } from '../card/payload.js';
import type { ChannelSettings, Delivery } from './channel.js';
import { createChat, type ChatRequest, type ChatService } from './chat.js';
import { readJson, type HttpAnswer } from './http.js';
import { isMobile, listCalled, listParagraphs, type MarkdownSyntax } from './markdown.js';
import { escapeUrl, makePlain, separateSyntax } from './plain.js';
import { readForeign, readRefusal, type AnswerRow } from './refusal.js';
import type { SendResult } from './result.js';

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

// Renders a card as Markdown of WeCom: at most 4,096 bytes, bold, quotations, links, three colours, and `<@user>`,
// which mentions people. It has no escapes, so invisible characters separate the Markdown characters of a log. If the
// service finds it too long, a text of title, cause and link is sent.

const MAX_BYTES = 4096;
const MAX_TEXT_BYTES = 2048;

const COLOURS: Readonly<Record<AlertCard['tone'], string>> = {
  bad: 'warning',
  warning: 'warning',
  good: 'info',
  neutral: 'comment',
};

const SYNTAX: MarkdownSyntax = {
  escape: separateSyntax,
  bold: (text) => `**${text}**`,
  quote: (text) => `> ${text}`,
  code: (text) => `> ${separateSyntax(text)}`,
  link: (text, url) => `[${text}](${escapeUrl(url)})`,
  dim: (text) => `<font color="comment">${text}</font>`,
};

function renderWecom(card: AlertCard, { mentions }: ReceiverSettings): JsonObject {
  const called = listCalled(card, mentions).filter((name) => name !== 'all' && !isMobile(name));
  const paragraphs = [
    `### <font color="${COLOURS[card.tone]}">${separateSyntax(card.title)}</font>`,
    ...listParagraphs(card, SYNTAX),
    ...(called.length === 0 ? [] : [called.map((name) => `<@${name}>`).join(' ')]),
  ];
  return { msgtype: 'markdown', markdown: { content: paragraphs.join('\n') } };
}

function fitsWecom(message: JsonObject): boolean {
  const { markdown } = message;
  return isJsonObject(markdown) && Buffer.byteLength(String(markdown['content'])) <= MAX_BYTES;
}

/** Renders a text message, which can mention a phone number or everybody; Markdown cannot. */
function renderWecomText(card: AlertCard, { mentions }: ReceiverSettings): JsonObject {
  const called = listCalled(card, mentions).map((name) => (name === 'all' ? '@all' : name));
  const link = card.links[0]?.url ?? '';
  const words = [card.title, card.headline].map(makePlain).filter((text) => text !== '');
  const content = `${cutBytes(words.join('\n'), MAX_TEXT_BYTES - Buffer.byteLength(link) - 1)}\n${link}`;
  return {
    msgtype: 'text',
    text: {
      content,
      mentioned_list: called.filter((name) => !isMobile(name)),
      mentioned_mobile_list: called.filter(isMobile),
    },
  };
}

/** Cuts a text to a number of bytes, in whole characters. */
function cutBytes(text: string, max: number): string {
  let bytes = 0;
  const kept: string[] = [];
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > max) break;
    kept.push(character);
  }
  return kept.join('');
}
