// Knows the periods in which logs were not read, so that a failure that is old by now can be recognized as late instead
// of old. Logs are not read while this installation, its store or the cluster's agent is down. Failures that a first
// start finds are old, not late. The analyzer notes each time that it has read everything; the notifier asks isLate.
// One document of the store outlives the process.
import { toIso } from '../../core/time/iso.js';
import { isObject } from '../../core/json.js';
import type { Collections, RecordFeed } from '../../store/store.js';

export interface ReadingGaps {
  /** Loads the stored state; must be called before records arrive. Throws what the store throws. */
  begin(): Promise<void>;
  /** Notes that the analyzer is running; with `isDrained` it has read everything. Throws what the store throws. */
  note(isDrained: boolean): Promise<void>;
  /** True if the failure happened while the logs of its cluster were not read. */
  isLate(cluster: string, timeMs: number): boolean;
}

export interface ReadingGapsOptions {
  readonly store: Pick<Collections, 'states'> & Pick<RecordFeed, 'findNewest'>;
  readonly now: () => number;
}

/** Period in which logs were not read. */
interface ReadingGap {
  readonly from: number;
  readonly to: number;
}

interface State {
  begun: boolean;
  /** Start of the process, by the same clock. */
  startedAt: number;
  /** Time at which everything was read last; undefined if never. */
  readAt: number | undefined;
  savedAt: number;
  checkedAt: number;
  /** Periods in which no cluster was read. */
  absences: readonly ReadingGap[];
  /** Time of the newest record of each cluster that was read before this start. */
  before: ReadonlyMap<string, number>;
  /** Time of the newest record of each cluster whose log was read as it was written. */
  readonly live: Map<string, number>;
  readonly ofCluster: Map<string, ReadingGap>;
}

const KEY = 'analyzer/presence';
const SAVE_MS = 60_000;
/**
 * Time without a read, in milliseconds, that counts as a gap. MARGIN_MS is added before it, because lines shortly
 * before may not have been read either.
 */
const AWAY_MS = 180_000;
const MARGIN_MS = 120_000;
/** Age, in milliseconds, of the newest line up to which a log is read as it is written. */
const LIVE_MS = 600_000;
/** Age, in milliseconds, from which a failure is not reported, whatever the reason. */
const OLDEST_MS = 7 * 86_400_000;
/** Time after the start, in milliseconds, in which records from before the start are read. */
const START_MS = 3_600_000;
const MAX_GAPS = 5;

export function createReadingGaps({ store, now }: ReadingGapsOptions): ReadingGaps {
  const state: State = {
    begun: false,
    startedAt: now(),
    readAt: undefined,
    savedAt: Number.NEGATIVE_INFINITY,
    checkedAt: Number.NEGATIVE_INFINITY,
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

async function begin(state: State, store: ReadingGapsOptions['store'], now: number): Promise<void> {
  if (state.begun) return;
  const known = readState((await store.states.load(KEY))?.value);
  if (known !== undefined) {
    state.before = await store.findNewest(toIso(now - OLDEST_MS));
    state.readAt = known.readAt;
    state.absences = known.absences;
  }
  state.begun = true;
}

async function note(state: State, store: ReadingGapsOptions['store'], now: number, isDrained: boolean): Promise<void> {
  await begin(state, store, now);
  const { readAt } = state;
  const isBack = readAt !== undefined && now - readAt > AWAY_MS;
  if (isBack) {
    state.absences = [...state.absences, { from: readAt - MARGIN_MS, to: now }].slice(-MAX_GAPS);
    state.readAt = now;
  }
  if (!isDrained) return;
  state.readAt = now;
  if (now - state.checkedAt >= SAVE_MS) {
    noteLive(state, await store.findNewest(toIso(now - LIVE_MS)));
    state.checkedAt = now;
  }
  if (!isBack && now - state.savedAt < SAVE_MS) return;
  await store.states.save({ key: KEY, value: JSON.stringify({ version: 1, readAt: now, absences: state.absences }) });
  state.savedAt = now;
}

/** Notes the gap of a cluster whose records were missing for some time and are now read again as they are written. */
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
  return { readAt: value['readAt'], absences: absences.filter(isReadingGap) };
}

function isReadingGap(value: unknown): value is ReadingGap {
  return isObject(value) && typeof value['from'] === 'number' && typeof value['to'] === 'number';
}
