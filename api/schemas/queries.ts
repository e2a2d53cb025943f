// Declares the query parameters of the API. A request that does not match is rejected; validation neither converts nor
// drops a value.
import { Alert } from '../../core/documents/alert.js';
import { Incident, SEVERITY } from '../../core/documents/incident.js';
import {
  boundedInteger,
  boundedText,
  described,
  flag,
  list,
  object,
  partial,
  request,
  text,
  time,
  word,
  type TProperties,
} from '../../core/documents/schema.js';
import { COMPONENTS, LEVELS } from '../../core/record.js';
import { EXPORT_FORMATS } from '../../core/wording/export.js';
import { RECORD_FORMATS } from '../../core/wording/record-export.js';
import { LANGUAGES, TRIAGE_STATES } from '../../core/types.js';

/** Returns the schema of a query, in which every parameter may be absent. */
function query<Properties extends TProperties>(properties: Properties) {
  return partial(object(properties), { additionalProperties: false });
}

function limit(maximum: number, byDefault: number, minimum = 1) {
  return boundedInteger({ minimum, maximum, default: byDefault });
}

const LANGUAGE = described(word(LANGUAGES), 'Language of the diagnoses; default: the one in the settings.');

const RANGE = { from: described(time, 'Inclusive; ISO 8601 with zone.'), to: described(time, 'Exclusive.') };

const RECORD_FILTERS = {
  query: boundedText({
    maxLength: 2000,
    description: 'Words and field:value terms, e.g. level:ERROR "exact phrase" -noise.',
  }),
  job: described(text, 'Flink job id, or name of a job: everything that belongs to it, as job: in a query.'),
  cluster: text,
  process: described(text, 'Value of jobtrace.process.'),
  component: word(COMPONENTS),
  level: list(word(LEVELS), { uniqueItems: true, description: 'May be given several times.' }),
};

const FORMAT = {
  ...word(['json', ...EXPORT_FORMATS]),
  default: 'json',
  description: 'csv: a line for each incident; ndjson: a document a line; markdown: cards, to be pasted into an issue.',
};
const CARD_FORMAT = { ...FORMAT, enum: ['json', 'markdown'] };

/** Largest number of records in one file. */
export const MAX_EXPORTED = 100_000;

const { outcome } = Incident.properties;

export const QUERIES = {
  sessions: query({ name: boundedText({ maxLength: 100, description: 'Only those of this name.' }) }),
  silences: query({ expired: { ...flag, default: false, description: 'Also those that are over.' } }),
  records: query({
    ...RECORD_FILTERS,
    ...RANGE,
    limit: limit(1000, 100),
    order: { ...word(['newest', 'oldest']), default: 'newest' },
    after: described(text, '"next" of the previous page.'),
    histogram: boundedInteger({
      minimum: 1,
      maximum: 500,
      description: 'Number of buckets; absent = no histogram.',
    }),
    facets: { ...flag, default: false },
  }),
  export: query({
    ...RECORD_FILTERS,
    ...RANGE,
    format: { ...word(RECORD_FORMATS), default: 'ndjson', description: 'text: as people read them.' },
    limit: limit(MAX_EXPORTED, MAX_EXPORTED),
  }),
  stream: query({
    ...RECORD_FILTERS,
    from: described(time, 'Start with the records since then; default: only what comes from now on.'),
  }),
  context: query({ before: limit(500, 20, 0), after: limit(500, 20, 0) }),
  incidents: query({
    job: text,
    cluster: text,
    ...RANGE,
    outcome,
    group: described(text, 'Id of a group of failures that no rule names.'),
    limit: limit(1000, 100),
    fields: {
      ...word(['head', 'full']),
      default: 'head',
      description: 'head: what a list shows; full: with reasons, fixes, evidence and facts. Of format=json.',
    },
    lang: LANGUAGE,
    format: FORMAT,
  }),
  advice: query({ ...RANGE, limit: limit(1000, 200) }),
  incidentRows: query({
    job: described(text, 'Id or name of a job.'),
    cluster: text,
    ...RANGE,
    outcome,
    cause: described(text, 'Id of a cause; "unknown" for what no rule names.'),
    severity: SEVERITY,
    owner: text,
    triage: described(
      word(TRIAGE_STATES),
      'By what people said; open: what needs somebody and has nobody; resolved: what people called so. Absent: all, but with "top" what is merged.',
    ),
    top: {
      ...flag,
      default: false,
      description:
        'Without those for which another one stands: a platform incident that the viewer sees, or one into which it was merged.',
    },
    limit: limit(200, 100),
    after: described(text, '"next" of the previous page.'),
    lang: LANGUAGE,
  }),
  incident: query({ lang: LANGUAGE, format: CARD_FORMAT }),
  diagnosis: request({
    job: boundedText({ minLength: 1, maxLength: 1000, description: 'Flink job id, or name of a job.' }),
    ...query({
      cluster: text,
      at: described(time, 'When the job failed, or the alert began; default: now.'),
      lang: LANGUAGE,
      format: CARD_FORMAT,
    }).properties,
  }),
  language: query({ lang: LANGUAGE }),
  jobs: query({
    ...RANGE,
    cluster: text,
    job: described(text, 'Id or name of the only one that is wanted.'),
    limit: limit(10_000, 50),
  }),
  alerts: query({ incident: text, state: Alert.properties.state, limit: limit(1000, 100) }),
  audit: query({ who: text, what: described(text, 'Such as token.create.'), limit: limit(1000, 100) }),
  none: query({}),
};

export const ID = request({
  id: boundedText({ minLength: 1, maxLength: 1000, description: 'Percent-encoded where it holds a slash.' }),
});
