// What one agent holds, and what it has to do next: the one object that the files of its loop share. Made by agent.ts
// from its settings and parts.
import type { Log } from '../core/log.js';
import type { AgentRegistry, RecordSink } from '../store/store.js';
import type { Checkpoint } from './checkpoint/checkpoint.js';
import type { Lock } from './checkpoint/lock.js';
import type { ScanMemory, Watcher } from './files/discover.js';
import type { PodDirectory } from './files/pods.js';
import type { Reader } from './follow/read.js';
import type { Tails } from './follow/tails.js';
import type { Known } from './identity/known.js';
import type { Redactor } from './record/redact.js';
import type { AgentSettings } from './settings.js';
import type { Shipper } from './ship/ship.js';
import type { Board } from './status.js';

export interface AgentParts {
  readonly store: RecordSink & Pick<AgentRegistry, 'saveAgentStatus'>;
  readonly log: Log;
  readonly now?: () => number;
  /** The time of day, where it is not that of `now`. */
  readonly wall?: () => number;
  readonly random?: () => number;
  /** Processor time of this process so far, in milliseconds. */
  readonly cpuMs?: () => number;
}

export interface AgentState {
  /** Everybody has this one object, so that a reload reaches everybody. */
  readonly settings: AgentSettings;
  readonly redaction: { redact: Redactor };
  readonly store: AgentParts['store'];
  readonly log: Log;
  /** The time of day. */
  readonly wall: () => number;
  /** Waits are measured with a clock that nobody sets: a jump by a day must not stop the agent for a day. */
  readonly now: () => number;
  readonly random: () => number;
  readonly lock: Lock;
  readonly checkpoint: Checkpoint;
  readonly known: Known;
  readonly board: Board;
  readonly shipper: Shipper;
  readonly tails: Tails;
  readonly pods: PodDirectory | undefined;
  readonly reader: Reader;
  /** Folders that are never entered. */
  readonly excluded: readonly string[];
  readonly scanMemory: ScanMemory;
  /** The paths of the last scan. */
  scannedPaths: readonly string[];
  watcher: Watcher | undefined;
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
  nextForget: number;
  isClosed: boolean;
  /** Ends the rest of the loop. */
  readonly alarm: { wake: () => void };
}
