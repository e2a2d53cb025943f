// Defines the channel of e-mail through a mail server: its settings, its mails, and the meaning of the server's
// refusals (RFC 5321: 4xx is temporary, 5xx is permanent). Mails about one incident form a thread.
import { hashText } from '../../core/hash.js';
import { chooseWay, describeWay, NO_PROXIES, type Way } from '../../core/proxy.js';
import type { Text } from '../../core/types.js';
import { buildForwardedCard, readCard, renderCard, type AlertCard } from '../card/card.js';
import { joinCards } from '../card/join.js';
import { buildOwnCard } from '../card/template.js';
import { WORDS } from '../card/words.js';
import type { Channel, ChannelSettings, Delivery } from './channel.js';
import { hideAddress } from './http.js';
import { makePlain } from './plain.js';
import { readRefusal, type AnswerRow } from './refusal.js';
import type { SendResult } from './result.js';
import { isThisMachine, sendMail, type MailResult } from './smtp.js';

const SETTINGS: ChannelSettings = {
  title: 'E-mail',
  needs: ['from', 'to'],
  takes: ['template'],
  schemes: ['smtp:', 'smtps:'],
  example: 'smtps://user:password@mail.example.com:465',
  perMinute: 30,
  findRisk: ({ protocol, hostname, username }) =>
    protocol === 'smtp:' && username === '' && !isThisMachine(hostname) ? IN_THE_CLEAR : undefined,
};

/** Warning about unencrypted mails. It does not apply with a user, because smtp.ts then requires TLS. */
const IN_THE_CLEAR: Text = {
  en: 'Mails go in the clear where the mail server offers no STARTTLS: use smtps://, or a user, with which TLS is needed.',
  zh: '邮件服务器不支持 STARTTLS 时邮件以明文发送：请使用 smtps://，或配置用户（此时强制 TLS）。',
};

const BUSY_MS = 60_000;

const ANSWERS: readonly AnswerRow[] = [
  { code: 'EAUTH', reason: 'credential' },
  { code: 'ETLS', reason: 'forbidden' },
  { code: 'EENVELOPE', says: /^4/, reason: 'busy', waitMs: BUSY_MS },
  { code: 'EENVELOPE', reason: 'recipient' },
  { code: 'EMESSAGE', says: /^4/, reason: 'busy', waitMs: BUSY_MS },
  { code: 'EMESSAGE', says: /^552|too large|size/i, reason: 'too-long' },
  { code: 'EMESSAGE', reason: 'forbidden' },
];

export const EMAIL: Channel = {
  settings: SETTINGS,
  renderIncident: (card) => renderCard(buildOwnCard(card)),
  renderForwarded: (alert) => renderCard(buildForwardedCard(alert)),
  refresh: undefined,
  canEdit: false,
  joins: 'digest',
  renderFallback: renderCard,
  readCard,
  async send(parts, delivery) {
    const card = joinCards(parts.map(({ message }) => readCard(message)));
    const { url, from = '', to = [], proxy } = delivery.receiver;
    const way = chooseWay(url, delivery.proxies ?? NO_PROXIES, proxy);
    const thread = `<${hashText(card.topic, 32)}@jobtrace>`;
    const mail = { from, to, messageId: `<${delivery.id}@jobtrace>`, references: thread, ...renderEmail(card) };
    return readAnswer(await sendMail(url, mail, way), delivery, way);
  },
};

function readAnswer(result: MailResult, { receiver }: Delivery, way: Way): SendResult {
  const shown = hideAddress(result.reply, receiver.url).replace(/\s+/g, ' ').trim();
  if (result.ok) return { ok: true, answer: shown };
  const isRefusal = result.status !== undefined || ANSWERS.some(({ code }) => code === result.code);
  const by = describeWay(way);
  const error = `the connection failed (${result.code}: ${shown})${by === '' ? '' : `, ${by}`}`;
  if (!isRefusal) return { ok: false, retryable: true, error, answer: shown };
  const text = `${result.status ?? ''} ${shown}`.trim();
  return readRefusal(ANSWERS, { code: result.code, text }, { status: result.status ?? 0, text, shown });
}

// Renders a card as a mail with the same content in plain text and in HTML. The HTML loads nothing and has no script;
// log text is escaped and in a fixed-width font.

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

function renderEmail(card: AlertCard): RenderedMail {
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
