import { describe, expect, it } from 'vitest';
import { isAgentStatus, isIncident, isSilence } from './stored.js';

describe('a stored document', () => {
  const silence = {
    id: 's',
    matchers: { job: 'orders' },
    startsAt: '2026-11-20T10:00:00.000Z',
    endsAt: '2026-11-20T11:00:00.000Z',
    createdBy: 'anna',
    comment: 'migration',
  };

  it('is read if another release wrote it, with fewer fields, more of them, or other words', () => {
    expect(isAgentStatus({ id: 'a', host: 'node-1' })).toBe(true);
    expect(
      isIncident({ id: 'i', cluster: 'c', outcome: 'paused', later: 1, diagnoses: { en: [{ title: 't' }] } }),
    ).toBe(true);
    expect(isSilence({ ...silence, later: true })).toBe(true);
  });

  it('is not read if it does not say what it is about, or if a field has another type', () => {
    expect(isAgentStatus({ host: 'node-1' })).toBe(false);
    expect(isIncident({ id: 'i', cluster: 'c', diagnoses: 'none' })).toBe(false);
    expect(isIncident({ id: 'i', cluster: 7, diagnoses: {} })).toBe(false);
    expect(isSilence({ ...silence, comment: 7 })).toBe(false);
    expect(isSilence({ ...silence, matchers: undefined })).toBe(false);
    expect(isSilence(undefined)).toBe(false);
  });
});
