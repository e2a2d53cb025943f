import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createAlarm, rest } from './alarm.js';

const NEVER = new Promise<void>(() => undefined);

it('ends when it is woken, long before its time', async () => {
  const alarm = createAlarm();
  const resting = rest(alarm, NEVER, 3_600_000);
  await pause(50);
  alarm.wake();
  await resting;
});

it('ends when it was woken before its shortest time', async () => {
  const alarm = createAlarm();
  const resting = rest(alarm, NEVER, 3_600_000);
  alarm.wake();
  await resting;
});

it('ends when it is to stop', async () => {
  const stop = new AbortController();
  const stopped = once(stop.signal, 'abort').then(() => undefined);
  const resting = rest(createAlarm(), stopped, 3_600_000);
  stop.abort();
  await resting;
});

// Node tells of it from 24 on: matrix.ts runs this there.
it('ends at once for what was due a while ago, and nothing is said about it', async () => {
  const warnings: Error[] = [];
  const hear = (warning: Error): number => warnings.push(warning);
  process.on('warning', hear);
  await rest(createAlarm(), NEVER, -2000);
  await pause(0);
  process.off('warning', hear);
  expect(warnings).toEqual([]);
});
