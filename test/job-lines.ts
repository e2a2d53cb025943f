// Determines, for recordings.test.ts, what a search for the failed job must find in a recording, and what it must not.
// Plain patterns over the lines, not the engine, decide which job a line belongs to.
import type { Incident } from '../core/documents/incident.js';
import type { LogRecord } from '../core/types.js';
import type { Manifest } from '../lab/play/manifest.js';
import type { Store } from '../store/store.js';

export interface FoundLines {
  /** Number of evidence lines of the job's incidents, and those that the search by its id, or by its name, missed. */
  readonly evidence: number;
  readonly missedById: readonly string[];
  readonly missedByName: readonly string[];
  /** Lines of healthy neighbours that were found by mistake. */
  readonly neighbours: readonly string[];
  /** Lines that the search by id finds but the search by name does not. */
  readonly onlyById: readonly string[];
}

/** Returns the lines; undefined if no job of the recording is known to have failed. */
export async function findLines(
  { expected, jobs }: Manifest,
  records: readonly LogRecord[],
  store: Store,
): Promise<FoundLines | undefined> {
  const failed = jobs.find(({ id }) => id === expected.job);
  if (failed === undefined) return undefined;
  const incidents = (await store.findIncidents({ limit: 1000 })).filter(({ job }) => job?.id === failed.id);
  const shown = listEvidence(incidents);
  const byId = await ask(store, `job:${failed.id}`);
  // The name is unknown if no line contains it.
  const byName = records.some((record) => record['flink.job.name'] === failed.name)
    ? await ask(store, `job:"${failed.name}"`)
    : byId;
  const texts = new Map(records.map((record) => [record.id, record['event.original']]));
  const show = (ids: Iterable<string>): string[] => [...ids].map((id) => texts.get(id)?.slice(0, 200) ?? id);
  const neighbours = jobs.filter(({ id, name }) => id !== failed.id && name !== failed.name).map(({ id }) => id);
  const foreign = listOwnLines(records, neighbours, failed.id);
  return {
    evidence: shown.size,
    missedById: show([...shown].filter((id) => !byId.has(id))),
    missedByName: show([...shown].filter((id) => !byName.has(id))),
    neighbours: show(foreign.filter((id) => byId.has(id) || byName.has(id))),
    onlyById: show([...byId].filter((id) => !byName.has(id))),
  };
}

function listEvidence(incidents: readonly Incident[]): ReadonlySet<string> {
  const evidence = incidents.flatMap(({ diagnoses, unknown }) =>
    [...diagnoses.en, ...unknown].flatMap((told) => told.evidence),
  );
  return new Set(evidence.flatMap(({ recordId }) => recordId ?? []));
}

const SLOT = /\b([0-9a-f]{32}) (?:with leader id \S+ )?for job ([0-9a-f]{32})/g;
const RECEIVED = /^Received task [^]*\(([0-9a-f_]{32,})\), deploy into slot with allocation id ([0-9a-f]{32})/;

/** Lists the lines that name one of the jobs, one of its slots or one of its attempts, but not `except`. */
function listOwnLines(records: readonly LogRecord[], jobs: readonly string[], except: string): readonly string[] {
  const ids = new Set(jobs);
  const texts = records.map((record) => record['event.original']);
  for (const text of texts) for (const [, slot = '', job = ''] of text.matchAll(SLOT)) if (ids.has(job)) ids.add(slot);
  for (const { message } of records) {
    const [, attempt = '', slot = ''] = RECEIVED.exec(message) ?? [];
    if (!ids.has(slot)) continue;
    ids.add(attempt);
    if (attempt.includes('_')) ids.add(attempt.slice(0, attempt.indexOf('_')));
  }
  return records.flatMap((record) => {
    const text = record['event.original'];
    const isOwn = jobs.includes(record['flink.job.id'] ?? '') || [...ids].some((id) => text.includes(id));
    return isOwn && !text.includes(except) ? [record.id] : [];
  });
}

async function ask(store: Store, query: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  let after: string | undefined;
  do {
    const page = await store.searchRecords({ query, limit: 5_000, order: 'oldest', after });
    for (const { id } of page.records) found.add(id);
    after = page.next;
  } while (after !== undefined);
  return found;
}
