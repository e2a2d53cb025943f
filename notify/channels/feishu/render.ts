// Renders a card as an interactive card of Feishu (structure 1.0, which old clients and Lark support as well). The
// title is in a coloured header, text from a log or a rule is plain text, which is never read as markup, and links are
// buttons. If the service does not accept the card, a plain text is sent.
import type { ReceiverSettings } from '../../../core/config/rows/receiver.js';
import type { AlertCard } from '../../card/card.js';
import { WORDS } from '../../card/words.js';
import { toJsonObject, type JsonObject } from '../../payload.js';
import { listCalled } from '../markdown.js';
import { makePlain } from '../plain.js';

const COLOURS: Readonly<Record<AlertCard['tone'], string>> = {
  bad: 'red',
  warning: 'orange',
  good: 'green',
  neutral: 'grey',
};

export function renderFeishu(card: AlertCard, { keyword, mentions }: ReceiverSettings): JsonObject {
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

export function renderFeishuText(card: AlertCard, { keyword = '' }: ReceiverSettings): JsonObject {
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
  const marks = called.map((name) => (name.includes('@') ? `<at email=${name}></at>` : `<at id=${name}></at>`));
  return marks.length === 0 ? [] : [markdown(marks.join(' '))];
}

/** Escapes marks as HTML character references, as the service's page on its Markdown requires. */
export function escapeFeishu(text: string): string {
  return makePlain(text).replaceAll(/[*_~`[\]<>#\\]/g, (mark) => `&#${mark.charCodeAt(0)};`);
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
