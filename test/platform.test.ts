// Tests that many jobs which fail because of one ZooKeeper are one incident and one message: recordings of a real
// outage, copied to clusters and jobs of other names, through the store, the analyzer and the notifier.
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { createAnalyzer, type Analyzer } from '../analyzer/service/analyzer.js';
import { createLease, type Lease } from '../analyzer/platform/lease.js';
import { copyRecords, OWN_FAULT, readStorm, ZOOKEEPER_OUTAGE, ZOOKEEPER_QUORUM } from '../analyzer/testing/storm.js';
import { createLog } from '../core/log.js';
import type { Incident } from '../core/documents/incident.js';
import { ALL_CLUSTERS, type LogRecord } from '../core/types.js';
import type { Notifier } from '../notify/notify.js';
import { useFixture } from '../notify/testing/notifier.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';
import { appendRecords } from '../store/testing/samples.js';

const TICK_MS = 2000;
const catalog = loadCatalog();
const outage = readStorm(ZOOKEEPER_OUTAGE);
const ownFault = readStorm(OWN_FAULT);
const start = Date.parse('2026-11-20T10:00:00Z');
/** Outages one after another, all within a minute. */
const storm = [0, 1, 2, 3, 4, 5].map((number) =>
  copyRecords(outage, ZOOKEEPER_OUTAGE, { cluster: `shop-${number}`, number, begin: start + 6000 * number }),
);
/** Jobs that fail in the middle of it, for their own reason. */
const innocents = [8, 9, 10].map((number) =>
  copyRecords(ownFault, OWN_FAULT, { cluster: `lab-${number}`, number, begin: start - 280_000 }),
);
const fixture = useFixture(() => openStore({ kind: 'sqlite', path: ':memory:' }));

interface Watch {
  readonly store?: Store;
  readonly notifier?: Notifier;
  readonly lease?: Lease;
}

function startAnalyzer({ store = fixture.store, notifier, ...more }: Watch): Analyzer {
  return createAnalyzer({
    store,
    catalog,
    ...more,
    log: createLog('silent'),
    now: () => fixture.nowMs,
    onIncident: (incident) => notifier?.incidentChanged(incident),
    onGone: (id) => notifier?.incidentGone(id),
  });
}

/** Appends each line at its own time, and calls `step` at each tick. */
async function play(records: readonly LogRecord[], silentMs: number, step: () => Promise<void>): Promise<void> {
  const left = [...records].sort((a, b) => timeOf(a) - timeOf(b));
  const last = timeOf(left.at(-1));
  for (fixture.nowMs = timeOf(left[0]); fixture.nowMs <= last + silentMs; fixture.nowMs += TICK_MS) {
    const next = left.findIndex((record) => timeOf(record) > fixture.nowMs);
    const due = left.splice(0, next < 0 ? left.length : next);
    if (due.length > 0) await appendRecords(fixture.store, due);
    if (due.length > 0 || left.length === 0) await step();
  }
}

function timeOf(record: LogRecord | undefined): number {
  return Date.parse(record?.['@timestamp'] ?? '');
}

/** Returns the platform incidents when no pending work changes them any more. */
async function settle(store: Store, analyzers: readonly Analyzer[]): Promise<readonly Incident[]> {
  for (let before = ''; ;) {
    for (const analyzer of analyzers) while (!(await analyzer.stepOnce()).drained);
    const after = JSON.stringify(await store.findIncidents({ limit: 100 }));
    if (after === before) return store.findIncidents({ cluster: ALL_CLUSTERS, limit: 10 });
    before = after;
    // Each step of chaining needs a pause.
    fixture.nowMs += 10_000;
  }
}

/**
 * Returns the incidents at the end when the records come in these batches, with this many analyzers, which are
 * restarted before each batch.
 */
async function conclude(batches: readonly (readonly LogRecord[])[], count = 1): Promise<readonly Incident[]> {
  const store = await openStore({ kind: 'sqlite', path: ':memory:' });
  fixture.nowMs = start + 600_000;
  let found: readonly Incident[] = [];
  for (const batch of batches) {
    await appendRecords(store, batch);
    const lease = (): Lease | undefined => (count === 1 ? undefined : createLease({ store, log: createLog('silent') }));
    found = await settle(
      store,
      Array.from({ length: count }, () => startAnalyzer({ store, lease: lease() })),
    );
  }
  await store.close();
  return found;
}

describe('an outage of one ZooKeeper', () => {
  it('is one card and one message, with its jobs below it and whoever failed by himself beside it', async () => {
    const notifier = fixture.createNotifier();
    const analyzer = startAnalyzer({ notifier });

    await play([...storm, ...innocents].flat(), 60_000, async () => {
      while (!(await analyzer.stepOnce()).drained);
      await notifier.stepOnce();
    });

    const [platform, ...others] = await settle(fixture.store, [analyzer]);
    const incidents = await fixture.store.findIncidents({ limit: 100 });
    const children = incidents.filter(({ parent }) => parent !== undefined);
    expect(others).toEqual([]);
    expect(platform).toMatchObject({ platform: { kind: 'zookeeper', thing: ZOOKEEPER_QUORUM, jobs: 6, clusters: 6 } });
    expect(platform?.diagnoses.zh[0]?.title).toContain('6 个作业');
    expect(children.map(({ parent }) => parent)).toEqual(storm.map(() => platform?.id));
    expect(platform?.platform?.children.map(({ id }) => id).sort()).toEqual(children.map(({ id }) => id).sort());
    expect(incidents.filter(({ diagnoses }) => diagnoses.en[0]?.cause === 'code.cast')).toHaveLength(3);
    expect(fixture.sink.received.map(({ body }) => describeMessage(body)).sort()).toEqual(
      [
        // Nobody knew before the third job failed; one correction covers both.
        'opened fraud-alerts-0',
        'opened fraud-alerts-1',
        'joined fraud-alerts-0',
        `opened ${platform?.id ?? ''}`,
        'opened parcel-weights-8',
        'opened parcel-weights-9',
        'opened parcel-weights-10',
        // They failed, were notified, restarted until their attempts were used up, and ended for good.
        'escalated parcel-weights-8',
        'escalated parcel-weights-9',
        'escalated parcel-weights-10',
      ].sort(),
    );
  });

  it('is the same card in any order of arrival, by several analyzers, and when they begin anew', async () => {
    const few = storm.slice(0, 4);
    const [expected] = await conclude([few.flat()]);

    expect(expected?.platform?.jobs).toBe(4);
    expect(await conclude([[...few].reverse().flat()])).toEqual([expected]);
    expect(await conclude([few.slice(2).flat(), few.slice(0, 2).flat()])).toEqual([expected]);
    expect(await conclude([few.flat()], 2)).toEqual([expected]);
  });

  it('is none while it is of two jobs', async () => {
    expect(await conclude([storm.slice(0, 2).flat()])).toEqual([]);
  });
});

function describeMessage(body: Readonly<Record<string, unknown>>): string {
  const { type, data } = body as { type: string; data: { incident: Incident } };
  return `${type.replace('jobtrace.incident.', '')} ${data.incident.job?.name ?? data.incident.id}`;
}
