// What the counts of jobs have in common in every store. In: what a store has counted for each job, cluster and level
// (of records) or outcome (of incidents). Out: one row for each job and cluster. Both stores call it. Pure.
import type { JobCounts, JobRows } from './store.js';
import { formatTime } from './page.js';

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
