// Watches places and reports what happens there, so that the agent need not wait for its next scan. It opens one watch
// per folder, however many files the folder holds, and one per file that only a link leads to. The periodic scan is the
// truth: a watch only makes it earlier and may fail without harm (no inotify, queue overflow, a network file system).
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FSWatcher } from 'chokidar';
import { describeFault, errorCode } from '../../core/fault.js';

export interface Watcher {
  /** Watches a place. The caller awaits this before it reads a folder, so that no change in between is missed. */
  enter(place: string): Promise<void> | undefined;
  /** Closes the watches of all other places. */
  keep(places: ReadonlySet<string>): void;
  /** Number of places that are watched now. */
  readonly size: number;
  close(): void;
}

export interface WatchParts {
  /** True if a file of this name may be followed. */
  readonly isWanted: (name: string) => boolean;
  /** Called when something was written to the file at this path; undefined if the system does not say which. */
  readonly onChange: (path: string | undefined) => void;
  /** Called when a file or folder came or went. */
  readonly onList: () => void;
  /** Called with the reason when the watcher gave up; nothing is watched from then on. */
  readonly onLost: (problem: string) => void;
}

/** Limit of places. With more of them, the scan alone does the work. */
const MAX_PLACES = 5000;

interface Watching extends WatchParts {
  readonly max: number;
  readonly open: Map<string, Place>;
  hasEnded: boolean;
}

interface Place {
  readonly watcher: RawWatcher;
  readonly isFile: boolean;
  /** Ends the wait of the caller of `enter`: the place is watched now, or will not be. */
  readonly resume: () => void;
}

/**
 * Watcher that emits only chokidar's raw events. At each event, chokidar reads the folder again and asks for the state
 * of every file in it; with 5,000 files and 100 appended lines a second, that takes a whole core. The agent's scans do
 * this, so everything that chokidar would do after an event is suppressed.
 */
class RawWatcher extends FSWatcher {
  override _throttle(): false {
    return false;
  }
}

export function openWatcher(parts: WatchParts, max = MAX_PLACES): Watcher {
  const watching: Watching = { ...parts, max, open: new Map(), hasEnded: false };
  return {
    enter: (place) => enterPlace(watching, place),
    keep: (places) => {
      for (const place of watching.open.keys()) if (!places.has(place)) leavePlace(watching, place);
    },
    get size() {
      return watching.open.size;
    },
    close: () => closeAll(watching),
  };
}

function enterPlace(watching: Watching, place: string): Promise<void> | undefined {
  const { open } = watching;
  if (watching.hasEnded || open.has(place)) return undefined;
  if (open.size >= watching.max) {
    giveUp(watching, 'too many folders');
    return undefined;
  }
  // Each place has its own watcher, because `unwatch` of a common one remembers every place that it ever released.
  const watcher = new RawWatcher({ persistent: true, ignoreInitial: true, depth: 0, atomic: false });
  return new Promise((resume) => {
    open.set(place, { watcher, isFile: !isFolder(place), resume });
    watcher.on('raw', (event, name: string | null) => noteEvent(watching, place, event, name));
    watcher.on('error', (error) => noteError(watching, place, error));
    watcher.on('ready', () => noteReady(watching, place));
    watcher.add(place);
  });
}

/**
 * Ends the wait for a place. A place that is gone is left, because chokidar would watch the folder above it instead.
 */
function noteReady({ open }: Watching, place: string): void {
  const entered = open.get(place);
  if (entered === undefined) return;
  if (Object.keys(entered.watcher.getWatched()).length === 0) leavePlace({ open }, place);
  else entered.resume();
}

/** Leaves a place that is gone or not accessible. The scan reports it, and the next scan tries again. */
function noteError(watching: Watching, place: string, error: unknown): void {
  if (['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR'].includes(errorCode(error))) leavePlace(watching, place);
  else giveUp(watching, describeFault(error));
}

/**
 * Handles a raw event. A place that is moved, removed or created again has an event under its own name, in itself or in
 * the folder above; the next scan enters it again.
 */
function noteEvent(watching: Watching, place: string, event: string, name: string | null): void {
  if (watching.hasEnded) return;
  if (event === 'change') return watching.onChange(name === null ? undefined : findChanged(watching, place, name));
  if (name === basename(place)) leavePlace(watching, place);
  if (name === null) return watching.onList();
  // Apart from files that may be followed, only folders that came or went matter.
  const path = join(place, name);
  const wasPlace = leavePlace(watching, path);
  if (wasPlace || watching.isWanted(name) || isFolder(path)) watching.onList();
}

/** Returns the path of a changed file. A file that is watched itself has events under its own name. */
function findChanged({ open }: Watching, place: string, name: string): string {
  return open.get(place)?.isFile === true ? place : join(place, name);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // The path is gone again.
    return false;
  }
}

/** Returns true if the place was watched. */
function leavePlace({ open }: Pick<Watching, 'open'>, place: string): boolean {
  const left = open.get(place);
  if (left === undefined) return false;
  open.delete(place);
  closePlace(left);
  return true;
}

function closePlace({ watcher, resume }: Place): void {
  void watcher.close();
  // Closing removes all listeners, and a later error without a listener would end the process.
  watcher.on('error', () => undefined);
  resume();
}

function giveUp(watching: Watching, problem: string): void {
  if (watching.hasEnded) return;
  closeAll(watching);
  watching.onLost(problem);
}

function closeAll(watching: Watching): void {
  watching.hasEnded = true;
  for (const place of watching.open.values()) closePlace(place);
  watching.open.clear();
}
