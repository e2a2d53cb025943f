import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceiverSettings } from '../core/config.js';
import { createError } from '../core/errors.js';
import { createLog } from '../core/log.js';
import type { Incident } from '../core/types.js';
import { openStore } from '../store/open.js';
import { waitUntil } from '../store/samples.js';
import type { Alert, Store } from '../store/store.js';
import { createNotifier, type NotifyPolicy, type Notifier } from './notify.js';
import { BUFFERS, LOST, makeDiagnosis, makeIncident, makeReceiver, openSink, type AlertSink } from './samples.js';

const START = Date.parse('2026-11-20T10:00:01.000Z');
const POLICY: NotifyPolicy = {
  symptomWaitMs: 30_000, backlogAfterMs: 3_600_000, stillFailingAfterMs: 3_600_000, mutes: [], isSymptom: (rule) => rule === LOST,
  attachWaitMs: 20_000, jobLabels: ['job_id', 'flink_job_id', 'job_name'],
};
const CAUSE = makeIncident([makeDiagnosis(BUFFERS)]);
const SYMPTOM = makeIncident([makeDiagnosis(LOST)]);

let sink: AlertSink;
let store: Store;
let nowMs = START;
beforeEach(async () => {
  sink = await openSink();
  store = await openStore({ kind: 'sqlite', path: ':memory:' });
  nowMs = START;
});
afterEach(async () => {
  await sink.close();
  await store.close();
});

function createTested(more: { receivers?: readonly Partial<ReceiverSettings>[]; store?: Store } = {}): Notifier {
  const receivers = (more.receivers ?? [{}]).map((receiver) => makeReceiver({ url: `${sink.url}/hook?token=geheim`, ...receiver }));
  return createNotifier({ store: more.store ?? store, receivers, policy: POLICY, log: createLog('silent'), publicUrl: 'https://jobtrace.example', now: () => nowMs, random: () => 1 });
}

const types = (): unknown[] => sink.received.map(({ body }) => body['type']);
const rows = (): Promise<readonly Alert[]> => store.findAlerts({ limit: 100 });

describe('an incident', () => {
  it('is told once, however often the job restarts and whoever asks again', async () => {
    const notifier = createTested();

    for (let restarts = 0; restarts < 5; restarts += 1) {
      await notifier.incidentChanged({ ...CAUSE, restarts });
      await notifier.stepOnce();
    }
    await notifier.stepOnce();

    expect(types()).toEqual(['jobtrace.incident.opened']);
    expect(sink.received[0]?.body).toMatchObject({ data: { diagnosis: { rule: BUFFERS, fixes: [{ patch: { 'taskmanager.memory.network.min': '112m' } }] }, links: { incident: 'https://jobtrace.example/incidents/incident-1' } } });
    expect(await rows()).toMatchObject([{ incidentId: 'incident-1', receiver: 'hook', reason: 'new-incident', cause: BUFFERS, state: 'sent', attempts: 1 }]);
  });

  it('that shows only a symptom waits, and is told with its cause when that comes', async () => {
    const notifier = createTested();
    await notifier.incidentChanged(SYMPTOM);
    nowMs += 20_000;
    await notifier.stepOnce();
    expect(sink.received).toEqual([]);

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    nowMs += 60_000;
    await notifier.stepOnce();

    expect(types()).toEqual(['jobtrace.incident.opened']);
    expect(sink.received[0]?.body).toMatchObject({ data: { diagnosis: { rule: BUFFERS } } });
  });

  it('that stays a symptom is told after the wait, corrected by a later cause, and ended', async () => {
    const notifier = createTested();
    await notifier.incidentChanged(SYMPTOM);
    nowMs += 30_000;
    await notifier.stepOnce();

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    await notifier.incidentChanged({ ...CAUSE, outcome: 'recovered' });
    await notifier.stepOnce();

    expect(types()).toEqual(['jobtrace.incident.opened', 'jobtrace.incident.corrected', 'jobtrace.incident.resolved']);
  });

  it('that is no more before it was told is not told; when it comes back, it is', async () => {
    const notifier = createTested();
    await notifier.incidentChanged(SYMPTOM);
    await notifier.incidentGone(SYMPTOM.id);
    nowMs += 60_000;
    await notifier.stepOnce();
    expect(sink.received).toEqual([]);
    expect(await rows()).toMatchObject([{ incidentId: 'incident-1', state: 'withdrawn', attempts: 0 }]);

    const next = createTested();
    await next.incidentChanged(CAUSE);
    await next.stepOnce();

    expect(types()).toEqual(['jobtrace.incident.opened']);
  });

  it('of a backlog alerts nobody', async () => {
    const notifier = createTested();
    nowMs += 3_600_000;

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(sink.received).toEqual([]);
    expect(await rows()).toEqual([]);
  });

  it('is told to each receiver in its language', async () => {
    const notifier = createTested({ receivers: [{ name: 'en' }, { name: 'zh', language: 'zh' }] });

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(sink.received.map(({ text }) => text.includes('标题')).sort()).toEqual([false, true]);
  });

  it('rides with others of the same cause in one message', async () => {
    const notifier = createTested();
    for (const id of ['i-1', 'i-2', 'i-3']) await notifier.incidentChanged({ ...CAUSE, id });
    await notifier.incidentChanged({ ...makeIncident([makeDiagnosis('memory.heap-oom/any')]), id: 'other' });

    await notifier.stepOnce();

    expect(sink.received).toHaveLength(2);
    expect(sink.received[0]?.body).toMatchObject({ data: { incident: { id: 'i-1' }, related: [{ incidentId: 'i-2' }, { incidentId: 'i-3' }] } });
    expect((await rows()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent', 'sent']);
  });
});

describe('a receiver', () => {
  it('that fails is tried again, later and later, with the same message id, until it takes the message', async () => {
    sink.answers.splice(0, 1, { status: 503, text: 'busy' }, { status: 500 }, { status: 200 });
    const notifier = createTested();
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    await notifier.stepOnce();
    expect(sink.received).toHaveLength(1);
    expect(await rows()).toMatchObject([{ state: 'pending', attempts: 1, error: 'it answered with status 503: busy' }]);

    nowMs += 1000;
    await notifier.stepOnce();
    nowMs += 1000;
    await notifier.stepOnce();
    expect(sink.received).toHaveLength(2);
    nowMs += 1000;
    await notifier.stepOnce();
    nowMs += 600_000;
    await notifier.stepOnce();

    expect(new Set(sink.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(sink.received).toHaveLength(3);
    expect(await rows()).toMatchObject([{ state: 'sent', attempts: 3 }]);
    expect((await rows())[0]).not.toHaveProperty('error');
  });

  it('that never answers leaves the message undeliverable after the deadline, with the reason', async () => {
    const notifier = createTested({ receivers: [{ url: 'http://127.0.0.1:9/secret' }] });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    nowMs += 6 * 3_600_000;
    await notifier.stepOnce();

    expect(await rows()).toMatchObject([{ state: 'undeliverable', attempts: 2 }]);
    expect((await rows())[0]?.error).toMatch(/^the connection failed/);
    expect((await rows())[0]?.error).not.toContain('secret');
  });

  it('that refuses is not asked again', async () => {
    sink.answers.splice(0, 1, { status: 410, text: `gone: ${sink.url}/hook?token=geheim` });
    const notifier = createTested();

    await notifier.incidentChanged(CAUSE);
    for (let step = 0; step < 3; step += 1) {
      await notifier.stepOnce();
      nowMs += 600_000;
    }

    expect(sink.received).toHaveLength(1);
    expect(await rows()).toMatchObject([{ state: 'undeliverable', error: 'it answered with status 410: gone: ***' }]);
  });

  it('that redirects is refused, so that nothing reaches an address that nobody set', async () => {
    const other = await openSink();
    sink.answers.splice(0, 1, { status: 307, headers: { location: other.url } });
    const notifier = createTested();

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(other.received).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'undeliverable' }]);
    await other.close();
  });

  it('that asks for a pause gets one', async () => {
    sink.answers.splice(0, 1, { status: 429, headers: { 'retry-after': '120' } }, { status: 200 });
    const notifier = createTested();
    await notifier.incidentChanged(CAUSE);
    await notifier.incidentChanged({ ...makeIncident([makeDiagnosis('memory.heap-oom/any')]), id: 'other' });

    await notifier.stepOnce();
    nowMs += 119_000;
    await notifier.stepOnce();
    expect(sink.received).toHaveLength(1);
    nowMs += 1000;
    await notifier.stepOnce();

    expect(sink.received).toHaveLength(3);
  });

  it('gets no more messages a minute than it may', async () => {
    const notifier = createTested({ receivers: [{ perMinute: 2 }] });
    for (const rule of ['a.a/a', 'b.b/b', 'c.c/c']) await notifier.incidentChanged({ ...makeIncident([makeDiagnosis(rule)]), id: rule });

    await notifier.stepOnce();
    expect(sink.received).toHaveLength(2);
    nowMs += 29_000;
    await notifier.stepOnce();
    expect(sink.received).toHaveLength(2);
    nowMs += 1000;
    await notifier.stepOnce();

    expect(sink.received).toHaveLength(3);
  });

  it('with a secret gets signed messages', async () => {
    const notifier = createTested({ receivers: [{ secret: 'whsec_anRfdGVzdF9zZWNyZXRfMjRfYnl0ZXNfbG9uZyE=' }] });

    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    expect(sink.received[0]?.headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}=$/);
    expect(sink.received[0]?.headers['x-jobtrace-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
  });

  it('is refused at the start when its settings cannot work, all problems at once', () => {
    expect(() => createTested({ receivers: [{ name: 'a', url: 'ftp://x' }, { name: 'a' }] })).toThrow(/"a" is used twice[^]*"a" is not an http/);
  });
});

describe('a restart', () => {
  it('sends what was left and repeats nothing', async () => {
    const first = createTested();
    await first.incidentChanged(CAUSE);

    const second = createTested();
    await second.stepOnce();
    await second.incidentChanged({ ...CAUSE, restarts: 3 });
    const third = createTested();
    await third.stepOnce();
    await third.incidentChanged(CAUSE);
    await third.stepOnce();

    expect(types()).toEqual(['jobtrace.incident.opened']);
  });

  it('gives up messages for a receiver that is no longer configured', async () => {
    await createTested().incidentChanged(CAUSE);

    await createTested({ receivers: [{ name: 'new' }] }).stepOnce();

    expect(await rows()).toMatchObject([{ state: 'undeliverable', error: expect.stringContaining('no receiver') }]);
  });

  it('leaves messages of other processes on the same store alone', async () => {
    const options = { store, receivers: [makeReceiver({ url: sink.url })], policy: POLICY, log: createLog('silent'), now: () => nowMs };
    await createNotifier({ ...options, instance: 'analyzer-0' }).incidentChanged(CAUSE);

    await createNotifier({ ...options, instance: 'api' }).stepOnce();
    expect(sink.received).toEqual([]);
    await createNotifier({ ...options, instance: 'analyzer-0' }).stepOnce();

    expect(sink.received).toHaveLength(1);
  });
});

describe('a receiver that forgets (Alertmanager)', () => {
  const am = { kind: 'alertmanager', url: '' } as const;
  const endsAt = (index: number): unknown => JSON.parse(sink.received[index]?.text ?? '[]').map((alert: { endsAt: string }) => Date.parse(alert.endsAt) - nowMs);

  it('is told again every minute while the incident is open, also by the next run, and no longer after its end or a day', async () => {
    const receivers = [{ ...am, url: sink.url }];
    const first = createTested({ receivers });
    await first.incidentChanged(CAUSE);
    await first.stepOnce();
    expect(sink.received[0]?.path).toBe('/api/v2/alerts');
    expect(endsAt(0)).toEqual([300_000]);

    const second = createTested({ receivers });
    await second.stepOnce();
    nowMs += 59_000;
    await second.stepOnce();
    expect(sink.received).toHaveLength(1);
    nowMs += 1000;
    await second.stepOnce();
    expect(sink.received).toHaveLength(2);
    expect(endsAt(1)).toEqual([300_000]);

    nowMs += 24 * 3_600_000;
    await second.stepOnce();
    expect(sink.received).toHaveLength(2);
    await second.incidentChanged({ ...CAUSE, outcome: 'recovered' });
    await second.stepOnce();
    expect(endsAt(2)).toEqual([0]);
    nowMs += 120_000;
    await second.stepOnce();
    expect(sink.received).toHaveLength(3);
  });

  it('is not told again, also not by the next run, when the incident is no more', async () => {
    const receivers = [{ ...am, url: sink.url }];
    const first = createTested({ receivers });
    await first.incidentChanged(CAUSE);
    await first.stepOnce();
    await first.incidentGone(CAUSE.id);

    nowMs += 60_000;
    await first.stepOnce();
    const second = createTested({ receivers });
    await second.stepOnce();
    nowMs += 60_000;
    await second.stepOnce();

    expect(sink.received).toHaveLength(1);
  });

  it('is not told again after the end', async () => {
    const notifier = createTested({ receivers: [{ ...am, url: sink.url }] });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    await notifier.incidentChanged({ ...CAUSE, outcome: 'recovered' });
    await notifier.stepOnce();

    nowMs += 60_000;
    await notifier.stepOnce();
    await createTested({ receivers: [{ ...am, url: sink.url }] }).stepOnce();

    expect(sink.received).toHaveLength(2);
  });

  it('gets everything that is due in one request', async () => {
    const notifier = createTested({ receivers: [{ ...am, url: sink.url }] });
    for (const rule of ['a.a/a', 'b.b/b']) await notifier.incidentChanged({ ...makeIncident([makeDiagnosis(rule)]), id: rule });

    await notifier.stepOnce();

    expect(endsAt(0)).toEqual([300_000, 300_000]);
    expect(sink.received).toHaveLength(1);
  });

  it('has the old alert ended when the labels change', async () => {
    const notifier = createTested({ receivers: [{ ...am, url: sink.url }] });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();

    await notifier.incidentChanged(makeIncident([makeDiagnosis('memory.heap-oom/any')]));
    await notifier.stepOnce();
    nowMs += 60_000;
    await notifier.stepOnce();

    expect(JSON.parse(sink.received[1]?.text ?? '')).toMatchObject([{ labels: { cause: 'memory.heap-oom' } }, { labels: { cause: 'network.insufficient-buffers' }, endsAt: new Date(START).toISOString() }]);
    expect(JSON.parse(sink.received[2]?.text ?? '')).toMatchObject([{ labels: { cause: 'memory.heap-oom' } }]);
  });
});

describe('a store that goes away', () => {
  it('after the message was sent does not make it go out twice, and learns of it when it is back', async () => {
    let isAway = false;
    const fragile: Store = { ...store, rememberAlert: async (alert) => { if (isAway) throw createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'away' }); return store.rememberAlert(alert); } };
    const notifier = createTested({ store: fragile });
    for (const id of ['i-1', 'i-2', 'i-3']) await notifier.incidentChanged({ ...CAUSE, id });
    isAway = true;
    await expect(notifier.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    await expect(notifier.stepOnce()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });

    isAway = false;
    await notifier.stepOnce();

    expect(sink.received).toHaveLength(1);
    expect((await rows()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent']);
  });
});

describe('run', () => {
  it('delivers at once, also while another receiver hangs', async () => {
    const stop = new AbortController();
    const silentSink = await openSink();
    silentSink.answers.length = 0;
    const hanging = makeReceiver({ name: 'hangs', url: silentSink.url });
    const notifier = createNotifier({ store, receivers: [hanging, makeReceiver({ url: sink.url })], policy: POLICY, log: createLog('silent'), now: () => nowMs });
    const running = notifier.run(stop.signal);

    await notifier.incidentChanged({ ...CAUSE, id: 'first' });
    await waitUntil('the first message', async () => sink.received.length === 1);
    await notifier.incidentChanged({ ...CAUSE, id: 'second' });
    await waitUntil('the second message', async () => sink.received.length === 2);

    stop.abort();
    await silentSink.close();
    await running;
  });
});

describe('an alert from Alertmanager', () => {
  const JOB = 'a'.repeat(32);
  const alertOf = (labels: Record<string, string>, more: Record<string, unknown> = {}) => ({ status: 'firing', labels: { alertname: 'JobDown', job: 'flink-metrics', ...labels }, annotations: { summary: 'as it came' }, startsAt: '2026-11-20T10:00:01.000Z', endsAt: '0001-01-01T00:00:00Z', fingerprint: `fp-${JSON.stringify(labels)}`, ...more });
  const messageOf = (...alerts: unknown[]) => ({ version: '4', groupKey: '{}:{}', status: 'firing', receiver: 'jobtrace', groupLabels: {}, commonLabels: {}, commonAnnotations: {}, externalURL: 'http://am', alerts });

  it.each([['job_id', JOB], ['flink_job_id', JOB], ['job_name', 'orders']])('that names its job by %s goes on at once with the diagnosis', async (label, value) => {
    await store.saveIncident(CAUSE);
    const notifier = createTested();

    const answer = await notifier.receiveAlerts(messageOf(alertOf({ [label]: value })));
    await notifier.stepOnce();

    expect(answer).toMatchObject([{ outcome: 'diagnosed', job: value, incidentId: 'incident-1', cause: BUFFERS, status: 'firing' }]);
    expect(sink.received).toHaveLength(1);
    expect(sink.received[0]?.body).toMatchObject({
      type: 'jobtrace.alert.forwarded', version: '4', status: 'firing', receiver: 'jobtrace', groupKey: '{}:{}', externalURL: 'http://am',
      alerts: [{
        status: 'firing', labels: { alertname: 'JobDown', [label]: value }, startsAt: '2026-11-20T10:00:01.000Z', endsAt: '0001-01-01T00:00:00Z',
        annotations: {
          summary: 'as it came', diagnosis_cause: 'network.insufficient-buffers', diagnosis_title: `Title of ${BUFFERS}`, diagnosis_summary: `Summary of ${BUFFERS}`, diagnosis_fix: 'Raise the minimum.',
          diagnosis_patch: 'taskmanager.memory.network.min: 112m\ntaskmanager.memory.process.size: 1104m', diagnosis_link: 'https://jobtrace.example/incidents/incident-1', diagnosis_incident: 'incident-1',
        },
      }],
    });
  });

  it('that comes before its diagnosis waits for it', async () => {
    const notifier = createTested();
    expect(await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })))).toMatchObject([{ outcome: 'waiting', job: JOB }]);
    nowMs += 5000;
    await notifier.stepOnce();
    expect(sink.received).toEqual([]);

    await store.saveIncident(CAUSE);
    await notifier.stepOnce();
    nowMs += 600_000;
    await notifier.stepOnce();

    expect(types()).toEqual(['jobtrace.alert.forwarded']);
    expect(sink.received[0]?.text).toContain('diagnosis_cause');
  });

  it('goes on without after the wait, and the diagnosis follows, also over a restart', async () => {
    const first = createTested();
    await first.receiveAlerts(messageOf(alertOf({ job_id: JOB })));
    nowMs += 20_000;
    await createTested().stepOnce();
    expect(types()).toEqual(['jobtrace.alert.forwarded']);
    expect(sink.received[0]?.text).not.toContain('diagnosis_');

    await store.saveIncident(CAUSE);
    const third = createTested();
    await third.stepOnce();
    await third.stepOnce();

    expect(types()).toEqual(['jobtrace.alert.forwarded', 'jobtrace.alert.diagnosed']);
    expect(sink.received[1]?.body).toMatchObject({ alerts: [{ labels: { job_id: JOB }, annotations: { summary: 'as it came', diagnosis_cause: 'network.insufficient-buffers' } }] });
  });

  it('waits for the cause behind a symptom, and goes on with the symptom if none comes', async () => {
    await store.saveIncident(SYMPTOM);
    const notifier = createTested();
    expect(await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })))).toMatchObject([{ outcome: 'waiting', cause: LOST }]);
    nowMs += 20_000;
    await notifier.stepOnce();
    expect(sink.received[0]?.body).toMatchObject({ alerts: [{ annotations: { diagnosis_cause: 'cluster.taskmanager-lost' } }] });

    await store.saveIncident(CAUSE);
    await notifier.stepOnce();
    await notifier.stepOnce();

    expect(types()).toEqual(['jobtrace.alert.forwarded', 'jobtrace.alert.diagnosed']);
  });

  it('is not followed for ever', async () => {
    const notifier = createTested();
    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })));
    nowMs += 20_000;
    await notifier.stepOnce();
    nowMs += 660_000;
    await notifier.stepOnce();

    await store.saveIncident({ ...CAUSE, lastSeen: new Date(nowMs).toISOString() });
    await notifier.stepOnce();

    expect(types()).toEqual(['jobtrace.alert.forwarded']);
  });

  it('that is repeated is not sent again; its end is, with the diagnosis, after it', async () => {
    await store.saveIncident(CAUSE);
    const notifier = createTested();
    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })));
    expect(await createTested().receiveAlerts(messageOf(alertOf({ job_id: JOB })))).toMatchObject([{ outcome: 'repeated' }]);

    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB }, { status: 'resolved', endsAt: '2026-11-20T10:05:00Z' })));
    await notifier.stepOnce();
    await notifier.stepOnce();

    expect(sink.received.map(({ body }) => body['status'])).toEqual(['firing', 'resolved']);
    expect(sink.received[1]?.text).toContain('diagnosis_cause');
  });

  it('whose end comes while it waits goes first, and the end after it', async () => {
    const notifier = createTested();
    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })));
    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB }, { status: 'resolved', endsAt: '2026-11-20T10:00:02Z' })));
    await notifier.stepOnce();
    await notifier.stepOnce();

    expect(sink.received.map(({ body }) => body['status'])).toEqual(['firing', 'resolved']);
  });

  it('keeps its order when the receiver fails in between', async () => {
    sink.answers.splice(0, 1, { status: 503 }, { status: 200 });
    await store.saveIncident(CAUSE);
    const notifier = createTested();
    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })));
    await notifier.stepOnce();
    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB }, { status: 'resolved', endsAt: '2026-11-20T10:05:00Z' })));
    await notifier.stepOnce();
    expect(sink.received).toHaveLength(1);

    nowMs += 1000;
    await notifier.stepOnce();

    expect(sink.received.map(({ body }) => body['status'])).toEqual(['firing', 'firing', 'resolved']);
  });

  it('does not get the diagnosis of another job, nor one by the label that Prometheus calls job', async () => {
    await store.saveIncident({ ...CAUSE, job: { id: 'b'.repeat(32), name: 'flink-metrics' } });
    const notifier = createTested();

    const answer = await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB }), alertOf({})));
    nowMs += 20_000;
    await notifier.stepOnce();

    expect(answer.map(({ outcome }) => outcome)).toEqual(['waiting', 'no-job']);
    expect(sink.received.map(({ text }) => text).join('')).not.toContain('diagnosis_');
  });

  it('takes the incident around its start, not one of last week', async () => {
    await store.saveIncident({ ...CAUSE, id: 'old', firstSeen: '2026-11-13T10:00:00.000Z', lastSeen: '2026-11-13T10:10:00.000Z' });
    await store.saveIncident({ ...CAUSE, id: 'over', outcome: 'recovered', lastSeen: '2026-11-20T10:00:01.000Z' });
    await store.saveIncident({ ...CAUSE, id: 'open', firstSeen: '2026-11-20T09:30:00.000Z' });
    const notifier = createTested();

    expect(await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })))).toMatchObject([{ incidentId: 'open' }]);
  });

  it('of Jobtrace itself, or one that has been here, does not go round', async () => {
    const notifier = createTested();

    const answer = await notifier.receiveAlerts(messageOf(alertOf({ alertname: 'FlinkJobFailure', job_id: JOB }), alertOf({ job_id: JOB }, { annotations: { diagnosis_cause: 'x' } })));

    expect(answer.map(({ outcome }) => outcome)).toEqual(['own-alert', 'own-alert']);
  });

  it('has nowhere to go when only an Alertmanager is configured', async () => {
    expect(await createTested({ receivers: [{ kind: 'alertmanager' }] }).receiveAlerts(messageOf(alertOf({ job_id: JOB })))).toMatchObject([{ outcome: 'no-receiver' }]);
  });

  it('goes on together with the others of its group, and without a fingerprint is known by its labels', async () => {
    const labels = [{ job_id: JOB, tm: '1' }, { job_id: JOB, tm: '2' }];
    const incident: Incident = CAUSE;
    await store.saveIncident(incident);
    const notifier = createTested();

    const answer = await notifier.receiveAlerts(messageOf(...labels.map((item) => alertOf(item, { fingerprint: undefined }))));
    await notifier.stepOnce();

    expect(new Set(answer.map(({ fingerprint }) => fingerprint)).size).toBe(2);
    expect(sink.received).toHaveLength(1);
    expect(sink.received[0]?.body).toMatchObject({ alerts: [{ labels: { tm: '1' } }, { labels: { tm: '2' } }] });
  });
});
