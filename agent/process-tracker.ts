// Keeps the processes that write the files of this node: when each wrote last, and whether its JVM runs. From this, the
// analyzer learns that a process is gone, which no log says. A JVM of Flink names its log file on its command line
// (`-Dlog.file=`, in all start scripts, on YARN and on Kubernetes), which everybody may read. A process in another
// container cannot be seen, and nothing is reported of it. The status of the agent carries the result.
import { toIso } from '../core/time/iso.js';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { errorCode } from '../core/fault.js';
import { omitMissing } from '../core/json.js';
import type { Component } from '../core/types.js';
import type { ProcessReport } from '../core/documents/agent.js';
import { describeOrigin } from './record/origin.js';
import type { AgentSettings } from './settings.js';
import type { FoundFile } from './discovery/discover.js';

export interface ProcessTrackerParts {
  readonly settings: Pick<AgentSettings, 'host' | 'cluster' | 'isStoreShared'>;
  /** Returns the time of day. */
  readonly wallClock: () => number;
  /** Folder in which the system shows its processes. */
  readonly procDir?: string | undefined;
}

interface TrackedProcess {
  readonly process: string;
  readonly cluster: string;
  readonly component: Component | undefined;
  /** Paths of its most recently changed files. */
  paths: readonly string[];
  wroteMs: number;
  /** Process id of its JVM, once it was seen. */
  pid: number | undefined;
  startedMs: number | undefined;
  goneMs: number | undefined;
  removedMs: number | undefined;
}

const DAY_MS = 86_400_000;
/** Age, in milliseconds, above which an end is not listed: it is no news, and all agents are read together. */
const LISTED_MS = 2 * 3_600_000;
/** Time without writes, in milliseconds, after which only the scan notices that a process writes again. */
const RECENT_MS = 600_000;
const MAX_LISTED = 500;
/** Limit of files that are checked per process: log, printed output, GC log. */
const MAX_FILES = 4;
/**
 * Interval, in milliseconds, at which other processes are checked again, because a shell becomes a JVM under the same
 * id.
 */
const OTHERS_MS = 30_000;
const TICKS_PER_SECOND = 100;
const LOG_FILE = '-Dlog.file=';

export class ProcessTracker {
  readonly #parts: ProcessTrackerParts;
  readonly #procDir: string;
  readonly #tracked = new Map<string, TrackedProcess>();
  /** Process of each file, by device and inode. */
  readonly #owners = new Map<string, TrackedProcess>();
  /** Process ids that are no JVM of Flink, or not yet. They are checked again from time to time. */
  readonly #others = new Set<number>();
  #clearedMs: number;

  constructor(parts: ProcessTrackerParts) {
    this.#parts = parts;
    this.#procDir = parts.procDir ?? '/proc';
    this.#clearedMs = parts.wallClock();
  }

  /** Takes over the files of a scan. */
  sync(files: readonly FoundFile[]): void {
    const oldestMs = this.#parts.wallClock() - DAY_MS;
    const latest = new Map<TrackedProcess, FoundFile[]>();
    this.#owners.clear();
    for (const file of files) {
      if (file.mtimeMs < oldestMs) continue;
      const one = this.#findTracked(file);
      this.#owners.set(`${file.device}:${file.inode}`, one);
      const own = latest.get(one);
      if (own === undefined) latest.set(one, [file]);
      else own.push(file);
    }
    for (const [one, own] of latest) {
      own.sort((a, b) => b.mtimeMs - a.mtimeMs);
      one.paths = own.slice(0, MAX_FILES).map(({ path }) => path);
      one.wroteMs = Math.max(one.wroteMs, own[0]?.mtimeMs ?? 0);
      one.removedMs = undefined;
    }
    for (const [key, one] of this.#tracked)
      if (one.wroteMs < oldestMs && !latest.has(one) && !isRunning(one)) this.#tracked.delete(key);
  }

  #findTracked(file: FoundFile): TrackedProcess {
    const { process, cluster = '', component } = describeOrigin(file, this.#parts.settings);
    const key = `${cluster}\n${process}`;
    let one = this.#tracked.get(key);
    if (one === undefined) {
      one = { process, cluster, component, paths: [], wroteMs: 0, ...UNSEEN };
      this.#tracked.set(key, one);
    }
    return one;
  }

  /** Returns the processes that run or wrote within two hours, the latest first. */
  list(): readonly ProcessReport[] {
    const now = this.#parts.wallClock();
    for (const one of this.#tracked.values()) if (now - one.wroteMs < RECENT_MS || isRunning(one)) checkFiles(one, now);
    this.#lookAtProcesses(now);
    return [...this.#tracked.values()]
      .filter((one) => one.wroteMs > now - LISTED_MS || isRunning(one))
      .sort((a, b) => b.wroteMs - a.wroteMs)
      .slice(0, MAX_LISTED)
      .map(describeProcess);
  }

  /**
   * Finds running JVMs of Flink. It reads a few bytes for each process that was not seen before, and for each JVM
   * of Flink.
   */
  #lookAtProcesses(now: number): void {
    if (now - this.#clearedMs >= OTHERS_MS) {
      this.#others.clear();
      this.#clearedMs = now;
    }
    const pids = readPids(this.#procDir);
    if (pids === undefined) return;
    const running = new Map<number, TrackedProcess>();
    for (const one of this.#tracked.values()) if (one.pid !== undefined) running.set(one.pid, one);
    const seen = new Set<TrackedProcess>();
    for (const pid of pids) {
      if (this.#others.has(pid)) continue;
      const path = readLogFile(this.#procDir, pid);
      if (path === undefined) this.#others.add(pid);
      else {
        // The folder of the log may be gone while the process runs.
        const one = this.#findOwner(path) ?? running.get(pid);
        if (one === undefined) continue;
        if (one.pid !== pid) Object.assign(one, { pid, startedMs: readStartedMs(this.#procDir, pid) ?? now });
        one.goneMs = undefined;
        seen.add(one);
      }
    }
    for (const one of this.#tracked.values()) if (one.pid !== undefined && !seen.has(one)) one.goneMs ??= now;
  }

  /** Finds the process by the file itself, because a path means something else in another container. */
  #findOwner(path: string): TrackedProcess | undefined {
    try {
      const { dev, ino } = statSync(path, { bigint: true });
      return this.#owners.get(`${dev}:${ino}`);
    } catch {
      return undefined;
    }
  }
}

const UNSEEN = { pid: undefined, startedMs: undefined, goneMs: undefined, removedMs: undefined };

function isRunning({ startedMs, goneMs }: TrackedProcess): boolean {
  return startedMs !== undefined && goneMs === undefined;
}

function checkFiles(one: TrackedProcess, now: number): void {
  let isThere = false;
  for (const path of one.paths) {
    try {
      one.wroteMs = Math.max(one.wroteMs, statSync(path).mtimeMs);
      isThere = true;
    } catch (error) {
      // A file that is not accessible exists.
      if (errorCode(error) !== 'ENOENT') isThere = true;
    }
  }
  if (isThere) one.removedMs = undefined;
  else one.removedMs ??= now;
}

function readPids(procDir: string): readonly number[] | undefined {
  try {
    return readdirSync(procDir)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    // The system is not Linux.
    return undefined;
  }
}

/**
 * Returns the log file of a JVM of Flink; undefined for other processes, and for one that ended meanwhile or is hidden.
 */
function readLogFile(procDir: string, pid: number): string | undefined {
  try {
    const line = readFileSync(`${procDir}/${pid}/cmdline`, 'utf8');
    if (!line.includes(LOG_FILE)) return undefined;
    return line
      .split('\0')
      .find((argument) => argument.startsWith(LOG_FILE))
      ?.slice(LOG_FILE.length);
  } catch {
    return undefined;
  }
}

/** Returns the start time of a process, from field 22 of `stat` in ticks since the system started. */
function readStartedMs(procDir: string, pid: number): number | undefined {
  try {
    const stat = readFileSync(`${procDir}/${pid}/stat`, 'latin1');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync(`${procDir}/stat`, 'latin1'))?.[1]);
    const startedMs = boot * 1000 + (ticks / TICKS_PER_SECOND) * 1000;
    return Number.isFinite(startedMs) ? startedMs : undefined;
  } catch {
    return undefined;
  }
}

function describeProcess({
  process,
  cluster,
  component,
  wroteMs,
  startedMs,
  goneMs,
  removedMs,
}: TrackedProcess): ProcessReport {
  return {
    process,
    cluster,
    wrote: toIso(wroteMs),
    ...omitMissing({ component }),
    ...omitMissing({
      started: toIso(startedMs),
      gone: toIso(goneMs),
      removed: toIso(removedMs),
    }),
  };
}
