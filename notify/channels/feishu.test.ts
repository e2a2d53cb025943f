import { afterEach, describe, expect, it } from 'vitest';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { AlertCard } from '../card/card.js';
import { START } from '../../core/testing/incidents.js';
import type { SendResult } from './result.js';
import { HOSTILE, LONG, makeCard, sendCards } from './testing/cards.js';
import type { Double } from './testing/double.js';
import { sign } from './feishu.js';
import { openFeishu, type FeishuBot } from './testing/feishu.js';

let double: Double;
afterEach(() => double.close());

async function send(
  bot: Partial<FeishuBot> = {},
  more: Partial<ReceiverSettings> & { readonly token?: string } = {},
  cards?: readonly AlertCard[],
): Promise<SendResult> {
  const { token = 'geheim-1', ...settings } = more;
  double = await openFeishu({ token: 'geheim-1', ...bot }, START);
  return sendCards({ kind: 'feishu', url: `${double.url}/open-apis/bot/v2/hook/${token}`, ...settings }, cards);
}

describe('a message to Feishu', () => {
  it('is signed in its body, holds the keyword and is taken', async () => {
    expect(sign('test', '1700000000')).toBe('eSJQnOl8XqPTMPHWz9e5IzeHS/tqoc68g2967ekIPmg=');

    expect(await send({ secret: 's1', keywords: ['告警'] }, { secret: 's1', keyword: '告警' })).toMatchObject({
      ok: true,
    });
  });

  it.each([
    ['signature', { secret: 's1' }, {}, /19021.*clock/],
    ['keyword', { keywords: ['x9'] }, {}, /Key Words Not Found.*Set `keyword`/],
    ['credential', {}, { token: 'geheim-2' }, /access token invalid.*Copy the whole URL/],
  ] as const)(
    'without the right %s is refused inside status 200, with what to change',
    async (reason, bot, more, error) => {
      const result = await send(bot, more);

      expect(result).toMatchObject({ ok: false, retryable: false, reason, error: expect.stringMatching(error) });
      expect(JSON.stringify(result)).not.toContain('geheim');
    },
  );

  it('whose card is not accepted goes out as a text with title, cause, fix and link', async () => {
    expect(await send({ refusesCards: true }, {}, [HOSTILE])).toMatchObject({ ok: true });

    const { content } = JSON.parse(double.accepted[0] ?? '');
    expect(content.text).toContain('https://jobtrace.example/incidents/incident-1');
    expect(content.text).not.toContain('<at');
  });

  it('is at most 20,000 bytes, and keeps title and link', async () => {
    expect(await send({ secret: 's1' }, { secret: 's1' }, [LONG])).toMatchObject({ ok: true });
    expect(double.accepted[0]).toMatch(/🔴[^]*https:\/\/jobtrace.example\/incidents[^]*shortened by/);
    expect(Buffer.byteLength(double.accepted[0] ?? '')).toBeLessThanOrEqual(20_000);
  });

  it('calls whom it shall, and nobody else, whatever stands in a log', async () => {
    await send({}, { mentions: ['ou_1', 'anna@example.com', 'all'] }, [HOSTILE]);

    expect(double.accepted[0]?.match(/<at [^>]*>/g)).toEqual([
      '<at id=ou_1>',
      '<at email=anna@example.com>',
      '<at id=all>',
    ]);
    const { elements } = JSON.parse(double.accepted[0] ?? '').card;
    const markup = elements.filter((element: { tag: string }) => element.tag === 'markdown').slice(0, -1);
    for (const { content } of markup) expect(content.slice(2, -2)).not.toMatch(/[*_`<[\]]/);
  });

  it('that brings good news is green and calls nobody', async () => {
    await send({}, { mentions: ['all'] }, [makeCard({ reason: 'resolved', language: 'zh' })]);

    expect(double.accepted[0]).toContain('"template":"green"');
    expect(double.accepted[0]).not.toContain('<at');
  });
});
