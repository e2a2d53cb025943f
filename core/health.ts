// Whether a service without an API lives and is ready, from what it knows of itself: one verdict each, with the
// reasons by name. Live: its loop turns; if not, only a restart helps. Ready: it has begun, and the store does what it
// is asked; if not, a restart helps nothing, and whoever renews a fleet had better wait. Pure; called by the agent and
// the analyzer.
export interface HealthState {
  /** Since the loop last began a turn, in milliseconds. */
  readonly sinceTurnMs: number;
  /** Longer than any turn that ends, in milliseconds. */
  readonly stuckAfterMs: number;
  readonly hasBegun: boolean;
  /** Codes of what keeps it from its work. */
  readonly outages: readonly string[];
}

export interface ServiceHealth {
  readonly live: HealthVerdict;
  readonly ready: HealthVerdict;
}

export interface HealthVerdict {
  readonly isGood: boolean;
  /** Why not, in the fewest words. */
  readonly reasons: readonly string[];
}

export function decideHealth({ sinceTurnMs, stuckAfterMs, hasBegun, outages }: HealthState): ServiceHealth {
  const stuck = sinceTurnMs > stuckAfterMs ? ['stuck'] : [];
  return { live: giveVerdict(stuck), ready: giveVerdict([...stuck, ...(hasBegun ? [] : ['starting']), ...outages]) };
}

function giveVerdict(reasons: readonly string[]): HealthVerdict {
  return { isGood: reasons.length === 0, reasons };
}
