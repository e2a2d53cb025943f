// What one agent holds, and what it has to do next: the one object that the files of its loop share. Made by agent.ts
// from its settings and parts.
import type { Log } from '../core/log.js';
import type { AgentRegistry, RecordSink } from '../store/store.js';
import type { Checkpoint } from './checkpoint/checkpoint.js';
import type { Lock } from './checkpoint/lock.js';
import type { ScanMemory } from './files/discover.js';
import type { Watcher } from './files/watch.js';
import type { Alarm } from './follow/alarm.js';
import type { Follower } from './follow/follower.js';
import type { Known } from './identity/known.js';
import type { ProcessLives } from './lives.js';
import type { AgentSettings } from './settings.js';
import type { Board } from './status.js';
import type { OpenWorker } from './workers/crew.js';

export interface AgentParts {
  readonly store: RecordSink & Pick<AgentRegistry, 'saveAgentStatus'>;
  readonly log: Log;
  readonly now?: () => number;
  /** The time of day, where it is not that of `now`. */
  readonly wall?: () => number;
  readonly random?: () => number;
  /** Processor time of this process so far, in milliseconds. */
  readonly cpuMs?: () => number;
  /** Where the system shows its processes; /proc. */
  readonly procDir?: string | undefined;
  /** Without it there are no workers, whatever the settings say. */
  readonly openWorker?: OpenWorker;
}

export interface AgentState {
  /** Tells its status from that of another agent of the same host name. */
  readonly id: string;
  /** A reload changes them in place. */
  readonly settings: AgentSettings;
  readonly store: AgentParts['store'];
  readonly log: Log;
  /** The time of day. */
  readonly wall: () => number;
  /** Waits are measured with a clock that nobody sets: a jump by a day must not stop the agent for a day. */
  readonly now: () => number;
  readonly random: () => number;
  /** How long this thread was not idle so far, in milliseconds. */
  readonly activeMs: () => number;
  readonly lock: Lock;
  readonly checkpoint: Checkpoint;
  readonly known: Known;
  /** What concerns no file and no record; the follower has a board of its own. */
  readonly board: Board;
  readonly follower: Follower;
  /** Who writes the files that were found. */
  readonly lives: ProcessLives;
  /** Folders that are never entered. */
  readonly excluded: readonly string[];
  readonly scanMemory: ScanMemory;
  /** The paths of the last scan. */
  scannedPaths: readonly string[];
  /** Links that the last scan did not follow, as far as they were reported. */
  refusedLinks: ReadonlySet<string>;
  watcher: Watcher | undefined;
  /** Where something was written since the last turn. */
  readonly told: Set<string>;
  /** Nothing was heard since the last scan but of files that are followed. */
  isQuiet: boolean;
  /** Folders are to be watched anew. */
  isWatchDue: boolean;
  /** A file came or went: scan before the time. */
  isScanDue: boolean;
  hasScanned: boolean;
  /** When the loop last began a turn. */
  turnedAt: number;
  nextStatus: number;
  /** The status is on its way to the store; nothing waits for it. */
  statusFlight: Promise<void> | undefined;
  /** It ends in order, and says so. */
  isEnding: boolean;
  isClosed: boolean;
  /** Ends the rest of the loop. */
  readonly alarm: Alarm;
}
