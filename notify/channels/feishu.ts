// Defines the channel of a custom bot of Feishu or Lark (自定义机器人): its settings, its limits, its request with the
// signature in the body, and the table of its refusals, which have status 200. Source of formats and codes: "Custom bot
// usage guide" of open.feishu.cn.
import { createHmac } from 'node:crypto';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { AlertCard } from '../card/card.js';
import { toJsonObject, type JsonObject } from '../card/payload.js';
import { WORDS } from '../card/words.js';
import type { ChannelSettings, Delivery } from './channel.js';
import { createChat, type ChatRequest, type ChatService } from './chat.js';
import { readJson, type HttpAnswer } from './http.js';
import { listCalled } from './markdown.js';
import { makePlain } from './plain.js';
import { readForeign, readRefusal, type AnswerRow } from './refusal.js';
import type { SendResult } from './result.js';

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

// Renders a card as an interactive card of Feishu (structure 1.0, which old clients and Lark support as well). The
// title is in a coloured header, text from a log or a rule is plain text, which is never read as markup, and links are
// buttons. If the service does not accept the card, a plain text is sent.

const COLOURS: Readonly<Record<AlertCard['tone'], string>> = {
  bad: 'red',
  warning: 'orange',
  good: 'green',
  neutral: 'grey',
};

function renderFeishu(card: AlertCard, { keyword, mentions }: ReceiverSettings): JsonObject {
  const elements = [...listElements(card), ...renderMentions(listCalled(card, mentions))];
  const hasKeyword = keyword === undefined || JSON.stringify([card.title, elements]).includes(keyword);
  return toJsonObject({
    msg_type: 'interactive',
    card: {
      config: { wide_screen_mode: true },
      header: { title: plain(makePlain(card.title)), template: COLOURS[card.tone] },
      elements: hasKeyword ? elements : [...elements, note(keyword)],
    },
  });
}

function renderFeishuText(card: AlertCard, { keyword = '' }: ReceiverSettings): JsonObject {
  const { title, headline, fix, links } = card;
  // `<at …>` in a text mentions people as well, so makePlain breaks such tags.
  const lines = [title, headline, fix].map(makePlain).concat(links[0]?.url ?? '');
  const text = lines.filter((line) => line !== '').join('\n');
  return { msg_type: 'text', content: { text: text.includes(keyword) ? text : `${text}\n${keyword}` } };
}

function listElements(card: AlertCard): readonly object[] {
  const { headline, summary, fix, patch, evidence, numbers, related, relatedMore, links, notice, leftOut } = card;
  const words = WORDS[card.language];
  const blocks = (texts: readonly string[]): readonly object[] => texts.filter((text) => text !== '').map(paragraph);
  const name = (text: string, condition: boolean): readonly object[] => (condition ? [markdown(`**${text}**`)] : []);
  return [
    ...(headline === '' ? [] : [markdown(`**${escapeFeishu(headline)}**`)]),
    ...(notice === '' ? [] : blocks([`⚠️ ${notice}`])),
    ...blocks([summary]),
    ...name(words.fix, fix !== ''),
    ...blocks([fix, patch.map(makePlain).join('\n')]),
    ...name(words.evidence, evidence.length > 0),
    ...blocks([evidence.map((line) => makePlain(line)).join('\n')]),
    ...blocks([related.map((line) => `• ${makePlain(line)}`).join('\n')]),
    ...(relatedMore > 0 ? [note(words.more(relatedMore))] : []),
    ...(numbers.length === 0
      ? []
      : [note(numbers.map((item) => `${item.name}${words.colon}${makePlain(item.value)}`).join(' · '))]),
    ...(links.length === 0 ? [] : [{ tag: 'action', actions: links.map(renderButton) }]),
    ...(leftOut > 0 ? [note(words.truncated(leftOut))] : []),
  ];
}

function renderButton({ text, url }: { readonly text: string; readonly url: string }, index: number): object {
  return { tag: 'button', text: plain(text), url, type: index === 0 ? 'primary' : 'default' };
}

function renderMentions(called: readonly string[]): readonly object[] {
  const mentions = called.map((name) => (name.includes('@') ? `<at email=${name}></at>` : `<at id=${name}></at>`));
  return mentions.length === 0 ? [] : [markdown(mentions.join(' '))];
}

/** Escapes Markdown characters as HTML character references, as the service's page on its Markdown requires. */
function escapeFeishu(text: string): string {
  return makePlain(text).replaceAll(/[*_~`[\]<>#\\]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function markdown(content: string): object {
  return { tag: 'markdown', content };
}

function plain(content: string): object {
  return { tag: 'plain_text', content };
}

function paragraph(text: string): object {
  return { tag: 'div', text: plain(text.split('\n').map(makePlain).join('\n')) };
}

function note(text: string): object {
  return { tag: 'note', elements: [plain(text)] };
}
