// Assigns files to workers. A file, its rotations and its archives stay with one worker, because what joins them (a
// copy that continues, an entry cut in two) is found by their names; a file that is renamed stays where it is read. New
// families go to the worker with the least to read.
import type { FileState } from '../checkpoint/checkpoint.js';
import type { FoundFile } from '../discovery/discover.js';
import { familyOf, type Known } from '../checkpoint/known.js';

/** Cost of a file, in bytes, beside its own bytes. */
const FILE_COST_BYTES = 65_536;

export class Shares {
  readonly #known: Known;
  readonly #hasBirthTimes: boolean;
  /** Load of each worker, from bytes and number of files. */
  readonly #loads: number[];
  /** Worker of each file of the last scan. */
  #places = new Map<string, number>();
  /** Workers of the remembered generations. */
  readonly #owners = new Map<string, number>();
  readonly #families = new Map<string, number>();

  /** `hasBirthTimes`: the system keeps the creation time of a file, apart from its last change. */
  constructor(workers: number, known: Known, hasBirthTimes: boolean) {
    this.#known = known;
    this.#hasBirthTimes = hasBirthTimes;
    this.#loads = Array.from({ length: workers }, () => 0);
  }

  /** Returns the files of a scan, by worker. */
  share(files: readonly FoundFile[]): readonly (readonly FoundFile[])[] {
    const before = this.#places;
    this.#places = new Map();
    this.#loads.fill(0);
    // The workers that already read files are counted before new files are assigned.
    for (const file of files) this.#place(file, before.get(this.#placeOf(file)));
    for (const file of files) if (!this.#places.has(this.#placeOf(file))) this.#place(file, this.#findWorker(file));
    const shares: FoundFile[][] = this.#loads.map(() => []);
    for (const file of files) shares[this.#places.get(this.#placeOf(file)) ?? 0]?.push(file);
    return shares;
  }

  #place(file: FoundFile, worker: number | undefined): void {
    if (worker === undefined) return;
    this.#places.set(this.#placeOf(file), worker);
    this.#loads[worker] = (this.#loads[worker] ?? 0) + file.size + FILE_COST_BYTES;
  }

  /** Returns the key of a file. A reused inode has another creation time, if the system keeps one. */
  #placeOf(file: FoundFile): string {
    return `${file.device}:${file.inode}:${this.#birthOf(file)}`;
  }

  /** Returns the creation time of a file; 0 if unknown. */
  #birthOf({ birthMs }: FoundFile): number {
    return this.#hasBirthTimes ? Math.trunc(birthMs) : 0;
  }

  #findWorker(file: FoundFile): number {
    const birthMs = this.#birthOf(file);
    const same = this.#known.findByInode(file.inode).find((remembered) => isSame(remembered, file.path, birthMs));
    const family = familyOf(file.path);
    const relative = this.#known.findFamily(file.path)[0];
    const worker =
      this.#ownerOf(same) ?? this.#families.get(family) ?? this.#ownerOf(relative) ?? findLightest(this.#loads);
    this.#families.set(family, worker);
    return worker;
  }

  #ownerOf(state: FileState | undefined): number | undefined {
    return state === undefined ? undefined : this.#owners.get(state.key);
  }

  /** Returns the remembered states, by worker. The first scan must come before it, because its files decide. */
  shareStates(): readonly (readonly FileState[])[] {
    const shares: FileState[][] = this.#loads.map(() => []);
    // A file that was renamed while no agent was running has its own place; the others stay with their family.
    const byBirth = new Map([...this.#places].map(([place, worker]) => [place.slice(place.indexOf(':') + 1), worker]));
    for (const file of this.#known.values()) {
      const family = familyOf(file.path);
      const renamed = file.birthMs > 0 ? byBirth.get(`${file.inode}:${Math.trunc(file.birthMs)}`) : undefined;
      const owner = renamed ?? this.#families.get(family) ?? this.#owners.size % this.#loads.length;
      if (!this.#families.has(family)) this.#families.set(family, owner);
      this.#owners.set(file.key, owner);
      shares[owner]?.push(file);
    }
    return shares;
  }

  /** Notes that a worker has this generation. Returns the worker that had it before, if that is another one. */
  take(key: string, worker: number): number | undefined {
    const before = this.#owners.get(key);
    this.#owners.set(key, worker);
    return before === worker ? undefined : before;
  }

  /** Forgets a generation that is not remembered any longer. */
  forget(file: FileState): void {
    this.#owners.delete(file.key);
    if (this.#known.findFamily(file.path).length === 0) this.#families.delete(familyOf(file.path));
  }
}

function findLightest(loads: readonly number[]): number {
  return loads.reduce((lightest, load, worker) => (load < (loads[lightest] ?? 0) ? worker : lightest), 0);
}

/** Returns true if a remembered file is this one. Without creation times, only the name reveals a reused inode. */
function isSame(remembered: FileState, path: string, birthMs: number): boolean {
  if (remembered.birthMs > 0 && birthMs > 0) return Math.trunc(remembered.birthMs) === birthMs;
  return familyOf(remembered.path) === familyOf(path);
}
