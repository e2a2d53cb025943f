// Runs the service in a loop: takes and releases partitions as the lease assigns them (platform/lease.ts), runs a
// step of each (step.ts), forgets what was deleted on request, and tries again when the store fails.
import { JobtraceError } from '../../core/errors.js';
import { pause } from '../../core/time/wait.js';
import { SIGNAL_VERSION_KEY, SIGNAL_WORDS_KEY, encodeWords } from '../../flink/bytes/words.js';
import { ERASED_KEY } from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { createPlatformTracker } from '../platform/tracker.js';
import { LostPartition, type Fence } from '../platform/fence.js';
import type { Lease } from '../platform/lease.js';
import { createPartition, type AnalyzerSettings, type RecordPartition, type Service } from './partition.js';
import { savePartitionState } from './state.js';
import { createClusterWatch } from '../platform/fleet.js';
import { type StepResult, stepPartition, listWaiting, savePartition } from './step.js';

const POLL_INTERVAL_MS = 300;

/** Number of lost partitions within FLAP_MS that is an error. Fewer are a normal change of assignments. */
const FLAPS = 5;
const FLAP_MS = 60_000;

export interface Running {
  /** Service; replaced after a deletion on request. */
  service: Service;
  /** Partitions by number. */
  readonly partitions: Map<number, RecordPartition>;
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
  erasedCheckedAt: number;
  failedAt: number;
}

export async function runLoop(running: Running, signal: AbortSignal): Promise<void> {
  let waitMs = running.service.options.pollIntervalMs ?? POLL_INTERVAL_MS;
  while (!signal.aborted) {
    running.steppedAt = performance.now();
    try {
      await running.service.options.readingGaps?.note(false);
      const step = await stepOnce(running);
      await running.service.options.readingGaps?.note(step.drained);
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

export async function stepOnce(running: Running): Promise<StepResult> {
  const { lease } = running.service;
  await lease.step();
  await forgetErased(running);
  const { platforms } = running.service;
  takePartitions(running);
  await unlessLost(running, () => running.service.watch.step());
  const steps: StepResult[] = [];
  for (const partition of running.partitions.values()) {
    // The partition is not held now. It may be held again in a moment, if no other analyzer takes it.
    if (lease.epoch(String(partition.index)) !== partition.epoch) continue;
    await unlessLost(running, async () => void steps.push(await stepPartition(partition)));
  }
  await unlessLost(running, () => platforms.step());
  await unlessLost(running, () => releasePartitions(running));
  await publishWords(running);
  const records = steps.reduce((sum, step) => sum + step.records, 0);
  running.records += records;
  return {
    records,
    drained: steps.every(({ drained }) => drained),
    changed: steps.flatMap(({ changed }) => changed),
  };
}

const ERASED_POLL_MS = 1000;

/**
 * Reads everything from the store again after a deletion on request. Otherwise the analyzer would
 * write again what it remembers of a deleted line.
 */
async function forgetErased(running: Running): Promise<void> {
  const { service, partitions, erasedCheckedAt } = running;
  const { store, onErased, log } = service.options;
  const now = performance.now();
  if (now - erasedCheckedAt < ERASED_POLL_MS) return;
  const erasure = (await store.states.load(ERASED_KEY))?.value ?? '';
  const before = running.erased;
  [running.erased, running.erasedCheckedAt] = [erasure, now];
  if (before === undefined || before === erasure) return;
  log.info('Something was deleted on request; what is known is read again.');
  for (const partition of partitions.values()) {
    if (!partition.loaded || service.lease.epoch(String(partition.index)) !== partition.epoch) continue;
    // Counts of lines and crash reports contain texts of deleted lines.
    partition.state.forms.clear();
    await savePartitionState(store, partition.index, {
      ...partition.state,
      cursor: partition.savedCursor,
      waiting: listWaiting(partition),
    });
  }
  partitions.clear();
  const { options, lease, fence } = service;
  running.service = { ...service, ...createTrackers(options, lease, fence, () => running.service.catalog) };
  await onErased?.();
}

/** Creates the trackers of data that belongs to no partition. */
export function createTrackers(
  options: AnalyzerSettings,
  lease: Lease,
  fence: Fence,
  catalog: () => Catalog,
): Pick<Service, 'platforms' | 'watch'> {
  const { onIncident, onGone } = options;
  return {
    platforms: createPlatformTracker({
      ...options,
      lease,
      fence,
      kinds: () => catalog().engine.shared,
      onIncident,
      onGone,
    }),
    watch: createClusterWatch({ ...options, lease, fence, onIncident }),
  };
}

/**
 * Creates and drops partitions as the lease assigns them. State from an earlier epoch is dropped, because another
 * analyzer may have continued meanwhile.
 */
function takePartitions({ service, partitions }: Running): void {
  const { lease } = service;
  const of = lease.count();
  const held = new Map(lease.partitions().map(({ partition, epoch }) => [partition, epoch]));
  for (const [index, partition] of partitions) {
    const epoch = held.get(index) ?? (lease.mayComeBack(String(index)) ? partition.epoch : undefined);
    if (epoch !== partition.epoch || partition.of !== of) dropPartition(service, partitions, partition);
  }
  for (const [index, epoch] of held)
    if (!partitions.has(index)) partitions.set(index, createPartition(service, { index, of, epoch }));
}

/** Saves the partitions that are revoked, then releases them to another analyzer. */
async function releasePartitions({ service, partitions }: Running): Promise<void> {
  for (const { partition: index, isRevoked } of service.lease.partitions()) {
    const partition = partitions.get(index);
    if (!isRevoked) continue;
    if (partition !== undefined) {
      await savePartition(partition);
      dropPartition(service, partitions, partition);
    }
    service.lease.release(String(index));
  }
}

function dropPartition(
  { platforms, options }: Service,
  partitions: Map<number, RecordPartition>,
  { index, of }: RecordPartition,
): void {
  partitions.delete(index);
  platforms.leave(({ cluster }) => options.store.findPartition(cluster, of) === index);
}

/** Stores the signal words. Agents read them and set the signal of the records that they read from then on. */
async function publishWords(running: Running): Promise<void> {
  const { words, options } = running.service;
  if (running.reportedVersion === words.version) return;
  await options.store.states.save({ key: SIGNAL_WORDS_KEY, value: encodeWords(words) });
  await options.store.states.save({ key: SIGNAL_VERSION_KEY, value: words.version });
  running.reportedVersion = words.version;
}

/**
 * Runs the work. A partition that is lost meanwhile is only logged: its next holder, this analyzer or another one, does
 * the rest of the work.
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
 * Saves all partitions at the end, then ends the lease. Otherwise records would be read again and incidents concluded
 * again.
 */
async function saveAtEnd(running: Running): Promise<void> {
  try {
    for (const partition of running.partitions.values()) await unlessLost(running, () => savePartition(partition));
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

/**
 * Returns the code of a failure, or undefined. An analyzer that takes partitions and loses them repeatedly does no
 * work, although no step fails.
 */
export function findOutage({ lastError, lost }: Running): string | undefined {
  return (
    lastError ?? (lost.filter((at) => performance.now() - at < FLAP_MS).length >= FLAPS ? 'parts-lost' : undefined)
  );
}
