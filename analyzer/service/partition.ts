// Defines the state of one partition at the analyzer that holds it: the cursor of its feed, its failing clusters, and
// those that must be concluded. It is valid for one epoch of the assignment; the next holder reads everything from the
// store (history.ts, state.ts). Also defines the state that all partitions of an analyzer share.
import type { Log } from '../../core/log.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Entry } from '../../core/types.js';
import type { SignalWords } from '../../flink/bytes/words.js';
import type { Collections, FeedOptions, IncidentStore, RecordFeed, RecordSearch } from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import type { PlatformTracker } from '../platform/tracker.js';
import type { Fence } from '../platform/fence.js';
import type { Lease } from '../platform/lease.js';
import { createBackfill, type Backfill } from './backfill.js';
import type { ClusterMemory } from './memory.js';
import type { ReadingGaps } from './reading-gaps.js';
import type { ServiceState } from './state.js';
import type { ClusterWatch } from '../platform/fleet.js';

export interface AnalyzerSettings {
  readonly store: IncidentStore &
    Pick<Collections, 'agents' | 'jobLines' | 'states'> &
    Pick<RecordSearch, 'findRecords' | 'countJobRecords'> &
    Pick<RecordFeed, 'findPartition' | 'joinCursors'>;
  readonly catalog: Catalog;
  /** Lease that assigns the partitions; absent for a single instance. */
  readonly lease?: Lease | undefined;
  readonly log: Log;
  readonly now: () => number;
  /** Time, in milliseconds, by which this machine's clock is ahead of `now`; absent if the clocks are not compared. */
  readonly clockAheadMs?: (() => number) | undefined;
  /** Receives a note when everything was read; absent if it is not needed. */
  readonly readingGaps?: Pick<ReadingGaps, 'note'> | undefined;
  /** Called after an incident was stored that is new or has news (write.ts). */
  readonly onIncident?: (incident: Incident, change: 'new' | 'changed') => void | Promise<void>;
  /**
   * Called before an incident is removed because better evidence merged it with another one or showed it to be
   * harmless.
   */
  readonly onGone?: (id: string) => void | Promise<void>;
  /** Called after a deletion on request: the receiver must drop the incidents and messages that it keeps. */
  readonly onErased?: (() => void | Promise<void>) | undefined;
  readonly healthyMs?: number;
  readonly zone?: string;
  readonly pollIntervalMs?: number;
  /** Number of records per read. */
  readonly batchSize?: number;
  /** True if records that are stored before the start are skipped. */
  readonly skipsBacklog?: boolean;
}

export interface EntryPage {
  /** Number of documents of the store, including those that hold no entry. */
  readonly records: number;
  readonly entries: readonly Entry[];
  /** Times of the first and the last entry; undefined if none has a time. */
  readonly firstTime: number | undefined;
  readonly lastTime: number | undefined;
  readonly cursor: string;
  readonly drained: boolean;
}

/** State that all partitions of an analyzer share. */
export interface Service {
  readonly options: AnalyzerSettings;
  readonly lease: Lease;
  readonly fence: Fence;
  readonly platforms: PlatformTracker;
  readonly watch: ClusterWatch;
  readonly readEntries: (cursor: string | undefined, options: Omit<FeedOptions, 'limit'>) => Promise<EntryPage>;
  catalog: Catalog;
  /** Partitions whose backlog was skipped. */
  readonly skipped: Set<number>;
  /** Faults of rules that were logged already. */
  readonly reportedFaults: Set<string>;
  /** Signal words of the catalog. */
  words: SignalWords;
}

export interface RecordPartition {
  readonly service: Service;
  readonly options: AnalyzerSettings;
  readonly index: number;
  readonly of: number;
  /** Epoch (fencing token) of the assignment. */
  readonly epoch: number;
  state: ServiceState;
  /** Clusters in which something failed recently. */
  readonly clusters: Map<string, ClusterMemory>;
  /** Clusters with news that are not concluded yet. */
  readonly touched: Set<string>;
  /** Clusters of `touched` with recent records. They are concluded first. */
  readonly urgent: Set<string>;
  /** Cursor of the recent records, which are read ahead while the feed is behind; undefined otherwise. */
  live: string | undefined;
  /** Time of the last reading of recent records while a cluster was concluded, by performance.now(). */
  liveReadAt: number;
  /** Cluster that is being concluded (live.ts), and its entries that were read meanwhile; they are taken afterwards. */
  concluding: string | undefined;
  readonly held: Entry[];
  /** Page that was read last and is not completely concluded. The cursor moves only after that. */
  open: Pick<EntryPage, 'cursor' | 'drained'> | undefined;
  /** Time of the first unread record, as far as it is known; undefined if all are read. */
  unreadFrom: number | undefined;
  /** Times at which clusters are concluded again without new lines. */
  readonly due: Map<string, number>;
  readonly backfill: Backfill;
  /** Clusters that are read again because the rules changed, each with its start time. */
  readonly reread: Map<string, number>;
  savedCursor: string | undefined;
  loaded: boolean;
  /** True if an incident was written since the cursor was saved. */
  hasWritten: boolean;
  lastSave: number;
}

export function createPartition(
  service: Service,
  { index, of, epoch }: Pick<RecordPartition, 'index' | 'of' | 'epoch'>,
): RecordPartition {
  return {
    service,
    options: service.options,
    index,
    of,
    epoch,
    state: { cursor: undefined, forms: new Map(), waiting: [] },
    clusters: new Map(),
    touched: new Set(),
    urgent: new Set(),
    live: undefined,
    liveReadAt: 0,
    concluding: undefined,
    held: [],
    open: undefined,
    unreadFrom: undefined,
    due: new Map(),
    backfill: createBackfill({
      ...service.options,
      key: `analyzer/part-${index}/rules`,
      isOurs: (cluster) => service.options.store.findPartition(cluster, of) === index,
    }),
    reread: new Map(),
    savedCursor: undefined,
    loaded: false,
    hasWritten: false,
    lastSave: 0,
  };
}

export function isDue({ due, options }: RecordPartition, cluster: string): boolean {
  return (due.get(cluster) ?? Number.POSITIVE_INFINITY) <= options.now();
}
