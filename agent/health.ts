// Whether an agent lives and is ready, from what it knows of itself: one verdict each, with the reasons by name. Live:
// its loop turns; if not, only a restart helps. Ready: it has found its files and the store takes what it sends; if
// not, a restart helps nothing, and whoever renews a fleet had better wait. Pure; called by agent.ts.
export interface HealthState {
  /** Since the loop last began a turn. */
  readonly sinceTurnMs: number;
  readonly hasScanned: boolean;
  /** Conditions under which the store takes nothing. */
  readonly outages: readonly string[];
}

export interface AgentHealth {
  readonly live: HealthVerdict;
  readonly ready: HealthVerdict;
}

export interface HealthVerdict {
  readonly isGood: boolean;
  readonly reasons: readonly string[];
}

/** Longer than any scan, and than a disk that is slow for a while. */
const STUCK_AFTER_MS = 120_000;

export function decideHealth({ sinceTurnMs, hasScanned, outages }: HealthState): AgentHealth {
  const stuck = sinceTurnMs > STUCK_AFTER_MS ? ['stuck'] : [];
  return { live: giveVerdict(stuck), ready: giveVerdict([...stuck, ...(hasScanned ? [] : ['starting']), ...outages]) };
}

function giveVerdict(reasons: readonly string[]): HealthVerdict {
  return { isGood: reasons.length === 0, reasons };
}
