// Under which id people know an incident: what was concluded now is the same as one that was saved when it has its id,
// is of the same subject at about the same time, or has joined with it; and where a card leads that is none any more.
// Pure; called by conclude.ts.
import { groupBy } from '../../core/sequence.js';
import type { Incident } from '../../core/types.js';
import { DEFAULT_HEALTHY_MS } from '../incident/group/group.js';
import { isFlood, nameCause } from './flood.js';
import type { SavedIncident } from './keep.js';

/**
 * Later evidence may move the beginning of an episode, or show whose failure it was that a process first had alone: the
 * incident keeps the id under which people know it.
 */
export function keepIds(
  incidents: readonly Incident[],
  saved: readonly SavedIncident[],
  healthyMs = DEFAULT_HEALTHY_MS,
): readonly Incident[] {
  const free = new Map(saved.map((known) => [known.id, known]));
  const selves = new Map<Incident, SavedIncident>();
  for (const incident of incidents) {
    const known = free.get(incident.id);
    if (known !== undefined) selves.set(incident, known);
    free.delete(incident.id);
  }
  const bySubject = groupBy(free.values(), ({ subject }) => subject);
  for (const [isSelf, listCandidates] of SELVES) {
    for (const incident of incidents) {
      if (selves.has(incident)) continue;
      const subjects = listCandidates(incident);
      const candidates =
        subjects === undefined ? free.values() : subjects.flatMap((subject) => bySubject.get(subject) ?? []);
      const known = [...candidates].find((other) => free.has(other.id) && isSelf(incident, other, healthyMs));
      if (known === undefined) continue;
      selves.set(incident, known);
      free.delete(known.id);
    }
  }
  return incidents.map((incident) => {
    const known = selves.get(incident);
    const restarts = Math.max(incident.restarts, known?.restarts ?? 0);
    return known === undefined || (known.id === incident.id && restarts === incident.restarts)
      ? incident
      : { ...incident, id: known.id, restarts };
  });
}

/** How one is known to be another, and by which subjects the other may be known; undefined: by any. */
const SELVES: readonly (readonly [
  isSelf: (incident: Incident, known: SavedIncident, healthyMs: number) => boolean,
  listCandidates: (incident: Incident) => readonly string[] | undefined,
])[] = [
  [isSameEpisode, (incident) => [subjectOf(incident)]],
  [hasJoined, ({ job, processes }) => (job === undefined ? undefined : processes.map(nameProcess))],
];

export function isSameEpisode(incident: Incident, known: SavedIncident, healthyMs: number): boolean {
  return known.subject === subjectOf(incident) && isNear(incident, known, healthyMs);
}

/** What was known without its job, or by a job of which nothing else is said, is a part of this one now. */
function hasJoined(incident: Incident, known: SavedIncident): boolean {
  const { first, last } = spanOf(incident);
  const isOurs = isProcess(known.subject)
    ? incident.processes.map(nameProcess).includes(known.subject)
    : incident.job === undefined;
  return isOurs && first <= known.first && last >= known.last;
}

/**
 * Nobody was healthy for so long in between. They need not overlap: read again after a crash, the JobManager's lines
 * may come before those of the TaskManager that the incident was known by.
 */
export function isNear(incident: Incident, known: SavedIncident, healthyMs: number): boolean {
  const { first, last } = spanOf(incident);
  return first < known.last + healthyMs && last > known.first - healthyMs;
}

/**
 * The incident that has what was known under an id under which nothing is concluded any more; undefined where several
 * may have it.
 */
export function findHeir(
  known: SavedIncident,
  incidents: readonly Incident[],
  healthyMs = DEFAULT_HEALTHY_MS,
): Incident | undefined {
  const near = incidents.filter((incident) => isNear(incident, known, healthyMs));
  const own = near.find(
    (incident) => subjectOf(incident) === known.subject || incident.processes.map(nameProcess).includes(known.subject),
  );
  return own ?? (near.length === 1 ? near[0] : undefined);
}

function subjectOf(incident: Incident): string {
  return incident.job?.id ?? nameProcess(incident.process ?? '');
}

/** As the subject of an incident without a job. */
function nameProcess(process: string): string {
  return `${PROCESS}${process}`;
}

function isProcess(subject: string): boolean {
  return subject.startsWith(PROCESS);
}

const PROCESS = 'process ';

export function remember(
  incident: Incident,
): Pick<
  SavedIncident,
  'id' | 'subject' | 'first' | 'last' | 'restarts' | 'revised' | 'joined' | 'outcome' | 'cause' | 'flood'
> {
  const { id, restarts, revised, joined, outcome, parent } = incident;
  const flood = isFlood(parent) ? parent : undefined;
  const about = { outcome, cause: nameCause(incident), flood };
  return { id, subject: subjectOf(incident), ...spanOf(incident), restarts, revised, joined, ...about };
}

function spanOf({ firstSeen, lastSeen }: Incident): Pick<SavedIncident, 'first' | 'last'> {
  const first = Date.parse(firstSeen ?? '') || 0;
  return { first, last: Date.parse(lastSeen ?? '') || first };
}
