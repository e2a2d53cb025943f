// Keeps all generations that the agent remembers. They are found by inode (is this file one of them?) and by family of
// names (is this file a copy of one of them?). They are loaded from the checkpoint.
import { basename } from 'node:path';
import type { FileState } from './checkpoint.js';
import { familyName } from '../discovery/pattern.js';

export class Known {
  readonly #byKey = new Map<string, FileState>();
  readonly #byInode: Index = new Map();
  readonly #byFamily: Index = new Map();
  /** Keys that were set or deleted since changes were last taken. */
  readonly #touched = new Set<string>();

  constructor(states: Iterable<FileState>) {
    for (const state of states) this.set(state);
    this.#touched.clear();
  }

  get(key: string): FileState | undefined {
    return this.#byKey.get(key);
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  values(): Iterable<FileState> {
    return this.#byKey.values();
  }

  set(state: FileState): void {
    const old = this.#byKey.get(state.key);
    const isInPlace = old?.inode === state.inode && old.path === state.path;
    if (old !== undefined && !isInPlace) this.#unlink(old);
    this.#byKey.set(state.key, state);
    this.#touched.add(state.key);
    if (isInPlace) return;
    link(this.#byInode, state.inode, state.key);
    link(this.#byFamily, familyOf(state.path), state.key);
  }

  delete(key: string): void {
    this.release(key);
    this.#touched.add(key);
  }

  /** Removes a generation without counting it as a change. */
  release(key: string): void {
    const state = this.#byKey.get(key);
    if (state !== undefined) this.#unlink(state);
    this.#byKey.delete(key);
    this.#touched.delete(key);
  }

  #unlink(state: FileState): void {
    unlinkKey(this.#byInode, state.inode, state.key);
    unlinkKey(this.#byFamily, familyOf(state.path), state.key);
  }

  /** Returns the generations of an inode, the newest first. */
  findByInode(inode: string): readonly FileState[] {
    return this.#find(this.#byInode.get(inode));
  }

  /**
   * Returns the generations in the same folder whose names differ only by rotation numbers, dates and `.gz`; the newest
   * first.
   */
  findFamily(path: string): readonly FileState[] {
    return this.#find(this.#byFamily.get(familyOf(path)));
  }

  #find(keys: readonly string[] = []): readonly FileState[] {
    const found = keys.map((key) => this.#byKey.get(key)).filter((state) => state !== undefined);
    return found.sort((a, b) => b.seen - a.seen || b.mtimeMs - a.mtimeMs);
  }

  /** Returns and clears the keys that were set or deleted since the last call. */
  takeChanges(): { readonly changed: readonly FileState[]; readonly removed: readonly string[] } {
    const keys = [...this.#touched];
    this.#touched.clear();
    return {
      changed: keys.map((key) => this.#byKey.get(key)).filter((state) => state !== undefined),
      removed: keys.filter((key) => !this.#byKey.has(key)),
    };
  }
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
