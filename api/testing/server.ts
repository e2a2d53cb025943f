// Test helper: a server over a store with records, incidents, alerts and an agent of two jobs, and functions that send
// requests. Every server that a test starts is closed after the test. Only tests import this file.
import { afterEach } from 'vitest';
import { createLog } from '../../core/log.js';
import type { Silence } from '../../core/documents/silence.js';
import type { Diagnosis, Incident } from '../../core/documents/incident.js';
import type { RuleSheet } from '../../core/documents/rule.js';
import type { AgentStatus } from '../../core/documents/agent.js';
import type { Alert } from '../../core/documents/alert.js';
import { openStore } from '../../store/open.js';
import { appendRecords, makeIncident, makeRecord } from '../../store/testing/samples.js';
import type { IncidentPage, RecordPage, Store } from '../../store/store.js';
import { createServer, type ApiServer, type ServerOptions } from '../server.js';

export const ORDERS = ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'orders'] as const;
export const FRAUD = ['bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'fraud'] as const;
/** Matchers and answers of a rule, reduced to one of each. */
export const SHEET: RuleSheet = {
  summary: 'The job needs {required} network buffers.',
  role: 'cause',
  scope: 'job',
  finds: [{ text: 'Insufficient number of network buffers', pattern: 'required (?P<required>\\d+)', where: {} }],
  unless: [],
  steps: [],
  captures: { required: 'int' },
  reasons: [],
  fixes: [{ text: 'Give the network more memory.', patch: {}, risk: 'low' }],
  explains: ['restart.*'],
  logs: [{ name: 'match.log', isMatch: true, text: 'a line', isCut: false }],
  moreLogs: 0,
};

export const RULE = {
  id: 'network.insufficient-buffers/total',
  cause: 'network.insufficient-buffers',
  title: { en: 'Not enough network buffers', zh: '网络缓冲不足' },
  status: 'stable',
  severity: 'error',
  owner: 'configuration',
  role: 'cause',
  references: [],
} as const;
export const READER = { name: 'reader', token: 'reader-0123456789abcdef', role: 'reader', scope: [] } as const;
export const TEAM = { name: 'orders-team', token: 'team-0123456789abcdef', role: 'reader', scope: ['order*'] } as const;
export const AUTHOR = { name: 'author', token: 'author-0123456789abcdef', role: 'author', scope: [] } as const;

let running: ApiServer[] = [];
afterEach(async () => {
  await Promise.all(running.map((server) => server.close()));
  running = [];
});

export function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

function diagnosisIn(text: string): Diagnosis {
  return {
    cause: 'network.insufficient-buffers',
    rule: RULE.id,
    title: text,
    summary: text,
    severity: 'error',
    confidence: 0.97,
    symptom: false,
    owner: 'configuration',
    status: 'stable',
    count: 1,
    reasons: [],
    fixes: [{ id: 'raise', text, patch: { 'taskmanager.memory.network.min': '112m' }, risk: 'low' }],
    evidence: [
      {
        file: '/logs/tm.log',
        line: 0,
        text: 'Insufficient number of network buffers',
        recordId: 'r',
        highlights: [[0, 12]],
      },
    ],
    explains: [],
    references: [],
    values: {},
    score: {},
  };
}

export function incidentOf(id: string, job: readonly [string, string], more: Partial<Incident> = {}): Incident {
  return makeIncident(id, {
    job: { id: job[0], name: job[1] },
    diagnoses: { en: [diagnosisIn('Not enough network buffers')], zh: [diagnosisIn('网络缓冲不足')] },
    ...more,
  });
}

export const UNDELIVERABLE: Alert = {
  id: 'i-orders/hook/1',
  incidentId: 'i-orders',
  receiver: 'hook',
  reason: 'new-incident',
  cause: RULE.id,
  sentAt: '2026-11-20T10:00:01.000Z',
  state: 'undeliverable',
  attempts: 3,
  error: 'it answered with status 410',
  payload: '{"secret":"words"}',
};

export async function createFilledStore(): Promise<Store> {
  const store = await openStore({ kind: 'sqlite', path: ':memory:' });
  await appendRecords(store, [
    makeRecord(0, { text: 'orders started', job: ORDERS, level: 'INFO' }),
    makeRecord(1, {
      text: 'orders met java.io.IOException',
      job: ORDERS,
      level: 'ERROR',
      error: ['java.io.IOException'],
    }),
    makeRecord(2, { text: 'fraud started', job: FRAUD, level: 'INFO' }),
    makeRecord(3, { text: 'the process itself', level: 'WARN' }),
  ]);
  await store.saveIncident(incidentOf('i-orders', ORDERS));
  await store.saveIncident(incidentOf('i-fraud', FRAUD, { outcome: 'recovered' }));
  await store.alerts.save(UNDELIVERABLE);
  await store.alerts.save({ ...UNDELIVERABLE, id: 'i-fraud/hook/1', incidentId: 'i-fraud', state: 'sent' });
  await store.agents.save({
    id: 'h1',
    host: 'h1',
    time: '2026-11-20T10:00:00.000Z',
    files: 2,
    lagBytes: 10,
    shippedRecords: 4,
    counters: { cut: 1 },
    conditions: [
      {
        code: 'JT_FILE_UNREADABLE',
        message: '/logs/fraud.log cannot be read: permission denied.',
        values: { path: '/logs/fraud.log', problem: 'permission denied' },
        since: '2026-11-20T10:00:00.000Z',
      },
      { code: 'JT_OF_A_LATER_VERSION', message: 'Something new.', since: '2026-11-20T10:00:00.000Z' },
    ],
  });
  return store;
}

export type Change = Partial<Omit<ServerOptions, 'settings' | 'store'>> & {
  readonly store?: Store;
  readonly settings?: Partial<ServerOptions['settings']>;
  readonly host?: string;
  readonly port?: number;
};

export async function startServer(change: Change = {}): Promise<{ url: string; store: Store; server: ApiServer }> {
  const store = change.store ?? (await createFilledStore());
  const { settings, host = '127.0.0.1', port = 0, ...rest } = change;
  const server = createServer({
    store,
    catalogInfo: () => [RULE],
    ruleSheet: (id) => (id === RULE.id ? SHEET : undefined),
    ruleProblems: () => ['own/rule.yaml:3:8 `owner` must be one of …'],
    log: createLog('silent'),
    now: () => Date.parse('2026-11-20T10:01:00.000Z'),
    ...rest,
    settings: {
      version: '0.1.0',
      language: 'en',
      tokens: [],
      webDir: '/nowhere',
      livePollMs: 20,
      liveHeartbeatMs: 3_600_000,
      ...settings,
    },
  });
  running.push(server);
  const { url } = await server.listen({ host, port });
  return { url, store, server };
}

/** Fields of any answer; a test reads the fields that it requested. */
interface Body extends Pick<Required<RecordPage>, 'records' | 'total' | 'histogram' | 'facets'> {
  readonly next: string;
  readonly index: number;
  readonly error: { readonly code: string; readonly message: string; readonly fix: string };
  readonly id: string;
  readonly rows: IncidentPage['rows'];
  readonly counts: IncidentPage['counts'];
  readonly silences: readonly Silence[];
  readonly incident: Incident;
  readonly incidents: readonly (Omit<Incident, 'diagnoses'> & { readonly diagnoses: readonly Diagnosis[] })[];
  readonly diagnoses: readonly Diagnosis[];
  readonly jobs: readonly { readonly id: string; readonly name: string; readonly incidents: number }[];
  readonly alerts: readonly Alert[];
  readonly agents: readonly AgentStatus[];
  readonly rules: readonly unknown[];
  readonly problems: readonly string[];
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly get: {
          readonly responses: Readonly<
            Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
          >;
        };
      }
    >
  >;
}

export async function get(
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; body: Body; text: string; headers: Headers }> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, body: JSON.parse(isJson ? text : '{}'), text, headers: response.headers };
}

export function readSchema(document: Body, path: string, status: string): object {
  const schema = document.paths[path]?.get.responses[status]?.content['application/json']?.schema;
  if (schema === undefined) throw new Error(`no schema for ${path} ${status}`);
  return schema;
}

export function post(url: string, body: string, type: string): Promise<{ status: number; body: Body; text: string }> {
  return get(url, { method: 'POST', body, headers: { 'content-type': type } });
}

export const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
export const messages = (body: Body): string[] => body.records.map((record) => record.message);
