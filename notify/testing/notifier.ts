// Opens a notifier with a receiver that keeps all requests, a store, and a clock that a test advances. Only tests
// import it.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterEach, beforeEach } from 'vitest';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { createLog, type Log } from '../../core/log.js';
import { LOST, makeReceiver, START } from '../../core/testing/incidents.js';
import type { Alert } from '../../core/documents/alert.js';
import type { Store } from '../../store/store.js';
import type { JsonObject } from '../card/payload.js';
import type { MessageShares } from '../deliver/outbox.js';
import { createNotifier, type Notifier, type NotifyPolicy } from '../notify.js';
import type { RoutingOptions } from '../routing/router.js';

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
    rows: () => store.alerts.find({ limit: 100 }),
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
