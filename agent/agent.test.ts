import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { expected, line, lines, openAgentFixture, type AgentFixture } from '../test/agent-fixture.js';

let fixture: AgentFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

describe('createAgent', () => {
  it('leaves no lock behind when its settings cannot be used', () => {
    fixture = openAgentFixture();
    const { dataDir, restart } = fixture;

    expect(() => restart({ redactPatterns: ['(?=look)'] })).toThrow(
      expect.objectContaining({ code: 'JT_PATTERN_UNSUPPORTED' }),
    );
    expect(existsSync(join(dataDir, 'agent.lock'))).toBe(false);
  });

  it('ships every line of a file once, in order, and the last one when the file rests', async () => {
    fixture = openAgentFixture();
    const path = join(fixture.logs, 'flink-u-taskexecutor-0-h1.log');
    writeFileSync(path, lines(0, 5));

    await fixture.poll();
    appendFileSync(path, lines(5, 8));
    await fixture.poll(3);

    expect(await fixture.texts()).toEqual(expected(0, 8));
    expect(fixture.agent.status()).toMatchObject({ files: 1, lagBytes: 0, conditions: [] });
    expect(fixture.counter('duplicateRecords')).toBe(0);
  });

  it('fills the record from the line, the file and the settings', async () => {
    fixture = openAgentFixture();
    writeFileSync(join(fixture.logs, 'flink-u-taskexecutor-0-h1.log'), `${line(1, 'Started with password=secret1')}\n`);

    await fixture.poll();

    const [record] = await fixture.records();
    expect(record).toMatchObject({
      '@timestamp': '2026-05-01T10:00:00.001Z',
      message: 'Started with password=***',
      'event.original': line(1, 'Started with password=***'),
      'log.level': 'INFO',
      'log.logger': 'org.example.Writer',
      'log.offset': 0,
      'host.name': 'h1',
      'flink.cluster': 'default',
      'flink.component': 'taskmanager',
      'jobtrace.kind': 'log',
      'jobtrace.length': line(1, 'Started with password=secret1').length,
      'jobtrace.flags': ['redacted'],
    });
  });
});
