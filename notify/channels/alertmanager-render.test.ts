import { describe, expect, it } from 'vitest';
import type { Card } from '../card/render.js';
import { BUFFERS, makeDiagnosis, makeIncident } from '../../core/testing/incidents.js';
import { renderAlertmanager } from './alertmanager.js';

const SUBJECT = { cause: BUFFERS, symptom: false, severity: 'error', diagnosis: 0 } as const;
const CARD: Card = {
  incident: makeIncident([makeDiagnosis(BUFFERS)]),
  subject: SUBJECT,
  reason: 'new-incident',
  language: 'en',
  publicUrl: 'https://jobtrace.example/',
  nowMs: Date.parse('2026-11-20T10:00:05.000Z'),
};
const UNKNOWN: Card = {
  ...CARD,
  subject: { cause: 'unknown:f', symptom: true, severity: 'error', diagnosis: undefined },
  incident: makeIncident([], {
    unknown: [
      {
        fingerprint: 'f',
        chain: ['org.example.Outer', 'java.lang.Inner'],
        message: 'boom',
        owner: 'user-code',
        count: 1,
        evidence: [],
      },
    ],
  }),
};

describe('renderAlertmanager', () => {
  it('has the job and the cause as labels, the words as annotations', () => {
    expect(renderAlertmanager(CARD)).toEqual({
      labels: {
        alertname: 'FlinkJobFailure',
        job_id: 'a'.repeat(32),
        job_name: 'orders',
        cause: 'network.insufficient-buffers',
        severity: 'error',
        cluster: 'session-1',
      },
      annotations: {
        summary: `Title of ${BUFFERS}`,
        description: `Summary of ${BUFFERS}`,
        fix: 'Raise the minimum.',
        patch: 'taskmanager.memory.network.min: 112m\ntaskmanager.memory.process.size: 1104m',
        link: 'https://jobtrace.example/incidents/incident-1',
        incident: 'incident-1',
        reason: 'new-incident',
        restarts: '0',
        outcome: 'failing',
      },
      startsAt: '2026-11-20T10:00:00.000Z',
      generatorURL: 'https://jobtrace.example/incidents/incident-1',
    });
  });

  it('leaves out what is not known', () => {
    const { job, firstSeen, ...rest } = UNKNOWN.incident;
    expect([job, firstSeen]).not.toContain(undefined);
    const alert = renderAlertmanager({ ...UNKNOWN, incident: { ...rest, process: 'tm-1' }, publicUrl: '' });

    expect(alert).toMatchObject({
      labels: { process: 'tm-1', cause: 'unknown' },
      startsAt: '2026-11-20T10:00:05.000Z',
    });
    expect(JSON.stringify(alert)).not.toContain('""');
    expect(alert).not.toHaveProperty('generatorURL');
    expect(alert).not.toHaveProperty('labels.job_id');
  });
});
