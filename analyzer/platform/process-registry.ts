// Keeps what the agents report of processes and of themselves: when each process wrote, which are gone, and which
// agents are silent. Clocks of machines are not compared: an agent is silent if its report has not changed for some
// time on the analyzer's clock, and the quiet time of a process is computed within one report.
import { listExpected, SILENT_AFTER_MS, type ReportedAgent } from '../../core/time/liveness.js';
import type { AgentStatus, ProcessReport } from '../../core/documents/agent.js';

/** Process as its agent sees it. */
export interface ReportedProcess extends ProcessReport {
  readonly host: string;
  /** True while the agent reports: it is neither silent nor stopped. */
  readonly isWatched: boolean;
  /** Time, in milliseconds, since one of its files was written last, at the time of the agent's report. */
  readonly quietMs: number;
  /**
   * Time, in milliseconds, for which its JVM had been gone at the time of the report; undefined while it runs, or if
   * the agent cannot see it.
   */
  readonly goneForMs: number | undefined;
}

interface LastReport {
  readonly status: AgentStatus;
  /** Time of the last change of the report, on the analyzer's clock. */
  since: number;
  /**
   * Time, in milliseconds, by which the agent's clock was ahead at the last change of its report; 0 as long as it is
   * unknown.
   */
  readonly aheadMs: number;
}

export interface ProcessRegistry {
  /** Replaces the reports by the current ones. */
  update(statuses: readonly AgentStatus[], now: number): void;
  /** Starts to count silence again, because no agent could report or the analyzer did not read the reports. */
  resetTimes(): void;
  /** Returns the processes by cluster. */
  clusters(now: number): ReadonlyMap<string, readonly ReportedProcess[]>;
  agents(now: number): readonly SeenAgent[];
}

export interface SeenAgent {
  readonly status: AgentStatus;
  readonly isSilent: boolean;
  /** Time, in milliseconds, by which the agent's clock is ahead of the analyzer's; 0 while they agree. */
  readonly aheadMs: number;
}

/**
 * Difference of clocks, in milliseconds, that is reported. A report is read some seconds after it was written, and
 * clocks with time synchronization differ by less.
 */
const CLOCK_OFF_MS = 30_000;

export function createProcessRegistry(): ProcessRegistry {
  const lastReports = new Map<string, LastReport>();
  let isReset = true;
  const isSilent = ({ since }: LastReport, now: number): boolean => now - since >= SILENT_AFTER_MS;
  return {
    update(statuses, now) {
      const expected = new Set<ReportedAgent>(listExpected(statuses, now));
      const seen = new Set<string>();
      for (const status of statuses) {
        const known = lastReports.get(status.id);
        const isFresh = known === undefined || known.status.time !== status.time || isReset;
        if (!expected.has(status) && status.stopped === undefined) continue;
        seen.add(status.id);
        const isNew = known !== undefined && known.status.time !== status.time && !isReset;
        const aheadMs = isNew ? findAhead(status, now) : (known?.aheadMs ?? 0);
        lastReports.set(status.id, { status, since: isFresh ? now : known.since, aheadMs });
      }
      for (const id of lastReports.keys()) if (!seen.has(id)) lastReports.delete(id);
      isReset = false;
    },
    resetTimes: () => {
      isReset = true;
    },
    clusters(now) {
      const clusters = new Map<string, ReportedProcess[]>();
      for (const one of lastReports.values()) {
        const isWatched = one.status.stopped === undefined && !isSilent(one, now);
        for (const reported of one.status.processes ?? []) {
          const seen = describeProcess(reported, one.status, isWatched);
          const known = clusters.get(reported.cluster);
          if (known === undefined) clusters.set(reported.cluster, [seen]);
          else known.push(seen);
        }
      }
      return clusters;
    },
    agents: (now) =>
      [...lastReports.values()].map((one) => ({
        status: one.status,
        isSilent: isSilent(one, now),
        aheadMs: one.aheadMs,
      })),
  };
}

function findAhead({ time }: AgentStatus, now: number): number {
  const ms = Date.parse(time) - now;
  return Math.abs(ms) > CLOCK_OFF_MS ? ms : 0;
}

function describeProcess(reported: ProcessReport, { host, time }: AgentStatus, isWatched: boolean): ReportedProcess {
  const at = Date.parse(time);
  return {
    ...reported,
    host,
    isWatched,
    quietMs: Math.max(0, at - Date.parse(reported.wrote)),
    goneForMs: reported.gone === undefined ? undefined : Math.max(0, at - Date.parse(reported.gone)),
  };
}

/** Time, in milliseconds, after which the last lines of a process that ended have arrived. */
export const GONE_SETTLE_MS = 4000;
/** Quiet time, in milliseconds, after which a cluster is checked whose processes no agent sees running. */
const QUIET_POLL_MS = 45_000;
/** Age, in milliseconds, from which an event is not reported any more. */
export const RECENT_MS = 3_600_000;

/**
 * Returns the reasons for a check of a cluster: one text for each observation that may mean an end. A cluster whose
 * processes run and write has only the starts of its JobManagers.
 */
export function listChangeKeys(processes: readonly ReportedProcess[], nowMs: number): readonly string[] {
  const jobManagers = processes.filter(({ component }) => component === 'jobmanager');
  const isRecent = (time: string): boolean => nowMs - Date.parse(time) < RECENT_MS;
  const keys = processes.flatMap((reported) => {
    const { process, started, gone, removed, goneForMs = 0 } = reported;
    return [
      ...(gone !== undefined && goneForMs >= GONE_SETTLE_MS && isRecent(gone) ? [`gone ${process} ${gone}`] : []),
      ...(removed !== undefined && isRecent(removed) ? [`removed ${process} ${removed}`] : []),
      ...(reported.component === 'jobmanager' && started !== undefined && isRecent(started)
        ? [`started ${process} ${started}`]
        : []),
    ];
  });
  if (jobManagers.length > 1) for (const { process } of jobManagers) keys.push(`one of several ${process}`);
  const quiet = findQuiet(processes);
  if (quiet !== undefined) keys.push(`quiet since ${quiet.wrote}`);
  return keys;
}

/**
 * Returns the process that wrote last, if all processes of the cluster are quiet and watched, and none is seen running.
 */
export function findQuiet(processes: readonly ReportedProcess[]): ReportedProcess | undefined {
  const [first] = processes;
  if (first === undefined || processes.some(({ component }) => component === 'client')) {
    const others = processes.filter(({ component }) => component !== 'client');
    return others.length === 0 || others.length === processes.length ? undefined : findQuiet(others);
  }
  const last = processes.reduce((latest, reported) => (reported.quietMs < latest.quietMs ? reported : latest), first);
  const isSeen = processes.some(({ started }) => started !== undefined);
  const isWatched = processes.every((reported) => reported.isWatched || reported.quietMs > RECENT_MS);
  return last.quietMs >= QUIET_POLL_MS && last.quietMs < RECENT_MS && isWatched && !isSeen ? last : undefined;
}
