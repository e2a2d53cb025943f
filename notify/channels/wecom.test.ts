import { afterEach, describe, expect, it } from 'vitest';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { AlertCard } from '../card/card.js';
import { START } from '../../core/testing/incidents.js';
import type { SendResult } from './result.js';
import { HOSTILE, LONG, makeCard, sendCards } from './testing/cards.js';
import type { Double } from './testing/double.js';
import { openWecom, type WecomRobot } from './testing/wecom.js';

let double: Double;
afterEach(() => double.close());

async function send(
  robot: Partial<WecomRobot> = {},
  more: Partial<ReceiverSettings> & { readonly key?: string } = {},
  cards?: readonly AlertCard[],
): Promise<SendResult> {
  const { key = 'geheim-1', ...settings } = more;
  double = await openWecom({ key: 'geheim-1', ...robot }, START);
  return sendCards({ kind: 'wecom', url: `${double.url}/cgi-bin/webhook/send?key=${key}`, ...settings }, cards);
}

describe('a message to WeCom', () => {
  it('is taken, and reads as a person on call needs it', async () => {
    expect(await send({}, {}, [makeCard({ language: 'zh' })])).toMatchObject({ ok: true });
    expect(JSON.parse(double.accepted[0] ?? '').markdown.content).toMatchInlineSnapshot(`
      "### <font color="warning">🔴 错误 · orders</font>
      **标题 network.insufficient-buffers/total**
      Summary of network.insufficient-buffers/total
      **修复建议**：Raise the minimum.
      > taskmanager.memory.network.min: 112m
      > taskmanager.memory.process.size: 1104m
      **证据**
      > java.io.IOException: Insufficient number of network buffers
      <font color="comment">集群：session-1 · 首次出现：10:00:00 UTC · 重启次数：3 · 状态：持续失败 · 责任方：配置</font>
      [查看诊断](https://jobtrace.example/incidents/incident-1)"
    `);
  });

  it('with a wrong key is refused inside status 200, with what to change', async () => {
    const result = await send({}, { key: 'geheim-2' });

    expect(result).toMatchObject({ ok: false, retryable: false, reason: 'credential' });
    expect(JSON.stringify(result)).not.toContain('geheim');
  });

  it('is at most 4,096 bytes, counted as bytes', async () => {
    // The text has fewer than 4,096 characters.
    const card = { ...makeCard(), summary: '内存不足。'.repeat(300) };
    expect(await send({}, {}, [card])).toMatchObject({ ok: true });

    const { content } = JSON.parse(double.accepted[0] ?? '').markdown;
    expect(content).toMatch(/🔴[^]*https:\/\/jobtrace.example\/incidents[^]*shortened by/);
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4096);
  });

  it('that the service finds too long all the same, by the code of a wrong key, goes out as a short text', async () => {
    expect(await send({ maxBytes: 100 }, {}, [LONG])).toMatchObject({ ok: true });
    expect(JSON.parse(double.accepted[0] ?? '')).toMatchObject({ msgtype: 'text' });
  });

  it('calls whom it shall, and nobody else, whatever stands in a log', async () => {
    await send({}, { mentions: ['zhangsan'] }, [HOSTILE]);

    const { content } = JSON.parse(double.accepted[0] ?? '').markdown;
    expect(content.match(/<@[^>]*>/g)).toEqual(['<@zhangsan>']);
    expect(content).not.toMatch(/<font color="red">|\]\(http:\/\/evil/);
  });
});
