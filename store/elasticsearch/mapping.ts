// Index templates that we create in Elasticsearch for the daily log indices and the few small ones
// (docs/elasticsearch.md says the same in words). Each field has its own type and nothing else is ever mapped, so that
// no text of a user can be refused or can grow the mapping. Pure functions.
import { hash } from 'node:crypto';
import { FIELD_ROWS, type RecordField } from '../../core/record.js';
import { SCHEMAS, type CollectionSchema } from '../collections.js';
import type { OWN_FIELDS } from './record/source.js';
import { nameRefusedIndex, REFUSAL_FIELD } from './record/refused.js';
import { MESSAGE_WORDS_FIELD, WORDS_ANALYZER, WORDS_FIELD as WORDS, type WordsBy } from './record/words.js';

// Type of whole values, for filters and counts. A value of more than 1,024 characters is stored but not found by that
// field.
const VALUE = { type: 'keyword', ignore_above: 1_024 } as const;
// Type of values that are kept and not searched. Their length has no limit.
const KEPT = { type: 'keyword', index: false, doc_values: false } as const;
const TEXT = { type: 'text', norms: false } as const;
const TIME = { type: 'date', ignore_malformed: true } as const;

const MAPPINGS: Readonly<Record<RecordField['mapping'], object>> = {
  value: VALUE,
  text: TEXT,
  kept: KEPT,
  time: TIME,
  // Used for sorting and for display. A range is found without an index, by reading the values.
  long: { type: 'long', index: false },
};

/** Type of numbers that are only read back. They are not indexed. */
const NUMBER = { type: 'integer', index: false, doc_values: false } as const;

/** Fields of a document that are not fields of its record. */
const DOCUMENT_FIELDS: Readonly<Record<(typeof OWN_FIELDS)[number], object>> = {
  'event.ingested': TIME,
  'jobtrace.hash': KEPT,
  'jobtrace.head': KEPT,
  'jobtrace.timestamp': KEPT,
  // One position between two texts is enough to keep a phrase within one of them.
  'jobtrace.words': { type: 'text', norms: false, position_increment_gap: 1 },
  'jobtrace.zone': NUMBER,
};

const LOG_FIELDS: Readonly<Record<string, object>> = {
  ...Object.fromEntries(FIELD_ROWS.map((row) => [row.name, MAPPINGS[row.mapping]])),
  ...DOCUMENT_FIELDS,
};

/** Fields whose words are in `jobtrace.words`: those that words.ts lists of a record, without the message. */
const WORD_SOURCES = [
  'log.level',
  'log.logger',
  'process.thread.name',
  'jobtrace.head',
  'error.stack_trace',
  'event.original',
] as const;
/** Priority of our index templates among all templates that match an index. */
const PRIORITY = 500;

/** Characters that are words of their own, in the syntax of Java's patterns. */
const UNSPACED = '[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}\\p{IsHangul}]';
const LETTERS = '\\p{L}\\p{N}\\p{M}';

/**
 * Analyzer that finds the same words as words.ts. The characters that are most frequent in a log come first in the
 * pattern: Java checks one part of a class after the other, and looking up a script costs as much as all the rest of
 * indexing.
 */
const ANALYSIS = {
  analyzer: { [WORDS_ANALYZER]: { type: 'custom', tokenizer: WORDS_ANALYZER, filter: ['lowercase'] } },
  tokenizer: {
    [WORDS_ANALYZER]: {
      type: 'pattern',
      pattern: `[a-zA-Z0-9[${LETTERS}&&[^${UNSPACED}]]]{1,255}|[${LETTERS}&&${UNSPACED}]`,
      group: 0,
    },
  },
} as const;

/**
 * Returns the fields of the log indices. The message is indexed once, under its own name, which people use in Kibana.
 * Searches use its second name, which exists only in indices whose `jobtrace.words` does not contain the message.
 */
function describeFields(wordsBy: WordsBy): Readonly<Record<string, object>> {
  if (wordsBy === 'document') return { ...LOG_FIELDS, [WORDS]: { ...LOG_FIELDS[WORDS], analyzer: 'whitespace' } };
  const copied = WORD_SOURCES.map((name) => [name, { ...LOG_FIELDS[name], copy_to: WORDS }] as const);
  return {
    ...LOG_FIELDS,
    ...Object.fromEntries(copied),
    message: { ...LOG_FIELDS['message'], analyzer: WORDS_ANALYZER },
    [WORDS]: { ...LOG_FIELDS[WORDS], analyzer: WORDS_ANALYZER },
    [MESSAGE_WORDS_FIELD]: { type: 'alias', path: 'message' },
  };
}

/** Fields of a refused record that are not fields of its document. */
const REFUSED_FIELDS = { [REFUSAL_FIELD]: TEXT } as const;

/** Returns the names of the small indices after the prefix. */
export function listSmallIndices(schemas: readonly CollectionSchema[] = SCHEMAS): readonly string[] {
  return [...new Set(['incidents', ...schemas.map(({ index }) => index)])];
}

/**
 * Returns the fields of the small indices: those of an incident, and the keys of all collections. The whole document is
 * text in `body`, so that nothing in it can be refused.
 */
export function describeSmallFields(schemas: readonly CollectionSchema[] = SCHEMAS): Readonly<Record<string, object>> {
  const incident = [
    'cluster',
    'jobId',
    'jobName',
    'outcome',
    'group',
    'cause',
    'severity',
    'owner',
    'parent',
    'joined',
  ];
  const values = ['id', ...incident, ...schemas.flatMap(({ keys }) => keys)];
  const times = ['firstSeen', 'lastSeen', ...schemas.map(({ timeField }) => timeField)];
  return {
    ...Object.fromEntries(values.map((name) => [name, VALUE])),
    ...Object.fromEntries(times.map((name) => [name, TIME])),
    body: KEPT,
  };
}

/** Age of a template: the number of its fields, which only grows, and a digest of its contents. */
export interface TemplateAge {
  readonly version: number;
  readonly digest: string;
}

/**
 * Age of the templates of this release. It is the same for every installation, because changes by settings do not
 * count.
 */
export const TEMPLATE_AGE: TemplateAge = {
  version:
    Object.keys(describeFields('analyzer')).length +
    Object.keys(REFUSED_FIELDS).length +
    Object.keys(describeSmallFields()).length,
  digest: hashText(JSON.stringify(describeTemplates('', {}, 'analyzer'))),
};

/**
 * Decides what to do with a template of the cluster. One with more fields is left alone, because another part of the
 * installation is a newer release. Of two templates with as many fields and other contents, the later one stays.
 */
export function decideTemplate(found: TemplateAge | undefined): 'missing' | 'older' | 'changed' | 'same' | 'newer' {
  if (found === undefined) return 'missing';
  if (found.version !== TEMPLATE_AGE.version) return found.version < TEMPLATE_AGE.version ? 'older' : 'newer';
  return found.digest === TEMPLATE_AGE.digest ? 'same' : 'changed';
}

/** Builds the index templates by name, with their age. */
export function buildTemplates(
  prefix: string,
  settings: TemplateSettings,
  wordsBy: WordsBy,
): Readonly<Record<string, object>> {
  const { version, digest } = TEMPLATE_AGE;
  const meta = { version, priority: PRIORITY, _meta: { managed_by: 'jobtrace', digest } };
  return Object.fromEntries(
    Object.entries(describeTemplates(prefix, settings, wordsBy)).map(([name, template]) => [
      name,
      { ...meta, ...template },
    ]),
  );
}

export interface TemplateSettings {
  readonly schemas?: readonly CollectionSchema[];
  readonly shards?: number;
  readonly refreshMs?: number;
}

export function nameLogTemplate(prefix: string): string {
  return `${prefix}-logs`;
}

export function nameSmallTemplate(prefix: string): string {
  return `${prefix}-small`;
}

/**
 * Describes the index templates by name. Users may create the component template `<prefix>-logs@custom`, which is added
 * to the daily indices. It does not apply to the index of refused records, whose template has a higher priority,
 * because the component template may be the reason of the refusal.
 */
function describeTemplates(
  prefix: string,
  settings: TemplateSettings,
  wordsBy: WordsBy,
): Readonly<Record<string, object>> {
  const logs = {
    settings: {
      // Undefined means one shard, unless the user's component template says more.
      number_of_shards: settings.shards,
      auto_expand_replicas: '0-1',
      codec: 'best_compression',
      refresh_interval: `${settings.refreshMs ?? 2_000}ms`,
      analysis: wordsBy === 'analyzer' ? ANALYSIS : undefined,
    },
    mappings: {
      dynamic: false,
      // Set only if documents have words, because a search for them in each document costs a twelfth of indexing.
      _source: wordsBy === 'document' ? { excludes: [WORDS] } : undefined,
      properties: describeFields(wordsBy),
    },
  };
  const properties = { ...describeFields(wordsBy), ...REFUSED_FIELDS };
  // Similar records are stored next to each other, which saves a seventh of the disk space (bench/store.ts).
  const sort = { field: ['log.logger', '@timestamp'], order: ['asc', 'asc'] };
  return {
    [nameLogTemplate(prefix)]: {
      index_patterns: [`${prefix}-logs-*`],
      composed_of: [`${prefix}-logs@custom`],
      ignore_missing_component_templates: [`${prefix}-logs@custom`],
      template: { ...logs, settings: { ...logs.settings, sort } },
    },
    [nameRefusedIndex(prefix)]: {
      priority: PRIORITY + 1,
      index_patterns: [nameRefusedIndex(prefix)],
      template: {
        settings: { ...logs.settings, number_of_shards: 1 },
        mappings: { ...logs.mappings, properties },
      },
    },
    [nameSmallTemplate(prefix)]: {
      index_patterns: listSmallIndices(settings.schemas).map((name) => `${prefix}-${name}`),
      template: {
        settings: { number_of_shards: 1, auto_expand_replicas: '0-1', refresh_interval: '1s' },
        mappings: { dynamic: false, properties: describeSmallFields(settings.schemas) },
      },
    },
  };
}

function hashText(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}
