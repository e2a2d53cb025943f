// Which lines are whose though they name nobody: when a job was alone in its cluster, or on one of its processes, and
// the ids that only it has. A line of a time and a place where two jobs were is nobody's: to show a neighbour's line is
// worse than to miss one. In: who was where when (whereabouts.ts), again and again; what has not changed is not worked
// out again. Out: what the store keeps beside the records. Called by cluster.ts.
import { isDeepStrictEqual } from 'node:util';
import { findLargest, findSmallest, groupBy } from '../../core/sequence.js';
import type { JobLines, JobSpan } from '../../store/store.js';
import { mergeIntervals, type Interval } from './memory/place.js';
import type { JobStay, Whereabouts } from './memory/view.js';

export interface LineList {
  /** `until`: what is open now is believed up to then. A job whose lines are as before has the same object. */
  list(jobs: readonly Whereabouts[], until: number): readonly JobLines[];
}

/** Before the first word of a job, and after its last, so much is its where nobody else is. */
const EARLY_MS = 1_000;
const LATE_MS = 60_000;
/** So long a job that has left may still say something. */
const LEAVING_MS = 1_000;
const MOST_SPANS = 400;
const MOST_WORDS = 400;
const ID = /^[0-9a-f]{32}$/;

/** When a job was on a process, or anywhere; apart from each other, in order. */
interface Times {
  readonly job: string;
  /** For sure; undefined where it only may have been there. */
  readonly own: readonly Interval[] | undefined;
  /** With a little before and behind, and as far as it may have been. */
  readonly taken: readonly Interval[];
}

interface TimesOfJob {
  readonly anywhere: Times;
  readonly byProcess: ReadonlyMap<string, Times>;
}

/** Of one process: who was there, and when each was alone. */
interface Shared {
  readonly all: readonly Times[];
  readonly alone: ReadonlyMap<string, readonly Interval[]>;
}

/** What was worked out the last time; by the job, unless it says otherwise. What is the same now is the same object. */
interface Known {
  readonly times: Map<string, { readonly of: Whereabouts; readonly times: TimesOfJob }>;
  /** By the process. */
  readonly shared: Map<string, Shared>;
  readonly spans: Map<string, readonly JobSpan[]>;
  readonly told: Map<string, { readonly of: Whereabouts; readonly lines: JobLines }>;
  /** What the spans were made from. */
  all: readonly TimesOfJob[];
  isOnly: boolean;
  until: number;
}

export function createLineList(cluster: string): LineList {
  const known: Known = {
    times: new Map(),
    shared: new Map(),
    spans: new Map(),
    told: new Map(),
    all: [],
    isOnly: false,
    until: 0,
  };
  return { list: (jobs, until) => listLines(cluster, jobs, until, known) };
}

function listLines(cluster: string, jobs: readonly Whereabouts[], until: number, known: Known): readonly JobLines[] {
  const all = jobs.map((job) => findTimes(job, known));
  const isOnly = new Set(jobs.map(({ id, name }) => name ?? id)).size === 1;
  const isSame = isOnly === known.isOnly && until === known.until && areSame(all, known.all);
  Object.assign(known, { all, isOnly, until });
  if (!isSame) splitSpans(known);
  return jobs.map((job) => tellLines(cluster, job, known));
}

function areSame(items: readonly unknown[], others: readonly unknown[]): boolean {
  return items.length === others.length && items.every((item, index) => item === others[index]);
}

/** The first time, or where it was elsewhere since. */
function findTimes(job: Whereabouts, { times: all }: Known): TimesOfJob {
  const before = all.get(job.id);
  if (before?.of === job) return before.times;
  const found = {
    anywhere: sumUp(job.id, job.stays),
    byProcess: new Map(
      [...groupBy(job.stays, ({ process }) => process)].map(([process, stays]) => [process, sumUp(job.id, stays)]),
    ),
  };
  const times = before !== undefined && isDeepStrictEqual(before.times, found) ? before.times : found;
  all.set(job.id, { of: job, times });
  return times;
}

function sumUp(job: string, stays: readonly JobStay[]): Times {
  const sure = stays.filter(({ isGuess }) => isGuess !== true);
  return { job, own: sure.length === 0 ? undefined : merge(sure), taken: merge(widen(merge(stays))) };
}

/** When each job was alone, and where. */
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
      .slice(0, MOST_SPANS);
    if (!isDeepStrictEqual(found, spans.get(job))) spans.set(job, found);
  }
}

/** Each process once more where somebody was there otherwise than before. */
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

function tellLines(cluster: string, job: Whereabouts, { spans: all, told, until }: Known): JobLines {
  const { id, name, ids } = job;
  const spans = all.get(id) ?? [];
  const lastMs = spans[0]?.toMs ?? until;
  const before = told.get(id);
  if (before?.of === job && before.lines.spans === spans && before.lines.lastMs === lastMs) return before.lines;
  const words = [id, ...[...ids].reverse()].filter((word) => ID.test(word)).slice(0, MOST_WORDS);
  const lines = { cluster, jobId: id, jobName: name, spans, words, records: [], lastMs };
  told.set(id, { of: job, lines });
  return lines;
}

/** When each job was there and no other. */
function splitAlone(times: readonly Times[]): ReadonlyMap<string, readonly Interval[]> {
  const taken = layOut(times);
  return new Map(
    times.flatMap(({ job, own }) => (own === undefined ? [] : [[job, findAlone(job, own, taken)] as const])),
  );
}

/** Where somebody was; `job`: nobody else. */
interface Stretch extends Interval {
  readonly job: string | undefined;
}

/** Of all jobs, apart from each other and in order: in one pass, for there may be thousands. */
function layOut(times: readonly Times[]): readonly Stretch[] {
  const turns = times.flatMap(({ job, taken }) =>
    taken.flatMap(({ from, to }) => [
      { at: from, job, comes: true },
      { at: to + 1, job, comes: false },
    ]),
  );
  turns.sort((a, b) => a.at - b.at);
  const there = new Set<string>();
  const stretches: Stretch[] = [];
  turns.forEach(({ at, job, comes }, index) => {
    if (comes) there.add(job);
    else there.delete(job);
    const next = turns[index + 1]?.at ?? at;
    if (there.size === 0 || next <= at) return;
    const [only] = there;
    addStretch(stretches, { from: at, to: next - 1, job: there.size === 1 ? only : undefined });
  });
  return stretches;
}

/** Of thousands who come and go one behind the other most make one, which is nobody's. */
function addStretch(stretches: Stretch[], next: Stretch): void {
  const last = stretches.at(-1);
  if (last?.job === next.job && last?.to === next.from - 1)
    stretches[stretches.length - 1] = { ...next, from: last.from };
  else stretches.push(next);
}

/** `own` without what others have of it, and what comes after a job is about it until somebody else comes. */
function findAlone(job: string, own: readonly Interval[], taken: readonly Stretch[]): readonly Interval[] {
  const late = own.map(({ from, to }) => {
    const next = listOthers(job, taken, to, to + LATE_MS)[0]?.from ?? Infinity;
    return { from: from - EARLY_MS, to: Math.max(to, Math.min(to + LATE_MS, next)) };
  });
  return merge(late).flatMap((span) => subtract([span], listOthers(job, taken, span.from, span.to)));
}

/** What another one, or more than one, has of a time. */
function listOthers(job: string, taken: readonly Stretch[], from: number, to: number): readonly Stretch[] {
  const others: Stretch[] = [];
  for (let index = findPlace(taken, from); index < taken.length; index += 1) {
    const stretch = taken[index];
    if (stretch === undefined || stretch.from > to) break;
    if (stretch.job !== job) others.push(stretch);
  }
  return others;
}

/** The first that does not end before `from`. */
function findPlace(taken: readonly Stretch[], from: number): number {
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

/** In a cluster of one job what came before its first run is about that, and what comes after the last about that. */
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

/** Both as `merge` gives them. */
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
