// What the agents say of processes and of themselves, as the analyzer keeps it: which processes wrote when, which are
// gone, and which agents are silent. Clocks of machines are not compared: an agent is silent when its report has not
// changed for a while by the clock of the analyzer, and how long a process has been quiet is counted within one report.
// Pure but for what it remembers; called by fleet.ts.
import { listExpected, SILENT_AFTER_MS, type ReportedAgent } from '../../core/time/liveness.js';
import type { AgentStatus, ProcessLife } from '../../store/store.js';

/** A process as its agent sees it. */
export interface SeenLife extends ProcessLife {
  readonly host: string;
  /** False while nobody looks: the agent is silent, or was stopped. */
  readonly isWatched: boolean;
  /** How long none of its files was written, when the agent last looked. */
  readonly quietMs: number;
  /** How long its JVM has been gone then; undefined while it runs, or where nobody sees it. */
  readonly goneForMs: number | undefined;
}

interface Heard {
  readonly status: AgentStatus;
  /** When its time last changed, by the clock of the analyzer. */
  since: number;
  /** By how much its clock is ahead, when its report last changed; 0 as long as nobody can tell. */
  readonly aheadMs: number;
}

export interface LifeBook {
  /** Takes the reports of now. */
  update(statuses: readonly AgentStatus[], now: number): void;
  /** Nobody could report meanwhile, or nobody listened: silence counts anew. */
  excuse(): void;
  /** By the cluster. */
  clusters(now: number): ReadonlyMap<string, readonly SeenLife[]>;
  agents(now: number): readonly SeenAgent[];
}

export interface SeenAgent {
  readonly status: AgentStatus;
  readonly isSilent: boolean;
  /** By how many milliseconds its clock is ahead of the analyzer's; 0 while they agree. */
  readonly aheadMs: number;
}

/** A report is read some seconds after it was written; clocks that a time service sets differ by less. */
const CLOCK_OFF_MS = 30_000;

export function createLifeBook(): LifeBook {
  const heard = new Map<string, Heard>();
  let isExcused = true;
  const isSilent = ({ since }: Heard, now: number): boolean => now - since >= SILENT_AFTER_MS;
  return {
    update(statuses, now) {
      const expected = new Set<ReportedAgent>(listExpected(statuses, now));
      const seen = new Set<string>();
      for (const status of statuses) {
        const known = heard.get(status.id);
        const isFresh = known === undefined || known.status.time !== status.time || isExcused;
        if (!expected.has(status) && status.stopped === undefined) continue;
        seen.add(status.id);
        const isNew = known !== undefined && known.status.time !== status.time && !isExcused;
        const aheadMs = isNew ? findAhead(status, now) : (known?.aheadMs ?? 0);
        heard.set(status.id, { status, since: isFresh ? now : known.since, aheadMs });
      }
      for (const id of heard.keys()) if (!seen.has(id)) heard.delete(id);
      isExcused = false;
    },
    excuse: () => {
      isExcused = true;
    },
    clusters(now) {
      const clusters = new Map<string, SeenLife[]>();
      for (const one of heard.values()) {
        const isWatched = one.status.stopped === undefined && !isSilent(one, now);
        for (const life of one.status.processes ?? []) {
          const seen = describeLife(life, one.status, isWatched);
          const known = clusters.get(life.cluster);
          if (known === undefined) clusters.set(life.cluster, [seen]);
          else known.push(seen);
        }
      }
      return clusters;
    },
    agents: (now) =>
      [...heard.values()].map((one) => ({ status: one.status, isSilent: isSilent(one, now), aheadMs: one.aheadMs })),
  };
}

function findAhead({ time }: AgentStatus, now: number): number {
  const ms = Date.parse(time) - now;
  return Math.abs(ms) > CLOCK_OFF_MS ? ms : 0;
}

function describeLife(life: ProcessLife, { host, time }: AgentStatus, isWatched: boolean): SeenLife {
  const at = Date.parse(time);
  return {
    ...life,
    host,
    isWatched,
    quietMs: Math.max(0, at - Date.parse(life.wrote)),
    goneForMs: life.gone === undefined ? undefined : Math.max(0, at - Date.parse(life.gone)),
  };
}

/** Lines of a process that ended are there by now. */
export const GONE_SETTLE_MS = 4000;
/** A cluster that nobody sees running is looked at when it has been quiet for so long. */
export const QUIET_LOOK_MS = 45_000;
/** What happened longer ago is no news. */
export const RECENT_MS = 3_600_000;

/**
 * Why a cluster is to be looked at: a text for each thing that may mean an end. A cluster whose processes run and write
 * has none but the starts of its JobManagers.
 */
export function listMarks(lives: readonly SeenLife[], nowMs: number): readonly string[] {
  const jobManagers = lives.filter(({ component }) => component === 'jobmanager');
  const isRecent = (time: string): boolean => nowMs - Date.parse(time) < RECENT_MS;
  const marks = lives.flatMap((life) => {
    const { process, started, gone, removed, goneForMs = 0 } = life;
    return [
      ...(gone !== undefined && goneForMs >= GONE_SETTLE_MS && isRecent(gone) ? [`gone ${process} ${gone}`] : []),
      ...(removed !== undefined && isRecent(removed) ? [`removed ${process} ${removed}`] : []),
      ...(life.component === 'jobmanager' && started !== undefined && isRecent(started)
        ? [`started ${process} ${started}`]
        : []),
    ];
  });
  if (jobManagers.length > 1) for (const { process } of jobManagers) marks.push(`one of several ${process}`);
  const quiet = findQuiet(lives);
  if (quiet !== undefined) marks.push(`quiet since ${quiet.wrote}`);
  return marks;
}

/** The process of a cluster that wrote last, where all are quiet, all are watched, and nobody sees them running. */
export function findQuiet(lives: readonly SeenLife[]): SeenLife | undefined {
  const [first] = lives;
  if (first === undefined || lives.some(({ component }) => component === 'client')) {
    const others = lives.filter(({ component }) => component !== 'client');
    return others.length === 0 || others.length === lives.length ? undefined : findQuiet(others);
  }
  const last = lives.reduce((latest, life) => (life.quietMs < latest.quietMs ? life : latest), first);
  const isSeen = lives.some(({ started }) => started !== undefined);
  const isWatched = lives.every((life) => life.isWatched || life.quietMs > RECENT_MS);
  return last.quietMs >= QUIET_LOOK_MS && last.quietMs < RECENT_MS && isWatched && !isSeen ? last : undefined;
}
