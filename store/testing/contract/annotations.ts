// Contract of annotations by people: feedback on diagnoses, triage of cards, and silences.
import { expect, it } from 'vitest';
import type { Feedback } from '../../../core/documents/feedback.js';
import type { Silence } from '../../../core/documents/silence.js';
import type { Triage } from '../../../core/documents/triage.js';
import type { IncidentQuery, Store } from '../../store.js';
import { makeIncident } from '../samples.js';

export function describeFeedback(store: () => Store): void {
  const said = (incidentId: string, more: Partial<Feedback> = {}): Feedback => ({
    incidentId,
    rule: 'sql.options/missing',
    verdict: 'right',
    by: 'anna',
    at: '2026-11-20T10:00:00.000Z',
    ...more,
  });

  it('keeps what people said of diagnoses, the newest first', async () => {
    const later = said('b/连 "id"', { verdict: 'helped', by: '王', at: '2026-11-20T11:00:00.000Z' });
    await store().feedback.save(said('a'));
    await store().feedback.save(later);

    expect(await store().feedback.find()).toEqual([later, said('a')]);
    expect(await store().feedback.find({ where: { incidentId: later.incidentId } })).toEqual([later]);
    expect(await store().feedback.find({ where: { incidentId: 'none' } })).toEqual([]);
  });

  it('has one verdict of a person on a rule of an incident, the last', async () => {
    const changed = said('a', { verdict: 'wrong', at: '2026-11-20T12:00:00.000Z' });
    const ben = said('a', { by: 'ben', at: '2026-11-20T10:30:00.000Z' });
    const other = said('a', { rule: 'memory.heap-oom/task', at: '2026-11-20T11:00:00.000Z' });
    for (const feedback of [said('a'), ben, other, changed]) await store().feedback.save(feedback);

    expect(await store().feedback.find({ where: { incidentId: 'a' } })).toEqual([changed, other, ben]);
  });

  it('keeps it when the incident goes', async () => {
    await store().saveIncident(makeIncident('a', { lastSeen: '2026-11-20T10:00:00.000Z' }));
    await store().feedback.save(said('a'));
    await store().deleteBefore('2026-12-20T10:00:00.000Z');

    expect(await store().findIncident('a')).toBeUndefined();
    expect(await store().feedback.find()).toEqual([said('a')]);
  });
}

export function describeTriage(store: () => Store): void {
  const said = (incidentId: string, more: Partial<Triage> = {}): Triage => ({
    incidentId,
    state: 'acknowledged',
    by: 'anna',
    at: '2026-11-20T10:00:00.000Z',
    ...more,
  });

  it('keeps every word that was said of cards, the newest first', async () => {
    expect(await store().triage.find()).toEqual([]);
    const words = [
      said('a'),
      said('a', { state: 'ignored', until: '2026-11-21T10:00:00.000Z', comment: '"known" 连', by: '王' }),
      said('a', { state: 'open', at: '2026-11-20T11:00:00.000Z' }),
      said('b/odd', { at: '2026-11-20T12:00:00.000Z' }),
    ] as const;
    for (const word of words) await store().triage.save(word);

    expect(await store().triage.find()).toEqual([words[3], words[2], words[0], words[1]]);
    expect(await store().triage.find({ where: { incidentId: ['a', 'none'] } })).toEqual([words[2], words[0], words[1]]);
    expect(await store().triage.find({ where: { incidentId: [] } })).toEqual([]);
  });

  it('finds incidents by those that something was said of', async () => {
    for (const id of ['a', 'b', 'c/odd']) await store().saveIncident(makeIncident(id));
    const find = async (query: Pick<IncidentQuery, 'ids' | 'notIds' | 'notOutcomes'>) => {
      const page = await store().pageIncidents({ ...query, limit: 10 });
      expect(page.total).toBe(page.rows.length);
      return page.rows.map(({ id }) => id);
    };

    expect(await find({ ids: ['c/odd', 'a', 'none'] })).toEqual(['a', 'c/odd']);
    expect(await find({ ids: [] })).toEqual([]);
    expect(await find({ notIds: ['a'] })).toEqual(['b', 'c/odd']);
    expect(await find({ notIds: [] })).toEqual(['a', 'b', 'c/odd']);
    expect(await find({ ids: ['a', 'b'], notIds: ['b'] })).toEqual(['a']);
    await store().saveIncident(makeIncident('b', { outcome: 'recovered' }));
    expect(await find({ notOutcomes: ['recovered', 'canceled'] })).toEqual(['a', 'c/odd']);
  });
}

export function describeSilences(store: () => Store): void {
  const silence = (id: string, endsAt: string, more: Partial<Silence> = {}): Silence => ({
    id,
    matchers: { job: ['pay-*', '!pay-连'], severity: 'error' },
    startsAt: '2026-11-20T10:00:00.000Z',
    endsAt,
    createdBy: '王',
    comment: 'maintenance of "the" cluster',
    ...more,
  });
  const short = silence('a', '2026-11-20T11:00:00.000Z');
  const long = silence('b/odd', '2026-11-20T13:00:00.000Z');

  it('keeps silences, those that end last first, and finds those that are not over', async () => {
    expect(await store().silences.find()).toEqual([]);
    for (const item of [short, long]) await store().silences.save(item);

    expect(await store().silences.find()).toEqual([long, short]);
    expect(await store().silences.find({ after: '2026-11-20T11:00:00.000Z' })).toEqual([long]);
  });

  it('replaces the one with the same id, and keeps those that are over', async () => {
    const expired = { ...long, endsAt: '2026-11-20T10:30:00.000Z' };
    for (const item of [short, long, expired]) await store().silences.save(item);
    await store().deleteBefore('2026-12-20T10:00:00.000Z');

    expect(await store().silences.find()).toEqual([short, expired]);
  });
}
