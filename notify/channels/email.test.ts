import { afterEach, describe, expect, it } from 'vitest';
import type { AlertCard } from '../card/card.js';
import type { SendResult } from './result.js';
import { HOSTILE, makeCard, sendCards } from './testing/cards.js';
import { openMailServer, type MailRules, type MailServer } from './testing/email.js';

let server: MailServer;
afterEach(() => server.close());

async function send(rules: MailRules, card: AlertCard, user = ''): Promise<SendResult> {
  server = await openMailServer(rules);
  const url = `smtp://${user}127.0.0.1:${server.port}`;
  return sendCards({ kind: 'email', url, from: 'Jobtrace <jobtrace@example.com>', to: ['anna@example.com'] }, [card]);
}

/** Unfolds the headers and decodes the quoted-printable body. */
function readMail(data = ''): string {
  const bytes = data
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

describe('a mail', () => {
  it('logs in, is taken, and goes on with the thread of its incident', async () => {
    const rules = { user: 'jobtrace', password: 'geheim 1' };
    expect(await send(rules, makeCard({ language: 'zh' }), 'jobtrace:geheim%201@')).toMatchObject({ ok: true });

    const [{ to, data = '' } = { to: [] }] = server.received;
    expect(to).toEqual(['anna@example.com']);
    expect(data).toMatch(/^In-Reply-To: <[0-9a-f]{32}@jobtrace>$/m);
    expect(readMail(data)).toContain('taskmanager.memory.network.min: 112m');
  });

  it.each([
    ['credential', { user: 'jobtrace', password: 'other' }, 'jobtrace:geheim1@', false],
    ['recipient', { knows: ['bert@example.com'] }, '', false],
    ['busy', { answer: '451 4.7.1 Greylisted, come again' }, '', true],
    ['too-long', { answer: '552 5.3.4 Message too big' }, '', false],
  ] as const)('is refused with what to change: %s', async (reason, rules, user, retryable) => {
    const result = await send(rules, makeCard(), user);

    expect(result).toMatchObject({ ok: false, retryable, reason });
    expect(JSON.stringify(result)).not.toContain('geheim');
  });

  it('has nothing of a log as markup', async () => {
    await send({}, { ...HOSTILE, title: 'evil\r\nBcc: all@example.com' });

    const [{ to, data = '' } = { to: [] }] = server.received;
    expect(to).toEqual(['anna@example.com']);
    expect(readMail(data)).not.toMatch(/^Bcc:|<font|<at /m);
  });
});
