// Declares the state of one agent, the object that the files of its loop share. agent.ts creates it from the settings
// and from what the agent depends on (AgentParts).
import type { Log } from '../core/log.js';
import type { AgentStatus } from '../core/documents/agent.js';
import type { Collection, RecordSink } from '../store/store.js';
import type { Checkpoint } from './checkpoint/checkpoint.js';
import type { Lock } from './checkpoint/lock.js';
import type { ScanMemory } from './discovery/discover.js';
import type { Watcher } from './discovery/watch.js';
import type { Alarm } from './alarm.js';
import type { Follower } from './follower.js';
import type { Known } from './checkpoint/known.js';
import type { ProcessTracker } from './process-tracker.js';
import type { AgentSettings } from './settings.js';
import type { Board } from './status.js';
import type { OpenWorker } from './workers/pool.js';

export interface AgentParts {
  readonly store: RecordSink & { readonly agents: Pick<Collection<AgentStatus, never>, 'save'> };
  readonly log: Log;
  readonly now?: () => number;
  /** Returns the time of day, if it differs from `now`. */
  readonly wallClock?: () => number;
  readonly random?: () => number;
  /** Returns the processor time of this process so far, in milliseconds. */
  readonly cpuMs?: () => number;
  /** Folder in which the system shows its processes; default: /proc. */
  readonly procDir?: string | undefined;
  /** Opens a worker. Without it, there are no workers, whatever the settings say. */
  readonly openWorker?: OpenWorker;
}

export interface AgentState {
  /** Id that distinguishes this agent's status from that of another agent with the same host name. */
  readonly id: string;
  /** Settings, which a reload changes in place. */
  readonly settings: AgentSettings;
  readonly store: AgentParts['store'];
  readonly log: Log;
  /** Returns the time of day. */
  readonly wallClock: () => number;
  /** Clock that nobody sets, for waits: a jump by a day must not stop the agent for a day. */
  readonly now: () => number;
  readonly random: () => number;
  /** Returns the time, in milliseconds, in which the event loop of this thread was active so far. */
  readonly activeMs: () => number;
  readonly lock: Lock;
  readonly checkpoint: Checkpoint;
  readonly known: Known;
  /** Counters and conditions that concern no file and no record; the follower has a board of its own. */
  readonly board: Board;
  readonly follower: Follower;
  /** Processes that write the files that were found. */
  readonly processTracker: ProcessTracker;
  /** Folders that are never scanned. */
  readonly excluded: readonly string[];
  readonly scanMemory: ScanMemory;
  /** Paths of the last scan. */
  scannedPaths: readonly string[];
  /** Links that the last scan did not follow, as far as they were reported. */
  refusedLinks: ReadonlySet<string>;
  watcher: Watcher | undefined;
  /** Paths of writes that were observed since the last cycle. */
  readonly changedPaths: Set<string>;
  /** True if all file events since the last scan were about files that are followed. */
  isQuiet: boolean;
  /** True if the watch must be opened again. */
  isWatchDue: boolean;
  /** True if a file or folder came or went, so that the next scan comes early. */
  isScanDue: boolean;
  hasScanned: boolean;
  /** Time at which the loop last began a cycle. */
  cycleStartedAt: number;
  nextStatus: number;
  /** Status that is being saved; nothing waits for it. */
  statusFlight: Promise<void> | undefined;
  /** True if the agent is being stopped; its last status says so. */
  isEnding: boolean;
  isClosed: boolean;
  /** Ends the pause of the loop. */
  readonly alarm: Alarm;
}
