// Creates the analyzer, which runs the loop over the partitions that it holds (loop.ts), and says how it is. The
// records in the store are the source of truth: a failing cluster's records are read once, and again after a restart.
// After a crash the same records give the same incidents under the same ids; onIncident may then be called twice, but
// is never left out.
import { decideHealth, type ServiceHealth } from '../../core/health.js';
import type { Incident } from '../../core/documents/incident.js';
import type { AnalyzerStatus } from '../../core/types.js';
import { findLargest, findSmallest } from '../../core/sequence.js';
import type { FeedOptions, RecordFeed } from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { listSignalWords } from '../catalog/signal-words.js';
import { readEntry } from '../entry/record.js';
import { createFence } from '../platform/fence.js';
import { createStaticLease } from '../platform/lease.js';
import { OPEN_OUTCOMES } from './conclude.js';
import type { AnalyzerSettings, EntryPage } from './partition.js';
import { type Running, createTrackers, stepOnce, runLoop, findOutage } from './loop.js';
import { timeOf } from './live.js';
import type { StepResult } from './step.js';

export interface AnalyzerOptions extends AnalyzerSettings {
  readonly store: RecordFeed & AnalyzerSettings['store'];
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

const BATCH_SIZE = 2000;
/**
 * Time, in milliseconds, after which a step counts as stuck. It is longer than any step, such as the reading of a
 * cluster's history, page by page, from a slow store.
 */
const STUCK_AFTER_MS = 900_000;

export function createAnalyzer(options: AnalyzerOptions): Analyzer {
  const lease = options.lease ?? createStaticLease();
  const fence = createFence(options.store, lease);
  const running: Running = {
    service: {
      options,
      lease,
      fence,
      ...createTrackers(options, lease, fence, () => running.service.catalog),
      readEntries: (cursor, more) => readEntries(options, cursor, more),
      catalog: options.catalog,
      skipped: new Set(),
      reportedFaults: new Set(),
      words: listSignalWords(options.catalog),
    },
    partitions: new Map(),
    reportedVersion: undefined,
    records: 0,
    steppedAt: performance.now(),
    drainedAt: performance.now(),
    hasStepped: false,
    lastError: undefined,
    lost: [],
    erased: undefined,
    erasedCheckedAt: Number.NEGATIVE_INFINITY,
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

async function readEntries(
  { store, batchSize = BATCH_SIZE }: AnalyzerOptions,
  from: string | undefined,
  more: Omit<FeedOptions, 'limit'>,
): Promise<EntryPage> {
  const { records, cursor, drained } = await store.readRecords(from, { limit: batchSize, ...more });
  const entries = records.map(readEntry);
  const times = entries.flatMap((entry) => timeOf(entry) ?? []);
  const span = times.length === 0 ? undefined : { first: findSmallest(times), last: findLargest(times) };
  return { records: records.length, entries, cursor, drained, firstTime: span?.first, lastTime: span?.last };
}

function setCatalog({ service }: Running, catalog: Catalog): void {
  service.catalog = catalog;
  service.reportedFaults.clear();
  service.words = listSignalWords(catalog);
}

function describe(running: Running): AnalyzerStatus {
  const { service, partitions, records, drainedAt } = running;
  const memories = [...partitions.values()].flatMap(({ clusters }) => [...clusters.values()]);
  const unread = [...partitions.values()].flatMap(({ unreadFrom }) => unreadFrom ?? []);
  const oldestUnreadMs = unread.length === 0 ? 0 : Math.max(0, service.options.now() - findSmallest(unread));
  return {
    records,
    parts: partitions.size,
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
    sinceCycleMs: performance.now() - steppedAt,
    stuckAfterMs: STUCK_AFTER_MS,
    hasBegun: hasStepped,
    outages: outage === undefined ? [] : [outage],
  });
}
