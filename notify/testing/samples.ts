// Makes incidents and receivers for the tests of this folder. Only tests import it.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterEach, beforeEach } from 'vitest';
import type { ReceiverSettings } from '../../core/config/rows/receiver.js';
import { createLog, type Log } from '../../core/log.js';
import type { Diagnosis, Incident } from '../../core/types.js';
import type { Alert, Store } from '../../store/store.js';
import { createNotifier, type Notifier, type NotifyPolicy } from '../notify.js';
import type { MessageShares } from '../outbox.js';
import type { JsonObject } from '../payload.js';
import type { RoutingOptions } from '../routing/router.js';

export const BUFFERS = 'network.insufficient-buffers/total';
export const LOST = 'cluster.taskmanager-lost/gone';

export function makeDiagnosis(rule: string, more: Partial<Diagnosis> = {}): Diagnosis {
  return {
    cause: rule.split('/')[0] ?? rule,
    rule,
    title: `Title of ${rule}`,
    summary: `Summary of ${rule}`,
    severity: 'error',
    confidence: 0.9,
    symptom: false,
    owner: 'configuration',
    status: 'stable',
    count: 1,
    reasons: [{ id: 'r', text: 'because', weight: 1 }],
    fixes: [
      {
        id: 'raise',
        text: 'Raise the minimum.',
        patch: { 'taskmanager.memory.network.min': '112m', 'taskmanager.memory.process.size': '1104m' },
        risk: 'low',
      },
    ],
    evidence: [
      {
        file: '/logs/tm.log',
        line: 12,
        text: 'java.io.IOException: Insufficient number of network buffers',
        highlights: [[21, 33]],
      },
    ],
    explains: [],
    references: [],
    values: {},
    score: {},
    ...more,
  };
}

export function makeIncident(diagnoses: readonly Diagnosis[], more: Partial<Incident> = {}): Incident {
  return {
    id: 'incident-1',
    cluster: 'session-1',
    job: { id: 'a'.repeat(32), name: 'orders' },
    processes: ['tm-1'],
    firstSeen: '2026-11-20T10:00:00.000Z',
    lastSeen: '2026-11-20T10:00:00.000Z',
    outcome: 'failing',
    restarts: 0,
    attempts: [{ number: 1, failedAt: '2026-11-20T10:00:00.000Z', rules: [BUFFERS] }],
    diagnoses: { en: diagnoses, zh: diagnoses.map((diagnosis) => ({ ...diagnosis, title: `标题 ${diagnosis.rule}` })) },
    unknown: [],
    facts: {},
    ...more,
  };
}

export function makeReceiver(more: Partial<ReceiverSettings> = {}): ReceiverSettings {
  return { name: 'hook', kind: 'webhook', url: 'http://127.0.0.1:9/', language: 'en', ...more };
}

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: JsonObject;
}

export interface AlertSink {
  readonly url: string;
  readonly received: ReceivedRequest[];
  /** Answers to the next requests; the last one stays. Empty: requests are never answered. */
  readonly answers: { status: number; text?: string; headers?: Record<string, string> }[];
  close(): Promise<void>;
}

/** Opens a receiver that keeps all requests. */
export async function openSink(): Promise<AlertSink> {
  const received: ReceivedRequest[] = [];
  const answers: AlertSink['answers'] = [{ status: 200 }];
  const server = createServer((request, response) => {
    let text = '';
    request
      .setEncoding('utf8')
      .on('data', (chunk: string) => (text += chunk))
      .on('end', () => {
        received.push({ path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) });
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer !== undefined) response.writeHead(answer.status, answer.headers).end(answer.text ?? 'ok');
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    received,
    answers,
    close: () => closeServer(server),
  };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

export const START = Date.parse('2026-11-20T10:00:01.000Z');
export const POLICY: NotifyPolicy = {
  settleMs: 0,
  symptomWaitMs: 30_000,
  backlogAfterMs: 3_600_000,
  stillFailingAfterMs: 3_600_000,
  mutes: [],
  isSymptom: (rule) => rule === LOST,
  isNews: () => false,
  doubtMs: () => 0,
  attachWaitMs: 20_000,
  jobLabels: ['job_id', 'flink_job_id', 'job_name'],
  floor: { share: 0.5, leastVerdicts: 10 },
};
export const CAUSE = makeIncident([makeDiagnosis(BUFFERS)]);
export const SYMPTOM = makeIncident([makeDiagnosis(LOST)]);

/** Fixture that is new for each test: a receiver, a store, and a clock that a test advances. */
export interface NotifierFixture {
  readonly sink: AlertSink;
  readonly store: Store;
  nowMs: number;
  createNotifier(more?: {
    receivers?: readonly Partial<ReceiverSettings>[];
    store?: Store;
    log?: Log;
    instance?: string;
    shares?: MessageShares;
    routing?: RoutingOptions;
  }): Notifier;
  types(): unknown[];
  rows(): Promise<readonly Alert[]>;
}

export function useFixture(openStore: () => Promise<Store>): NotifierFixture {
  let sink: AlertSink;
  let store: Store;
  const fixture: NotifierFixture = {
    get sink() {
      return sink;
    },
    get store() {
      return store;
    },
    nowMs: START,
    createNotifier(more = {}) {
      const receivers = (more.receivers ?? [{}]).map((receiver) =>
        makeReceiver({ url: `${sink.url}/hook?token=geheim`, ...receiver }),
      );
      return createNotifier({
        store: more.store ?? store,
        receivers,
        policy: POLICY,
        log: more.log ?? createLog('silent'),
        publicUrl: 'https://jobtrace.example',
        instance: more.instance ?? 'main',
        shares: more.shares,
        routing: more.routing,
        now: () => fixture.nowMs,
        random: () => 1,
      });
    },
    types: () => sink.received.map(({ body }) => body['type']),
    rows: () => store.findAlerts({ limit: 100 }),
  };
  beforeEach(async () => {
    sink = await openSink();
    store = await openStore();
    fixture.nowMs = START;
  });
  afterEach(async () => {
    await sink.close();
    await store.close();
  });
  return fixture;
}
