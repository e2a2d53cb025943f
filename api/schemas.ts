// The JSON schemas of the API, as data: what the routes accept and what they answer. Requests are refused when
// they do not fit (nothing is converted or dropped in a body); answers are described, never trimmed, so that a
// new field is only added here to be documented.
import { COMPONENTS, ENTRY_FLAGS, FIELD_ROWS, FILE_KINDS, LEVELS, type RecordField } from '../core/record.js';
import { ROUTE_LABELS } from '../core/config/rows/route.js';
import { VERDICTS } from '../core/feedback.js';
import { SILENCE_STATES } from '../core/routing/silence.js';
import { MAX_GLOB_LENGTH } from '../core/text/glob.js';
import { EXPORT_FORMATS } from '../core/text/export.js';
import { RECORD_FORMATS } from '../core/text/record-export.js';
import { LANGUAGES } from '../core/types.js';
import { INCIDENT_FACETS } from '../store/store.js';
import { ROLES } from './auth.js';
import { ALERT_STATES, OUTCOMES, type Schema } from './route.js';

const text = { type: 'string' } as const;
const integer = { type: 'integer' } as const;
const time = { type: 'string', format: 'date-time' } as const;
const texts = { type: 'array', items: text } as const;

function described(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

function object(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  more: Schema = {},
): Schema {
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), ...more };
}

/** A closed object for requests: unknown fields are errors. */
function request(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return object(properties, required, { additionalProperties: false });
}

function list(items: Schema): Schema {
  return { type: 'array', items };
}

/** Type of a field of a record → its schema. */
const FIELD_SCHEMAS: Readonly<Record<RecordField['type'], Schema>> = {
  text,
  time,
  integer,
  texts,
  level: { type: 'string', enum: LEVELS },
  component: { type: 'string', enum: COMPONENTS },
  kind: { type: 'string', enum: FILE_KINDS },
  flags: { type: 'array', items: { type: 'string', enum: ENTRY_FLAGS } },
};

export const RECORD = object(
  Object.fromEntries(FIELD_ROWS.map((row) => [row.name, described(FIELD_SCHEMAS[row.type], row.description)])),
  FIELD_ROWS.filter((row) => row.required === true).map((row) => row.name),
);

const FACET = list(object({ value: text, count: integer }, ['value', 'count']));

export const RECORD_PAGE = object(
  {
    records: list(RECORD),
    total: described(integer, 'Records that fit the filters, in the whole range.'),
    next: described(text, 'Give it back as "after" for the next page; absent on the last one.'),
    histogram: list(
      object(
        {
          time,
          counts: {
            type: 'object',
            description: 'Level (or NONE) → number of records.',
            additionalProperties: integer,
          },
        },
        ['time', 'counts'],
      ),
    ),
    facets: object(
      {
        level: FACET,
        job: described(FACET, 'Of lines that name their job.'),
        cluster: FACET,
        process: FACET,
        component: FACET,
        host: FACET,
        logger: FACET,
        errorType: FACET,
      },
      [],
      { description: 'The 20 most frequent values of each, counted over the whole range, not over this page.' },
    ),
  },
  ['records', 'total'],
);

export const CONTEXT = object(
  {
    records: described(list(RECORD), 'Oldest first, all of one process.'),
    index: described(integer, 'Where the asked record stands in "records".'),
  },
  ['records', 'index'],
);

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

export const DIAGNOSIS = object(
  {
    cause: text,
    rule: text,
    title: text,
    summary: text,
    severity: SEVERITY,
    confidence: { type: 'number' },
    symptom: described({ type: 'boolean' }, 'True for what follows from an earlier diagnosis of the same incident.'),
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

export const UNKNOWN_FAILURE = object(
  {
    fingerprint: text,
    group: FAILURE_GROUP,
    chain: texts,
    message: text,
    owner: OWNER,
    count: integer,
    firstSeen: time,
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

/** The answer to a lookup: `incident`, `diagnosis` and `unknown` as a webhook is told. */
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

export const INCIDENT_LIST = object({ incidents: list(object(INCIDENT_FIELDS, INCIDENT_REQUIRED)) }, ['incidents']);

const SEVERITY_WORDS = ['info', 'warning', 'error', 'critical'] as const;
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
          rule: described(text, 'Absent where no rule names it.'),
          cause: described(text, 'Id of a cause; "unknown" for what no rule names.'),
          severity: { type: 'string', enum: SEVERITY_WORDS },
          owner: text,
          platform: object(SHARE_FIELDS, SHARE_REQUIRED),
          parent: described(text, 'The platform incident that stands for this one.'),
        },
        ['id', 'cluster', 'subject', 'outcome', 'restarts', 'title', 'cause'],
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

export const ALERT = object(
  {
    id: text,
    incidentId: text,
    receiver: text,
    reason: text,
    cause: described(text, 'Rule id or fingerprint that was announced.'),
    sentAt: time,
    state: { type: 'string', enum: ALERT_STATES },
    attempts: integer,
    error: text,
  },
  ['id', 'incidentId', 'receiver', 'reason', 'cause', 'sentAt', 'state', 'attempts'],
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
export const ALERT_LIST = object({ alerts: list(ALERT) }, ['alerts']);

export const DELIVERY_LIST = object(
  {
    receivers: list(
      object(
        {
          receiver: text,
          undeliverable: described(integer, 'Given up: they are not sent again.'),
          waiting: described(integer, 'Tried in vain, and tried again.'),
          since: described(time, 'Of the oldest of them.'),
          lastError: text,
        },
        ['receiver', 'undeliverable', 'waiting', 'since'],
      ),
    ),
    complete: { type: 'boolean', description: 'False when only the newest 1,000 of a state were counted.' },
  },
  ['receivers', 'complete'],
);

export const RECEIVER_NAME = object({ name: text }, ['name']);

export const RECEIVER_TRIAL = object(
  {
    receiver: text,
    kind: text,
    ok: described({ type: 'boolean' }, 'The service took the message; whether it is shown, no answer tells.'),
    answer: described(text, 'What the service said.'),
    error: text,
    reason: described(text, 'Why it refused, by a stable name (docs/channels.md).'),
    advice: object({ en: text, zh: text }, ['en', 'zh']),
  },
  ['receiver', 'kind', 'ok', 'advice'],
);

export const VIEWER = object(
  {
    name: described(text, 'Of the token or the user; "local" where nobody has been given access yet.'),
    kind: { type: 'string', enum: ['token', 'user', 'local', 'nobody'] },
    role: text,
    scope: described(list(text), 'Absent = sees everything.'),
  },
  ['name', 'kind', 'role'],
);

export const ACCESS = object(
  {
    open: described({ type: 'boolean' }, 'Nobody needs to sign in: no access was given to anybody yet.'),
    users: described({ type: 'boolean' }, 'One can sign in with a name and a password.'),
    provider: described(text, 'Name of the provider where one can sign in (OpenID Connect).'),
  },
  ['open', 'users'],
);
export const DONE = object({ done: { const: true } }, ['done']);

const GRANT = {
  role: { type: 'string', enum: ROLES },
  scope: described(texts, 'Patterns of clusters, job ids and job names; none = all.'),
} as const satisfies Readonly<Record<string, Schema>>;

export const TOKEN = object(
  {
    id: text,
    name: text,
    ...GRANT,
    state: { type: 'string', enum: ['valid', 'expired', 'revoked'] },
    createdAt: time,
    createdBy: text,
    expiresAt: time,
    revokedAt: time,
    revokedBy: text,
  },
  ['id', 'name', 'role', 'scope', 'state', 'createdAt', 'createdBy'],
);
export const TOKEN_LIST = object({ tokens: list(TOKEN) }, ['tokens']);
export const NEW_TOKEN = object({ token: TOKEN, secret: described(text, 'To be sent as "Authorization: Bearer …".') }, [
  'token',
  'secret',
]);

export const USER = object({ name: text, ...GRANT, createdAt: time, changedAt: time }, ['name', 'role', 'scope']);
export const USER_LIST = object({ users: list(USER) }, ['users']);

export const AUDIT_LIST = object(
  {
    entries: list(
      object(
        {
          at: time,
          who: described(text, 'Name of the token or the user.'),
          by: { type: 'string', enum: ['token', 'user', 'local', 'shell', 'nobody'] },
          what: described(text, 'Such as token.create, sign-in, feedback.'),
          about: text,
          detail: text,
        },
        ['at', 'who', 'by', 'what'],
      ),
    ),
  },
  ['entries'],
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

/** Of what people said of the diagnoses of a rule. */
const PRECISION = object(
  {
    right: described(integer, 'How often people said that it was right or helped.'),
    wrong: integer,
    share: described({ type: 'number' }, 'Of all verdicts, those that were right.'),
    low: described({ type: 'number' }, 'Between low and high the true share lies with 95 % (Wilson).'),
    high: { type: 'number' },
    alerts: described(
      { type: 'boolean' },
      'False when the share is below notify.precisionFloorPercent: incidents of the rule alert nobody.',
    ),
  },
  ['right', 'wrong', 'share', 'low', 'high', 'alerts'],
);

export const FEEDBACK = request(
  { rule: described(text, 'Id of a rule of the incident.'), verdict: { type: 'string', enum: VERDICTS } },
  ['rule', 'verdict'],
);

export const FEEDBACK_LIST = object(
  {
    feedback: described(
      list(
        object({ incidentId: text, rule: text, verdict: { type: 'string', enum: VERDICTS }, by: text, at: time }, [
          'incidentId',
          'rule',
          'verdict',
          'by',
          'at',
        ]),
      ),
      'Newest first.',
    ),
    rules: described(
      list(object({ id: text, precision: PRECISION }, ['id'])),
      'Of the incident; without "precision" where nobody said anything yet.',
    ),
  },
  ['feedback', 'rules'],
);

const PATTERN = { type: 'string', maxLength: MAX_GLOB_LENGTH } as const;
const MATCHERS: Schema = {
  ...request(
    Object.fromEntries(
      ROUTE_LABELS.map((label) => [label, { oneOf: [PATTERN, { type: 'array', items: PATTERN, maxItems: 100 }] }]),
    ),
  ),
  description: 'Patterns with "*" by label, one or a list; all labels must fit. With "!" in front: must not fit.',
};

export const SILENCE = object(
  {
    id: text,
    matchers: MATCHERS,
    startsAt: time,
    endsAt: time,
    createdBy: text,
    comment: text,
    state: { type: 'string', enum: SILENCE_STATES },
  },
  ['id', 'matchers', 'startsAt', 'endsAt', 'createdBy', 'comment', 'state'],
);

export const SILENCE_LIST = object({ silences: described(list(SILENCE), 'Those that end last first.') }, ['silences']);

export const NEW_SILENCE = request(
  {
    matchers: MATCHERS,
    startsAt: described(time, 'Default: now.'),
    endsAt: time,
    comment: described({ type: 'string', minLength: 1, maxLength: 2000 }, 'Why.'),
  },
  ['matchers', 'endsAt', 'comment'],
);

export const RULE = object(
  {
    precision: PRECISION,
    id: text,
    title: { oneOf: [text, object({ en: text, zh: text }, ['en', 'zh'])] },
    status: { type: 'string', enum: ['draft', 'test', 'stable'] },
  },
  ['id', 'title', 'status'],
  { additionalProperties: true },
);
export const RULE_LIST = object(
  {
    rules: list(RULE),
    problems: described(
      texts,
      "Why rules of the team's folders are refused, as file:line:column and words; the rules before them stay in use.",
    ),
  },
  ['rules', 'problems'],
);

export const AGENT_LIST = object(
  {
    agents: list(
      object(
        {
          id: text,
          host: text,
          time,
          files: integer,
          lagBytes: integer,
          atRiskBytes: described(integer, 'Of the lag, what stands in no file any more: lost if the agent ends now.'),
          heldBytes: described(integer, "What waits for the store in the agent's memory."),
          openFiles: integer,
          acknowledged: described(time, 'When the store last took a record of this agent.'),
          shippedRecords: integer,
          counters: { type: 'object', additionalProperties: { type: 'number' } },
          conditions: list(
            object(
              {
                code: text,
                severity: { type: 'string', enum: ['info', 'warning', 'error'] },
                message: described(text, 'In the language asked for; not for a token with a scope.'),
                fix: described(text, 'What to do, in the language asked for.'),
                since: time,
              },
              ['code', 'since'],
            ),
          ),
        },
        ['id', 'host', 'time', 'files', 'lagBytes', 'shippedRecords', 'counters', 'conditions'],
      ),
    ),
  },
  ['agents'],
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

export const ERROR = object({ error: object({ code: text, message: text, fix: text }, ['code', 'message', 'fix']) }, [
  'error',
]);
export const LIVE = object({ status: { const: 'ok' }, version: text }, ['status']);
export const READY = object(
  { status: { const: 'ok' }, store: object({ kind: text, version: text }, ['kind', 'version']) },
  ['status', 'store'],
);
export const NOT_READY = object(
  {
    status: { const: 'unavailable' },
    error: object({ code: text, message: text, fix: text }, ['code', 'message', 'fix']),
  },
  ['status', 'error'],
);

/** As Alertmanager sends it (version 4), or Grafana (version 1), which adds fields as others do: they are accepted. */
export const ALERT_MESSAGE = object(
  {
    version: { type: 'string', enum: ['4', '1'] },
    groupKey: text,
    truncatedAlerts: integer,
    status: { type: 'string', enum: ['firing', 'resolved'] },
    receiver: text,
    groupLabels: { type: 'object', additionalProperties: text },
    commonLabels: { type: 'object', additionalProperties: text },
    commonAnnotations: { type: 'object', additionalProperties: text },
    externalURL: text,
    alerts: {
      type: 'array',
      minItems: 1,
      maxItems: 1000,
      items: object(
        {
          status: { type: 'string', enum: ['firing', 'resolved'] },
          labels: { type: 'object', additionalProperties: text },
          annotations: { type: 'object', additionalProperties: text },
          startsAt: time,
          endsAt: time,
          generatorURL: text,
          fingerprint: text,
        },
        ['status', 'labels', 'startsAt'],
        { additionalProperties: true },
      ),
    },
  },
  ['version', 'alerts'],
  { additionalProperties: true },
);

export const RECEIVED_LIST = object(
  {
    alerts: list(
      object(
        {
          fingerprint: text,
          status: { type: 'string', enum: ['firing', 'resolved'] },
          outcome: {
            type: 'string',
            enum: ['diagnosed', 'waiting', 'forwarded', 'repeated', 'own-alert', 'no-job', 'no-receiver'],
            description:
              'diagnosed: goes on with its diagnosis; waiting: goes on with it, or without after a while; forwarded: goes on as it came; repeated: was here before; own-alert: Jobtrace made it; no-job: no label names a job, goes on as it came; no-receiver: nobody is configured to get it.',
          },
          job: text,
          incidentId: text,
          cause: text,
        },
        ['fingerprint', 'status', 'outcome'],
      ),
    ),
  },
  ['alerts'],
);

const LANGUAGE = {
  type: 'string',
  enum: LANGUAGES,
  description: 'Language of the diagnoses; default: the one in the settings.',
} as const;
const RANGE = { from: described(time, 'Inclusive; ISO 8601 with zone.'), to: described(time, 'Exclusive.') } as const;

export const RECORD_FILTERS = {
  query: {
    type: 'string',
    maxLength: 2000,
    description: 'Words and field:value terms, e.g. level:ERROR "exact phrase" -noise.',
  },
  job: described(text, 'Flink job id, or name of a job: everything that belongs to it, as job: in a query.'),
  cluster: text,
  process: described(text, 'Value of jobtrace.process.'),
  component: { type: 'string', enum: COMPONENTS },
  level: {
    type: 'array',
    items: { type: 'string', enum: LEVELS },
    uniqueItems: true,
    description: 'May be given several times.',
  },
} as const satisfies Readonly<Record<string, Schema>>;

const FORMAT = {
  type: 'string',
  enum: ['json', ...EXPORT_FORMATS],
  default: 'json',
  description: 'csv: a line for each incident; ndjson: a document a line; markdown: cards, to be pasted into an issue.',
} as const;

/** Records in one file. */
export const MOST_EXPORTED = 100_000;

export const QUERIES = {
  silences: request({ expired: described({ type: 'boolean', default: false }, 'Also those that are over.') }),
  records: request({
    ...RECORD_FILTERS,
    ...RANGE,
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    order: { type: 'string', enum: ['newest', 'oldest'], default: 'newest' },
    after: described(text, '"next" of the page before.'),
    histogram: { type: 'integer', minimum: 1, maximum: 500, description: 'Number of buckets; absent = no histogram.' },
    facets: { type: 'boolean', default: false },
  }),
  export: request({
    ...RECORD_FILTERS,
    ...RANGE,
    format: { type: 'string', enum: RECORD_FORMATS, default: 'ndjson', description: 'text: as people read them.' },
    limit: { type: 'integer', minimum: 1, maximum: MOST_EXPORTED, default: MOST_EXPORTED },
  }),
  stream: request({
    ...RECORD_FILTERS,
    from: described(time, 'Start with the records since then; default: only what comes from now on.'),
  }),
  context: request({
    before: { type: 'integer', minimum: 0, maximum: 500, default: 20 },
    after: { type: 'integer', minimum: 0, maximum: 500, default: 20 },
  }),
  incidents: request({
    job: text,
    cluster: text,
    ...RANGE,
    outcome: { type: 'string', enum: OUTCOMES },
    group: described(text, 'Id of a group of failures that no rule names.'),
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    lang: LANGUAGE,
    format: FORMAT,
  }),
  advice: request({ ...RANGE, limit: { type: 'integer', minimum: 1, maximum: 1000, default: 200 } }),
  incidentRows: request({
    job: described(text, 'Id or name of a job.'),
    cluster: text,
    ...RANGE,
    outcome: { type: 'string', enum: OUTCOMES },
    cause: described(text, 'Id of a cause; "unknown" for what no rule names.'),
    severity: { type: 'string', enum: SEVERITY_WORDS },
    owner: text,
    top: described(
      { type: 'boolean', default: false },
      'Without those for which a platform incident stands, where the viewer sees that one.',
    ),
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 100 },
    after: described(text, '"next" of the page before.'),
    lang: LANGUAGE,
  }),
  incident: request({ lang: LANGUAGE, format: { ...FORMAT, enum: ['json', 'markdown'] } }),
  diagnosis: request(
    {
      job: { type: 'string', minLength: 1, maxLength: 1000, description: 'Flink job id, or name of a job.' },
      cluster: text,
      at: described(time, 'When the job failed, or the alert began; default: now.'),
      lang: LANGUAGE,
      format: { ...FORMAT, enum: ['json', 'markdown'] },
    },
    ['job'],
  ),
  language: request({ lang: LANGUAGE }),
  jobs: request({ ...RANGE, cluster: text, limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 50 } }),
  alerts: request({
    incident: text,
    state: { type: 'string', enum: ALERT_STATES },
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  }),
  audit: request({
    who: text,
    what: described(text, 'Such as token.create.'),
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  }),
  none: request({}),
} as const;

export const ID = request(
  { id: { type: 'string', minLength: 1, maxLength: 1000, description: 'Percent-encoded where it holds a slash.' } },
  ['id'],
);
