import { describe, expect, it } from 'vitest';
import { cutMiddle, describeIncident, renderBrief, type Card } from './render.js';
import { BUFFERS, makeDiagnosis, makeIncident } from '../../core/testing/incidents.js';

const SUBJECT = { cause: BUFFERS, symptom: false, severity: 'error', diagnosis: 0 } as const;
const CARD: Card = {
  incident: makeIncident([makeDiagnosis(BUFFERS)]),
  subject: SUBJECT,
  reason: 'new-incident',
  language: 'en',
  publicUrl: 'https://jobtrace.example/',
  nowMs: Date.parse('2026-11-20T10:00:05.000Z'),
};
describe('renderBrief', () => {
  it('says which job, which cause and where to read on', () => {
    expect(renderBrief(CARD)).toEqual({
      incidentId: 'incident-1',
      cluster: 'session-1',
      job: { id: 'a'.repeat(32), name: 'orders' },
      cause: 'network.insufficient-buffers',
      title: `Title of ${BUFFERS}`,
      outcome: 'failing',
      restarts: 0,
      link: 'https://jobtrace.example/incidents/incident-1',
    });
  });
});

describe('describeIncident', () => {
  it('takes the diagnosis in its place when the announced one is gone', () => {
    expect(describeIncident({ ...CARD, subject: { ...SUBJECT, cause: 'gone/rule' } }).cause).toBe(
      'network.insufficient-buffers',
    );
  });

  it('says that there is no diagnosis when there is none at all', () => {
    expect(describeIncident({ ...CARD, incident: makeIncident([]) }).title).toBe('No diagnosis yet.');
  });
});

describe('cutMiddle', () => {
  it('keeps both ends, whole characters, and says how many are gone', () => {
    expect(cutMiddle('abc', 3)).toBe('abc');
    expect(cutMiddle(`${'a'.repeat(50)}${'z'.repeat(50)}`, 32)).toBe(`${'a'.repeat(10)} …[80]… ${'z'.repeat(10)}`);
    expect(cutMiddle('😀'.repeat(100), 32)).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
  });
});
