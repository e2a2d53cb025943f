import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { expected, line, lines, openAgentFixture, type AgentFixture } from '../test/agent-fixture.js';

let fixture: AgentFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

async function waitUntil(what: string, isTrue: () => Promise<boolean> | boolean): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < 20_000) {
    if (await isTrue()) return performance.now() - start;
    await new Promise<void>((resume) => void setTimeout(resume, 10));
  }
  throw new Error(`after 20 s still not: ${what}`);
}

describe('status', () => {
  it('counts what stands in no file any more, until the store has it', async () => {
    let isDown = true;
    fixture = openAgentFixture({
      wrap: (store) => ({
        ...store,
        append: (batch) =>
          isDown ? Promise.resolve(batch.lengths.map(() => ({ kind: 'retry', error: 'busy' }))) : store.append(batch),
      }),
    });
    const [gone, there] = ['gone.log', 'there.log'].map((name) => join(fixture?.logs ?? '', name));
    writeFileSync(gone ?? '', lines(0, 5));
    writeFileSync(there ?? '', lines(5, 9));
    await fixture.poll(2);
    const before = fixture.agent.status();
    rmSync(gone ?? '');
    await fixture.poll();
    const during = fixture.agent.status();
    isDown = false;
    await fixture.poll(3, 60_000);
    const after = fixture.agent.status();

    expect(before).toMatchObject({
      atRiskBytes: 0,
      lagBytes: lines(0, 9).length,
      openFiles: 2,
      acknowledged: undefined,
    });
    expect(during).toMatchObject({ atRiskBytes: lines(0, 5).length, lagBytes: lines(0, 9).length });
    expect(during.heldBytes).toBeGreaterThan(0);
    expect(after).toMatchObject({ atRiskBytes: 0, lagBytes: 0, heldBytes: 0 });
    expect(Date.parse(after.acknowledged ?? '')).toBeGreaterThan(Date.parse(during.time));
  });
});

describe('files that live for two seconds at most, twenty a second', () => {
  it('are stored whole when a scan saw them, also what was written behind it; of the others nothing is known', async () => {
    fixture = openAgentFixture();
    const { logs, poll, texts, counter, conditions } = fixture;
    const files = Array.from({ length: 100 }, (_, number) => {
      const born = number * 50;
      return { number, path: join(logs, `job-${number}.log`), born, dies: born + 25 + ((number * 7919) % 40) * 49 };
    });
    const acts = files.flatMap(({ number, path, born, dies }) => [
      { at: born, act: () => writeFileSync(path, lines(2 * number, 2 * number + 1)) },
      { at: dies, act: () => appendFileSync(path, lines(2 * number + 1, 2 * number + 2)) },
      { at: dies, act: () => rmSync(path) },
    ]);
    const scans = Array.from({ length: 7 }, (_, second) => ({ at: second * 1000 + 10, act: () => poll(1, 1000) }));
    for (const { act } of [...acts, ...scans].sort((a, b) => a.at - b.at)) await act();
    await poll(3, 10_000);

    const seen = files.filter(({ born, dies }) => scans.some(({ at }) => born < at && at < dies));
    expect(seen.length).toBeGreaterThan(60);
    expect(seen.length).toBeLessThan(100);
    expect((await texts()).sort()).toEqual(seen.flatMap(({ number }) => expected(2 * number, 2 * number + 2)).sort());
    expect([counter('newFiles'), counter('lostBytes')]).toEqual([seen.length, 0]);
    expect(conditions()).toEqual([]);
  });
});

describe('run', () => {
  it('ships what is written while it runs, follows a rotation, and stops with everything shipped and saved', async () => {
    fixture = openAgentFixture({ watch: true });
    const { logs, store } = fixture;
    const path = join(logs, 'a.log');
    const stop = new AbortController();
    const count = async (): Promise<number> => (await store.searchRecords({ limit: 1, order: 'newest' })).total;
    const running = fixture.agent.run(stop.signal);

    writeFileSync(path, lines(0, 3));
    await waitUntil('3 records', async () => (await count()) === 3);
    appendFileSync(path, lines(3, 6));
    renameSync(path, `${path}.1`);
    writeFileSync(path, lines(6, 9));
    await waitUntil('9 records', async () => (await count()) === 9);
    appendFileSync(path, lines(9, 12));
    await waitUntil('the line before the last', async () => (await count()) >= 11);
    stop.abort();
    await running;

    expect((await fixture.texts()).sort()).toEqual(expected(0, 12));
    expect(await store.agents.find()).toMatchObject([
      {
        id: expect.stringMatching(/^node-1-[0-9a-f]{8}$/),
        host: 'node-1',
        // It reports its end, because an agent that ends without that is missed.
        stopped: expect.any(String),
        lagBytes: 0,
        waitingBytes: 0,
        shippedRecords: 12,
        conditions: [],
      },
    ]);
    fixture.stop();
    await fixture.poll(2);
    expect(fixture.counter('storedRecords')).toBe(0);
  });

  it('F38: does not starve many quiet files while some are hot', async () => {
    fixture = openAgentFixture({ budgetBytes: 300_000, quantumBytes: 10_000, batchRecords: 100 });
    for (const number of [1, 2, 3]) writeFileSync(join(fixture.logs, `hot-${number}.log`), lines(0, 7000));
    for (let number = 0; number < 200; number += 1)
      writeFileSync(join(fixture.logs, `quiet-${number}.log`), `${line(number)}\n${line(number)}\n`);

    await fixture.poll();

    const order = (await fixture.records()).map((record) => record['log.file.path']);
    const lastQuiet = order.findLastIndex(
      (path, index) => path.includes('quiet') && !order.slice(0, index).includes(path),
    );
    expect(lastQuiet).toBeLessThan(2000);
    expect(order.filter((path) => path.includes('quiet'))).toHaveLength(400);
    expect(order.filter((path) => path.includes('hot'))).toHaveLength(21_000);
  });

  it('ships what is written now before old logs that wait, and the old logs as well', async () => {
    let batches = 0;
    fixture = openAgentFixture({
      budgetBytes: 1_048_576,
      quantumBytes: 262_144,
      batchRecords: 100,
      watch: true,
      wrap: (store) => ({
        ...store,
        append: async (batch) => {
          batches += 1;
          if (batches === 10) appendFileSync(path, lines(1, 3));
          await new Promise<void>((resume) => void setTimeout(resume, 2));
          return store.append(batch);
        },
      }),
    });
    const path = join(fixture.logs, 'now.log');
    writeFileSync(path, lines(0, 1));
    await fixture.poll();
    for (let number = 0; number < 20; number += 1)
      writeFileSync(join(fixture.logs, `old-${number}.log`), lines(0, 3000));
    const stop = new AbortController();
    const running = fixture.agent.run(stop.signal);
    await waitUntil('all', () => fixture?.counter('storedRecords') === 60_003);
    stop.abort();
    await running;

    const order = (await fixture.records()).map((record) => record['log.file.path']);
    const place = order.indexOf(path, order.indexOf(path) + 1);
    // A turn of all files reads 60,000 lines. 1,000 were sent when the line was written.
    expect(place).toBeLessThan(10_000);
  });

  it('goes on reading while the store does not answer a status', async () => {
    fixture = openAgentFixture({
      wrap: (store) => ({ ...store, agents: { ...store.agents, save: () => new Promise<void>(() => undefined) } }),
    });
    const { logs, store, agent } = fixture;
    const stop = new AbortController();
    const running = agent.run(stop.signal);
    for (let number = 0; number < 3; number += 1) {
      writeFileSync(join(logs, `${number}.log`), lines(number, number + 1));
      fixture.clock.offsetMs += 10_000;
      await waitUntil(
        `${number + 1} records`,
        async () => (await store.searchRecords({ limit: 1, order: 'newest' })).total === number + 1,
      );
    }
    stop.abort();
    await running;

    expect((await fixture.texts()).sort()).toEqual(expected(0, 3));
  });

  it('ends in time when the store takes a batch and never answers', async () => {
    fixture = openAgentFixture({
      stopWithinMs: 300,
      wrap: (store) => ({
        ...store,
        append: () => new Promise<never>(() => undefined),
        agents: { ...store.agents, save: () => new Promise<void>(() => undefined) },
      }),
    });
    writeFileSync(join(fixture.logs, 'a.log'), lines(0, 5));
    const { agent } = fixture;
    const stop = new AbortController();
    const running = agent.run(stop.signal);
    await waitUntil('read', () => (agent.status().heldBytes ?? 0) > 0);

    stop.abort();

    await running;
  });

  it('ends in time when the store is down, and the next agent goes on', async () => {
    let isDown = true;
    fixture = openAgentFixture({
      stopWithinMs: 300,
      wrap: (store) => ({
        ...store,
        append: (batch) =>
          isDown ? Promise.resolve(batch.lengths.map(() => ({ kind: 'retry', error: 'busy' }))) : store.append(batch),
      }),
    });
    writeFileSync(join(fixture.logs, 'a.log'), lines(0, 5));
    const { agent } = fixture;
    const stop = new AbortController();
    const running = agent.run(stop.signal);
    await waitUntil('read', () => agent.status().lagBytes > 0 && (agent.status().counters['retriedRecords'] ?? 0) > 0);

    stop.abort();
    await running;
    isDown = false;
    fixture.stop();
    await fixture.poll(2);

    expect(await fixture.texts()).toEqual(expected(0, 5));
  });
});
