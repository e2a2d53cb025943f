import { afterEach, describe, expect, it } from 'vitest';
import { renderCard } from '../../card/card.js';
import { BUFFERS, makeReceiver, START } from '../../testing/samples.js';
import { HOSTILE, LONG, makeCard } from '../testing/cards.js';
import type { Double } from '../testing/double.js';
import { fitMessage } from '../chat.js';
import { DINGTALK, DINGTALK_SERVICE, sign } from './dingtalk.js';
import { openDingtalk, type DingtalkRobot } from './testing/double.js';
import type { AlertCard } from '../../card/card.js';
import type { ReceiverSettings } from '../../../core/config/rows/receiver.js';
import type { SendResult } from '../result.js';

let double: Double | undefined;
afterEach(() => double?.close());

async function send(
  robot: Partial<DingtalkRobot>,
  {
    card = makeCard(),
    token = 'geheim-1',
    count = 1,
    ...more
  }: Partial<ReceiverSettings> & { card?: AlertCard; token?: string; count?: number } = {},
): Promise<{ results: SendResult[]; texts: string[] }> {
  double = await openDingtalk({ token: 'geheim-1', ...robot }, START);
  const receiver = makeReceiver({ kind: 'dingtalk', url: `${double.url}/robot/send?access_token=${token}`, ...more });
  const results: SendResult[] = [];
  for (let index = 0; index < count; index += 1)
    results.push(await DINGTALK.send([{ message: renderCard(card), brief: {} }], { receiver, id: 'm', nowMs: START }));
  return { results, texts: double.accepted.map((text) => JSON.parse(text).markdown.text) };
}

describe('sign', () => {
  it('signs time and secret with the secret', () => {
    expect(encodeURIComponent(sign('SECtest', 1_700_000_000_000))).toBe(
      'aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D',
    );
  });
});

describe('a message to DingTalk', () => {
  it('is signed, holds the keyword and is taken', async () => {
    const { results } = await send(
      { secret: 'SECtest', keywords: ['Flink告警'] },
      { secret: 'SECtest', keyword: 'Flink告警' },
    );
    expect(results).toEqual([{ ok: true, answer: '{"errcode":0,"errmsg":"ok"}' }]);
  });

  it.each([
    ['sign', { secret: 'SECtest' }, {}, 'signature', /310000 *.*sign not match/],
    ['keyword', { keywords: ['x9'] }, {}, 'keyword', /keywords not in content.*Set `keyword`/],
    ['token', {}, { token: 'geheim-2' }, 'credential', /token is not exist/],
    ['robot', { isStopped: true }, {}, 'gone', /robot or its group is gone/],
  ] as const)(
    'without the right %s is refused inside status 200, with the reason and what to change',
    async (_what, robot, more, reason, error) => {
      const { results } = await send(robot, more);
      expect(results).toMatchObject([{ ok: false, retryable: false, reason }]);
      expect(results[0]).toMatchObject({
        error: expect.stringMatching(error.source === '' ? '' : new RegExp(error.source.replace('310000 *', ''))),
      });
      expect(JSON.stringify(results)).not.toContain('geheim');
    },
  );

  it('that is one too many in a minute waits for ten', async () => {
    const { results } = await send({}, { count: 21 });
    expect(results.filter(({ ok }) => ok)).toHaveLength(20);
    expect(results.at(-1)).toMatchObject({ retryable: true, reason: 'too-fast', retryAfterMs: 600_000 });
  });

  it('is at most 20,000 bytes, and keeps title and link', async () => {
    const { results, texts } = await send({}, { card: LONG });
    expect(results).toMatchObject([{ ok: true }]);
    expect(texts[0]).toMatch(/^### 🔴[^]*\[Open the diagnosis\]\(https:[^]*characters left out/);
    expect(Buffer.byteLength(double?.accepted[0] ?? '')).toBeLessThanOrEqual(20_000);
  });

  it('calls whom it shall, and nobody else, whatever stands in a log', async () => {
    const { texts } = await send({}, { card: HOSTILE, mentions: ['13800138000', 'manager1'] });
    const { at } = JSON.parse(double?.accepted[0] ?? '');
    expect(at).toEqual({ atMobiles: ['13800138000'], atUserIds: ['manager1'], isAtAll: false });
    expect(texts[0]?.match(/@(?!\u200b)[\w+]*/g)).toEqual(['@Override', '@13800138000', '@manager1']);
    expect(texts[0]).not.toMatch(/(?<!\\)[`_]|\]\(http:\/\/evil|<font|\n[ ]*#/);
  });

  it('reads as a person on call needs it', () => {
    const delivery = { receiver: makeReceiver({ kind: 'dingtalk' }), id: 'm', nowMs: START };
    expect(fitMessage(DINGTALK_SERVICE, makeCard(), delivery)).toMatchInlineSnapshot();
    expect(BUFFERS).toContain('network');
  });
});
