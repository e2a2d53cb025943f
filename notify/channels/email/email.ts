// Defines the channel of e-mail through a mail server: its settings, its mails, and the meaning of the server's
// refusals (RFC 5321: 4xx is temporary, 5xx is permanent). Mails about one incident form a thread. render.ts renders
// the card.
import { createHash } from 'node:crypto';
import { buildForwardedCard, readCard, renderCard } from '../../card/card.js';
import { joinCards } from '../../card/join.js';
import { buildOwnCard } from '../../card/template.js';
import type { Text } from '../../../core/types.js';
import { chooseWay, describeWay, NO_PROXIES, type Way } from '../../../core/proxy/choose.js';
import type { Channel, ChannelSettings, Delivery } from '../channel.js';
import { hideAddress } from '../http.js';
import { readRefusal, type AnswerRow } from '../refusal.js';
import type { SendResult } from '../result.js';
import { renderEmail } from './render.js';
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
    const thread = `<${createHash('sha256').update(card.topic).digest('hex').slice(0, 32)}@jobtrace>`;
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
