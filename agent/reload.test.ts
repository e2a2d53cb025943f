// Tests settings that change while the agent runs: what takes effect at once, what waits, and that no file loses its
// offset.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createError } from '../core/errors.js';
import { expected, line, lines, openAgentFixture, type AgentFixture } from '../test/agent-fixture.js';
import { compareSettings, fillAgentSettings, type AgentSettings } from './settings.js';

let fixture: AgentFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

/** Opens two folders; the first one is watched. */
function open(): { fixture: AgentFixture; a: string; b: string; reload: (change: Partial<AgentSettings>) => void } {
  const opened = openAgentFixture();
  fixture = opened;
  const [a, b] = [join(opened.logs, 'a'), join(opened.logs, 'b')];
  for (const folder of [a, b]) mkdirSync(folder);
  let current = fillAgentSettings({ paths: [a], dataDir: opened.dataDir, host: 'node-1', watch: false });
  const reload = (change: Partial<AgentSettings>): void => {
    current = { ...current, ...change };
    opened.agent.reload(() => current);
  };
  reload({});
  return { fixture: opened, a, b, reload };
}

describe('reload', () => {
  it('begins with new paths, leaves those that are gone, and goes on in them later where it left them', async () => {
    const { fixture: agent, a, b, reload } = open();
    writeFileSync(join(a, 'a.log'), lines(0, 5));
    writeFileSync(join(b, 'b.log'), lines(100, 105));
    await agent.poll(2);
    reload({ paths: [b] });
    await agent.poll(2);
    appendFileSync(join(a, 'a.log'), lines(5, 9));
    await agent.poll(2);
    const during = [await agent.texts('a'), await agent.texts('b')];
    const { files, lagBytes, conditions } = agent.agent.status();
    reload({ paths: [a, b] });
    await agent.poll(2);

    expect(during).toEqual([expected(0, 5), expected(100, 105)]);
    expect([files, lagBytes, conditions]).toEqual([1, 0, []]);
    expect(await agent.texts('a')).toEqual(expected(0, 9));
    expect(agent.counter('storedRecords')).toBe(14);
    expect(agent.counter('lostBytes')).toBe(0);
  });

  it('counts nothing as lost of a file that was left unread, neither now nor after a restart', async () => {
    const { fixture: agent, a, b, reload } = open();
    reload({ budgetBytes: 1, paths: [a] });
    writeFileSync(join(a, 'a.log'), lines(0, 3));
    await agent.poll(2);
    appendFileSync(join(a, 'a.log'), lines(3, 5000));
    reload({ maxBytesPerSecond: 1000, paths: [a] });
    await agent.poll(2);
    expect(agent.agent.status().lagBytes).toBeGreaterThan(0);
    reload({ paths: [b] });
    await agent.poll(3, 60_000);
    const before = [agent.counter('lostBytes'), agent.agent.status().lagBytes];
    agent.restart({ paths: [b] });
    await agent.poll(3, 60_000);

    expect(before).toEqual([0, 0]);
    expect(agent.conditions()).toEqual([]);
  });

  it('hides with new patterns what is read from then on', async () => {
    const { fixture: agent, a, reload } = open();
    const path = join(a, 'a.log');
    writeFileSync(path, `${line(0, 'from cust-77')}\n`);
    await agent.poll(2);
    reload({ redactPatterns: ['cust-\\d+'] });
    appendFileSync(path, `${line(1, 'from cust-78')}\n`);
    await agent.poll(2);

    expect(await agent.texts('a')).toEqual([line(0, 'from cust-77'), line(1, 'from ***')]);
  });

  it('keeps the settings of before when the new ones cannot be used, and says so until they can', async () => {
    const { fixture: agent, a, reload } = open();
    const path = join(a, 'a.log');
    reload({ redactPatterns: ['cust-\\d+'] });
    reload({ redactPatterns: ['(?=look)'], idleFlushMs: 1_000_000 });
    agent.agent.reload(() => {
      throw createError('JT_CONFIG_INVALID', { problems: '  jobtrace.yaml:1:1 bad' });
    });
    writeFileSync(path, `${line(0, 'from cust-77')}\n`);
    await agent.poll(2);
    const during = agent.agent.status().conditions;
    reload({ redactPatterns: [], idleFlushMs: 1000 });

    expect(await agent.texts('a')).toEqual([line(0, 'from ***')]);
    expect(during).toMatchObject([
      { code: 'JT_SETTINGS_KEPT', message: expect.stringContaining('yaml:1:1') as string },
    ]);
    expect(agent.conditions()).toEqual([]);
  });

  it('is of no use against a defect: what is no error of ours is thrown', () => {
    const { fixture: agent } = open();

    expect(() =>
      agent.agent.reload(() => {
        throw new TypeError('not a function');
      }),
    ).toThrow(TypeError);
  });
});

describe('compareSettings', () => {
  const current = fillAgentSettings({ paths: ['/a'], dataDir: '/data', host: 'node-1' });

  it('takes what a running agent can change and names what waits for a restart', () => {
    const next = { ...current, paths: ['/b'], host: 'node-2', maxBytesPerSecond: 5, maxEntryBytes: 2048 };

    expect(compareSettings(current, next)).toEqual({
      settings: { ...current, paths: ['/b'], maxBytesPerSecond: 5 },
      changed: ['agent.paths', 'agent.maxBytesPerSecond'],
      waiting: ['agent.host', 'agent.maxEntryBytes'],
    });
  });

  it('keeps what did not change as it is', () => {
    expect(compareSettings(current, { ...current, paths: ['/a'] }).settings.paths).toBe(current.paths);
  });
});
