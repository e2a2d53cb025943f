// Incidents of many jobs → one for what they share: a ZooKeeper, an HDFS, a machine or a certificate that fails takes
// its jobs down within minutes of each other, on any number of clusters. What may be shared, and what names it, is the
// table below; whoever began at the same time of something else stays apart. By the times of lines alone, so the order
// of arrival changes nothing. Pure; called by keeper.ts.
import { createHash } from 'node:crypto';
import { findLargest } from '../../core/sequence.js';
import { nameSubject } from '../../core/text/subject.js';
import {
  ALL_CLUSTERS,
  type Diagnosis,
  type Incident,
  type Language,
  type Owner,
  type PlatformChild,
  type PlatformShare,
} from '../../core/types.js';

/** Two that begin further apart than this are not of one outage, unless others lie between them. */
export const PLATFORM_WINDOW_MS = 300_000;
/** So many jobs make one coincidence unlikely. */
export const PLATFORM_JOBS = 3;
/** Of jobs that name the same process of their cluster two are no coincidence. */
const PROCESS_JOBS = 2;
/** A platform incident's last failure is told to this, so that a restart loop does not write it again each time. */
const LAST_SEEN_STEP_MS = 30_000;
const SHOWN_JOBS = 5;
const SHOWN_EVIDENCE = 6;
const OWNERS: readonly Owner[] = ['platform', 'external'];

/** What jobs of several clusters can share, and where its address stands: the first that is there counts. */
interface SharedKind {
  readonly kind: string;
  readonly causes: readonly string[];
  /** Values that a rule captured or computed. */
  readonly values: readonly string[];
  /** In those values, and in the lines that prove the cause; the first group is the address. */
  readonly patterns: readonly RegExp[];
  /** The machine of the first line that proves the cause. */
  readonly isMachine?: true;
  /** Names something of one cluster alone; two jobs are enough, for it is named. */
  readonly isOfCluster?: true;
}

const AUTHORITY = /\b[a-z][\w+.]{1,20}:\/\/([^/?;\s"'()]{3,200})/;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0)(?::\d+)?$/;
const CALLED = /\bto (?:[\w.-]{1,100}\/)?([\w.-]{1,100}:\d{1,5})\b/;

const SHARED_KINDS: readonly SharedKind[] = [
  {
    kind: 'process',
    causes: ['cluster.taskmanager-lost', 'cluster.heartbeat-timeout', 'cluster.jobmanager-lost'],
    values: ['peerProcess', 'lost'],
    patterns: [],
    isOfCluster: true,
  },
  {
    kind: 'zookeeper',
    causes: ['cluster.zookeeper-unavailable', 'cluster.zookeeper-suspended'],
    values: ['quorum', 'server'],
    patterns: [/connection string \(?([\w.:,/-]{3,200})/],
  },
  { kind: 'hdfs', causes: ['storage.hdfs-unavailable'], values: [], patterns: [/\bhdfs:\/\/([\w.:-]{1,200})/, CALLED] },
  { kind: 'object-store', causes: ['storage.object-store'], values: [], patterns: [AUTHORITY, CALLED] },
  { kind: 'credentials', causes: ['storage.auth'], values: ['principal', 'user'], patterns: [] },
  {
    kind: 'kafka',
    causes: ['kafka.unreachable', 'kafka.leader-change', 'kafka.batch-expired', 'kafka.auth'],
    values: ['address'],
    patterns: [/\bbootstrap\.servers[\s=:[]{1,4}([\w.:,-]{3,200})/],
  },
  {
    kind: 'machine',
    causes: [
      'cluster.node-lost',
      'cluster.disk-full',
      'cluster.tmp-dir-cleaned',
      'cluster.too-many-open-files',
      'memory.host-exhausted',
      'memory.native-thread',
    ],
    values: ['peerHost', 'host'],
    patterns: [],
    isMachine: true,
  },
  {
    kind: 'certificate',
    causes: ['network.tls'],
    values: [],
    patterns: [/\bCertificate for <([^>\s]{1,120})>/, /\b[Hh]ost ?name '?([\w.-]{1,120})/, /\bCN=([\w.*-]{1,120})/],
  },
  { kind: 'endpoint', causes: ['network.connection-failed'], values: ['address', 'peer'], patterns: [CALLED] },
  { kind: 'name', causes: ['network.unknown-host'], values: ['unknown'], patterns: [] },
  { kind: 'database', causes: ['connector.jdbc'], values: ['url'], patterns: [AUTHORITY, CALLED] },
  { kind: 'hbase', causes: ['connector.hbase'], values: [], patterns: [CALLED] },
  { kind: 'hive', causes: ['connector.hive'], values: [], patterns: [/\bthrift:\/\/([\w.:-]{1,200})/] },
  { kind: 'elasticsearch', causes: ['connector.elasticsearch'], values: [], patterns: [AUTHORITY] },
  { kind: 'schema-registry', causes: ['format.schema-registry'], values: [], patterns: [AUTHORITY, CALLED] },
];

const OF_CLUSTER: ReadonlySet<string> = new Set(
  SHARED_KINDS.filter(({ isOfCluster }) => isOfCluster === true).map(({ kind }) => kind),
);
const KIND_OF = new Map(SHARED_KINDS.flatMap((row) => row.causes.map((cause) => [cause, row] as const)));

/** One that an ending of its cluster took along has that as its parent (analyzer/watch/card.ts). */
const ENDING_ID = 'ending-';

/** An incident whose cause may be another's too. */
export interface SharedIncident {
  readonly incident: Incident;
  readonly kind: string;
  readonly thing: string | undefined;
  /** What those have in common that fail of one thing. */
  readonly key: string;
  /** When the cause showed first, in milliseconds since 1970. */
  readonly begin: number;
}

/** Undefined for what fails for a reason of its own. */
export function findShared(incident: Incident): SharedIncident | undefined {
  const [diagnosis] = incident.diagnoses.en;
  if (diagnosis === undefined || incident.platform !== undefined || !mayBeShared(diagnosis)) return undefined;
  if (incident.parent?.startsWith(ENDING_ID) === true) return undefined;
  const row = KIND_OF.get(diagnosis.cause);
  const begin = Date.parse(diagnosis.firstSeen ?? incident.firstSeen ?? '');
  if (row === undefined || Number.isNaN(begin)) return undefined;
  const { cluster } = incident;
  const thing = row.isOfCluster === true ? findProcess(row, diagnosis, cluster) : findThing(row, diagnosis);
  if (row.isOfCluster === true && thing === undefined) return undefined;
  return { incident, kind: row.kind, thing, key: renderKey(row.kind, thing, cluster), begin };
}

function mayBeShared({ symptom, status, owner, severity }: Diagnosis): boolean {
  return !symptom && status !== 'draft' && severity !== 'info' && OWNERS.includes(owner);
}

function renderKey(kind: string, thing: string | undefined, cluster: string): string {
  if (OF_CLUSTER.has(kind)) return `${kind}\n${thing ?? ''}\nin ${cluster}`;
  return thing === undefined ? `${kind}\nin ${cluster}` : `${kind}\n${thing}`;
}

/** The key of what a platform incident stands for. */
export function keyOf({ kind, thing, children }: PlatformShare): string {
  return renderKey(kind, thing, children[0]?.cluster ?? '');
}

/** As people call it, by whichever of its names the rule found. */
function findProcess({ values }: SharedKind, diagnosis: Diagnosis, cluster: string): string | undefined {
  const process = values.flatMap((name) => diagnosis.values[name] ?? [])[0];
  return process === undefined ? undefined : nameSubject({ process, cluster }, 'en');
}

function findThing({ values, patterns, isMachine }: SharedKind, diagnosis: Diagnosis): string | undefined {
  const machine = isMachine === true ? diagnosis.evidence[0]?.host : undefined;
  const named = values.flatMap((name) => diagnosis.values[name] ?? []);
  const texts = [...Object.values(diagnosis.values), ...diagnosis.evidence.map(({ text }) => text)];
  const written = (text: string): readonly string[] => patterns.flatMap((pattern) => pattern.exec(text)?.[1] ?? []);
  const found = [...(machine === undefined ? [] : [machine]), ...named.flatMap((text) => [...written(text), text])];
  const thing = found[0] ?? texts.flatMap(written)[0];
  return thing === undefined ? undefined : normalize(thing);
}

/**
 * `ZK2/10.0.0.2:2181, zk1:2181/flink` → `zk1:2181,zk2:2181`: however it is written, it is the same. What every machine
 * calls itself names nothing that two of them share.
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

/** Those of one thing that began within a window of each other, the earliest first, by their key. */
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
  return compareTexts(a.key, b.key) || a.begin - b.begin || compareTexts(a.incident.id, b.incident.id);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A chain of enough jobs → the incident that stands for them; undefined when they are too few. */
export function renderPlatform(chain: readonly SharedIncident[]): Incident | undefined {
  const [first] = chain;
  const lead = chooseLead(chain);
  const jobs = new Set(chain.map(subjectOf)).size;
  const least = OF_CLUSTER.has(first?.kind ?? '') ? PROCESS_JOBS : PLATFORM_JOBS;
  if (first === undefined || lead === undefined || jobs < least) return undefined;
  const clusters = new Set(chain.map(({ incident }) => incident.cluster)).size;
  const last = findLargest(chain.map(({ incident, begin }) => Date.parse(incident.lastSeen ?? '') || begin));
  const share: PlatformShare = {
    kind: first.kind,
    thing: first.thing,
    jobs,
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
      en: describe(lead, chain, share, times, 'en'),
      zh: describe(lead, chain, share, times, 'zh'),
    },
    unknown: [],
    facts: {},
    platform: share,
  };
}

/** Of the beginning only the window: an earlier line of the same storm that comes late seldom changes it. */
function hashOf({ key, begin }: SharedIncident): string {
  const window = Math.floor(begin / PLATFORM_WINDOW_MS);
  return createHash('sha256').update(`${key}\n${window}`).digest('hex').slice(0, 16);
}

function roundDown(time: number): number {
  return Math.floor(time / LAST_SEEN_STEP_MS) * LAST_SEEN_STEP_MS;
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}

/** A job, whatever id it has after its restart; what failed without one counts once for its cluster. */
function subjectOf({ incident: { cluster, job } }: SharedIncident): string {
  return `${cluster}\n${job?.name ?? job?.id ?? ''}`;
}

function toChild({ incident: { id, cluster, job, firstSeen, outcome } }: SharedIncident): PlatformChild {
  return { id, cluster, job, firstSeen, outcome };
}

/** It goes on as long as one of its jobs does; what ended without one that failed for good has recovered. */
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

/** The earliest of those whose rule found most. */
function chooseLead(chain: readonly SharedIncident[]): SharedIncident | undefined {
  const counts = new Map<string, number>();
  for (const item of chain) counts.set(ruleOf(item), (counts.get(ruleOf(item)) ?? 0) + 1);
  const most = findLargest(counts.values());
  return chain.find((item) => counts.get(ruleOf(item)) === most);
}

function ruleOf({ incident }: SharedIncident): string {
  return incident.diagnoses.en[0]?.rule ?? '';
}

function describe(
  { incident }: SharedIncident,
  chain: readonly SharedIncident[],
  share: PlatformShare,
  times: Pick<Diagnosis, 'firstSeen' | 'lastSeen'>,
  language: Language,
): readonly Diagnosis[] {
  const [own] = incident.diagnoses[language];
  if (own === undefined) return [];
  const { job, ...rest } = own;
  void job;
  const evidence = chain.flatMap((item) => item.incident.diagnoses[language][0]?.evidence[0] ?? []);
  const more = chain.flatMap(({ incident: child }) => child.diagnoses[language][0]?.explains ?? []);
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
  const names = chain.flatMap(({ incident: { job } }) => job?.name ?? job?.id ?? []);
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
      `${jobs} jobs of ${clusters === 1 ? 'one cluster' : `${clusters} clusters`} failed of the same thing` +
      `${names.length === 0 ? '' : `: ${names.join(', ')}${jobs > names.length ? ` and ${jobs - names.length} more` : ''}`}. `,
  },
  zh: {
    title: (cause, { jobs, thing }) => `${jobs} 个作业：${cause}${thing === undefined ? '' : `（${thing}）`}`,
    jobs: (names, { jobs, clusters }) =>
      `${clusters} 个集群的 ${jobs} 个作业因同一原因失败` +
      `${names.length === 0 ? '' : `：${names.join('、')}${jobs > names.length ? ' 等' : ''}`}。`,
  },
};
