// Renders a card as Markdown of WeCom: at most 4,096 bytes, bold, quotations, links, three colours, and `<@user>`,
// which mentions people. It has no escapes, so invisible characters separate the marks of a log. If the service finds
// it too long, a text of title, cause and link is sent.
import type { ReceiverSettings } from '../../../core/config/rows/receiver.js';
import type { AlertCard } from '../../card/card.js';
import { isJsonObject, type JsonObject } from '../../payload.js';
import { isMobile, listCalled, listParagraphs, type MarkdownMarks } from '../markdown.js';
import { escapeUrl, makePlain, partMarks } from '../plain.js';

const MAX_BYTES = 4096;
const MAX_TEXT_BYTES = 2048;

const COLOURS: Readonly<Record<AlertCard['tone'], string>> = {
  bad: 'warning',
  warning: 'warning',
  good: 'info',
  neutral: 'comment',
};

const MARKS: MarkdownMarks = {
  escape: partMarks,
  bold: (text) => `**${text}**`,
  quote: (text) => `> ${text}`,
  code: (text) => `> ${partMarks(text)}`,
  link: (text, url) => `[${text}](${escapeUrl(url)})`,
  dim: (text) => `<font color="comment">${text}</font>`,
};

export function renderWecom(card: AlertCard, { mentions }: ReceiverSettings): JsonObject {
  const called = listCalled(card, mentions).filter((name) => name !== 'all' && !isMobile(name));
  const paragraphs = [
    `### <font color="${COLOURS[card.tone]}">${partMarks(card.title)}</font>`,
    ...listParagraphs(card, MARKS),
    ...(called.length === 0 ? [] : [called.map((name) => `<@${name}>`).join(' ')]),
  ];
  return { msgtype: 'markdown', markdown: { content: paragraphs.join('\n') } };
}

export function fitsWecom(message: JsonObject): boolean {
  const { markdown } = message;
  return isJsonObject(markdown) && Buffer.byteLength(String(markdown['content'])) <= MAX_BYTES;
}

/** Renders a text message, which can mention a phone number or everybody; Markdown cannot. */
export function renderWecomText(card: AlertCard, { mentions }: ReceiverSettings): JsonObject {
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
