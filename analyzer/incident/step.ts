// Decides whether a match holds if its rule also has steps: a number of entries, or none, before or after the match, in
// the same process, job, peer or cluster. A window that has not passed yet is judged by what is there. Pure functions.
import { findFirst } from '../../core/sequence.js';
import type { Catalog } from '../catalog/catalog.js';
import type { ClusterView } from '../topology/cluster.js';
import type { Rule, RuleStep } from '../catalog/rule.js';
import type { MatchPart, Signal } from '../entry/signal.js';

/** Returns the matches of the signal whose steps hold. */
export function confirmMatches(
  signal: Signal,
  signals: StepIndex,
  view: ClusterView,
  catalog: Catalog,
): readonly MatchPart[] {
  return signal.matches.filter((match) => {
    const rule = catalog.findRule(match.rule);
    return rule !== undefined && findFailedStep(rule, match, signal, signals, view) === undefined;
  });
}

export interface FailedStep {
  readonly step: RuleStep;
  /** Entries in the window of the step: all of them if there are too few, one if none is allowed. */
  readonly found: readonly Signal[];
  /** Number of entries in the logs that fit the step anywhere. */
  readonly anywhere: number;
}

/** Returns the first step of the rule that does not hold for this match; undefined if all hold. */
export function findFailedStep(
  rule: Rule,
  match: MatchPart,
  signal: Signal,
  index: StepIndex,
  view: ClusterView,
): FailedStep | undefined {
  for (const step of rule.steps) {
    const all = index.get(keyOf(rule.id, step.id)) ?? [];
    const enough = step.absent ? 1 : view.reading.countOf(step.count, all.includes(signal));
    const found = take(enough, listFitting(all, step, rule, match, signal, view));
    if (step.absent === found.length >= enough) return { step, found, anywhere: all.length };
  }
  return undefined;
}

/** Signals by the step that they fit, in order of time; signals without a time come first. */
export type StepIndex = ReadonlyMap<string, readonly Signal[]>;

/** Indexes signals by their steps. `signals` must be in order of time. */
export function indexSteps(signals: readonly Signal[]): StepIndex {
  const index = new Map<string, Signal[]>();
  for (const signal of signals) {
    for (const { rule, step } of signal.steps) {
      const key = keyOf(rule, step);
      const list = index.get(key);
      if (list === undefined) index.set(key, [signal]);
      else list.push(signal);
    }
  }
  return index;
}

function keyOf(rule: string, step: string): string {
  return `${rule}#${step}`;
}

function take<T>(count: number, items: Iterable<T>): readonly T[] {
  const taken: T[] = [];
  for (const item of items) if (taken.push(item) === count) break;
  return taken;
}

function* listFitting(
  all: readonly Signal[],
  step: RuleStep,
  rule: Rule,
  match: MatchPart,
  signal: Signal,
  view: ClusterView,
): Iterable<Signal> {
  for (const other of listInWindow(all, step, signal)) if (isWhere(step, rule, match, signal, other, view)) yield other;
}

/** Lists the signals in the window of a step. A signal without a time is near everything and apart from nothing. */
function* listInWindow(all: readonly Signal[], step: RuleStep, signal: Signal): Iterable<Signal> {
  const dated = findFirst(all, (other) => other.place.time !== undefined);
  const at = signal.place.time;
  if (step.apartMs === 0) yield* all.slice(0, at === undefined ? all.length : dated);
  if (at === undefined) return;
  const [from, until] = [
    at - (step.order === 'after' ? 0 : step.withinMs),
    at + (step.order === 'before' ? 0 : step.withinMs),
  ];
  for (
    let i = Math.max(
      dated,
      findFirst(all, (other) => timeOf(other) >= from),
    );
    i < all.length;
    i++
  ) {
    const other = all[i];
    if (other === undefined || timeOf(other) > until) return;
    if (Math.abs(timeOf(other) - at) >= step.apartMs) yield other;
  }
}

function timeOf(signal: Signal): number {
  return signal.place.time ?? 0;
}

function isWhere(
  step: RuleStep,
  rule: Rule,
  match: MatchPart,
  signal: Signal,
  other: Signal,
  view: ClusterView,
): boolean {
  switch (step.on) {
    case 'cluster':
      return true;
    case 'process':
      return signal.place.process === other.place.process;
    case 'job': {
      const job = view.jobOf(signal);
      return job !== undefined ? view.jobOf(other) === job : signal.place.process === other.place.process;
    }
    case 'peer': {
      const peer = view.processOf(match.captures[rule.peer ?? ''] ?? '');
      return peer !== undefined && peer.process === other.place.process;
    }
  }
}
