// What we create in Elasticsearch (docs/elasticsearch.md says the same in words): index templates for the daily
// log indices and for the few small ones. Fields are typed one by one and nothing else is
// ever mapped, so no text of a user can be refused or can grow the mapping. Pure.
import { hash } from 'node:crypto';
import { FIELD_ROWS, type RecordField } from '../../../core/record.js';
import type { OWN_FIELDS } from '../record/source.js';
import { nameRefusedIndex, REFUSAL_FIELD } from '../record/refused.js';
import { MESSAGE_WORDS_FIELD, WORDS_ANALYZER, WORDS_FIELD as WORDS, type WordsBy } from '../record/words.js';

// Whole values, for filters and counts. What is longer than 1,024 characters is stored but not found by that field.
const VALUE = { type: 'keyword', ignore_above: 1_024 } as const;
// Kept, not searched: there is no limit on its length.
const KEPT = { type: 'keyword', index: false, doc_values: false } as const;
const TEXT = { type: 'text', norms: false } as const;
const TIME = { type: 'date', ignore_malformed: true } as const;

const MAPPINGS: Readonly<Record<RecordField['mapping'], object>> = {
  value: VALUE,
  text: TEXT,
  kept: KEPT,
  time: TIME,
  // Sorted by and shown; a range of them is found without an index of its own, by reading their values.
  long: { type: 'long', index: false },
};

/** Not indexed: only read back. */
const NUMBER = { type: 'integer', index: false, doc_values: false } as const;

/** What a document has beside the fields of its record. */
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

/** Whose words `jobtrace.words` has: what words.ts lists of a record, without the message. */
const WORD_SOURCES = [
  'log.level',
  'log.logger',
  'process.thread.name',
  'jobtrace.head',
  'error.stack_trace',
  'event.original',
] as const;
/** Of our index templates, among all that fit an index. */
const PRIORITY = 500;

/** A character that is a word of its own, in the language of Java's patterns. */
const UNSPACED = '[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}\\p{IsHangul}]';
const LETTERS = '\\p{L}\\p{N}\\p{M}';

/**
 * What words.ts takes for a word. What nearly all letters of a log are comes first: Java asks one part of a class after
 * the other, and to look a script up costs as much as all the rest of indexing.
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
 * The message is indexed once, under its own name, which people ask for in Kibana. Searches use its second name, which
 * no index has whose `jobtrace.words` has the message as well.
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

/** What a refused record has beside the fields of its document. */
const REFUSED_FIELDS = { [REFUSAL_FIELD]: TEXT } as const;

// The whole document is text in `body`, so that nothing in it can be refused; beside it what is searched.
const SMALL_FIELDS = {
  id: VALUE,
  cluster: VALUE,
  jobId: VALUE,
  jobName: VALUE,
  outcome: VALUE,
  firstSeen: TIME,
  lastSeen: TIME,
  incidentId: VALUE,
  state: VALUE,
  time: TIME,
  body: KEPT,
} as const;

/**
 * Where an incident has its group, and an alert how far it is. Indices of earlier releases have this field, and nobody
 * who writes has the right to give them another one.
 */
export const GROUP_FIELD = 'state';
/** Where an incident has what it is filtered by, and an alert its incident; for the same reason. */
export const TAGS_FIELD = 'incidentId';

export const SMALL_INDICES = [
  'incidents',
  'alerts',
  'feedback',
  'triage',
  'silences',
  'states',
  'agents',
  'access',
] as const;
export type SmallIndex = (typeof SMALL_INDICES)[number];

/** How new a template is: the number of its fields, which only grows, and a digest of all that it says. */
export interface TemplateAge {
  readonly version: number;
  readonly digest: string;
}

/** The same for every installation of a release: what settings change of a template does not count. */
export const TEMPLATE_AGE: TemplateAge = {
  version:
    Object.keys(describeFields('analyzer')).length +
    Object.keys(REFUSED_FIELDS).length +
    Object.keys(SMALL_FIELDS).length,
  digest: hashText(JSON.stringify(describeTemplates('', {}, 'analyzer'))),
};

/**
 * What becomes of a template in the cluster. One with more fields is left alone, because another part of the
 * installation is a newer release. Of two with as many fields and other contents the one that comes later stays.
 */
export function decideTemplate(found: TemplateAge | undefined): 'missing' | 'older' | 'changed' | 'same' | 'newer' {
  if (found === undefined) return 'missing';
  if (found.version !== TEMPLATE_AGE.version) return found.version < TEMPLATE_AGE.version ? 'older' : 'newer';
  return found.digest === TEMPLATE_AGE.digest ? 'same' : 'changed';
}

/** Index templates by name, with their age. */
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

interface TemplateSettings {
  readonly shards?: number;
  readonly refreshMs?: number;
}

export function nameLogTemplate(prefix: string): string {
  return `${prefix}-logs`;
}

/**
 * `<prefix>-logs@custom`, a component template that users may make, adds to the days. It has no say in the index of
 * what they refuse, whose template wins over theirs: what it says may be the reason.
 */
function describeTemplates(
  prefix: string,
  settings: TemplateSettings,
  wordsBy: WordsBy,
): Readonly<Record<string, object>> {
  const logs = {
    settings: {
      // One, where nobody says more: a user's own component template may.
      number_of_shards: settings.shards,
      auto_expand_replicas: '0-1',
      codec: 'best_compression',
      refresh_interval: `${settings.refreshMs ?? 2_000}ms`,
      analysis: wordsBy === 'analyzer' ? ANALYSIS : undefined,
    },
    mappings: {
      dynamic: false,
      // Where documents bring none, to look for them in each costs a twelfth of indexing.
      _source: wordsBy === 'document' ? { excludes: [WORDS] } : undefined,
      properties: describeFields(wordsBy),
    },
  };
  const properties = { ...describeFields(wordsBy), ...REFUSED_FIELDS };
  // Records that say the same stand beside each other: a seventh less on disk (bench/store.ts).
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
    [`${prefix}-small`]: {
      index_patterns: SMALL_INDICES.map((name) => `${prefix}-${name}`),
      template: {
        settings: { number_of_shards: 1, auto_expand_replicas: '0-1', refresh_interval: '1s' },
        mappings: { dynamic: false, properties: SMALL_FIELDS },
      },
    },
  };
}

function hashText(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}
