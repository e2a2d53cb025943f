// Computes the precision of each rule from people's feedback on its diagnoses (right, wrong, or it helped), with the
// interval that holds the true value (Wilson), and whether the rule still may alert. The stores keep the feedback, the
// API shows the precision, and notify applies it. Pure functions.
import type { Feedback } from './feedback.js';

/** Precision of a rule among the diagnoses with a verdict. A diagnosis that helped counts as right. */
export interface Precision {
  readonly right: number;
  readonly wrong: number;
  readonly share: number;
  /** Ends of the interval that holds the true precision with 95 % confidence. */
  readonly low: number;
  readonly high: number;
}

/** Precision below which a rule alerts nobody. */
export interface PrecisionFloor {
  readonly share: number;
  /** Number of verdicts from which the precision counts. */
  readonly leastVerdicts: number;
}

/** Largest number of verdicts that a store returns, the newest first. */
export const MAX_FEEDBACK = 10_000;

export function nameFeedback({ incidentId, rule, by }: Feedback): string {
  return JSON.stringify([incidentId, rule, by]);
}

/** Returns rule → its precision, for the rules that have any verdict. */
export function measurePrecision(feedback: readonly Feedback[]): ReadonlyMap<string, Precision> {
  const counts = new Map<string, { right: number; wrong: number }>();
  for (const { rule, verdict } of feedback) {
    const count = counts.get(rule) ?? { right: 0, wrong: 0 };
    count[verdict === 'wrong' ? 'wrong' : 'right'] += 1;
    counts.set(rule, count);
  }
  return new Map([...counts].map(([rule, { right, wrong }]) => [rule, rate(right, wrong)]));
}

/** Standard deviations of the 95 % interval. */
const Z = 1.96;

/**
 * Computes the Wilson score interval. Source: E. B. Wilson, Probable inference, the law of succession, and statistical
 * inference (1927).
 */
function rate(right: number, wrong: number): Precision {
  const total = right + wrong;
  const share = right / total;
  const scale = 1 + Z ** 2 / total;
  const center = (share + Z ** 2 / (2 * total)) / scale;
  const reach = (Z / scale) * Math.sqrt((share * wrong) / total ** 2 + Z ** 2 / (4 * total ** 2));
  return { right, wrong, share, low: Math.max(0, center - reach), high: Math.min(1, center + reach) };
}

export function isBelowFloor(precision: Precision | undefined, floor: PrecisionFloor): boolean {
  if (precision === undefined || precision.right + precision.wrong < floor.leastVerdicts) return false;
  return precision.share < floor.share;
}
