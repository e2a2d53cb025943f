// Contract of RecordFeed: in order, nothing twice, nothing skipped, divided among readers.
import { expect, it } from 'vitest';
import type { Store } from '../../store.js';
import type { AgentStore } from '../memory.js';
import { appendRecords, makeRecord } from '../samples.js';
import { ALL, drain } from './reading.js';

export function describeFeed(store: () => AgentStore): void {
  it('gives nothing and stays where it is when there is nothing', async () => {
    const page = await store().readRecords(undefined, { limit: 10 });

    expect(page).toMatchObject({ records: [], drained: true });
    expect((await store().readRecords(page.cursor, { limit: 10 })).cursor).toBe(page.cursor);
  });

  it('goes on where the cursor stands', async () => {
    await appendRecords(
      store(),
      [1, 2, 3].map((number) => makeRecord(number)),
    );
    const first = await drain(store(), undefined, 2);
    await appendRecords(store(), [makeRecord(4)]);

    const second = await drain(store(), first.cursor, 2);

    expect(first.records.map((record) => record.id)).toEqual([1, 2, 3].map((number) => makeRecord(number).id));
    expect(second.records.map((record) => record.id)).toEqual([makeRecord(4).id]);
  });

  it('gives a replaced record again, with its new text', async () => {
    await appendRecords(store(), [makeRecord(1, { text: 'short' }), makeRecord(2)]);
    const first = await drain(store(), undefined, 100);
    await appendRecords(store(), [makeRecord(1, { text: 'short and longer' }), makeRecord(2)]);

    const second = await drain(store(), first.cursor, 100);

    expect(second.records.map((record) => record['event.original'])).toEqual(['short and longer']);
  });

  it('skips nothing while appends go on, over days and replacements', async () => {
    const count = 60;
    const days = ['2026-11-18', '2026-11-19', '2026-11-20'];
    const seen = new Map<string, string>();
    let cursor: string | undefined;
    const writers = Promise.all(
      [0, 1, 2].map(async (writer) => {
        for (let number = 0; number < count; number += 1) {
          const options = {
            host: `h${writer}`,
            time: `${days[number % 3] ?? ''}T10:00:00.000Z`,
            cluster: `c${number % 5}`,
          };
          await appendRecords(store(), [makeRecord(number, { ...options, text: `n${number}` })]);
          if (number % 4 === 0)
            await appendRecords(store(), [makeRecord(number, { ...options, text: `n${number} grown` })]);
        }
      }),
    );
    const reader = (async () => {
      let isDone = false;
      void writers.then(() => (isDone = true));
      for (let isLast = false; ;) {
        const page = await store().readRecords(cursor, { limit: 7 });
        for (const record of page.records) seen.set(record.id, record['event.original']);
        cursor = page.cursor;
        if (page.drained && isLast) break;
        isLast = isDone && page.drained;
      }
    })();

    await Promise.all([writers, reader]);

    expect(seen.size).toBe(3 * count);
    expect([...seen.values()].filter((text) => text.endsWith('grown'))).toHaveLength((3 * count) / 4);
  }, 120_000);
}

export function describeSkipping(store: () => Store): void {
  it('leaves out what says the signal that is skipped, and goes on behind it', async () => {
    const signals = [undefined, 'no.new', 'yes.new', 'no.old', 'no.new', 'no.new'];
    await appendRecords(
      store(),
      signals.map((signal, number) => makeRecord(number, { signal })),
    );
    const skip = 'no.new';

    const first = await drain(store(), undefined, 2, undefined, { skip });
    const rest = await store().readRecords(first.cursor, { limit: 100 });
    await appendRecords(store(), [makeRecord(7, { signal: skip }), makeRecord(8, { signal: 'yes.new' })]);
    const second = await drain(store(), first.cursor, 2, undefined, { skip });

    expect(first.records.map((record) => record['jobtrace.signal'])).toEqual([undefined, 'yes.new', 'no.old']);
    expect(rest).toMatchObject({ records: [], drained: true });
    expect(second.records.map((record) => record.id)).toEqual([makeRecord(8).id]);
  });

  it('leaves out what is older, and goes on behind it', async () => {
    const [old, recent] = ['2026-11-20T10:00:00.000Z', '2026-11-20T12:00:00.000Z'];
    const from = Date.parse('2026-11-20T11:00:00.000Z');
    const times = [old, recent, old, old, recent, old];
    await appendRecords(
      store(),
      times.map((time, number) => makeRecord(number, { time })),
    );

    const first = await drain(store(), undefined, 2, undefined, { from });
    await appendRecords(store(), [makeRecord(7, { time: old }), makeRecord(8, { time: recent })]);
    const second = await drain(store(), first.cursor, 2, undefined, { from });

    expect(first.records.map((record) => record.id).sort()).toEqual([makeRecord(1).id, makeRecord(4).id]);
    expect(second.records.map((record) => record.id)).toEqual([makeRecord(8).id]);
  });

  it('gives the cursor behind everything that is stored', async () => {
    await appendRecords(store(), [makeRecord(1), makeRecord(2)]);
    const { cursor, records } = await store().readRecords(undefined, { limit: 10, isToEnd: true });
    await appendRecords(store(), [makeRecord(3)]);
    const after = await drain(store(), cursor, 10);

    expect(records).toEqual([]);
    expect(after.records.map((record) => record.id)).toEqual([makeRecord(3).id]);
  });

  it('gives what says another signal of some clusters alone', async () => {
    const said = [
      ['a', 'fact.new'],
      ['b', 'fact.new'],
      ['b', 'yes.new'],
      ['b', 'fact.old'],
      ['c', 'no.new'],
      ['c', undefined],
    ] as const;
    const records = said.map(([cluster, signal], number) => makeRecord(number, { cluster, signal }));
    await appendRecords(store(), records);
    const read = async (clusters: readonly string[]): Promise<readonly number[]> => {
      const only = { signal: 'fact.new', clusters };
      const page = await drain(store(), undefined, 4, undefined, { skip: 'no.new', only });
      return page.records.map(({ id }) => records.findIndex((record) => record.id === id)).sort();
    };

    expect(await read([])).toEqual([2, 3, 5]);
    expect(await read(['a', 'c'])).toEqual([0, 2, 3, 5]);
    const { records: facts } = await store().searchRecords({ ...ALL, signal: 'fact', cluster: 'b' });
    expect(facts.map((record) => record['jobtrace.signal'])).toEqual(['fact.new', 'fact.old']);
    const { records: others } = await store().searchRecords({ ...ALL, query: 'NOT signal:fact', skip: 'no.new' });
    expect(others.map((record) => record['jobtrace.signal'])).toEqual(['yes.new', undefined]);
  });
}

export function describeFeedParts(store: () => Store): void {
  it('divides among readers so that together they see all, each cluster by one of them', async () => {
    const records = Array.from({ length: 40 }, (_, number) =>
      makeRecord(number, {
        time: `2026-11-${String(1 + (number % 8)).padStart(2, '0')}T10:00:00.000Z`,
        cluster: `c${number % 5}`,
      }),
    );
    await appendRecords(store(), records);

    const parts = await Promise.all([0, 1, 2].map((index) => drain(store(), undefined, 100, { index, of: 3 })));
    const joined = store().joinCursors(parts.map(({ cursor }) => cursor));

    expect(await store().countPartitions()).toBe(1);
    expect(parts.map((part) => part.records.map(({ id }) => id).sort())).toEqual(
      [0, 1, 2].map((part) =>
        records
          .filter((record) => store().findPartition(record['flink.cluster'], 3) === part)
          .map(({ id }) => id)
          .sort(),
      ),
    );
    expect((await drain(store(), joined, 100)).records).toEqual([]);
  });
}
