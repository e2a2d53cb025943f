// Contract of pages, and of the lines around a record.
import { expect, it } from 'vitest';
import type { Store } from '../../store.js';
import { appendRecords, makeRecord } from '../samples.js';
import { ALL, readPages, waitForTotal } from './reading.js';

export function describePages(store: () => Store): void {
  it('pages both ways without gap or repetition, also among equal times', async () => {
    const more = Array.from({ length: 25 }, (_, number) =>
      makeRecord(100 + number, { time: '2026-11-20T11:00:00.000Z', host: `h${number % 3}` }),
    );
    await appendRecords(store(), [makeRecord(1), makeRecord(2), ...more]);
    await waitForTotal(store(), ALL, 27);

    const oldest = await readPages(store(), { ...ALL, limit: 4 });
    const newest = await readPages(store(), { ...ALL, limit: 4, order: 'newest' });

    expect(oldest).toHaveLength(27);
    expect(new Set(oldest).size).toBe(oldest.length);
    expect(newest).toEqual([...oldest].reverse());
  });
}

export function describeContext(store: () => Store): void {
  it('gives the neighbours of the same process in the order of time, file and offset', async () => {
    const time = '2026-11-20T10:00:00.000Z';
    const lines = [
      makeRecord(1, { time: '2026-11-20T09:59:59.000Z', path: '/logs/z.log' }),
      makeRecord(1, { time, path: '/logs/a.log' }),
      makeRecord(2, { time, path: '/logs/a.log' }),
      makeRecord(3, { time, path: '/logs/a.log' }),
      makeRecord(1, { time, path: '/logs/b.out' }),
    ];
    await appendRecords(store(), [
      ...lines,
      makeRecord(2, { time, host: 'other' }),
      makeRecord(2, { time, cluster: 'elsewhere', path: '/logs/a1.log' }),
    ]);
    await waitForTotal(store(), ALL, 7);
    const middle = lines[2]?.id ?? '';

    const wide = await store().findContext(middle, { before: 10, after: 10 });
    const narrow = await store().findContext(middle, { before: 1, after: 0 });

    expect(wide?.records.map((record) => record.id)).toEqual(lines.map((record) => record.id));
    expect(wide?.index).toBe(2);
    expect(narrow?.records.map((record) => record.id)).toEqual([lines[1]?.id, middle]);
    expect(await store().findContext('gone', { before: 1, after: 1 })).toBeUndefined();
  });
}
