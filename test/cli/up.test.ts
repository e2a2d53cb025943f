// Tests the built program over time: started, stopped, started again.
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../core/documents/incident.js';
import type { LogRecord } from '../../core/types.js';
import { runProgram, startProgram, waitUntil } from '../program.js';
import { BUFFERS_LOG, CAUSE, useFolder } from '../cli-folder.js';

const { folder, file } = useFolder();

describe('up', () => {
  it('watches a folder, keeps the records, prints the diagnosis, and stops cleanly', async () => {
    const logs = join(folder, 'watched');
    const data = join(folder, 'data-up');
    mkdirSync(logs, { recursive: true });
    const up = startProgram(['up', logs, '--data', data, '--listen', '127.0.0.1:0']);
    const address = await waitUntil(
      'the address of the page',
      () => /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout())?.[0],
      {
        saw: () => [up.stdout(), up.stderr()],
      },
    );
    const text = withPresentTime(readFileSync(BUFFERS_LOG, 'utf8'));
    appendFileSync(join(logs, 'flink-flink-standalonesession-0-node-1.log'), text);
    await waitUntil(
      'the diagnosis',
      () => (up.stdout().includes('taskmanager.memory.network.min: 112m') ? true : undefined),
      { saw: () => [up.stdout(), up.stderr()] },
    );
    const { stdout: found } = await runProgram(['incidents', '--data', data, '--format', 'json']);
    // The last entry stays open until the file has been idle for a moment.
    const all = await waitUntil('the last entry', async () => {
      const { stdout } = await runProgram(['search', '--data', data, '--format', 'ndjson', '--limit', '0']);
      return stdout.includes('switched from state FAILING to FAILED') ? stdout : undefined;
    });
    const numbers = await (await fetch(`${address}/metrics`)).text();
    const code = await up.stop();

    expect(code).toBe(0);
    expect(numbers).toContain('\njobtrace_analyzer_incidents 1\n');
    expect(
      (JSON.parse(found) as { incidents: Incident[] }).incidents.map((incident) => incident.diagnoses.en[0]?.cause),
    ).toEqual([CAUSE]);
    const records = all
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LogRecord);
    expect(`${records.map((record) => record['event.original']).join('\n')}\n`).toBe(text);
    expect(up.stdout().match(/taskmanager\.memory\.network\.min: 112m/g)).toHaveLength(1);
  });

  it('goes on where it stopped: nothing is stored or announced twice', async () => {
    const data = join(folder, 'data-up');
    const before = await runProgram(['search', '--data', data, '--format', 'ndjson', '--limit', '0']);
    const up = startProgram(['up', join(folder, 'watched'), '--data', data, '--listen', '127.0.0.1:0']);
    await waitUntil('the address of the page', () => /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout())?.[0]);
    appendFileSync(
      join(folder, 'watched', 'flink-flink-standalonesession-0-node-1.log'),
      withPresentTime('2026-03-02 10:16:09,000 INFO  com.example.Marker [] - the marker line\n'),
    );
    await waitUntil('the marker', async () =>
      (await runProgram(['search', 'marker', '--data', data, '--format', 'ndjson'])).stdout.includes('the marker line')
        ? true
        : undefined,
    );
    await up.stop();
    const after = await runProgram(['search', '--data', data, '--format', 'ndjson', '--limit', '0']);

    expect(after.stdout.split('\n').length).toBe(before.stdout.split('\n').length + 1);
    expect(up.stdout()).not.toContain('taskmanager.memory.network.min');
  });

  it('goes on with the rules before when a file of its rules is beyond all measure, and says so', async () => {
    const rules = join(folder, 'monstrous');
    const logs = join(folder, 'beside-monstrous');
    mkdirSync(logs, { recursive: true });
    mkdirSync(rules, { recursive: true });
    const data = join(folder, 'data-monstrous');
    const up = startProgram(['up', logs, '--rules', rules, '--data', data, '--listen', '127.0.0.1:0']);
    const address = await waitUntil('the address', () => /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout())?.[0]);

    for (const [name, text] of [
      ['deep', '- '.repeat(100_000)],
      ['long', `match: [{ id: a, anchor: b }]\nlet: { n: "${'1+'.repeat(20_000)}1" }\n`],
    ] as const)
      file(join('monstrous', 'kafka', 'auth', name, 'rule.yaml'), text);
    await waitUntil(
      'both refusals',
      () =>
        ['auth/deep/rule.yaml:1:1 nests 100001 deep', 'auth/long/rule.yaml:'].every((part) =>
          up.stderr().includes(part),
        )
          ? true
          : undefined,
      { saw: () => up.stderr() },
    );
    file(
      join('beside-monstrous', 'flink-flink-standalonesession-0-n.log'),
      withPresentTime(readFileSync(BUFFERS_LOG, 'utf8')),
    );
    await waitUntil('the diagnosis', () =>
      up.stdout().includes('taskmanager.memory.network.min: 112m') ? true : undefined,
    );

    expect((await fetch(`${address}/health/ready`)).status).toBe(200);
    expect(await up.stop()).toBe(0);
  });

  it('refuses an open address without tokens', async () => {
    const { code, stderr } = await runProgram([
      'up',
      folder,
      '--data',
      join(folder, 'data-open'),
      '--listen',
      '0.0.0.0:0',
    ]);

    expect(code).toBe(2);
    expect(stderr).toContain('api.tokens');
  });
});

describe('a part of a cluster', () => {
  it('waits for a store that is down, says so, and still stops at once', async () => {
    const agent = startProgram(
      ['agent', folder, '--store', 'http://127.0.0.1:9', '--data', join(folder, 'data-agent')],
      {},
    );
    await waitUntil('the condition', () => (agent.stderr().includes('JT_STORE_UNREACHABLE') ? true : undefined), {
      saw: () => agent.stderr(),
    });

    expect(await agent.stop()).toBe(0);
    expect(agent.stderr()).not.toMatch(/^\s+at /m);
  });
});

/** Returns the log with the present time, as a running Flink would write it. */
function withPresentTime(text: string): string {
  const first = Date.parse('2026-03-02T10:15:01.120Z');
  const shift = Date.now() - 60_000 - first - new Date().getTimezoneOffset() * 60_000;
  return text.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3})/gm, (_, day: string, clock: string, ms: string) =>
    new Date(Date.parse(`${day}T${clock}.${ms}Z`) + shift)
      .toISOString()
      .replace('T', ' ')
      .replace('.', ',')
      .replace('Z', ''),
  );
}
