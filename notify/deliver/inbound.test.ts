// Tests messages of Alertmanager and Grafana that pass through the notifier.
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../core/documents/incident.js';
import { openStore } from '../../store/open.js';
import { BUFFERS, CAUSE, LOST, SYMPTOM } from '../../core/testing/incidents.js';
import { useFixture } from '../testing/notifier.js';

const fixture = useFixture(() => openStore({ kind: 'sqlite', path: ':memory:' }));

describe('an alert from Alertmanager', () => {
  const JOB = 'a'.repeat(32);
  const alertOf = (labels: Record<string, string>, more: Record<string, unknown> = {}) => ({
    status: 'firing',
    labels: { alertname: 'JobDown', job: 'flink-metrics', ...labels },
    annotations: { summary: 'as it came' },
    startsAt: '2026-11-20T10:00:01.000Z',
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: `fp-${JSON.stringify(labels)}`,
    ...more,
  });
  const messageOf = (...alerts: unknown[]) => ({
    version: '4',
    groupKey: '{}:{}',
    status: 'firing',
    receiver: 'jobtrace',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://am',
    alerts,
  });

  it.each([
    ['job_id', JOB],
    ['flink_job_id', JOB],
    ['job_name', 'orders'],
  ])('that names its job by %s goes on at once with the diagnosis', async (label, value) => {
    await fixture.store.saveIncident(CAUSE);
    const notifier = fixture.createNotifier();

    const answer = await notifier.receiveAlerts(messageOf(alertOf({ [label]: value })));
    await notifier.stepOnce();

    expect(answer).toMatchObject([
      { outcome: 'diagnosed', job: value, incidentId: 'incident-1', cause: BUFFERS, status: 'firing' },
    ]);
    expect(fixture.sink.received).toHaveLength(1);
    expect(fixture.sink.received[0]?.body).toMatchObject({
      type: 'jobtrace.alert.forwarded',
      version: '4',
      status: 'firing',
      receiver: 'jobtrace',
      groupKey: '{}:{}',
      externalURL: 'http://am',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'JobDown', [label]: value },
          startsAt: '2026-11-20T10:00:01.000Z',
          endsAt: '0001-01-01T00:00:00Z',
          annotations: {
            summary: 'as it came',
            diagnosis_cause: 'network.insufficient-buffers',
            diagnosis_title: `Title of ${BUFFERS}`,
            diagnosis_summary: `Summary of ${BUFFERS}`,
            diagnosis_fix: 'Raise the minimum.',
            diagnosis_patch: 'taskmanager.memory.network.min: 112m\ntaskmanager.memory.process.size: 1104m',
            diagnosis_link: 'https://jobtrace.example/incidents/incident-1',
            diagnosis_incident: 'incident-1',
          },
        },
      ],
    });
  });

  it('from Grafana goes on with what Grafana says beside it, also when it had to wait', async () => {
    const links = {
      silenceURL: 'https://grafana/alerting/silence/new',
      dashboardURL: 'https://grafana/d/1',
      panelURL: 'https://grafana/d/1?viewPanel=2',
      values: { B: 44.2, C: 1 },
    };
    const message = {
      ...messageOf(alertOf({ job_name: 'orders' }, { ...links, more: { labels: {} } })),
      version: '1',
      orgId: 1,
      title: '[FIRING:1]',
    };
    const notifier = fixture.createNotifier();
    expect(await notifier.receiveAlerts(message)).toMatchObject([{ outcome: 'waiting', job: 'orders' }]);
    await fixture.store.saveIncident({ ...CAUSE, job: { id: JOB, name: 'orders' } });
    await fixture.createNotifier().stepOnce();
    await notifier.stepOnce();

    expect(fixture.sink.received[0]?.body).toMatchObject({
      version: '1',
      orgId: 1,
      alerts: [
        {
          labels: { alertname: 'JobDown', job_name: 'orders' },
          annotations: { diagnosis_cause: 'network.insufficient-buffers' },
          ...links,
        },
      ],
    });
  });

  it('that comes before its diagnosis waits for it', async () => {
    const notifier = fixture.createNotifier();
    expect(await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })))).toMatchObject([
      { outcome: 'waiting', job: JOB },
    ]);
    fixture.nowMs += 5000;
    await notifier.stepOnce();
    expect(fixture.sink.received).toEqual([]);

    await fixture.store.saveIncident(CAUSE);
    await notifier.stepOnce();
    fixture.nowMs += 600_000;
    await notifier.stepOnce();

    expect(fixture.types()).toEqual(['jobtrace.alert.forwarded']);
    expect(fixture.sink.received[0]?.text).toContain('diagnosis_cause');
  });

  it('goes on without after the wait, and the diagnosis follows, also over a restart', async () => {
    const first = fixture.createNotifier();
    await first.receiveAlerts(messageOf(alertOf({ job_id: JOB })));
    fixture.nowMs += 20_000;
    await fixture.createNotifier().stepOnce();
    expect(fixture.types()).toEqual(['jobtrace.alert.forwarded']);
    expect(fixture.sink.received[0]?.text).not.toContain('diagnosis_');

    await fixture.store.saveIncident(CAUSE);
    const third = fixture.createNotifier();
    await third.stepOnce();
    await third.stepOnce();

    expect(fixture.types()).toEqual(['jobtrace.alert.forwarded', 'jobtrace.alert.diagnosed']);
    expect(fixture.sink.received[1]?.body).toMatchObject({
      alerts: [
        {
          labels: { job_id: JOB },
          annotations: { summary: 'as it came', diagnosis_cause: 'network.insufficient-buffers' },
        },
      ],
    });
  });

  it('waits for the cause behind a symptom, and goes on with the symptom if none comes', async () => {
    await fixture.store.saveIncident(SYMPTOM);
    const notifier = fixture.createNotifier();
    expect(await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })))).toMatchObject([
      { outcome: 'waiting', cause: LOST },
    ]);
    fixture.nowMs += 20_000;
    await notifier.stepOnce();
    expect(fixture.sink.received[0]?.body).toMatchObject({
      alerts: [{ annotations: { diagnosis_cause: 'cluster.taskmanager-lost' } }],
    });

    await fixture.store.saveIncident(CAUSE);
    await notifier.stepOnce();
    await notifier.stepOnce();

    expect(fixture.types()).toEqual(['jobtrace.alert.forwarded', 'jobtrace.alert.diagnosed']);
  });

  it('is not followed for ever', async () => {
    const notifier = fixture.createNotifier();
    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })));
    fixture.nowMs += 20_000;
    await notifier.stepOnce();
    fixture.nowMs += 660_000;
    await notifier.stepOnce();

    await fixture.store.saveIncident({ ...CAUSE, lastSeen: new Date(fixture.nowMs).toISOString() });
    await notifier.stepOnce();

    expect(fixture.types()).toEqual(['jobtrace.alert.forwarded']);
  });

  it('that is repeated is not sent again; its end is, with the diagnosis, after it', async () => {
    await fixture.store.saveIncident(CAUSE);
    const notifier = fixture.createNotifier();
    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })));
    expect(await fixture.createNotifier().receiveAlerts(messageOf(alertOf({ job_id: JOB })))).toMatchObject([
      { outcome: 'repeated' },
    ]);

    await notifier.receiveAlerts(
      messageOf(alertOf({ job_id: JOB }, { status: 'resolved', endsAt: '2026-11-20T10:05:00Z' })),
    );
    await notifier.stepOnce();
    await notifier.stepOnce();

    expect(fixture.sink.received.map(({ body }) => body['status'])).toEqual(['firing', 'resolved']);
    expect(fixture.sink.received[1]?.text).toContain('diagnosis_cause');
  });

  it('whose end comes while it waits goes first, and the end after it', async () => {
    const notifier = fixture.createNotifier();
    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })));
    await notifier.receiveAlerts(
      messageOf(alertOf({ job_id: JOB }, { status: 'resolved', endsAt: '2026-11-20T10:00:02Z' })),
    );
    await notifier.stepOnce();
    await notifier.stepOnce();

    expect(fixture.sink.received.map(({ body }) => body['status'])).toEqual(['firing', 'resolved']);
  });

  it('keeps its order when the receiver fails in between', async () => {
    fixture.sink.answers.splice(0, 1, { status: 503 }, { status: 200 });
    await fixture.store.saveIncident(CAUSE);
    const notifier = fixture.createNotifier();
    await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })));
    await notifier.stepOnce();
    await notifier.receiveAlerts(
      messageOf(alertOf({ job_id: JOB }, { status: 'resolved', endsAt: '2026-11-20T10:05:00Z' })),
    );
    await notifier.stepOnce();
    expect(fixture.sink.received).toHaveLength(1);

    fixture.nowMs += 1000;
    await notifier.stepOnce();

    expect(fixture.sink.received.map(({ body }) => body['status'])).toEqual(['firing', 'firing', 'resolved']);
  });

  it('does not get the diagnosis of another job, nor one by the label that Prometheus calls job', async () => {
    await fixture.store.saveIncident({ ...CAUSE, job: { id: 'b'.repeat(32), name: 'flink-metrics' } });
    const notifier = fixture.createNotifier();

    const answer = await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB }), alertOf({})));
    fixture.nowMs += 20_000;
    await notifier.stepOnce();

    expect(answer.map(({ outcome }) => outcome)).toEqual(['waiting', 'no-job']);
    expect(fixture.sink.received.map(({ text }) => text).join('')).not.toContain('diagnosis_');
  });

  it('takes the incident around its start, not one of last week', async () => {
    await fixture.store.saveIncident({
      ...CAUSE,
      id: 'old',
      firstSeen: '2026-11-13T10:00:00.000Z',
      lastSeen: '2026-11-13T10:10:00.000Z',
    });
    await fixture.store.saveIncident({
      ...CAUSE,
      id: 'over',
      outcome: 'recovered',
      lastSeen: '2026-11-20T10:00:01.000Z',
    });
    await fixture.store.saveIncident({ ...CAUSE, id: 'open', firstSeen: '2026-11-20T09:30:00.000Z' });
    const notifier = fixture.createNotifier();

    expect(await notifier.receiveAlerts(messageOf(alertOf({ job_id: JOB })))).toMatchObject([{ incidentId: 'open' }]);
  });

  it('of Jobtrace itself, or one that has been here, does not go round', async () => {
    const notifier = fixture.createNotifier();

    const answer = await notifier.receiveAlerts(
      messageOf(
        alertOf({ alertname: 'FlinkJobFailure', job_id: JOB }),
        alertOf({ job_id: JOB }, { annotations: { diagnosis_cause: 'x' } }),
      ),
    );

    expect(answer.map(({ outcome }) => outcome)).toEqual(['own-alert', 'own-alert']);
  });

  it('has nowhere to go when only an Alertmanager is configured', async () => {
    expect(
      await fixture
        .createNotifier({ receivers: [{ kind: 'alertmanager' }] })
        .receiveAlerts(messageOf(alertOf({ job_id: JOB }))),
    ).toMatchObject([{ outcome: 'no-receiver' }]);
  });

  it('goes on together with the others of its group, and without a fingerprint is known by its labels', async () => {
    const labels = [
      { job_id: JOB, tm: '1' },
      { job_id: JOB, tm: '2' },
    ];
    const incident: Incident = CAUSE;
    await fixture.store.saveIncident(incident);
    const notifier = fixture.createNotifier();

    const answer = await notifier.receiveAlerts(
      messageOf(...labels.map((item) => alertOf(item, { fingerprint: undefined }))),
    );
    await notifier.stepOnce();

    expect(new Set(answer.map(({ fingerprint }) => fingerprint)).size).toBe(2);
    expect(fixture.sink.received).toHaveLength(1);
    expect(fixture.sink.received[0]?.body).toMatchObject({
      alerts: [{ labels: { tm: '1' } }, { labels: { tm: '2' } }],
    });
  });

  it('asks the store little for a message of 1,000 alerts, of which the last of one fingerprint counts', async () => {
    await fixture.store.saveIncident(CAUSE);
    const asked: string[] = [];
    const { findIncidents, states } = fixture.store;
    fixture.store.findIncidents = (query) => {
      asked.push('find');
      return findIncidents.call(fixture.store, query);
    };
    const save: typeof states.save = (state) => {
      asked.push('save');
      return states.save(state);
    };
    Object.assign(fixture.store, { states: { ...states, save } });
    const notifier = fixture.createNotifier();
    const alerts = Array.from({ length: 1000 }, (_, index) =>
      alertOf({ job_id: JOB }, { annotations: { summary: `text ${index}` } }),
    );

    const answer = await notifier.receiveAlerts(messageOf(...alerts));
    await notifier.stepOnce();

    expect(answer).toHaveLength(1000);
    expect(asked.filter((call) => call === 'find').length).toBeLessThanOrEqual(2);
    expect(asked.filter((call) => call === 'save').length).toBeLessThanOrEqual(2);
    expect(fixture.sink.received).toHaveLength(1);
    expect(JSON.stringify(fixture.sink.received[0]?.body)).toContain('text 999');
  });
});
