import { afterEach, describe, expect, it } from 'vitest';
import type { AlertCard } from '../card/card.js';
import { START } from '../../core/testing/incidents.js';
import type { SendResult } from './result.js';
import { HOSTILE, LONG, makeCard, sendCards } from './testing/cards.js';
import type { Double } from './testing/double.js';
import { openTeams, type TeamsFlow } from './testing/teams.js';

let double: Double;
afterEach(() => double.close());

async function send(flow: Partial<TeamsFlow> = {}, sig = 'geheim1', cards?: readonly AlertCard[]): Promise<SendResult> {
  double = await openTeams({ signature: 'geheim1', ...flow }, START);
  return sendCards({ kind: 'teams', url: `${double.url}/workflows/1/triggers/manual/paths/invoke?sig=${sig}` }, cards);
}

describe('a message to Teams', () => {
  it('is taken by the flow as a card without Markdown, whatever stands in a log', async () => {
    expect(await send({}, 'geheim1', [HOSTILE])).toMatchObject({ ok: true, answer: '202' });
    expect(double.accepted[0]).not.toMatch(/"TextBlock"|"mention"/);
  });

  it('calls whom it shall, and nobody else, whatever stands in a log', async () => {
    double = await openTeams({ signature: 'geheim1' }, START);
    const url = `${double.url}/workflows/1/triggers/manual/paths/invoke?sig=geheim1`;
    expect(await sendCards({ kind: 'teams', url, mentions: ['anna@example.com'] }, [HOSTILE])).toMatchObject({
      ok: true,
    });

    const { content } = JSON.parse(double.accepted[0] ?? '').attachments[0];
    expect(content.body.at(-1)).toEqual({ type: 'TextBlock', wrap: true, text: '<at>anna</at>' });
    expect(content.msteams.entities).toEqual([
      { type: 'mention', text: '<at>anna</at>', mentioned: { id: 'anna@example.com', name: 'anna' } },
    ]);
  });

  it.each([
    ['credential', {}, 'geheim2', /401.*Copy the whole URL/],
    ['credential', { isConnector: true }, 'geheim2', /HTTP error 401/],
  ] as const)('is refused with what to change, also inside status 200: %s', async (reason, flow, sig, error) => {
    const result = await send(flow, sig);

    expect(result).toMatchObject({ ok: false, retryable: false, reason, error: expect.stringMatching(error) });
    expect(JSON.stringify(result)).not.toContain('geheim2');
  });

  it('is at most 21,000 bytes, and short where that is still too large', async () => {
    expect(await send({ maxBytes: 21_000 }, 'geheim1', [LONG])).toMatchObject({ ok: true });
    await double.close();
    expect(await send({ maxBytes: 900, isConnector: true }, 'geheim1', [makeCard()])).toMatchObject({ ok: true });
    expect(double.accepted[0]).toContain('https://jobtrace.example/incidents/incident-1');
  });
});
