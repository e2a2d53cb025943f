// Declares the API's answers about incidents, about the jobs that have them, and about a pasted log. The routes of
// incidents, jobs, groups and advice use them.
import { ShownAlert } from '../../core/documents/alert.js';
import { ShownRow } from '../../core/documents/incident.js';
import {
  Diagnosis,
  FailureGroup,
  Incident,
  PlatformShare,
  ShownIncident,
  UnknownFailure,
} from '../../core/documents/incident.js';
import { JobSummary } from '../../core/documents/job.js';
import {
  described,
  either,
  flag,
  integer,
  list,
  nothing,
  object,
  optional,
  partial,
  pick,
  text,
  texts,
  time,
  typed,
  type Static,
} from '../../core/documents/schema.js';
import { FACET } from './records.js';

export const FAILURE_GROUP_SUM = object({
  ...FailureGroup.properties,
  incidents: described(integer, 'Number of stored incidents.'),
  lastDay: described(integer, 'Number of incidents that were seen in the last 24 hours.'),
  lastWeek: described(integer, 'Number of incidents that were seen in the last seven days.'),
  firstSeen: optional(time),
  lastSeen: optional(time),
  jobs: list(pick(JobSummary, ['id', 'name', 'cluster', 'incidents', 'lastSeen'])),
  jobsTotal: described(integer, 'Number of jobs, with those that are not listed (20 are).'),
  newest: described(text, 'Id of the newest incident.'),
});
export type ShownGroup = Static<typeof FAILURE_GROUP_SUM>;

export const ADVICE = object({
  incidents: described(integer, 'Number of incidents that were examined, the newest.'),
  mended: described(
    list(
      object({
        version: described(text, 'First version of Flink that fixes them.'),
        incidents: integer,
        jobs: integer,
        defects: described(texts, 'Tickets of Flink, or rule ids.'),
      }),
    ),
    'Versions, those that fix the most incidents first.',
  ),
});

/** Answer to a lookup. `incident`, `diagnosis` and `unknown` have the form that a webhook receives. */
export const INCIDENT_DIAGNOSIS = object({
  incident: pick(Incident, ['id', 'cluster', 'job', 'firstSeen', 'lastSeen', 'outcome', 'restarts']),
  diagnosis: described(either([Diagnosis, nothing]), 'Null if no rule names the failure.'),
  unknown: described(either([UnknownFailure, nothing]), 'Failure that no rule names.'),
  links: object({ incident: optional(text, 'Address on the page; absent while api.publicUrl is not set.') }),
});

const LISTED_PLATFORM = optional(
  pick(PlatformShare, ['kind', 'thing', 'jobs', 'clusters']),
  'Shared resource of a platform incident; its cluster is "*".',
);

/** List of incidents. The fields that a summary omits are described too, but are not required. */
export const INCIDENT_LIST = object({
  incidents: list(
    object({
      ...ShownIncident.properties,
      facts: optional(ShownIncident.properties.facts),
      platform: LISTED_PLATFORM,
      diagnoses: list(
        object({
          ...Diagnosis.properties,
          ...partial(pick(Diagnosis, ['reasons', 'fixes', 'evidence', 'references', 'values', 'score'])).properties,
        }),
      ),
      unknown: list(object({ ...UnknownFailure.properties, evidence: optional(UnknownFailure.properties.evidence) })),
    }),
  ),
});

export type ListedIncidents = Static<typeof INCIDENT_LIST>['incidents'];

export const INCIDENT_ROWS = object({
  rows: list(ShownRow),
  total: described(integer, 'Number of incidents that match the filters.'),
  next: optional(text, 'Value of "after" for the next page; absent on the last one.'),
  counts: described(
    object({ outcome: FACET, severity: FACET, owner: FACET, cause: FACET, cluster: FACET }),
    'Number of incidents with each value, the most frequent first.',
  ),
});
export type RowPage = Static<typeof INCIDENT_ROWS>;

export const INCIDENT = object({ ...ShownIncident.properties, alerts: list(ShownAlert) });

export const JOB_LIST = object({
  jobs: list(JobSummary),
  total: described(integer, 'Number of jobs in the range, with those beyond the limit.'),
  complete: described(flag, 'False if there are more runs (50,000) than are counted.'),
  from: time,
  to: time,
});
export type JobList = Static<typeof JOB_LIST>;

/** Document of `jobtrace diagnose --format json` (docs/architecture.md). */
export const DIAGNOSE = object({
  diagnoses: list(Diagnosis),
  unknown: list(UnknownFailure),
  facts: typed<object>({ type: 'object', additionalProperties: true }),
  incidents: described(
    list(pick(Incident, ['cluster', 'job', 'process', 'outcome', 'restarts', 'firstSeen', 'lastSeen'])),
    'Incidents with these failures, the oldest first.',
  ),
});
export type DiagnoseDocument = Static<typeof DIAGNOSE>;
