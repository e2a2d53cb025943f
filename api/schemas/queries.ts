// JSON schemas of the query parameters of the API. A request that does not match is rejected; validation neither
// converts nor drops a value.
import { EXPORT_FORMATS } from '../../core/wording/export.js';
import { COMPONENTS, LEVELS } from '../../core/record.js';
import { RECORD_FORMATS } from '../../core/wording/record-export.js';
import { TRIAGE_STATES } from '../../core/routing/triage.js';
import { LANGUAGES } from '../../core/types.js';
import { ALERT_STATES, OUTCOMES, type Schema } from '../http/route.js';
import { SEVERITY_WORDS } from './incidents.js';
import { described, request, text, time } from './shape.js';

const LANGUAGE = {
  type: 'string',
  enum: LANGUAGES,
  description: 'Language of the diagnoses; default: the one in the settings.',
} as const;

const RANGE = { from: described(time, 'Inclusive; ISO 8601 with zone.'), to: described(time, 'Exclusive.') } as const;

const RECORD_FILTERS = {
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

/** Largest number of records in one file. */
export const MAX_EXPORTED = 100_000;

export const QUERIES = {
  sessions: request({ name: { type: 'string', maxLength: 100, description: 'Only those of this name.' } }),
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
    limit: { type: 'integer', minimum: 1, maximum: MAX_EXPORTED, default: MAX_EXPORTED },
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
    fields: {
      type: 'string',
      enum: ['head', 'full'],
      default: 'head',
      description: 'head: what a list shows; full: with reasons, fixes, evidence and facts. Of format=json.',
    },
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
    triage: {
      type: 'string',
      enum: TRIAGE_STATES,
      description:
        'By what people said; open: what needs somebody and has nobody; resolved: what people called so. Absent: all, but with "top" what is merged.',
    },
    top: described(
      { type: 'boolean', default: false },
      'Without those for which another one stands: a platform incident that the viewer sees, or one into which it was merged.',
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
  jobs: request({
    ...RANGE,
    cluster: text,
    job: described(text, 'Id or name of the only one that is wanted.'),
    limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 50 },
  }),
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
