// Assigns files to workers. A file, its rotations and its archives stay with one worker, because what joins them (a
// copy that continues, an entry cut in two) is found by their names; a file that is renamed stays where it is read. New
// families go to the worker with the least to read.
import type { FileState } from '../checkpoint/checkpoint.js';
import type { FoundFile } from '../discovery/discover.js';
import { familyOf, type Known } from '../checkpoint/known.js';

export interface Shares {
  /** Returns the files of a scan, by worker. */
  share(files: readonly FoundFile[]): readonly (readonly FoundFile[])[];
  /** Returns the remembered states, by worker. The first scan must come before it, because its files decide. */
  shareStates(): readonly (readonly FileState[])[];
  /** Notes that a worker has this generation. Returns the worker that had it before, if that is another one. */
  take(key: string, worker: number): number | undefined;
  /** Forgets a generation that is not remembered any longer. */
  forget(state: FileState): void;
}

interface ShareState {
  readonly known: Known;
  /** Returns the creation time of a file; 0 if unknown. */
  readonly birthOf: (file: FoundFile) => number;
  /** Load of each worker, from bytes and number of files. */
  readonly loads: number[];
  /** Worker of each file of the last scan. */
  places: Map<string, number>;
  /** Workers of the remembered generations. */
  readonly owners: Map<string, number>;
  readonly families: Map<string, number>;
}

/** Cost of a file, in bytes, beside its own bytes. */
const FILE_COST_BYTES = 65_536;

/**
 * Creates the assignment. `hasBirthTimes`: the system keeps the creation time of a file, apart from its last change.
 */
export function createShares(workers: number, known: Known, hasBirthTimes: boolean): Shares {
  const state: ShareState = {
    known,
    birthOf: ({ birthMs }) => (hasBirthTimes ? Math.trunc(birthMs) : 0),
    loads: Array.from({ length: workers }, () => 0),
    places: new Map(),
    owners: new Map(),
    families: new Map(),
  };
  return {
    share: (files) => share(state, files),
    shareStates: () => shareStates(state),
    take: (key, worker) => {
      const before = state.owners.get(key);
      state.owners.set(key, worker);
      return before === worker ? undefined : before;
    },
    forget: (file) => {
      state.owners.delete(file.key);
      if (known.findFamily(file.path).length === 0) state.families.delete(familyOf(file.path));
    },
  };
}

function share(state: ShareState, files: readonly FoundFile[]): readonly (readonly FoundFile[])[] {
  const { loads } = state;
  const before = state.places;
  const places = new Map<string, number>();
  loads.fill(0);
  // The workers that already read files are counted before new files are assigned.
  for (const file of files) place(file, before.get(placeOf(state, file)));
  for (const file of files) if (!places.has(placeOf(state, file))) place(file, findWorker(state, file));
  state.places = places;
  const shares: FoundFile[][] = loads.map(() => []);
  for (const file of files) shares[places.get(placeOf(state, file)) ?? 0]?.push(file);
  return shares;

  function place(file: FoundFile, worker: number | undefined): void {
    if (worker === undefined) return;
    places.set(placeOf(state, file), worker);
    loads[worker] = (loads[worker] ?? 0) + file.size + FILE_COST_BYTES;
  }
}

/** Returns the key of a file. A reused inode has another creation time, if the system keeps one. */
function placeOf({ birthOf }: ShareState, file: FoundFile): string {
  return `${file.device}:${file.inode}:${birthOf(file)}`;
}

function findWorker(state: ShareState, file: FoundFile): number {
  const { known, owners, families, loads } = state;
  const same = known.findByInode(file.inode).find((remembered) => isSame(remembered, file.path, state.birthOf(file)));
  const family = familyOf(file.path);
  const relative = known.findFamily(file.path)[0];
  const worker = ownerOf(owners, same) ?? families.get(family) ?? ownerOf(owners, relative) ?? findLightest(loads);
  families.set(family, worker);
  return worker;
}

function findLightest(loads: readonly number[]): number {
  return loads.reduce((lightest, load, worker) => (load < (loads[lightest] ?? 0) ? worker : lightest), 0);
}

function ownerOf(owners: ReadonlyMap<string, number>, state: FileState | undefined): number | undefined {
  return state === undefined ? undefined : owners.get(state.key);
}

/** Returns true if a remembered file is this one. Without creation times, only the name reveals a reused inode. */
function isSame(remembered: FileState, path: string, birthMs: number): boolean {
  if (remembered.birthMs > 0 && birthMs > 0) return Math.trunc(remembered.birthMs) === birthMs;
  return familyOf(remembered.path) === familyOf(path);
}

function shareStates({ known, owners, places, families, loads }: ShareState): readonly (readonly FileState[])[] {
  const shares: FileState[][] = loads.map(() => []);
  // A file that was renamed while no agent was running has its own place; the others stay with their family.
  const byBirth = new Map([...places].map(([place, worker]) => [place.slice(place.indexOf(':') + 1), worker]));
  for (const file of known.values()) {
    const family = familyOf(file.path);
    const renamed = file.birthMs > 0 ? byBirth.get(`${file.inode}:${Math.trunc(file.birthMs)}`) : undefined;
    const owner = renamed ?? families.get(family) ?? owners.size % loads.length;
    if (!families.has(family)) families.set(family, owner);
    owners.set(file.key, owner);
    shares[owner]?.push(file);
  }
  return shares;
}
