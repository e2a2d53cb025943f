// Decides whether a service without an API is live and ready, from its own state. Each verdict lists its reasons by
// name. Live: the main loop still iterates; if not, only a restart helps. Ready: the service has started and the store
// answers; if not, a restart does not help, and a rolling update should wait. Pure functions.
export interface HealthState {
  /** Milliseconds since the main loop last began an iteration. */
  readonly sinceCycleMs: number;
  /** Milliseconds after which an iteration counts as stuck. Every iteration that ends is shorter. */
  readonly stuckAfterMs: number;
  readonly hasBegun: boolean;
  /** Codes of the outages that keep the service from working. */
  readonly outages: readonly string[];
}

export interface ServiceHealth {
  readonly live: HealthVerdict;
  readonly ready: HealthVerdict;
}

export interface HealthVerdict {
  readonly isGood: boolean;
  /** Reasons why the verdict is not good, as short codes. */
  readonly reasons: readonly string[];
}

export function decideHealth({ sinceCycleMs, stuckAfterMs, hasBegun, outages }: HealthState): ServiceHealth {
  const stuck = sinceCycleMs > stuckAfterMs ? ['stuck'] : [];
  return { live: giveVerdict(stuck), ready: giveVerdict([...stuck, ...(hasBegun ? [] : ['starting']), ...outages]) };
}

function giveVerdict(reasons: readonly string[]): HealthVerdict {
  return { isGood: reasons.length === 0, reasons };
}
