// Tests routes in a notifier: which receivers are notified, when, and which incidents one message joins.
import { describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.js';
import { BUFFERS, makeDiagnosis, makeIncident, START } from '../../core/testing/incidents.js';
import { useFixture } from '../testing/notifier.js';
import type { Triage } from '../../core/documents/triage.js';
import type { RoutingOptions } from './router.js';

const fixture = useFixture(() => openStore({ kind: 'sqlite', path: ':memory:' }));
const NOBODY: RoutingOptions = { route: {}, timeIntervals: [], teams: [] };

const WARNING = makeIncident([makeDiagnosis(BUFFERS, { severity: 'error' })]);
const CRITICAL = makeIncident([makeDiagnosis(BUFFERS, { severity: 'critical' })]);

function create(routing: Partial<RoutingOptions>): ReturnType<typeof fixture.createNotifier> {
  return fixture.createNotifier({
    receivers: ['chat', 'pager'].map((name) => ({ name, url: `${fixture.sink.url}/${name}` })),
    routing: { ...NOBODY, ...routing },
  });
}

/** Lists the received messages, as receiver and kind of message. */
function listReceived(): readonly string[] {
  return fixture.sink.received.map(({ path, body }) => `${path.slice(1)} ${String(body['type']).split('.').at(-1)}`);
}

describe('a routed incident', () => {
  const route = { receiver: 'chat', routes: [{ matchers: { severity: 'critical' }, receiver: 'pager' }] };

  it('is told to the receivers of its route alone; who was told of it hears on when it goes another way', async () => {
    const notifier = create({ route });

    await notifier.incidentChanged(WARNING);
    await notifier.stepOnce();
    fixture.nowMs += 120_000;
    await notifier.incidentChanged({ ...CRITICAL, lastSeen: new Date(fixture.nowMs).toISOString() });
    await notifier.stepOnce();

    expect(listReceived()).toEqual(['chat opened', 'chat escalated', 'pager opened']);
  });

  it('is not told to a receiver whose message still waits when it goes another way', async () => {
    const notifier = create({ route: { ...route, groupWait: '1m' } });

    await notifier.incidentChanged(WARNING);
    await notifier.incidentChanged(CRITICAL);
    fixture.nowMs += 60_000;
    await notifier.stepOnce();

    expect(listReceived()).toEqual(['pager opened']);
    expect((await fixture.rows()).map(({ receiver, state }) => `${receiver} ${state}`).sort()).toEqual([
      'chat withdrawn',
      'pager sent',
    ]);
  });

  it('goes with the first of its group, which waits for others', async () => {
    const notifier = create({ route: { receiver: 'chat', groupBy: ['cause'], groupWait: '30s' } });

    await notifier.incidentChanged(WARNING);
    fixture.nowMs += 20_000;
    await notifier.incidentChanged({ ...WARNING, id: 'incident-2', cluster: 'session-2' });
    await notifier.stepOnce();
    expect(listReceived()).toEqual([]);
    fixture.nowMs += 10_000;
    await notifier.stepOnce();

    expect(listReceived()).toEqual(['chat opened']);
    expect(fixture.sink.received[0]?.body['data']).toMatchObject({ related: [{ incidentId: 'incident-2' }] });
  });

  it('is said again each time that its interval has passed, as long as it fails', async () => {
    const notifier = create({ route: { receiver: 'chat', repeatInterval: '2h' } });
    await notifier.incidentChanged(WARNING);
    await notifier.stepOnce();

    for (let hour = 1; hour <= 4; hour += 1) {
      fixture.nowMs = START + hour * 3_600_000;
      await notifier.incidentChanged({ ...WARNING, lastSeen: new Date(fixture.nowMs).toISOString() });
      await notifier.stepOnce();
    }

    expect(listReceived()).toEqual(['chat opened', 'chat continued', 'chat continued']);
  });
});

describe('a quiet time', () => {
  /** Night in Shanghai; START is at 18:00 there. */
  const night = { name: 'night', location: 'Asia/Shanghai', times: [{ startTime: '17:00', endTime: '08:00' }] };
  const quiet = {
    route: { receiver: 'chat', routes: [{ muteTimeIntervals: ['night'] }] },
    timeIntervals: [night],
  };
  const MORNING = Date.parse('2026-11-21T00:00:00.000Z');

  it('holds messages until it is over', async () => {
    const notifier = create(quiet);
    await notifier.incidentChanged(WARNING);
    fixture.nowMs = MORNING - 1;
    await notifier.stepOnce();
    expect(listReceived()).toEqual([]);

    fixture.nowMs = MORNING;
    await notifier.stepOnce();

    expect(listReceived()).toEqual(['chat opened']);
  });

  it('leaves out what began and ended within it', async () => {
    const notifier = create(quiet);
    await notifier.incidentChanged(WARNING);
    await notifier.incidentChanged({ ...WARNING, outcome: 'recovered' });
    fixture.nowMs = MORNING;
    await notifier.stepOnce();

    expect(listReceived()).toEqual([]);
  });

  it('leaves a message its six hours of tries, however long it was held', async () => {
    const notifier = create(quiet);
    fixture.sink.answers.splice(0, 1, { status: 503 }, { status: 200 });
    await notifier.incidentChanged(WARNING);
    fixture.nowMs = MORNING;
    await notifier.stepOnce();
    fixture.nowMs += 10_000;
    await notifier.stepOnce();

    expect((await fixture.rows()).map(({ state }) => state)).toEqual(['sent']);
  });
});

describe('a silence', () => {
  const silence = {
    id: 's-1',
    matchers: { job: 'ord*' },
    startsAt: new Date(START).toISOString(),
    endsAt: new Date(START + 3_600_000).toISOString(),
    createdBy: 'anna',
    comment: 'migration',
  };

  it('holds what fits until it is over, and also when it is made after the message was written', async () => {
    const notifier = create({ route: { receiver: 'chat' } });
    const other = { ...WARNING, id: 'incident-2', cluster: 'session-2', job: { id: 'b'.repeat(32), name: 'clicks' } };
    await notifier.incidentChanged(WARNING);
    await fixture.store.silences.save(silence);
    await notifier.incidentChanged(other);
    await notifier.stepOnce();
    expect(fixture.sink.received.map(({ text }) => text.includes('orders'))).toEqual([false]);

    fixture.nowMs = START + 3_600_000;
    await notifier.stepOnce();

    expect(fixture.sink.received.map(({ text }) => text.includes('orders'))).toEqual([false, true]);
  });

  it('counts no longer when somebody has ended it', async () => {
    const notifier = create({ route: { receiver: 'chat' } });
    await fixture.store.silences.save(silence);
    await notifier.incidentChanged(WARNING);
    await notifier.stepOnce();
    await fixture.store.silences.save({ ...silence, endsAt: new Date(START + 1000).toISOString() });
    fixture.nowMs += 5000;
    await notifier.stepOnce();

    expect(listReceived()).toEqual(['chat opened']);
  });
});

describe('what nobody acknowledges', () => {
  const route = { receiver: 'chat', escalation: [{ after: '15m', receiver: 'pager' }] };
  const say = (state: Triage['state'], more: Partial<Triage> = {}): Promise<void> =>
    fixture.store.triage.save({
      incidentId: WARNING.id,
      state,
      by: 'anna',
      at: new Date(fixture.nowMs).toISOString(),
      ...more,
    });

  it('is told to the next one when the time is over, who then hears of its end', async () => {
    const notifier = create({ route });
    await notifier.incidentChanged(WARNING);
    await notifier.stepOnce();
    fixture.nowMs = START + 15 * 60_000 - 1;
    await notifier.stepOnce();
    expect(listReceived()).toEqual(['chat opened']);

    fixture.nowMs = START + 15 * 60_000;
    await notifier.stepOnce();
    await notifier.incidentChanged({ ...WARNING, outcome: 'recovered' });
    await notifier.stepOnce();

    expect([...listReceived()].sort()).toEqual([
      'chat opened',
      'chat resolved',
      'pager resolved',
      'pager unacknowledged',
    ]);
  });

  it('is not told to the next one where somebody has, until that is taken back', async () => {
    const notifier = create({ route });
    await notifier.incidentChanged(WARNING);
    await notifier.stepOnce();
    await say('acknowledged');
    fixture.nowMs = START + 3_600_000;
    await notifier.stepOnce();
    expect(listReceived()).toEqual(['chat opened']);

    await say('open');
    fixture.nowMs += 5000;
    await notifier.stepOnce();

    expect(listReceived()).toEqual(['chat opened', 'pager unacknowledged']);
  });

  it('is not told to the next one where it is over before', async () => {
    const notifier = create({ route });
    await notifier.incidentChanged(WARNING);
    await notifier.stepOnce();
    await notifier.incidentChanged({ ...WARNING, outcome: 'recovered' });
    fixture.nowMs = START + 3_600_000;
    await notifier.stepOnce();

    expect(listReceived()).toEqual(['chat opened', 'chat resolved']);
    expect((await fixture.rows()).map(({ receiver, state }) => `${receiver} ${state}`).sort()).toEqual([
      'chat sent',
      'chat sent',
      'pager withdrawn',
    ]);
  });

  it('waits with all that is ignored, until then', async () => {
    const notifier = create({ route });
    await say('ignored', { until: new Date(START + 7_200_000).toISOString() });
    await notifier.incidentChanged(WARNING);
    fixture.nowMs = START + 7_199_000;
    await notifier.stepOnce();
    expect(listReceived()).toEqual([]);

    fixture.nowMs = START + 7_200_000;
    await notifier.stepOnce();

    expect([...listReceived()].sort()).toEqual(['chat opened', 'pager unacknowledged']);
  });

  it.each([['ignored'], ['merged']] as const)('is not told any more once it is %s for good', async (state) => {
    const notifier = create({ route });
    await notifier.incidentChanged(WARNING);
    await notifier.stepOnce();
    await say(state, state === 'merged' ? { into: 'incident-2' } : {});
    fixture.nowMs = START + 3_600_000;
    await notifier.stepOnce();
    await notifier.incidentChanged({ ...WARNING, lastSeen: new Date(fixture.nowMs).toISOString() });
    await notifier.incidentChanged({ ...WARNING, outcome: 'recovered' });
    await notifier.stepOnce();

    expect(listReceived()).toEqual(['chat opened']);
    expect((await fixture.rows()).filter((row) => row.state === 'pending')).toEqual([]);
  });

  it('is called for again when it fails after somebody said that it is mended', async () => {
    const notifier = create({ route });
    await notifier.incidentChanged(WARNING);
    await notifier.stepOnce();
    await say('resolved');
    fixture.nowMs = START + 3_600_000;
    await notifier.stepOnce();
    expect(listReceived()).toEqual(['chat opened']);

    await notifier.incidentChanged({ ...WARNING, lastSeen: new Date(fixture.nowMs).toISOString() });
    await notifier.stepOnce();

    expect([...listReceived()].sort()).toEqual(['chat continued', 'chat opened', 'pager unacknowledged']);
  });
});

describe('an alert that comes in', () => {
  it('goes to the receivers of its route', async () => {
    const notifier = create({
      route: { receiver: 'chat', routes: [{ matchers: { team: 'payments' }, receiver: 'pager' }] },
      teams: [{ name: 'payments', scope: ['pay-*'] }],
    });
    const alert = (job: string): object => ({
      status: 'firing',
      labels: { job_name: job, severity: 'page' },
      annotations: {},
      startsAt: new Date(START).toISOString(),
      fingerprint: job,
    });

    await notifier.receiveAlerts({ version: '4', alerts: [alert('pay-ledger'), alert('orders')] });
    fixture.nowMs += 20_000;
    await notifier.stepOnce();

    const jobs = fixture.sink.received.map(({ path, body }) => [path, JSON.stringify(body['alerts'])]);
    expect(jobs).toEqual([
      ['/chat', expect.stringContaining('orders')],
      ['/pager', expect.stringContaining('pay-ledger')],
    ]);
  });
});

describe('routes with mistakes', () => {
  it('are refused with all of them', () => {
    const refused = (): unknown =>
      create({
        route: {
          matchers: { job: 'x' },
          routes: [{ receiver: 'pagr', muteTimeIntervals: ['nigth'] }, { routes: [{ activeTimeIntervals: ['day'] }] }],
        },
        timeIntervals: [{ name: 'night', location: 'Asia/Shangai', weekdays: ['monday:fryday'], months: ['13'] }],
      });

    expect(refused).toThrowError(
      /no matchers.*\n.*needs a receiver.*\n.*route\.routes\[0\].*"pagr"; did you mean "pager".*\n.*"nigth"; did you mean "night".*\n.*route\.routes\[1\]\.routes\[0\].*"day"(.*\n.*)Asia\/Shangai(.*\n.*)monday:fryday(.*\n.*)13/,
    );
  });
});
