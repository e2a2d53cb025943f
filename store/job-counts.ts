// Sums counts of a database: for each job in each cluster, by level (of records) or outcome (of incidents), and for one
// group of failures that no rule names. Returns one row for each job and cluster, and one sum for the group. Pure
// functions.
import type { Incident } from '../core/documents/incident.js';
import type { GroupSum, JobCounts, JobRows } from './store.js';
import { formatTime } from './page.js';

export interface JobPart {
  readonly id: string | null;
  readonly name: string | null;
  readonly cluster: string;
  /** Level or outcome that was counted. */
  readonly kind: string;
  readonly count: number;
  readonly lastMs: number | null;
}

/** Largest number of rows that are read, so that an answer is bounded even if a short job starts every second. */
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

/** Returns the group of the first failure that no rule names. The other failures of an incident only accompany it. */
export function findGroup({ unknown: [first] }: Incident): string | undefined {
  return first?.group?.id;
}

/** Counts of a database. Times are in milliseconds, and null if there is none. */
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
