import { afterEach, describe, expect, it } from 'vitest';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { AlertCard } from '../card/card.js';
import { START } from '../../core/testing/incidents.js';
import type { SendResult } from './result.js';
import { HOSTILE, LONG, makeCard, sendCards } from './testing/cards.js';
import type { Double } from './testing/double.js';
import { sign } from './dingtalk.js';
import { openDingtalk, type DingtalkRobot } from './testing/dingtalk.js';

let double: Double;
afterEach(() => double.close());

async function send(
  robot: Partial<DingtalkRobot> = {},
  more: Partial<ReceiverSettings> & { readonly token?: string } = {},
  cards?: readonly AlertCard[],
): Promise<SendResult> {
  const { token = 'geheim-1', ...settings } = more;
  double = await openDingtalk({ token: 'geheim-1', ...robot }, START);
  return sendCards({ kind: 'dingtalk', url: `${double.url}/robot/send?access_token=${token}`, ...settings }, cards);
}

function readSent(): { text: string; at: unknown } {
  const { markdown, at } = JSON.parse(double.accepted[0] ?? '{}');
  return { text: markdown.text, at };
}

describe('a message to DingTalk', () => {
  it('is signed, holds the keyword and is taken', async () => {
    expect(encodeURIComponent(sign('SECtest', 1_700_000_000_000))).toBe(
      'aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D',
    );

    const result = await send({ secret: 'SECx', keywords: ['告警'] }, { secret: 'SECx', keyword: '告警' });

    expect(result).toEqual({ ok: true, answer: '{"errcode":0,"errmsg":"ok"}' });
  });

  it.each([
    ['signature', { secret: 'SECx' }, {}, /sign not match/],
    ['keyword', { keywords: ['x9'] }, {}, /keywords not in content.*Set `keyword`/],
    ['credential', {}, { token: 'geheim-2' }, /token is not exist.*Copy the whole URL/],
    ['gone', { isStopped: true }, {}, /400102.*create a new one/],
  ] as const)(
    'without the right %s is refused inside status 200, with what to change',
    async (reason, robot, more, error) => {
      const result = await send(robot, more);

      expect(result).toMatchObject({ ok: false, retryable: false, reason, error: expect.stringMatching(error) });
      expect(JSON.stringify(result)).not.toContain('geheim');
    },
  );

  it('that is one too many in a minute waits for ten', async () => {
    await send();
    const url = `${double.url}/robot/send?access_token=geheim-1`;
    const results: SendResult[] = [];
    for (let count = 2; count <= 21; count += 1) results.push(await sendCards({ kind: 'dingtalk', url }));

    expect(results.filter(({ ok }) => ok)).toHaveLength(19);
    expect(results.at(-1)).toMatchObject({ retryable: true, reason: 'too-fast', retryAfterMs: 600_000 });
  });

  it('is at most 20,000 bytes, and keeps title and link', async () => {
    expect(await send({}, {}, [LONG])).toMatchObject({ ok: true });
    expect(readSent().text).toMatch(/^### 🔴[^]*\[View diagnosis\]\(https:[^]*shortened by/);
  });

  it('calls whom it shall, and nobody else, whatever stands in a log', async () => {
    await send({}, { mentions: ['13800138000', 'manager1'] }, [HOSTILE]);

    const { text, at } = readSent();
    expect(at).toEqual({ atMobiles: ['13800138000'], atUserIds: ['manager1'], isAtAll: false });
    expect(new Set(text.match(/@(?!\u200b)[\w+]+/g))).toEqual(
      new Set(['@U123', '@Override', '@13800138000', '@manager1']),
    );
    expect(text).not.toMatch(/(?<!\\)[`_]|\]\(http:\/\/evil|<font|<at|<@|\n#(?!##)/);
  });

  it('reads as a person on call needs it, in both languages', async () => {
    await send({}, {}, [makeCard()]);
    expect(readSent().text).toMatchInlineSnapshot(`
      "### 🔴 Error · orders

      **Title of network.insufficient-buffers/total**

      Summary of network.insufficient-buffers/total

      **Fix**: Raise the minimum.

      > taskmanager.memory.network.min: 112m

      > taskmanager.memory.process.size: 1104m

      **Evidence**

      > java.io.IOException: Insufficient number of network buffers

      cluster: session-1 · first seen: 10:00:00 UTC · restarts: 3 · state: Failing · owner: Configuration

      [View diagnosis](https://jobtrace.example/incidents/incident-1)"
    `);
    await double.close();
    await send({}, {}, [makeCard({ language: 'zh', reason: 'resolved', zone: 'Asia/Shanghai' })]);
    expect(readSent().text).toMatchInlineSnapshot(`
      "### ✅ 已恢复 · orders

      **标题 network.insufficient-buffers/total**

      集群：session-1 · 首次出现：18:00:00 Asia/Shanghai · 重启次数：3 · 状态：持续失败 · 责任方：配置

      [查看诊断](https://jobtrace.example/incidents/incident-1)"
    `);
  });
});
