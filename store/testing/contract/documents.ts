// Contract of incidents, jobs, alerts, states and reports of agents.
import { expect, it } from 'vitest';
import { omitMissing } from '../../../core/json.js';
import type { Diagnosis, Incident } from '../../../core/documents/incident.js';
import type { Alert } from '../../../core/documents/alert.js';
import { ALL_CLUSTERS } from '../../../core/types.js';
import { parseGlob } from '../../../core/text/glob.js';
import type { IncidentPage, JobCounts, JobQuery, State, Store } from '../../store.js';
import { appendRecords, makeIncident, makeRecord, waitUntil } from '../samples.js';
import { DEEP_JSON, HUGE } from './append.js';
import { ALL, waitForTotal } from './reading.js';

export function describeEpochs(store: () => Store): void {
  it('leaves an incident as one with a later turn wrote it', async () => {
    const [early, late] = [Date.parse('2026-11-20T10:00:00Z'), Date.parse('2026-11-20T11:00:00Z')];
    const named = (name: string) => makeIncident('a', { job: { id: 'j1', name } });
    await store().saveIncident(named('before there were turns'));

    expect(await store().saveIncident(named('early'), early)).toBe(true);
    expect(await store().saveIncident(named('late'), late)).toBe(true);
    expect(await store().saveIncident(named('too late'), early)).toBe(false);
    expect(await store().findEpoch('a')).toBe(late);
    expect(await store().removeIncident('a', early)).toBe(false);
    expect(await store().saveIncident(named('again'), late)).toBe(true);
    expect(await store().findIncident('a')).toEqual(named('again'));
    expect(await store().removeIncident('a', late)).toBe(true);
    expect(await store().findEpoch('a')).toBeUndefined();
    expect(await store().findIncident('a')).toBeUndefined();
  });

  it('says of each of many incidents whether it was written, and writes the others', async () => {
    const [early, late] = [Date.parse('2026-11-20T10:00:00Z'), Date.parse('2026-11-20T11:00:00Z')];
    const named = (id: string, name: string) => makeIncident(id, { job: { id: `job of ${id}`, name } });
    await store().saveIncident(named('b/连', 'of a later turn'), late);

    const writes = [
      { incident: named('a', 'written'), epoch: early },
      { incident: named('b/连', 'too late'), epoch: early },
      { incident: named('c', 'first'), epoch: early },
      { incident: named('c', 'second'), epoch: early },
      { incident: named('d', 'without a turn') },
    ];
    expect(await store().saveIncidents(writes)).toEqual([true, false, true, true, true]);
    expect(await store().saveIncidents([])).toEqual([]);

    const found = await store().findIncidents({ limit: 10 });
    expect(found.map(({ id, job }) => [id, job?.name]).sort()).toEqual([
      ['a', 'written'],
      ['b/连', 'of a later turn'],
      ['c', 'second'],
      ['d', 'without a turn'],
    ]);
    expect((await store().pageIncidents({ limit: 10 })).total).toBe(4);
  });

  it('saves many large incidents at once', async () => {
    const large = Array.from({ length: 12 }, (_, index) =>
      makeIncident(`i${index}`, { diagnosis: 'x'.repeat(1_000_000) }),
    );

    expect(await store().saveIncidents(large.map((incident) => ({ incident })))).toEqual(large.map(() => true));
    expect(await store().findIncident('i11')).toEqual(large[11]);
    expect((await store().pageIncidents({ limit: 100 })).total).toBe(12);
  });
}

export function describeNewest(store: () => Store): void {
  it('tells the newest record of each cluster since a time', async () => {
    const at = (hour: number): string => `2026-11-20T${hour}:00:00.000Z`;
    const of = (cluster: string, hour: number) => ({ cluster, time: at(hour), signal: 'fact.v1' });
    await appendRecords(store(), [
      makeRecord(1, of('a', 10)),
      makeRecord(2, of('a', 12)),
      makeRecord(3, of('b', 11)),
      makeRecord(4, of('c', 10)),
    ]);
    await waitUntil('the records', async () => (await store().findNewest(at(11))).size === 2);
    expect([...(await store().findNewest(at(11)))].sort()).toEqual([
      ['a', Date.parse(at(12))],
      ['b', Date.parse(at(11))],
    ]);
    // The test and the store run on this machine.
    expect(Math.abs(((await store().readTime()) ?? 0) - Date.now())).toBeLessThan(60_000);
  });
}

export function describeJoined(store: () => Store): void {
  it('finds an incident by the ids of those that have joined it, as long as it is there', async () => {
    const heir = makeIncident('heir', { joined: ['first "连"', 'second'] });
    await store().saveIncident(makeIncident('second'));
    await store().saveIncident(heir);

    expect(await store().findIncident('second')).toEqual(makeIncident('second'));
    await store().removeIncident('second');
    expect(await store().findIncident('second')).toEqual(heir);
    expect(await store().findIncident('first "连"')).toEqual(heir);
    expect(await store().findIncident('third')).toBeUndefined();
    expect((await store().findIncidents({ limit: 10 })).map(({ id }) => id)).toEqual(['heir']);

    await store().removeIncident('heir');
    expect(await store().findIncident('second')).toBeUndefined();
  });
}

export function describeIncidents(store: () => Store): void {
  it('saves, replaces, finds and removes incidents', async () => {
    const odd = makeIncident('odd/连 "id"', { lastSeen: '2026-11-20T12:00:00.000Z', diagnosis: DEEP_JSON });
    await store().saveIncident(makeIncident('a', { outcome: 'failing' }));
    await store().saveIncident(odd);
    await store().saveIncident(makeIncident('a', { outcome: 'failed' }));

    expect(await store().findIncident('a')).toEqual(makeIncident('a', { outcome: 'failed' }));
    expect(await store().findIncident(odd.id)).toEqual(odd);
    expect((await store().findIncidents({ limit: 10 })).map((incident) => incident.id)).toEqual([odd.id, 'a']);

    await store().removeIncident('a');
    await store().removeIncident('a');

    expect(await store().findIncident('a')).toBeUndefined();
    expect((await store().findIncidents({ limit: 10 })).map((incident) => incident.id)).toEqual([odd.id]);
  });

  it('keeps platform incidents beside those that they stand for, for who may see all clusters', async () => {
    const child = makeIncident('a', { job: { id: 'j1' }, parent: 'p' });
    const parent = makeIncident('p', {
      cluster: ALL_CLUSTERS,
      platform: {
        kind: 'zookeeper',
        thing: 'zk:2181',
        jobs: 3,
        clusters: 2,
        children: [{ id: 'a', cluster: child.cluster, job: { id: 'j1' }, outcome: 'failing' }],
      },
    });
    await store().saveIncident(child);
    await store().saveIncident(parent);

    expect(await store().findIncident('a')).toEqual(child);
    expect(await store().findIncidents({ cluster: ALL_CLUSTERS, limit: 10 })).toEqual([parent]);
    expect(await store().findIncidents({ cluster: child.cluster, limit: 10 })).toEqual([child]);
    expect(await store().findIncidents({ scope: [parseGlob('session-*')], limit: 10 })).toEqual([child]);
    expect(await store().findIncidents({ scope: [parseGlob('*')], limit: 10 })).toHaveLength(2);
  });

  it('finds incidents by job, cluster, time, outcome and scope', async () => {
    await store().saveIncident(
      makeIncident('a', {
        job: { id: 'j1', name: 'Orders' },
        firstSeen: '2026-11-20T09:00:00.000Z',
        lastSeen: '2026-11-20T10:00:00.000Z',
      }),
    );
    await store().saveIncident(
      makeIncident('b', {
        job: { id: 'j2' },
        cluster: 'c2',
        outcome: 'recovered',
        firstSeen: '2026-11-20T11:00:00.000Z',
        lastSeen: '2026-11-20T12:00:00.000Z',
      }),
    );
    const find = async (query: object): Promise<string[]> =>
      (await store().findIncidents({ limit: 10, ...query })).map((incident) => incident.id);

    expect(await find({ jobId: 'j1' })).toEqual(['a']);
    expect(await find({ job: 'j1' })).toEqual(['a']);
    expect(await find({ job: 'Orders' })).toEqual(['a']);
    expect(await find({ job: 'orders' })).toEqual([]);
    expect(await find({ cluster: 'c2' })).toEqual(['b']);
    expect(await find({ outcome: 'recovered' })).toEqual(['b']);
    expect(await find({ from: '2026-11-20T10:30:00.000Z' })).toEqual(['b']);
    expect(await find({ to: '2026-11-20T10:30:00.000Z' })).toEqual(['a']);
    expect(await find({ from: '2026-11-20T09:30:00.000Z', to: '2026-11-20T11:30:00.000Z' })).toEqual(['b', 'a']);
    expect(await find({ scope: [parseGlob('Ord*')] })).toEqual(['a']);
    expect(await find({ scope: [parseGlob('c2')] })).toEqual(['b']);
    expect(await find({ scope: [] })).toEqual([]);
    expect(await find({ limit: 1 })).toEqual(['b']);
  });
}

const DIAGNOSIS = {
  cause: 'memory.heap-oom',
  rule: 'memory.heap-oom/task',
  title: 't',
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
} as const satisfies Diagnosis;

export function describeIncidentPages(store: () => Store): void {
  const named = (diagnosis: Diagnosis): Partial<Incident> => ({ diagnoses: { en: [diagnosis], zh: [diagnosis] } });
  const saveAll = async (): Promise<void> => {
    const at = (minute: number): { firstSeen: string; lastSeen: string } => {
      const time = `2026-11-20T10:0${minute}:00.000Z`;
      return { firstSeen: time, lastSeen: time };
    };
    await store().saveIncident(makeIncident('heap', { ...named(DIAGNOSIS), ...at(3) }));
    await store().saveIncident(makeIncident('heap too', { ...named(DIAGNOSIS), ...at(3), outcome: 'failed' }));
    await store().saveIncident(makeIncident('child', { ...named(DIAGNOSIS), ...at(2), parent: 'p', cluster: 'c2' }));
    // A symptom together with a failure that no rule names.
    await store().saveIncident(
      makeIncident('unknown', { ...named({ ...DIAGNOSIS, symptom: true }), ...at(1), diagnosis: 'DEEP' }),
    );
    await store().saveIncident(makeIncident('undated', { ...at(0), firstSeen: undefined, lastSeen: undefined }));
    await store().saveIncident(makeIncident('undated 2', { firstSeen: undefined, lastSeen: undefined }));
  };
  const page = (query: object = {}): Promise<IncidentPage> => store().pageIncidents({ limit: 10, ...query });

  it('lists incidents page by page, each once, with the number of all', async () => {
    await saveAll();
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const { rows, total, next }: IncidentPage = await page({ limit: 2, ...omitMissing({ after }) });
      expect(total).toBe(6);
      ids.push(...rows.map(({ id }) => id));
      after = next;
    } while (after !== undefined);

    expect((await page({ limit: 1 })).rows).toMatchObject([
      {
        id: 'heap',
        cluster: 'session-1',
        outcome: 'failing',
        title: { en: 't', zh: 't' },
        rule: 'memory.heap-oom/task',
      },
    ]);
    expect(ids).toEqual(['heap', 'heap too', 'child', 'unknown', 'undated', 'undated 2']);
    expect((await store().findIncidents({ limit: 10 })).map(({ id }) => id)).toEqual(ids);
    await expect(page({ after: 'x' })).rejects.toMatchObject({ code: 'JT_REQUEST_INVALID' });
  });

  it('counts what they are called by, and finds them by it', async () => {
    await saveAll();

    expect((await page({ limit: 1 })).counts).toEqual({
      outcome: [
        { value: 'failing', count: 5 },
        { value: 'failed', count: 1 },
      ],
      severity: [{ value: 'critical', count: 3 }],
      owner: [
        { value: 'configuration', count: 3 },
        { value: 'user-code', count: 1 },
      ],
      cause: [
        { value: 'memory.heap-oom', count: 3 },
        { value: 'unknown', count: 3 },
      ],
      cluster: [
        { value: 'session-1', count: 5 },
        { value: 'c2', count: 1 },
      ],
    });
    const find = async (query: object): Promise<string[]> => (await page(query)).rows.map(({ id }) => id);
    expect(await find({ cause: 'unknown', owner: 'user-code' })).toEqual(['unknown']);
    expect(await find({ severity: 'critical', outcome: 'failed' })).toEqual(['heap too']);
    expect(await find({ isTop: true, cause: 'memory.heap-oom' })).toEqual(['heap', 'heap too']);
    expect(await find({ scope: [parseGlob('c2')], cause: 'memory.heap-oom' })).toEqual(['child']);
    expect((await page({ scope: [] })).total).toBe(0);
  });
}

export function describeGroups(store: () => Store): void {
  const NOW = '2026-11-20T12:00:00.000Z';
  const GROUP = 'g1-0123456789ab';
  const saveAll = async (): Promise<void> => {
    const seen = (id: string, time: string, more: Parameters<typeof makeIncident>[1] = {}) =>
      store().saveIncident(makeIncident(id, { group: GROUP, firstSeen: time, lastSeen: time, ...more }));
    await seen('today', '2026-11-20T11:00:00.000Z', { job: { id: 'j1', name: 'Orders' } });
    await seen('yesterday', '2026-11-19T11:59:59.999Z', { job: { id: 'j2', name: 'clicks' }, cluster: 'c2' });
    await seen('long ago', '2026-11-01T08:00:00.000Z', { job: { id: 'j1', name: 'Orders' } });
    await seen('another', '2026-11-20T11:30:00.000Z', { group: 'g1-another00000' });
    await store().saveIncident(makeIncident('named'));
  };

  it('sums what is of one group: by time, in the scope', async () => {
    await saveAll();

    expect(await store().sumGroup({ group: GROUP, now: NOW })).toEqual({
      incidents: 3,
      lastDay: 1,
      lastWeek: 2,
      firstSeen: '2026-11-01T08:00:00.000Z',
      lastSeen: '2026-11-20T11:00:00.000Z',
    });
    expect(await store().sumGroup({ group: GROUP, now: NOW, scope: [parseGlob('c2')] })).toMatchObject({
      incidents: 1,
    });
  });

  it('finds its incidents and the jobs that have them', async () => {
    await saveAll();
    const jobs = (await store().countJobIncidents({ group: GROUP })).jobs;

    expect((await store().findIncidents({ group: GROUP, limit: 2 })).map(({ id }) => id)).toEqual([
      'today',
      'yesterday',
    ]);
    expect(sortJobs(jobs).map(({ name, counts }) => [name, counts])).toEqual([
      ['Orders', { failing: 2 }],
      ['clicks', { failing: 1 }],
    ]);
  });

  it('counts an incident no more that a rule names now, or that is gone', async () => {
    await saveAll();
    await store().saveIncident(makeIncident('today', { lastSeen: '2026-11-20T11:00:00.000Z' }));
    await store().removeIncident('yesterday');

    expect(await store().sumGroup({ group: GROUP, now: NOW })).toMatchObject({ incidents: 1, lastDay: 0 });
    expect(await store().sumGroup({ group: 'g1-none', now: NOW })).toEqual({ incidents: 0, lastDay: 0, lastWeek: 0 });
  });
}

export function describeJobs(store: () => Store): void {
  const ORDERS = ['j1', 'Orders'] as const;

  it('counts the records of every job by level, in the range, cluster and scope', async () => {
    const nameOnly = { ...makeRecord(4, { level: 'WARN' }), 'flink.job.name': 'Orders' };
    await appendRecords(store(), [
      makeRecord(1, { job: ORDERS, level: 'INFO' }),
      makeRecord(2, { job: ORDERS, level: 'ERROR' }),
      { ...makeRecord(3), 'flink.job.id': 'j1' },
      nameOnly,
      makeRecord(5, { job: ['j2', 'clicks'], cluster: 'c2', level: 'INFO' }),
      makeRecord(6, { level: 'INFO' }),
    ]);
    const find = async (query: JobQuery) => sortJobs((await store().countJobRecords(query)).jobs);
    await waitForTotal(store(), ALL, 6);

    expect(await find({})).toEqual([
      { id: 'j1', cluster: 'session-1', lastSeen: '2026-11-20T10:00:03.000Z', counts: { NONE: 1 } },
      {
        id: 'j1',
        name: 'Orders',
        cluster: 'session-1',
        lastSeen: '2026-11-20T10:00:02.000Z',
        counts: { INFO: 1, ERROR: 1 },
      },
      { id: 'j2', name: 'clicks', cluster: 'c2', lastSeen: '2026-11-20T10:00:05.000Z', counts: { INFO: 1 } },
      { name: 'Orders', cluster: 'session-1', lastSeen: '2026-11-20T10:00:04.000Z', counts: { WARN: 1 } },
    ]);
    expect((await find({ cluster: 'c2' })).map(({ name }) => name)).toEqual(['clicks']);
    const ofTeam = await find({ scope: [parseGlob('Ord*')] });
    expect(ofTeam.map(({ counts }) => counts)).toEqual([{ INFO: 1, ERROR: 1 }, { WARN: 1 }]);
    expect(await find({ scope: [] })).toEqual([]);
    expect(
      (await find({ from: '2026-11-20T10:00:02.000Z', to: '2026-11-20T10:00:04.000Z' })).map(({ counts }) => counts),
    ).toEqual([{ NONE: 1 }, { ERROR: 1 }]);
    expect((await store().countJobRecords({})).isComplete).toBe(true);
  });

  it('counts them all where there are thousands', async () => {
    const jobs = Array.from({ length: 6_000 }, (_, number) =>
      makeRecord(number, { time: '2026-11-20T10:00:00.000Z', job: [`id${number}`, `job ${number}`], level: 'INFO' }),
    );
    await appendRecords(store(), jobs);
    await waitForTotal(store(), { ...ALL, limit: 1 }, 6_000);

    const found = await store().countJobRecords({});

    expect(new Set(found.jobs.map(({ name }) => name)).size).toBe(6_000);
    expect(found.jobs).toHaveLength(6_000);
    expect(found.isComplete).toBe(true);
  });

  it('counts the incidents of every job by outcome', async () => {
    const job = { id: 'j1', name: 'Orders' };
    await store().saveIncident(makeIncident('a', { job }));
    await store().saveIncident(makeIncident('b', { job, outcome: 'failed', lastSeen: '2026-11-20T12:00:00.000Z' }));
    await store().saveIncident(makeIncident('c', { job: { id: 'j2' }, cluster: 'c2', outcome: 'recovered' }));
    await store().saveIncident(makeIncident('d'));
    const find = async (query: JobQuery) => sortJobs((await store().countJobIncidents(query)).jobs);

    expect(await find({})).toEqual([
      {
        id: 'j1',
        name: 'Orders',
        cluster: 'session-1',
        lastSeen: '2026-11-20T12:00:00.000Z',
        counts: { failing: 1, failed: 1 },
      },
      { id: 'j2', cluster: 'c2', lastSeen: '2026-11-20T10:00:00.000Z', counts: { recovered: 1 } },
    ]);
    expect((await find({ scope: [parseGlob('Ord*')] })).map(({ id }) => id)).toEqual(['j1']);
    expect((await find({ from: '2026-11-20T11:00:00.000Z' })).map(({ counts }) => counts)).toEqual([{ failed: 1 }]);
  });

  it('knows none where nothing is', async () => {
    expect(await store().countJobRecords({})).toEqual({ jobs: [], isComplete: true });
    expect(await store().countJobIncidents({})).toEqual({ jobs: [], isComplete: true });
  });
}

function sortJobs(jobs: readonly JobCounts[]): readonly JobCounts[] {
  const name = (job: JobCounts): string => `${job.id ?? '~'} ${job.name ?? ''}`;
  return [...jobs].sort((left, right) => (name(left) < name(right) ? -1 : 1));
}

export function describeDocuments(store: () => Store): void {
  it('remembers alerts, newest first', async () => {
    const alert = (id: string, sentAt: string, more: Partial<Alert> = {}): Alert => ({
      id,
      incidentId: 'i1',
      receiver: 'r',
      reason: 'new',
      cause: 'c',
      sentAt,
      state: 'sent',
      attempts: 1,
      ...more,
    });
    await store().alerts.save(alert('1', '2026-11-20T10:00:00.000Z'));
    await store().alerts.save(alert('2', '2026-11-20T11:00:00.000Z', { state: 'pending', payload: HUGE }));
    await store().alerts.save(alert('3', '2026-11-20T12:00:00.000Z', { incidentId: 'i2' }));

    expect((await store().alerts.find({ limit: 10 })).map((found) => found.id)).toEqual(['3', '2', '1']);
    expect((await store().alerts.find({ where: { incidentId: 'i1' }, limit: 10 })).map((found) => found.id)).toEqual([
      '2',
      '1',
    ]);
    expect(await store().alerts.find({ where: { state: 'pending' }, limit: 10 })).toEqual([
      alert('2', '2026-11-20T11:00:00.000Z', { state: 'pending', payload: HUGE }),
    ]);

    await store().alerts.save(alert('2', '2026-11-20T11:00:00.000Z'));

    expect(await store().alerts.find({ where: { state: 'pending' }, limit: 10 })).toEqual([]);
    expect((await store().alerts.find({ limit: 1 })).map((found) => found.id)).toEqual(['3']);
  });

  it('keeps many alerts at once, of one that is named twice the last', async () => {
    const alert = (id: string, state: Alert['state']): Alert => {
      const sentAt = '2026-11-20T10:00:00.000Z';
      return { id, incidentId: 'i', receiver: 'r', reason: 'new', cause: 'c', sentAt, state, attempts: 1 };
    };
    await store().alerts.saveAll([alert('1', 'pending'), alert('2', 'pending'), alert('1', 'sent')]);
    await store().alerts.saveAll([]);

    expect(await store().alerts.find({ limit: 10 })).toEqual([alert('1', 'sent'), alert('2', 'pending')]);
  });

  it('keeps the last status of each agent', async () => {
    const status = (id: string, files: number) => ({
      id,
      host: 'h',
      time: '2026-11-20T10:00:00.000Z',
      files,
      lagBytes: 0,
      shippedRecords: 1,
      counters: { 'a.b': 1, '': 2 },
      conditions: [],
    });
    await store().agents.save(status('b', 1));
    await store().agents.save(status('a', 1));
    await store().agents.save(status('b', 2));

    await waitUntil(
      'both statuses',
      async () =>
        JSON.stringify(await store().agents.find()) === JSON.stringify([status('a', 1), status('b', 2)]) ||
        JSON.stringify(await store().agents.find()),
    );
  });
}

export function describeStates(store: () => Store): void {
  it('keeps small named states', async () => {
    expect((await store().states.load('analyzer/0 cursor'))?.value).toBeUndefined();

    await store().states.save({ key: 'analyzer/0 cursor', value: 'one' });
    await store().states.save({ key: 'analyzer/0 cursor', value: HUGE });
    expect((await store().states.load('analyzer/0 cursor'))?.value).toBe(HUGE);

    await store().states.remove(['analyzer/0 cursor']);
    await store().states.remove(['analyzer/0 cursor']);
    expect((await store().states.load('analyzer/0 cursor'))?.value).toBeUndefined();
  });

  it('replaces a state where nobody has changed it, by one of several who try', async () => {
    const named = (value: string): State => ({ key: 'lease', value });
    const replace = (known: string | undefined, value: string) =>
      store().states.replace(known === undefined ? undefined : named(known), named(value));
    const compete = async (known: string | undefined, values: readonly string[]) => {
      const done = await Promise.all(values.map((value) => replace(known, value)));
      return values.filter((_value, index) => done[index]);
    };

    expect(await replace('nothing yet', 'one')).toBe(false);
    const first = await compete(undefined, ['a', 'b', 'c']);
    expect(first).toEqual([(await store().states.load('lease'))?.value]);
    expect(await replace(undefined, 'late')).toBe(false);
    expect(await replace('another', 'late')).toBe(false);
    const second = await compete(first[0], ['d', 'e', 'f']);
    expect(second).toEqual([(await store().states.load('lease'))?.value]);
    await store().states.remove(['lease']);
    expect(await replace(second[0], 'late')).toBe(false);
    expect(await replace(undefined, 'anew')).toBe(true);
    expect((await store().states.load('lease'))?.value).toBe('anew');
  });
}
