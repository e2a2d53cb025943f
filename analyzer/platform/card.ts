// Renders an ending, or an agent that is silent or was stopped, as an incident in both languages. The incident is the
// parent of the incidents of the affected jobs (platform) and lists these jobs (ending). Pure functions.
import { toIso } from '../../core/time/iso.js';
import { hashText } from '../../core/hash.js';
import { nameSubject } from '../../core/wording/subject.js';
import { ALL_CLUSTERS, type Language } from '../../core/types.js';
import type { Diagnosis, Evidence, Incident, PlatformChild } from '../../core/documents/incident.js';
import type { AgentStatus } from '../../core/documents/agent.js';
import type { LastLine } from '../incident/last-line.js';
import type { EndedJob, Ending } from './ending.js';
import { ENDING_WORDS, type WordsKind, type WordValues } from './words.js';

const ID = 'ending-';
/** Number of jobs that a text lists. */
const MAX_JOBS = 10;
const LINE_UNITS = 200;
/** Width, in milliseconds, of the time window in the id of an ending. Its lines may become known in any order. */
const WINDOW_MS = 600_000;

/** True if the id is that of an ending or of an agent. */
export function isEndingId(id: string | undefined): boolean {
  return id?.startsWith(ID) === true;
}

/**
 * Returns the id of an ending. It stays the same when more is learned: that the TaskManagers are gone too, or that the
 * JobManager was replaced.
 */
export function nameEnding(
  cluster: string,
  { kind, process, begin }: Pick<Ending, 'kind' | 'process' | 'begin'>,
): string {
  const group = kind === 'taskmanager-lost' ? 'taskmanager' : 'cluster';
  return hashId([cluster, group, kind === 'cluster-silent' ? '' : process, String(Math.floor(begin / WINDOW_MS))]);
}

function hashId(parts: readonly string[]): string {
  return `${ID}${hashText(parts.join('\n'), 20)}`;
}

export interface EndingCard {
  readonly id: string;
  readonly cluster: string;
  readonly ending: Ending;
  readonly lastLine: LastLine | undefined;
  readonly host: string | undefined;
  readonly children: readonly PlatformChild[];
}

export function renderEnding({ id, cluster, ending, lastLine, host, children }: EndingCard): Incident {
  const { kind, process, processes, jobs, begin, word, isOver } = ending;
  const at = toIso(begin);
  const values: Omit<WordValues, 'process'> = {
    cluster,
    at: cutSeconds(at),
    jobs: listJobs(jobs),
    count: jobs.length,
    checkpoints: listCheckpoints(jobs),
    lastLine: (lastLine?.text ?? '').slice(0, LINE_UNITS),
    word: word ?? '',
    host: host ?? '',
    clusters: cluster,
  };
  const kindOfWords = chooseWords(ending);
  const describe = (language: Language): Diagnosis =>
    describeIn(
      language,
      kindOfWords,
      { ...values, process: nameSubject({ process, cluster }, language) },
      {
        at,
        count: jobs.length,
        evidence: lastLine === undefined ? [] : [toEvidence(lastLine, process, host)],
      },
    );
  return {
    id,
    cluster,
    process,
    processes,
    firstSeen: at,
    lastSeen: at,
    outcome: kind === 'cluster-stopped' ? 'canceled' : isOver ? 'recovered' : 'failing',
    restarts: 0,
    attempts: [],
    diagnoses: { en: [describe('en')], zh: [describe('zh')] },
    unknown: [],
    facts: {},
    platform: {
      kind: kind === 'taskmanager-lost' ? 'process' : 'cluster',
      thing: kind === 'taskmanager-lost' ? nameSubject({ process, cluster }, 'en') : cluster,
      jobs: jobs.length,
      clusters: 1,
      children,
    },
    ending: { kind, jobs: jobs.map(({ id: job, name }) => (name === undefined ? { id: job } : { id: job, name })) },
  };
}

function chooseWords({ kind, isHa }: Ending): WordsKind {
  if (kind === 'jobmanager-lost') return isHa ? 'jobmanager-lost-ha' : kind;
  return kind === 'jobmanager-replaced' && isHa ? 'jobmanager-replaced-ha' : kind;
}

export interface AgentCard {
  readonly status: AgentStatus;
  readonly isStopped: boolean;
  readonly clusters: readonly string[];
  readonly jobs: readonly string[];
}

export function nameAgentEnding({ id, time }: Pick<AgentStatus, 'id' | 'time'>): string {
  return hashId(['agent', id, time]);
}

export function renderAgent({ status, isStopped, clusters, jobs }: AgentCard): Incident {
  const { host, time } = status;
  const values: WordValues = {
    ...{ cluster: '', process: '', checkpoints: '', lastLine: '', word: '' },
    at: cutSeconds(time),
    jobs: cutList(jobs),
    count: jobs.length,
    host,
    clusters: cutList(clusters),
  };
  const describe = (language: Language): Diagnosis =>
    describeIn(language, isStopped ? 'agent-stopped' : 'agent-silent', values, { at: time, count: 1, evidence: [] });
  return {
    id: nameAgentEnding(status),
    cluster: ALL_CLUSTERS,
    process: status.id,
    processes: [],
    firstSeen: time,
    lastSeen: time,
    outcome: isStopped ? 'canceled' : 'failing',
    restarts: 0,
    attempts: [],
    diagnoses: { en: [describe('en')], zh: [describe('zh')] },
    unknown: [],
    facts: {},
    platform: { kind: 'agent', thing: host, jobs: jobs.length, clusters: clusters.length, children: [] },
    ending: { kind: isStopped ? 'agent-stopped' : 'agent-silent', jobs: [] },
  };
}

function describeIn(
  language: Language,
  kind: WordsKind,
  values: WordValues,
  { at, count, evidence }: { readonly at: string; readonly count: number; readonly evidence: readonly Evidence[] },
): Diagnosis {
  const { cause, severity, title, summary, fix } = ENDING_WORDS[kind];
  return {
    cause,
    rule: `${cause}/seen`,
    title: title[language](values),
    summary: summary[language](values),
    severity,
    confidence: 0.9,
    symptom: false,
    owner: 'platform',
    status: 'stable',
    firstSeen: at,
    lastSeen: at,
    count,
    reasons: [],
    fixes: fix === undefined ? [] : [{ id: 'what-to-do', text: fix[language](values), patch: {}, risk: 'low' }],
    evidence,
    explains: [],
    references: [],
    values: {},
    score: { total: 1 },
  };
}

function toEvidence(
  { path, line, text, time, recordId }: LastLine,
  process: string,
  host: string | undefined,
): Evidence {
  return { file: path, line, text, process, recordId, host, time: toIso(time) };
}

function listJobs(jobs: readonly EndedJob[]): string {
  return cutList(jobs.map(({ id, name }) => name ?? id));
}

function listCheckpoints(jobs: readonly EndedJob[]): string {
  return cutList(
    jobs.map(({ id, name, checkpoint }) =>
      checkpoint === undefined
        ? (name ?? id)
        : `${name ?? id} (chk-${checkpoint.id}, ${cutSeconds(toIso(checkpoint.time))}, job id ${id})`,
    ),
  );
}

function cutList(texts: readonly string[]): string {
  const shown = texts.slice(0, MAX_JOBS).join(', ');
  return texts.length > MAX_JOBS ? `${shown} … (+${texts.length - MAX_JOBS})` : shown;
}

/** Removes the milliseconds: `2026-11-20T10:00:00.123Z` → `2026-11-20T10:00:00Z`. */
function cutSeconds(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z');
}

/** Ending that was found before, by this analyzer or by the previous holder of the partition. */
export interface KnownEnding {
  readonly incident: Incident;
  /** Undefined if an earlier run found the ending. */
  readonly ending: Ending | undefined;
}

/** Returns the endings among the stored incidents, for an analyzer that takes over a cluster. */
export function loadEndings(stored: readonly Incident[]): ReadonlyMap<string, KnownEnding> {
  return new Map(
    stored.filter(({ id }) => isEndingId(id)).map((incident) => [incident.id, { incident, ending: undefined }]),
  );
}
