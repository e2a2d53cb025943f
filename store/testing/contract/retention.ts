// Contract of deleteBefore: whole days, undated records, and a feed that goes on in order; and of deleteInfoBefore,
// which leaves records that show trouble.
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

export function describeInfoRetention(store: () => Store): void {
  const early = { time: '2026-11-17T10:00:00.000Z' } as const;

  it('removes INFO and below of whole days, and keeps warnings, exceptions, what has no level and what is shown', async () => {
    const gone = [
      makeRecord(1, { ...early, level: 'INFO' }),
      makeRecord(2, { ...early, level: 'DEBUG' }),
      makeRecord(3, { ...early, level: 'TRACE' }),
    ];
    const shown = makeRecord(4, { ...early, level: 'INFO' });
    const kept = [
      shown,
      makeRecord(5, { ...early, level: 'WARN' }),
      makeRecord(6, { ...early, level: 'ERROR' }),
      makeRecord(7, { ...early, level: 'INFO', error: ['java.io.IOException'] }),
      makeRecord(8, early),
      makeRecord(9, { time: '2026-11-18T00:00:00.000Z', level: 'INFO' }),
      {
        ...makeRecord(10, { ...early, level: 'INFO', time: '1970-01-01T00:00:00.000Z' }),
        'jobtrace.flags': ['undated'],
      },
    ] as const;
    await appendRecords(store(), [...gone, ...kept]);
    const incident = makeIncident('shows', { diagnosis: 'm 1', lastSeen: '2026-11-19T10:00:00.000Z' });
    const unknown = incident.unknown.map((one) => ({
      ...one,
      evidence: [{ file: '/logs/tm.log', line: 0, text: 'entry', recordId: shown.id }],
    }));
    await store().saveIncident({ ...incident, unknown });
    await waitForTotal(store(), ALL, 10);
    const { cursor } = await drain(store(), undefined, 100);

    expect(await store().deleteInfoBefore('2026-11-18T12:00:00.000Z')).toBe(3);

    await waitForTotal(store(), ALL, 7);
    expect((await readPages(store(), ALL)).sort()).toEqual(kept.map(({ id }) => id).sort());
    expect((await drain(store(), cursor, 100)).records).toEqual([]);
    expect((await store().findIncidents({ limit: 10 })).map(({ id }) => id)).toEqual(['shows']);
    expect(await store().deleteInfoBefore('2026-11-18T12:00:00.000Z')).toBe(0);
  });

  it('removes undated entries at INFO by the day on which they were stored', async () => {
    const undated = (number: number, level: 'INFO' | 'WARN'): LogRecord => ({
      ...makeRecord(number, { level }),
      'jobtrace.flags': ['undated'],
    });
    await appendRecords(store(), [undated(1, 'INFO'), undated(2, 'WARN')]);
    await waitForTotal(store(), ALL, 2);

    expect(await store().deleteInfoBefore(new Date(Date.now() + 48 * 3_600_000).toISOString())).toBe(1);

    await waitForTotal(store(), ALL, 1);
  });

  it('finds them all among many that stay, at one and the same time', async () => {
    const records = Array.from({ length: 5_300 }, (_, number) =>
      makeRecord(number, { ...early, level: number % 100 === 7 ? 'WARN' : 'INFO' }),
    );
    await appendRecords(store(), records);
    await waitForTotal(store(), ALL, 5_300);

    expect(await store().deleteInfoBefore('2026-11-18T12:00:00.000Z')).toBe(5_247);

    await waitForTotal(store(), ALL, 53);
  });
}
