// Documents that the release before wrote into both stores: former/documents.db.gz is its SQLite file, and
// former/documents.ndjson has its documents in Elasticsearch. Tests read them with the stores of today.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Feedback } from '../../core/documents/feedback.js';
import type { Silence } from '../../core/documents/silence.js';
import type { Triage } from '../../core/documents/triage.js';
import type { Diagnosis, Incident } from '../../core/documents/incident.js';
import type { AgentStatus } from '../../core/documents/agent.js';
import type { Alert } from '../../core/documents/alert.js';
import type { JobLines } from '../../core/documents/job.js';
import { ask } from './cluster.js';
import { makeIncident } from './samples.js';

const AT = '2026-11-20T10:00:00.000Z';
const EPOCH = Date.parse(AT);
export const FORMER_GROUP = 'g1-0123456789ab';
const SMALL = ['alerts', 'feedback', 'triage', 'silences', 'states', 'agents', 'access'] as const;

const HEAP_OOM: Diagnosis = {
  cause: 'memory.heap-oom',
  rule: 'memory.heap-oom/task',
  title: 'The heap is full',
  summary: 's',
  severity: 'critical',
  confidence: 0.9,
  symptom: false,
  owner: 'configuration',
  status: 'stable',
  count: 1,
  reasons: [],
  fixes: [],
  evidence: [],
  explains: [],
  references: [],
  values: {},
  score: {},
};

const heap = makeIncident('heap/连', {
  job: { id: 'j1', name: 'Orders' },
  diagnoses: { en: [HEAP_OOM], zh: [HEAP_OOM] },
  joined: ['first "连"'],
});
const grouped = makeIncident('grouped', { group: FORMER_GROUP, parent: 'p', lastSeen: '2026-11-20T09:00:00.000Z' });

const alert = (id: string, more: Partial<Alert>): Alert => ({
  id,
  incidentId: heap.id,
  receiver: 'hook',
  reason: 'new-incident',
  cause: 'memory.heap-oom/task',
  sentAt: AT,
  state: 'sent',
  attempts: 1,
  ...more,
});

interface FormerDocuments {
  readonly incidents: readonly (readonly [Incident, epoch: number])[];
  /** Alerts in the order of a search, as all that follow: the newest first, agents by id. */
  readonly alerts: readonly Alert[];
  readonly feedback: readonly Feedback[];
  readonly triage: readonly Triage[];
  readonly silences: readonly Silence[];
  readonly agents: readonly AgentStatus[];
  readonly jobLines: readonly JobLines[];
  readonly states: readonly (readonly [key: string, value: string])[];
  readonly access: readonly (readonly [key: string, value: string])[];
}

export const FORMER = {
  incidents: [
    [heap, EPOCH],
    [grouped, EPOCH + 1],
  ],
  alerts: [
    alert('pending', { state: 'pending', sentAt: '2026-11-20T11:00:00.000Z', payload: '{"text":"连"}' }),
    alert('sent', {}),
    alert('other', { incidentId: grouped.id, sentAt: '2026-11-20T09:00:00.000Z' }),
  ],
  feedback: [
    { incidentId: heap.id, rule: 'memory.heap-oom/task', verdict: 'helped', by: '王', at: '2026-11-20T11:00:00.000Z' },
    { incidentId: grouped.id, rule: 'a.b/c', verdict: 'wrong', by: 'anna', at: AT },
  ],
  triage: [
    { incidentId: heap.id, state: 'acknowledged', by: 'ben', at: '2026-11-20T11:00:00.000Z', comment: '"known" 连' },
    { incidentId: heap.id, state: 'open', by: 'ben', at: AT },
  ],
  silences: [
    {
      id: 'b/odd',
      matchers: { job: ['pay-*', '!pay-连'] },
      startsAt: AT,
      endsAt: '2026-11-20T13:00:00.000Z',
      createdBy: '王',
      comment: 'maintenance',
    },
    {
      id: 'a',
      matchers: { cluster: 'c1' },
      startsAt: AT,
      endsAt: '2026-11-20T11:00:00.000Z',
      createdBy: 'anna',
      comment: 'move',
    },
  ],
  agents: ['a', 'b'].map((id) => ({
    id,
    host: 'h1',
    time: AT,
    files: 1,
    lagBytes: 0,
    shippedRecords: 1,
    counters: { 'a.b': 1 },
    conditions: [],
  })),
  jobLines: [
    { cluster: 'c1', jobId: 'j2', jobName: 'Clicks', spans: [], words: ['w'], records: [], lastMs: EPOCH + 1000 },
    { cluster: 'c1', jobId: 'j1', spans: [{ process: 'tm', fromMs: EPOCH }], words: [], records: ['r'], lastMs: EPOCH },
  ],
  states: [
    ['analyzer/part-0', '{"version":2,"cursor":"7","forms":[]}'],
    ['erased', AT],
  ],
  access: [
    ['access/users', '[{"name":"anna"}]'],
    ['access/audit/last', '1'],
  ],
} as const satisfies FormerDocuments;

/** Returns the bytes of its SQLite file. */
export function readFormerFile(): Buffer {
  return gunzipSync(readFileSync(new URL('./former/documents.db.gz', import.meta.url)));
}

/** Makes the small indices as it did, with its template and empty. */
export async function makeFormerIndices(url: string, prefix: string): Promise<void> {
  const templates = JSON.parse(readFormer('templates.json')) as Readonly<Record<string, object>>;
  const small = [...SMALL, 'incidents'].map((name) => `${prefix}-${name}`);
  await ask(url, 'PUT', `/_index_template/${prefix}-small`, { ...templates['jobtrace-small'], index_patterns: small });
  await Promise.all(small.map((index) => ask(url, 'PUT', `/${index}`)));
}

/** Puts its documents into the small indices. */
export async function fillFormerIndices(url: string, prefix: string): Promise<void> {
  const body = readFormer('documents.ndjson').replaceAll('"_index":"former-', `"_index":"${prefix}-`);
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await fetch(`${url}/_bulk?refresh=true`, { method: 'POST', body, headers });
  const { errors } = (await answer.json()) as { readonly errors: boolean };
  if (errors) throw new Error('Elasticsearch refused a document of the release before.');
}

function readFormer(name: string): string {
  return readFileSync(new URL(`./former/${name}`, import.meta.url), 'utf8');
}
