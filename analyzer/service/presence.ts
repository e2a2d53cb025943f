// When the logs were read: whether a failure that is old by now happened while nobody read them. A cluster may not have
// been read because this installation, its store or the cluster's agent was away. What comes then is late and no old
// news; the logs that a first start finds are. The analyzer notes here that it has read everything, and the notifier
// asks. What must outlive the process stands in one document of the store.
import { isObject } from '../../core/json.js';
import type { RecordFeed, StateStore } from '../../store/store.js';

export interface Presence {
  /** Loads what is known of before; to be called before records may come. Throws what the store throws. */
  begin(): Promise<void>;
  /** Notes that the analyzer goes on; with `isDrained` it has read everything. Throws what the store throws. */
  note(isDrained: boolean): Promise<void>;
  /** True for a failure of a cluster that happened while its logs were not read. */
  isLate(cluster: string, timeMs: number): boolean;
}

export interface PresenceOptions {
  readonly store: Pick<StateStore, 'loadState' | 'saveState'> & Pick<RecordFeed, 'findNewest'>;
  readonly now: () => number;
}

/** A span in which logs were not read. */
interface Absence {
  readonly from: number;
  readonly to: number;
}

interface State {
  begun: boolean;
  /** When the process began, by the same clock. */
  startedAt: number;
  /** When everything was read last; undefined: never. */
  readAt: number | undefined;
  savedAt: number;
  lookedAt: number;
  /** Of everything. */
  absences: readonly Absence[];
  /** The newest record of each cluster that was read before this start. */
  before: ReadonlyMap<string, number>;
  /** The newest record of each cluster when its log was read as it was written. */
  readonly live: Map<string, number>;
  readonly ofCluster: Map<string, Absence>;
}

const KEY = 'analyzer/presence';
const SAVE_MS = 60_000;
/** A longer time without a read is an absence; what was written shortly before it may not have been read either. */
const AWAY_MS = 180_000;
const MARGIN_MS = 120_000;
/** A log whose newest line is younger is read as it is written. */
const LIVE_MS = 600_000;
/** Nobody is told what failed longer ago, whatever the reason. */
const OLDEST_MS = 7 * 86_400_000;
/** What was written before a start is read so soon after it. */
const START_MS = 3_600_000;
const MOST_ABSENCES = 5;

export function createPresence({ store, now }: PresenceOptions): Presence {
  const state: State = {
    begun: false,
    startedAt: now(),
    readAt: undefined,
    savedAt: Number.NEGATIVE_INFINITY,
    lookedAt: Number.NEGATIVE_INFINITY,
    absences: [],
    before: new Map(),
    live: new Map(),
    ofCluster: new Map(),
  };
  return {
    begin: () => begin(state, store, now()),
    note: (isDrained) => note(state, store, now(), isDrained),
    isLate: (cluster, timeMs) => isLate(state, cluster, timeMs, now()),
  };
}

async function begin(state: State, store: PresenceOptions['store'], now: number): Promise<void> {
  if (state.begun) return;
  const known = readState(await store.loadState(KEY));
  if (known !== undefined) {
    state.before = await store.findNewest(new Date(now - OLDEST_MS).toISOString());
    state.readAt = known.readAt;
    state.absences = known.absences;
  }
  state.begun = true;
}

async function note(state: State, store: PresenceOptions['store'], now: number, isDrained: boolean): Promise<void> {
  await begin(state, store, now);
  const { readAt } = state;
  const isBack = readAt !== undefined && now - readAt > AWAY_MS;
  if (isBack) {
    state.absences = [...state.absences, { from: readAt - MARGIN_MS, to: now }].slice(-MOST_ABSENCES);
    state.readAt = now;
  }
  if (!isDrained) return;
  state.readAt = now;
  if (now - state.lookedAt >= SAVE_MS) {
    noteLive(state, await store.findNewest(new Date(now - LIVE_MS).toISOString()));
    state.lookedAt = now;
  }
  if (!isBack && now - state.savedAt < SAVE_MS) return;
  await store.saveState(KEY, JSON.stringify({ version: 1, readAt: now, absences: state.absences }));
  state.savedAt = now;
}

/** A cluster of which nothing came for a while, and whose log is read again as it is written. */
function noteLive({ live, ofCluster }: State, newest: ReadonlyMap<string, number>): void {
  for (const [cluster, time] of newest) {
    const last = live.get(cluster);
    if (last !== undefined && time - last > LIVE_MS) ofCluster.set(cluster, { from: last, to: time });
    live.set(cluster, Math.max(time, last ?? time));
  }
}

function isLate(state: State, cluster: string, timeMs: number, now: number): boolean {
  if (timeMs < now - OLDEST_MS) return false;
  if (state.absences.some(({ from, to }) => timeMs >= from && timeMs <= to)) return true;
  const away = state.ofCluster.get(cluster);
  if (away !== undefined && timeMs > away.from && timeMs <= away.to) return true;
  const last = state.live.get(cluster) ?? (now - state.startedAt < START_MS ? state.before.get(cluster) : undefined);
  return last !== undefined && timeMs > last;
}

function readState(text: string | undefined): Pick<State, 'readAt' | 'absences'> | undefined {
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isObject(value) || value['version'] !== 1 || typeof value['readAt'] !== 'number') return undefined;
  const absences = Array.isArray(value['absences']) ? value['absences'] : [];
  return { readAt: value['readAt'], absences: absences.filter(isAbsence) };
}

function isAbsence(value: unknown): value is Absence {
  return isObject(value) && typeof value['from'] === 'number' && typeof value['to'] === 'number';
}
