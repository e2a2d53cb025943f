import { describe, expect, it } from 'vitest';
import { createError } from '../core/errors.js';
import { createLog } from '../core/log.js';
import { openStore } from '../store/open.js';
import { waitUntil } from '../store/testing/samples.js';
import type { Store } from '../store/store.js';
import { createNotifier } from './notify.js';
import {
  BUFFERS,
  CAUSE,
  POLICY,
  START,
  SYMPTOM,
  makeDiagnosis,
  makeIncident,
  makeReceiver,
  openSink,
  useBench,
} from './testing/samples.js';

const bench = useBench(() => openStore({ kind: 'sqlite', path: ':memory:' }));

describe('an incident', () => {
  it('is told once, however often the job restarts and whoever asks again', async () => {
    const notifier = bench.createNotifier();

    for (let restarts = 0; restarts < 5; restarts += 1) {
      await notifier.incidentChanged({ ...CAUSE, restarts });
      await notifier.stepOnce();
    }
    await notifier.stepOnce();

    expect(bench.types()).toEqual(['jobtrace.incident.opened']);
    expect(bench.sink.received[0]?.body).toMatchObject({
      data: {
        diagnosis: { rule: BUFFERS, fixes: [{ patch: { 'taskmanager.memory.network.min': '112m' } }] },
        links: { incident: 'https://jobtrace.example/incidents/incident-1' },
      },
    });
    expect(await bench.rows()).toMatchObject([
      {
        incidentId: 'incident-1',
        receiver: 'hook',
        reason: 'new-incident',
        cause: BUFFERS,
        state: 'sent',
        attempts: 1,
      },
    ]);
  });

  it('that shows only a symptom waits, and is told with its cause when that comes', async () => {
    const notifier = bench.createNotifier();
    await notifier.incidentChanged(SYMPTOM);
    bench.nowMs += 20_000;
    await notifier.stepOnce();
    expect(bench.sink.received).toEqual([]);

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    bench.nowMs += 60_000;
    await notifier.stepOnce();

    expect(bench.types()).toEqual(['jobtrace.incident.opened']);
    expect(bench.sink.received[0]?.body).toMatchObject({ data: { diagnosis: { rule: BUFFERS } } });
  });

  it('that stays a symptom is told after the wait, corrected by a later cause, and ended', async () => {
    const notifier = bench.createNotifier();
    await notifier.incidentChanged(SYMPTOM);
    bench.nowMs += 30_000;
    await notifier.stepOnce();

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    await notifier.incidentChanged({ ...CAUSE, outcome: 'recovered' });
    await notifier.stepOnce();

    expect(bench.types()).toEqual([
      'jobtrace.incident.opened',
      'jobtrace.incident.corrected',
      'jobtrace.incident.resolved',
    ]);
  });

  it('that an earlier run left to be told is told once, also when it is sent while the store is asked about it', async () => {
    await bench.createNotifier().incidentChanged(CAUSE);
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    const slow: Store = {
      ...bench.store,
      findAlerts: async (query) => {
        const found = await bench.store.findAlerts(query);
        if (query.incidentId !== undefined) await asked;
        return found;
      },
    };
    const notifier = bench.createNotifier({ store: slow });
    const end = new AbortController();
    const changed = notifier.incidentChanged({ ...CAUSE, outcome: 'failed' });
    const running = notifier.run(end.signal);
    await waitUntil('the message to be sent', async () => (await bench.rows())[0]?.state === 'sent');
    answer();
    await changed;
    await waitUntil('the next message', () => Promise.resolve(bench.sink.received.length > 1));
    end.abort();
    await running;

    expect(bench.types()).toEqual(['jobtrace.incident.opened', 'jobtrace.incident.escalated']);
  });

  it('that is no more before it was told is not told; when it comes back, it is', async () => {
    const notifier = bench.createNotifier();
    await notifier.incidentChanged(SYMPTOM);
    await notifier.incidentGone(SYMPTOM.id);
    bench.nowMs += 60_000;
    await notifier.stepOnce();
    expect(bench.sink.received).toEqual([]);
    expect(await bench.rows()).toMatchObject([{ incidentId: 'incident-1', state: 'withdrawn', attempts: 0 }]);

    const next = bench.createNotifier();
    await next.incidentChanged(CAUSE);
    await next.stepOnce();

    expect(bench.types()).toEqual(['jobtrace.incident.opened']);
  });

  it('of a backlog alerts nobody', async () => {
    const notifier = bench.createNotifier();
    bench.nowMs += 3_600_000;

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(bench.sink.received).toEqual([]);
    expect(await bench.rows()).toEqual([]);
  });

  it('is told to each receiver in its language', async () => {
    const notifier = bench.createNotifier({ receivers: [{ name: 'en' }, { name: 'zh', language: 'zh' }] });

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(bench.sink.received.map(({ text }) => text.includes('标题')).sort()).toEqual([false, true]);
  });

  it('rides with others of the same cause in one message', async () => {
    const notifier = bench.createNotifier();
    for (const id of ['i-1', 'i-2', 'i-3']) await notifier.incidentChanged({ ...CAUSE, id });
    await notifier.incidentChanged({ ...makeIncident([makeDiagnosis('memory.heap-oom/any')]), id: 'other' });

    await notifier.stepOnce();

    expect(bench.sink.received).toHaveLength(2);
    expect(bench.sink.received[0]?.body).toMatchObject({
      data: { incident: { id: 'i-1' }, related: [{ incidentId: 'i-2' }, { incidentId: 'i-3' }] },
    });
    expect((await bench.rows()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent', 'sent']);
  });
});

describe('a receiver', () => {
  it('that fails is tried again, later and later, with the same message id, until it takes the message', async () => {
    bench.sink.answers.splice(0, 1, { status: 503, text: 'busy' }, { status: 500 }, { status: 200 });
    const notifier = bench.createNotifier();
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    await notifier.stepOnce();
    expect(bench.sink.received).toHaveLength(1);
    expect(await bench.rows()).toMatchObject([
      { state: 'pending', attempts: 1, error: 'it answered with status 503: busy' },
    ]);

    bench.nowMs += 1000;
    await notifier.stepOnce();
    bench.nowMs += 1000;
    await notifier.stepOnce();
    expect(bench.sink.received).toHaveLength(2);
    bench.nowMs += 1000;
    await notifier.stepOnce();
    bench.nowMs += 600_000;
    await notifier.stepOnce();

    expect(new Set(bench.sink.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(bench.sink.received).toHaveLength(3);
    expect(await bench.rows()).toMatchObject([{ state: 'sent', attempts: 3 }]);
    expect((await bench.rows())[0]).not.toHaveProperty('error');
  });

  it('that never answers leaves the message undeliverable after the deadline, with the reason', async () => {
    const notifier = bench.createNotifier({ receivers: [{ url: 'http://127.0.0.1:9/secret' }] });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    bench.nowMs += 6 * 3_600_000;
    await notifier.stepOnce();

    expect(await bench.rows()).toMatchObject([{ state: 'undeliverable', attempts: 2 }]);
    expect((await bench.rows())[0]?.error).toMatch(/^the connection failed/);
    expect((await bench.rows())[0]?.error).not.toContain('secret');
  });

  it('that refuses is not asked again', async () => {
    bench.sink.answers.splice(0, 1, { status: 410, text: `gone: ${bench.sink.url}/hook?token=geheim` });
    const notifier = bench.createNotifier();

    await notifier.incidentChanged(CAUSE);
    for (let step = 0; step < 3; step += 1) {
      await notifier.stepOnce();
      bench.nowMs += 600_000;
    }

    expect(bench.sink.received).toHaveLength(1);
    expect(await bench.rows()).toMatchObject([
      { state: 'undeliverable', error: 'it answered with status 410: gone: ***' },
    ]);
  });

  it('that redirects is refused, so that nothing reaches an address that nobody set', async () => {
    const other = await openSink();
    bench.sink.answers.splice(0, 1, { status: 307, headers: { location: other.url } });
    const notifier = bench.createNotifier();

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(other.received).toEqual([]);
    expect(await bench.rows()).toMatchObject([{ state: 'undeliverable' }]);
    await other.close();
  });

  it('that asks for a pause gets one', async () => {
    bench.sink.answers.splice(0, 1, { status: 429, headers: { 'retry-after': '120' } }, { status: 200 });
    const notifier = bench.createNotifier();
    await notifier.incidentChanged(CAUSE);
    await notifier.incidentChanged({ ...makeIncident([makeDiagnosis('memory.heap-oom/any')]), id: 'other' });

    await notifier.stepOnce();
    bench.nowMs += 119_000;
    await notifier.stepOnce();
    expect(bench.sink.received).toHaveLength(1);
    bench.nowMs += 1000;
    await notifier.stepOnce();

    expect(bench.sink.received).toHaveLength(3);
  });

  it('gets no more messages a minute than it may', async () => {
    const notifier = bench.createNotifier({ receivers: [{ perMinute: 2 }] });
    for (const rule of ['a.a/a', 'b.b/b', 'c.c/c'])
      await notifier.incidentChanged({ ...makeIncident([makeDiagnosis(rule)]), id: rule });

    await notifier.stepOnce();
    expect(bench.sink.received).toHaveLength(2);
    bench.nowMs += 29_000;
    await notifier.stepOnce();
    expect(bench.sink.received).toHaveLength(2);
    bench.nowMs += 1000;
    await notifier.stepOnce();

    expect(bench.sink.received).toHaveLength(3);
  });

  it('with a secret gets signed messages', async () => {
    const notifier = bench.createNotifier({
      receivers: [{ secret: 'whsec_anRfdGVzdF9zZWNyZXRfMjRfYnl0ZXNfbG9uZyE=' }],
    });

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(bench.sink.received[0]?.headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}=$/);
    expect(bench.sink.received[0]?.headers['x-jobtrace-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
  });

  it('is refused at the start when its settings cannot work, all problems at once', () => {
    expect(() => bench.createNotifier({ receivers: [{ name: 'a', url: 'ftp://x' }, { name: 'a' }] })).toThrow(
      /"a" is used twice[^]*"a" is not an http/,
    );
  });
});

describe('a restart', () => {
  it('sends what was left and repeats nothing', async () => {
    const first = bench.createNotifier();
    await first.incidentChanged(CAUSE);

    const second = bench.createNotifier();
    await second.stepOnce();
    await second.incidentChanged({ ...CAUSE, restarts: 3 });
    const third = bench.createNotifier();
    await third.stepOnce();
    await third.incidentChanged(CAUSE);
    await third.stepOnce();

    expect(bench.types()).toEqual(['jobtrace.incident.opened']);
  });

  it('gives up messages for a receiver that is no longer configured', async () => {
    await bench.createNotifier().incidentChanged(CAUSE);

    await bench.createNotifier({ receivers: [{ name: 'new' }] }).stepOnce();

    expect(await bench.rows()).toMatchObject([
      { state: 'undeliverable', error: expect.stringContaining('no receiver') },
    ]);
  });

  it('leaves messages of other processes on the same store alone', async () => {
    const options = {
      store: bench.store,
      receivers: [makeReceiver({ url: bench.sink.url })],
      policy: POLICY,
      log: createLog('silent'),
      now: () => bench.nowMs,
    };
    await createNotifier({ ...options, instance: 'analyzer-0' }).incidentChanged(CAUSE);

    await createNotifier({ ...options, instance: 'api' }).stepOnce();
    expect(bench.sink.received).toEqual([]);
    await createNotifier({ ...options, instance: 'analyzer-0' }).stepOnce();

    expect(bench.sink.received).toHaveLength(1);
  });
});

describe('a receiver that forgets (Alertmanager)', () => {
  const am = { kind: 'alertmanager', url: '' } as const;
  const endsAt = (index: number): unknown =>
    JSON.parse(bench.sink.received[index]?.text ?? '[]').map(
      (alert: { endsAt: string }) => Date.parse(alert.endsAt) - bench.nowMs,
    );

  it('is told again every minute while the incident is open, also by the next run, and no longer after its end or a day', async () => {
    const receivers = [{ ...am, url: bench.sink.url }];
    const first = bench.createNotifier({ receivers });
    await first.incidentChanged(CAUSE);
    await first.stepOnce();
    expect(bench.sink.received[0]?.path).toBe('/api/v2/alerts');
    expect(endsAt(0)).toEqual([300_000]);

    const second = bench.createNotifier({ receivers });
    await second.stepOnce();
    bench.nowMs += 59_000;
    await second.stepOnce();
    expect(bench.sink.received).toHaveLength(1);
    bench.nowMs += 1000;
    await second.stepOnce();
    expect(bench.sink.received).toHaveLength(2);
    expect(endsAt(1)).toEqual([300_000]);

    bench.nowMs += 24 * 3_600_000;
    await second.stepOnce();
    expect(bench.sink.received).toHaveLength(2);
    await second.incidentChanged({ ...CAUSE, outcome: 'recovered' });
    await second.stepOnce();
    expect(endsAt(2)).toEqual([0]);
    bench.nowMs += 120_000;
    await second.stepOnce();
    expect(bench.sink.received).toHaveLength(3);
  });

  it('is not told again, also not by the next run, when the incident is no more', async () => {
    const receivers = [{ ...am, url: bench.sink.url }];
    const first = bench.createNotifier({ receivers });
    await first.incidentChanged(CAUSE);
    await first.stepOnce();
    await first.incidentGone(CAUSE.id);

    bench.nowMs += 60_000;
    await first.stepOnce();
    const second = bench.createNotifier({ receivers });
    await second.stepOnce();
    bench.nowMs += 60_000;
    await second.stepOnce();

    expect(bench.sink.received).toHaveLength(1);
  });

  it('is not told again after the end', async () => {
    const notifier = bench.createNotifier({ receivers: [{ ...am, url: bench.sink.url }] });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    await notifier.incidentChanged({ ...CAUSE, outcome: 'recovered' });
    await notifier.stepOnce();

    bench.nowMs += 60_000;
    await notifier.stepOnce();
    await bench.createNotifier({ receivers: [{ ...am, url: bench.sink.url }] }).stepOnce();

    expect(bench.sink.received).toHaveLength(2);
  });

  it('gets everything that is due in one request', async () => {
    const notifier = bench.createNotifier({ receivers: [{ ...am, url: bench.sink.url }] });
    for (const rule of ['a.a/a', 'b.b/b'])
      await notifier.incidentChanged({ ...makeIncident([makeDiagnosis(rule)]), id: rule });

    await notifier.stepOnce();

    expect(endsAt(0)).toEqual([300_000, 300_000]);
    expect(bench.sink.received).toHaveLength(1);
  });

  it('has the old alert ended when the labels change', async () => {
    const notifier = bench.createNotifier({ receivers: [{ ...am, url: bench.sink.url }] });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    await notifier.incidentChanged(makeIncident([makeDiagnosis('memory.heap-oom/any')]));
    await notifier.stepOnce();
    bench.nowMs += 60_000;
    await notifier.stepOnce();

    expect(JSON.parse(bench.sink.received[1]?.text ?? '')).toMatchObject([
      { labels: { cause: 'memory.heap-oom' } },
      { labels: { cause: 'network.insufficient-buffers' }, endsAt: new Date(START).toISOString() },
    ]);
    expect(JSON.parse(bench.sink.received[2]?.text ?? '')).toMatchObject([{ labels: { cause: 'memory.heap-oom' } }]);
  });
});

describe('a store that goes away', () => {
  it('after the message was sent does not make it go out twice, and learns of it when it is back', async () => {
    let isAway = false;
    const fragile: Store = {
      ...bench.store,
      rememberAlert: async (alert) => {
        if (isAway) throw createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'away' });
        return bench.store.rememberAlert(alert);
      },
    };
    const notifier = bench.createNotifier({ store: fragile });
    for (const id of ['i-1', 'i-2', 'i-3']) await notifier.incidentChanged({ ...CAUSE, id });
    isAway = true;
    await expect(notifier.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    await expect(notifier.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });

    isAway = false;
    await notifier.stepOnce();

    expect(bench.sink.received).toHaveLength(1);
    expect((await bench.rows()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent']);
  });
});

describe('run', () => {
  it('delivers at once, also while another receiver hangs', async () => {
    const stop = new AbortController();
    const silentSink = await openSink();
    silentSink.answers.length = 0;
    const hanging = makeReceiver({ name: 'hangs', url: silentSink.url });
    const notifier = createNotifier({
      store: bench.store,
      receivers: [hanging, makeReceiver({ url: bench.sink.url })],
      policy: POLICY,
      log: createLog('silent'),
      now: () => bench.nowMs,
    });
    const running = notifier.run(stop.signal);

    await notifier.incidentChanged({ ...CAUSE, id: 'first' });
    await waitUntil('the first message', async () => bench.sink.received.length === 1);
    await notifier.incidentChanged({ ...CAUSE, id: 'second' });
    await waitUntil('the second message', async () => bench.sink.received.length === 2);

    stop.abort();
    await silentSink.close();
    await running;
  });
});
