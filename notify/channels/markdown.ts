// A card as paragraphs of Markdown, for the chats whose Markdown is nearly the same: what needs marks of its own (a
// quotation, a bold word, a link) a channel hands in, beside what makes a text of a log harmless there. Pure.
import type { AlertCard } from '../card/card.js';
import { WORDS } from '../card/words.js';

export interface MarkdownMarks {
  escape(text: string): string;
  bold(text: string): string;
  quote(text: string): string;
  /** A line that a log wrote, or an option. */
  code(text: string): string;
  link(text: string, url: string): string;
  dim(text: string): string;
}

/** Without the title, which each channel shows in its own way. */
export function listParagraphs(card: AlertCard, marks: MarkdownMarks): readonly string[] {
  const { headline, summary, fix, patch, evidence, numbers, related, relatedMore, links, notice, leftOut } = card;
  const words = WORDS[card.language];
  const { escape, bold, quote, code, link, dim } = marks;
  return [
    ...(headline === '' ? [] : [bold(escape(headline))]),
    ...(notice === '' ? [] : [quote(`⚠️ ${escape(notice)}`)]),
    ...(summary === '' ? [] : [escape(summary)]),
    ...(fix === '' ? [] : [`${bold(words.fix)}${words.colon}${escape(fix)}`]),
    ...patch.map(code),
    ...(evidence.length === 0 ? [] : [bold(words.evidence), ...evidence.map(code)]),
    ...related.map((line) => `- ${escape(line)}`),
    ...(relatedMore > 0 ? [dim(words.more(relatedMore))] : []),
    ...(numbers.length === 0
      ? []
      : [dim(numbers.map(({ name, value }) => `${name}${words.colon}${escape(value)}`).join(' · '))]),
    ...(links.length === 0 ? [] : [links.map(({ text, url }) => link(text, url)).join(' · ')]),
    ...(leftOut > 0 ? [dim(words.truncated(leftOut))] : []),
  ];
}

/** Whom a card calls: nobody where it brings good news. */
export function listCalled({ tone }: AlertCard, mentions: readonly string[] = []): readonly string[] {
  return tone === 'bad' || tone === 'warning' ? mentions : [];
}

export function isMobile(name: string): boolean {
  return /^\+?[\d-]{6,20}$/.test(name);
}
