import { getEventListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createAlarm, pauseUntilWoken } from './alarm.js';

const HOUR_MS = 3_600_000;
const LONG = { dueInMs: HOUR_MS, isForAnswer: false };
const NEVER = new AbortController().signal;

describe('a rest', () => {
  it('ends when it is woken, long before its time', async () => {
    const alarm = createAlarm();
    const resting = pauseUntilWoken(alarm, NEVER, LONG);
    await pause(50);
    alarm.wake();
    await resting;
  });

  it('ends when it was woken before its shortest time', async () => {
    const alarm = createAlarm();
    const resting = pauseUntilWoken(alarm, NEVER, LONG);
    alarm.wake();
    await resting;
  });

  it('lasts its shortest time where nobody waits for the answer that comes', async () => {
    const alarm = createAlarm();
    const resting = pauseUntilWoken(alarm, NEVER, LONG).then(() => 'over');
    alarm.answer();
    expect(await Promise.race([resting, Promise.resolve('rests')])).toBe('rests');
    expect(await resting).toBe('over');
  });

  it('ends at once with the answer that it is for, and not with what is written meanwhile', async () => {
    const alarm = createAlarm();
    const resting = pauseUntilWoken(alarm, NEVER, { ...LONG, isForAnswer: true }).then(() => 'over');
    alarm.wake();
    expect(await Promise.race([resting, Promise.resolve('rests')])).toBe('rests');
    alarm.answer();
    expect(await Promise.race([resting, pause(HOUR_MS, 'rests', { ref: false })])).toBe('over');
  });

  it('ends when it is to stop', async () => {
    const stop = new AbortController();
    const resting = pauseUntilWoken(createAlarm(), stop.signal, LONG);
    stop.abort();
    await resting;
    await pauseUntilWoken(createAlarm(), stop.signal, LONG);
  });

  it('leaves nothing behind, however many there are', async () => {
    const stop = new AbortController();
    const alarm = createAlarm();
    for (let count = 0; count < 20; count += 1)
      await pauseUntilWoken(alarm, stop.signal, { dueInMs: 0, isForAnswer: false });
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  // Node 24 and newer print this warning; matrix.ts runs the test there.
  it('ends at once for what was due a while ago, and nothing is said about it', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): number => warnings.push(warning);
    process.on('warning', hear);
    await pauseUntilWoken(createAlarm(), NEVER, { dueInMs: -2000, isForAnswer: false });
    await pause(0);
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });
});
