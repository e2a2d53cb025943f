// Decides whether an agent is live, from its last report. Agents report every few seconds. An agent is silent if
// several reports are missing and it did not report its shutdown. Pure functions.

/** Report of an agent, with the same fields as in store.ts. */
export interface ReportedAgent {
  readonly id: string;
  readonly host: string;
  readonly time: string;
  readonly stopped?: string;
  /** Processes that the agent watches. Agents of older releases do not report them. */
  readonly processes?: readonly unknown[];
}

export interface Liveness {
  readonly host: string;
  /** Milliseconds since the last report of the host's agent that has been silent longest. */
  readonly sinceMs: number;
  readonly isSilent: boolean;
}

/**
 * Milliseconds without a report after which an agent is silent. Agents report every five seconds, so one or two late
 * reports do not count.
 */
export const SILENT_AFTER_MS = 30_000;
/** Time, in milliseconds, after which an unseen agent is not expected to report any more: one week. */
const EXPECTED_MS = 7 * 86_400_000;

/**
 * Returns the agents that are expected to report: they reported no shutdown, were seen within EXPECTED_MS, and no newer
 * agent replaced them.
 */
export function listExpected<Agent extends ReportedAgent>(agents: readonly Agent[], nowMs: number): readonly Agent[] {
  return agents.filter(
    (agent) =>
      agent.stopped === undefined && nowMs - Date.parse(agent.time) < EXPECTED_MS && !isSuperseded(agent, agents),
  );
}

/** True if the same agent reports under another id since its upgrade from a release that identified agents by host. */
function isSuperseded({ id, host, time, processes }: ReportedAgent, agents: readonly ReportedAgent[]): boolean {
  if (id !== host || processes !== undefined) return false;
  return agents.some((other) => other.id !== id && other.host === host && other.time > time);
}

/** Returns one liveness for each host. */
export function describeLiveness(agents: readonly ReportedAgent[], nowMs: number): readonly Liveness[] {
  const since = new Map<string, number>();
  for (const { host, time } of listExpected(agents, nowMs))
    since.set(host, Math.max(since.get(host) ?? 0, nowMs - Date.parse(time)));
  return [...since].map(([host, sinceMs]) => ({ host, sinceMs, isSilent: sinceMs >= SILENT_AFTER_MS }));
}
