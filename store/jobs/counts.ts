// How many of what was found of each job in each cluster, and of one group of failures that no rule names. In: counts
// of a database, for jobs by level (of records) or outcome (of incidents). Out: one row for each job and cluster, a sum
// for the group. Both stores call it. Pure.
import type { Incident } from '../../core/types.js';
import type { GroupSum, JobCounts, JobRows } from '../store.js';
import { formatTime } from '../page.js';

export interface JobPart {
  readonly id: string | null;
  readonly name: string | null;
  readonly cluster: string;
  /** What was counted: a level, an outcome. */
  readonly kind: string;
  readonly count: number;
  readonly lastMs: number | null;
}

/** More rows than these are not read: an answer has an end also where a short job starts every second. */
export const MAX_JOB_ROWS = 50_000;

export function groupJobs(parts: readonly JobPart[], isComplete: boolean): JobRows {
  const rows = new Map<string, { counts: Record<string, number>; lastMs: number | null; readonly part: JobPart }>();
  for (const part of parts) {
    const key = JSON.stringify([part.id, part.name, part.cluster]);
    const row = rows.get(key) ?? { counts: {}, lastMs: null, part };
    row.counts[part.kind] = (row.counts[part.kind] ?? 0) + part.count;
    if (part.lastMs !== null && (row.lastMs === null || part.lastMs > row.lastMs)) row.lastMs = part.lastMs;
    rows.set(key, row);
  }
  return {
    jobs: [...rows.values()].map(({ counts, lastMs, part }): JobCounts => ({
      id: part.id ?? undefined,
      name: part.name ?? undefined,
      cluster: part.cluster,
      lastSeen: lastMs === null ? undefined : formatTime(lastMs),
      counts,
    })),
    isComplete,
  };
}

export const GROUP_DAY_MS = 86_400_000;

/** Of the first failure that no rule names: the others of an incident stand beside it. */
export function findGroup({ unknown: [first] }: Incident): string | undefined {
  return first?.group?.id;
}

/** What a database counted; times in milliseconds, null where there is none. */
export interface GroupCounts {
  readonly incidents: number;
  readonly lastDay: number;
  readonly lastWeek: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

export function describeGroup({ firstMs, lastMs, ...counts }: GroupCounts): GroupSum {
  return {
    ...counts,
    firstSeen: firstMs === null ? undefined : formatTime(firstMs),
    lastSeen: lastMs === null ? undefined : formatTime(lastMs),
  };
}
