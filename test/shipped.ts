// For tests and bench/shipped.ts: what the service says of files that agents have shipped, beside what the command line
// says of them.
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { listSignalWords } from '../analyzer/catalog/signal-words.js';
import { RECORD_READER } from '../analyzer/entry/record.js';
import { collectClusters, concludeClusters } from '../analyzer/incident/clusters.js';
import { diagnose } from '../analyzer/incident/diagnose.js';
import { flattenIncidents } from '../analyzer/incident/document.js';
import { readEntries } from '../analyzer/input/read.js';
import { createAnalyzer, type Analyzer } from '../analyzer/service/analyzer.js';
import { createLog } from '../core/log.js';
import type { Incident } from '../core/types.js';
import type { Store } from '../store/store.js';
import { openFixtureOver } from './agent-fixture.js';

const catalog = loadCatalog();
const now = Date.now();

/** What a reader of a diagnosis sees first. */
export interface Verdict {
  readonly rule: string;
  readonly symptom: boolean;
  readonly summary: string;
}

export interface Verdicts {
  readonly incidents: number;
  readonly diagnoses: readonly Verdict[];
  /** Chains of failures that no rule names. */
  readonly unknown: readonly (readonly string[])[];
}

export function judgeFiles(paths: readonly string[]): Verdicts {
  return tell(diagnose(readEntries(paths), catalog, { now }));
}

/** The same, but never as an excerpt: the service has all lines. */
export function judgeWholeFiles(paths: readonly string[]): Verdicts {
  return tell(concludeClusters(collectClusters(readEntries(paths), catalog, { now }), catalog, { now }));
}

/** Everything in the store, in reads of so many records; each read by an analyzer that has just started. */
export async function judgeStore(store: Store, batchSize = 500): Promise<Verdicts> {
  while (!(await startAnalyzer(store, batchSize).stepOnce()).drained);
  return tell(await store.findIncidents({ limit: 1000 }));
}

/** What one agent ships, under a name of its own in a store that it shares with others. */
export interface Shipment {
  readonly cluster: string;
  readonly paths: readonly string[];
}

const AGENTS_AT_ONCE = 8;
/** The agents' clock is moved by hand, but not the store. */
const STOP_WITHIN_MS = 120_000;

/** An agent for each, some at a time, all into one store. */
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

/** Of each cluster what an analyzer says that reads them all at once. */
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
  return createAnalyzer({ store, reader: RECORD_READER, catalog, log: createLog('silent'), now: () => now, batchSize });
}

function tell(incidents: readonly Incident[]): Verdicts {
  const { diagnoses, unknown } = flattenIncidents(incidents, 'en');
  return {
    incidents: incidents.length,
    diagnoses: diagnoses.map(({ rule, symptom, summary }) => ({ rule, symptom, summary })),
    unknown: unknown.map(({ chain }) => chain),
  };
}
