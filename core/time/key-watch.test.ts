import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createKeyWatch } from './key-watch.js';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-20T10:00:00Z');

async function listWarnings(readEnd: () => Promise<number | undefined>): Promise<unknown> {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  const watch = createKeyWatch({ readEnd, log, now: () => NOW });
  await watch.check();
  return { endsAt: watch.endsAt(), warned: lines.map(({ code, endsAt }) => [code, endsAt]) };
}

describe('the end of the key of a store', () => {
  it('is warned of in the last fourteen days, and after it', async () => {
    for (const days of [14, 0.5, -1]) {
      const endsAt = NOW + days * DAY_MS;
      expect(await listWarnings(() => Promise.resolve(endsAt))).toEqual({
        endsAt,
        warned: [['JT_STORE_KEY_ENDS', new Date(endsAt).toISOString()]],
      });
    }
  });

  it('is known and not warned of before, and of a key without an end there is nothing to say', async () => {
    const endsAt = NOW + 15 * DAY_MS;
    expect(await listWarnings(() => Promise.resolve(endsAt))).toEqual({ endsAt, warned: [] });
    expect(await listWarnings(() => Promise.resolve(undefined))).toEqual({ endsAt: undefined, warned: [] });
    expect(await listWarnings(() => Promise.reject(new Error('away')))).toEqual({ endsAt: undefined, warned: [] });
  });
});
