// Contract of what the release before has stored: it is found as it was saved, and changes as if it were new.
import { expect, it } from 'vitest';
import type { Store } from '../../store.js';
import { FORMER, FORMER_GROUP } from '../former.js';

export function describeFormer(store: () => Store): void {
  const [[heap, epoch], [grouped]] = FORMER.incidents;

  it('finds incidents by all that they are called by', async () => {
    const find = async (query: object): Promise<readonly string[]> =>
      (await store().pageIncidents({ limit: 10, ...query })).rows.map(({ id }) => id);

    expect(await store().findIncidents({ limit: 10 })).toEqual([heap, grouped]);
    expect(await store().findIncident('first "连"')).toEqual(heap);
    expect(await store().findEpoch(heap.id)).toBe(epoch);
    expect(await find({ group: FORMER_GROUP })).toEqual([grouped.id]);
    expect(await find({ cause: 'memory.heap-oom', severity: 'critical' })).toEqual([heap.id]);
    expect(await find({ owner: 'user-code' })).toEqual([grouped.id]);
    expect(await find({ isTop: true })).toEqual([heap.id]);
    expect(await store().sumGroup({ group: FORMER_GROUP, now: '2026-11-20T12:00:00.000Z' })).toMatchObject({
      incidents: 1,
    });
  });

  it('counts them together with those of this release', async () => {
    await store().saveIncident({ ...grouped, id: 'new', lastSeen: '2026-11-20T12:00:00.000Z' });
    await store().saveIncident({ ...heap, outcome: 'recovered' }, epoch);

    const { counts, rows, total } = await store().pageIncidents({ limit: 10 });
    expect([total, rows.map(({ id }) => id)]).toEqual([3, ['new', heap.id, grouped.id]]);
    expect(counts).toMatchObject({
      cause: [
        { value: 'unknown', count: 2 },
        { value: 'memory.heap-oom', count: 1 },
      ],
      severity: [{ value: 'critical', count: 1 }],
      owner: [
        { value: 'user-code', count: 2 },
        { value: 'configuration', count: 1 },
      ],
    });
    expect(await store().saveIncident(heap, epoch - 1)).toBe(false);
  });

  it('finds the documents of every collection', async () => {
    const { alerts, feedback, triage, silences, agents, jobLines } = store();
    expect(await alerts.find()).toEqual(FORMER.alerts);
    expect(await alerts.find({ where: { incidentId: grouped.id } })).toEqual([FORMER.alerts[2]]);
    expect(await alerts.find({ where: { state: 'pending' } })).toEqual([FORMER.alerts[0]]);
    expect(await feedback.find()).toEqual(FORMER.feedback);
    expect(await triage.find({ where: { incidentId: [heap.id] } })).toEqual(FORMER.triage);
    expect(await silences.find({ after: '2026-11-20T11:00:00.000Z' })).toEqual([FORMER.silences[0]]);
    expect(await agents.find()).toEqual(FORMER.agents);
    expect(await jobLines.find({ where: { cluster: 'c1' } })).toEqual(FORMER.jobLines);
    for (const [key, value] of FORMER.states) expect(await store().states.load(key)).toEqual({ key, value });
    for (const [key, value] of FORMER.access) expect(await store().access.load(key)).toEqual({ key, value });
  });

  it('replaces and removes them', async () => {
    const [key, value] = FORMER.access[0];
    expect(await store().access.replace({ key, value }, { key, value: '[]' })).toBe(true);
    expect(await store().access.load(key)).toEqual({ key, value: '[]' });
    await store().jobLines.save({ ...FORMER.jobLines[1], lastMs: FORMER.jobLines[0].lastMs + 1 });
    const clicks = { keys: ['jobName'], globs: [['CLICKS']] } as const;
    expect(await store().jobLines.find({ matching: clicks })).toEqual([FORMER.jobLines[0]]);
    await store().triage.remove([]);
    await store().deleteBefore('2026-11-20T10:30:00.000Z');

    expect((await store().alerts.find()).map(({ id }) => id)).toEqual(['pending']);
    expect(await store().agents.find()).toEqual([]);
    expect(await store().silences.find()).toEqual(FORMER.silences);
    expect(await store().findIncidents({ limit: 10 })).toEqual([]);
  });
}
