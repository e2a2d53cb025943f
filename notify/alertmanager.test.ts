// Tests both directions with a real Alertmanager: its API has the alerts that Jobtrace pushes, and alerts that it sends
// to Jobtrace's webhook are forwarded with the diagnosis.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer, type ApiServer } from '../api/server.js';
import { createLog } from '../core/log.js';
import { startAlertmanager, type Alertmanager } from '../lab/parts/services/alertmanager.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { openStore } from '../store/open.js';
import { waitUntil } from '../store/testing/samples.js';
import type { Store } from '../store/store.js';
import { createNotifier, type NotifyPolicy } from './notify.js';
import { BUFFERS, LOST, makeDiagnosis, makeIncident, makeReceiver } from '../core/testing/incidents.js';
import { openSink, type AlertSink } from './testing/notifier.js';

const TOKEN = 'alertmanager-0123456789';
const POLICY: NotifyPolicy = {
  settleMs: 0,
  symptomWaitMs: 0,
  backlogAfterMs: 3_600_000,
  stillFailingAfterMs: 3_600_000,
  mutes: [],
  isSymptom: (rule) => rule === LOST,
  isNews: () => false,
  doubtMs: () => 0,
  attachWaitMs: 1000,
  jobLabels: ['job_id', 'flink_job_id', 'job_name'],
  floor: { share: 0.5, leastVerdicts: 10 },
};

interface Shown {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

async function readActive(manager: Alertmanager, jobId: string): Promise<readonly Shown[]> {
  const response = await fetch(
    `${manager.url}/api/v2/alerts?active=true&filter=${encodeURIComponent(`job_id="${jobId}"`)}`,
  );
  return JSON.parse(await response.text());
}

function incidentNow(jobId: string, rule: string) {
  const now = new Date().toISOString();
  return makeIncident([makeDiagnosis(rule)], {
    id: `incident-${jobId}`,
    job: { id: jobId, name: `job ${jobId.slice(0, 3)}` },
    firstSeen: now,
    lastSeen: now,
  });
}

describeWithParts(['alertmanager'], 'with a real Alertmanager', () => {
  let sink: AlertSink;
  let store: Store;
  let manager: Alertmanager;
  let server: ApiServer;
  const stop = new AbortController();
  let running: Promise<void>;
  let offsetMs = 0;

  beforeAll(async () => {
    sink = await openSink();
    store = await openStore({ kind: 'sqlite', path: ':memory:' });
    const through = createNotifier({
      store,
      receivers: [makeReceiver({ url: sink.url })],
      policy: POLICY,
      log: createLog('silent'),
      instance: 'api',
      publicUrl: 'https://jobtrace.example',
    });
    server = createServer({
      store,
      catalogInfo: () => [],
      log: createLog('silent'),
      notifyHooks: { receiveAlerts: through.receiveAlerts },
      settings: {
        version: '0.1.0',
        language: 'en',
        tokens: [{ name: 'alertmanager', token: TOKEN, role: 'author', scope: [] }],
      },
    });
    const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
    running = through.run(stop.signal);
    manager = await startAlertmanager({
      config: [
        'route: {receiver: jobtrace, group_by: ["..."], group_wait: 0s, group_interval: 1s}',
        'receivers:',
        '  - name: jobtrace',
        '    webhook_configs:',
        `      - url: "${url}/api/v1/alertmanager"`,
        '        http_config: {authorization: {type: Bearer, credentials: "' + TOKEN + '"}}',
        '',
      ].join('\n'),
    });
  });

  afterAll(async () => {
    stop.abort();
    await manager.stop();
    await server.close();
    await running;
    await sink.close();
    await store.close();
  });

  const push = createPusher();
  function createPusher() {
    let notifier: ReturnType<typeof createNotifier> | undefined;
    return () =>
      (notifier ??= createNotifier({
        store,
        receivers: [makeReceiver({ name: 'am', kind: 'alertmanager', url: `${manager.url}/` })],
        policy: POLICY,
        log: createLog('silent'),
        instance: 'analyzer-0',
        publicUrl: 'https://jobtrace.example',
        now: () => Date.now() + offsetMs,
      }));
  }

  it('shows a pushed incident with its diagnosis, keeps it open, corrects it in place and ends it', async () => {
    const job = 'c'.repeat(32);
    await push().incidentChanged(incidentNow(job, LOST));
    await push().stepOnce();

    const [lost] = await readActive(manager, job);
    expect(lost).toMatchObject({
      labels: {
        alertname: 'FlinkJobFailure',
        job_id: job,
        job_name: 'job ccc',
        cause: 'cluster.taskmanager-lost',
        severity: 'error',
        cluster: 'session-1',
      },
      annotations: {
        summary: `Title of ${LOST}`,
        patch: 'taskmanager.memory.network.min: 112m\ntaskmanager.memory.process.size: 1104m',
        link: `https://jobtrace.example/incidents/incident-${job}`,
      },
      generatorURL: `https://jobtrace.example/incidents/incident-${job}`,
    });

    offsetMs = 61_000;
    await push().stepOnce();
    const [refreshed] = await readActive(manager, job);
    expect(Date.parse(refreshed?.endsAt ?? '') - Date.parse(lost?.endsAt ?? '')).toBeGreaterThan(55_000);

    offsetMs = 0;
    await push().incidentChanged(incidentNow(job, BUFFERS));
    await push().stepOnce();
    await waitUntil('the correction alone', async () => {
      const causes = (await readActive(manager, job)).map(({ labels }) => labels['cause']);
      return causes.join() === 'network.insufficient-buffers' || causes.join();
    });

    await push().incidentChanged({ ...incidentNow(job, BUFFERS), outcome: 'recovered' });
    await push().stepOnce();
    await waitUntil('the end', async () => (await readActive(manager, job)).length === 0);
  });

  it('does not send what Jobtrace pushed back out through the webhook', async () => {
    const job = 'd'.repeat(32);
    await push().incidentChanged(incidentNow(job, BUFFERS));
    await push().stepOnce();
    await fire(manager, { alertname: 'Later', job_id: 'e'.repeat(32) });

    await waitUntil('the later one', async () => sink.received.some(({ text }) => text.includes('Later')));

    expect(sink.received.filter(({ text }) => text.includes(job))).toEqual([]);
  });

  it('sends a firing alert that goes on with the diagnosis in its annotations, once', async () => {
    const job = 'f'.repeat(32);
    await store.saveIncident(incidentNow(job, BUFFERS));

    await fire(manager, { alertname: 'FlinkJobDown', job_id: job, job: 'flink-exporter' });
    await waitUntil('the forwarded alert', async () => sink.received.some(({ text }) => text.includes(job)));

    const mine = sink.received.filter(({ text }) => text.includes(job));
    expect(mine).toHaveLength(1);
    expect(mine[0]?.body).toMatchObject({
      type: 'jobtrace.alert.forwarded',
      version: '4',
      receiver: 'jobtrace',
      status: 'firing',
      alerts: [
        {
          labels: { alertname: 'FlinkJobDown', job_id: job },
          annotations: {
            summary: 'it is down',
            diagnosis_cause: 'network.insufficient-buffers',
            diagnosis_patch: expect.stringContaining('112m'),
          },
        },
      ],
    });
  });

  it('sends one before the diagnosis is there: it goes on without after the wait, and the diagnosis follows', async () => {
    const job = '1'.repeat(32);
    await fire(manager, { alertname: 'FlinkJobDown', job_id: job });
    await waitUntil('the alert without diagnosis', async () => sink.received.some(({ text }) => text.includes(job)));

    await store.saveIncident(incidentNow(job, BUFFERS));
    await waitUntil('the diagnosis', async () => sink.received.filter(({ text }) => text.includes(job)).length === 2);

    expect(
      sink.received
        .filter(({ text }) => text.includes(job))
        .map(({ body, text }) => [body['type'], text.includes('diagnosis_cause')]),
    ).toEqual([
      ['jobtrace.alert.forwarded', false],
      ['jobtrace.alert.diagnosed', true],
    ]);
  });
});

async function fire(manager: Alertmanager, labels: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(`${manager.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels, annotations: { summary: 'it is down' }, startsAt: new Date().toISOString() }]),
  });
  expect(response.status).toBe(200);
}
