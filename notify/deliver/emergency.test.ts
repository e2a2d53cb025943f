// Tests emergency messages with a real HTTP receiver: their content, how often they are sent, and the message about
// the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import { makeReceiver } from '../../core/testing/incidents.js';
import { openSink, type AlertSink } from '../testing/notifier.js';
import { runEmergency } from './emergency.js';

let sink: AlertSink;
let stop: AbortController;
let problem: string | undefined;
let running: Promise<void>;
beforeEach(async () => {
  sink = await openSink();
  stop = new AbortController();
  problem = undefined;
});
afterEach(async () => {
  stop.abort();
  await running;
  await sink.close();
});

function start(now = Date.now): void {
  running = runEmergency(
    {
      checks: [
        {
          id: 'jobtrace.store-unreachable',
          title: { en: 'The store is away', zh: '存储不可用' },
          summary: (what) => ({ en: `It says: ${what}`, zh: what }),
          fix: { en: 'Start it.', zh: '启动它。' },
          findProblem: () => Promise.resolve(problem),
        },
      ],
      receivers: () => [makeReceiver({ name: 'hook', url: sink.url })],
      publicUrl: '',
      log: createLog('silent'),
      everyMs: 5,
      afterMs: 1000,
      now,
    },
    stop.signal,
  );
}

const print = (): readonly string[] =>
  sink.received.map(({ body }) => {
    const { reason, headline } = body['data'] as { readonly reason: string; readonly headline: string };
    return `${reason} ${headline}`;
  });

async function until(count: number): Promise<void> {
  for (let tries = 0; tries < 2000 && sink.received.length < count; tries += 1) await sleep(5);
}

describe('an emergency', () => {
  it('is told once when it has lasted, and once when it is over', async () => {
    let time = 0;
    start(() => time);
    problem = 'refused';
    await sleep(50);
    expect(print()).toEqual([]);
    time = 2000;
    await until(1);
    await sleep(50);
    expect(print()).toEqual(['new-incident New incident: The store is away']);
    expect(JSON.stringify(sink.received[0]?.body)).toContain('It says: refused');
    problem = undefined;
    await until(2);
    await sleep(50);

    expect(print().slice(1)).toEqual(['resolved Resolved: The store is away']);
  });

  it('that is over before it has lasted is not told', async () => {
    start(() => 0);
    problem = 'refused';
    await sleep(30);
    problem = undefined;
    await sleep(50);

    expect(print()).toEqual([]);
  });

  it('is sent again until the receiver has taken it, its end as well', async () => {
    let time = 0;
    sink.answers.splice(0, 1, { status: 500 });
    start(() => time);
    problem = 'refused';
    await sleep(20);
    time = 2000;
    await until(3);
    sink.answers.splice(0, 1, { status: 200 });
    const before = sink.received.length;
    await until(before + 1);
    problem = undefined;
    await until(before + 2);

    expect(print().at(-1)).toBe('resolved Resolved: The store is away');
  });
});
