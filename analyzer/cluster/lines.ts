// Which lines are whose though they name nobody: when a job was alone in its cluster, or on one of its processes, and
// the ids that only it has. A line of a time and a place where two jobs were is nobody's: to show a neighbour's line is
// worse than to miss one. In: who was where when (cluster.ts). Out: what the store keeps beside the records. Pure.
import { findLargest, findSmallest, groupBy } from '../../core/sequence.js';
import type { JobLines, JobSpan } from '../../store/store.js';
import { mergeIntervals, type Interval } from './memory/place.js';

/** A job on a process; milliseconds since 1970, both ends inclusive and perhaps infinite. */
export interface JobStay extends Interval {
  readonly job: string;
  readonly process: string;
  /** It may have been there: nobody else was alone, and it was not either. */
  readonly isGuess?: true;
}

export interface JobRun {
  readonly id: string;
  readonly name: string | undefined;
  /** Attempts, slots and execution graphs, the latest last. */
  readonly ids: readonly string[];
}

/** Before the first word of a job, and after its last, so much is its where nobody else is. */
const EARLY_MS = 1_000;
const LATE_MS = 60_000;
/** So long a job that has left may still say something. */
const LEAVING_MS = 1_000;
const MOST_SPANS = 400;
const MOST_WORDS = 400;
const ID = /^[0-9a-f]{32}$/;

/** `until`: what is open now is believed up to then. */
export function listLines(
  cluster: string,
  runs: readonly JobRun[],
  stays: readonly JobStay[],
  until: number,
): readonly JobLines[] {
  const isOnly = new Set(runs.map(({ id, name }) => name ?? id)).size === 1;
  const everywhere = splitAlone(stays);
  const byJob = groupByJob(stays);
  return runs.map(({ id, name, ids }) => {
    const whole = isOnly ? openEnds(everywhere, id) : (everywhere.get(id) ?? []);
    const spans = [
      ...whole.map((span) => renderSpan(undefined, span, until)),
      ...(byJob.get(id) ?? []).flatMap(({ process, alone }) =>
        subtract(alone, whole).map((span) => renderSpan(process, span, until)),
      ),
    ].sort((a, b) => (b.toMs ?? until) - (a.toMs ?? until));
    const words = [id, ...[...ids].reverse()].filter((word) => ID.test(word));
    return {
      cluster,
      jobId: id,
      jobName: name,
      spans: spans.slice(0, MOST_SPANS),
      words: words.slice(0, MOST_WORDS),
      records: [],
      lastMs: spans[0]?.toMs ?? until,
    };
  });
}

interface AloneThere {
  readonly job: string;
  readonly process: string;
  readonly alone: readonly Interval[];
}

/** On which processes each job was alone when. */
function groupByJob(stays: readonly JobStay[]): ReadonlyMap<string, readonly AloneThere[]> {
  const there = [...groupBy(stays, (stay) => stay.process)].flatMap(([process, here]) =>
    [...splitAlone(here)].map(([job, alone]) => ({ job, process, alone })),
  );
  return groupBy(there, ({ job }) => job);
}

/** When each job was there and no other. */
function splitAlone(stays: readonly JobStay[]): ReadonlyMap<string, readonly Interval[]> {
  const taken = layOut(stays);
  const sure = groupBy(
    stays.filter(({ isGuess }) => isGuess !== true),
    ({ job }) => job,
  );
  return new Map([...sure].map(([job, own]) => [job, findAlone(job, merge(own), taken)]));
}

/** Where somebody was; `job`: nobody else. */
interface Stretch extends Interval {
  readonly job: string | undefined;
}

/** Of all jobs, apart from each other and in order: in one pass, for there may be thousands. */
function layOut(stays: readonly JobStay[]): readonly Stretch[] {
  const turns = [...groupBy(stays, ({ job }) => job)].flatMap(([job, own]) =>
    merge(widen(merge(own))).flatMap(({ from, to }) => [
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
