// Derives the labels by which a card is matched: team, cluster, job, severity, cause and owner. Takes an incident with
// its subject, or an alert that came in from Alertmanager. Pure functions.
import type { Incident } from '../../core/documents/incident.js';
import type { CardLabels, TeamSettings } from '../../core/config/route.js';
import { fitsGlob, parseGlob } from '../../core/text/glob.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import type { Subject } from '../decide/subject.js';
import type { InboundAlert } from '../card/forward.js';

/** Derives the labels of an incident. A platform incident has those of all jobs that it represents. */
export function labelIncident(incident: Incident, subject: Subject, teams: readonly TeamSettings[]): CardLabels {
  const { platform, unknown } = incident;
  const diagnosis = subject.diagnosis === undefined ? undefined : incident.diagnoses.en[subject.diagnosis];
  const cards = [incident, ...(platform?.children ?? [])];
  return withTeams(
    {
      cluster: distinct(cards.map(({ cluster }) => cluster)),
      job: distinct(cards.flatMap(({ job }) => [job?.name, job?.id])),
      severity: [subject.severity],
      cause: distinct([diagnosis?.cause, subject.cause, unknown[0]?.group?.id]),
      owner: distinct([diagnosis?.owner ?? unknown[0]?.owner]),
    },
    [],
    teams,
  );
}

/**
 * Derives the labels of an alert. It has no cause and no owner, because they may be found after the alert is routed.
 */
export function labelAlert(
  { labels }: InboundAlert,
  jobs: readonly string[],
  teams: readonly TeamSettings[],
): CardLabels {
  const { cluster, severity, team } = labels;
  return withTeams(
    { cluster: distinct([cluster]), job: jobs, severity: distinct([severity]), cause: [], owner: [] },
    distinct([team]),
    teams,
  );
}

/** Adds the teams of the jobs and clusters to the known teams. */
export function withTeams(
  labels: Omit<CardLabels, 'team'>,
  known: readonly string[],
  teams: readonly TeamSettings[],
): CardLabels {
  const names = [...labels.job, ...labels.cluster].filter((name) => name !== ALL_CLUSTERS);
  const found = teams.filter(({ scope }) =>
    scope.map(parseGlob).some((glob) => names.some((name) => fitsGlob(glob, name))),
  );
  return { ...labels, team: distinct([...known, ...found.map(({ name }) => name)]) };
}

function distinct(values: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== undefined))].filter((value) => value !== '');
}
