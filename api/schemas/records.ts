// Declares the API's answers about log records. Their fields are the rows of core/record.ts. Schemas describe answers
// but never cut them.
import {
  described,
  flag,
  integer,
  list,
  map,
  object,
  optional,
  text,
  texts,
  time,
  typed,
  word,
  type Static,
  type TSchema,
} from '../../core/documents/schema.js';
import { COMPONENTS, ENTRY_FLAGS, FIELD_ROWS, FILE_KINDS, LEVELS, type RecordField } from '../../core/record.js';
import type { LogRecord } from '../../core/types.js';

/** Schema by type of a record field. */
const FIELD_SCHEMAS: Readonly<Record<RecordField['type'], TSchema>> = {
  text,
  time,
  integer,
  texts,
  level: word(LEVELS),
  component: word(COMPONENTS),
  kind: word(FILE_KINDS),
  flags: list(word(ENTRY_FLAGS)),
};

const RECORD_FIELDS = {
  type: 'object',
  properties: Object.fromEntries(
    FIELD_ROWS.map((row) => [row.name, described(FIELD_SCHEMAS[row.type], row.description)]),
  ),
  required: FIELD_ROWS.filter((row) => row.required === true).map((row) => row.name),
};

export const RECORD = typed<LogRecord>(RECORD_FIELDS);

const TRUNCATED = { 'jobtrace.truncated': described(flag, 'True if the text is cut; absent if it is whole.') };

/** Record in a list. */
const RECORD_ROW = typed<LogRecord & { readonly 'jobtrace.truncated'?: boolean }>({
  ...RECORD_FIELDS,
  properties: { ...RECORD_FIELDS.properties, ...TRUNCATED },
});

export const FACET = list(object({ value: text, count: integer }));

export const RECORD_PAGE = object({
  records: list(RECORD_ROW),
  total: described(integer, 'Number of records in the range that match the filters.'),
  next: optional(text, 'Value of "after" for the next page; absent on the last one.'),
  histogram: optional(list(object({ time, counts: described(map(integer), 'Level (or NONE) → number of records.') }))),
  facets: optional(
    object({
      level: optional(FACET),
      job: optional(FACET, 'Jobs of the lines that name their job.'),
      cluster: optional(FACET),
      process: optional(FACET),
      component: optional(FACET),
      host: optional(FACET),
      logger: optional(FACET),
      errorType: optional(FACET),
    }),
    'The 20 most frequent values of each field in the whole range, not on this page.',
  ),
});

/** Page of records. */
export type ListedRecords = Static<typeof RECORD_PAGE>;

export const CONTEXT = object({
  records: described(list(RECORD_ROW), 'Records of one process, the oldest first.'),
  index: described(integer, 'Position of the requested record in "records".'),
});
export type RecordContext = Static<typeof CONTEXT>;
