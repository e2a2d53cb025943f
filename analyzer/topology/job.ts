// Holds what is known of the jobs of a cluster: what was stated of each job, and the sum of its tasks. The view of a
// job is made from both when it is asked for.
import type { Fact } from '../../flink/facts/fact.js';
import { foldMiddle, type FoldedFailures } from '../restarts/failures.js';
import { LIMITS } from '../restarts/limits.js';
import { meaningOf } from './meaning.js';
import {
  addFact,
  forgetFacts,
  sortFacts,
  type ObservedFact,
  type ObservedFacts,
  type FactPosition,
} from './observed.js';
import { createTaskOwner, onlyJob, type Owners, type TaskOwner } from './connected-ids.js';
import { createTaskSum, joinTaskSum, type TaskSum } from './task-sum.js';
import type { JobView } from './view.js';

export interface JobMemory {
  readonly id: string;
  readonly observed: ObservedFacts;
  /** Facts about its tasks from lines that name the job themselves. */
  named: TaskOwner | undefined;
  folded: FoldedFailures | undefined;
}

export function createJob(id: string): JobMemory {
  return { id, observed: new Map(), named: undefined, folded: undefined };
}

/** Returns the owner of the tasks of which lines name the job themselves. */
export function ownTasks(job: JobMemory): TaskOwner {
  return (job.named ??= createTaskOwner([job.id]));
}

/** Adds a fact to the job; returns false if it changes nothing. */
export function observeJob({ observed }: JobMemory, fact: Fact, at: FactPosition): boolean {
  const about = meaningOf(fact).about?.(fact, at.time, at.process);
  return about !== undefined && addFact(observed, about, { at, fact });
}

/** Makes the view of a job. `more` are facts that name no job and can only be about this one. */
export function viewJob(
  { id, observed, named, folded }: JobMemory,
  owners: Owners,
  more: readonly ObservedFact[],
): JobView {
  const connected = owners.connectedIds.get(id);
  const sum = createTaskSum();
  if (named !== undefined) joinTaskSum(sum, named.sum);
  if (connected !== undefined && onlyJob(connected) === id) joinTaskSum(sum, connected.sum);
  return { ...viewFacts(id, sortFacts([...observed.values(), ...more])), folded, ...listTasks(sum) };
}

/** Makes the view of a job from facts in the order of the logs. */
function viewFacts(id: string, observed: readonly ObservedFact[]): JobView {
  const view: JobView = {
    id,
    states: [],
    checkpoints: [],
    refusals: [],
    taskRuns: [],
    attemptBegins: [],
    stopped: [],
    deployments: [],
    tasks: new Map(),
  };
  for (const { fact, at } of observed) meaningOf(fact).applyJob?.(view, fact, at.time, at.process);
  return view;
}

type TaskView = Pick<JobView, 'taskRuns' | 'attemptBegins' | 'stopped' | 'deployments' | 'tasks'>;

function listTasks({ runs, deployments, attempts, lives, parallelism }: TaskSum): TaskView {
  return {
    taskRuns: [...(runs?.values() ?? [])]
      .flatMap(({ first, last }) => (first === last ? [first] : [first, last]))
      .sort((a, b) => a - b),
    attemptBegins: listBegins(attempts),
    stopped: [...(lives ?? [])].flatMap(([task, { ran, ended }]) => (ended > ran ? [task] : [])).sort(),
    deployments: [...(deployments?.values() ?? [])].sort((a, b) => a.time - b.time),
    tasks: new Map([...(parallelism ?? [])].map(([task, { count }]) => [task, count])),
  };
}

/** Returns the times at which the attempt number was higher than all before. */
function listBegins(attempts: TaskSum['attempts']): number[] {
  const begins: number[] = [];
  let highest = 0;
  for (const [attempt, time] of [...(attempts ?? [])].sort(([a, at], [b, bt]) => at - bt || a - b)) {
    if (attempt <= highest) continue;
    highest = attempt;
    begins.push(time);
  }
  return begins;
}

/**
 * Forgets what was before `begin`, and counts the states in the middle of a restart loop instead of keeping them.
 * Returns false if there was nothing to forget.
 */
export function compactJob(job: JobMemory, begin: number): boolean {
  const { observed, folded } = job;
  const before = observed.size;
  forgetFacts(observed, begin);
  if (folded !== undefined && folded.to < begin) job.folded = undefined;
  const stated = sortFacts([...observed.values()].filter(({ fact }) => meaningOf(fact).isObserved === true));
  if (stated.length > LIMITS.states.value) {
    const middle = foldMiddle(viewFacts(job.id, stated).states, job.folded);
    job.folded = middle.folded;
    for (const { fact, at } of stated.slice(middle.from, middle.to))
      observed.delete(meaningOf(fact).about?.(fact, at.time, at.process) ?? '');
  }
  return observed.size < before || job.folded !== folded;
}
