// Keeps all generations that the agent remembers. They are found by inode (is this file one of them?) and by family of
// names (is this file a copy of one of them?). They are loaded from the checkpoint.
import { basename } from 'node:path';
import type { FileState } from './checkpoint.js';
import { familyName } from '../discovery/pattern.js';

export interface Known {
  get(key: string): FileState | undefined;
  has(key: string): boolean;
  set(state: FileState): void;
  delete(key: string): void;
  /** Removes a generation without counting it as a change. */
  release(key: string): void;
  /** Returns the generations of an inode, the newest first. */
  findByInode(inode: string): readonly FileState[];
  /**
   * Returns the generations in the same folder whose names differ only by rotation numbers, dates and `.gz`; the newest
   * first.
   */
  findFamily(path: string): readonly FileState[];
  values(): Iterable<FileState>;
  /** Returns and clears the keys that were set or deleted since the last call. */
  takeChanges(): { readonly changed: readonly FileState[]; readonly removed: readonly string[] };
  readonly size: number;
}

export function createKnown(states: Iterable<FileState>): Known {
  const byKey = new Map<string, FileState>();
  const byInode: Index = new Map();
  const byFamily: Index = new Map();
  const touched = new Set<string>();

  function set(state: FileState): void {
    const old = byKey.get(state.key);
    if (old !== undefined && (old.inode !== state.inode || old.path !== state.path)) unlink(old);
    byKey.set(state.key, state);
    touched.add(state.key);
    if (old?.inode === state.inode && old.path === state.path) return;
    link(byInode, state.inode, state.key);
    link(byFamily, familyOf(state.path), state.key);
  }

  function unlink(state: FileState): void {
    unlinkKey(byInode, state.inode, state.key);
    unlinkKey(byFamily, familyOf(state.path), state.key);
  }

  function find(keys: readonly string[] = []): readonly FileState[] {
    const found = keys.map((key) => byKey.get(key)).filter((state) => state !== undefined);
    return found.sort((a, b) => b.seen - a.seen || b.mtimeMs - a.mtimeMs);
  }

  function remove(key: string): void {
    const state = byKey.get(key);
    if (state !== undefined) unlink(state);
    byKey.delete(key);
  }

  for (const state of states) set(state);
  touched.clear();
  return {
    get: (key) => byKey.get(key),
    has: (key) => byKey.has(key),
    set,
    delete: (key) => {
      remove(key);
      touched.add(key);
    },
    release: (key) => {
      remove(key);
      touched.delete(key);
    },
    findByInode: (inode) => find(byInode.get(inode)),
    findFamily: (path) => find(byFamily.get(familyOf(path))),
    values: () => byKey.values(),
    takeChanges: () => {
      const keys = [...touched];
      touched.clear();
      return {
        changed: keys.map((key) => byKey.get(key)).filter((state) => state !== undefined),
        removed: keys.filter((key) => !byKey.has(key)),
      };
    },
    get size() {
      return byKey.size;
    },
  };
}

/** Returns the name that a file shares with its rotations and archives. */
export function familyOf(path: string): string {
  const name = basename(path);
  const family = familyName(name);
  // The family of most files is the path itself, which is kept already.
  return family === name ? path : path.slice(0, -name.length) + family;
}

/**
 * Keys by name. An array is used, because most names have one key, and the empty slots of a set per name would be a
 * large part of what a file costs.
 */
type Index = Map<string, string[]>;

function link(index: Index, name: string, key: string): void {
  const keys = index.get(name);
  if (keys === undefined) index.set(name, [key]);
  else keys.push(key);
}

function unlinkKey(index: Index, name: string, key: string): void {
  const keys = index.get(name)?.filter((other) => other !== key) ?? [];
  if (keys.length > 0) index.set(name, keys);
  else index.delete(name);
}
