// Places → word of what happens there, so that the agent need not wait for its next look: one watch a folder, however
// many files it holds, and one for each file that only a link leads to. The periodic scan is the truth; this only makes
// it earlier and may fail (no inotify, queue overflow, a network's file system) without harm. reload.ts opens it; each
// scan says which places there are.
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FSWatcher } from 'chokidar';
import { describeFault, errorCode } from '../../core/fault.js';

export interface Watcher {
  /** Comes, and is waited for, before a folder is read: what happens in between is not missed. */
  enter(place: string): Promise<void> | undefined;
  /** Lets go of all others. */
  keep(places: ReadonlySet<string>): void;
  /** How many are watched now. */
  readonly size: number;
  close(): void;
}

export interface WatchParts {
  /** Is a file of this name one that may be followed? */
  readonly isWanted: (name: string) => boolean;
  /** Something was written to the file at this path; undefined where the system does not tell which. */
  readonly onChange: (path: string | undefined) => void;
  /** A file or folder came or went. */
  readonly onList: () => void;
  /** It gave up, and why; nothing is watched any more. */
  readonly onLost: (problem: string) => void;
}

/** More than this and the scan alone does the work. */
const MOST_PLACES = 5000;

interface Watching extends WatchParts {
  readonly most: number;
  readonly open: Map<string, Place>;
  hasEnded: boolean;
}

interface Place {
  readonly watcher: RawWatcher;
  readonly isFile: boolean;
  /** Ends the wait of whoever entered: the place is watched now, or will not be. */
  readonly resume: () => void;
}

/**
 * At each event chokidar reads the folder again and asks for the state of every file in it: with 5,000 files and 100
 * appended lines a second, that takes a whole core. The scans do this here, so all that chokidar would do after an
 * event is held back; its raw events are what remains.
 */
class RawWatcher extends FSWatcher {
  override _throttle(): false {
    return false;
  }
}

export function openWatcher(parts: WatchParts, most = MOST_PLACES): Watcher {
  const watching: Watching = { ...parts, most, open: new Map(), hasEnded: false };
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
  if (open.size >= watching.most) {
    giveUp(watching, 'too many folders');
    return undefined;
  }
  // One for each place: `unwatch` of a common one remembers every place that it ever let go.
  const watcher = new RawWatcher({ persistent: true, ignoreInitial: true, depth: 0, atomic: false });
  return new Promise((resume) => {
    open.set(place, { watcher, isFile: !isFolder(place), resume });
    watcher.on('raw', (event, name: string | null) => noteEvent(watching, place, event, name));
    watcher.on('error', (error) => noteError(watching, place, error));
    watcher.on('ready', () => noteReady(watching, place));
    watcher.add(place);
  });
}

/** In place of a place that is gone chokidar would watch the folder above. */
function noteReady({ open }: Watching, place: string): void {
  const entered = open.get(place);
  if (entered === undefined) return;
  if (Object.keys(entered.watcher.getWatched()).length === 0) leavePlace({ open }, place);
  else entered.resume();
}

/** What is gone or closed to us is the scan's to report; the next one tries again. */
function noteError(watching: Watching, place: string, error: unknown): void {
  if (['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR'].includes(errorCode(error))) leavePlace(watching, place);
  else giveUp(watching, describeFault(error));
}

/**
 * A place that is moved, removed or made again has an event under its own name, in itself or in the folder above; the
 * next scan enters it again.
 */
function noteEvent(watching: Watching, place: string, event: string, name: string | null): void {
  if (watching.hasEnded) return;
  if (event === 'change') return watching.onChange(name === null ? undefined : findChanged(watching, place, name));
  if (name === basename(place)) leavePlace(watching, place);
  if (name === null) return watching.onList();
  // Only a folder that came or went is of interest beside the files that may be followed.
  const path = join(place, name);
  const wasPlace = leavePlace(watching, path);
  if (wasPlace || watching.isWanted(name) || isFolder(path)) watching.onList();
}

/** A file that is watched itself has events under its own name. */
function findChanged({ open }: Watching, place: string, name: string): string {
  return open.get(place)?.isFile === true ? place : join(place, name);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Gone again.
    return false;
  }
}

/** Was it watched? */
function leavePlace({ open }: Pick<Watching, 'open'>, place: string): boolean {
  const left = open.get(place);
  if (left === undefined) return false;
  open.delete(place);
  closePlace(left);
  return true;
}

function closePlace({ watcher, resume }: Place): void {
  void watcher.close();
  // Closing takes all listeners away, and an error that comes after it and that nobody hears ends the process.
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
