// Makes incidents, diagnoses and receivers for tests of all stages. Only tests import it.
import type { ReceiverSettings } from '../config/receiver.js';
import type { Diagnosis, Incident } from '../documents/incident.js';

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

/** Time of the tests, one second after the failure of the sample incidents. */
export const START = Date.parse('2026-11-20T10:00:01.000Z');
export const CAUSE = makeIncident([makeDiagnosis(BUFFERS)]);
export const SYMPTOM = makeIncident([makeDiagnosis(LOST)]);
