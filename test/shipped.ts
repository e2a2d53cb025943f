// Compares, for tests and bench/shipped.ts, what the service reports about files that agents have shipped with what the
// command line reports about them.
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { listSignalWords } from '../analyzer/catalog/signal-words.js';
import { collectClusters, concludeClusters } from '../analyzer/incident/clusters.js';
import { diagnose } from '../analyzer/incident/diagnose.js';
import { flattenIncidents } from '../analyzer/incident/document.js';
import { readEntries } from '../analyzer/input/read.js';
import { createAnalyzer, type Analyzer } from '../analyzer/service/analyzer.js';
import { createLog } from '../core/log.js';
import type { Incident } from '../core/documents/incident.js';
import type { Store } from '../store/store.js';
import { openFixtureOver } from './agent-fixture.js';

const catalog = loadCatalog();
const now = Date.now();

/** Part of a diagnosis that a reader sees first. */
export interface Verdict {
  readonly rule: string;
  readonly symptom: boolean;
  readonly summary: string;
}

export interface Verdicts {
  readonly incidents: number;
  readonly diagnoses: readonly Verdict[];
  /** Exception chains of failures that no rule names. */
  readonly unknown: readonly (readonly string[])[];
}

export function judgeFiles(paths: readonly string[]): Verdicts {
  return tell(diagnose(readEntries(paths), catalog, { now }));
}

/** Judges the files, but never as an excerpt, because the service has all lines. */
export function judgeWholeFiles(paths: readonly string[]): Verdicts {
  return tell(concludeClusters(collectClusters(readEntries(paths), catalog, { now }), catalog, { now }));
}

/** Judges everything in the store, in batches of this many records; a newly started analyzer reads each. */
export async function judgeStore(store: Store, batchSize = 500): Promise<Verdicts> {
  while (!(await startAnalyzer(store, batchSize).stepOnce()).drained);
  return tell(await store.findIncidents({ limit: 1000 }));
}

/** Shipment of one agent, under its own name in a store that it shares with others. */
export interface Shipment {
  readonly cluster: string;
  readonly paths: readonly string[];
}

const AGENTS_AT_ONCE = 8;
/** Time limit in milliseconds, long because the agents' clock is moved by hand, but not the store's. */
const STOP_WITHIN_MS = 120_000;

/** Ships all with one agent each, some at a time, into one store. */
export async function shipAll(store: Store, shipments: readonly Shipment[]): Promise<void> {
  const words = listSignalWords(catalog);
  const kept: Store = { ...store, close: () => Promise.resolve() };
  const waiting = [...shipments];
  const shipNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const fixture = openFixtureOver(kept, {
        ...next,
        words,
        undecidedFlushMs: 1000,
        isStoreShared: true,
        stopWithinMs: STOP_WITHIN_MS,
      });
      await fixture.poll(3);
      await fixture.agent.flush();
      await fixture.close();
    }
  };
  await Promise.all(Array.from({ length: AGENTS_AT_ONCE }, shipNext));
}

/** Returns, for each cluster, what an analyzer reports that reads them all at once. */
export async function judgeClusters(
  store: Store,
  clusters: readonly string[],
  batchSize = 2000,
): Promise<ReadonlyMap<string, Verdicts>> {
  const analyzer = startAnalyzer(store, batchSize);
  while (!(await analyzer.stepOnce()).drained);
  const verdicts = new Map<string, Verdicts>();
  for (const cluster of clusters) verdicts.set(cluster, tell(await store.findIncidents({ cluster, limit: 1000 })));
  return verdicts;
}

function startAnalyzer(store: Store, batchSize: number): Analyzer {
  return createAnalyzer({ store, catalog, log: createLog('silent'), now: () => now, batchSize });
}

function tell(incidents: readonly Incident[]): Verdicts {
  const { diagnoses, unknown } = flattenIncidents(incidents, 'en');
  return {
    incidents: incidents.length,
    diagnoses: diagnoses.map(({ rule, symptom, summary }) => ({ rule, symptom, summary })),
    unknown: unknown.map(({ chain }) => chain),
  };
}
