// A card as Markdown of DingTalk: it knows headings, quotations, bold, links and lists, a new paragraph only after an
// empty line, and calls only whom `at` names, whose name must stand in the text as well.
import type { ReceiverSettings } from '../../../core/config/rows/receiver.js';
import type { AlertCard } from '../../card/card.js';
import { WORDS } from '../../card/words.js';
import { toJsonObject, type JsonObject } from '../../payload.js';
import { escapeMarks, escapeUrl, makePlain } from '../plain.js';

export function renderDingtalk(card: AlertCard, { keyword, mentions = [] }: ReceiverSettings): JsonObject {
  const called = card.tone === 'bad' || card.tone === 'warning' ? mentions : [];
  const text = listParagraphs(card, called).join('\n\n');
  const hasKeyword = keyword === undefined || text.includes(keyword);
  const title = makePlain([card.title, card.headline].filter((part) => part !== '').join(WORDS[card.language].colon));
  return toJsonObject({
    msgtype: 'markdown',
    markdown: { title, text: hasKeyword ? text : `${text}\n\n${escapeMarks(keyword)}` },
    at: {
      atMobiles: called.filter(isMobile),
      atUserIds: called.filter((name) => name !== 'all' && !isMobile(name)),
      isAtAll: called.includes('all'),
    },
  });
}

function listParagraphs(card: AlertCard, called: readonly string[]): readonly string[] {
  const { headline, summary, fix, patch, evidence, numbers, related, relatedMore, links, notice, leftOut } = card;
  const words = WORDS[card.language];
  const bold = (name: string): string => `**${name}**${words.colon}`;
  return [
    `### ${escapeMarks(card.title)}`,
    ...(headline === '' ? [] : [`**${escapeMarks(headline)}**`]),
    ...(notice === '' ? [] : [`> ⚠️ ${escapeMarks(notice)}`]),
    ...(summary === '' ? [] : [escapeMarks(summary)]),
    ...(fix === '' ? [] : [bold(words.fix) + escapeMarks(fix)]),
    ...patch.map((line) => `> ${escapeMarks(line)}`),
    ...(evidence.length === 0 ? [] : [`**${words.evidence}**`, ...evidence.map((line) => `> ${escapeMarks(line)}`)]),
    ...related.map((line) => `- ${escapeMarks(line)}`),
    ...(relatedMore > 0 ? [words.more(relatedMore)] : []),
    ...(numbers.length === 0 ? [] : [numbers.map(({ name, value }) => `${name}${words.colon}${escapeMarks(value)}`).join(' · ')]),
    ...(links.length === 0 ? [] : [links.map(({ text, url }) => `[${text}](${escapeUrl(url)})`).join(' · ')]),
    ...(leftOut > 0 ? [`*${words.truncated(leftOut)}*`] : []),
    ...(called.length > 0
      ? [
          called
            .filter((name) => name !== 'all')
            .map((name) => `@${name}`)
            .join(' '),
        ]
      : []),
  ].filter((paragraph) => paragraph !== '');
}

function isMobile(name: string): boolean {
  return /^\+?[\d-]{6,}$/.test(name);
}
