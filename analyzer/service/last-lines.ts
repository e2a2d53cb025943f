// Reads last lines of processes from the store. The feed leaves out lines without a signal word, so that the store may
// have later lines. They are needed if a finding names a peer, whose last line is evidence, if a signal has no time of
// its own, and if only later lines of a JobManager show that a job recovered.
import type { RecordSearch } from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { RECORD_READER } from '../entry/record.js';
import { WHOLE_LOG } from '../entry/reading.js';
import type { Signal } from '../entry/signal.js';
import { createLastLineKeeper } from '../incident/last-line.js';
import { keepLastLine, type ClusterMemory } from './keep.js';

export interface AskOptions {
  readonly store: Pick<RecordSearch, 'findRecords'>;
  readonly catalog: Catalog;
  readonly zone: string | undefined;
  readonly now: number;
  /** True if the outcomes of the jobs must be checked now. */
  readonly isDue: boolean;
}

/**
 * Shortest time, in milliseconds, between two requests for a process. A failing cluster is concluded several times a
 * second.
 */
const ASK_EVERY_MS = 5000;
/**
 * Number of newest records to read. Threads do not write in exact order, but the last line of a file is among its
 * newest.
 */
const NEWEST_RECORDS = 20;
/** Query for lines with a time: their own, or in a log the time of the previous line. */
const DATED = 'NOT flag:undated AND (kind:log OR NOT layout:none)';

/** Returns true if later lines were found. */
export async function askLastLines(cluster: string, memory: ClusterMemory, options: AskOptions): Promise<boolean> {
  let isLater = false;
  for (const process of listAsked(memory, options)) {
    if (options.now - (memory.asked.get(process) ?? Number.NEGATIVE_INFINITY) < ASK_EVERY_MS) continue;
    isLater = (await askLastLine(cluster, process, memory, options)) || isLater;
    memory.asked.set(process, options.now);
  }
  return isLater;
}

export async function askLastLine(
  cluster: string,
  process: string,
  memory: ClusterMemory,
  { store, zone }: Pick<AskOptions, 'store' | 'zone'>,
): Promise<boolean> {
  const known = memory.lastLines.get(process)?.time;
  const { records } = await store.findRecords({
    query: DATED,
    cluster,
    process,
    from: known === undefined ? undefined : new Date(known).toISOString(),
    limit: NEWEST_RECORDS,
    order: 'newest',
  });
  const keeper = createLastLineKeeper();
  for (const record of records) {
    const entry = RECORD_READER.readEntry(record);
    if (entry !== undefined) keeper.keep(entry);
  }
  let isLater = false;
  for (const [name, line] of keeper.list(zone)) isLater = keepLastLine(memory, name, line) || isLater;
  return isLater;
}

/** Returns the processes whose last line a conclusion needs. */
function listAsked({ index, signals, undated }: ClusterMemory, { catalog, isDue }: AskOptions): ReadonlySet<string> {
  const asked = new Set([...undated.values()].map(({ place }) => place.process));
  const view = index.view(WHOLE_LOG);
  // Processes that logged a state of a job.
  if (isDue) for (const { states } of view.jobs.values()) for (const { process } of states) asked.add(process);
  for (const name of listPeers(signals.values(), catalog)) {
    const process = view.processOf(name)?.process;
    if (process !== undefined) asked.add(process);
  }
  return asked;
}

/** Returns the names of processes that rules capture from entries. */
function listPeers(signals: Iterable<Signal>, catalog: Catalog): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { matches } of signals)
    for (const { rule, captures } of matches) {
      const name = captures[catalog.findRule(rule)?.peer ?? ''];
      if (name !== undefined) names.add(name);
    }
  return names;
}
