// Groups incidents if very many jobs of one cluster begin to fail within a minute: the first are shown individually,
// all others behind one flood card that counts them by cause. A broken session cluster, or a person who can write lines
// into a log, then causes a few notifications, not tens of thousands. All incidents are still concluded and stored.
// Only times of log lines are used, so that a restart gives the same result. Pure functions.
import { toIso } from '../../core/time/iso.js';
import { hashText } from '../../core/hash.js';
import { findLargest, findSmallest } from '../../core/sequence.js';
import type { Diagnosis, Incident, PlatformChild } from '../../core/documents/incident.js';
import type { Language, Text } from '../../core/types.js';

/** Number of incidents of one cluster, begun within one minute, that are shown individually. */
export const MAX_SHOWN = 50;
const MINUTE_MS = 60_000;
const SHOWN_CAUSES = 5;
const FLOOD = 'flood-';

/** Incident in a flood. */
export interface FloodMember {
  readonly id: string;
  readonly first: number;
  readonly last: number;
  readonly outcome: Incident['outcome'];
  /** Name of its cause. */
  readonly cause: Text;
  /** Id of the flood card behind which the incident is shown; undefined if it is shown individually. */
  readonly flood: string | undefined;
}

/** Returns the id of the flood card of a minute, even if there is no such card. */
export function nameFlood(cluster: string, first: number): string {
  const minute = minuteOf(first);
  return `${FLOOD}${hashText(`${cluster}\n${minute}`, 16)}`;
}

export function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS);
}

export function isFlood(id: string | undefined): boolean {
  return id?.startsWith(FLOOD) === true;
}

export function nameCause({ diagnoses, unknown }: Incident): Text {
  const [en, zh] = [diagnoses.en[0]?.title, diagnoses.zh[0]?.title];
  const type = unknown[0]?.chain.at(-1) ?? unknown[0]?.message ?? '';
  return { en: en ?? type, zh: zh ?? type };
}

/** Renders the flood card from all incidents of its minute, hidden and shown. `primary` is one of them, complete. */
export function renderFlood(
  id: string,
  members: readonly FloodMember[],
  children: readonly PlatformChild[],
  primary: Incident,
): Incident {
  const share = { kind: 'flood', jobs: members.length, clusters: 1, children };
  const times = {
    firstSeen: toIso(findSmallest(members.map(({ first }) => first))),
    lastSeen: toIso(findLargest(members.map(({ last }) => last))),
  };
  const shown = members.filter(({ flood }) => flood === undefined).length;
  return {
    id,
    cluster: primary.cluster,
    processes: [],
    ...times,
    outcome: decideFloodOutcome(members),
    restarts: 0,
    attempts: [],
    diagnoses: {
      en: describe(primary, members, shown, times, 'en'),
      zh: describe(primary, members, shown, times, 'zh'),
    },
    unknown: primary.diagnoses.en.length > 0 ? [] : primary.unknown.slice(0, 1).map((one) => countAll(one, members)),
    facts: {},
    platform: share,
  };
}

function countAll<Counted extends { readonly count: number }>(one: Counted, members: readonly FloodMember[]): Counted {
  return { ...one, count: members.length };
}

const ORDER: readonly Incident['outcome'][] = ['failing', 'silent', 'unknown', 'failed', 'recovered', 'canceled'];

function decideFloodOutcome(members: readonly FloodMember[]): Incident['outcome'] {
  const found = new Set(members.map(({ outcome }) => outcome));
  return ORDER.find((outcome) => found.has(outcome)) ?? 'unknown';
}

function describe(
  { diagnoses, cluster }: Incident,
  members: readonly FloodMember[],
  shown: number,
  times: Pick<Diagnosis, 'firstSeen' | 'lastSeen'>,
  language: Language,
): readonly Diagnosis[] {
  const [own] = diagnoses[language];
  if (own === undefined) return [];
  const { job, ...rest } = own;
  const texts = TEXTS[language];
  return [
    {
      ...rest,
      ...times,
      title: texts.title(members.length, cluster, shown),
      summary: `${texts.causes(countCauses(members, language))} ${own.summary}`,
      count: members.length,
    },
  ];
}

/** Counts the incidents by cause, the most frequent cause first. */
function countCauses(members: readonly FloodMember[], language: Language): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { cause } of members) counts.set(cause[language], (counts.get(cause[language]) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, SHOWN_CAUSES);
}

const TEXTS: Readonly<
  Record<
    Language,
    {
      readonly title: (jobs: number, cluster: string, shown: number) => string;
      readonly causes: (counts: readonly (readonly [string, number])[]) => string;
    }
  >
> = {
  en: {
    title: (jobs, cluster, shown) =>
      `${jobs} jobs${cluster === '' ? '' : ` of cluster ${cluster}`} failing; the first ${shown} are shown`,
    causes: (counts) => `By cause: ${counts.map(([cause, count]) => `${cause} (${count})`).join('; ')}.`,
  },
  zh: {
    title: (jobs, cluster, shown) =>
      `${cluster === '' ? '' : `集群 ${cluster} 的 `}${jobs} 个作业失败；仅逐一显示前 ${shown} 个`,
    causes: (counts) => `按原因统计：${counts.map(([cause, count]) => `${cause}（${count}）`).join('；')}。`,
  },
};

/** Counts, by the minute of their start, the incidents that are shown individually. */
export function countShown(saved: readonly FloodMember[]): Map<number, number> {
  const shown = new Map<number, number>();
  for (const { first, flood } of saved)
    if (flood === undefined) shown.set(minuteOf(first), (shown.get(minuteOf(first)) ?? 0) + 1);
  return shown;
}

/** Moves an incident to the flood card of its minute if very many began in it. It stays there. */
export function assignToFlood(
  cluster: string,
  incident: Incident,
  known: FloodMember | undefined,
  shown: Map<number, number>,
): Incident {
  if (known?.flood !== undefined) return putBehind(incident, known.flood);
  if (known !== undefined) return incident;
  const first = Date.parse(incident.firstSeen ?? '') || 0;
  const minute = minuteOf(first);
  const count = shown.get(minute) ?? 0;
  if (count >= MAX_SHOWN) return putBehind(incident, nameFlood(cluster, first));
  shown.set(minute, count + 1);
  return incident;
}

const behind = new WeakMap<Incident, Incident>();

/** Returns the same object for the same incident. */
function putBehind(incident: Incident, flood: string): Incident {
  const known = behind.get(incident);
  if (known?.parent === flood) return known;
  const placed = { ...incident, parent: flood };
  behind.set(incident, placed);
  return placed;
}
