// JSON schemas of the API's answers about incidents, about the jobs that have them, and about a pasted log. The routes
// of incidents, jobs, groups and advice use them.
import { LANGUAGES } from '../../core/types.js';
import { INCIDENT_FACETS } from '../../store/store.js';
import { OUTCOMES, type Schema } from '../http/route.js';
import { ALERT } from './alerts.js';
import { FACET } from './records.js';
import { described, integer, list, object, text, texts, time } from './shape.js';
import { CARD_STATE } from './triage.js';

const EVIDENCE = object(
  {
    file: text,
    line: described(integer, '0 when not known; then recordId leads to it.'),
    text,
    time,
    recordId: text,
    host: text,
    process: text,
    highlights: described(
      list({ type: 'array', items: integer, minItems: 2, maxItems: 2 }),
      'Ranges [start, end) of "text", in UTF-16 units, that the rule captured.',
    ),
  },
  ['file', 'line', 'text'],
);

const JOB = object({ id: text, name: text }, ['id']);

const SEVERITY = { type: 'string', enum: ['info', 'warning', 'error', 'critical'] } as const;

const OWNER = {
  type: 'string',
  enum: ['user-code', 'configuration', 'connector', 'framework', 'platform', 'external'],
} as const;

const DIAGNOSIS = object(
  {
    cause: text,
    rule: text,
    title: text,
    summary: text,
    severity: SEVERITY,
    confidence: { type: 'number' },
    symptom: described({ type: 'boolean' }, 'True for what follows from an earlier diagnosis of the same incident.'),
    beside: described(
      { const: true },
      'A second cause: it failed the job in other attempts than the one that stands first.',
    ),
    owner: OWNER,
    status: { type: 'string', enum: ['draft', 'test', 'stable'] },
    job: JOB,
    firstSeen: time,
    lastSeen: time,
    count: integer,
    reasons: list(object({ id: text, text, weight: { type: 'number' } }, ['id', 'text', 'weight'])),
    fixes: list(
      object(
        {
          id: text,
          text,
          patch: { type: 'object', description: 'Option → value.', additionalProperties: text },
          risk: { type: 'string', enum: ['low', 'medium', 'high'] },
          cost: text,
          verify: text,
        },
        ['id', 'text', 'patch', 'risk'],
      ),
    ),
    evidence: list(EVIDENCE),
    explains: described(texts, 'Cause ids folded under this one.'),
    references: texts,
    values: { type: 'object', additionalProperties: text },
    score: { type: 'object', additionalProperties: { type: 'number' } },
  },
  ['cause', 'rule', 'title', 'summary', 'severity', 'confidence', 'symptom', 'owner', 'fixes', 'evidence'],
);

const GROUP_FIELDS = {
  id: described(text, 'The same for the same failure of whichever job.'),
  type: described(text, 'Class of the root.'),
  message: described(text, 'Message of the root, with * for what differs.'),
  place: described(text, 'Where class and message say too little: a method, or what wraps the root.'),
} as const satisfies Readonly<Record<string, Schema>>;

const FAILURE_GROUP = object(GROUP_FIELDS, ['id', 'type', 'message']);

export const FAILURE_GROUP_SUM = object(
  {
    ...GROUP_FIELDS,
    incidents: described(integer, 'All that are stored.'),
    lastDay: described(integer, 'Seen in the last 24 hours.'),
    lastWeek: described(integer, 'Seen in the last seven days.'),
    firstSeen: time,
    lastSeen: time,
    jobs: list(
      object({ id: text, name: text, cluster: text, incidents: integer, lastSeen: time }, ['id', 'incidents']),
    ),
    jobsTotal: described(integer, 'Also those that are not listed (20 are).'),
    newest: described(text, 'Id of the newest incident.'),
  },
  ['id', 'type', 'message', 'incidents', 'lastDay', 'lastWeek', 'jobs', 'jobsTotal', 'newest'],
);

export const ADVICE = object(
  {
    incidents: described(integer, 'Those that were looked at, the newest.'),
    mended: described(
      list(
        object(
          {
            version: described(text, 'Of Flink, the first that mends them.'),
            incidents: integer,
            jobs: integer,
            defects: described(texts, 'Tickets of Flink, or rules.'),
          },
          ['version', 'incidents', 'jobs', 'defects'],
        ),
      ),
      'Those that mend most first.',
    ),
  },
  ['incidents', 'mended'],
);

const UNKNOWN_FAILURE = object(
  {
    fingerprint: text,
    group: FAILURE_GROUP,
    chain: texts,
    message: text,
    owner: OWNER,
    count: integer,
    firstSeen: time,
    lastSeen: time,
    beside: described({ const: true }, 'A second cause, as of a diagnosis.'),
    job: JOB,
    evidence: list(EVIDENCE),
  },
  ['fingerprint', 'chain', 'count', 'evidence'],
);

const INCIDENT_FACTS = object({
  flinkVersion: text,
  restartStrategy: text,
  lastCheckpoint: object({ id: integer, time }, ['id', 'time']),
  reprocessMs: { type: 'number' },
  taskManagers: integer,
  slots: integer,
  parallelism: integer,
});

const CHILD = object(
  { id: text, cluster: text, job: JOB, firstSeen: time, outcome: { type: 'string', enum: OUTCOMES } },
  ['id', 'cluster', 'outcome'],
);

const SHARE_FIELDS = {
  kind: described(text, 'What kind of thing the jobs share: zookeeper, hdfs, kafka, machine …'),
  thing: described(text, 'Its address; absent where no log names it.'),
  jobs: integer,
  clusters: integer,
} as const satisfies Readonly<Record<string, Schema>>;

const SHARE_REQUIRED = ['kind', 'jobs', 'clusters'] as const;

const INCIDENT_FIELDS = {
  id: text,
  cluster: text,
  job: JOB,
  process: described(text, 'The process that failed, for an incident without a job.'),
  processes: texts,
  firstSeen: time,
  lastSeen: time,
  outcome: { type: 'string', enum: OUTCOMES },
  restarts: integer,
  attempts: list(object({ number: integer, failedAt: time, rules: texts }, ['number', 'rules'])),
  language: { type: 'string', enum: LANGUAGES },
  diagnoses: described(list(DIAGNOSIS), 'In the language asked for; best first, consequences after their cause.'),
  unknown: list(UNKNOWN_FAILURE),
  facts: INCIDENT_FACTS,
  client: described(
    { type: 'boolean', enum: [true] },
    'Only a client tells of it (flink run, the SQL client), and no job is known: receivers hear of it as a notice.',
  ),
  namedOnce: described(
    { type: 'boolean', enum: [true] },
    'The job is known from one line alone, which whoever writes to that log could have written (docs/access.md).',
  ),
  platform: described(
    object(SHARE_FIELDS, SHARE_REQUIRED),
    'Of a platform incident, which stands for those of several jobs that fail of one thing; its cluster is "*".',
  ),
  parent: described(text, 'The platform incident that stands for this one.'),
  revised: described(
    object({ time, before: described(text, 'The rule that stood first; absent where no rule named the failure.') }, [
      'time',
    ]),
    'Other rules than those of its first day were asked again, and say something else.',
  ),
  joined: described(texts, 'Ids of cards that turned out to be of this failure: they lead here.'),
  ending: described(
    object({ kind: text, jobs: list(object({ id: text, name: text }, ['id'])) }, ['kind', 'jobs']),
    'Of an incident about a cluster, a process or an agent that ended: which kind of end, and the jobs that it took along.',
  ),
  ended: described(
    object({ time, reason: { type: 'string', enum: ['cluster-stopped', 'cluster-gone'] } }, ['time', 'reason']),
    'It is over because its cluster was stopped, or is gone.',
  ),
} as const satisfies Readonly<Record<string, Schema>>;

const INCIDENT_REQUIRED = [
  'id',
  'cluster',
  'processes',
  'outcome',
  'restarts',
  'attempts',
  'language',
  'diagnoses',
  'unknown',
  'facts',
] as const;

/** Answer to a lookup. `incident`, `diagnosis` and `unknown` have the form that a webhook receives. */
export const INCIDENT_DIAGNOSIS = object(
  {
    incident: object(
      {
        id: text,
        cluster: text,
        job: JOB,
        firstSeen: time,
        lastSeen: time,
        outcome: { type: 'string', enum: OUTCOMES },
        restarts: integer,
      },
      ['id', 'cluster', 'outcome', 'restarts'],
    ),
    diagnosis: described({ anyOf: [DIAGNOSIS, { type: 'null' }] }, 'Null where no rule names the failure.'),
    unknown: described({ anyOf: [UNKNOWN_FAILURE, { type: 'null' }] }, 'The failure that no rule names.'),
    links: object({ incident: described(text, 'On the page; absent while api.publicUrl is not set.') }),
  },
  ['incident', 'diagnosis', 'unknown', 'links'],
);

/** List of incidents. The fields that a head omits are described too, but are not required. */
export const INCIDENT_LIST = object(
  {
    incidents: list(
      object(
        {
          ...INCIDENT_FIELDS,
          diagnoses: list({ ...DIAGNOSIS, required: ['cause', 'rule', 'title', 'summary', 'severity'] }),
          unknown: list({ ...UNKNOWN_FAILURE, required: ['fingerprint', 'chain', 'count'] }),
        },
        INCIDENT_REQUIRED.filter((name) => name !== 'facts'),
      ),
    ),
  },
  ['incidents'],
);

export const SEVERITY_WORDS = ['info', 'warning', 'error', 'critical'] as const;

export const INCIDENT_ROWS = object(
  {
    rows: list(
      object(
        {
          id: text,
          cluster: text,
          subject: described(text, 'Whom it is about: a job, a process, what several jobs share, a cluster.'),
          job: JOB,
          outcome: { type: 'string', enum: OUTCOMES },
          restarts: integer,
          firstSeen: time,
          lastSeen: time,
          title: described(text, 'In the language asked for; of what no rule names the exception and its message.'),
          beside: described(list(text), 'Titles of second causes: what else failed the job, in other attempts.'),
          rule: described(text, 'Absent where no rule names it.'),
          cause: described(text, 'Id of a cause; "unknown" for what no rule names.'),
          severity: { type: 'string', enum: SEVERITY_WORDS },
          owner: text,
          platform: object(SHARE_FIELDS, SHARE_REQUIRED),
          parent: described(text, 'The platform incident that stands for this one.'),
          triage: described(
            object({ state: CARD_STATE, by: text, until: time, into: text }, ['state']),
            'In which state the card is, and who said so, where it is a person.',
          ),
        },
        ['id', 'cluster', 'subject', 'outcome', 'restarts', 'title', 'cause', 'triage'],
      ),
    ),
    total: described(integer, 'Incidents that fit the filters.'),
    next: described(text, 'Give it back as "after" for the next page; absent on the last one.'),
    counts: described(
      object(Object.fromEntries(INCIDENT_FACETS.map((facet) => [facet, FACET])), INCIDENT_FACETS),
      'How many of them have which value, the most frequent first.',
    ),
  },
  ['rows', 'total', 'counts'],
);

export const INCIDENT = object(
  {
    ...INCIDENT_FIELDS,
    platform: object({ ...SHARE_FIELDS, children: described(list(CHILD), 'The earliest first.') }, [
      ...SHARE_REQUIRED,
      'children',
    ]),
    alerts: list(ALERT),
  },
  [...INCIDENT_REQUIRED, 'alerts'],
);

export const JOB_LIST = object(
  {
    jobs: list(
      object(
        {
          id: described(text, 'Id of the newest run; runs of one name are one job.'),
          name: text,
          cluster: text,
          lastSeen: time,
          total: integer,
          levels: {
            type: 'object',
            description: 'Level → number of records in the range.',
            additionalProperties: integer,
          },
          openIncidents: integer,
          incidents: described(integer, 'Incidents in the range, open ones included.'),
        },
        ['id', 'total', 'levels', 'openIncidents', 'incidents'],
      ),
    ),
    total: described(integer, 'Jobs of the range, also those beyond the limit.'),
    complete: { type: 'boolean', description: 'False when there are more runs (50,000) than are counted.' },
    from: time,
    to: time,
  },
  ['jobs', 'total', 'complete', 'from', 'to'],
);

const { cluster, job, process: failedProcess, outcome, restarts, firstSeen, lastSeen } = INCIDENT_FIELDS;

export const DIAGNOSE = object(
  {
    diagnoses: list(DIAGNOSIS),
    unknown: list(UNKNOWN_FAILURE),
    facts: { type: 'object', additionalProperties: true },
    incidents: described(
      list(
        object({ cluster, job, process: failedProcess, outcome, restarts, firstSeen, lastSeen }, [
          'cluster',
          'outcome',
          'restarts',
        ]),
      ),
      'Whose failures these are, and what became of them, oldest first.',
    ),
  },
  ['diagnoses', 'unknown', 'facts', 'incidents'],
);
