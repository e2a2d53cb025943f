// What an incident was found to be of: findings of rules, and failures that no rule names. rank.ts makes them,
// strand.ts orders them by attempts, conclude.ts and explain.ts put them into words.
import type { IncidentEvent } from '../cluster/event.js';
import type { ProcessView } from '../cluster/memory/view.js';
import type { Rule } from '../catalog/rule/rule.js';
import type { FailurePart, MatchPart } from '../entry/signal.js';

export interface Finding {
  readonly rule: Rule;
  /** The one that its words are taken from: the first in time; of lost processes the first of the last one. */
  readonly event: IncidentEvent;
  readonly match: MatchPart;
  readonly events: readonly IncidentEvent[];
  readonly peer: ProcessView | undefined;
  /** How often: tasks that failed so, or lines when no task did. */
  readonly count: number;
  readonly score: Readonly<Record<string, number>>;
  /** Findings of the same incident that explain this one. */
  readonly explainedBy: readonly Finding[];
  /** It follows from another finding, or from a failure that no rule names. */
  readonly isConsequence: boolean;
  /** A second cause: it failed the job in other attempts than the first. */
  readonly isBeside: boolean;
}

export interface UnknownFinding {
  /** A second cause: it failed the job in other attempts than the first. */
  readonly isBeside: boolean;
  readonly failure: FailurePart;
  readonly events: readonly IncidentEvent[];
  readonly count: number;
}

export interface Ranking {
  /** Best first, consequences after all causes. */
  readonly findings: readonly Finding[];
  readonly unknown: readonly UnknownFinding[];
}

export function totalScore(score: Readonly<Record<string, number>>): number {
  return Object.values(score).reduce((sum, part) => sum + part, 0);
}
