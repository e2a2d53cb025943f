// Which jobs a process has, by its own words: a TaskManager tells of slots and of its connections to JobManagers, a
// JobManager of the states of jobs. The lines of a process come in order, so what it told before a time is whole,
// however late the lines of others are. Of each job the first and the last word are kept, in any order and twice.
// Called by memory.ts. Pure.

/** Times in milliseconds since 1970. */
interface Presence {
  /** The first and the last word that the job is here; infinite where there is none. */
  first: number;
  last: number;
  /** The last word that it is here no more. */
  left: number;
}

/** By the process, then by the job. */
export type Presences = Map<string, Map<string, Presence>>;

export function addPresence(presences: Presences, process: string, job: string, time: number, isHere: boolean): void {
  let jobs = presences.get(process);
  if (jobs === undefined) presences.set(process, (jobs = new Map()));
  let known = jobs.get(job);
  if (known === undefined)
    jobs.set(job, (known = { first: Number.POSITIVE_INFINITY, last: -Infinity, left: -Infinity }));
  if (!isHere) {
    known.left = Math.max(known.left, time);
    return;
  }
  known.first = Math.min(known.first, time);
  known.last = Math.max(known.last, time);
}

/** The process told before `time` that it has the job no more. */
export function hadLeft(presences: Presences, process: string, job: string, time: number): boolean {
  const known = presences.get(process)?.get(job);
  return known !== undefined && isGone(known, time);
}

/** The only job that a process which began at `begun` had at `time`; undefined when there were several, or none. */
export function findOnlyHere(presences: Presences, process: string, begun: number, time: number): string | undefined {
  const here = [...(presences.get(process) ?? [])].filter(
    ([, known]) => known.first <= time && known.last >= begun && !isGone(known, time),
  );
  return here.length === 1 ? here[0]?.[0] : undefined;
}

function isGone({ last, left }: Presence, time: number): boolean {
  return Number.isFinite(left) && left <= time && (last <= left || last > time);
}

/** Forgets who had left before `time`. */
export function forgetPresences(presences: Presences, time: number): void {
  for (const [process, jobs] of presences) {
    for (const [job, { last, left }] of jobs) if (left < time && last <= left) jobs.delete(job);
    if (jobs.size === 0) presences.delete(process);
  }
}
