// The service's loop: of each part of the records that this analyzer has (share/lease.ts), change feed, without what
// agents found no word of the catalog in → entries → signals, kept of the clusters in which something fails (take.ts) →
// incidents of those that were touched → store and onIncident (conclude.ts), and the cursor last. The records in the
// store are the truth: of a cluster that fails they are asked for once, and again after a restart. Whatever crash lies
// between, reading again gives the same incidents under the same ids; onIncident may then hear of one a second time,
// never not at all. The engine is that of diagnose.ts, which the command line calls.
import { JobtraceError } from '../../core/errors.js';
import { decideHealth, type ServiceHealth } from '../../core/health.js';
import { pause } from '../../core/time/wait.js';
import { ALL_CLUSTERS, type AnalyzerStatus, type Entry, type Incident, type LogRecord } from '../../core/types.js';
import { renderSignal, SIGNAL_VERSION_KEY, SIGNAL_WORDS_KEY, encodeWords } from '../../flink/words/words.js';
import { findLargest, findSmallest } from '../../core/sequence.js';
import { ERASED_KEY, type FeedOptions, type IncidentQuery, type RecordFeed } from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { listSignalWords } from '../catalog/signal-words.js';
import type { RecordReader } from '../entry/record.js';
import { DEFAULT_HEALTHY_MS } from '../incident/group/group.js';
import { createPlatformKeeper } from '../platform/keeper.js';
import { createFence, LostShare, type Fence } from '../share/fence.js';
import { createLoneLease, type Lease } from '../share/lease.js';
import { concludeTouched, OPEN_OUTCOMES, RECHECK_MS, writeRest } from './conclude.js';
import { COMPACT_DEFAULTS } from './keep.js';
import { createPart, isDue, type AnalyzerSettings, type EntryPage, type RecordPart, type Service } from './part.js';
import { loadPartState, savePartState } from './state.js';
import { createClusterWatch } from '../watch/fleet.js';
import { dateLines, fillMemory, takeEntries } from './take.js';
import { LONG_AGO_MS } from '../incident/write.js';

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

export interface Analyzer {
  /** One read of each part and everything that follows from it. Throws what the store throws. */
  stepOnce(): Promise<StepResult>;
  /** Until the signal aborts; a store that fails is tried again. */
  run(signal: AbortSignal): Promise<void>;
  /** From now on; unknown failures, and what holds a word that came, are judged again (backfill.ts). */
  setCatalog(catalog: Catalog): void;
  status(): AnalyzerStatus;
  health(): ServiceHealth;
}

const POLL_INTERVAL_MS = 300;
const BATCH_SIZE = 2000;
/** Incidents that are looked up in the store when a part comes. */
const MAX_RECALLED = 1000;
/** The cursor is written this often at most, where no incident is: so much is read again after a crash. */
const SAVE_INTERVAL_MS = 5000;
/** Longer than any step: one that reads the history of a cluster again, page by page, from a store that is slow. */
const STUCK_AFTER_MS = 900_000;

/** So many parts lost within this time are no change of hands. */
const FLAPS = 5;
const FLAP_MS = 60_000;

interface Running {
  /** Another one when something was deleted on request. */
  service: Service;
  /** By their number. */
  readonly parts: Map<number, RecordPart>;
  /** Version of the words that the agents are told. */
  toldVersion: string | undefined;
  records: number;
  /** By performance.now(): when the last step began, and when one last left nothing to be read (first: the start). */
  steppedAt: number;
  drainedAt: number;
  hasStepped: boolean;
  /** Code of what failed, until nothing has failed for a while; and when a step failed last, by performance.now(). */
  lastError: string | undefined;
  /** When parts were lost lately, by performance.now(). */
  lost: readonly number[];
  /** The mark of the last deletion on request (ERASED_KEY), and when it was looked at, by performance.now(). */
  erased: string | undefined;
  erasedLookedAt: number;
  failedAt: number;
}

export function createAnalyzer<Stored>(options: AnalyzerOptions<Stored>): Analyzer {
  const lease = options.lease ?? createLoneLease();
  const fence = createFence(options.store, lease);
  const running: Running = {
    service: {
      options,
      lease,
      fence,
      ...createKeepers(options, lease, fence),
      readEntries: (cursor, more) => readEntries(options, cursor, more),
      catalog: options.catalog,
      skipped: new Set(),
      toldFaults: new Set(),
      words: listSignalWords(options.catalog),
    },
    parts: new Map(),
    toldVersion: undefined,
    records: 0,
    steppedAt: performance.now(),
    drainedAt: performance.now(),
    hasStepped: false,
    lastError: undefined,
    lost: [],
    erased: undefined,
    erasedLookedAt: Number.NEGATIVE_INFINITY,
    failedAt: 0,
  };
  return {
    stepOnce: () => stepOnce(running),
    run: (signal) => runLoop(running, signal),
    setCatalog: (catalog) => setCatalog(running, catalog),
    status: () => describe(running),
    health: () => describeHealth(running),
  };
}

/** What is known beside the parts. */
function createKeepers(options: AnalyzerSettings, lease: Lease, fence: Fence): Pick<Service, 'platforms' | 'watch'> {
  const { onIncident, onGone } = options;
  return {
    platforms: createPlatformKeeper({ ...options, lease, fence, onIncident, onGone }),
    watch: createClusterWatch({ ...options, lease, fence, onIncident }),
  };
}

function setCatalog({ service }: Running, catalog: Catalog): void {
  service.catalog = catalog;
  service.toldFaults.clear();
  service.words = listSignalWords(catalog);
}

function describe(running: Running): AnalyzerStatus {
  const { service, parts, records, drainedAt } = running;
  const memories = [...parts.values()].flatMap(({ clusters }) => [...clusters.values()]);
  const unread = [...parts.values()].flatMap(({ unreadFrom }) => unreadFrom ?? []);
  const oldestUnreadMs = unread.length === 0 ? 0 : Math.max(0, service.options.now() - findSmallest(unread));
  return {
    records,
    parts: parts.size,
    clusters: memories.length,
    signals: memories.reduce((sum, memory) => sum + memory.signals.size, 0),
    incidents: memories.reduce((sum, memory) => sum + memory.saved.length, 0),
    open: memories.reduce((sum, { saved }) => sum + saved.filter(isOpenNow).length, 0),
    heldBytes: memories.reduce((sum, memory) => sum + memory.heldBytes, 0),
    behindMs: performance.now() - drainedAt,
    clockAheadMs: running.service.options.clockAheadMs?.() ?? 0,
    agentClocksOff: service.watch.countClocksOff(),
    oldestUnreadMs,
    takeovers: service.lease.takeovers(),
    lastError: findOutage(running),
  };
}

function isOpenNow({ outcome }: { readonly outcome: Incident['outcome'] }): boolean {
  return OPEN_OUTCOMES.includes(outcome);
}

/** One that stands by for others is ready as well. */
function describeHealth(running: Running): ServiceHealth {
  const { steppedAt, hasStepped } = running;
  const outage = findOutage(running);
  return decideHealth({
    sinceTurnMs: performance.now() - steppedAt,
    stuckAfterMs: STUCK_AFTER_MS,
    hasBegun: hasStepped,
    outages: outage === undefined ? [] : [outage],
  });
}

/** Who takes parts and loses them again and again does no work, although no step fails. */
function findOutage({ lastError, lost }: Running): string | undefined {
  return (
    lastError ?? (lost.filter((at) => performance.now() - at < FLAP_MS).length >= FLAPS ? 'parts-lost' : undefined)
  );
}

async function readEntries<Stored>(
  { store, reader, batchSize = BATCH_SIZE }: AnalyzerOptions<Stored>,
  from: string | undefined,
  more: Omit<FeedOptions, 'limit'>,
): Promise<EntryPage> {
  const { records, cursor, drained } = await store.readRecords(from, { limit: batchSize, ...more });
  const entries = records.flatMap((record) => reader.readEntry(record) ?? []);
  const times = entries.flatMap((entry) => timeOf(entry) ?? []);
  const span = times.length === 0 ? undefined : { first: findSmallest(times), last: findLargest(times) };
  return { records: records.length, entries, cursor, drained, firstTime: span?.first, lastTime: span?.last };
}

async function stepOnce(running: Running): Promise<StepResult> {
  const { lease } = running.service;
  await lease.step();
  await forgetErased(running);
  const { platforms } = running.service;
  takeParts(running);
  await unlessLost(running, () => running.service.watch.step());
  const steps: StepResult[] = [];
  for (const part of running.parts.values()) {
    // Held no more, but perhaps again in a moment, by nobody else in between.
    if (lease.turn(String(part.index)) !== part.turn) continue;
    await unlessLost(running, async () => void steps.push(await stepPart(part)));
  }
  await unlessLost(running, () => platforms.step());
  await unlessLost(running, () => giveParts(running));
  await tellWords(running);
  const records = steps.reduce((sum, step) => sum + step.records, 0);
  running.records += records;
  return {
    records,
    drained: steps.every(({ drained }) => drained),
    changed: steps.flatMap(({ changed }) => changed),
  };
}

const ERASED_LOOK_MS = 1000;

/**
 * After a deletion on request everything is asked of the store again: what this analyzer remembers of a deleted line
 * would be written once more.
 */
async function forgetErased(running: Running): Promise<void> {
  const { service, parts, erasedLookedAt } = running;
  const { store, onErased, log } = service.options;
  const now = performance.now();
  if (now - erasedLookedAt < ERASED_LOOK_MS) return;
  const mark = (await store.loadState(ERASED_KEY)) ?? '';
  const before = running.erased;
  [running.erased, running.erasedLookedAt] = [mark, now];
  if (before === undefined || before === mark) return;
  log.info('Something was deleted on request; what is known is read again.');
  for (const part of parts.values()) {
    if (!part.loaded || service.lease.turn(String(part.index)) !== part.turn) continue;
    // Sums of lines and crash reports hold texts.
    part.state.forms.clear();
    await savePartState(store, part.index, {
      ...part.state,
      cursor: part.savedCursor,
      waiting: listWaiting(part),
    });
  }
  parts.clear();
  running.service = { ...service, ...createKeepers(service.options, service.lease, service.fence) };
  await onErased?.();
}

/** Whatever of it is left to do is done when the part is ours again, or by whoever has it then. */
async function unlessLost(running: Running, work: () => Promise<void>): Promise<void> {
  const { service } = running;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof LostShare)) throw error;
    running.lost = [...running.lost, performance.now()].slice(-FLAPS);
    service.options.log.info({ part: error.share }, error.message);
  }
}

/** What was known of a part in an earlier turn does not count: another analyzer may have gone on meanwhile. */
function takeParts({ service, parts }: Running): void {
  const { lease } = service;
  const of = lease.count();
  const held = new Map(lease.parts().map(({ part, turn }) => [part, turn]));
  for (const [index, part] of parts) {
    const turn = held.get(index) ?? (lease.mayComeBack(String(index)) ? part.turn : undefined);
    if (turn !== part.turn || part.of !== of) dropPart(service, parts, part);
  }
  for (const [index, turn] of held) if (!parts.has(index)) parts.set(index, createPart(service, { index, of, turn }));
}

/** What another one shall have goes when all of it is stored. */
async function giveParts({ service, parts }: Running): Promise<void> {
  for (const { part: index, isAskedBack } of service.lease.parts()) {
    const part = parts.get(index);
    if (!isAskedBack) continue;
    if (part !== undefined) {
      await savePart(part);
      dropPart(service, parts, part);
    }
    service.lease.giveBack(String(index));
  }
}

function dropPart({ platforms, options }: Service, parts: Map<number, RecordPart>, { index, of }: RecordPart): void {
  parts.delete(index);
  platforms.leave(({ cluster }) => options.store.findPart(cluster, of) === index);
}

/** Agents read them there, and mark what they read from then on. */
async function tellWords(running: Running): Promise<void> {
  const { words, options } = running.service;
  if (running.toldVersion === words.version) return;
  await options.store.saveState(SIGNAL_WORDS_KEY, encodeWords(words));
  await options.store.saveState(SIGNAL_VERSION_KEY, words.version);
  running.toldVersion = words.version;
}

/** What was logged so lately comes before everything that is older. */
const LIVE_MS = 300_000;
/** Of a turn, what is older gets so much; at least one cluster is concluded. */
const BACKLOG_TURN_MS = 1000;

/** Old lines of thousands of failures hold up nobody whose job fails now: what is new has its share of each turn. */
async function stepPart(part: RecordPart): Promise<StepResult> {
  const { service, index, of } = part;
  if (!part.loaded) await loadPart(part);
  await rereadStale(part);
  const live = await readLive(part);
  const page = await readNext(part);
  for (const cluster of findDue(part)) part.touched.add(cluster);
  for (const cluster of service.watch.takeDue((name) => part.options.store.findPart(name, of) === index))
    part.touched.add(cluster);
  const changed: Incident[] = [];
  for (const cluster of [...part.urgent])
    for (const incident of await concludeOne(part, cluster)) changed.push(incident);
  const until = performance.now() + BACKLOG_TURN_MS;
  for (const cluster of [...part.touched]) {
    for (const incident of await concludeOne(part, cluster)) changed.push(incident);
    if (performance.now() > until && part.live !== undefined) break;
  }
  if (part.touched.size === 0 && part.open !== undefined) {
    part.state.cursor = part.open.cursor;
    if (part.open.drained) [part.live, part.unreadFrom] = [undefined, undefined];
    part.open = undefined;
  }
  evictIdle(part);
  await saveCursor(part, part.hasWritten);
  part.hasWritten = false;
  if (service.lease.turn(String(index)) === part.turn) await part.backfill.finish();
  return { records: live + page.records, drained: part.open === undefined && page.drained, changed };
}

/** While the feed is behind: the lines of the last minutes, wherever they stand. Gives how many records were read. */
async function readLive(part: RecordPart): Promise<number> {
  if (part.live === undefined) return 0;
  const { index, of, options, service } = part;
  const from = options.now() - LIVE_MS;
  const page = await service.readEntries(part.live, { part: { index, of }, from, ...decideLeftOut(part) });
  await takeEntries(part, page.entries);
  markUrgent(part, page.entries, from);
  part.live = page.cursor;
  return page.records;
}

/** The next page of the feed, where all of the one before is concluded. */
async function readNext(part: RecordPart): Promise<Pick<EntryPage, 'records' | 'drained'>> {
  const { index, of, options, service } = part;
  if (part.open !== undefined) return { records: 0, drained: false };
  const page = await service.readEntries(part.state.cursor, { part: { index, of }, ...decideLeftOut(part) });
  await takeEntries(part, page.entries);
  part.open = { cursor: page.cursor, drained: page.drained };
  const from = options.now() - LIVE_MS;
  markUrgent(part, page.entries, from);
  const isOld = (page.firstTime ?? Infinity) < from;
  if (!page.drained) {
    part.unreadFrom = page.lastTime ?? part.unreadFrom;
    // From where the feed stands: what is old of it is left out there, and read in its own turn.
    if (isOld) part.live ??= page.cursor;
  }
  return page;
}

function markUrgent({ touched, urgent }: RecordPart, entries: readonly Entry[], from: number): void {
  for (const entry of entries) {
    const cluster = entry.source.cluster ?? '';
    if ((timeOf(entry) ?? 0) >= from && touched.has(cluster)) urgent.add(cluster);
  }
}

/** Undefined for what is undated. */
function timeOf({ time, previousTime }: Entry): number | undefined {
  return time ?? previousTime;
}

async function concludeOne(part: RecordPart, cluster: string): Promise<readonly Incident[]> {
  const memory = await fillMemory(part, cluster);
  await dateLines(part, cluster, memory);
  const changed = await concludeTouched(part, cluster, memory);
  // Only now: when the store fails in between, the next step concludes this cluster although it reads nothing new.
  part.touched.delete(cluster);
  part.urgent.delete(cluster);
  part.reread.delete(cluster);
  await part.service.platforms.step();
  return changed;
}

/** About the bytes that may be held of all clusters of a part. */
const MAX_HELD_BYTES = 200_000_000;
/** So long nobody looks at what went from memory, unless something is said of it. */
const EVICTED_MS = 300_000;

/**
 * What was concluded goes from memory where there is too much, what was heard of longest ago first: the store has all
 * of it, and it is asked for when something is said of the cluster again, or when it is time to look at it.
 */
function evictIdle({ clusters, touched, due, options }: RecordPart): void {
  let held = 0;
  for (const memory of clusters.values()) held += memory.heldBytes;
  if (held <= MAX_HELD_BYTES) return;
  const idle = [...clusters].filter(([cluster, { unwritten }]) => !touched.has(cluster) && unwritten.size === 0);
  for (const [cluster, { heldBytes }] of idle.sort(([, a], [, b]) => a.heard - b.heard)) {
    if (held <= MAX_HELD_BYTES) return;
    clusters.delete(cluster);
    const at = due.get(cluster);
    if (at !== undefined) due.set(cluster, Math.max(at, options.now() + EVICTED_MS));
    held -= heldBytes;
  }
}

/** What was kept of a cluster was read by other rules. */
async function rereadStale({ backfill, service, state, clusters, reread, touched }: RecordPart): Promise<void> {
  const stale = await backfill.next(service.catalog, service.words, state.cursor === undefined);
  for (const [cluster, from] of stale) {
    clusters.delete(cluster);
    reread.set(cluster, from);
    touched.add(cluster);
  }
}

/** What says nothing, and what counts beside a failure alone where there is none. */
function decideLeftOut({ service: { words }, clusters }: RecordPart): Pick<FeedOptions, 'skip' | 'only'> {
  const open = [...clusters].flatMap(([cluster, { isFilled }]) => (isFilled ? [cluster] : []));
  return { skip: renderSignal(words, 'no'), only: { signal: renderSignal(words, 'fact'), clusters: open } };
}

/** Time alone turns "running again" into "recovered", and a lonely process failure into an incident. */
function findDue(part: RecordPart): readonly string[] {
  return [...part.due.keys()].filter((cluster) => isDue(part, cluster));
}

/** What may still change is looked at again: an incident of the part that is open, and one of the last minutes. */
async function loadPart(part: RecordPart): Promise<void> {
  const { store, now, healthyMs = DEFAULT_HEALTHY_MS } = part.options;
  part.state = await loadPartState(store, part.index);
  for (const cluster of part.state.waiting) part.due.set(cluster, now());
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
      if (cluster !== ALL_CLUSTERS && store.findPart(cluster, part.of) === part.index) part.due.set(cluster, now());
  part.savedCursor = part.state.cursor;
  await skipBacklog(part);
  part.loaded = true;
}

/** Once for each part: what comes while the analyzer runs is read. */
async function skipBacklog({ service, options, state, index, of }: RecordPart): Promise<void> {
  if (options.skipsBacklog !== true || service.skipped.has(index)) return;
  const { cursor } = await service.readEntries(state.cursor, { part: { index, of }, isToEnd: true });
  if (cursor !== state.cursor)
    options.log.warn({ part: index }, 'What is stored and not read yet is skipped, as wanted: nobody is told of it.');
  state.cursor = cursor;
  service.skipped.add(index);
}

async function saveCursor(part: RecordPart, soon: boolean): Promise<void> {
  const { state, index, turn, service, options } = part;
  const now = options.now();
  if (state.cursor === part.savedCursor) return;
  if (!soon && now - part.lastSave < SAVE_INTERVAL_MS) return;
  if (service.lease.turn(String(index)) !== turn) throw new LostShare(String(index));
  state.waiting = listWaiting(part);
  await savePartState(options.store, index, state);
  part.savedCursor = state.cursor;
  part.lastSave = now;
}

/** Where something failed that is no incident yet: nothing else in the store tells that it is to be looked at again. */
function listWaiting({ clusters, due }: RecordPart): readonly string[] {
  return [...clusters].flatMap(([cluster, memory]) => (due.has(cluster) && memory.saved.length === 0 ? [cluster] : []));
}

/** What is not saved would only be read again, and what is not written be concluded again. */
async function savePart(part: RecordPart): Promise<void> {
  for (const memory of part.clusters.values()) await writeRest(part, memory, new Set());
  if (part.loaded) await saveCursor(part, true);
}

async function runLoop(running: Running, signal: AbortSignal): Promise<void> {
  let waitMs = running.service.options.pollIntervalMs ?? POLL_INTERVAL_MS;
  while (!signal.aborted) {
    running.steppedAt = performance.now();
    try {
      await running.service.options.presence?.note(false);
      const step = await stepOnce(running);
      await running.service.options.presence?.note(step.drained);
      running.hasStepped = true;
      if (step.drained) running.drainedAt = performance.now();
      noteSuccess(running);
      waitMs = step.drained ? (running.service.options.pollIntervalMs ?? POLL_INTERVAL_MS) : 0;
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
    for (const part of running.parts.values()) await unlessLost(running, () => savePart(part));
    await running.service.lease.end();
  } catch (error) {
    running.service.options.log.warn(
      { err: error },
      'The state of the analyzer could not be saved; the next start reads a little again.',
    );
  }
}

/** A store that comes back answers once and fails again: it is over when nothing has failed for a while. */
const OVER_AFTER_MS = 5_000;

function noteSuccess(running: Running): void {
  if (running.lastError === undefined || performance.now() - running.failedAt < OVER_AFTER_MS) return;
  running.lastError = undefined;
  running.service.options.log.info('The analyzer goes on.');
}

/** Said once, until the error changes. */
function reportFailure(running: Running, error: unknown): void {
  const code = error instanceof JobtraceError ? error.code : 'unexpected';
  running.failedAt = performance.now();
  if (running.lastError === code) return;
  running.lastError = code;
  if (error instanceof JobtraceError && error.retryable)
    running.service.options.log.warn({ code, err: error }, 'The analyzer cannot reach its store; will try again.');
  else running.service.options.log.error({ code, err: error }, 'The analyzer failed; will try again.');
}
