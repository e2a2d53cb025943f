import { describe, expect, it } from 'vitest';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { createLog } from '../../core/log.js';
import { openStore } from '../../store/open.js';
import { createNotifier, type Notifier } from '../notify.js';
import { CAUSE, START, makeDiagnosis, makeIncident, makeReceiver } from '../../core/testing/incidents.js';
import { POLICY, openSink, useFixture } from '../testing/notifier.js';

const fixture = useFixture(() => openStore({ kind: 'sqlite', path: ':memory:' }));

describe('a receiver', () => {
  it('that fails is tried again, later and later, with the same message id, until it takes the message', async () => {
    fixture.sink.answers.splice(0, 1, { status: 503, text: 'busy' }, { status: 500 }, { status: 200 });
    const notifier = fixture.createNotifier();
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    await notifier.stepOnce();
    expect(fixture.sink.received).toHaveLength(1);
    expect(await fixture.rows()).toMatchObject([
      { state: 'pending', attempts: 1, error: 'it answered with status 503: busy' },
    ]);

    fixture.nowMs += 1000;
    await notifier.stepOnce();
    fixture.nowMs += 1000;
    await notifier.stepOnce();
    expect(fixture.sink.received).toHaveLength(2);
    fixture.nowMs += 1000;
    await notifier.stepOnce();
    fixture.nowMs += 600_000;
    await notifier.stepOnce();

    expect(new Set(fixture.sink.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(fixture.sink.received).toHaveLength(3);
    expect(await fixture.rows()).toMatchObject([{ state: 'sent', attempts: 3 }]);
    expect((await fixture.rows())[0]).not.toHaveProperty('error');
  });

  it('that never answers leaves the message undeliverable after the deadline, with the reason', async () => {
    const notifier = fixture.createNotifier({ receivers: [{ url: 'http://127.0.0.1:9/secret' }] });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    fixture.nowMs += 6 * 3_600_000;
    await notifier.stepOnce();

    expect(await fixture.rows()).toMatchObject([{ state: 'undeliverable', attempts: 2 }]);
    expect((await fixture.rows())[0]?.error).toMatch(/^the connection failed/);
    expect((await fixture.rows())[0]?.error).not.toContain('secret');
  });

  it('that cannot be reached is named in the log once, and again when it takes messages', async () => {
    const said: string[] = [];
    fixture.sink.answers.splice(0, 1, { status: 503 }, { status: 503 }, { status: 200 });
    const notifier = fixture.createNotifier({ log: createLog('info', { write: (line) => void said.push(line) }) });

    await notifier.incidentChanged(CAUSE);
    for (let step = 0; step < 3; step += 1) {
      await notifier.stepOnce();
      fixture.nowMs += 600_000;
    }

    expect(said.map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'warn',
        code: 'JT_ALERT_UNREACHABLE',
        receiver: 'hook',
        problem: 'it answered with status 503: ok',
      }),
      expect.objectContaining({ level: 'info', receiver: 'hook' }),
    ]);
  });

  it('that refuses is not asked again', async () => {
    const said: string[] = [];
    fixture.sink.answers.splice(0, 1, { status: 410, text: `gone: ${fixture.sink.url}/hook?token=geheim` });
    const notifier = fixture.createNotifier({ log: createLog('info', { write: (line) => void said.push(line) }) });

    await notifier.incidentChanged(CAUSE);
    for (let step = 0; step < 3; step += 1) {
      await notifier.stepOnce();
      fixture.nowMs += 600_000;
    }

    expect(fixture.sink.received).toHaveLength(1);
    expect(await fixture.rows()).toMatchObject([
      { state: 'undeliverable', error: 'it answered with status 410: gone: ***' },
    ]);
    expect(said.map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'error',
        code: 'JT_ALERT_REFUSED',
        receiver: 'hook',
        problem: 'it answered with status 410: gone: ***',
      }),
    ]);
  });

  it('that redirects is refused, so that nothing reaches an address that nobody set', async () => {
    const other = await openSink();
    fixture.sink.answers.splice(0, 1, { status: 307, headers: { location: other.url } });
    const notifier = fixture.createNotifier();

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(other.received).toEqual([]);
    expect(await fixture.rows()).toMatchObject([{ state: 'undeliverable' }]);
    await other.close();
  });

  it('that asks for a pause gets one', async () => {
    fixture.sink.answers.splice(0, 1, { status: 429, headers: { 'retry-after': '120' } }, { status: 200 });
    const notifier = fixture.createNotifier();
    await notifier.incidentChanged(CAUSE);
    await notifier.incidentChanged({ ...makeIncident([makeDiagnosis('memory.heap-oom/any')]), id: 'other' });

    await notifier.stepOnce();
    fixture.nowMs += 119_000;
    await notifier.stepOnce();
    expect(fixture.sink.received).toHaveLength(1);
    fixture.nowMs += 1000;
    await notifier.stepOnce();

    expect(fixture.sink.received).toHaveLength(3);
  });

  it('gets no more messages a minute than it may', async () => {
    const notifier = fixture.createNotifier({ receivers: [{ perMinute: 2 }] });
    for (const rule of ['a.a/a', 'b.b/b', 'c.c/c'])
      await notifier.incidentChanged({ ...makeIncident([makeDiagnosis(rule)]), id: rule });

    await notifier.stepOnce();
    expect(fixture.sink.received).toHaveLength(2);
    fixture.nowMs += 59_999;
    await notifier.stepOnce();
    expect(fixture.sink.received).toHaveLength(2);
    fixture.nowMs += 1;
    await notifier.stepOnce();

    expect(fixture.sink.received).toHaveLength(3);
  });

  it('with a secret gets signed messages', async () => {
    const notifier = fixture.createNotifier({
      receivers: [{ secret: 'whsec_anRfdGVzdF9zZWNyZXRfMjRfYnl0ZXNfbG9uZyE=' }],
    });

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(fixture.sink.received[0]?.headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}=$/);
    expect(fixture.sink.received[0]?.headers['x-jobtrace-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
  });

  it('is refused at the start when its settings cannot work, all problems at once', () => {
    expect(() => fixture.createNotifier({ receivers: [{ name: 'a', url: 'ftp://x' }, { name: 'a' }] })).toThrow(
      /"a" is used twice[^]*"a" has an address that is not an http/,
    );
  });
});

describe('a receiver that forgets (Alertmanager)', () => {
  const am = { kind: 'alertmanager', url: '' } as const;
  const endsAt = (index: number): unknown =>
    JSON.parse(fixture.sink.received[index]?.text ?? '[]').map(
      (alert: { endsAt: string }) => Date.parse(alert.endsAt) - fixture.nowMs,
    );

  it('is told again every minute while the incident is open, also by the next run, and no longer after its end or a day', async () => {
    const receivers = [{ ...am, url: fixture.sink.url }];
    const first = fixture.createNotifier({ receivers });
    await first.incidentChanged(CAUSE);
    await first.stepOnce();
    expect(fixture.sink.received[0]?.path).toBe('/api/v2/alerts');
    expect(endsAt(0)).toEqual([300_000]);

    const second = fixture.createNotifier({ receivers });
    await second.stepOnce();
    fixture.nowMs += 59_000;
    await second.stepOnce();
    expect(fixture.sink.received).toHaveLength(1);
    fixture.nowMs += 1000;
    await second.stepOnce();
    expect(fixture.sink.received).toHaveLength(2);
    expect(endsAt(1)).toEqual([300_000]);

    fixture.nowMs += 24 * 3_600_000;
    await second.stepOnce();
    expect(fixture.sink.received).toHaveLength(2);
    await second.incidentChanged({ ...CAUSE, outcome: 'recovered' });
    await second.stepOnce();
    expect(endsAt(2)).toEqual([0]);
    fixture.nowMs += 120_000;
    await second.stepOnce();
    expect(fixture.sink.received).toHaveLength(3);
  });

  it('is not told again, also not by the next run, when the incident is no more', async () => {
    const receivers = [{ ...am, url: fixture.sink.url }];
    const first = fixture.createNotifier({ receivers });
    await first.incidentChanged(CAUSE);
    await first.stepOnce();
    await first.incidentGone(CAUSE.id);

    fixture.nowMs += 60_000;
    await first.stepOnce();
    const second = fixture.createNotifier({ receivers });
    await second.stepOnce();
    fixture.nowMs += 60_000;
    await second.stepOnce();

    expect(fixture.sink.received).toHaveLength(1);
  });

  it('is not told again after the end', async () => {
    const notifier = fixture.createNotifier({ receivers: [{ ...am, url: fixture.sink.url }] });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    await notifier.incidentChanged({ ...CAUSE, outcome: 'recovered' });
    await notifier.stepOnce();

    fixture.nowMs += 60_000;
    await notifier.stepOnce();
    await fixture.createNotifier({ receivers: [{ ...am, url: fixture.sink.url }] }).stepOnce();

    expect(fixture.sink.received).toHaveLength(2);
  });

  it('gets everything that is due in one request', async () => {
    const notifier = fixture.createNotifier({ receivers: [{ ...am, url: fixture.sink.url }] });
    for (const rule of ['a.a/a', 'b.b/b'])
      await notifier.incidentChanged({ ...makeIncident([makeDiagnosis(rule)]), id: rule });

    await notifier.stepOnce();

    expect(endsAt(0)).toEqual([300_000, 300_000]);
    expect(fixture.sink.received).toHaveLength(1);
  });

  it('has the old alert ended when the labels change', async () => {
    const notifier = fixture.createNotifier({ receivers: [{ ...am, url: fixture.sink.url }] });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    await notifier.incidentChanged(makeIncident([makeDiagnosis('memory.heap-oom/any')]));
    await notifier.stepOnce();
    fixture.nowMs += 60_000;
    await notifier.stepOnce();

    expect(JSON.parse(fixture.sink.received[1]?.text ?? '')).toMatchObject([
      { labels: { cause: 'memory.heap-oom' } },
      { labels: { cause: 'network.insufficient-buffers' }, endsAt: new Date(START).toISOString() },
    ]);
    expect(JSON.parse(fixture.sink.received[2]?.text ?? '')).toMatchObject([{ labels: { cause: 'memory.heap-oom' } }]);
  });
});

describe('a receiver whose sending throws', () => {
  /** Makes a receiver whose settings can be read at the start, and never again. */
  function makeBroken(): { readonly receiver: ReceiverSettings; isBroken: boolean } {
    const state = { isBroken: false, receiver: makeReceiver({ name: 'broken', secret: 'x' }) };
    Object.defineProperty(state.receiver, 'secret', {
      get: () => {
        if (state.isBroken) throw new TypeError('secret of nothing');
        return 'x';
      },
    });
    return state;
  }

  function openNotifier(receivers: readonly ReceiverSettings[], said: string[] = []): Notifier {
    return createNotifier({
      store: fixture.store,
      receivers,
      policy: POLICY,
      log: createLog('info', { write: (line) => void said.push(line) }),
      now: () => fixture.nowMs,
      random: () => 1,
    });
  }

  it('ends nothing, holds up nobody, and is named in the log with its error', async () => {
    const said: string[] = [];
    const broken = makeBroken();
    const notifier = openNotifier([broken.receiver, makeReceiver({ url: fixture.sink.url })], said);
    const stop = new AbortController();
    broken.isBroken = true;

    const running = notifier.run(stop.signal);
    await notifier.incidentChanged(CAUSE);
    await expect.poll(() => fixture.sink.received.length).toBe(1);
    await expect.poll(() => said.some((line) => line.includes('JT_RECEIVER_DEFECT'))).toBe(true);
    stop.abort();
    await running;

    expect(said.map((line): unknown => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ receiver: 'broken', trace: expect.stringContaining('secret of nothing') }),
    );
  });

  it('is tried three times over all starts, then left undeliverable; the others are told once', async () => {
    const broken = makeBroken();
    for (let start = 0; start < 5; start += 1) {
      broken.isBroken = false;
      const notifier = openNotifier([broken.receiver, makeReceiver({ url: fixture.sink.url })]);
      broken.isBroken = true;
      await notifier.incidentChanged(CAUSE);
      await notifier.stepOnce();
      fixture.nowMs += 60_000;
    }

    expect(fixture.sink.received).toHaveLength(1);
    expect((await fixture.rows()).filter(({ receiver }) => receiver === 'broken')).toMatchObject([
      { state: 'undeliverable', attempts: 3, error: expect.stringContaining('secret of nothing') },
    ]);
  });

  it('has its message taken by its fallback', async () => {
    const broken = makeBroken();
    const receivers = [{ ...makeReceiver({ url: fixture.sink.url }), name: 'second' }];
    Object.assign(broken.receiver, { fallback: 'second' });
    const notifier = openNotifier([broken.receiver, ...receivers]);
    broken.isBroken = true;
    await notifier.incidentChanged(CAUSE);
    for (let step = 0; step < 5; step += 1) {
      await notifier.stepOnce();
      fixture.nowMs += 60_000;
    }

    expect(fixture.types()).toEqual(expect.arrayContaining(['jobtrace.alert.undelivered']));
  });

  it('does not keep others from a message when its own cannot be made', async () => {
    const unmade = makeReceiver({ name: 'unmade', zone: 'UTC' });
    let isBroken = false;
    Object.defineProperty(unmade, 'zone', {
      get: () => {
        if (isBroken) throw new TypeError('zone of nothing');
        return 'UTC';
      },
    });
    const notifier = openNotifier([unmade, makeReceiver({ url: fixture.sink.url })]);
    isBroken = true;
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(fixture.sink.received).toHaveLength(1);
  });
});
