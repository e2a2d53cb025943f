// Places → word of what happens there, so that the agent need not wait for its next look: one watch a folder, however
// many files it holds, and one for each file that only a link leads to. The periodic scan is the truth; this only makes
// it earlier and may fail (no inotify, queue overflow, a network's file system) without harm. reload.ts opens it; each
// scan says which places there are.
import { statSync, watch, type FSWatcher } from 'node:fs';
import { basename, join } from 'node:path';
import { describeFault, errorCode } from '../../core/fault.js';

export interface Watcher {
  /** Comes before a folder is read: what happens in between is not missed. */
  enter(place: string): void;
  /** Lets go of all others. */
  keep(places: ReadonlySet<string>): void;
  /** How many are watched now. */
  readonly size: number;
  close(): void;
}

export interface WatchParts {
  /** Is a file of this name one that may be followed? */
  readonly isWanted: (name: string) => boolean;
  /** Something was written to a file. */
  readonly onChange: () => void;
  /** A file or folder came or went. */
  readonly onList: () => void;
  /** It gave up, and why; nothing is watched any more. */
  readonly onLost: (problem: string) => void;
}

/** More than this and the scan alone does the work. */
const MOST_PLACES = 5000;

interface Watching extends WatchParts {
  readonly most: number;
  readonly open: Map<string, FSWatcher>;
  hasEnded: boolean;
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

function enterPlace(watching: Watching, place: string): void {
  const { open } = watching;
  if (watching.hasEnded || open.has(place)) return;
  if (open.size >= watching.most) return giveUp(watching, 'too many folders');
  try {
    const watcher = watch(place, { persistent: false }, (event, name) => noteEvent(watching, place, event, name));
    watcher.on('error', (error) => giveUp(watching, describeFault(error)));
    open.set(place, watcher);
  } catch (error) {
    // What is gone or closed to us is the scan's to report.
    if (!['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR'].includes(errorCode(error))) giveUp(watching, describeFault(error));
  }
}

/** A place that is moved or removed itself has an event under its own name; the next scan enters it again. */
function noteEvent(watching: Watching, place: string, event: string, name: string | null): void {
  if (watching.hasEnded) return;
  if (event === 'change') return watching.onChange();
  if (name === basename(place)) leavePlace(watching, place);
  if (name === null || watching.isWanted(name) || isKnown(watching, join(place, name))) watching.onList();
}

/** Only a folder that came or went is of interest beside the files that may be followed. */
function isKnown({ open }: Watching, path: string): boolean {
  return open.has(path) || isFolder(path);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Gone again.
    return false;
  }
}

function leavePlace({ open }: Watching, place: string): void {
  open.get(place)?.close();
  open.delete(place);
}

function giveUp(watching: Watching, problem: string): void {
  if (watching.hasEnded) return;
  closeAll(watching);
  watching.onLost(problem);
}

function closeAll(watching: Watching): void {
  watching.hasEnded = true;
  for (const watcher of watching.open.values()) watcher.close();
  watching.open.clear();
}
