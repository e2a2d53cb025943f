// Turns one group of events into an incident: ranked causes, explained in both languages, with the attempts of the job,
// its outcome, the facts of the failure and the log lines that prove it. Pure functions.
import { toIso } from '../../core/time/iso.js';
import { findLargest } from '../../core/sequence.js';
import { groupEcho } from '../../flink/trace/group.js';
import { isComputedOption } from '../../flink/memory/option-table.js';
import type {
  Attempt,
  Diagnosis,
  Evidence,
  FailureGroup,
  Incident,
  IncidentFacts,
  UnknownFailure,
} from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import type { Catalog } from '../catalog/catalog.js';
import type { ClusterView } from '../topology/cluster.js';
import type { IncidentEvent } from '../topology/event.js';
import { findProblemKind } from './problem-kind.js';
import { versionOf } from '../topology/process.js';
import type { JobView, ProcessView } from '../topology/view.js';
import { countRestarts, findFailures, listAttempts, type IncidentFailures } from '../restarts/failures.js';
import { explainFinding, type RuleFault } from './explain.js';
import type { Value, Values } from '../catalog/expression.js';
import type { IncidentGroup } from './group.js';
import type { Finding, Ranking, UnknownFinding } from './finding.js';
import { rankCauses } from './rank.js';
import type { LastLine } from './last-line.js';
import { decideOutcome, type OutcomeEvidence } from './outcome.js';
import { createEvaluationContext, type ContextFacts } from './evaluation-context.js';

export interface ConcludeOptions {
  readonly catalog: Catalog;
  readonly view: ClusterView;
  readonly lastLines: ReadonlyMap<string, LastLine>;
  /** Present time, or the end of the logs. */
  readonly now: number;
  readonly healthyMs: number;
  /** Start of the next incident of the job. Later events do not belong to this incident. */
  readonly until: number | undefined;
  readonly onFault?: (fault: RuleFault) => void;
}

/** Incident without its outcome, which changes as time passes. */
export type LastingIncident = Omit<Incident, 'outcome'>;

/** Returns undefined if neither a finding of a rule nor an unknown failure remains. */
export function concludeLasting(group: IncidentGroup, options: ConcludeOptions): LastingIncident | undefined {
  const ranking = rankCauses(group, options.view, options.catalog);
  if (ranking.findings.length === 0 && ranking.unknown.length === 0) return undefined;
  const { job } = group;
  const found = job === undefined ? undefined : findFailures(job, group.firstTime, options.until);
  const contextFacts = collectContextFacts(group, options.view);
  const restarts = job === undefined || found === undefined ? 0 : countRestarts(job, found, group.firstTime);
  const facts = collectFacts(group, options, contextFacts);
  const explained = ranking.findings.map((finding) =>
    explainOne(finding, ranking, group, options, contextFacts, restarts),
  );
  const times = [group.lastTime, found?.failures.at(-1)?.time].filter((time) => time !== undefined);
  return {
    id: group.id,
    cluster: group.cluster,
    job: job === undefined ? undefined : nameJob(job),
    process: group.process,
    ...(isClients(group) ? { client: true } : {}),
    ...(isNamedOnce(group) ? { namedOnce: true } : {}),
    processes: [...new Set(group.events.map((event) => event.signal.place.process))].sort(),
    firstSeen: toIso(group.firstTime),
    ...(times.length === 0 ? {} : { lastSeen: toIso(findLargest(times)) }),
    restarts,
    attempts: describeAttempts(group, found, ranking),
    diagnoses: { en: pick(explained, 'en'), zh: pick(explained, 'zh') },
    unknown: ranking.unknown.map((item) => describeUnknown(item, job)),
    facts,
  };
}

export function concludeOutcome(group: IncidentGroup, options: ConcludeOptions): Incident['outcome'] {
  return decideOutcome(group.job, { ...options, lastEvent: group.lastTime, ended: listEnded(group) });
}

function isClients({ job, events }: IncidentGroup): boolean {
  return job === undefined && events.every(({ signal }) => signal.place.component === 'client');
}

/** True if one single line is everything that the logs hold about the job. */
function isNamedOnce({ job, events }: IncidentGroup): boolean {
  if (job === undefined || job.states.length > 1 || job.folded !== undefined || job.tasks.size > 0) return false;
  const others = [job.checkpoints, job.refusals, job.taskRuns, job.attemptBegins, job.deployments];
  return others.every(({ length }) => length === 0) && new Set(events.map(({ signal }) => signal.place.key)).size === 1;
}

function listEnded({ events }: IncidentGroup): OutcomeEvidence['ended'] {
  return events.flatMap(({ signal, failure }) =>
    failure === undefined ? [] : [{ kind: failure.kind, component: signal.place.component }],
  );
}

function pick(explained: readonly Readonly<Record<Language, Diagnosis>>[], language: Language): readonly Diagnosis[] {
  return explained.map((item) => item[language]);
}

function nameJob(job: JobView): { readonly id: string; readonly name?: string } {
  return job.name === undefined ? { id: job.id } : { id: job.id, name: job.name };
}

function describeAttempts(
  { events }: IncidentGroup,
  found: IncidentFailures | undefined,
  { findings }: Ranking,
): readonly Attempt[] {
  const order = findings.map(({ rule }) => rule.id);
  const listRules = (own: readonly IncidentEvent[]): readonly string[] =>
    order.filter((id) => own.some(({ matches }) => matches.some(({ rule }) => rule === id)));
  if (found === undefined || found.failures.length === 0) {
    const failed = events.find(({ failure }) => failure !== undefined)?.time;
    return [{ number: 1, failedAt: toIso(failed), rules: listRules(events) }];
  }
  return listAttempts(found).map(({ number, failedAt, from, to }) => ({
    number,
    failedAt: toIso(failedAt),
    rules: listRules(events.filter(({ time = failedAt }) => time >= from && time < to)),
  }));
}

/**
 * Facts of a cluster by the processes of an incident. They are cached because thousands of incidents may have the same
 * processes.
 */
const knownFacts = new WeakMap<ClusterView, Map<string, ContextFacts>>();

function collectContextFacts(group: IncidentGroup, view: ClusterView): ContextFacts {
  const names = [...new Set(group.events.map(({ signal }) => signal.place.process))];
  let known = knownFacts.get(view);
  if (known === undefined) knownFacts.set(view, (known = new Map()));
  const key = names.join('\n');
  let facts = known.get(key);
  if (facts === undefined) known.set(key, (facts = sumFacts(names, view)));
  return facts;
}

/**
 * Joins the facts of the processes. TaskManagers have priority over other processes; among both, the incident's own
 * processes come first.
 */
function sumFacts(names: readonly string[], view: ClusterView): ContextFacts {
  const own = names.flatMap((name) => view.processes.get(name) ?? []);
  const ordered = [
    ...new Set([
      ...own.filter(isTaskManager),
      ...[...view.processes.values()].filter(isTaskManager),
      ...own,
      ...view.processes.values(),
    ]),
  ];
  const options = new Map<string, string>();
  for (const process of [...ordered].reverse()) {
    for (const [key, value] of process.options) options.set(key, value);
    for (const [key, value] of process.dynamicOptions) if (!isComputedOption(key, value)) options.set(key, value);
  }
  if (!options.has('taskmanager.memory.process.size') && !options.has('taskmanager.memory.flink.size')) {
    for (const [key, value] of ordered.find(isTaskManager)?.dynamicOptions ?? []) options.set(key, value);
  }
  const memory =
    ordered.find((process) => isTaskManager(process) && Object.keys(process.memory).length > 0)?.memory ?? {};
  return {
    options,
    version: versionOf(ordered.find(({ version }) => version !== undefined) ?? ordered.find(versionOf)),
    memory,
  };
}

function isTaskManager(process: ProcessView): boolean {
  return process.component === 'taskmanager';
}

function collectFacts(group: IncidentGroup, { view }: ConcludeOptions, context: ContextFacts): IncidentFacts {
  const { job, firstTime } = group;
  const last =
    job === undefined || firstTime === undefined
      ? undefined
      : job.checkpoints
          .filter((item) => item.time <= firstTime)
          .reduce<{ id: number; time: number } | undefined>(
            (best, item) => (best === undefined || item.time >= best.time ? item : best),
            undefined,
          );
  const slots = context.options.get('taskmanager.numberOfTaskSlots');
  const parallelism = [...(job?.tasks.values() ?? [])].reduce((max, tasks) => Math.max(max, tasks), 0);
  return {
    flinkVersion: context.version,
    restartStrategy: job?.strategy === undefined ? undefined : job.strategy,
    lastCheckpoint: last === undefined ? undefined : { id: last.id, time: toIso(last.time) },
    reprocessMs: last === undefined || firstTime === undefined ? undefined : firstTime - last.time,
    ...(view.taskManagers === 0 ? {} : { taskManagers: view.taskManagers }),
    ...(slots === undefined || view.taskManagers === 0 || !/^\d+$/.test(slots)
      ? {}
      : { slots: Number(slots) * view.taskManagers }),
    ...(parallelism === 0 ? {} : { parallelism }),
  };
}

function explainOne(
  finding: Finding,
  ranking: Ranking,
  group: IncidentGroup,
  options: ConcludeOptions,
  facts: ContextFacts,
  restarts: number,
): Readonly<Record<Language, Diagnosis>> {
  const version = versionOf(options.view.processes.get(finding.event.signal.place.process)) ?? facts.version;
  const explains = [
    ...new Set(
      ranking.findings
        .filter(({ explainedBy }) => explainedBy.some(({ rule }) => rule === finding.rule))
        .map((other) => other.rule.cause),
    ),
  ];
  const times = finding.events.flatMap((event) => event.time ?? []);
  return explainFinding({
    finding,
    context: createEvaluationContext({ ...facts, version, chain: finding.event.failure?.chain }),
    version,
    builtIn: collectBuiltIn(finding, group, options, version, restarts),
    evidence: collectEvidence(finding.events, finding, options.lastLines),
    explains,
    symptom: finding.isConsequence,
    isBeside: finding.isBeside,
    job: group.job === undefined ? undefined : nameJob(group.job),
    // The events are in the order of time.
    firstSeen: toIso(times[0]),
    lastSeen: times[0] === undefined ? undefined : toIso(times.at(-1) ?? times[0]),
    onFault: options.onFault,
  });
}

function collectBuiltIn(
  finding: Finding,
  group: IncidentGroup,
  { catalog, view, lastLines }: ConcludeOptions,
  version: string | undefined,
  restarts: number,
): Values {
  const { place, facts, hints } = finding.event.signal;
  const process = view.processes.get(place.process);
  const task = facts.find((fact) => fact.type === 'task-state');
  const { match } = finding;
  const values: Record<string, Value | undefined> = {
    version,
    job: group.job?.name,
    jobId: group.job?.id,
    task: task?.task ?? hints.tasks[0],
    parallelism: toInt(
      task?.parallelism ?? (hints.tasks[0] === undefined ? undefined : group.job?.tasks.get(hints.tasks[0])),
    ),
    restarts: toInt(restarts),
    count: toInt(finding.count),
    host: process?.host,
    process: place.process,
    component: process?.component ?? place.component,
    file: place.path,
    exception: match.exception?.type,
    exceptionMessage: match.exception?.message,
    rootException: match.root?.type,
    rootMessage: match.root?.message,
    complaint: findProblemKind(finding.event.failure?.chain ?? [], catalog.engine),
    userFrame: match.userFrame,
    library: match.library,
    ...describePeer(finding, lastLines),
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, Value][] =>
      value === undefined || value === '' ? [] : [[name, value]],
    ),
  );
}

function toInt(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}

/**
 * Longest time, in milliseconds, from an end of the process to its last line. An earlier end belongs to an earlier run
 * of the process.
 */
const END_NEAR_MS = 60_000;

function describePeer(finding: Finding, lastLines: ReadonlyMap<string, LastLine>): Record<string, Value | undefined> {
  if (finding.rule.peer === undefined) return {};
  const { peer } = finding;
  const lastLine = peer === undefined ? undefined : lastLines.get(peer.process);
  const ends =
    peer?.ends.filter((item) => lastLine?.time === undefined || item.time >= lastLine.time - END_NEAR_MS) ?? [];
  const end = ends.find(({ reason }) => reason !== 'shutdown') ?? ends[0];
  return {
    peerProcess: peer?.process ?? finding.match.captures[finding.rule.peer],
    peerHost: peer?.host,
    peerLastLine: lastLine?.text,
    peerLastTime: lastLine?.time === undefined ? undefined : toIso(lastLine.time),
    peerEnd: peer === undefined ? 'unknown' : (end?.reason ?? 'none'),
  };
}

const MAX_EVIDENCE = 6;
const MAX_EVIDENCE_UNITS = 2500;

/** Returns the first line of each process, then further lines. For a peer it adds the last line that the peer wrote. */
function collectEvidence(
  events: readonly IncidentEvent[],
  finding: Finding | undefined,
  lastLines: ReadonlyMap<string, LastLine>,
): readonly Evidence[] {
  const seen = new Set<string>();
  const first = events.filter((event) => !seen.has(event.signal.place.process) && seen.add(event.signal.place.process));
  const chosen = [...first, ...events.filter((event) => !first.includes(event))]
    .slice(0, MAX_EVIDENCE)
    .sort((a, b) => (a.time ?? 0) - (b.time ?? 0));
  const lines = chosen.map((event) => toEvidence(event, finding?.rule.id));
  const peer = finding?.peer;
  const lastLine = peer === undefined ? undefined : lastLines.get(peer.process);
  if (peer === undefined || lastLine === undefined) return lines;
  return [
    ...lines,
    {
      file: lastLine.path,
      line: lastLine.line,
      text: lastLine.text,
      process: peer.process,
      time: toIso(lastLine.time),
      recordId: lastLine.recordId,
      host: peer.host,
    },
  ];
}

function toEvidence(event: IncidentEvent, rule: string | undefined): Evidence {
  const { place, text = '' } = event.signal;
  const cut = text.length > MAX_EVIDENCE_UNITS ? `${text.slice(0, MAX_EVIDENCE_UNITS)}…` : text;
  const highlights =
    event.matches.find((match) => match.rule === rule)?.highlights.filter(([, end]) => end <= cut.length) ?? [];
  return {
    file: place.path,
    line: place.line,
    text: cut,
    process: place.process,
    time: toIso(place.time),
    recordId: place.recordId,
    host: place.host,
    ...(highlights.length === 0 ? {} : { highlights }),
  };
}

/** Longest time, in milliseconds, in which the JobManager counts a failed checkpoint and fails the job. */
const REFUSAL_LAG_MS = 5000;

/**
 * Returns the group of a failure that was caused by too many failed checkpoints. The group depends on the reason of the
 * last failed checkpoint.
 */
function followRefusal({ failure, events }: UnknownFinding, job: JobView | undefined): FailureGroup {
  const until = (events.at(-1)?.time ?? Number.POSITIVE_INFINITY) + REFUSAL_LAG_MS;
  const last = job?.refusals.findLast(({ time }) => time <= until);
  return last === undefined ? failure.group : groupEcho(failure.group, last.reason);
}

const BESIDE = { beside: true } as const;

function describeUnknown(item: UnknownFinding, job: JobView | undefined): UnknownFailure {
  const first = item.events.find((event) => event.time !== undefined)?.time;
  const last = item.failure.chain.at(-1);
  const lastTime = findLargest(item.events.flatMap(({ time }) => time ?? []));
  return {
    fingerprint: item.failure.fingerprint,
    group: item.failure.echo === 'checkpoint' ? followRefusal(item, job) : item.failure.group,
    chain: item.failure.chain.map((link) => link.type).filter((type) => type !== ''),
    message: last === undefined ? item.failure.message : last.message,
    owner: item.failure.owner,
    count: item.count,
    firstSeen: toIso(first),
    lastSeen: first === undefined ? undefined : toIso(lastTime),
    ...(item.isBeside ? BESIDE : {}),
    job: job === undefined ? undefined : nameJob(job),
    evidence: collectEvidence(item.events, undefined, new Map()),
  };
}
