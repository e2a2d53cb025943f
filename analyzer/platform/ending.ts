// Finds the endings of a cluster or of its processes, each with the jobs that it stopped, from log lines and from what
// agents see of the processes. A JobManager whose log ends without a message, and that is gone or was restarted, has
// lost its jobs unless another one recovers them. A JobManager that was asked to stop has stopped them on purpose. Only
// times of lines and reports are used. Pure functions.
import { omitMissing } from '../../core/json.js';
import { findLargest } from '../../core/sequence.js';
import type { Component } from '../../core/types.js';
import type { JobView, ProcessView } from '../topology/view.js';
import type { LastLine } from '../incident/last-line.js';
import { findQuiet, GONE_SETTLE_MS, RECENT_MS, type ReportedProcess } from './process-registry.js';

export type EndingKind =
  | 'cluster-lost'
  | 'jobmanager-lost'
  | 'jobmanager-replaced'
  | 'taskmanager-lost'
  | 'cluster-silent'
  | 'cluster-stopped'
  | 'logs-gone';

export interface EndedJob {
  readonly id: string;
  readonly name?: string;
  /** Last checkpoint that the job completed. */
  readonly checkpoint?: { readonly id: number; readonly time: number };
  /** True if the job, or another run of the same name, runs again. */
  readonly isBack: boolean;
}

export interface Ending {
  readonly kind: EndingKind;
  /** Process that ended. */
  readonly process: string;
  /** All processes that ended. */
  readonly processes: readonly string[];
  /** Time of the end, in milliseconds since 1970. */
  readonly begin: number;
  /** Time at which another JobManager started. */
  readonly replacedAt?: number;
  /** Message that the process logged about its end. */
  readonly word?: string;
  readonly jobs: readonly EndedJob[];
  /** True if high availability is set, so that the jobs are recovered automatically. */
  readonly isHa: boolean;
  /** True if the situation is as before the end. */
  readonly isOver: boolean;
}

export interface ClusterSituation {
  readonly jobs: readonly JobView[];
  readonly processes: ReadonlyMap<string, ProcessView>;
  readonly lastLines: ReadonlyMap<string, LastLine>;
  /** Processes that agents see. */
  readonly lives: readonly ReportedProcess[];
  /** True if all lines in the store were read. */
  readonly isRead: boolean;
  /**
   * Time without a line, in milliseconds, after which the cluster is silent; undefined if it does not write regularly.
   */
  readonly silenceMs: number | undefined;
  /** True if the job had tasks on the process at that time. */
  readonly hadTasks: (process: string, jobId: string, time: number) => boolean;
  readonly now: number;
}

interface Run {
  readonly process: string;
  readonly component: Component;
  readonly view: ProcessView | undefined;
  readonly life: ReportedProcess | undefined;
}

const TERMINAL: ReadonlySet<string> = new Set(['FAILED', 'FINISHED', 'CANCELED']);
/** Longest time, in milliseconds, from a line about an end to the end itself. */
const END_NEAR_MS = 60_000;
/** Time, in milliseconds, within which processes of one cluster end together. */
const TOGETHER_MS = 60_000;
/** Time, in milliseconds, that a job must run again until it is back. */
const BACK_MS = 10_000;
/**
 * Longest time, in milliseconds, from the time of the last line to the write of its file. A later write means that
 * lines are still on their way to the store.
 */
const LAST_LINE_MS = 5000;
/**
 * Longest time, in milliseconds, that the end of a process waits for its last lines, because they may say that it was
 * asked to stop.
 */
const LINES_WITHIN_MS = 45_000;
/** Time, in milliseconds, without a write of its files before a process is judged. */
const REPLACED_QUIET_MS = 20_000;

export function findEndings(situation: ClusterSituation): readonly Ending[] {
  const runs = listRuns(situation);
  const { jobs } = situation;
  const ofJobManagers = runs
    .filter(({ component }) => component === 'jobmanager')
    .flatMap((run) => findEnd(run, runs, jobs, situation) ?? []);
  if (ofJobManagers.length > 0) return ofJobManagers.map((ending) => widen(ending, runs, situation));
  const ofTaskManagers = runs
    .filter(({ component }) => component === 'taskmanager')
    .flatMap((run) => findTaskManagerEnd(run, jobs, situation) ?? []);
  return [...ofTaskManagers, ...findSilence(runs, jobs, situation), ...findRemoved(runs, jobs, situation)];
}

/** True if a process is gone whose last lines are not known yet. */
export function needsLastLines({ lives, lastLines, isRead, now }: ClusterSituation): boolean {
  return lives.some(
    (life) =>
      life.gone !== undefined &&
      now - Date.parse(life.gone) < RECENT_MS &&
      isNeeded(life, lastLines.get(life.process), isRead),
  );
}

function isNeeded({ wrote, goneForMs = 0 }: ReportedProcess, last: LastLine | undefined, isRead: boolean): boolean {
  if (goneForMs >= LINES_WITHIN_MS) return false;
  return !isRead || (last?.time !== undefined && Date.parse(wrote) - last.time > LAST_LINE_MS);
}

/**
 * Returns a message about the end that arrived late, for a process whose end was found without one: it was asked to
 * stop.
 */
export function findLateWord(begin: number, view: ProcessView | undefined): ProcessView['ends'][number] | undefined {
  return view?.ends.find(
    ({ time, reason }) =>
      reason !== 'fatal' && time >= begin - END_NEAR_MS && !view.starts.some((start) => start > begin && start < time),
  );
}

function listRuns({ processes, lives }: ClusterSituation): readonly Run[] {
  const names = new Set([...processes.keys(), ...lives.map(({ process }) => process)]);
  return [...names].map((process) => {
    const view = processes.get(process);
    const life = lives.find((one) => one.process === process);
    const known = view?.component;
    return {
      process,
      component: known === undefined || known === 'unknown' ? (life?.component ?? 'unknown') : known,
      view,
      life,
    };
  });
}

/**
 * Returns the end of a JobManager that had jobs. Undefined if it goes on, had no jobs, or ended with an error that it
 * logged.
 */
function findEnd(
  run: Run,
  runs: readonly Run[],
  jobs: readonly JobView[],
  situation: ClusterSituation,
): Ending | undefined {
  const { now } = situation;
  const isHa = isHighlyAvailable(run.view);
  const end = findLastEnd(run, now);
  const own = jobs.filter((job) => job.states.some(({ process }) => process === run.process));
  const candidates: (Pick<Ending, 'kind' | 'begin' | 'replacedAt' | 'word'> | undefined)[] = [
    end === undefined
      ? undefined
      : end.reason === 'fatal'
        ? undefined
        : { kind: 'cluster-stopped', begin: end.time, word: end.detail ?? end.reason },
    findRestart(run, now),
    findGone(run, situation),
    isHa ? undefined : findSuccessor(run, runs, own, now),
  ];
  const valid = candidates.flatMap((found): Ending[] => {
    // An ending is a stop if the process was asked to stop, even if it is started again. An error that the process
    // logged is named by its rule.
    const isRequested =
      end !== undefined && end.time <= (found?.begin ?? 0) && end.time > (found?.begin ?? 0) - END_NEAR_MS;
    if (found === undefined || (found.kind !== 'cluster-stopped' && isRequested)) return [];
    const ended = own
      .filter((job) => findReporter(job, found.begin) === run.process && isRunningAt(job, found.begin))
      .map((job) => describeJob(job, found.begin, jobs, now));
    const isOver = ended.every(({ isBack }) => isBack);
    return ended.length === 0
      ? []
      : [{ ...found, process: run.process, processes: [run.process], jobs: ended, isHa, isOver }];
  });
  return valid.toSorted((one, other) => other.begin - one.begin)[0];
}

/** Returns the process that logged the last state of the job before that time. */
function findReporter({ states }: JobView, time: number): string | undefined {
  return states
    .filter((state) => state.time < time)
    .toSorted((a, b) => a.time - b.time)
    .at(-1)?.process;
}

/** Returns the message about the end in the last run of the process. */
function findLastEnd({ view }: Run, now: number): ProcessView['ends'][number] | undefined {
  const starts = (view?.starts ?? []).toSorted((a, b) => a - b);
  const ends = (view?.ends ?? []).filter(({ time }) => now - time < RECENT_MS).toSorted((a, b) => a.time - b.time);
  const last = ends.at(-1);
  if (last === undefined) return undefined;
  // A signal is logged first; the lines after it only carry it out.
  const begin = findLargest([Number.NEGATIVE_INFINITY, ...starts.filter((time) => time < last.time)]);
  const ofRun = ends.filter(({ time }) => time >= begin);
  return ofRun.find(({ reason }) => reason === 'fatal') ?? ofRun.find(({ reason }) => reason === 'signal') ?? ofRun[0];
}

/** Returns a restart: the log begins again, and the lines before it hold no message about an end. */
function findRestart({ view }: Run, now: number): Pick<Ending, 'kind' | 'begin' | 'replacedAt'> | undefined {
  const starts = (view?.starts ?? []).toSorted((a, b) => a - b);
  const [before, last] = [starts.at(-2), starts.at(-1)];
  if (before === undefined || last === undefined || now - last >= RECENT_MS) return undefined;
  const hasWord = (view?.ends ?? []).some(({ time }) => time >= before && time <= last);
  return hasWord ? undefined : { kind: 'jobmanager-replaced', begin: last, replacedAt: last };
}

/** Returns the end of a process whose JVM is gone, as its agent sees. */
function findGone(
  { life, process, view }: Run,
  { lastLines, isRead, now }: ClusterSituation,
): Pick<Ending, 'kind' | 'begin'> | undefined {
  if (life?.gone === undefined || (life.goneForMs ?? 0) < GONE_SETTLE_MS) return undefined;
  if (isNeeded(life, lastLines.get(process), isRead)) return undefined;
  const gone = Date.parse(life.gone);
  if (now - gone >= RECENT_MS) return undefined;
  // The clocks of agent and log may differ. The later time by the log is used.
  const last = lastLines.get(process)?.time;
  const begin = last === undefined || last > gone ? gone : Math.max(last, gone - TOGETHER_MS);
  const hasWord = (view?.ends ?? []).some(({ time }) => time >= (last ?? gone) - END_NEAR_MS);
  return hasWord ? undefined : { kind: 'jobmanager-lost', begin };
}

/**
 * Returns the start of a successor. A cluster without high availability has one JobManager, so that another one that
 * starts replaces this one.
 */
function findSuccessor(
  run: Run,
  runs: readonly Run[],
  own: readonly JobView[],
  now: number,
): Pick<Ending, 'kind' | 'begin' | 'replacedAt'> | undefined {
  const { life, process } = run;
  if (life !== undefined && life.gone === undefined && (life.started !== undefined || life.quietMs < REPLACED_QUIET_MS))
    return undefined;
  const last = findLargest([
    0,
    ...own.flatMap(({ states }) => states.filter((state) => state.process === process).map(({ time }) => time)),
  ]);
  const begins = runs
    .filter((other) => other !== run && other.component === 'jobmanager')
    .flatMap(({ view }) => view?.starts ?? [])
    .filter((time) => time > last && now - time < RECENT_MS);
  const [first] = begins.toSorted((a, b) => a - b);
  return first === undefined ? undefined : { kind: 'jobmanager-replaced', begin: first, replacedAt: first };
}

function isHighlyAvailable(view: ProcessView | undefined): boolean {
  const read = (key: string): string | undefined => view?.dynamicOptions.get(key) ?? view?.options.get(key);
  const mode = read('high-availability.type') ?? read('high-availability') ?? 'none';
  return !/^none$/i.test(mode);
}

function isRunningAt({ states, checkpoints }: JobView, time: number): boolean {
  const before = states.filter((state) => state.time < time && state.to !== 'SUSPENDED');
  const last = before.reduce<JobView['states'][number] | undefined>(
    (latest, state) => (latest === undefined || state.time >= latest.time ? state : latest),
    undefined,
  );
  return last === undefined ? checkpoints.some((one) => one.time < time) : !TERMINAL.has(last.to);
}

function describeJob(job: JobView, time: number, jobs: readonly JobView[], now: number): EndedJob {
  const { id, name, checkpoints } = job;
  const checkpoint = checkpoints
    .filter((one) => one.time <= time)
    .toSorted((a, b) => a.time - b.time)
    .at(-1);
  return { id, isBack: isBack(job, time, jobs, now), ...omitMissing({ name }), ...omitMissing({ checkpoint }) };
}

/** True if the job, or another run of the same name, has started to run after that time. */
export function isBack(
  { id, name }: Pick<EndedJob, 'id' | 'name'>,
  time: number,
  jobs: readonly JobView[],
  now: number,
): boolean {
  return jobs.some(
    (other) => (other.id === id || (name !== undefined && other.name === name)) && runsSince(other, time, now),
  );
}

/** True if the job and its tasks have started to run after that time and still run, or if the job finished after it. */
function runsSince({ states, taskRuns }: JobView, time: number, now: number): boolean {
  const since = states
    .filter((state) => state.time > time)
    .toSorted((a, b) => a.time - b.time)
    .at(-1);
  if (since === undefined) return false;
  if (since.to === 'FINISHED') return true;
  return since.to === 'RUNNING' && now - since.time >= BACK_MS && taskRuns.some((run) => run >= since.time);
}

/** Extends the end of a JobManager to the cluster if all its TaskManagers ended with it. */
function widen(ending: Ending, runs: readonly Run[], { now }: ClusterSituation): Ending {
  if (ending.kind !== 'jobmanager-lost') return ending;
  const others = runs.filter(({ component, process }) => component === 'taskmanager' && process !== ending.process);
  const isGone = ({ life }: Run): boolean =>
    life?.gone !== undefined && Math.abs(Date.parse(life.gone) - ending.begin) < TOGETHER_MS + GONE_SETTLE_MS;
  const isPast = ({ life, view }: Run): boolean =>
    (life === undefined || life.quietMs > RECENT_MS) && (view?.starts ?? []).every((time) => now - time > RECENT_MS);
  const present = others.filter((run) => !isPast(run));
  const gone = present.filter(isGone);
  if (gone.length === 0 || gone.length < present.length) return ending;
  return { ...ending, kind: 'cluster-lost', processes: [ending.process, ...gone.map(({ process }) => process)].sort() };
}

/** Returns the end of a TaskManager that is gone without a message and had tasks of jobs. */
function findTaskManagerEnd(
  { process, view, life }: Run,
  jobs: readonly JobView[],
  { lastLines, isRead, hadTasks, now }: ClusterSituation,
): Ending | undefined {
  if (life?.gone === undefined || (life.goneForMs ?? 0) < GONE_SETTLE_MS) return undefined;
  if (isNeeded(life, lastLines.get(process), isRead)) return undefined;
  const gone = Date.parse(life.gone);
  const last = lastLines.get(process)?.time;
  if (now - gone >= RECENT_MS || last === undefined) return undefined;
  if ((view?.ends ?? []).some(({ time }) => time >= last - END_NEAR_MS)) return undefined;
  const begin = last > gone ? gone : Math.max(last, gone - TOGETHER_MS);
  const ended = jobs
    .filter(({ id }) => hadTasks(process, id, last))
    .filter((job) => isRunningAt(job, begin))
    .map((job) => describeJob(job, begin, jobs, now));
  if (ended.length === 0) return undefined;
  const isOver = ended.every(({ isBack }) => isBack);
  return { kind: 'taskmanager-lost', process, processes: [process], begin, jobs: ended, isHa: false, isOver };
}

function listRunning(jobs: readonly JobView[], time: number, now: number): readonly EndedJob[] {
  return jobs.filter((job) => isRunningAt(job, time)).map((job) => describeJob(job, time, jobs, now));
}

/** Returns an ending if no process of the cluster writes any more although the last writer was regular. */
function findSilence(
  runs: readonly Run[],
  jobs: readonly JobView[],
  { lives, silenceMs, now }: ClusterSituation,
): readonly Ending[] {
  const quiet = findQuiet(lives);
  if (quiet === undefined || silenceMs === undefined || quiet.quietMs < silenceMs) return [];
  const begin = Date.parse(quiet.wrote);
  const hasWord = runs.some(({ view }) => (view?.ends ?? []).some(({ time }) => time >= begin - END_NEAR_MS));
  const ended = listRunning(jobs, now, now).map((job) => ({ ...job, isBack: false }));
  if (hasWord || ended.length === 0) return [];
  const { process } = quiet;
  const processes = lives.filter(({ quietMs }) => quietMs < RECENT_MS).map((life) => life.process);
  return [
    { kind: 'cluster-silent', process, processes: processes.sort(), begin, jobs: ended, isHa: false, isOver: false },
  ];
}

/** Returns an ending if the files of a JobManager are gone and nothing says that it ended. */
function findRemoved(runs: readonly Run[], jobs: readonly JobView[], { now }: ClusterSituation): readonly Ending[] {
  return runs.flatMap(({ component, process, life, view }): Ending[] => {
    if (component !== 'jobmanager' || life?.removed === undefined || life.gone !== undefined) return [];
    const begin = Date.parse(life.removed);
    if (now - begin >= RECENT_MS || (view?.ends ?? []).some(({ time }) => now - time < RECENT_MS)) return [];
    const ended = listRunning(jobs, now, now).map((job) => ({ ...job, isBack: false }));
    if (ended.length === 0) return [];
    return [{ kind: 'logs-gone', process, processes: [process], begin, jobs: ended, isHa: false, isOver: false }];
  });
}
