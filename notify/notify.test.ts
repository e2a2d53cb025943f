import { describe, expect, it } from 'vitest';
import type { FeedbackVerdict } from '../core/documents/feedback.js';
import { createError } from '../core/errors.js';
import { createLog } from '../core/log.js';
import type { Incident } from '../core/documents/incident.js';
import { openStore } from '../store/open.js';
import { waitUntil } from '../store/testing/samples.js';
import type { Store } from '../store/store.js';
import { createNotifier } from './notify.js';
import type { MessageShares } from './deliver/outbox.js';
import { BUFFERS, CAUSE, SYMPTOM, makeDiagnosis, makeIncident, makeReceiver } from '../core/testing/incidents.js';
import { POLICY, openSink, useFixture } from './testing/notifier.js';

const fixture = useFixture(() => openStore({ kind: 'sqlite', path: ':memory:' }));

describe('an incident', () => {
  it('is told once, however often the job restarts and whoever asks again', async () => {
    const notifier = fixture.createNotifier();

    for (let restarts = 0; restarts < 5; restarts += 1) {
      await notifier.incidentChanged({ ...CAUSE, restarts });
      await notifier.stepOnce();
    }
    await notifier.stepOnce();

    expect(fixture.types()).toEqual(['jobtrace.incident.opened']);
    expect(fixture.sink.received[0]?.body).toMatchObject({
      data: {
        diagnosis: { rule: BUFFERS, fixes: [{ patch: { 'taskmanager.memory.network.min': '112m' } }] },
        links: { incident: 'https://jobtrace.example/incidents/incident-1' },
      },
    });
    expect(await fixture.rows()).toMatchObject([
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

  it('of a rule that people say is mostly wrong alerts nobody, until they say otherwise', async () => {
    const say = (verdict: FeedbackVerdict, count: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          fixture.store.feedback.save({
            incidentId: `${verdict}-${index}`,
            rule: BUFFERS,
            verdict,
            by: 'anna',
            at: 'now',
          }),
        ),
      );
    await say('wrong', 10);
    const notifier = fixture.createNotifier();
    await notifier.incidentChanged(CAUSE);
    expect(await fixture.rows()).toEqual([]);

    await say('helped', 10);
    fixture.nowMs += 60_000;
    await notifier.incidentChanged(CAUSE);
    expect(await fixture.rows()).toMatchObject([{ cause: BUFFERS, state: 'pending' }]);
  });

  it('alerts as before where the store cannot tell what people say', async () => {
    const denied = createError('JT_STORE_DENIED', { url: 'es', problem: 'no right' });
    const store = { ...fixture.store, feedback: { ...fixture.store.feedback, find: () => Promise.reject(denied) } };
    await fixture.createNotifier({ store }).incidentChanged(CAUSE);

    expect(await fixture.rows()).toMatchObject([{ cause: BUFFERS }]);
  });

  it('that shows only a symptom waits, and is told with its cause when that comes', async () => {
    const notifier = fixture.createNotifier();
    await notifier.incidentChanged(SYMPTOM);
    fixture.nowMs += 20_000;
    await notifier.stepOnce();
    expect(fixture.sink.received).toEqual([]);

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    fixture.nowMs += 60_000;
    await notifier.stepOnce();

    expect(fixture.types()).toEqual(['jobtrace.incident.opened']);
    expect(fixture.sink.received[0]?.body).toMatchObject({ data: { diagnosis: { rule: BUFFERS } } });
  });

  it('that stays a symptom is told after the wait, corrected by a later cause, and ended', async () => {
    const notifier = fixture.createNotifier();
    await notifier.incidentChanged(SYMPTOM);
    fixture.nowMs += 30_000;
    await notifier.stepOnce();

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    await notifier.incidentChanged({ ...CAUSE, outcome: 'recovered' });
    await notifier.stepOnce();

    expect(fixture.types()).toEqual([
      'jobtrace.incident.opened',
      'jobtrace.incident.corrected',
      'jobtrace.incident.resolved',
    ]);
  });

  it('whose cause is another one for a moment only, is told once', async () => {
    const notifier = fixture.createNotifier();
    await notifier.incidentChanged({ ...CAUSE, outcome: 'failed' });
    await notifier.stepOnce();

    await notifier.incidentChanged({ ...makeIncident([makeDiagnosis('memory.heap-oom/any')]), outcome: 'failed' });
    await notifier.stepOnce();
    await notifier.incidentChanged({ ...CAUSE, outcome: 'failed' });
    fixture.nowMs += 60_000;
    await notifier.stepOnce();

    expect(fixture.types()).toEqual(['jobtrace.incident.opened']);
  });

  it('that an earlier run left to be told is told once, also when it is sent while the store is asked about it', async () => {
    await fixture.createNotifier().incidentChanged(CAUSE);
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    const slow: Store = {
      ...fixture.store,
      alerts: {
        ...fixture.store.alerts,
        find: async (query) => {
          const found = await fixture.store.alerts.find(query);
          if (query?.where?.incidentId !== undefined) await asked;
          return found;
        },
      },
    };
    const notifier = fixture.createNotifier({ store: slow });
    const end = new AbortController();
    const changed = notifier.incidentChanged({ ...CAUSE, outcome: 'failed', lastSeen: '2026-11-20T10:01:00.000Z' });
    const running = notifier.run(end.signal);
    await waitUntil('the message to be sent', async () => (await fixture.rows())[0]?.state === 'sent');
    answer();
    await changed;
    await waitUntil('the next message', () => Promise.resolve(fixture.sink.received.length > 1));
    end.abort();
    await running;

    expect(fixture.types()).toEqual(['jobtrace.incident.opened', 'jobtrace.incident.escalated']);
  });

  it('that is no more before it was told is not told; when it comes back, it is', async () => {
    const notifier = fixture.createNotifier();
    await notifier.incidentChanged(SYMPTOM);
    await notifier.incidentGone(SYMPTOM.id);
    fixture.nowMs += 60_000;
    await notifier.stepOnce();
    expect(fixture.sink.received).toEqual([]);
    expect(await fixture.rows()).toMatchObject([{ incidentId: 'incident-1', state: 'withdrawn', attempts: 0 }]);

    const next = fixture.createNotifier();
    await next.incidentChanged(CAUSE);
    await next.stepOnce();

    expect(fixture.types()).toEqual(['jobtrace.incident.opened']);
  });

  it('that was deleted on request before it was told is not told, and leaves no message to write again', async () => {
    const notifier = fixture.createNotifier();
    await notifier.incidentChanged(SYMPTOM);
    await fixture.store.alerts.remove((await fixture.rows()).map(({ id }) => id));
    notifier.forget();
    fixture.nowMs += 60_000;
    await notifier.stepOnce();

    expect(fixture.sink.received).toEqual([]);
    expect(await fixture.rows()).toEqual([]);
  });

  it('of a backlog alerts nobody', async () => {
    const notifier = fixture.createNotifier();
    fixture.nowMs += 3_600_000;

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(fixture.sink.received).toEqual([]);
    expect(await fixture.rows()).toEqual([]);
  });

  it('is told to each receiver in its language', async () => {
    const notifier = fixture.createNotifier({ receivers: [{ name: 'en' }, { name: 'zh', language: 'zh' }] });

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(fixture.sink.received.map(({ text }) => text.includes('标题')).sort()).toEqual([false, true]);
  });

  it('rides with others of the same cause in one message', async () => {
    const notifier = fixture.createNotifier();
    for (const id of ['i-1', 'i-2', 'i-3']) await notifier.incidentChanged({ ...CAUSE, id });
    await notifier.incidentChanged({ ...makeIncident([makeDiagnosis('memory.heap-oom/any')]), id: 'other' });

    await notifier.stepOnce();

    expect(fixture.sink.received).toHaveLength(2);
    expect(fixture.sink.received[0]?.body).toMatchObject({
      data: { incident: { id: 'i-1' }, related: [{ incidentId: 'i-2' }, { incidentId: 'i-3' }] },
    });
    expect((await fixture.rows()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent', 'sent']);
  });
});

describe('a restart', () => {
  it('sends what was left and repeats nothing', async () => {
    const first = fixture.createNotifier();
    await first.incidentChanged(CAUSE);

    const second = fixture.createNotifier();
    await second.stepOnce();
    await second.incidentChanged({ ...CAUSE, restarts: 3 });
    const third = fixture.createNotifier();
    await third.stepOnce();
    await third.incidentChanged(CAUSE);
    await third.stepOnce();

    expect(fixture.types()).toEqual(['jobtrace.incident.opened']);
  });

  it('gives up messages for a receiver that is no longer configured', async () => {
    await fixture.createNotifier().incidentChanged(CAUSE);

    await fixture.createNotifier({ receivers: [{ name: 'new' }] }).stepOnce();

    expect(await fixture.rows()).toMatchObject([
      { state: 'undeliverable', error: expect.stringContaining('no receiver') },
    ]);
  });

  it('leaves messages of other processes on the same store alone', async () => {
    const options = {
      store: fixture.store,
      receivers: [makeReceiver({ url: fixture.sink.url })],
      policy: POLICY,
      log: createLog('silent'),
      now: () => fixture.nowMs,
    };
    await createNotifier({ ...options, instance: 'analyzer-0' }).incidentChanged(CAUSE);

    await createNotifier({ ...options, instance: 'api' }).stepOnce();
    expect(fixture.sink.received).toEqual([]);
    await createNotifier({ ...options, instance: 'analyzer-0' }).stepOnce();

    expect(fixture.sink.received).toHaveLength(1);
  });
});

describe('processes that share what is said', () => {
  /** Ownership by cluster: each holder has one cluster at a time, and with it the messages about that cluster. */
  class Holder implements MessageShares {
    constructor(private cluster: string) {}
    readonly nameOf = ({ cluster }: Incident): string => `of ${cluster}`;
    readonly isOurs = (instance: string): boolean => instance === `of ${this.cluster}`;
    readonly holding = (): string => this.cluster;
    readonly hold = (cluster: string): void => void (this.cluster = cluster);
  }

  it('go on with what another one has not said, and say nothing of what is theirs no more', async () => {
    const [one, other] = [new Holder(CAUSE.cluster), new Holder('another cluster')];
    const [first, second] = [one, other].map((shares) => fixture.createNotifier({ shares }));
    await first?.incidentChanged(CAUSE);
    await first?.incidentChanged({ ...CAUSE, id: 'i-2' });
    await second?.stepOnce();
    expect(fixture.sink.received).toEqual([]);

    one.hold('');
    await first?.stepOnce();
    expect(fixture.sink.received).toEqual([]);
    other.hold(CAUSE.cluster);
    await second?.stepOnce();
    one.hold(CAUSE.cluster);
    await first?.incidentChanged(CAUSE);
    await first?.stepOnce();

    expect(fixture.sink.received).toHaveLength(1);
    expect((await fixture.rows()).map(({ state }) => state)).toEqual(['sent', 'sent']);
  });

  it('do not say again what was sent while the store was away', async () => {
    let isAway = false;
    const fragile: Store = {
      ...fixture.store,
      alerts: {
        ...fixture.store.alerts,
        saveAll: async (alerts) => {
          if (isAway) throw createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'away' });
          return fixture.store.alerts.saveAll(alerts);
        },
      },
    };
    const shares = new Holder(CAUSE.cluster);
    const notifier = fixture.createNotifier({ store: fragile, shares });
    await notifier.incidentChanged(CAUSE);
    isAway = true;
    await expect(notifier.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    shares.hold('');
    await notifier.stepOnce().catch(() => undefined);
    isAway = false;
    shares.hold(CAUSE.cluster);
    await notifier.stepOnce();
    await notifier.stepOnce();

    expect(fixture.sink.received).toHaveLength(1);
    expect((await fixture.rows()).map(({ state }) => state)).toEqual(['sent']);
  });
});

describe('a store that goes away', () => {
  it('after the message was sent does not make it go out twice, and learns of it when it is back', async () => {
    let isAway = false;
    const fragile: Store = {
      ...fixture.store,
      alerts: {
        ...fixture.store.alerts,
        saveAll: async (alerts) => {
          if (isAway) throw createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'away' });
          return fixture.store.alerts.saveAll(alerts);
        },
      },
    };
    const notifier = fixture.createNotifier({ store: fragile });
    for (const id of ['i-1', 'i-2', 'i-3']) await notifier.incidentChanged({ ...CAUSE, id });
    isAway = true;
    await expect(notifier.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    await expect(notifier.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });

    isAway = false;
    await notifier.stepOnce();

    expect(fixture.sink.received).toHaveLength(1);
    expect((await fixture.rows()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent']);
  });
});

describe('run', () => {
  it('delivers at once, also while another receiver hangs', async () => {
    const stop = new AbortController();
    const silentSink = await openSink();
    silentSink.answers.length = 0;
    const hanging = makeReceiver({ name: 'hangs', url: silentSink.url });
    const notifier = createNotifier({
      store: fixture.store,
      receivers: [hanging, makeReceiver({ url: fixture.sink.url })],
      policy: POLICY,
      log: createLog('silent'),
      now: () => fixture.nowMs,
    });
    const running = notifier.run(stop.signal);

    await notifier.incidentChanged({ ...CAUSE, id: 'first' });
    await waitUntil('the first message', async () => fixture.sink.received.length === 1);
    await notifier.incidentChanged({ ...CAUSE, id: 'second' });
    await waitUntil('the second message', async () => fixture.sink.received.length === 2);

    stop.abort();
    await silentSink.close();
    await running;
  });
});
