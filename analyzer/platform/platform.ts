// Joins the incidents of many jobs into one incident for what they share: a ZooKeeper, an HDFS, a machine or a
// certificate that fails takes its jobs down within minutes of each other, on any number of clusters. A table of the
// engine (rules/engine/shared.yaml) says what may be shared and what names it; jobs that fail at the same time for
// something else stay apart. Only the times of lines count, so that the order of arrival changes nothing. Pure
// functions.
import { toIso } from '../../core/time/iso.js';
import { hashText } from '../../core/hash.js';
import { findLargest } from '../../core/sequence.js';
import { nameSubject } from '../../core/wording/subject.js';
import type {
  Diagnosis,
  Evidence,
  Incident,
  Owner,
  PlatformChild,
  PlatformShare,
} from '../../core/documents/incident.js';
import { ALL_CLUSTERS, type Language } from '../../core/types.js';
import type { SharedKind } from '../catalog/engine.js';

/**
 * Maximum time, in milliseconds, between the beginnings of two incidents of one outage, unless others lie between them.
 */
export const PLATFORM_WINDOW_MS = 300_000;
/** Minimum number of jobs of a platform incident. With this number, a coincidence is unlikely. */
const PLATFORM_JOBS = 3;
/**
 * Minimum number of jobs of a platform incident if they name the same process of their cluster. Two such jobs are no
 * coincidence.
 */
const PROCESS_JOBS = 2;
/**
 * Step, in milliseconds, to which the time of the last failure is rounded down, so that a restart loop does not write
 * the platform incident again each time.
 */
const LAST_SEEN_STEP_MS = 30_000;
const SHOWN_JOBS = 5;
const SHOWN_EVIDENCE = 6;
const OWNERS: readonly Owner[] = ['platform', 'external'];

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0)(?::\d+)?$/;

/**
 * Beginning of the id of an ending. An incident that the ending of its cluster took along has it as its parent
 * (analyzer/platform/card.ts).
 */
const ENDING_ID = 'ending-';

/**
 * Incident whose cause may be shared with other incidents, reduced to what a chain of thousands needs: a hundredth of
 * its size.
 */
export interface SharedIncident extends PlatformChild, Pick<Incident, 'lastSeen'> {
  /** Id of the rule of the primary diagnosis. */
  readonly rule: string;
  /** Causes that the primary diagnosis explains, and the first line that proves it. */
  readonly explains: readonly string[];
  readonly evidence: Evidence | undefined;
  readonly kind: string;
  readonly isOfCluster: boolean;
  readonly thing: string | undefined;
  /** Key that all incidents of the same thing have in common. */
  readonly key: string;
  /** Time at which the cause showed first, in milliseconds since 1970. */
  readonly begin: number;
}

/** True if incidents of this cause may share it with others. */
export function mayShare(cause: string, kinds: readonly SharedKind[]): boolean {
  return kinds.some(({ causes }) => causes.includes(cause));
}

/** Returns what the incident may share with others; undefined if it fails for a reason of its own. */
export function findShared(incident: Incident, kinds: readonly SharedKind[]): SharedIncident | undefined {
  const [diagnosis] = incident.diagnoses.en;
  if (diagnosis === undefined || incident.platform !== undefined || !mayBeShared(diagnosis)) return undefined;
  if (incident.parent?.startsWith(ENDING_ID) === true) return undefined;
  const row = kinds.find(({ causes }) => causes.includes(diagnosis.cause));
  const begin = Date.parse(diagnosis.firstSeen ?? incident.firstSeen ?? '');
  if (row === undefined || Number.isNaN(begin)) return undefined;
  const { cluster } = incident;
  const thing = row.isOfCluster ? findProcess(row, diagnosis, cluster) : findThing(row, diagnosis);
  if (row.isOfCluster && thing === undefined) return undefined;
  const { id, job, firstSeen, lastSeen, outcome } = incident;
  const { rule, explains, evidence } = diagnosis;
  return {
    ...{ id, cluster, job, firstSeen, lastSeen, outcome, rule, explains, evidence: evidence[0] },
    ...{ kind: row.id, isOfCluster: row.isOfCluster, thing, key: renderKey(row, thing, cluster), begin },
  };
}

function mayBeShared({ symptom, status, owner, severity }: Diagnosis): boolean {
  return !symptom && status !== 'draft' && severity !== 'info' && OWNERS.includes(owner);
}

function renderKey(
  { id, isOfCluster }: Pick<SharedKind, 'id' | 'isOfCluster'>,
  thing: string | undefined,
  cluster: string,
): string {
  if (isOfCluster) return `${id}\n${thing ?? ''}\nin ${cluster}`;
  return thing === undefined ? `${id}\nin ${cluster}` : `${id}\n${thing}`;
}

/** Returns the key of the thing for which a platform incident stands. */
export function keyOf({ kind, thing, children }: PlatformShare, kinds: readonly SharedKind[]): string {
  const isOfCluster = kinds.some((row) => row.id === kind && row.isOfCluster);
  return renderKey({ id: kind, isOfCluster }, thing, children[0]?.cluster ?? '');
}

/** Returns the name that people use for the process, whichever of its names the rule found. */
function findProcess({ values }: SharedKind, diagnosis: Diagnosis, cluster: string): string | undefined {
  const process = values.flatMap((name) => diagnosis.values[name] ?? [])[0];
  return process === undefined ? undefined : nameSubject({ process, cluster }, 'en');
}

function findThing({ values, patterns, isMachine }: SharedKind, diagnosis: Diagnosis): string | undefined {
  const machine = isMachine ? diagnosis.evidence[0]?.host : undefined;
  const named = values.flatMap((name) => diagnosis.values[name] ?? []);
  const texts = [...Object.values(diagnosis.values), ...diagnosis.evidence.map(({ text }) => text)];
  const written = (text: string): readonly string[] => patterns.flatMap((pattern) => pattern.exec(text)?.[1] ?? []);
  const found = [...(machine === undefined ? [] : [machine]), ...named.flatMap((text) => [...written(text), text])];
  const thing = found[0] ?? texts.flatMap(written)[0];
  return thing === undefined ? undefined : normalize(thing);
}

/**
 * Normalizes an address, so that all spellings of it are the same: `ZK2/10.0.0.2:2181, zk1:2181/flink` →
 * `zk1:2181,zk2:2181`. Returns undefined for an address that every machine uses for itself, because two machines do not
 * share it.
 */
function normalize(thing: string): string | undefined {
  const parts = thing
    .toLowerCase()
    .split(',')
    .map((part) => part.trim().replace(/^\//, ''))
    .map((part) =>
      part
        .replace(/\/[\d.]+(?=:\d)/, '')
        .split('/', 1)
        .join(''),
    )
    .filter((part) => part !== '');
  return parts.every((part) => LOOPBACK.test(part)) ? undefined : [...new Set(parts)].sort().join(',');
}

/**
 * Groups incidents of one thing into chains in which each began within a window of the one before. Chains are sorted by
 * key, and each begins with its earliest incident.
 */
export function chainShared(shared: readonly SharedIncident[]): readonly (readonly SharedIncident[])[] {
  const chains: SharedIncident[][] = [];
  for (const item of [...shared].sort(compareShared)) {
    const chain = chains.at(-1);
    const before = chain?.at(-1);
    if (before?.key === item.key && item.begin - before.begin <= PLATFORM_WINDOW_MS) chain?.push(item);
    else chains.push([item]);
  }
  return chains;
}

function compareShared(a: SharedIncident, b: SharedIncident): number {
  return compareTexts(a.key, b.key) || a.begin - b.begin || compareTexts(a.id, b.id);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** True if the chain has enough jobs for a platform incident. */
export function isLongEnough(chain: readonly SharedIncident[]): boolean {
  const least = chain[0]?.isOfCluster === true ? PROCESS_JOBS : PLATFORM_JOBS;
  return countJobs(chain) >= least;
}

function countJobs(chain: readonly SharedIncident[]): number {
  return new Set(chain.map(subjectOf)).size;
}

/** Returns the incident that stands for a chain. `primary` is the whole incident that `choosePrimary` chose. */
export function renderPlatform(chain: readonly SharedIncident[], primary: Incident): Incident | undefined {
  const [first] = chain;
  if (first === undefined) return undefined;
  const clusters = new Set(chain.map(({ cluster }) => cluster)).size;
  const last = findLargest(chain.map(({ lastSeen, begin }) => Date.parse(lastSeen ?? '') || begin));
  const share: PlatformShare = {
    kind: first.kind,
    thing: first.thing,
    jobs: countJobs(chain),
    clusters,
    children: chain.map(toChild),
  };
  const times = { firstSeen: toIso(first.begin), lastSeen: toIso(Math.max(first.begin, roundDown(last))) };
  return {
    id: `platform-${hashOf(first)}`,
    cluster: ALL_CLUSTERS,
    processes: [],
    ...times,
    outcome: decidePlatformOutcome(share.children),
    restarts: 0,
    attempts: [],
    diagnoses: {
      en: describe(primary, chain, share, times, 'en'),
      zh: describe(primary, chain, share, times, 'zh'),
    },
    unknown: [],
    facts: {},
    platform: share,
  };
}

/**
 * Hashes the key and the window of the beginning. An earlier line of the same storm that comes late seldom changes the
 * window.
 */
function hashOf({ key, begin }: SharedIncident): string {
  const window = Math.floor(begin / PLATFORM_WINDOW_MS);
  return hashText(`${key}\n${window}`, 16);
}

function roundDown(time: number): number {
  return Math.floor(time / LAST_SEEN_STEP_MS) * LAST_SEEN_STEP_MS;
}

/**
 * Returns a name for the job that stays the same when a restart changes its id. Failures without a job count once for
 * their cluster.
 */
function subjectOf({ cluster, job }: SharedIncident): string {
  return `${cluster}\n${job?.name ?? job?.id ?? ''}`;
}

function toChild({ id, cluster, job, firstSeen, outcome }: SharedIncident): PlatformChild {
  return { id, cluster, job, firstSeen, outcome };
}

/**
 * Outcomes by priority. A platform incident goes on as long as one of its jobs does. If all have ended and none failed
 * for good, it has recovered.
 */
const OUTCOME_ORDER: readonly Incident['outcome'][] = [
  'failing',
  'silent',
  'unknown',
  'failed',
  'recovered',
  'canceled',
];

export function decidePlatformOutcome(children: readonly Pick<PlatformChild, 'outcome'>[]): Incident['outcome'] {
  return OUTCOME_ORDER.find((outcome) => children.some((child) => child.outcome === outcome)) ?? 'unknown';
}

/** Chooses the incident with the primary diagnosis: the earliest of the rule that found most of them. */
export function choosePrimary(chain: readonly SharedIncident[]): SharedIncident | undefined {
  const counts = new Map<string, number>();
  for (const { rule } of chain) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const max = findLargest(counts.values());
  return chain.find(({ rule }) => counts.get(rule) === max);
}

function describe(
  incident: Incident,
  chain: readonly SharedIncident[],
  share: PlatformShare,
  times: Pick<Diagnosis, 'firstSeen' | 'lastSeen'>,
  language: Language,
): readonly Diagnosis[] {
  const [own] = incident.diagnoses[language];
  if (own === undefined) return [];
  const { job, ...rest } = own;
  const evidence = chain.flatMap((item) => item.evidence ?? []);
  const more = chain.flatMap(({ explains }) => explains);
  return [
    {
      ...rest,
      ...times,
      title: TEXTS[language].title(own.title, share),
      summary: `${TEXTS[language].jobs(nameJobs(chain), share)}${own.summary}`,
      count: share.jobs,
      evidence: evidence.slice(0, SHOWN_EVIDENCE),
      explains: [...new Set(more)].sort(),
    },
  ];
}

function nameJobs(chain: readonly SharedIncident[]): readonly string[] {
  const names = chain.flatMap(({ job }) => job?.name ?? job?.id ?? []);
  return [...new Set(names)].slice(0, SHOWN_JOBS);
}

const TEXTS: Readonly<
  Record<
    Language,
    {
      readonly title: (cause: string, share: PlatformShare) => string;
      readonly jobs: (names: readonly string[], share: PlatformShare) => string;
    }
  >
> = {
  en: {
    title: (cause, { jobs, thing }) => `${jobs} jobs: ${cause}${thing === undefined ? '' : ` (${thing})`}`,
    jobs: (names, { jobs, clusters }) =>
      `${jobs} jobs of ${clusters === 1 ? 'one cluster' : `${clusters} clusters`} failed with the same cause` +
      `${names.length === 0 ? '' : `: ${names.join(', ')}${jobs > names.length ? ` and ${jobs - names.length} more` : ''}`}. `,
  },
  zh: {
    title: (cause, { jobs, thing }) => `${jobs} 个作业：${cause}${thing === undefined ? '' : `（${thing}）`}`,
    jobs: (names, { jobs, clusters }) =>
      `${clusters} 个集群的 ${jobs} 个作业因同一原因失败` +
      `${names.length === 0 ? '' : `：${names.join('、')}${jobs > names.length ? ' 等' : ''}`}。`,
  },
};
