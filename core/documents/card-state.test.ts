import { describe, expect, it } from 'vitest';
import type { Triage } from './triage.js';
import { decideCardState, describeTriage, findTriageProblems, listCurrentTriage } from './card-state.js';

const AT = '2026-11-20T10:00:00.000Z';
const NOW = Date.parse('2026-11-20T12:00:00.000Z');

function say(state: Triage['state'], more: Partial<Triage> = {}): Triage {
  return { incidentId: 'i', state, by: 'anna', at: AT, ...more };
}

describe('decideCardState', () => {
  const before = '2026-11-20T09:59:00.000Z';
  const after = '2026-11-20T11:00:00.000Z';
  it.each([
    ['nobody said anything of it', 'failing', after, undefined, 'open'],
    ['it is over by itself', 'recovered', after, undefined, 'resolved'],
    ['a person canceled the job', 'canceled', after, say('acknowledged'), 'resolved'],
    ['it ended for good, which mends nothing', 'failed', after, undefined, 'open'],
    ['somebody is at it', 'failing', after, say('acknowledged'), 'acknowledged'],
    ['somebody gave it back', 'failing', after, say('open'), 'open'],
    ['it is mended', 'failing', before, say('resolved'), 'resolved'],
    ['it failed again after it was mended', 'failing', after, say('resolved'), 'regressed'],
    ['nobody knows when it failed', 'failing', undefined, say('resolved'), 'resolved'],
    ['it is ignored for good', 'failing', after, say('ignored'), 'ignored'],
    ['it is ignored until later', 'failing', after, say('ignored', { until: '2026-11-20T12:00:00.001Z' }), 'ignored'],
    ['it was ignored until now', 'failing', after, say('ignored', { until: '2026-11-20T12:00:00.000Z' }), 'open'],
    ['another card stands for it, whatever becomes of it', 'recovered', after, say('merged', { into: 'j' }), 'merged'],
    ['what is ignored stays so when it is over', 'recovered', after, say('ignored'), 'ignored'],
  ] as const)('%s', (_, outcome, lastSeen, said, expected) => {
    expect(decideCardState({ outcome, lastSeen }, said, NOW)).toBe(expected);
  });
});

describe('describeTriage', () => {
  it('says whose word it is, where the state is what somebody said', () => {
    const until = '2026-11-21T10:00:00.000Z';
    const failing = { outcome: 'failing' } as const;
    expect(describeTriage(failing, say('ignored', { until }), NOW)).toEqual({ state: 'ignored', by: 'anna', until });
    expect(describeTriage({ outcome: 'recovered' }, say('acknowledged'), NOW)).toEqual({ state: 'resolved' });
    expect(describeTriage(failing, undefined, NOW)).toEqual({ state: 'open' });
  });
});

describe('listCurrentTriage', () => {
  it('has the last word on each incident', () => {
    const words = [say('open', { by: 'ben' }), say('acknowledged'), say('ignored', { incidentId: 'j' })];
    expect([...listCurrentTriage(words)]).toEqual([
      ['i', words[0]],
      ['j', words[2]],
    ]);
  });
});

describe('findTriageProblems', () => {
  it.each([
    [say('acknowledged'), []],
    [say('ignored', { until: '2026-11-21T10:00:00.000Z' }), []],
    [say('acknowledged', { until: '2026-11-21T10:00:00.000Z' }), ['until is for what is to be ignored']],
    [say('merged', { into: 'j' }), []],
    [say('merged'), ['into is for what is merged, and names the other incident']],
    [say('open', { into: 'j' }), ['into is for what is merged, and names the other incident']],
    [say('merged', { into: 'i' }), ['an incident is not merged into itself']],
    [say('ignored', { until: 'soon' }), ['until is "soon", which is no ISO time']],
    [say('ignored', { until: AT }), ['until is over already']],
    [
      say('resolved', { comment: 'x'.repeat(1001), by: ' ' }),
      ['comment is longer than 1000 characters', 'by must say who says it'],
    ],
  ] as const)('names what is wrong: %j', (triage, expected) => {
    expect(findTriageProblems(triage, NOW)).toEqual(expected);
  });
});
