import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDingtalk } from '../../notify/channels/testing/dingtalk.js';
import type { Double } from '../../notify/channels/testing/double.js';
import { main } from '../main.js';

let folder: string;
let robot: Double;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-receivers-'));
  robot = await openDingtalk({ token: 'geheim1', keywords: ['Flink'] }, Date.now());
  const url = `${robot.url}/robot/send?access_token=geheim1`;
  const receivers = [
    { name: 'right', kind: 'dingtalk', url, keyword: 'Flink', language: 'zh' },
    { name: 'wrong', kind: 'dingtalk', url },
  ];
  writeFileSync(join(folder, 'jobtrace.yaml'), JSON.stringify({ notify: { receivers } }));
});
afterEach(async () => {
  await robot.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...names: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await main(['receivers', 'test', ...names, '--config', join(folder, 'jobtrace.yaml')], {
    stdout,
    stderr,
    stdin: process.stdin,
    environment: {},
    signal: new AbortController().signal,
    onHangup: () => undefined,
  });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

describe('jobtrace receivers test', () => {
  it('shows what each receiver answered and what to change, and nothing of its address', async () => {
    const { stdout, code } = await run('right', 'wrong');

    expect(stdout.split('\n')).toEqual([
      '✔ right · dingtalk · taken',
      '  Answer: {"errcode":0,"errmsg":"ok"}',
      expect.stringContaining('Check that it appears'),
      '✖ wrong · dingtalk · not taken (keyword)',
      expect.stringContaining('{"errcode":310000,"errmsg":"keywords not in content'),
      expect.stringContaining('Set `keyword`'),
      '',
    ]);
    expect(code).toBe(1);
    expect(stdout).not.toContain('geheim1');
    expect(robot.accepted[0]).toContain('测试消息：没有任何故障');
  });

  it('says which receivers there are where it is given another name', async () => {
    expect((await run('oncall')).stderr).toContain('No receiver is called "oncall"; there are: right, wrong.');
  });
});
