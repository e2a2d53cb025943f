// Defines the channel of an incoming webhook of Slack: its settings, its limits, and the table of its answers, which
// are one word of plain text. Source of formats and words: "Sending messages using incoming webhooks" and "Blocks" of
// docs.slack.dev.
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { AlertCard, CardLink } from '../card/card.js';
import { type JsonObject, isJsonObject, toJsonObject, type Json } from '../card/payload.js';
import { cutMiddle } from '../card/render.js';
import { WORDS } from '../card/words.js';
import type { ChannelSettings, Delivery } from './channel.js';
import { createChat, type ChatRequest, type ChatService } from './chat.js';
import { readStatus, type HttpAnswer } from './http.js';
import { listCalled } from './markdown.js';
import { makePlain } from './plain.js';
import { readRefusal, type AnswerRow } from './refusal.js';
import type { SendResult } from './result.js';

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

// Renders a card as blocks of Slack: the title as header, everything else as rich text, in which Slack reads neither
// mentions nor markup. `text` is shown in notifications, and it is the whole message if the blocks are not accepted. A
// block has at most 3,000 characters here, a header 150.

const MAX_BLOCKS = 50;
const MAX_UNITS = 3000;
const HEADER_UNITS = 150;

function renderSlack(card: AlertCard, { mentions }: ReceiverSettings): JsonObject {
  const { patch, evidence, numbers, related, relatedMore, leftOut } = card;
  const words = WORDS[card.language];
  const counted = numbers.map(({ name, value }) => `${name}${words.colon}${makePlain(value)}`).join(' · ');
  const blocks: readonly (readonly object[])[] = [
    section([...listCause(card), ...listFix(card)]),
    code(patch),
    ...(evidence.length === 0 ? [] : [section([bold(words.evidence)]), code(evidence)]),
    section(related.flatMap((line) => [text(`\n• ${makePlain(line)}`)])),
    section(relatedMore > 0 ? [text(words.more(relatedMore))] : []),
    section(counted === '' ? [] : [text(counted)]),
    section(card.links.flatMap(renderLink)),
    section(leftOut > 0 ? [italic(words.truncated(leftOut))] : []),
    section(listCalled(card, mentions).flatMap(renderMention)),
  ];
  return toJsonObject({
    text: renderNotification(card),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cutMiddle(makePlain(card.title), HEADER_UNITS) } },
      ...blocks.filter((elements) => elements.length > 0).map((elements) => ({ type: 'rich_text', elements })),
    ],
  });
}

function fitsSlack({ blocks }: JsonObject): boolean {
  return (
    Array.isArray(blocks) && blocks.length <= MAX_BLOCKS && blocks.every((block) => countUnits(block) <= MAX_UNITS)
  );
}

function renderSlackText(card: AlertCard): JsonObject {
  const link = card.links[0];
  const linked = link === undefined ? '' : `\n<${link.url}|${link.text}>`;
  return { text: `${renderNotification(card)}${linked}` };
}

/** Renders the notification text. Mentions and links begin with `<` in it, so each `<` is escaped. */
function renderNotification({ title, headline }: AlertCard): string {
  const words = [title, headline].map((part) => makePlain(part)).filter((part) => part !== '');
  return words.join(' – ').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function listCause({ headline, notice, summary }: AlertCard): readonly object[] {
  return [
    ...(headline === '' ? [] : [bold(`${makePlain(headline)}\n`)]),
    ...(notice === '' ? [] : [text(`⚠️ ${makePlain(notice)}\n`)]),
    ...(summary === '' ? [] : [text(`${makePlain(summary)}\n`)]),
  ];
}

function listFix({ fix, language }: AlertCard): readonly object[] {
  const words = WORDS[language];
  return fix === '' ? [] : [bold(`${words.fix}${words.colon}`), text(makePlain(fix))];
}

function renderLink({ text: shown, url }: CardLink, index: number): readonly object[] {
  return [...(index === 0 ? [] : [text(' · ')]), { type: 'link', url, text: shown }];
}

function renderMention(name: string, index: number): readonly object[] {
  const called =
    name === 'all' || name === 'here'
      ? { type: 'broadcast', range: name === 'all' ? 'channel' : 'here' }
      : name.startsWith('S')
        ? { type: 'usergroup', usergroup_id: name }
        : { type: 'user', user_id: name };
  return [...(index === 0 ? [] : [text(' ')]), called];
}

function section(elements: readonly object[]): readonly object[] {
  return elements.length === 0 ? [] : [{ type: 'rich_text_section', elements }];
}

function code(lines: readonly string[]): readonly object[] {
  if (lines.length === 0) return [];
  return [{ type: 'rich_text_preformatted', elements: [text(lines.map((line) => makePlain(line)).join('\n'))] }];
}

function text(content: string): object {
  return { type: 'text', text: content };
}

function bold(content: string): object {
  return { ...text(content), style: { bold: true } };
}

function italic(content: string): object {
  return { ...text(content), style: { italic: true } };
}

/** Counts the UTF-16 units of all texts in a block. */
function countUnits(block: Json): number {
  if (Array.isArray(block)) return block.reduce((sum, item) => sum + countUnits(item), 0);
  if (!isJsonObject(block)) return 0;
  const own = typeof block['text'] === 'string' ? block['text'].length : countUnits(block['text'] ?? null);
  return own + countUnits(block['elements'] ?? null);
}
