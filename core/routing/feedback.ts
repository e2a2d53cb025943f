// What people say of a diagnosis: right, wrong, or that it helped → how often each rule is right, with the interval in
// which its true share lies (Wilson), and whether it still may alert. The stores keep what was said, the API shows it,
// notify asks it. Pure.

export const VERDICTS = ['right', 'wrong', 'helped'] as const;
export type FeedbackVerdict = (typeof VERDICTS)[number];

/** One person has one verdict on one rule of one incident: the last. */
export interface Feedback {
  readonly incidentId: string;
  readonly rule: string;
  readonly verdict: FeedbackVerdict;
  /** Name of the token. */
  readonly by: string;
  readonly at: string;
}

/** How often a rule was right, of those of which somebody said it. What helped was right. */
export interface Precision {
  readonly right: number;
  readonly wrong: number;
  readonly share: number;
  /** Ends of the interval that holds the true share with 95 %. */
  readonly low: number;
  readonly high: number;
}

/** From when on a rule that is often wrong alerts nobody. */
export interface PrecisionFloor {
  readonly share: number;
  /** Below so many verdicts nothing is known. */
  readonly leastVerdicts: number;
}

/** A store gives at most so many, the newest. */
export const MAX_FEEDBACK = 10_000;

export function nameFeedback({ incidentId, rule, by }: Feedback): string {
  return JSON.stringify([incidentId, rule, by]);
}

/** Rule → its precision, for those of which anything was said. */
export function measurePrecision(feedback: readonly Feedback[]): ReadonlyMap<string, Precision> {
  const counts = new Map<string, { right: number; wrong: number }>();
  for (const { rule, verdict } of feedback) {
    const count = counts.get(rule) ?? { right: 0, wrong: 0 };
    count[verdict === 'wrong' ? 'wrong' : 'right'] += 1;
    counts.set(rule, count);
  }
  return new Map([...counts].map(([rule, { right, wrong }]) => [rule, rate(right, wrong)]));
}

/** Standard deviations of 95 %. */
const Z = 1.96;

/** E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927). */
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
