// What a card is matched on: its team, cluster, job, severity, cause and owner. Of an incident and what it is about,
// and of an alert that came in from Alertmanager. Pure.
import type { CardLabels, TeamSettings } from '../../core/config/rows/route.js';
import { fitsGlob, parseGlob } from '../../core/text/glob.js';
import { ALL_CLUSTERS, type Incident } from '../../core/types.js';
import type { Subject } from '../decide.js';
import type { InboundAlert } from '../forward.js';

/** A platform incident is of all the jobs that it stands for. */
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

/** Its cause and the owner of that may come later, when it is known already where the alert goes. */
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

/** Of whom are these jobs and clusters? Added to what is known already. */
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
