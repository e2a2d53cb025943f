// Renders a card as Markdown of DingTalk. It supports headings, quotations, bold, links and lists, and a new paragraph
// only after an empty line. It mentions only people in `at` whose name is also in the text.
import type { ReceiverSettings } from '../../../core/config/rows/receiver.js';
import type { AlertCard } from '../../card/card.js';
import { WORDS } from '../../card/words.js';
import { toJsonObject, type JsonObject } from '../../payload.js';
import { isMobile, listCalled, listParagraphs, type MarkdownMarks } from '../markdown.js';
import { escapeMarks, escapeUrl, makePlain } from '../plain.js';

const MARKS: MarkdownMarks = {
  escape: escapeMarks,
  bold: (text) => `**${text}**`,
  quote: (text) => `> ${text}`,
  code: (text) => `> ${escapeMarks(text)}`,
  link: (text, url) => `[${text}](${escapeUrl(url)})`,
  dim: (text) => text,
};

export function renderDingtalk(card: AlertCard, { keyword, mentions }: ReceiverSettings): JsonObject {
  const called = listCalled(card, mentions);
  const names = called.filter((name) => name !== 'all');
  const paragraphs = [
    `### ${escapeMarks(card.title)}`,
    ...listParagraphs(card, MARKS),
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
