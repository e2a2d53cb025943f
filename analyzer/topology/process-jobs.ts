// Records which jobs a process has, by its own log: a TaskManager logs its slots and its connections to JobManagers,
// and a JobManager logs the states of jobs. The lines of a process come in order, so what it logged before a time is
// complete, however late the lines of other processes are. The first and the last mention of each job are kept;
// mentions may come in any order and twice. No I/O.
import { findFirst } from '../../core/sequence.js';

/** Times of mentions, in milliseconds since 1970. */
interface JobMentions {
  /** First and last mention that the job is here; infinite if there is none. */
  first: number;
  last: number;
  /** Last mention that the job is not here any more. */
  left: number;
}

/** Change of the jobs on a process. `only` is the only job from `at` on; undefined if there are several, or none. */
interface SingleJobChange {
  readonly at: number;
  readonly only: string | undefined;
}

interface JobsHere {
  readonly jobs: Map<string, JobMentions>;
  /**
   * Changes by the start time of a run of the process, computed once because tens of thousands of jobs may be there.
   * Each new mention clears them.
   */
  readonly changes: Map<number, readonly SingleJobChange[]>;
}

/** Jobs on each process, by the process. */
export type ProcessJobs = Map<string, JobsHere>;

export function addJobMention(
  processJobs: ProcessJobs,
  process: string,
  job: string,
  time: number,
  isHere: boolean,
): void {
  let here = processJobs.get(process);
  if (here === undefined) processJobs.set(process, (here = { jobs: new Map(), changes: new Map() }));
  here.changes.clear();
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

/** True if the process logged before `time` that it does not have the job any more. */
export function hadLeft(processJobs: ProcessJobs, process: string, job: string, time: number): boolean {
  const known = processJobs.get(process)?.jobs.get(job);
  return known !== undefined && isGone(known, time);
}

function isGone({ last, left }: JobMentions, time: number): boolean {
  return Number.isFinite(left) && left <= time && (last <= left || last > time);
}

/** Returns the only job that a process started at `begun` had at `time`; undefined if there were several, or none. */
export function findOnlyHere(
  processJobs: ProcessJobs,
  process: string,
  begun: number,
  time: number,
): string | undefined {
  const here = processJobs.get(process);
  if (here === undefined) return undefined;
  let changes = here.changes.get(begun);
  if (changes === undefined) here.changes.set(begun, (changes = listSingleJobChanges(here.jobs, begun)));
  return changes[findFirst(changes, ({ at }) => at > time) - 1]?.only;
}

function listSingleJobChanges(jobs: ReadonlyMap<string, JobMentions>, begun: number): readonly SingleJobChange[] {
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

/**
 * Returns when the job came and left. It left at the last mention that it is not here any more. If there is a later
 * mention that it is here, it came again at the last one.
 */
function listChanges(
  job: string,
  { first, last, left }: JobMentions,
): readonly { readonly at: number; readonly job: string; readonly comes: boolean }[] {
  const comes = { at: first, job, comes: true };
  if (!Number.isFinite(left)) return [comes];
  const before = first < left ? [comes, { at: left, job, comes: false }] : [];
  return last > left ? [...before, { at: last, job, comes: true }] : before;
}

/** Forgets jobs that left before `time`. */
export function forgetJobMentions(processJobs: ProcessJobs, time: number): void {
  for (const [process, { jobs, changes }] of processJobs) {
    for (const [job, { last, left }] of jobs) if (left < time && last <= left) jobs.delete(job);
    changes.clear();
    if (jobs.size === 0) processJobs.delete(process);
  }
}
