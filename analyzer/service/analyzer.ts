// Runs the service's loop. Per partition that this analyzer holds (assignment/lease.ts): reads records from the change
// feed, scans them into signals of failing clusters (take.ts), concludes the changed clusters, writes the incidents and
// calls onIncident (conclude.ts), and saves the cursor last. The records in the store are the source of truth: a
// failing cluster's records are read once, and again after a restart. After a crash the same records give the same
// incidents under the same ids; onIncident may then be called twice, but is never left out.
import { JobtraceError } from '../../core/errors.js';
import { decideHealth, type ServiceHealth } from '../../core/health.js';
import { pause } from '../../core/time/wait.js';
import { ALL_CLUSTERS, type AnalyzerStatus, type Entry, type Incident, type LogRecord } from '../../core/types.js';
import { renderSignal, SIGNAL_VERSION_KEY, SIGNAL_WORDS_KEY, encodeWords } from '../../flink/bytes/words.js';
import { findLargest, findSmallest } from '../../core/sequence.js';
import { ERASED_KEY, type FeedOptions, type IncidentQuery, type RecordFeed } from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { listSignalWords } from '../catalog/signal-words.js';
import type { RecordReader } from '../entry/record.js';
import { createPlatformKeeper } from '../platform/keeper.js';
import { createFence, LostPartition, type Fence } from '../assignment/fence.js';
import { createLoneLease, type Lease } from '../assignment/lease.js';
import { concludeFirst, concludeTouched, OPEN_OUTCOMES, RECHECK_MS, writeRest } from './conclude.js';
import { COMPACT_DEFAULTS } from './keep.js';
import { createPart, isDue, type AnalyzerSettings, type EntryPage, type RecordPart, type Service } from './part.js';
import { loadPartState, savePartState } from './state.js';
import { createClusterWatch } from '../watch/fleet.js';
import { dateLines, fillMemory, findMemory, takeEntries } from './take.js';
import { LIMITS } from '../restarts/limits.js';

export interface AnalyzerOptions<Stored = LogRecord> extends AnalyzerSettings {
  readonly store: RecordFeed<Stored> & AnalyzerSettings['store'];
  /** Reader of the feed's documents; no other code here knows their format. */
  readonly reader: RecordReader<Stored>;
}

export interface StepResult {
  readonly records: number;
  readonly drained: boolean;
  readonly changed: readonly Incident[];
}

export interface Analyzer {
  /** Reads each partition once and processes the result. Throws what the store throws. */
  stepOnce(): Promise<StepResult>;
  /** Runs until the signal aborts. If the store fails, it is tried again. */
  run(signal: AbortSignal): Promise<void>;
  /** Replaces the catalog. Unknown failures and records that hold a new signal word are read again (backfill.ts). */
  setCatalog(catalog: Catalog): void;
  status(): AnalyzerStatus;
  health(): ServiceHealth;
}

const POLL_INTERVAL_MS = 300;
const BATCH_SIZE = 2000;
/** Number of incidents that are read from the store when a partition is taken. */
const MAX_RECALLED = 1000;
/**
 * Shortest time, in milliseconds, between two writes of the cursor if no incident was written. After a crash the
 * records of this time are read again.
 */
const SAVE_INTERVAL_MS = 5000;
/**
 * Time, in milliseconds, after which a step counts as stuck. It is longer than any step, such as the reading of a
 * cluster's history, page by page, from a slow store.
 */
const STUCK_AFTER_MS = 900_000;

/** Number of lost partitions within FLAP_MS that is an error. Fewer are a normal change of assignments. */
const FLAPS = 5;
const FLAP_MS = 60_000;

interface Running {
  /** Service; replaced after a deletion on request. */
  service: Service;
  /** Partitions by number. */
  readonly parts: Map<number, RecordPart>;
  /** Version of the signal words that were stored for the agents. */
  reportedVersion: string | undefined;
  records: number;
  /**
   * Times by performance.now(): when the last step began, and when a step last read everything (initially the start).
   */
  steppedAt: number;
  drainedAt: number;
  hasStepped: boolean;
  /**
   * Error code of the last failure, until nothing has failed for some time. failedAt is the time of the last failed
   * step, by performance.now().
   */
  lastError: string | undefined;
  /** Times at which partitions were lost recently, by performance.now(). */
  lost: readonly number[];
  /** Marker of the last deletion on request (ERASED_KEY), and the time of its last check, by performance.now(). */
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
      reportedFaults: new Set(),
      words: listSignalWords(options.catalog),
    },
    parts: new Map(),
    reportedVersion: undefined,
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

/** Creates the keepers of data that belongs to no partition. */
function createKeepers(options: AnalyzerSettings, lease: Lease, fence: Fence): Pick<Service, 'platforms' | 'watch'> {
  const { onIncident, onGone } = options;
  return {
    platforms: createPlatformKeeper({ ...options, lease, fence, onIncident, onGone }),
    watch: createClusterWatch({ ...options, lease, fence, onIncident }),
  };
}

function setCatalog({ service }: Running, catalog: Catalog): void {
  service.catalog = catalog;
  service.reportedFaults.clear();
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

/** Describes the health of the analyzer. A standby instance, which holds no partition, is ready as well. */
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

/**
 * Returns the code of a failure, or undefined. An analyzer that takes partitions and loses them repeatedly does no
 * work, although no step fails.
 */
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
    // The partition is not held now. It may be held again in a moment, if no other analyzer takes it.
    if (lease.epoch(String(part.index)) !== part.epoch) continue;
    await unlessLost(running, async () => void steps.push(await stepPart(part)));
  }
  await unlessLost(running, () => platforms.step());
  await unlessLost(running, () => giveParts(running));
  await publishWords(running);
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
 * Reads everything from the store again after a deletion on request. Otherwise what this analyzer remembers of a
 * deleted line would be written again.
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
    if (!part.loaded || service.lease.epoch(String(part.index)) !== part.epoch) continue;
    // Sums of lines and crash reports hold texts of deleted lines.
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

/**
 * Runs the work. If the partition is lost meanwhile, this is only logged. The rest of the work is done when the
 * partition is held again, or by the analyzer that holds it then.
 */
async function unlessLost(running: Running, work: () => Promise<void>): Promise<void> {
  const { service } = running;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof LostPartition)) throw error;
    running.lost = [...running.lost, performance.now()].slice(-FLAPS);
    service.options.log.info({ part: error.partition }, error.message);
  }
}

/**
 * Creates and drops partitions as the lease assigns them. Knowledge from an earlier epoch is dropped, because another
 * analyzer may have continued meanwhile.
 */
function takeParts({ service, parts }: Running): void {
  const { lease } = service;
  const of = lease.count();
  const held = new Map(lease.parts().map(({ part, epoch }) => [part, epoch]));
  for (const [index, part] of parts) {
    const epoch = held.get(index) ?? (lease.mayComeBack(String(index)) ? part.epoch : undefined);
    if (epoch !== part.epoch || part.of !== of) dropPart(service, parts, part);
  }
  for (const [index, epoch] of held) if (!parts.has(index)) parts.set(index, createPart(service, { index, of, epoch }));
}

/** Saves the partitions that are revoked, then releases them to another analyzer. */
async function giveParts({ service, parts }: Running): Promise<void> {
  for (const { part: index, isRevoked } of service.lease.parts()) {
    const part = parts.get(index);
    if (!isRevoked) continue;
    if (part !== undefined) {
      await savePart(part);
      dropPart(service, parts, part);
    }
    service.lease.release(String(index));
  }
}

function dropPart({ platforms, options }: Service, parts: Map<number, RecordPart>, { index, of }: RecordPart): void {
  parts.delete(index);
  platforms.leave(({ cluster }) => options.store.findPart(cluster, of) === index);
}

/** Stores the signal words. Agents read them and mark the records that they read from then on. */
async function publishWords(running: Running): Promise<void> {
  const { words, options } = running.service;
  if (running.reportedVersion === words.version) return;
  await options.store.saveState(SIGNAL_WORDS_KEY, encodeWords(words));
  await options.store.saveState(SIGNAL_VERSION_KEY, words.version);
  running.reportedVersion = words.version;
}

/** Age, in milliseconds, up to which records are read before all older ones. */
const LIVE_MS = 300_000;
/** Time, in milliseconds, for older clusters in one step. At least one cluster is concluded. */
const BACKLOG_TURN_MS = 1000;

/**
 * Runs one step of a partition. Recent records are read in each step, so that old lines of thousands of failures do not
 * delay jobs that fail now.
 */
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
  if (service.lease.epoch(String(index)) === part.epoch) await part.backfill.finish();
  return { records: live + page.records, drained: part.open === undefined && page.drained, changed };
}

/** Reads the records of the last minutes while the feed is behind. Returns the number of records. */
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

/** Reads the next page of the feed, if the previous page is completely concluded. */
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
    // Start at the feed's cursor. Old records are left out here; the feed reads them later.
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

/** Returns undefined for an entry without a time. */
function timeOf({ time, previousTime }: Entry): number | undefined {
  return time ?? previousTime;
}

async function concludeOne(part: RecordPart, cluster: string): Promise<readonly Incident[]> {
  const memory = findMemory(part, cluster);
  for await (const events of fillMemory(part, cluster, memory))
    if (events >= FLOOD_EVENTS && memory.saved.length === 0) await concludeFirst(part, cluster, memory);
  await dateLines(part, cluster, memory);
  const changed = await concludeTouched(part, cluster, memory);
  // Removed only now, so that the next step concludes this cluster even without new records if the store fails above.
  part.touched.delete(cluster);
  part.urgent.delete(cluster);
  part.reread.delete(cluster);
  await part.service.platforms.step();
  return changed;
}

/** Number of possible failures of one cluster that are a flood, of which the first are announced early. */
const FLOOD_EVENTS = 100;

/** Approximate limit, in bytes, of the memory for all clusters of a partition. */
const MAX_HELD_BYTES = 200_000_000;
/** Shortest time, in milliseconds, until an evicted cluster is checked again, unless new signals of it arrive. */
const EVICTED_MS = 300_000;

/**
 * Evicts concluded clusters from memory if they take too much, the longest idle first. The store holds their records
 * and is asked again when new signals of the cluster arrive or its check is due.
 */
function evictIdle({ clusters, touched, due, options }: RecordPart): void {
  let held = 0;
  for (const memory of clusters.values()) held += memory.heldBytes;
  if (held <= MAX_HELD_BYTES) return;
  const idle = [...clusters].filter(([cluster, { unwritten }]) => !touched.has(cluster) && unwritten.size === 0);
  for (const [cluster, { heldBytes }] of idle.sort(([, a], [, b]) => a.lastSeen - b.lastSeen)) {
    if (held <= MAX_HELD_BYTES) return;
    clusters.delete(cluster);
    const at = due.get(cluster);
    if (at !== undefined) due.set(cluster, Math.max(at, options.now() + EVICTED_MS));
    held -= heldBytes;
  }
}

/** Drops the clusters that were read with other rules, so that they are read again. */
async function rereadStale({ backfill, service, state, clusters, reread, touched }: RecordPart): Promise<void> {
  const stale = await backfill.next(service.catalog, service.words, state.cursor === undefined);
  for (const [cluster, from] of stale) {
    clusters.delete(cluster);
    reread.set(cluster, from);
    touched.add(cluster);
  }
}

/** Returns the filter of the feed: no records without a signal word, and facts only of clusters that are in memory. */
function decideLeftOut({ service: { words }, clusters }: RecordPart): Pick<FeedOptions, 'skip' | 'only'> {
  const open = [...clusters].flatMap(([cluster, { isFilled }]) => (isFilled ? [cluster] : []));
  return { skip: renderSignal(words, 'no'), only: { signal: renderSignal(words, 'fact'), clusters: open } };
}

/**
 * Returns the clusters whose check is due. Time alone turns RUNNING into recovered, and a process failure without a job
 * into an incident.
 */
function findDue(part: RecordPart): readonly string[] {
  return [...part.due.keys()].filter((cluster) => isDue(part, cluster));
}

/**
 * Loads the state of a partition. Clusters with an open incident, or with one of the last minutes, are due for a check,
 * because they may still change.
 */
async function loadPart(part: RecordPart): Promise<void> {
  const { store, now, healthyMs = LIMITS.healthy.value } = part.options;
  part.state = await loadPartState(store, part.index);
  for (const cluster of part.state.waiting) part.due.set(cluster, now());
  const since = (ms: number): string => new Date(now() - ms).toISOString();
  const queries: readonly IncidentQuery[] = [
    ...OPEN_OUTCOMES.map((outcome) => ({
      from: since(COMPACT_DEFAULTS.keepMs + LIMITS.longAgo.value),
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

/**
 * Skips the stored records once per partition, if the options say so. Records that arrive while the analyzer runs are
 * read.
 */
async function skipBacklog({ service, options, state, index, of }: RecordPart): Promise<void> {
  if (options.skipsBacklog !== true || service.skipped.has(index)) return;
  const { cursor } = await service.readEntries(state.cursor, { part: { index, of }, isToEnd: true });
  if (cursor !== state.cursor)
    options.log.warn({ part: index }, 'What is stored and not read yet is skipped, as wanted: nobody is told of it.');
  state.cursor = cursor;
  service.skipped.add(index);
}

async function saveCursor(part: RecordPart, soon: boolean): Promise<void> {
  const { state, index, epoch, service, options } = part;
  const now = options.now();
  if (state.cursor === part.savedCursor) return;
  if (!soon && now - part.lastSave < SAVE_INTERVAL_MS) return;
  if (service.lease.epoch(String(index)) !== epoch) throw new LostPartition(String(index));
  state.waiting = listWaiting(part);
  await savePartState(options.store, index, state);
  part.savedCursor = state.cursor;
  part.lastSave = now;
}

/**
 * Lists clusters with a failure that is no incident yet. Nothing else in the store says that they must be checked
 * again.
 */
function listWaiting({ clusters, due }: RecordPart): readonly string[] {
  return [...clusters].flatMap(([cluster, memory]) => (due.has(cluster) && memory.saved.length === 0 ? [cluster] : []));
}

/** Saves a partition before it is left. Otherwise its records would be read again and its incidents concluded again. */
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

/**
 * Saves all partitions at the end, then ends the lease. Otherwise records would be read again and incidents concluded
 * again.
 */
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

/**
 * Time, in milliseconds, without a failure after which an outage is over. A store that comes back may answer once and
 * fail again.
 */
const OVER_AFTER_MS = 5_000;

function noteSuccess(running: Running): void {
  if (running.lastError === undefined || performance.now() - running.failedAt < OVER_AFTER_MS) return;
  running.lastError = undefined;
  running.service.options.log.info('The analyzer goes on.');
}

/** Logs a failure once, until the error code changes. */
function reportFailure(running: Running, error: unknown): void {
  const code = error instanceof JobtraceError ? error.code : 'unexpected';
  running.failedAt = performance.now();
  if (running.lastError === code) return;
  running.lastError = code;
  if (error instanceof JobtraceError && error.retryable)
    running.service.options.log.warn({ code, err: error }, 'The analyzer cannot reach its store; will try again.');
  else running.service.options.log.error({ code, err: error }, 'The analyzer failed; will try again.');
}
