import { describe, expect, it } from 'vitest';
import type { Incident } from '../documents/incident.js';
import { renderCsv, renderNdjson } from './export.js';

const INCIDENT: Incident = {
  id: 'i-1',
  cluster: 'session-1',
  job: { id: 'a1', name: '=HYPERLINK("http://x"),1' },
  processes: [],
  outcome: 'failed',
  restarts: 2,
  attempts: [],
  diagnoses: { en: [], zh: [] },
  unknown: [{ fingerprint: 'f', chain: ['a.B'], message: 'two\nlines', owner: 'user-code', count: 1, evidence: [] }],
  facts: {},
};

describe('renderCsv', () => {
  it('has a header and a line for each incident, as many cells in both', () => {
    const [header, ...lines] = renderCsv([{ ...INCIDENT, unknown: [] }, INCIDENT], 'en').split('\r\n');

    expect(header?.split(',').slice(0, 4)).toEqual(['id', 'firstSeen', 'lastSeen', 'cluster']);
    expect(lines).toHaveLength(3);
    expect(lines.at(-1)).toBe('');
  });

  it('quotes commas, quotes and line breaks, and lets no text be a formula', () => {
    const text = renderCsv([INCIDENT], 'en');

    expect(text).toContain(`,"'=HYPERLINK(""http://x""),1",`);
    expect(text).toContain('"two\nlines"');
  });
});

describe('renderNdjson', () => {
  it('writes one document a line', () => {
    expect(renderNdjson([{ a: 'x\ny' }, { b: 1 }])).toBe('{"a":"x\\ny"}\n{"b":1}\n');
  });
});
