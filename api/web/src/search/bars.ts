// Computes what the histogram of a search draws: the heights of its bars, and the labels of its time axis. Pure
// functions.
import { toIso } from '../../../../core/time/iso.ts';
import type { ListedRecords } from '../../../schemas/records.ts';
import { writeTime, type Zone } from '../view/clock.ts';

/** Counts of the lines of each bar, by level. */
export type Buckets = NonNullable<ListedRecords['histogram']>;

/**
 * Stacks the counts, tallest first, so that each level is visible above the one drawn after it. Returns the starts of
 * the bars in seconds since 1970, and the tops of all lines, of warnings with errors, and of errors.
 */
export function stack(buckets: Buckets): [starts: number[], all: number[], warnings: number[], errors: number[]] {
  const errors = buckets.map(({ counts }) => (counts.ERROR ?? 0) + (counts.FATAL ?? 0));
  const warnings = buckets.map(({ counts }, index) => (counts.WARN ?? 0) + (errors[index] ?? 0));
  const all = buckets.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0));
  return [buckets.map(({ time }) => Date.parse(time) / 1000), all, warnings, errors];
}

/** Returns the part of a time that differs between steps of this many seconds, such as "06:35". */
export function nameTime(seconds: number, step: number, zone: Zone): string {
  const text = writeTime(toIso(seconds * 1000), zone);
  if (step >= DAY_S) return text.slice(0, 10);
  if (step >= 60) return text.slice(11, 16) === '00:00' ? text.slice(5, 10) : text.slice(11, 16);
  return text.slice(11, step >= 1 ? 19 : 23);
}

const DAY_S = 86_400;
