// Keeps the ids of incidents stable. A new conclusion is the same incident as a saved one if it has its id, has the
// same subject at about the same time, or has absorbed it. Also finds the incident to which the id of a merged incident
// leads. Pure functions.
import { groupBy } from '../../core/sequence.js';
import type { Incident } from '../../core/documents/incident.js';
import { LIMITS } from '../restarts/limits.js';
import { isFlood, nameCause } from './flood.js';
import type { SavedIncident } from './memory.js';

/**
 * Gives each incident the id under which it is known. Later evidence may move the start of an episode, or show which
 * job a failure belongs to that was first known by its process alone.
 */
export function keepIds(
  incidents: readonly Incident[],
  saved: readonly SavedIncident[],
  healthyMs = LIMITS.healthy.value,
): readonly Incident[] {
  const unmatched = new Map(saved.map((known) => [known.id, known]));
  const knownOf = new Map<Incident, SavedIncident>();
  for (const incident of incidents) {
    const known = unmatched.get(incident.id);
    if (known !== undefined) knownOf.set(incident, known);
    unmatched.delete(incident.id);
  }
  const bySubject = groupBy(unmatched.values(), ({ subject }) => subject);
  for (const [isSame, listCandidates] of IDENTITY_TESTS) {
    for (const incident of incidents) {
      if (knownOf.has(incident)) continue;
      const subjects = listCandidates(incident);
      const candidates =
        subjects === undefined ? unmatched.values() : subjects.flatMap((subject) => bySubject.get(subject) ?? []);
      const known = [...candidates].find((other) => unmatched.has(other.id) && isSame(incident, other, healthyMs));
      if (known === undefined) continue;
      knownOf.set(incident, known);
      unmatched.delete(known.id);
    }
  }
  return incidents.map((incident) => {
    const known = knownOf.get(incident);
    const restarts = Math.max(incident.restarts, known?.restarts ?? 0);
    return known === undefined || (known.id === incident.id && restarts === incident.restarts)
      ? incident
      : { ...incident, id: known.id, restarts };
  });
}

/**
 * Tests that a saved incident is the same, each with the subjects under which it may be saved; undefined means any
 * subject.
 */
const IDENTITY_TESTS: readonly (readonly [
  isSame: (incident: Incident, known: SavedIncident, healthyMs: number) => boolean,
  listCandidates: (incident: Incident) => readonly string[] | undefined,
])[] = [
  [isSameEpisode, (incident) => [subjectOf(incident)]],
  [hasJoined, ({ job, processes }) => (job === undefined ? undefined : processes.map(nameProcess))],
];

function isSameEpisode(incident: Incident, known: SavedIncident, healthyMs: number): boolean {
  return known.subject === subjectOf(incident) && isNear(incident, known, healthyMs);
}

/**
 * True if the saved incident is a part of this one now: it was known by its process alone, or by a job about which
 * nothing else is known.
 */
function hasJoined(incident: Incident, known: SavedIncident): boolean {
  const { first, last } = spanOf(incident);
  const isOurs = isProcess(known.subject)
    ? incident.processes.map(nameProcess).includes(known.subject)
    : incident.job === undefined;
  return isOurs && first <= known.first && last >= known.last;
}

/**
 * True if no healthy period lies between the incidents. They need not overlap: if records are read again after a crash,
 * the JobManager's lines may arrive before those of the TaskManager by which the incident was known.
 */
function isNear(incident: Incident, known: SavedIncident, healthyMs: number): boolean {
  const { first, last } = spanOf(incident);
  return first < known.last + healthyMs && last > known.first - healthyMs;
}

/**
 * Returns the incident into which a saved incident was merged, or undefined if several are possible. Nothing is
 * concluded any more under the id of the saved incident.
 */
export function findMergeTarget(
  known: SavedIncident,
  incidents: readonly Incident[],
  healthyMs = LIMITS.healthy.value,
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

/** Returns the subject of an incident without a job. */
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
