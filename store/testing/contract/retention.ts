// The contract of deleteBefore: whole days, undated records, and a feed that goes on in order.
// Called by contract.ts.
import { expect, it } from 'vitest';
import type { LogRecord } from '../../../core/types.js';
import type { Store } from '../../store.js';
import { appendRecords, makeIncident, makeRecord } from '../samples.js';
import { ALL, drain, readPages, waitForTotal } from './reading.js';

export function describeRetention(store: () => Store): void {
  it('removes whole days that ended before the time, and what was last seen before it', async () => {
    const early = makeRecord(1, { time: '2026-11-17T23:59:59.999Z' });
    const onTheDay = makeRecord(2, { time: '2026-11-18T00:00:00.000Z' });
    const undated: LogRecord = {
      ...makeRecord(3, { time: '1970-01-01T00:00:00.000Z' }),
      'jobtrace.flags': ['undated'],
    };
    await appendRecords(store(), [early, onTheDay, undated]);
    await store().saveIncident(makeIncident('old', { lastSeen: '2026-11-18T11:59:00.000Z' }));
    await store().saveIncident(makeIncident('new', { lastSeen: '2026-11-18T12:01:00.000Z' }));
    await waitForTotal(store(), ALL, 3);

    expect(await store().deleteBefore('2026-11-18T12:00:00.000Z')).toBe(1);

    await waitForTotal(store(), ALL, 2);
    expect((await readPages(store(), ALL)).sort()).toEqual([onTheDay.id, undated.id].sort());
    expect((await store().findIncidents({ limit: 10 })).map((incident) => incident.id)).toEqual(['new']);
    expect(await store().deleteBefore('2026-11-18T12:00:00.000Z')).toBe(0);
  });

  it('removes undated entries by the day on which they were stored', async () => {
    await appendRecords(store(), [{ ...makeRecord(3), 'jobtrace.flags': ['undated'] }]);
    await waitForTotal(store(), ALL, 1);

    expect(await store().deleteBefore(new Date(Date.now() + 48 * 3_600_000).toISOString())).toBe(1);

    await waitForTotal(store(), ALL, 0);
  });

  it('keeps the feed in order: nothing twice, nothing skipped', async () => {
    await appendRecords(store(), [
      makeRecord(1, { time: '2026-11-17T10:00:00.000Z' }),
      makeRecord(2, { time: '2026-11-19T10:00:00.000Z' }),
    ]);
    const first = await drain(store(), undefined, 100);
    await store().deleteBefore('2026-11-18T12:00:00.000Z');
    await appendRecords(store(), [
      makeRecord(3, { time: '2026-11-17T11:00:00.000Z' }),
      makeRecord(4, { time: '2026-11-19T10:00:01.000Z' }),
    ]);

    const second = await drain(store(), first.cursor, 100);

    expect(first.records).toHaveLength(2);
    expect(second.records.map((record) => record['log.offset'] / 1000).sort()).toEqual([3, 4]);
  });
}
