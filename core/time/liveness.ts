// Whether an agent lives, from the last that it said: one that reports every few seconds is silent when it has not
// reported for some of them and was not stopped in order. Pure; called by the metrics of the API and by the analyzer.

/** As store.ts has it. */
export interface ReportedAgent {
  readonly id: string;
  readonly host: string;
  readonly time: string;
  readonly stopped?: string;
  /** Agents of older releases give none. */
  readonly processes?: readonly unknown[];
}

export interface Liveness {
  readonly host: string;
  /** Since the last report of one of the host's agents, the most silent of them. */
  readonly sinceMs: number;
  readonly isSilent: boolean;
}

/** Agents report every five seconds: one or two that come late are no silence. */
export const SILENT_AFTER_MS = 30_000;
/** Whoever was not seen for a week is not expected any more. */
const EXPECTED_MS = 7 * 86_400_000;

/** Agents that are expected to report: those that were not stopped in order, whose data folder is still theirs. */
export function listExpected<Agent extends ReportedAgent>(agents: readonly Agent[], nowMs: number): readonly Agent[] {
  return agents.filter(
    (agent) =>
      agent.stopped === undefined && nowMs - Date.parse(agent.time) < EXPECTED_MS && !isSuperseded(agent, agents),
  );
}

/** The same agent reports under another id since it was upgraded from a release that knew agents by their host. */
function isSuperseded({ id, host, time, processes }: ReportedAgent, agents: readonly ReportedAgent[]): boolean {
  if (id !== host || processes !== undefined) return false;
  return agents.some((other) => other.id !== id && other.host === host && other.time > time);
}

/** One for each host. */
export function describeLiveness(agents: readonly ReportedAgent[], nowMs: number): readonly Liveness[] {
  const since = new Map<string, number>();
  for (const { host, time } of listExpected(agents, nowMs))
    since.set(host, Math.max(since.get(host) ?? 0, nowMs - Date.parse(time)));
  return [...since].map(([host, sinceMs]) => ({ host, sinceMs, isSilent: sinceMs >= SILENT_AFTER_MS }));
}
