import { afterEach, describe, expect, it } from 'vitest';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { AlertCard } from '../card/card.js';
import { START } from '../../core/testing/incidents.js';
import type { SendResult } from './result.js';
import { HOSTILE, LONG, sendCards } from './testing/cards.js';
import type { Double } from './testing/double.js';
import { openSlack, type SlackHook } from './testing/slack.js';

let double: Double;
afterEach(() => double.close());

const PATH = '/services/T024BE7LD/B08GZ5RQ1/geheim1';

async function send(
  hook: Partial<SlackHook> = {},
  more: Partial<ReceiverSettings> & { readonly path?: string } = {},
  cards?: readonly AlertCard[],
): Promise<SendResult> {
  const { path = PATH, ...settings } = more;
  double = await openSlack({ path: PATH, ...hook }, START);
  return sendCards({ kind: 'slack', url: `${double.url}${path}`, ...settings }, cards);
}

describe('a message to Slack', () => {
  it('is taken, with a text for the notification and the facts as rich text', async () => {
    expect(await send()).toEqual({ ok: true, answer: 'ok' });

    const { text, blocks } = JSON.parse(double.accepted[0] ?? '');
    expect(text).toBe('🔴 Error · orders – Title of network.insufficient-buffers/total');
    expect(blocks[0]).toEqual({ type: 'header', text: { type: 'plain_text', text: '🔴 Error · orders' } });
    expect(JSON.stringify(blocks)).toContain('taskmanager.memory.network.min: 112m\\ntaskmanager.memory.process.size');
  });

  it.each([
    ['gone', {}, { path: '/services/T024BE7LD/B08GZ5RQ1/geheim2' }, /no_service.*create a new one/],
    ['gone', { isArchived: true }, {}, /channel_is_archived/],
  ] as const)('is refused with what to change: %s', async (reason, hook, more, error) => {
    const result = await send(hook, more);

    expect(result).toMatchObject({ ok: false, retryable: false, reason, error: expect.stringMatching(error) });
    expect(JSON.stringify(result)).not.toContain('geheim');
  });

  it('whose blocks are not accepted goes out as a text that can call nobody', async () => {
    expect(await send({ refusesBlocks: true }, {}, [HOSTILE])).toMatchObject({ ok: true });

    const { text } = JSON.parse(double.accepted[0] ?? '');
    expect(text.match(/<[^>]*>/g)).toEqual(['<https://jobtrace.example/incidents/incident-1|View diagnosis>']);
  });

  it('keeps title and link, and no block is longer than 3,000 characters', async () => {
    expect(await send({}, {}, [LONG])).toMatchObject({ ok: true });
    expect(double.accepted[0]).toMatch(/🔴[^]*https:\/\/jobtrace.example\/incidents[^]*shortened by/);
  });

  it('calls whom it shall, and nobody else, whatever stands in a log', async () => {
    await send({}, { mentions: ['U123456', 'all'] }, [HOSTILE]);

    const { text, blocks } = JSON.parse(double.accepted[0] ?? '');
    const called = JSON.stringify(blocks).match(/"type":"(?:user|usergroup|broadcast)"/g);
    expect(called).toEqual(['"type":"user"', '"type":"broadcast"']);
    expect(text).not.toMatch(/<|(?<!\u200b)@all/);
  });
});
