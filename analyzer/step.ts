// Does a match hold when its rule also asks what stands elsewhere: so many entries before or after it, or none, in the
// same process, job, peer or cluster? A window that has not passed yet is judged by what is there. Pure.
import type { Catalog } from './catalog.js';
import type { ClusterView } from './cluster.js';
import type { Rule, Step } from './rule.js';
import type { MatchPart, Signal } from './signal.js';

/** The matches of the signal whose steps hold. */
export function confirmMatches(signal: Signal, signals: StepIndex, view: ClusterView, catalog: Catalog): readonly MatchPart[] {
  return signal.matches.filter((match) => {
    const rule = catalog.findRule(match.rule);
    return rule !== undefined && findFailedStep(rule, match, signal, signals, view) === undefined;
  });
}

export interface FailedStep {
  readonly step: Step;
  /** Entries in its window. */
  readonly found: readonly Signal[];
  /** Entries of the logs that fit it anywhere. */
  readonly anywhere: number;
}

/** What goes on and on may stand twice in what somebody cut out of it. */
const TWICE = 2;

/** The first step of the rule that does not hold for this match; undefined when all do. */
export function findFailedStep(rule: Rule, match: MatchPart, signal: Signal, index: StepIndex, view: ClusterView): FailedStep | undefined {
  for (const step of rule.steps) {
    const all = index.get(`${rule.id}#${step.id}`) ?? [];
    const found = all.filter((other) => isInWindow(step, signal, other) && isWhere(step, rule, match, signal, other, view));
    if (step.absent ? found.length > 0 : found.length < (view.isExcerpt ? Math.min(TWICE, step.count) : step.count)) return { step, found, anywhere: all.length };
  }
  return undefined;
}

/** Signals by the step that they fit: `<rule id>#<step id>`. */
export type StepIndex = ReadonlyMap<string, readonly Signal[]>;

export function indexSteps(signals: readonly Signal[]): StepIndex {
  const index = new Map<string, Signal[]>();
  for (const signal of signals) {
    for (const { rule, step } of signal.steps) {
      const list = index.get(`${rule}#${step}`);
      if (list === undefined) index.set(`${rule}#${step}`, [signal]);
      else list.push(signal);
    }
  }
  return index;
}

function isInWindow(step: Step, signal: Signal, other: Signal): boolean {
  const [at, then] = [signal.place.time, other.place.time];
  if (at === undefined || then === undefined) return step.apartMs === 0;
  const distance = then - at;
  if (Math.abs(distance) > step.withinMs || Math.abs(distance) < step.apartMs) return false;
  return step.order === 'around' || (step.order === 'before' ? distance <= 0 : distance >= 0);
}

function isWhere(step: Step, rule: Rule, match: MatchPart, signal: Signal, other: Signal, view: ClusterView): boolean {
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
