import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../core/config/settings.js';
import { createLog } from '../../core/log.js';
import { openSqliteStore } from '../../store/sqlite/sqlite.js';
import { appendRecords, makeRecord } from '../../store/testing/samples.js';
import { runRetention } from './services.js';

const DAY_MS = 86_400_000;

/** Returns the numbers of the records that stay; there are INFO and WARN records of several ages. */
async function keepAfter(infoRetentionDays: number): Promise<readonly number[]> {
  const store = openSqliteStore({ path: ':memory:' });
  const ago = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();
  await appendRecords(store, [
    makeRecord(1, { level: 'INFO', time: ago(1) }),
    makeRecord(6, { level: 'INFO', time: ago(6) }),
    makeRecord(7, { level: 'WARN', time: ago(6) }),
    makeRecord(40, { level: 'INFO', time: ago(40) }),
    makeRecord(41, { level: 'WARN', time: ago(40) }),
  ]);
  const settings = { ...defaultSettings(), 'store.infoRetentionDays': infoRetentionDays };
  const ending = new AbortController();
  const running = runRetention({ settings }, store, createLog('silent'), ending.signal);
  ending.abort();
  await running;
  const { records } = await store.searchRecords({ limit: 0, order: 'oldest' });
  await store.close();
  return records.map((record) => record['log.offset'] / 1000).sort((a, b) => a - b);
}

describe('runRetention', () => {
  it('removes INFO and below after days of its own, and the rest after those of all', async () => {
    expect(await keepAfter(3)).toEqual([1, 7]);
  });

  it('removes all after the same days where nothing is said of INFO, or where it may stay longer', async () => {
    expect(await keepAfter(0)).toEqual([1, 6, 7]);
    expect(await keepAfter(90)).toEqual([1, 6, 7]);
  });
});
