// One part of the records as the analyzer that has it knows it: the cursor of its feed, the clusters in which something
// fails, and which of them are to be concluded. It counts in one turn of having the part; whoever gets it next asks the
// store for all of it (history.ts, state.ts). Beside it stands what all parts of an analyzer share. Called by
// analyzer.ts, take.ts and conclude.ts.
import type { Log } from '../../core/log.js';
import type { Entry, Incident } from '../../core/types.js';
import type { SignalWords } from '../../flink/words/words.js';
import type {
  AgentRegistry,
  FeedOptions,
  IncidentStore,
  JobLineStore,
  RecordFeed,
  RecordSearch,
  StateStore,
} from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import type { PlatformKeeper } from '../platform/keeper.js';
import type { Fence } from '../share/fence.js';
import type { Lease } from '../share/lease.js';
import { createBackfill, type Backfill } from '../backfill/backfill.js';
import type { ClusterMemory } from './keep.js';
import type { Presence } from './presence.js';
import type { ServiceState } from './state.js';
import type { ClusterWatch } from '../watch/fleet.js';

export interface AnalyzerSettings {
  readonly store: IncidentStore &
    JobLineStore &
    StateStore &
    Pick<RecordSearch, 'findRecords' | 'countJobRecords'> &
    Pick<AgentRegistry, 'findAgentStatuses'> &
    Pick<RecordFeed, 'findPart' | 'joinCursors'>;
  readonly catalog: Catalog;
  /** Which parts of the records are its; absent where nobody else is on the store. */
  readonly lease?: Lease | undefined;
  readonly log: Log;
  readonly now: () => number;
  /** By how many milliseconds this machine's clock is ahead of `now`; absent where nobody compares them. */
  readonly clockAheadMs?: (() => number) | undefined;
  /** Notes when everything was read; absent where nobody asks. */
  readonly presence?: Pick<Presence, 'note'> | undefined;
  /** Called after an incident was stored, when it is new or says something new (write.ts). */
  readonly onIncident?: (incident: Incident, change: 'new' | 'changed') => void | Promise<void>;
  /** Called before an incident is removed that better evidence has joined with another, or shown to be harmless. */
  readonly onGone?: (id: string) => void | Promise<void>;
  /** Called when something was deleted on request: whoever keeps incidents or messages forgets them. */
  readonly onErased?: (() => void | Promise<void>) | undefined;
  readonly healthyMs?: number;
  readonly zone?: string;
  readonly pollIntervalMs?: number;
  /** Records of one read. */
  readonly batchSize?: number;
  /** What is stored already when it starts is not read. */
  readonly skipsBacklog?: boolean;
}

export interface EntryPage {
  /** Documents of the store, also those that hold no entry. */
  readonly records: number;
  readonly entries: readonly Entry[];
  /** When the first and the last of them were logged; undefined where none says it. */
  readonly firstTime: number | undefined;
  readonly lastTime: number | undefined;
  readonly cursor: string;
  readonly drained: boolean;
}

/** What all parts of an analyzer share. */
export interface Service {
  readonly options: AnalyzerSettings;
  readonly lease: Lease;
  readonly fence: Fence;
  readonly platforms: PlatformKeeper;
  readonly watch: ClusterWatch;
  readonly readEntries: (cursor: string | undefined, options: Omit<FeedOptions, 'limit'>) => Promise<EntryPage>;
  catalog: Catalog;
  /** Parts of which the backlog was skipped, once each. */
  readonly skipped: Set<number>;
  /** What is wrong with which part of which rule, as it was logged. */
  readonly toldFaults: Set<string>;
  /** Those of the catalog. */
  words: SignalWords;
}

export interface RecordPart {
  readonly service: Service;
  readonly options: AnalyzerSettings;
  readonly index: number;
  readonly of: number;
  /** Of having it. */
  readonly turn: number;
  state: ServiceState;
  /** Those in which something failed lately. */
  readonly clusters: Map<string, ClusterMemory>;
  /** Clusters that have news and are not concluded yet. */
  readonly touched: Set<string>;
  /** Those of them of which something was logged just now: they come first. */
  readonly urgent: Set<string>;
  /** While the feed is behind: up to where what was logged just now has been read, before everything else. */
  live: string | undefined;
  /** What was read last and is not concluded whole; only then the cursor moves. */
  open: Pick<EntryPage, 'cursor' | 'drained'> | undefined;
  /** When the first record was logged that is not read yet, as far as that is known; undefined: all are read. */
  unreadFrom: number | undefined;
  /** When a cluster is to be concluded again without new lines. */
  readonly due: Map<string, number>;
  readonly backfill: Backfill;
  /** Clusters that are read again because of other rules, and from when on. */
  readonly reread: Map<string, number>;
  savedCursor: string | undefined;
  loaded: boolean;
  /** An incident, since the cursor was saved. */
  hasWritten: boolean;
  lastSave: number;
}

export function createPart(
  service: Service,
  { index, of, turn }: Pick<RecordPart, 'index' | 'of' | 'turn'>,
): RecordPart {
  return {
    service,
    options: service.options,
    index,
    of,
    turn,
    state: { cursor: undefined, forms: new Map(), waiting: [] },
    clusters: new Map(),
    touched: new Set(),
    urgent: new Set(),
    live: undefined,
    open: undefined,
    unreadFrom: undefined,
    due: new Map(),
    backfill: createBackfill({
      ...service.options,
      key: `analyzer/part-${index}/rules`,
      isOurs: (cluster) => service.options.store.findPart(cluster, of) === index,
    }),
    reread: new Map(),
    savedCursor: undefined,
    loaded: false,
    hasWritten: false,
    lastSave: 0,
  };
}

export function isDue({ due, options }: RecordPart, cluster: string): boolean {
  return (due.get(cluster) ?? Number.POSITIVE_INFINITY) <= options.now();
}
