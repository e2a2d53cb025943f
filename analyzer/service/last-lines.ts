// The last line of a process, as far as it counts: lines without a word of the catalog are not read, so the store may
// have later ones than those that were. It is asked where a finding names a peer, whose last line is evidence, and
// where something has no time of its own, and where only what a JobManager went on writing tells that a job recovered.
// Called by analyzer.ts before a cluster is concluded.
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
  /** It is the time to see what became of the jobs. */
  readonly isDue: boolean;
}

/** Of one process; a cluster that fails is concluded several times a second. */
const ASK_EVERY_MS = 5000;
/** Threads write past each other: the last line of a file is among its newest. */
const NEWEST_RECORDS = 20;
/** Lines with a time: their own, or in a log that of the line before. */
const DATED = 'NOT flag:undated AND (kind:log OR NOT layout:none)';

/** True when later lines are known than before. */
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

/** Processes whose last line a conclusion looks at. */
function listAsked({ index, signals, undated }: ClusterMemory, { catalog, isDue }: AskOptions): ReadonlySet<string> {
  const asked = new Set([...undated.values()].map(({ place }) => place.process));
  const view = index.view(WHOLE_LOG);
  // Those that said in which state a job is.
  if (isDue) for (const { states } of view.jobs.values()) for (const { process } of states) asked.add(process);
  for (const name of listPeers(signals.values(), catalog)) {
    const process = view.processOf(name)?.process;
    if (process !== undefined) asked.add(process);
  }
  return asked;
}

/** The names of processes that rules take from entries. */
function listPeers(signals: Iterable<Signal>, catalog: Catalog): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { matches } of signals)
    for (const { rule, captures } of matches) {
      const name = captures[catalog.findRule(rule)?.peer ?? ''];
      if (name !== undefined) names.add(name);
    }
  return names;
}
