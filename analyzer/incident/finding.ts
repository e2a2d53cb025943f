// Defines the results of ranking: findings of rules, and failures that no rule names. rank.ts creates them,
// cause-group.ts orders them by attempts, conclude.ts and explain.ts turn them into texts.
import type { IncidentEvent } from '../topology/event.js';
import type { ProcessView } from '../topology/view.js';
import type { Rule } from '../catalog/rule.js';
import type { FailurePart, MatchPart } from '../entry/signal.js';

export interface Finding {
  readonly rule: Rule;
  /**
   * Event whose values fill the texts: the first in time. For a rule about lost processes it is the first event of the
   * process that was lost last.
   */
  readonly event: IncidentEvent;
  readonly match: MatchPart;
  readonly events: readonly IncidentEvent[];
  readonly peer: ProcessView | undefined;
  /** Number of tasks that failed this way; number of lines if no task did. */
  readonly count: number;
  readonly score: Readonly<Record<string, number>>;
  /** Findings of the same incident that explain this one. */
  readonly explainedBy: readonly Finding[];
  /** True if the finding follows from another finding or from a failure that no rule names. */
  readonly isConsequence: boolean;
  /** True for a second cause, which failed the job in other attempts than the first cause. */
  readonly isBeside: boolean;
}

export interface UnknownFinding {
  /** True for a second cause, which failed the job in other attempts than the first cause. */
  readonly isBeside: boolean;
  readonly failure: FailurePart;
  readonly events: readonly IncidentEvent[];
  readonly count: number;
}

export interface Ranking {
  /** Findings, best first; consequences follow all causes. */
  readonly findings: readonly Finding[];
  readonly unknown: readonly UnknownFinding[];
}

export function totalScore(score: Readonly<Record<string, number>>): number {
  return Object.values(score).reduce((sum, part) => sum + part, 0);
}
