// Where the jobs of a cluster were, and when: on which processes their tasks ran, and whose logs spoke of them; and the
// ids that only they have. In: what is remembered of the cluster, with its views. Out: for lines.ts, of each job once
// until something of it changes. Called by cluster.ts.
import { groupBy } from '../../core/sequence.js';
import type { KnownCluster, Mention } from './memory/memory.js';
import { jobOfId, listOwnIds, printId } from './memory/owner.js';
import { listStays } from './memory/place.js';
import type { JobStay, JobView, Whereabouts } from './memory/view.js';
import { findByGraph, ownersOf } from './whose.js';

export function listWhereabouts(jobs: Iterable<JobView>, memory: KnownCluster): readonly Whereabouts[] {
  const { graphs, owners, views } = memory;
  const nameless = [...graphs.keys()].filter((graph) => jobOfId(owners, graph) === undefined);
  const guessed = groupBy(nameless, (graph) => findByGraph(graph, memory) ?? '');
  return Array.from(jobs, (job) => {
    let known = views.whereabouts.get(job.id);
    if (known === undefined) views.whereabouts.set(job.id, (known = findWhereabouts(job, memory)));
    const more = guessed.get(job.id);
    return more === undefined ? known : { ...known, ids: [...known.ids, ...more.map(printId)] };
  });
}

function findWhereabouts(job: JobView, memory: KnownCluster): Whereabouts {
  return {
    id: job.id,
    name: job.name,
    ids: listOwnIds(memory.owners, job.id).map(printId),
    stays: [...listTaskStays(job.id, memory), ...listMentioned(job, memory)],
  };
}

/** Where its tasks were. */
function* listTaskStays(jobId: string, memory: KnownCluster): Iterable<JobStay> {
  for (const { places } of ownersOf(jobId, memory))
    for (const name of places.keys())
      for (const process of listProcesses(name, memory))
        for (const { from, to } of listStays(places, name)) yield { from, to, process };
}

/** The processes of that name. */
function listProcesses(name: string, { processes, views }: KnownCluster): ReadonlySet<string> {
  const named = views.names?.get(name);
  return new Set([...(processes.has(name) ? [name] : []), ...(named === undefined ? [] : [named])]);
}

/** Whose logs spoke of it: a JobManager has it from its submission to its end. */
function* listMentioned(job: JobView, memory: KnownCluster): Iterable<JobStay> {
  for (const [process, jobs] of memory.named) {
    const mention = jobs.get(job.id);
    if (mention !== undefined)
      for (const stay of listMentions(job, process, mention, memory)) yield { ...stay, process };
  }
}

const BEGINNINGS: ReadonlySet<string> = new Set(['INITIALIZING', 'CREATED']);
const ENDS: ReadonlySet<string> = new Set(['FAILED', 'CANCELED', 'FINISHED', 'SUSPENDED']);

/** What its log does not tell of the beginning or of the end is a guess. */
function listMentions(
  { states: all, name }: JobView,
  process: string,
  mention: Mention,
  { processes }: KnownCluster,
): readonly Omit<JobStay, 'process'>[] {
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
