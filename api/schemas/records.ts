// JSON schemas of the API's answers about log records. Schemas describe answers but never cut them, so a new field
// needs to be added here only to be documented. server.ts builds the OpenAPI document from them.
import { COMPONENTS, ENTRY_FLAGS, FIELD_ROWS, FILE_KINDS, LEVELS, type RecordField } from '../../core/record.js';
import type { Schema } from '../http/route.js';
import { described, integer, list, object, text, texts, time } from './shape.js';

/** Schema by type of a record field. */
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

const RECORD_PROPERTIES: Readonly<Record<string, Schema>> = Object.fromEntries(
  FIELD_ROWS.map((row) => [row.name, described(FIELD_SCHEMAS[row.type], row.description)]),
);
const RECORD_REQUIRED = FIELD_ROWS.filter((row) => row.required === true).map((row) => row.name);

export const RECORD = object(RECORD_PROPERTIES, RECORD_REQUIRED);

/** Record in a list. */
const RECORD_ROW = object(
  {
    ...RECORD_PROPERTIES,
    'jobtrace.truncated': described({ type: 'boolean' }, 'True where the text is cut; absent where it is whole.'),
  },
  RECORD_REQUIRED,
);

export const FACET = list(object({ value: text, count: integer }, ['value', 'count']));

export const RECORD_PAGE = object(
  {
    records: list(RECORD_ROW),
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
    records: described(list(RECORD_ROW), 'Oldest first, all of one process.'),
    index: described(integer, 'Where the asked record stands in "records".'),
  },
  ['records', 'index'],
);
