// Which worker has which file: a file, its rotations and its archives stay with one, since what joins them (a copy that
// goes on, an entry cut in two) is found by their names, and a file that is renamed stays where it is read. New
// families go to the worker with the least to read. Decides alone; crew.ts tells the workers.
import type { FileState } from '../checkpoint/checkpoint.js';
import type { FoundFile } from '../files/discover.js';
import { familyOf, type Known } from '../identity/known.js';

export interface Shares {
  /** The files of a scan, by worker. */
  share(files: readonly FoundFile[]): readonly (readonly FoundFile[])[];
  /** What is remembered, by worker; after the first scan, for its files decide. */
  shareStates(): readonly (readonly FileState[])[];
  /** A worker has this generation. Returns the one that had it before, if that is another. */
  take(key: string, worker: number): number | undefined;
  /** Nobody remembers it any more. */
  forget(state: FileState): void;
}

interface ShareState {
  readonly known: Known;
  /** 0 where nobody knows. */
  readonly birthOf: (file: FoundFile) => number;
  /** What each has to read, in bytes and in files. */
  readonly loads: number[];
  /** Files of the last scan. */
  places: Map<string, number>;
  /** Of the generations that are remembered. */
  readonly owners: Map<string, number>;
  readonly families: Map<string, number>;
}

/** A file costs this beside its bytes. */
const FILE_COST_BYTES = 65_536;

/** `hasBirthTimes`: the system tells when a file was created, and not when it changed. */
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
  // Who reads a file already counts before anybody gets a new one.
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

/** An inode that was given away has another time of birth, where the system tells one. */
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

/** Where no time of birth tells an inode that was given away, only the name does. */
function isSame(remembered: FileState, path: string, birthMs: number): boolean {
  if (remembered.birthMs > 0 && birthMs > 0) return Math.trunc(remembered.birthMs) === birthMs;
  return familyOf(remembered.path) === familyOf(path);
}

function shareStates({ known, owners, places, families, loads }: ShareState): readonly (readonly FileState[])[] {
  const shares: FileState[][] = loads.map(() => []);
  // A file that was renamed while no agent looked has its own place; the others are remembered with their family.
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
