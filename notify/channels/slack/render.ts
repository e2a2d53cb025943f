// Renders a card as blocks of Slack: the title as header, everything else as rich text, in which Slack reads neither
// mentions nor markup. `text` is shown in notifications, and it is the whole message if the blocks are not accepted. A
// block has at most 3,000 characters here, a header 150.
import type { ReceiverSettings } from '../../../core/config/rows/receiver.js';
import type { AlertCard, CardLink } from '../../card/card.js';
import { WORDS } from '../../card/words.js';
import { cutMiddle } from '../../render.js';
import { isJsonObject, toJsonObject, type Json, type JsonObject } from '../../payload.js';
import { listCalled } from '../markdown.js';
import { makePlain } from '../plain.js';

const MAX_BLOCKS = 50;
const MAX_UNITS = 3000;
const HEADER_UNITS = 150;

export function renderSlack(card: AlertCard, { mentions }: ReceiverSettings): JsonObject {
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

export function fitsSlack({ blocks }: JsonObject): boolean {
  return (
    Array.isArray(blocks) && blocks.length <= MAX_BLOCKS && blocks.every((block) => countUnits(block) <= MAX_UNITS)
  );
}

export function renderSlackText(card: AlertCard): JsonObject {
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
