// For tests: what the service says of files that an agent has shipped, beside what the command line says of them.
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { RECORD_READER } from '../analyzer/entry/record.js';
import { diagnose } from '../analyzer/incident/diagnose.js';
import { flattenIncidents } from '../analyzer/incident/document.js';
import { readEntries } from '../analyzer/input/read.js';
import { createAnalyzer, type Analyzer } from '../analyzer/service/analyzer.js';
import { createLog } from '../core/log.js';
import type { Incident } from '../core/types.js';
import type { Store } from '../store/store.js';

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

/** Everything in the store, in reads of so many records; each read by an analyzer that has just started. */
export async function judgeStore(store: Store, batchSize = 500): Promise<Verdicts> {
  while (!(await startAnalyzer(store, batchSize).stepOnce()).drained);
  return tell(await store.findIncidents({ limit: 1000 }));
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
