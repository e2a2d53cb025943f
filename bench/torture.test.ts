// Runs the torture briefly: some twenty seconds of blows, on the built program and a real Elasticsearch.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';

describeWithParts(['elasticsearch-8'], 'bench/torture.ts', () => {
  let figures: ReadonlyMap<string, string>;
  let said = '';
  let code: number | null = null;

  beforeAll(() => {
    const args = ['tsx', join(import.meta.dirname, 'torture.ts'), '--minutes', '0.3', '--rate', '400'];
    const ended = spawnSync('npx', args, { encoding: 'utf8' });
    ({ status: code } = ended);
    said = ended.stdout + ended.stderr;
    figures = new Map(ended.stdout.split('\n').map((line) => [line.slice(0, 26).trim(), line.slice(26)]));
  });

  it('finds each entry once, byte for byte, and no loss that was not reported', () => {
    expect(code, said).toBe(0);
    expect(figures.get('differences'), said).toBe('0');
  });

  it('was one: agents were killed, the store was away and lied', () => {
    const blows = figures.get('blows') ?? '';

    for (const name of ['kill -9', 'clock set', 'store away', 'answers lost', 'answers in part', 'pages of a proxy'])
      expect(blows, said).toContain(name);
    expect(Number(figures.get('agents started')), said).toBeGreaterThan(2);
    expect(Number(figures.get('requests answered wrongly')?.replaceAll(',', '')), said).toBeGreaterThan(10);
    expect(Number.parseInt(figures.get('written')?.replaceAll(',', '') ?? '', 10), said).toBeGreaterThan(1000);
  });
});
