// Lists where the jobs of a cluster were and when: on which processes their tasks ran, and which processes logged
// something about them. It also lists the ids that only they have. In: what is remembered of the cluster, with its
// views. Out: for lines.ts, the same object for a job until something about the job changes.
import { groupBy } from '../../core/sequence.js';
import type { KnownCluster, Mention } from './memory.js';
import { jobOfId, listOwnIds, printId } from './connected-ids.js';
import { listIntervals } from './attempt-spans.js';
import type { JobInterval, JobView, JobPlacement } from './view.js';
import { findByGraph, ownersOf } from './ownership.js';

export function listPlacements(jobs: Iterable<JobView>, memory: KnownCluster): readonly JobPlacement[] {
  const { graphs, owners, views } = memory;
  const nameless = [...graphs.keys()].filter((graph) => jobOfId(owners, graph) === undefined);
  const guessed = groupBy(nameless, (graph) => findByGraph(graph, memory) ?? '');
  return Array.from(jobs, (job) => {
    let known = views.placements.get(job.id);
    if (known === undefined) views.placements.set(job.id, (known = findPlacement(job, memory)));
    const more = guessed.get(job.id);
    return more === undefined ? known : { ...known, ids: [...known.ids, ...more.map(printId)] };
  });
}

function findPlacement(job: JobView, memory: KnownCluster): JobPlacement {
  return {
    id: job.id,
    name: job.name,
    ids: listOwnIds(memory.owners, job.id).map(printId),
    intervals: [...listTaskIntervals(job.id, memory), ...listMentioned(job, memory)],
  };
}

/** Lists the intervals in which tasks of the job were on processes. */
function* listTaskIntervals(jobId: string, memory: KnownCluster): Iterable<JobInterval> {
  for (const { places } of ownersOf(jobId, memory))
    for (const name of places.keys())
      for (const process of listProcesses(name, memory))
        for (const { from, to } of listIntervals(places, name)) yield { from, to, process };
}

/** Returns the processes of that name. */
function listProcesses(name: string, { processes, views }: KnownCluster): ReadonlySet<string> {
  const named = views.names?.get(name);
  return new Set([...(processes.has(name) ? [name] : []), ...(named === undefined ? [] : [named])]);
}

/**
 * Lists the intervals on processes whose logs mention the job. A JobManager has a job from its submission to its end.
 */
function* listMentioned(job: JobView, memory: KnownCluster): Iterable<JobInterval> {
  for (const [process, jobs] of memory.named) {
    const mention = jobs.get(job.id);
    if (mention !== undefined)
      for (const interval of listMentions(job, process, mention, memory)) yield { ...interval, process };
  }
}

const BEGINNINGS: ReadonlySet<string> = new Set(['INITIALIZING', 'CREATED']);
const ENDS: ReadonlySet<string> = new Set(['FAILED', 'CANCELED', 'FINISHED', 'SUSPENDED']);

/**
 * Lists the intervals on a process that mentions the job. If the log of a JobManager does not state the beginning or
 * the end, that end of the interval is a guess.
 */
function listMentions(
  { states: all, name }: JobView,
  process: string,
  mention: Mention,
  { processes }: KnownCluster,
): readonly Omit<JobInterval, 'process'>[] {
  if (processes.get(process)?.component?.name !== 'jobmanager') return [{ from: mention.from, to: mention.to }];
  const states = all.filter((state) => state.process === process);
  const [first, last] = [states[0], states.at(-1)];
  const hasBegun = BEGINNINGS.has(first?.from ?? '') || (first === undefined && name !== undefined);
  const hasEnded = ENDS.has(last?.to ?? '');
  const from = hasBegun ? mention.from : -Infinity;
  const to = hasEnded ? mention.to : Infinity;
  return [
    { from: mention.from, to: last === undefined ? mention.to : to },
    { from, to, isGuess: true },
  ];
}
