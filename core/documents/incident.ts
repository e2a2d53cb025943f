// Declares an incident: the period in which a job fails, with the diagnoses of its failure. It may also be one
// failure of a process without a job, or a failure that several jobs share (`platform`). The analyzer makes incidents,
// the stores keep them, notify announces them, and the API and the page show them in one language. Also declares the
// row of a list, a hundredth of its size, which the stores keep next to the incident.
import { LANGUAGES } from '../types.js';
import {
  described,
  flag,
  integer,
  list,
  map,
  number,
  object,
  omit,
  optional,
  pair,
  pick,
  text,
  texts,
  time,
  word,
  yes,
  type Static,
} from './schema.js';
import { CardTriage } from './triage.js';

export const SEVERITY = word(['info', 'warning', 'error', 'critical']);
export type Severity = Static<typeof SEVERITY>;

/** Party that has to fix a failure. */
export const OWNER = word(['user-code', 'configuration', 'connector', 'framework', 'platform', 'external']);
export type Owner = Static<typeof OWNER>;

/** Stage of proof of a rule. */
export const RULE_STATUS = word(['draft', 'test', 'stable']);
export const RISK = word(['low', 'medium', 'high']);

/** Job by its id, and its name if a log has it. */
export const JOB = object({ id: text, name: optional(text) });

export const Evidence = object({
  file: text,
  line: described(integer, 'Line number; 0 if unknown, and then recordId leads to the line.'),
  text,
  time: optional(time),
  recordId: optional(text),
  host: optional(text),
  process: optional(text),
  highlights: optional(list(pair(integer)), 'Ranges [start, end) of the text, in UTF-16 units, that a rule captured.'),
});
/** Line that proves a diagnosis. It is kept with the incident so that it outlives the log. */
export type Evidence = Static<typeof Evidence>;

const Reason = object({
  id: text,
  text,
  weight: described(number, 'Fraction from 0 to 1; the weights of all reasons sum to 1.'),
});
export type Reason = Static<typeof Reason>;

const Fix = object({
  id: text,
  text,
  patch: described(
    map(text),
    "Option → value, with the option names of the job's Flink version; empty if it is no setting.",
  ),
  risk: RISK,
  cost: optional(text),
  verify: optional(text),
});
export type Fix = Static<typeof Fix>;

export const Diagnosis = object({
  cause: text,
  rule: text,
  title: text,
  summary: text,
  severity: SEVERITY,
  confidence: number,
  symptom: described(flag, 'True if the diagnosis follows from an earlier diagnosis of the same incident.'),
  beside: optional(yes, 'A second cause: it failed the job in other attempts than the primary diagnosis did.'),
  owner: OWNER,
  status: RULE_STATUS,
  job: optional(JOB),
  firstSeen: optional(time),
  lastSeen: optional(time),
  count: integer,
  reasons: list(Reason),
  fixes: list(Fix),
  evidence: list(Evidence),
  explains: described(texts, 'Ids of the causes that are folded under this one.'),
  references: texts,
  values: described(map(text), 'Captured and computed values by name, as printed.'),
  score: described(map(number), 'Components of the ranking score.'),
});
/**
 * Cause of a failure and its fixes, in one language. This type is the contract of `jobtrace diagnose --format json`.
 */
export type Diagnosis = Static<typeof Diagnosis>;

export const FailureGroup = object({
  id: described(
    text,
    'Group id: g1- and twelve hex digits, the same on every node, in every order of events and Flink version.',
  ),
  type: described(text, 'Class of the root exception; empty if it was lost.'),
  message: described(text, 'Message of the root exception, with * for the parts that vary.'),
  place: optional(
    text,
    'Additional key if class and message are too general: a method of user code, or the exception that wraps the root.',
  ),
});
/** Failures of one kind that no rule names, and the features that they share. */
export type FailureGroup = Static<typeof FailureGroup>;

export const UnknownFailure = object({
  fingerprint: text,
  group: optional(FailureGroup, 'Group of the failure; missing in incidents that were stored before groups existed.'),
  chain: texts,
  message: text,
  owner: OWNER,
  count: integer,
  firstSeen: optional(time),
  lastSeen: optional(time),
  beside: optional(yes, 'A second cause, as in a diagnosis.'),
  job: optional(JOB),
  evidence: list(Evidence),
});
/** Failure that no rule names. It is reported, never guessed. */
export type UnknownFailure = Static<typeof UnknownFailure>;

const Attempt = object({
  number: integer,
  failedAt: optional(time),
  rules: described(texts, 'Ids of the rules that matched in this attempt, the cause first.'),
});
/** One run of a job between two restarts that ended in a failure. */
export type Attempt = Static<typeof Attempt>;

const IncidentFacts = object({
  flinkVersion: optional(text),
  restartStrategy: optional(text),
  lastCheckpoint: optional(object({ id: integer, time }), 'Last completed checkpoint before the first failure.'),
  reprocessMs: optional(number, 'Milliseconds of work to reprocess: from the last checkpoint to the failure.'),
  taskManagers: optional(integer),
  slots: optional(integer),
  parallelism: optional(integer),
});
export type IncidentFacts = Static<typeof IncidentFacts>;

const IncidentEnding = object({
  kind: text,
  jobs: described(list(JOB), 'Jobs that ended with it.'),
});
/** Cluster, process of a cluster, or agent that ended (analyzer/platform). */
export type IncidentEnding = Static<typeof IncidentEnding>;

const ENDED_REASON = word(['cluster-stopped', 'cluster-gone']);
export type EndedReason = Static<typeof ENDED_REASON>;

/** Fields that a platform incident shows of an incident that it represents. */
const SUMMARY_FIELDS = {
  id: described(text, 'Derived from the job and its first failed attempt, never from the rule that ranks first.'),
  cluster: text,
  job: optional(JOB),
  firstSeen: optional(time),
  outcome: described(
    word(['failing', 'recovered', 'failed', 'canceled', 'silent', 'unknown']),
    'failing: it fails and restarts; recovered: it runs again, or it finished; failed: it ended; canceled: a person ended it; silent: its log has no further lines.',
  ),
};

const PlatformChild = object(SUMMARY_FIELDS);
/** One of the incidents that a platform incident represents. */
export type PlatformChild = Static<typeof PlatformChild>;

export const PlatformShare = object({
  kind: described(text, 'Kind of the resource: zookeeper, hdfs, kafka, machine …'),
  thing: optional(text, 'Address of the resource; absent if no log names it, and then all jobs are of one cluster.'),
  jobs: integer,
  clusters: integer,
  children: described(list(PlatformChild), 'Represented incidents, the earliest first.'),
});
/** Resource that several jobs share and whose failure failed them: a ZooKeeper, an HDFS, a machine, a certificate. */
export type PlatformShare = Static<typeof PlatformShare>;

const Revision = object({
  time,
  before: optional(text, 'Rule that ranked first until then; absent if no rule had matched.'),
});
/** Time at which other rules judged the incident again, and the rule that ranked first until then. */
export type Revision = Static<typeof Revision>;

export const Incident = object({
  ...SUMMARY_FIELDS,
  process: optional(text, 'Process that failed, for an incident without a job.'),
  client: optional(yes, 'Only a client logged it (flink run, the SQL client), and no job is known.'),
  namedOnce: optional(
    yes,
    'A single line names the job; anyone who can write to that log could have forged it (docs/access.md).',
  ),
  processes: described(texts, 'Processes whose lines are evidence.'),
  lastSeen: optional(time),
  restarts: integer,
  attempts: list(Attempt),
  diagnoses: described(
    object({ en: list(Diagnosis), zh: list(Diagnosis) }),
    'Diagnoses in each language, the best first and consequences after their cause.',
  ),
  unknown: list(UnknownFailure),
  facts: IncidentFacts,
  platform: optional(PlatformShare, 'Shared resource of a platform incident; its cluster is "*".'),
  parent: optional(text, 'Platform incident that represents this one.'),
  revised: optional(Revision, 'Change of the diagnosis by rules that were added later.'),
  joined: optional(texts, 'Ids of incidents that turned out to be the same failure; their addresses lead here.'),
  ending: optional(IncidentEnding, 'Cluster, process or agent that ended, if no failure line announced it.'),
  ended: optional(
    object({ time, reason: ENDED_REASON }),
    'End of the incident, if its cluster was stopped on purpose, or is gone.',
  ),
});
export type Incident = Static<typeof Incident>;

/** Incident in one language, as the API returns it. */
export const ShownIncident = object({
  ...omit(Incident, ['diagnoses']).properties,
  language: word(LANGUAGES),
  diagnoses: described(list(Diagnosis), 'Diagnoses in the requested language, the best first.'),
});
export type ShownIncident = Static<typeof ShownIncident>;

const Text = object({ en: text, zh: text });

/** Fields that a row has in any language. */
const ROW = {
  ...pick(Incident, ['id', 'cluster', 'job', 'outcome', 'restarts', 'firstSeen', 'lastSeen', 'parent']).properties,
  rule: optional(text, 'Id of the rule; absent if no rule names the incident.'),
  cause: described(text, 'Id of a cause; "unknown" if no rule names the incident.'),
  severity: optional(SEVERITY),
  owner: optional(OWNER),
  platform: optional(omit(PlatformShare, ['children'])),
};

export const IncidentRow = object({
  ...ROW,
  process: Incident.properties.process,
  title: described(Text, 'Title; for a failure that no rule names, the exception and its message.'),
  beside: optional(list(Text), 'Titles of the second causes; absent if there is none, and in rows of older releases.'),
});
export type IncidentRow = Static<typeof IncidentRow>;

export const ShownRow = object({
  ...ROW,
  subject: described(text, 'What the incident is about: a job, a process, a shared resource, or a cluster.'),
  title: described(text, 'Title in the requested language; for an unknown failure the exception and its message.'),
  beside: optional(list(text), 'Titles of the second causes: what else failed the job, in other attempts.'),
  triage: CardTriage,
});
export type ShownRow = Static<typeof ShownRow>;
