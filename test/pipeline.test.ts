// Tests the promise to users on real parts: a real Flink job fails because of missing network buffers. The incident is
// in the store, names the cause, has a patch that fits, counts the restarts, and the webhook got it once. A healthy job
// in the same TaskManager stays clean. Three ways: cluster installation on Elasticsearch with the separation kit, the
// same with Flink's stock logging (both jobs in one file), and next to it "jobtrace up" on SQLite.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Incident } from '../core/documents/incident.js';
import { computeTaskManagerMemory } from '../flink/memory/memory.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { waitUntil } from './program.js';
import { MEMORY, openSite, type Site, type SiteView } from './site.js';

const CAUSE = 'network.insufficient-buffers';
const MEBIBYTE = 1_048_576;
const RESTARTS = 2;
/**
 * SQL of a job that needs too many buffers: each of the four keyed exchanges needs 30 × (30 + 1) buffers to send, 3,720
 * in all, and there are 2,048.
 */
const GREEDY_SQL = `
SET 'pipeline.name' = 'orders-by-customer';
SET 'parallelism.default' = '30';
SET 'restart-strategy.type' = 'fixed-delay';
SET 'restart-strategy.fixed-delay.attempts' = '${RESTARTS}';
SET 'restart-strategy.fixed-delay.delay' = '2 s';
CREATE TABLE orders (customer BIGINT, product BIGINT, region BIGINT, amount DOUBLE) WITH ('connector' = 'datagen', 'rows-per-second' = '30');
CREATE TABLE totals (id BIGINT, amount DOUBLE) WITH ('connector' = 'blackhole');
EXECUTE STATEMENT SET BEGIN
  INSERT INTO totals SELECT customer, SUM(amount) FROM orders GROUP BY customer;
  INSERT INTO totals SELECT product, SUM(amount) FROM orders GROUP BY product;
  INSERT INTO totals SELECT region, SUM(amount) FROM orders GROUP BY region;
  INSERT INTO totals SELECT customer + product, SUM(amount) FROM orders GROUP BY customer + product;
END;
`;

describeWithParts(['flink-1.20', 'elasticsearch-8'], 'a failing job becomes a diagnosis', () => {
  describe.each([
    ['with separated logs', true, ['on Elasticsearch']],
    ['with stock logging', false, ['on Elasticsearch', 'by jobtrace up on SQLite']],
  ] as const)('%s', (logging, separated, ways) => {
    let site: Site;
    let up: SiteView | undefined;
    let close: () => Promise<void> = () => Promise.resolve();
    let failedId = '';

    beforeAll(async () => {
      ({ site, close } = await openSite(separated, 'elasticsearch'));
      if (!separated) up = await site.addUp();
      expect((await site.cluster.runSql(GREEDY_SQL)).error).toBe('');
      failedId = await waitUntil(
        'the greedy job to end',
        async () => (await site.cluster.jobs()).find((job) => job.state === 'FAILED')?.id,
        { deadlineMs: 90_000, saw: () => site.cluster.logDir },
      );
    });
    afterAll(() => close(), 60_000);

    describe.each(ways)('%s', (way) => {
      let seen: Seen;
      beforeAll(async () => {
        const view = way === 'on Elasticsearch' || up === undefined ? site : up;
        seen = { site, failedId, view, incident: await waitForIncident(view, failedId) };
      });

      describeDiagnosis(() => seen);
      describeOthers(() => seen, `${logging}, ${way}`);
    });
  });
});

interface Seen {
  readonly site: Site;
  readonly view: SiteView;
  readonly failedId: string;
  readonly incident: Incident;
}

/** Waits for the incident with all restarts. */
function waitForIncident(view: SiteView, job: string): Promise<Incident> {
  return waitUntil(
    'an incident with all restarts',
    async () =>
      (await view.incidents()).find(
        (item) => item.job?.id === job && item.restarts >= RESTARTS && item.outcome === 'failed',
      ),
    { deadlineMs: 30_000 },
  );
}

function describeDiagnosis(seen: () => Seen): void {
  it('names the cause and shows the line that proves it', () => {
    const { incident, failedId } = seen();
    const [first] = incident.diagnoses.en;

    expect(first?.cause).toBe(CAUSE);
    expect(first?.symptom).toBe(false);
    expect(first?.job).toEqual({ id: failedId, name: 'orders-by-customer' });
    expect(first?.evidence[0]?.text).toContain('Insufficient number of network buffers: required ');
    expect(incident.diagnoses.zh[0]?.title).toMatch(/[\u4e00-\u9fff]/);
  });

  it('carries a patch that meets the need, keeps the task heap, and is not larger than it must be', () => {
    const { site, incident } = seen();
    const patch =
      incident.diagnoses.en[0]?.fixes.find((fix) => fix.patch['taskmanager.memory.network.min'] !== undefined)?.patch ??
      {};
    const { required, available, total, segment } = readNumbers(incident);
    const needed = (total - available + required) * segment * 1.5;
    const options = { ...site.cluster.config, ...MEMORY };
    const before = layoutOf(options);
    const after = layoutOf({ ...options, ...patch });
    const size = Number.parseInt(patch['taskmanager.memory.process.size'] ?? '', 10);

    expect(patch['taskmanager.memory.network.min']).toBe(`${Math.ceil(needed / MEBIBYTE / 16) * 16}m`);
    expect(after.network).toBeGreaterThanOrEqual(needed);
    expect(after.taskHeap).toBeGreaterThanOrEqual(before.taskHeap);
    expect(patch['taskmanager.memory.process.size']).toMatch(/^\d+m$/);
    expect(layoutOf({ ...options, ...patch, 'taskmanager.memory.process.size': `${size - 1}m` }).taskHeap).toBeLessThan(
      before.taskHeap,
    );
  });

  it('counts the restarts in one incident', async () => {
    const { view, failedId } = seen();
    const ofJob = (await view.incidents()).filter((item) => item.job?.id === failedId);

    expect(ofJob).toHaveLength(1);
    expect(ofJob[0]?.restarts).toBe(RESTARTS);
    expect(ofJob[0]?.attempts).toHaveLength(RESTARTS + 1);
  });
}

function describeOthers(seen: () => Seen, name: string): void {
  it('told the webhook once that the job fails, soon after the line', async () => {
    const { view, failedId, incident } = seen();
    const news = await waitUntil(
      'the webhook',
      () => {
        const found = view.receiver.received.filter(({ body }) => reasonOf(body) === 'new-incident');
        return found.length > 0 ? found : undefined;
      },
      { saw: () => view.receiver.received.map(({ body }) => reasonOf(body)) },
    );
    const line = firstFailureTime(incident);

    console.log(`from the line to the webhook: ${(news[0]?.at ?? 0) - line} ms (${name})`);
    expect(news.map(({ body }) => describeMessage(body))).toEqual([
      { job: failedId, incident: incident.id, rule: `${CAUSE}/total` },
    ]);
  });

  it('leaves the healthy neighbour alone', async () => {
    const { site, view, failedId } = seen();
    const jobs = await site.cluster.jobs();
    const records = await view.search(`job:${site.healthyId}`);

    expect(jobs.find((job) => job.id === site.healthyId)?.state).toBe('RUNNING');
    expect((await view.incidents()).map((item) => item.job?.id)).toEqual([failedId]);
    expect(records.length).toBeGreaterThan(5);
    // Lines that name no job were written while this job was alone.
    expect(new Set(records.flatMap((record) => record['flink.job.id'] ?? []))).toEqual(new Set([site.healthyId]));
    expect(records.filter((record) => record['event.original'].includes(failedId))).toEqual([]);
  });
}

function reasonOf(body: Readonly<Record<string, unknown>>): unknown {
  return (body['data'] as { reason?: string } | undefined)?.reason;
}

function describeMessage(body: Readonly<Record<string, unknown>>): unknown {
  const data = body['data'] as
    { incident?: { id: string; job?: { id: string } }; diagnosis?: { rule: string } } | undefined;
  return { job: data?.incident?.job?.id, incident: data?.incident?.id, rule: data?.diagnosis?.rule };
}

function layoutOf(options: Readonly<Record<string, string>>): { network: number; taskHeap: number } {
  const layout = computeTaskManagerMemory(new Map(Object.entries(options)), '1.20.5');
  if (!('taskHeap' in layout)) throw new Error(`the TaskManager would not start: ${JSON.stringify(layout)}`);
  return layout;
}

function readNumbers(incident: Incident): { required: number; available: number; total: number; segment: number } {
  const values = incident.diagnoses.en[0]?.values ?? {};
  const read = (name: string): number => Number.parseInt(values[name] ?? '', 10);
  return { required: read('required'), available: read('available'), total: read('total'), segment: read('segment') };
}

/** Returns the time of the first line of the failure, by the TaskManager's own clock (that of the same machine). */
function firstFailureTime(incident: Incident): number {
  return Date.parse(incident.firstSeen ?? '');
}
