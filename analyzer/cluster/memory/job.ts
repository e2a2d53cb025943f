// Holds what is known of the jobs of a cluster: what was stated of each job, and the sum of its tasks. The view of a
// job is made from both when it is asked for.
import type { Fact } from '../../../flink/facts/fact.js';
import { meaningOf } from './meaning.js';
import { addFact, forgetFacts, sortFacts, type ObservedFact, type ObservedFacts, type FactPlace } from './observed.js';
import { createTaskOwner, onlyJob, type Owners, type TaskOwner } from './owner.js';
import { createTaskSum, joinTaskSum, type TaskSum } from './task-sum.js';
import { listFailures, type FoldedFailures, type JobView } from './view.js';

export interface JobMemory {
  readonly id: string;
  readonly observed: ObservedFacts;
  /** Facts about its tasks from lines that name the job themselves. */
  readonly named: TaskOwner;
  folded: FoldedFailures | undefined;
}

export function createJob(id: string): JobMemory {
  return { id, observed: new Map(), named: createTaskOwner([id]), folded: undefined };
}

/** Adds a fact to the job; returns false if it changes nothing. */
export function observeJob({ observed }: JobMemory, fact: Fact, at: FactPlace): boolean {
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
  joinTaskSum(sum, named.sum);
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
    taskRuns: [...runs.values()]
      .flatMap(({ first, last }) => (first === last ? [first] : [first, last]))
      .sort((a, b) => a - b),
    attemptBegins: listBegins(attempts),
    stopped: [...lives].flatMap(([task, { ran, ended }]) => (ended > ran ? [task] : [])).sort(),
    deployments: [...deployments.values()].sort((a, b) => a.time - b.time),
    tasks: new Map([...parallelism].map(([task, { count }]) => [task, count])),
  };
}

/** Returns the times at which the attempt number was higher than all before. */
function listBegins(attempts: TaskSum['attempts']): number[] {
  const begins: number[] = [];
  let highest = 0;
  for (const [attempt, time] of [...attempts].sort(([a, at], [b, bt]) => at - bt || a - b)) {
    if (attempt <= highest) continue;
    highest = attempt;
    begins.push(time);
  }
  return begins;
}

/**
 * Numbers of states that are kept from the beginning and from the end of a long restart loop. A card lists twenty
 * attempts from each, with at most five states per attempt.
 */
const KEPT_FIRST = 100;
const KEPT_LAST = 150;
const FOLDED_FROM = 400;

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
  if (stated.length >= FOLDED_FROM) foldMiddle(job, stated);
  return observed.size < before || job.folded !== folded;
}

function foldMiddle(job: JobMemory, stated: readonly ObservedFact[]): void {
  const { observed } = job;
  const { states } = viewFacts(job.id, stated);
  const middle = findMiddle(states, job.folded?.to);
  foldStates(job, states.slice(middle.from, middle.to));
  for (const { fact, at } of stated.slice(middle.from, middle.to))
    observed.delete(meaningOf(fact).about?.(fact, at.time, at.process) ?? '');
}

/**
 * Finds the middle of the states. It begins and ends at times when the job ran, so that the part between can be counted
 * by itself.
 */
function findMiddle(
  states: JobView['states'],
  foldedTo: number | undefined,
): { readonly from: number; readonly to: number } {
  let from = foldedTo === undefined ? KEPT_FIRST : states.findIndex(({ time }) => time > foldedTo);
  if (foldedTo === undefined) while (from < states.length && states[from - 1]?.to !== 'RUNNING') from++;
  let to = states.length - KEPT_LAST;
  while (to > from && states[to - 1]?.to !== 'RUNNING') to--;
  return { from, to: Math.max(from, to) };
}

function foldStates(job: JobMemory, states: JobView['states']): void {
  const [first, last, { folded }] = [states[0], states.at(-1), job];
  if (first === undefined || last === undefined) return;
  const failures = listFailures(states);
  job.folded = {
    from: folded?.from ?? first.time,
    to: last.time,
    failures: (folded?.failures ?? 0) + failures.length,
    restarts: (folded?.restarts ?? 0) + failures.filter(({ restarted }) => restarted).length,
  };
}
