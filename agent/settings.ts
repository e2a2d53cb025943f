// What the agent can be told, with its defaults. cli.ts hands the values of the settings table in; tests give the
// few they need. Read by every file of this stage; nothing here reads a file or the environment.
import { hostname } from 'node:os';

export interface AgentSettings {
  /** Folders, files or patterns with `**`, `*`, `{job_id}`, `{host}`, `{cluster}`. */
  readonly paths: readonly string[];
  /** Name of this node in records and ids. */
  readonly host: string;
  /** Empty: taken from the path (`{cluster}`, YARN application, Kubernetes cluster) or "default". */
  readonly cluster: string;
  /** Zone of timestamps without one; empty: the zone of this machine. */
  readonly zone: string;
  /** Folder for checkpoints, the lock, dead letters and the spool. */
  readonly dataDir: string;
  readonly scanIntervalMs: number;
  /** How often files that grew lately are looked at between two scans. */
  readonly readIntervalMs: number;
  /** A last entry without a successor is shipped after this long. */
  readonly idleFlushMs: number;
  /** A last line without an end that may begin an entry or go on with one is shipped after this long. */
  readonly undecidedFlushMs: number;
  readonly maxEntryBytes: number;
  readonly batchBytes: number;
  readonly batchRecords: number;
  /** A batch that is not full leaves after this long. */
  readonly batchAgeMs: number;
  readonly maxBatchesInFlight: number;
  /** Bytes read and not yet acknowledged; when spent, reading stops. */
  readonly budgetBytes: number;
  /** What one file may read before it is another's turn. */
  readonly quantumBytes: number;
  /** First start: files changed within this time are read from the beginning, older ones from the end. */
  readonly readFromBeginningWithinMs: number;
  /** Files without unread bytes are closed beyond this number. */
  readonly maxOpenFiles: number;
  /** An open descriptor of a file that vanished is kept this long after its last growth. */
  readonly holdGoneMs: number;
  /** How long a file that looks like a copy in the making is watched before it counts as a file of its own. */
  readonly copyWaitMs: number;
  /** A file that has not been seen for this long is forgotten. */
  readonly forgetAfterMs: number;
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  readonly statusIntervalMs: number;
  /** How long a stopping agent tries to ship what it has read; the rest is read again by the next. */
  readonly stopWithinMs: number;
  /** Watch folders so that a change wakes the agent before the next scan; the scan alone is enough. */
  readonly watch: boolean;
  /** More patterns to redact (RE2), each match replaced whole. */
  readonly redactPatterns: readonly string[];
}

const DEFAULTS: Omit<AgentSettings, 'paths' | 'dataDir' | 'host'> = {
  cluster: '',
  zone: '',
  scanIntervalMs: 1000,
  readIntervalMs: 200,
  idleFlushMs: 1000,
  undecidedFlushMs: 30_000,
  maxEntryBytes: 1_048_576,
  batchBytes: 4_194_304,
  batchRecords: 2000,
  batchAgeMs: 200,
  maxBatchesInFlight: 4,
  budgetBytes: 67_108_864,
  quantumBytes: 262_144,
  readFromBeginningWithinMs: 86_400_000,
  maxOpenFiles: 1000,
  holdGoneMs: 5000,
  copyWaitMs: 10_000,
  forgetAfterMs: 604_800_000,
  retryBaseMs: 200,
  retryCapMs: 30_000,
  statusIntervalMs: 5000,
  stopWithinMs: 8000,
  watch: true,
  redactPatterns: [],
};

/** Fills what is not given with the defaults; an empty `host` becomes the name the system gives. */
export function fillAgentSettings(
  given: Partial<AgentSettings> & Pick<AgentSettings, 'paths' | 'dataDir'>,
): AgentSettings {
  const host = given.host === undefined || given.host === '' ? hostname() : given.host;
  return { ...DEFAULTS, ...given, host };
}
