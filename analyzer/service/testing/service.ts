// Helpers for the tests of the service: an analyzer over a store of its own with a fixed clock, and the records of a
// real failure.
import { join } from 'node:path';
import { createLog } from '../../../core/log.js';
import type { Incident } from '../../../core/documents/incident.js';
import type { LogRecord } from '../../../core/types.js';
import { openSqliteStore } from '../../../store/sqlite/sqlite.js';
import type { Store } from '../../../store/store.js';
import { appendRecords } from '../../../store/testing/samples.js';
import { createAnalyzer, type Analyzer } from '../analyzer.js';
import { loadCatalog } from '../../catalog/catalog.js';
import { BUFFER_RECORDING, makeFolder, readRecording, toRecord } from '../../testing/samples.js';

export const catalog = loadCatalog();

/** Records of a real failure: too few network buffers. */
export const records = readRecording(BUFFER_RECORDING).map((entry) => toRecord(entry));

export const now = Math.max(...records.map((record) => Date.parse(record['@timestamp']))) + 60_000;

export function openStore(): Store {
  return openSqliteStore({ path: join(makeFolder(), 'data.db') });
}

export interface Heard {
  readonly incident: Incident;
  readonly change: 'new' | 'changed';
}

export function startAnalyzer(store: Store, lastSeen: Heard[] = []): Analyzer {
  return createAnalyzer({
    store,
    catalog,
    log: createLog('silent'),
    now: () => now,
    onIncident: (incident, change) => void lastSeen.push({ incident, change }),
  });
}

export async function drain(analyzer: Analyzer): Promise<void> {
  while (!(await analyzer.stepOnce()).drained);
}

export function toPlain(incidents: readonly Incident[]): unknown {
  return JSON.parse(JSON.stringify(incidents));
}

/** Returns the incidents of these batches. One analyzer reads all of them, or a new one is started after each batch. */
export async function run(
  batches: readonly (readonly LogRecord[])[],
  restartEach: boolean,
): Promise<{ readonly incidents: readonly Incident[]; readonly lastSeen: readonly Heard[] }> {
  const store = openStore();
  const lastSeen: Heard[] = [];
  let analyzer = startAnalyzer(store, lastSeen);
  for (const batch of batches) {
    await appendRecords(store, batch);
    await drain(analyzer);
    if (restartEach) analyzer = startAnalyzer(store, lastSeen);
  }
  const incidents = await store.findIncidents({ limit: 100 });
  await store.close();
  return { incidents, lastSeen };
}

export function cut(list: readonly LogRecord[], size: number): readonly (readonly LogRecord[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
