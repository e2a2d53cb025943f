// Renders a card as a mail with the same content in plain text and in HTML. The HTML loads nothing and has no script;
// log text is escaped and in a fixed-width font.
import type { AlertCard } from '../../card/card.js';
import { WORDS } from '../../card/words.js';
import { makePlain } from '../plain.js';

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const COLOURS: Readonly<Record<AlertCard['tone'], string>> = {
  bad: '#c92a2a',
  warning: '#e67700',
  good: '#2b8a3e',
  neutral: '#495057',
};

export function renderEmail(card: AlertCard): RenderedMail {
  const words = WORDS[card.language];
  const subject = makePlain([card.title, card.headline].filter((part) => part !== '').join(words.colon));
  return { subject, text: renderText(card), html: renderHtml(card) };
}

function renderText(card: AlertCard): string {
  const { title, headline, summary, fix, patch, evidence, numbers, related, relatedMore, links, notice } = card;
  const words = WORDS[card.language];
  const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `    ${makePlain(line)}`);
  const blocks: readonly (readonly string[])[] = [
    [title, headline].filter((line) => line !== '').map(makePlain),
    notice === '' ? [] : [`! ${makePlain(notice)}`],
    summary === '' ? [] : [makePlain(summary)],
    fix === '' ? [] : [`${words.fix}${words.colon}${makePlain(fix)}`, ...indent(patch)],
    evidence.length === 0 ? [] : [`${words.evidence}${words.colon}`.trim(), ...indent(evidence)],
    [...related.map((line) => `- ${makePlain(line)}`), ...(relatedMore > 0 ? [words.more(relatedMore)] : [])],
    numbers.map(({ name, value }) => `${name}${words.colon}${makePlain(value)}`),
    links.map(({ text, url }) => `${text}${words.colon}${url}`),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function renderHtml(card: AlertCard): string {
  const { title, headline, summary, fix, patch, evidence, numbers, related, relatedMore, links, notice, tone } = card;
  const words = WORDS[card.language];
  const paragraph = (text: string): readonly string[] => (text === '' ? [] : [`<p>${text}</p>`]);
  const rows = numbers.map(
    ({ name, value }) =>
      `<tr><td style="color:#868e96;padding-right:1em">${name}</td><td>${escapeHtml(value)}</td></tr>`,
  );
  const items = related.map((line) => `<li>${escapeHtml(line)}</li>`);
  const more = relatedMore > 0 ? [`<li>${words.more(relatedMore)}</li>`] : [];
  return [
    `<html lang="${card.language}"><body style="font-family:sans-serif;max-width:48em">`,
    `<h2 style="color:${COLOURS[tone]}">${escapeHtml(title)}</h2>`,
    ...paragraph(headline === '' ? '' : `<b>${escapeHtml(headline)}</b>`),
    ...paragraph(notice === '' ? '' : `⚠️ ${escapeHtml(notice)}`),
    ...paragraph(escapeHtml(summary)),
    ...paragraph(fix === '' ? '' : `<b>${words.fix}</b>${words.colon}${escapeHtml(fix)}`),
    ...preformatted(patch),
    ...paragraph(evidence.length === 0 ? '' : `<b>${words.evidence}</b>`),
    ...preformatted(evidence),
    ...(items.length + more.length > 0 ? [`<ul>${[...items, ...more].join('')}</ul>`] : []),
    ...(rows.length > 0 ? [`<table>${rows.join('')}</table>`] : []),
    ...paragraph(links.map(({ text, url }) => `<a href="${escapeHtml(url)}">${text}</a>`).join(' · ')),
    '</body></html>',
  ].join('\n');
}

function preformatted(lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const style = 'background:#f1f3f5;padding:.6em;white-space:pre-wrap;word-break:break-all';
  return [`<pre style="${style}">${lines.map(escapeHtml).join('\n')}</pre>`];
}

function escapeHtml(text: string): string {
  return makePlain(text).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
