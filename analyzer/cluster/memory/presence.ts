// Which jobs a process has, by its own words: a TaskManager tells of slots and of its connections to JobManagers, a
// JobManager of the states of jobs. The lines of a process come in order, so what it told before a time is whole,
// however late the lines of others are. Of each job the first and the last word are kept, in any order and twice.
// Called by memory.ts. Pure.
import { findFirst } from '../../../core/sequence.js';

/** Times in milliseconds since 1970. */
interface Presence {
  /** The first and the last word that the job is here; infinite where there is none. */
  first: number;
  last: number;
  /** The last word that it is here no more. */
  left: number;
}

/** From then on, the only job that is here; undefined: several are, or none. */
interface Turn {
  readonly at: number;
  readonly only: string | undefined;
}

interface JobsHere {
  readonly jobs: Map<string, Presence>;
  /** By the beginning of a run of the process; forgotten with each word. Tens of thousands of jobs may be there. */
  readonly turns: Map<number, readonly Turn[]>;
}

/** By the process. */
export type Presences = Map<string, JobsHere>;

export function addPresence(presences: Presences, process: string, job: string, time: number, isHere: boolean): void {
  let here = presences.get(process);
  if (here === undefined) presences.set(process, (here = { jobs: new Map(), turns: new Map() }));
  here.turns.clear();
  let known = here.jobs.get(job);
  if (known === undefined)
    here.jobs.set(job, (known = { first: Number.POSITIVE_INFINITY, last: -Infinity, left: -Infinity }));
  if (!isHere) {
    known.left = Math.max(known.left, time);
    return;
  }
  known.first = Math.min(known.first, time);
  known.last = Math.max(known.last, time);
}

/** The process told before `time` that it has the job no more. */
export function hadLeft(presences: Presences, process: string, job: string, time: number): boolean {
  const known = presences.get(process)?.jobs.get(job);
  return known !== undefined && isGone(known, time);
}

function isGone({ last, left }: Presence, time: number): boolean {
  return Number.isFinite(left) && left <= time && (last <= left || last > time);
}

/** The only job that a process which began at `begun` had at `time`; undefined when there were several, or none. */
export function findOnlyHere(presences: Presences, process: string, begun: number, time: number): string | undefined {
  const here = presences.get(process);
  if (here === undefined) return undefined;
  let turns = here.turns.get(begun);
  if (turns === undefined) here.turns.set(begun, (turns = listTurns(here.jobs, begun)));
  return turns[findFirst(turns, ({ at }) => at > time) - 1]?.only;
}

function listTurns(jobs: ReadonlyMap<string, Presence>, begun: number): readonly Turn[] {
  const changes = [...jobs].flatMap(([job, known]) => (known.last >= begun ? listChanges(job, known) : []));
  changes.sort((a, b) => a.at - b.at);
  const here = new Set<string>();
  return changes.map(({ at, job, comes }) => {
    if (comes) here.add(job);
    else here.delete(job);
    const [only] = here;
    return { at, only: here.size === 1 ? only : undefined };
  });
}

/** When the job came and left: before its last word that it is not here, and from its last word that it is. */
function listChanges(
  job: string,
  { first, last, left }: Presence,
): readonly { readonly at: number; readonly job: string; readonly comes: boolean }[] {
  const comes = { at: first, job, comes: true };
  if (!Number.isFinite(left)) return [comes];
  const before = first < left ? [comes, { at: left, job, comes: false }] : [];
  return last > left ? [...before, { at: last, job, comes: true }] : before;
}

/** Forgets who had left before `time`. */
export function forgetPresences(presences: Presences, time: number): void {
  for (const [process, { jobs, turns }] of presences) {
    for (const [job, { last, left }] of jobs) if (left < time && last <= left) jobs.delete(job);
    turns.clear();
    if (jobs.size === 0) presences.delete(process);
  }
}
