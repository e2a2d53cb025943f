// Contract of deletion on request: what the filter matches is deleted with all its copies, and nothing else.
import { expect, it } from 'vitest';
import type { Evidence, Incident } from '../../../core/documents/incident.js';
import type { Alert } from '../../../core/documents/alert.js';
import { countErasable, erase, type EraseFilter } from '../../erase.js';
import { ERASED_KEY, type Store } from '../../store.js';
import { appendRecords, makeIncident, makeRecord } from '../samples.js';
import { ALL, drain, readPages, waitForTotal } from './reading.js';

const ANNA = 'anna.lee@example.com';
const ORDERS = ['a'.repeat(32), 'orders'] as const;
const FRAUD = ['b'.repeat(32), 'fraud'] as const;
const AT = '2026-11-20T10:00:00.000Z';

export function describeErasure(store: () => Store): void {
  it('deletes what fits, says how much, and says before how much it would be', async () => {
    await fill(store());
    const expected = { records: 2, incidents: 1, alerts: 1, feedback: 1, triage: 2 };

    expect(await countErasable(store(), { contains: ANNA })).toEqual(expected);
    await waitForTotal(store(), ALL, 7);
    expect(await eraseNow(store(), { contains: ANNA })).toEqual(expected);

    expect((await readPages(store(), ALL)).map(numberOf)).toEqual([1, 3, 4, 5, 6]);
    expect((await drain(store(), undefined, 100)).records.map(({ id }) => numberOf(id))).toEqual([1, 3, 4, 5, 6]);
    expect((await store().findIncidents({ limit: 10 })).map(({ id }) => id)).toEqual(['i-fraud', 'i-orders']);
    expect((await store().alerts.find({ limit: 10 })).map(({ incidentId }) => incidentId)).toEqual(['i-fraud']);
    expect(await store().feedback.find()).toEqual([]);
    expect((await store().triage.find()).map(({ incidentId }) => incidentId)).toEqual(['i-fraud']);
    expect(Object.values(await countErasable(store(), { contains: ANNA }))).toEqual([0, 0, 0, 0, 0]);
    expect((await store().states.load(ERASED_KEY))?.value).toBe(AT);
  });

  it.each<[string, EraseFilter, number[], string[]]>([
    ['a cluster', { cluster: 'session-2' }, [0, 1, 2, 3, 4, 5], ['i-anna', 'i-orders']],
    ['a job by its name', { job: 'orders' }, [0, 2, 4, 5, 6], ['i-anna', 'i-fraud']],
    ['a job by its id', { job: FRAUD[0] }, [0, 1, 2, 3, 5, 6], ['i-anna', 'i-orders']],
    ['a file', { file: '/logs/other.log' }, [0, 1, 2, 3, 4, 6], ['i-anna', 'i-fraud', 'i-orders']],
    ['files', { file: '/logs/*.log', cluster: 'session-2' }, [0, 1, 2, 3, 4, 5], ['i-anna', 'i-fraud', 'i-orders']],
    ['a job before a time', { job: 'orders', to: '2026-11-20T10:00:02.000Z' }, [0, 2, 3, 4, 5, 6], ['i-anna', 'i-fraud']], // prettier-ignore
    ['a text from a time on', { contains: 'LEE', from: '2026-11-20T10:00:01.000Z' }, [0, 1, 3, 4, 6], ['i-fraud', 'i-orders']], // prettier-ignore
    ['a text of one cluster', { contains: ANNA, cluster: 'session-2' }, [0, 1, 2, 3, 4, 5, 6], ['i-anna', 'i-fraud', 'i-orders']], // prettier-ignore
    ['a part of a word', { contains: 'ann' }, [0, 1, 2, 3, 4, 5, 6], ['i-anna', 'i-fraud', 'i-orders']],
  ])('deletes %s and leaves the rest', async (_name, filter, records, incidents) => {
    await fill(store());

    await eraseNow(store(), filter);

    expect((await readPages(store(), ALL)).map(numberOf)).toEqual(records);
    expect((await store().findIncidents({ limit: 10 })).map(({ id }) => id)).toEqual(incidents);
  });

  describeLimits(store);
}

function describeLimits(store: () => Store): void {
  it('refuses a filter that would find everything', async () => {
    await fill(store());
    const empty: readonly EraseFilter[] = [{}, { from: AT }, { contains: ' @ ' }, { file: '**' }, { cluster: '' }];

    for (const filter of empty) {
      await expect(eraseNow(store(), filter)).rejects.toMatchObject({ code: 'JT_REQUEST_INVALID' });
      await expect(countErasable(store(), filter)).rejects.toMatchObject({ code: 'JT_REQUEST_INVALID' });
    }

    await waitForTotal(store(), ALL, 7);
  });

  it('lets a deleted incident be written again in the same turn', async () => {
    await store().saveIncident(makeIncident('i', { cluster: 'gone' }), 7);

    await eraseNow(store(), { cluster: 'gone' });

    expect(await store().findIncident('i')).toBeUndefined();
    expect(await store().saveIncident(makeIncident('i', { cluster: 'gone' }), 7)).toBe(true);
  });

  it('forgets whose lines were the lines of a deleted job', async () => {
    const lines = { cluster: 'session-1', spans: [], words: ['w'], records: [], lastMs: Date.parse(AT) };
    await store().jobLines.saveAll([
      { ...lines, jobId: ORDERS[0], jobName: ORDERS[1] },
      { ...lines, jobId: FRAUD[0] },
    ]);

    await expect
      .poll(async () => {
        await eraseNow(store(), { job: 'orders' });
        return (await store().jobLines.find({ where: { cluster: 'session-1' } })).map(({ jobId }) => jobId);
      })
      .toEqual([FRAUD[0]]);
  });

  it('deletes more than one batch', async () => {
    const many = Array.from({ length: 4_500 }, (_, number) => makeRecord(number, { cluster: 'big', text: 'x y' }));
    await appendRecords(store(), [...many, makeRecord(9_999, { cluster: 'big-not' })]);

    expect((await eraseNow(store(), { cluster: 'big' })).records).toBe(4_500);

    await waitForTotal(store(), ALL, 1);
  });
}

function eraseNow(store: Store, filter: EraseFilter): ReturnType<typeof erase> {
  return erase(store, filter, { settleMs: 0, now: () => Date.parse(AT) });
}

function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf(':') + 1)) / 1000;
}

/** Stores seven records of two clusters, three incidents, and their annotations. */
async function fill(store: Store): Promise<void> {
  await appendRecords(store, [
    makeRecord(0, { text: `login of ${ANNA}` }),
    makeRecord(1, { text: 'orders runs', job: ORDERS }),
    makeRecord(2, { text: `refused: user=${ANNA.toUpperCase()}, password wrong` }),
    makeRecord(3, { text: 'orders failed', job: ORDERS }),
    makeRecord(4, { text: 'fraud failed', job: FRAUD }),
    makeRecord(5, { text: 'joanna.lee at example.com', path: '/logs/other.log' }),
    makeRecord(6, { text: 'started', cluster: 'session-2' }),
  ]);
  await store.saveIncident(quoting('i-anna', 2));
  await store.saveIncident(quoting('i-orders', 3, { job: { id: ORDERS[0], name: ORDERS[1] } }));
  await store.saveIncident(quoting('i-fraud', 4, { job: { id: FRAUD[0], name: FRAUD[1] }, cluster: 'session-2' }));
  await store.alerts.saveAll([alertOf('i-anna', 'a card'), alertOf('i-fraud', 'another card')]);
  await store.feedback.save({ incidentId: 'i-anna', rule: 'r', verdict: 'right', by: 'ben', at: AT });
  await store.triage.save({ incidentId: 'i-anna', state: 'acknowledged', by: 'ben', at: AT });
  await store.triage.save({ incidentId: 'i-orders', state: 'resolved', by: 'ben', at: AT, comment: `told ${ANNA}` });
  await store.triage.save({ incidentId: 'i-fraud', state: 'resolved', by: 'ben', at: AT });
  await waitForTotal(store, ALL, 7);
}

/** Returns an incident whose evidence is one record, and which does not hold the text of that record. */
function quoting(id: string, number: number, more: Partial<Incident> = {}): Incident {
  const evidence: Evidence[] = [{ file: '/logs/tm.log', line: 0, text: '…', recordId: makeRecord(number).id }];
  const incident = makeIncident(id, { diagnosis: 'it failed', ...more });
  return { ...incident, unknown: incident.unknown.map((failure) => ({ ...failure, evidence })) };
}

function alertOf(incidentId: string, text: string): Alert {
  return {
    id: `${incidentId}/hook/1`,
    incidentId,
    receiver: 'hook',
    reason: 'new-incident',
    cause: 'c',
    sentAt: AT,
    state: 'pending',
    attempts: 0,
    payload: JSON.stringify({ text }),
  };
}
