// Finds the lines that belong to a job although they do not name it: those from times when the job was alone in its
// cluster or on one of its processes. It also lists the ids that only this job has. A line from a time and process with
// two jobs belongs to neither, because showing a neighbour's line is worse than missing one. In: where each job was and
// when (placements.ts), again and again; only what has changed is computed again. Out: what the store keeps beside the
// records.
import { isDeepStrictEqual } from 'node:util';
import { findLargest, findSmallest, groupBy } from '../../core/sequence.js';
import type { JobLines, JobSpan } from '../../core/documents/job.js';
import { mergeIntervals, type Interval } from './attempt-spans.js';
import type { JobInterval, JobPlacement } from './view.js';

export interface LineList {
  /**
   * Lists the lines of the jobs. What is open now is assumed to last up to `until`. A job with the same lines as before
   * has the same object.
   */
  list(jobs: readonly JobPlacement[], until: number): readonly JobLines[];
}

/**
 * Times before the first and after the last mention of a job, in milliseconds, that count as the job's if no other job
 * is there.
 */
const EARLY_MS = 1_000;
const LATE_MS = 60_000;
/** Time, in milliseconds, in which a job that has left may still log something. */
const LEAVING_MS = 1_000;
const MAX_SPANS = 400;
const MAX_WORDS = 400;
const ID = /^[0-9a-f]{32}$/;

/** Times when a job was on a process, or anywhere; disjoint and in order. */
interface Times {
  readonly job: string;
  /** Times when the job certainly was there; undefined if it only may have been there. */
  readonly own: readonly Interval[] | undefined;
  /** Times when the job may have been there, with a little time before and after. */
  readonly taken: readonly Interval[];
}

interface TimesOfJob {
  readonly anywhere: Times;
  readonly byProcess: ReadonlyMap<string, Times>;
}

/** Jobs on one process: when each was there, and when each was alone. */
interface Shared {
  readonly all: readonly Times[];
  readonly alone: ReadonlyMap<string, readonly Interval[]>;
}

/** Results of the last call, by the job if nothing else is said. What is the same now is the same object. */
interface Known {
  readonly times: Map<string, { readonly of: JobPlacement; readonly times: TimesOfJob }>;
  /** Jobs on the processes, by the process. */
  readonly shared: Map<string, Shared>;
  readonly spans: Map<string, readonly JobSpan[]>;
  readonly emitted: Map<string, { readonly of: JobPlacement; readonly lines: JobLines }>;
  /** Times from which the spans were made. */
  all: readonly TimesOfJob[];
  isOnly: boolean;
  until: number;
}

export function createLineList(cluster: string): LineList {
  const known: Known = {
    times: new Map(),
    shared: new Map(),
    spans: new Map(),
    emitted: new Map(),
    all: [],
    isOnly: false,
    until: 0,
  };
  return { list: (jobs, until) => listLines(cluster, jobs, until, known) };
}

function listLines(cluster: string, jobs: readonly JobPlacement[], until: number, known: Known): readonly JobLines[] {
  const all = jobs.map((job) => findTimes(job, known));
  const isOnly = new Set(jobs.map(({ id, name }) => name ?? id)).size === 1;
  const isSame = isOnly === known.isOnly && until === known.until && areSame(all, known.all);
  Object.assign(known, { all, isOnly, until });
  if (!isSame) splitSpans(known);
  return jobs.map((job) => emitLines(cluster, job, known));
}

function areSame(items: readonly unknown[], others: readonly unknown[]): boolean {
  return items.length === others.length && items.every((item, index) => item === others[index]);
}

/** Returns the times of a job. They are computed the first time, and again if the job was elsewhere since. */
function findTimes(job: JobPlacement, { times: all }: Known): TimesOfJob {
  const before = all.get(job.id);
  if (before?.of === job) return before.times;
  const found = {
    anywhere: sumUp(job.id, job.intervals),
    byProcess: new Map(
      [...groupBy(job.intervals, ({ process }) => process)].map(([process, intervals]) => [
        process,
        sumUp(job.id, intervals),
      ]),
    ),
  };
  const times = before !== undefined && isDeepStrictEqual(before.times, found) ? before.times : found;
  all.set(job.id, { of: job, times });
  return times;
}

function sumUp(job: string, intervals: readonly JobInterval[]): Times {
  const sure = intervals.filter(({ isGuess }) => isGuess !== true);
  return { job, own: sure.length === 0 ? undefined : merge(sure), taken: merge(widen(merge(intervals))) };
}

/** Computes when each job was alone, and where. */
function splitSpans(known: Known): void {
  const { all, isOnly, until, spans } = known;
  const everywhere = splitAlone(all.map(({ anywhere }) => anywhere));
  shareProcesses(known);
  for (const { anywhere, byProcess } of all) {
    const { job } = anywhere;
    const whole = isOnly ? openEnds(everywhere, job) : (everywhere.get(job) ?? []);
    const there = [...byProcess.keys()].flatMap((process) =>
      subtract(known.shared.get(process)?.alone.get(job) ?? [], whole).map((span) => renderSpan(process, span, until)),
    );
    const found = [...whole.map((span) => renderSpan(undefined, span, until)), ...there]
      .sort((a, b) => (b.toMs ?? until) - (a.toMs ?? until))
      .slice(0, MAX_SPANS);
    if (!isDeepStrictEqual(found, spans.get(job))) spans.set(job, found);
  }
}

/** Computes a process again if the times of a job there have changed. */
function shareProcesses({ all, shared }: Known): void {
  const here = new Map<string, Times[]>();
  for (const { byProcess } of all)
    for (const [process, times] of byProcess) {
      const others = here.get(process);
      if (others === undefined) here.set(process, [times]);
      else others.push(times);
    }
  for (const [process, times] of here)
    if (!areSame(times, shared.get(process)?.all ?? [])) shared.set(process, { all: times, alone: splitAlone(times) });
  for (const process of shared.keys()) if (!here.has(process)) shared.delete(process);
}

function emitLines(cluster: string, job: JobPlacement, { spans: all, emitted, until }: Known): JobLines {
  const { id, name, ids } = job;
  const spans = all.get(id) ?? [];
  const lastMs = spans[0]?.toMs ?? until;
  const before = emitted.get(id);
  if (before?.of === job && before.lines.spans === spans && before.lines.lastMs === lastMs) return before.lines;
  const words = [id, ...[...ids].reverse()].filter((word) => ID.test(word)).slice(0, MAX_WORDS);
  const lines = { cluster, jobId: id, jobName: name, spans, words, records: [], lastMs };
  emitted.set(id, { of: job, lines });
  return lines;
}

/** Returns the times when each job was there and no other job was. */
function splitAlone(times: readonly Times[]): ReadonlyMap<string, readonly Interval[]> {
  const taken = layOut(times);
  return new Map(
    times.flatMap(({ job, own }) => (own === undefined ? [] : [[job, findAlone(job, own, taken)] as const])),
  );
}

/** Interval in which at least one job was there. `job` is set if no other job was there. */
interface Span extends Interval {
  readonly job: string | undefined;
}

/**
 * Lays out the intervals of all jobs, disjoint and in order. It takes one pass, because there may be thousands of jobs.
 */
function layOut(times: readonly Times[]): readonly Span[] {
  const changes = times.flatMap(({ job, taken }) =>
    taken.flatMap(({ from, to }) => [
      { at: from, job, comes: true },
      { at: to + 1, job, comes: false },
    ]),
  );
  changes.sort((a, b) => a.at - b.at);
  const there = new Set<string>();
  const spans: Span[] = [];
  changes.forEach(({ at, job, comes }, index) => {
    if (comes) there.add(job);
    else there.delete(job);
    const next = changes[index + 1]?.at ?? at;
    if (there.size === 0 || next <= at) return;
    const [only] = there;
    addSpan(spans, { from: at, to: next - 1, job: there.size === 1 ? only : undefined });
  });
  return spans;
}

/**
 * Adds an interval, joined with the last one if possible. Thousands of jobs that come and go one after the other mostly
 * make one interval that belongs to no job.
 */
function addSpan(spans: Span[], next: Span): void {
  const last = spans.at(-1);
  if (last?.job === next.job && last?.to === next.from - 1) spans[spans.length - 1] = { ...next, from: last.from };
  else spans.push(next);
}

/** Returns `own` without the times of other jobs. The time after a job belongs to it until another job comes. */
function findAlone(job: string, own: readonly Interval[], taken: readonly Span[]): readonly Interval[] {
  const late = own.map(({ from, to }) => {
    const next = listOthers(job, taken, to, to + LATE_MS)[0]?.from ?? Infinity;
    return { from: from - EARLY_MS, to: Math.max(to, Math.min(to + LATE_MS, next)) };
  });
  return merge(late).flatMap((span) => subtract([span], listOthers(job, taken, span.from, span.to)));
}

/** Returns the intervals of a time that belong to another job or to several jobs. */
function listOthers(job: string, taken: readonly Span[], from: number, to: number): readonly Span[] {
  const others: Span[] = [];
  for (let index = findPlace(taken, from); index < taken.length; index += 1) {
    const span = taken[index];
    if (span === undefined || span.from > to) break;
    if (span.job !== job) others.push(span);
  }
  return others;
}

/** Returns the index of the first interval that does not end before `from`. */
function findPlace(taken: readonly Span[], from: number): number {
  let [low, high] = [0, taken.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((taken[middle]?.to ?? Infinity) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function widen(intervals: readonly Interval[]): readonly Interval[] {
  return intervals.map(({ from, to }) => ({ from: from - EARLY_MS, to: to + LEAVING_MS }));
}

/**
 * Opens the ends in a cluster of one job: what came before its first run belongs to that run, and what comes after the
 * last run belongs to that one.
 */
function openEnds(everywhere: ReadonlyMap<string, readonly Interval[]>, id: string): readonly Interval[] {
  const all = [...everywhere.values()].flat();
  const first = findSmallest(all.map(({ from }) => from));
  const last = findLargest(all.map(({ to }) => to));
  return (everywhere.get(id) ?? []).map(({ from, to }) => ({
    from: from === first ? -Infinity : from,
    to: to === last ? Infinity : to,
  }));
}

function renderSpan(process: string | undefined, { from, to }: Interval, until: number): JobSpan {
  return { process, fromMs: Number.isFinite(from) ? from : undefined, toMs: Math.min(to, until) };
}

function merge(intervals: readonly Interval[]): readonly Interval[] {
  return mergeIntervals(intervals, 1);
}

/** Subtracts intervals from intervals; both lists are as `merge` returns them. */
function subtract(intervals: readonly Interval[], taken: readonly Interval[]): readonly Interval[] {
  return intervals.flatMap(({ from, to }) => {
    const left: Interval[] = [];
    let begin = from;
    for (const other of taken) {
      if (other.to < begin || other.from > to) continue;
      if (other.from > begin) left.push({ from: begin, to: other.from - 1 });
      begin = other.to + 1;
    }
    if (begin <= to && begin !== Infinity) left.push({ from: begin, to });
    return left;
  });
}
