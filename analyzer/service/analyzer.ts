// The service's loop: change feed, without what agents found no word of the catalog in → entries → signals, kept of the
// clusters in which something fails → incidents of those that were touched → store and onIncident, and the cursor last.
// The records in the store are the truth: of a cluster that fails they are asked for once, and again after a restart.
// Whatever crash lies between, reading again gives the same incidents under the same ids; onIncident may then hear of
// one a second time, never not at all. The engine is that of diagnose.ts, which the command line calls.
import { JobtraceError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import { findSmallest } from '../../core/sequence.js';
import { ALL_CLUSTERS, type Entry, type Incident, type LogRecord } from '../../core/types.js';
import {
  renderSignal,
  SIGNAL_VERSION_KEY,
  SIGNAL_WORDS_KEY,
  encodeWords,
  type SignalWords,
} from '../../flink/words/words.js';
import type {
  FeedOptions,
  IncidentQuery,
  IncidentStore,
  JobLineStore,
  RecordFeed,
  RecordSearch,
  StateStore,
} from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { listSignalWords } from '../catalog/signal-words.js';
import { concludeCluster } from '../incident/clusters.js';
import type { RuleFault } from '../incident/explain.js';
import { readLastLine } from '../incident/last-line.js';
import { DEFAULT_HEALTHY_MS } from '../incident/incident.js';
import { createFormState, tellForms, type FormEntry, type FormState } from './forms.js';
import { askCheckpoints, askHistory } from './history.js';
import { keepIds, remember } from './identity.js';
import {
  COMPACT_DEFAULTS,
  compactMemory,
  createClusterMemory,
  dateSignals,
  isLarge,
  keepSignal,
  keepLastLine,
  NOTICED_LATER_MS,
  type ClusterMemory,
  type SavedIncident,
} from './keep.js';
import { createLease, type Lease } from '../platform/lease.js';
import { createPlatformKeeper, type PlatformKeeper } from '../platform/keeper.js';
import type { RecordReader } from '../entry/record.js';
import { scanEntry } from '../entry/scan.js';
import { isEvent, type Signal } from '../entry/signal.js';
import { askLastLines } from './last-lines.js';
import { tellLines } from './lines.js';
import { loadServiceState, saveServiceState, type ServiceState } from './state.js';
import { decideWrite, LONG_AGO_MS, printIncident } from './write.js';
import { pause } from '../../core/time/wait.js';

interface AnalyzerSettings {
  readonly store: IncidentStore & JobLineStore & StateStore & Pick<RecordSearch, 'searchRecords'>;
  readonly catalog: Catalog;
  readonly shard?: { readonly index: number; readonly of: number };
  /** Of writing platform incidents; absent where nobody else asks for it. */
  readonly lease?: Lease;
  readonly log: Log;
  readonly now: () => number;
  /** Called after an incident was stored, when it is new or says something new (write.ts). */
  readonly onIncident?: (incident: Incident, change: 'new' | 'changed') => void | Promise<void>;
  /** Called before an incident is removed that better evidence has joined with another, or shown to be harmless. */
  readonly onGone?: (id: string) => void | Promise<void>;
  readonly healthyMs?: number;
  readonly zone?: string;
  readonly pollIntervalMs?: number;
  /** Records of one read. */
  readonly batchSize?: number;
}

export interface AnalyzerOptions<Stored = LogRecord> extends AnalyzerSettings {
  readonly store: RecordFeed<Stored> & AnalyzerSettings['store'];
  /** Knows what the feed holds; nothing else here does. */
  readonly reader: RecordReader<Stored>;
}

export interface StepResult {
  readonly records: number;
  readonly drained: boolean;
  readonly changed: readonly Incident[];
}

export interface AnalyzerStatus {
  readonly records: number;
  /** Those in which something failed lately. */
  readonly clusters: number;
  readonly signals: number;
  readonly incidents: number;
  readonly lastError: string | undefined;
}

export interface Analyzer {
  /** One read of the feed and everything that follows from it. Throws what the store throws. */
  stepOnce(): Promise<StepResult>;
  /** Until the signal aborts; a store that fails is tried again. */
  run(signal: AbortSignal): Promise<void>;
  /** From now on; incidents that stand are judged again when their cluster is touched. */
  setCatalog(catalog: Catalog): void;
  status(): AnalyzerStatus;
}

const POLL_INTERVAL_MS = 300;
const BATCH_SIZE = 2000;
/** How often a job that fails or has just recovered is looked at again without new lines. */
const RECHECK_MS = 30_000;
/** What happens to a process waits so long for the failures of its jobs; Flink notices a dead one after some 20 s. */
const SETTLE_MS = 30_000;
/** Incidents of one cluster, or of all, that are looked up in the store. */
const MAX_RECALLED = 1000;
/** The cursor is written this often at most, where no incident is: so much is read again after a crash. */
const SAVE_INTERVAL_MS = 5000;

interface EntryPage {
  /** Documents of the store, also those that hold no entry. */
  readonly records: number;
  readonly entries: readonly Entry[];
  readonly cursor: string;
  readonly drained: boolean;
}

type LeftOut = Pick<FeedOptions, 'skip' | 'only'>;

interface Running {
  state: ServiceState;
  /** Those in which something failed lately. */
  readonly clusters: Map<string, ClusterMemory>;
  readonly options: AnalyzerSettings;
  readonly lease: Lease;
  readonly platforms: PlatformKeeper;
  readonly readEntries: (cursor: string | undefined, left: LeftOut) => Promise<EntryPage>;
  readonly stateKey: string;
  /** Clusters that have news and are not concluded yet. */
  readonly touched: Set<string>;
  /** When a cluster is to be concluded again without new lines. */
  readonly due: Map<string, number>;
  catalog: Catalog;
  /** What is wrong with which part of which rule, as it was logged. */
  readonly toldFaults: Set<string>;
  /** Those of the catalog. */
  words: SignalWords;
  /** Version of those that the agents are told. */
  toldVersion: string | undefined;
  savedCursor: string | undefined;
  loaded: boolean;
  /** An incident, since the cursor was saved. */
  hasWritten: boolean;
  lastSave: number;
  records: number;
  lastError: string | undefined;
}

export function createAnalyzer<Stored>(options: AnalyzerOptions<Stored>): Analyzer {
  const shard = options.shard ?? { index: 0, of: 1 };
  const lease = options.lease ?? createLease({ store: options.store, shard });
  const running: Running = {
    state: { cursor: undefined, forms: new Map() },
    clusters: new Map(),
    options,
    lease,
    platforms: createPlatformKeeper({
      ...options,
      shard,
      lease,
      onIncident: options.onIncident,
      onGone: options.onGone,
    }),
    readEntries: (cursor, left) => readEntries(options, cursor, left),
    stateKey: `analyzer/${shard.index}-of-${shard.of}`,
    touched: new Set(),
    due: new Map(),
    catalog: options.catalog,
    toldFaults: new Set(),
    words: listSignalWords(options.catalog),
    toldVersion: undefined,
    savedCursor: undefined,
    loaded: false,
    hasWritten: false,
    lastSave: 0,
    records: 0,
    lastError: undefined,
  };
  return {
    stepOnce: () => stepOnce(running),
    run: (signal) => runLoop(running, signal),
    setCatalog: (catalog) => {
      running.catalog = catalog;
      running.toldFaults.clear();
      running.words = listSignalWords(catalog);
    },
    status: () => ({
      records: running.records,
      clusters: running.clusters.size,
      signals: [...running.clusters.values()].reduce((sum, memory) => sum + memory.signals.size, 0),
      incidents: [...running.clusters.values()].reduce((sum, memory) => sum + memory.saved.length, 0),
      lastError: running.lastError,
    }),
  };
}

async function stepOnce(running: Running): Promise<StepResult> {
  if (!running.loaded) await loadState(running);
  const page = await running.readEntries(running.state.cursor, decideLeftOut(running));
  takeEntries(running, page.entries);
  for (const cluster of findDue(running)) running.touched.add(cluster);
  const changed: Incident[] = [];
  for (const cluster of running.touched) {
    const memory = await fillMemory(running, cluster);
    await dateLines(running, cluster, memory);
    for (const incident of await concludeTouched(running, cluster, memory)) changed.push(incident);
    // Only now: when the store fails in between, the next step concludes this cluster although it reads nothing new.
    running.touched.delete(cluster);
    await running.platforms.step();
  }
  await running.platforms.step();
  running.state.cursor = page.cursor;
  running.records += page.records;
  await saveState(running, running.hasWritten);
  running.hasWritten = false;
  await tellWords(running);
  return { records: page.records, drained: page.drained, changed };
}

/** Agents read them there, and mark what they read from then on. */
async function tellWords(running: Running): Promise<void> {
  const { words, options } = running;
  if (running.toldVersion === words.version) return;
  await options.store.saveState(SIGNAL_WORDS_KEY, encodeWords(words));
  await options.store.saveState(SIGNAL_VERSION_KEY, words.version);
  running.toldVersion = words.version;
}

async function readEntries<Stored>(
  options: AnalyzerOptions<Stored>,
  from: string | undefined,
  left: LeftOut,
): Promise<EntryPage> {
  const { store, reader, shard, batchSize = BATCH_SIZE } = options;
  const { records, cursor, drained } = await store.readRecords(from, { limit: batchSize, shard, ...left });
  const entries = records.flatMap((record) => reader.readEntry(record) ?? []);
  return { records: records.length, entries, cursor, drained };
}

/** What says nothing, and what counts beside a failure alone where there is none. */
function decideLeftOut({ words, clusters }: Running): LeftOut {
  const open = [...clusters].flatMap(([cluster, { isFilled }]) => (isFilled ? [cluster] : []));
  return { skip: renderSignal(words, 'no'), only: { signal: renderSignal(words, 'fact'), clusters: open } };
}

/** Keeps what the entries say of clusters that fail, and marks those whose incidents may have changed. */
function takeEntries(running: Running, entries: readonly Entry[]): void {
  const last = new Map<string, Entry>();
  for (const entry of entries) {
    const cluster = clusterOf(entry);
    const memory = running.clusters.get(cluster);
    if (memory !== undefined) memory.logBytes += entry.bytes.length;
    for (const told of tellForms(formsOf(running, cluster), entry)) {
      const { path } = told.entry.source;
      if (told.entry.offset >= (last.get(path)?.offset ?? -1)) last.set(path, told.entry);
      const signal = scanTold(running, cluster, told);
      if (signal !== undefined) takeSignal(running, cluster, signal);
    }
  }
  for (const entry of last.values()) {
    const memory = running.clusters.get(clusterOf(entry));
    if (memory !== undefined) keepLastLine(memory, entry.source.process, readLastLine(entry, running.options.zone));
  }
}

function formsOf({ state }: Running, cluster: string): FormState {
  let forms = state.forms.get(cluster);
  if (forms === undefined) state.forms.set(cluster, (forms = createFormState()));
  return forms;
}

function scanTold({ catalog, options }: Running, cluster: string, { entry, sum }: FormEntry): Signal | undefined {
  const signal = scanEntry(entry, catalog, { cluster, zone: options.zone });
  return signal === undefined || sum === undefined ? signal : { ...signal, place: { ...signal.place, ...sum } };
}

/** Of a cluster in which nothing fails nothing is kept; the store has it. */
function takeSignal(running: Running, cluster: string, signal: Signal): void {
  let memory = running.clusters.get(cluster);
  if (memory === undefined) {
    if (!isEvent(signal)) return;
    running.clusters.set(cluster, (memory = createClusterMemory(cluster)));
  }
  if (!keepSignal(memory, signal)) return;
  running.touched.add(cluster);
  if (isEvent(signal)) memory.heard = running.options.now();
}

/** Of a cluster that fails for the first time, or since the analyzer started, the store is asked. */
async function fillMemory(running: Running, cluster: string): Promise<ClusterMemory> {
  const { catalog, options, words, clusters } = running;
  let memory = clusters.get(cluster);
  if (memory === undefined) clusters.set(cluster, (memory = createClusterMemory(cluster)));
  if (memory.isFilled) return memory;
  const horizon = (memory.lastEvent === 0 ? options.now() : memory.lastEvent) - COMPACT_DEFAULTS.keepMs;
  memory.saved = await recallSaved(running, cluster, horizon);
  const from = findSmallest([horizon, ...memory.saved.map(({ first }) => first - NOTICED_LATER_MS)]);
  const skip = renderSignal(words, 'no');
  for await (const { entries, isOld } of askHistory(cluster, memory, { store: options.store, catalog, skip, from })) {
    if (isOld) takeFacts(running, cluster, memory, entries);
    else takeEntries(running, entries);
    compactLarge(running, memory);
  }
  memory.isFilled = true;
  return memory;
}

function takeFacts(running: Running, cluster: string, { index }: ClusterMemory, entries: readonly Entry[]): void {
  for (const entry of entries) {
    const signal = scanTold(running, cluster, { entry });
    if (signal?.place.time !== undefined) index.add(signal);
  }
}

/** What was said of the cluster's incidents, as the store has it: whether everybody heard of it, it does not know. */
async function recallSaved({ options }: Running, cluster: string, since: number): Promise<readonly SavedIncident[]> {
  // What only grew may be written later.
  const from = new Date(since - LONG_AGO_MS).toISOString();
  const stored = await options.store.findIncidents({ cluster, from, limit: MAX_RECALLED });
  return stored.flatMap((incident) => {
    const known = remember(incident);
    if (incident.outcome !== 'failing' && known.last < since) return [];
    return [{ ...known, hash: '', since: options.now(), written: undefined }];
  });
}

/** What has no time of its own gets that of its process's last line. */
async function dateLines(running: Running, cluster: string, memory: ClusterMemory): Promise<void> {
  const { catalog, options } = running;
  const { store, zone, now } = options;
  await askLastLines(cluster, memory, { store, catalog, zone, now: now(), isDue: isDue(running, cluster) });
  dateSignals(memory, now());
}

function clusterOf(entry: Entry): string {
  return entry.source.cluster ?? '';
}

function compactLarge({ options }: Running, memory: ClusterMemory): void {
  if (isLarge(memory)) compactMemory(memory, { ...COMPACT_DEFAULTS, now: options.now() });
}

/** Time alone turns "running again" into "recovered", and a lonely process failure into an incident. */
function findDue(running: Running): readonly string[] {
  return [...running.due.keys()].filter((cluster) => isDue(running, cluster));
}

function isDue({ due, options }: Running, cluster: string): boolean {
  return (due.get(cluster) ?? Number.POSITIVE_INFINITY) <= options.now();
}

/**
 * As long as something may change, the cluster is looked at again, the longer it is quiet the less often. When nothing
 * has failed there for hours it is forgotten.
 */
function planNext(running: Running, cluster: string, memory: ClusterMemory, incidents: readonly Incident[]): void {
  const { healthyMs = DEFAULT_HEALTHY_MS } = running.options;
  const now = running.options.now();
  const { keepMs } = COMPACT_DEFAULTS;
  const quietMs = Math.max(0, now - (isOpen(incidents) ? memory.lastTime : memory.lastEvent));
  const mayChange = quietMs < (isOpen(incidents) ? keepMs : healthyMs + 2 * RECHECK_MS);
  const next = mayChange ? now + Math.max(RECHECK_MS, Math.floor(quietMs / 10)) : memory.heard + keepMs;
  if (memory.eventCount > 0 && next > now) {
    running.due.set(cluster, next);
    return;
  }
  running.due.delete(cluster);
  running.clusters.delete(cluster);
}

const OPEN_OUTCOMES: readonly Incident['outcome'][] = ['failing', 'silent'];

function isOpen(incidents: readonly Incident[]): boolean {
  return incidents.some(({ outcome }) => OPEN_OUTCOMES.includes(outcome));
}

async function concludeTouched(running: Running, cluster: string, memory: ClusterMemory): Promise<readonly Incident[]> {
  const concluded = await concludeAsking(running, cluster, memory);
  const incidents = keepIds(concluded, memory.saved, running.options.healthyMs);
  const changed: Incident[] = [];
  const saved: SavedIncident[] = [];
  for (const incident of incidents) {
    const known = memory.saved.find(({ id }) => id === incident.id);
    const { next, isWritten } = await writeIncident(running, memory, incident, known);
    if (isWritten) changed.push(incident);
    saved.push(next);
  }
  await removeGone(running, memory, incidents);
  memory.saved = [
    ...saved,
    ...memory.saved.filter(
      (known) => !incidents.some((incident) => incident.id === known.id) && !isStillHeld(memory, known),
    ),
  ];
  const { store, now } = running.options;
  const next = await tellLines(cluster, memory, incidents, { store, now: now() });
  compactLarge(running, memory);
  planNext(running, cluster, memory, incidents);
  const due = running.due.get(cluster);
  if (next !== undefined && due !== undefined) running.due.set(cluster, Math.min(next, due));
  await writeRest(running, memory, running.clusters.has(cluster) ? incidents : []);
  return changed;
}

/** Once more where the store knows a later checkpoint before one of the incidents. */
async function concludeAsking(running: Running, cluster: string, memory: ClusterMemory): Promise<readonly Incident[]> {
  const { store, now, healthyMs, zone } = running.options;
  const { index, signals, lastLines, conclusions: memo } = memory;
  const conclude = (): readonly Incident[] =>
    concludeCluster({ cluster, index, signals: signals.values(), lastLines, memo }, running.catalog, {
      now: now(),
      settleMs: SETTLE_MS,
      healthyMs,
      zone,
      onFault: (fault) => tellFault(running, fault),
    });
  const concluded = conclude();
  const checkpoints = await askCheckpoints(cluster, memory, concluded, store);
  takeEntries(running, checkpoints);
  return checkpoints.length === 0 ? concluded : conclude();
}

/** Once for each part of a rule, until the rules change. */
function tellFault({ toldFaults, options }: Running, { rule, part, problem }: RuleFault): void {
  const key = `${rule} ${part}`;
  if (toldFaults.has(key)) return;
  toldFaults.add(key);
  options.log.warn({ rule, part, problem }, 'A part of a rule fails when it is used; what needs it is left out.');
}

/** Where that is worth it now (write.ts). */
async function writeIncident(
  running: Running,
  memory: ClusterMemory,
  incident: Incident,
  known: SavedIncident | undefined,
): Promise<{ readonly next: SavedIncident; readonly isWritten: boolean }> {
  const { logBytes, unwritten } = memory;
  const now = running.options.now();
  const print = printIncident(incident);
  const since = known?.hash === print.hash ? known.since : now;
  const next = { ...remember(incident), hash: print.hash, since };
  const decision = decideWrite(incident, print, known?.written, { logBytes, now, quietMs: now - since });
  if (decision === 'known') unwritten.delete(incident.id);
  else unwritten.set(incident.id, incident);
  if (decision === 'known' || decision === 'later')
    return { next: { ...next, written: known?.written }, isWritten: false };
  await announce(running, memory, incident, known === undefined ? 'new' : 'changed');
  return { next: { ...next, written: { ...print, logBytes, at: now } }, isWritten: true };
}

/** What is concluded no more would not be written any more. */
async function writeRest(running: Running, memory: ClusterMemory, concluded: readonly Incident[]): Promise<void> {
  for (const incident of [...memory.unwritten.values()])
    if (!concluded.some(({ id }) => id === incident.id)) await announce(running, memory, incident, 'changed');
}

async function announce(
  running: Running,
  { unwritten }: ClusterMemory,
  incident: Incident,
  change: 'new' | 'changed',
): Promise<void> {
  const placed = await running.platforms.place(incident);
  await running.options.store.saveIncident(placed);
  running.hasWritten = true;
  await running.options.onIncident?.(placed, change);
  unwritten.delete(incident.id);
}

/** An incident that better evidence has joined with another is gone; one whose lines are only forgotten stays. */
async function removeGone(
  { options, platforms }: Running,
  memory: ClusterMemory,
  incidents: readonly Incident[],
): Promise<void> {
  for (const known of memory.saved) {
    if (incidents.some((incident) => incident.id === known.id) || !isStillHeld(memory, known)) continue;
    platforms.forget(known.id);
    await options.onGone?.(known.id);
    await options.store.removeIncident(known.id);
    memory.unwritten.delete(known.id);
  }
}

/** True while the lines that made the incident are still in memory. */
function isStillHeld(memory: ClusterMemory, known: SavedIncident): boolean {
  for (const signal of memory.signals.values()) if (isEvent(signal) && signal.place.time === known.first) return true;
  return false;
}

/** What may still change is looked at again: an incident that is open, and one of the last minutes. */
async function loadState(running: Running): Promise<void> {
  const { store, now, healthyMs = DEFAULT_HEALTHY_MS } = running.options;
  running.state = await loadServiceState(store, running.stateKey);
  const since = (ms: number): string => new Date(now() - ms).toISOString();
  const queries: readonly IncidentQuery[] = [
    ...OPEN_OUTCOMES.map((outcome) => ({
      from: since(COMPACT_DEFAULTS.keepMs + LONG_AGO_MS),
      outcome,
      limit: MAX_RECALLED,
    })),
    { from: since(healthyMs + 2 * RECHECK_MS), limit: MAX_RECALLED },
  ];
  for (const query of queries)
    for (const { cluster } of await store.findIncidents(query))
      if (cluster !== ALL_CLUSTERS) running.due.set(cluster, now());
  running.savedCursor = running.state.cursor;
  running.loaded = true;
}

async function saveState(running: Running, soon: boolean): Promise<void> {
  const now = running.options.now();
  if (running.state.cursor === running.savedCursor) return;
  if (!soon && now - running.lastSave < SAVE_INTERVAL_MS) return;
  await saveServiceState(running.options.store, running.stateKey, running.state);
  running.savedCursor = running.state.cursor;
  running.lastSave = now;
}

async function runLoop(running: Running, signal: AbortSignal): Promise<void> {
  let waitMs = running.options.pollIntervalMs ?? POLL_INTERVAL_MS;
  while (!signal.aborted) {
    try {
      const step = await stepOnce(running);
      if (running.lastError !== undefined) running.options.log.info('The analyzer goes on.');
      running.lastError = undefined;
      waitMs = step.drained ? (running.options.pollIntervalMs ?? POLL_INTERVAL_MS) : 0;
    } catch (error) {
      waitMs = Math.min(10_000, Math.max(500, waitMs * 2));
      reportFailure(running, error);
    }
    if (waitMs > 0) await pause(waitMs, signal);
  }
  await saveAtEnd(running);
}

/** What is not saved would only be read again, and what is not written be concluded again. */
async function saveAtEnd(running: Running): Promise<void> {
  try {
    for (const memory of running.clusters.values()) await writeRest(running, memory, []);
    if (running.loaded) await saveState(running, true);
    await running.lease.end();
  } catch (error) {
    running.options.log.warn(
      { err: error },
      'The state of the analyzer could not be saved; the next start reads a little again.',
    );
  }
}

/** Said once, until the error changes. */
function reportFailure(running: Running, error: unknown): void {
  const code = error instanceof JobtraceError ? error.code : 'unexpected';
  if (running.lastError === code) return;
  running.lastError = code;
  if (error instanceof JobtraceError && error.retryable)
    running.options.log.warn({ code, err: error }, 'The analyzer cannot reach its store; will try again.');
  else running.options.log.error({ code, err: error }, 'The analyzer failed; will try again.');
}
