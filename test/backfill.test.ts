// Tests that a stored failure which no rule names gets its cause when a matching rule is added and the service restarts
// or reloads its rules. The incident says so, and the only further notification is the correction. On SQLite and
// Elasticsearch.
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../analyzer/catalog/catalog.js';
import { listSignalWords } from '../analyzer/catalog/signal-words.js';
import { createAnalyzer, type Analyzer } from '../analyzer/service/analyzer.js';
import { makeCatalog, makeLog, toRecord } from '../analyzer/testing/samples.js';
import { createLog } from '../core/log.js';
import type { Incident } from '../core/documents/incident.js';
import type { LogRecord } from '../core/types.js';
import { createSignalDetector, rankEntry } from '../flink/bytes/signals.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { useElasticsearch } from '../lab/parts/testing/use-elasticsearch.js';
import type { Notifier } from '../notify/notify.js';
import { useFixture } from '../notify/testing/notifier.js';
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';
import { appendRecords, waitUntil } from '../store/testing/samples.js';

const MASTER = 'org.apache.flink.runtime.jobmaster.JobMaster';
const GONE = 'com.acme.lookup.LeaseGoneException: the lease of shop 17 is gone';
const NOW = Date.parse('2026-03-02T10:30:00Z');
const before = makeCatalog({ 'restart.exhausted/any': 'role: symptom\nmatch: [{ id: a, anchor: "Recovery is off" }]' });
const after = makeCatalog({
  'code.user-exception/lease': 'match: [{ id: gone, anchor: "LeaseGoneException: the lease of" }]',
  // This anchor is in a line without any word of the earlier rules, and states the reason.
  'cluster.disk-full/lease': `
scope: process
explains: [code.user-exception]
match: [{ id: full, anchor: "The lease server has no room" }]`,
});

/** Renders a job whose failure no rule names, in the log of a JobManager that had logged the reason before. */
function failJob(cluster: string, job: string, day: string): readonly LogRecord[] {
  const marker = createSignalDetector(listSignalWords(before));
  return makeLog(`/l/${cluster}/flink-u-standalonesession-0-jm.log`, [
    `10:00:02 INFO ${MASTER} - Job orders (${job}) switched from state CREATED to RUNNING.`,
    `10:19:00 INFO com.acme.lookup.Leases - The lease server has no room`,
    `10:19:30 INFO com.acme.lookup.Leases - Somebody waits for a lease`,
    `10:20:00 INFO ${MASTER} - Job orders (${job}) switched from state RUNNING to FAILED.`,
    GONE,
    '\tat com.acme.lookup.Leases.take(Leases.java:19)',
  ])
    .map((entry) => toRecord({ ...entry, source: { ...entry.source, cluster } }))
    .map((record) => ({
      ...record,
      '@timestamp': record['@timestamp'].replace('2026-03-02', day),
      'event.original': record['event.original'].replace('2026-03-02', day),
      'jobtrace.signal': marker.signals[rankEntry(marker, Buffer.from(record['event.original']))],
    }));
}

function describeBackfill(open: () => Promise<Store>): void {
  const fixture = useFixture(open);

  function start(catalog: Catalog, notifier: Notifier): Analyzer {
    return createAnalyzer({
      store: fixture.store,
      catalog,
      log: createLog('silent'),
      now: () => fixture.nowMs,
      onIncident: (incident) => notifier.incidentChanged(incident),
      onGone: (id) => notifier.incidentGone(id),
    });
  }

  async function drain(analyzer: Analyzer, notifier: Notifier): Promise<void> {
    while (!(await analyzer.stepOnce()).drained);
    await analyzer.stepOnce();
    fixture.nowMs += 60_000;
    await notifier.stepOnce();
  }

  async function findCards(): Promise<readonly Incident[]> {
    const found = await fixture.store.findIncidents({ limit: 10 });
    return [...found].sort((a, b) => (a.cluster < b.cluster ? -1 : 1));
  }

  it.each([
    ['is started again', true],
    ['loads its rules anew', false],
  ])('names what it stored without a name, when it %s', async (_, isRestarted) => {
    fixture.nowMs = NOW;
    const notifier = fixture.createNotifier();
    await appendRecords(fixture.store, [
      ...failJob('shop', 'a'.repeat(32), '2026-03-02'),
      ...failJob('warehouse', 'b'.repeat(32), '2026-02-28'),
    ]);
    const first = start(before, notifier);
    await drain(first, notifier);
    await waitUntil('both cards', async () => (await findCards()).length === 2);
    const unknown = await findCards();

    const second = isRestarted ? start(after, notifier) : first;
    second.setCatalog(after);
    await drain(second, notifier);
    await waitUntil('both causes', async () =>
      (await findCards()).every(({ diagnoses }) => diagnoses.en[0]?.rule === 'cluster.disk-full/lease'),
    );
    const cards = await findCards();

    expect(unknown.map(({ unknown: [failure], diagnoses }) => [failure?.chain, diagnoses.en])).toEqual(
      [1, 2].map(() => [['com.acme.lookup.LeaseGoneException'], []]),
    );
    expect(cards.map(({ id }) => id)).toEqual(unknown.map(({ id }) => id));
    expect(cards.map(({ revised }) => revised)).toEqual([1, 2].map(() => ({ time: expect.any(String) as string })));
    expect(cards.flatMap(({ unknown: left }) => left)).toEqual([]);
    // Nobody was notified of the failure of the day before yesterday, and nobody is now.
    expect(fixture.types()).toEqual(['jobtrace.incident.opened', 'jobtrace.incident.corrected']);

    // A second start changes nothing.
    const [written] = cards;
    await drain(start(after, notifier), notifier);
    expect((await findCards())[0]?.revised).toEqual(written?.revised);
    expect(fixture.types()).toHaveLength(2);
  });
}

describe('after the rules changed, the service on SQLite', () => {
  describeBackfill(() => openStore({ kind: 'sqlite', path: ':memory:' }));
});

describeWithParts(['elasticsearch-8'], 'after the rules changed, the service on Elasticsearch', () => {
  const node = useElasticsearch('backfill');
  let stores = 0;
  describeBackfill(() =>
    Promise.resolve(
      openElasticsearchStore({ nodes: [node.url], indexPrefix: `backfill-${(stores += 1)}`, refreshMs: 200 }),
    ),
  );
});
