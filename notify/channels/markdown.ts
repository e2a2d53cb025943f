// Renders a card as paragraphs of Markdown, for chats whose Markdown dialects are similar. A channel supplies its own
// markup (quotation, bold, link) and the function that escapes log text. Pure functions.
import type { AlertCard } from '../card/card.js';
import { WORDS } from '../card/words.js';

export interface MarkdownSyntax {
  escape(text: string): string;
  bold(text: string): string;
  quote(text: string): string;
  /** Formats a line of a log, or an option. */
  code(text: string): string;
  link(text: string, url: string): string;
  dim(text: string): string;
}

/** Lists the paragraphs without the title, which each channel shows in its own way. */
export function listParagraphs(card: AlertCard, syntax: MarkdownSyntax): readonly string[] {
  const { headline, summary, fix, patch, evidence, numbers, related, relatedMore, links, notice, leftOut } = card;
  const words = WORDS[card.language];
  const { escape, bold, quote, code, link, dim } = syntax;
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

/** Lists the people that a card mentions: nobody for good news. */
export function listCalled({ tone }: AlertCard, mentions: readonly string[] = []): readonly string[] {
  return tone === 'bad' || tone === 'warning' ? mentions : [];
}

export function isMobile(name: string): boolean {
  return /^\+?[\d-]{6,20}$/.test(name);
}
