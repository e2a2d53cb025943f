// Which lines are whose though they name nobody: when a job was alone in its cluster, or on one of its processes, and
// the ids that only it has. A line of a time and a place where two jobs were is nobody's: to show a neighbour's line is
// worse than to miss one. In: who was where when (whereabouts.ts), again and again; what has not changed is not worked
// out again. Out: what the store keeps beside the records. Called by cluster.ts.
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

/** Of one process: who was there, and when each was alone. */
interface Shared {
  readonly all: readonly Times[];
  readonly alone: ReadonlyMap<string, readonly Interval[]>;
}

interface Told {
  readonly ids: readonly string[];
  readonly lines: JobLines;
}

interface Known {
  /** Of each job as it was when that was worked out. */
  readonly times: WeakMap<Whereabouts, TimesOfJob>;
  readonly shared: Map<string, Shared>;
  readonly told: Map<string, Told>;
}

interface TimesOfJob {
  readonly anywhere: Times;
  readonly byProcess: ReadonlyMap<string, Times>;
}

export function createLineList(cluster: string): LineList {
  const known: Known = { times: new WeakMap(), shared: new Map(), told: new Map() };
  return { list: (jobs, until) => listLines(cluster, jobs, until, known) };
}

function listLines(cluster: string, jobs: readonly Whereabouts[], until: number, known: Known): readonly JobLines[] {
  const isOnly = new Set(jobs.map(({ id, name }) => name ?? id)).size === 1;
  const times = jobs.map((job) => findTimes(job, known));
  const everywhere = splitAlone(times.map(({ anywhere }) => anywhere));
  const there = shareProcesses(times, known);
  return jobs.map((job, index) => {
    const whole = isOnly ? openEnds(everywhere, job.id) : (everywhere.get(job.id) ?? []);
    const spans = [
      ...whole.map((span) => renderSpan(undefined, span, until)),
      ...[...(times[index]?.byProcess.keys() ?? [])].flatMap((process) =>
        subtract(there.get(process)?.alone.get(job.id) ?? [], whole).map((span) => renderSpan(process, span, until)),
      ),
    ].sort((a, b) => (b.toMs ?? until) - (a.toMs ?? until));
    return keepSame(job, spans.slice(0, MOST_SPANS), until, known) ?? tellLines(cluster, job, spans, until, known);
  });
}

/** As it was told, where that is still so. */
function keepSame(
  { id, name, ids }: Whereabouts,
  spans: readonly JobSpan[],
  until: number,
  { told }: Known,
): JobLines | undefined {
  const before = told.get(id);
  if (before === undefined || before.ids !== ids) return undefined;
  const { lines } = before;
  const isSame =
    lines.jobName === name &&
    lines.lastMs === (spans[0]?.toMs ?? until) &&
    lines.spans.length === spans.length &&
    spans.every((span, index) => isSameSpan(span, lines.spans[index]));
  return isSame ? lines : undefined;
}

function isSameSpan(a: JobSpan, b: JobSpan | undefined): boolean {
  return a.process === b?.process && a.fromMs === b?.fromMs && a.toMs === b?.toMs;
}

function tellLines(
  cluster: string,
  { id, name, ids }: Whereabouts,
  spans: readonly JobSpan[],
  until: number,
  { told }: Known,
): JobLines {
  const words = [id, ...[...ids].reverse()].filter((word) => ID.test(word));
  const lines: JobLines = {
    cluster,
    jobId: id,
    jobName: name,
    spans: spans.slice(0, MOST_SPANS),
    words: words.slice(0, MOST_WORDS),
    records: [],
    lastMs: spans[0]?.toMs ?? until,
  };
  told.set(id, { ids, lines });
  return lines;
}

function findTimes(job: Whereabouts, { times }: Known): TimesOfJob {
  const known = times.get(job);
  if (known !== undefined) return known;
  const found = {
    anywhere: sumUp(job.id, job.stays),
    byProcess: new Map(
      [...groupBy(job.stays, ({ process }) => process)].map(([process, stays]) => [process, sumUp(job.id, stays)]),
    ),
  };
  times.set(job, found);
  return found;
}

function sumUp(job: string, stays: readonly JobStay[]): Times {
  const sure = stays.filter(({ isGuess }) => isGuess !== true);
  return { job, own: sure.length === 0 ? undefined : merge(sure), taken: merge(widen(merge(stays))) };
}

/** Each process once more where somebody was there otherwise than before. */
function shareProcesses(times: readonly TimesOfJob[], { shared }: Known): ReadonlyMap<string, Shared> {
  const here = new Map<string, Times[]>();
  for (const { byProcess } of times)
    for (const [process, one] of byProcess) {
      const all = here.get(process);
      if (all === undefined) here.set(process, [one]);
      else all.push(one);
    }
  for (const [process, all] of here) {
    const before = shared.get(process)?.all;
    if (before?.length === all.length && all.every((one, index) => one === before[index])) continue;
    shared.set(process, { all, alone: splitAlone(all) });
  }
  for (const process of shared.keys()) if (!here.has(process)) shared.delete(process);
  return shared;
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
