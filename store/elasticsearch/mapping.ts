// What we create in Elasticsearch (docs/elasticsearch.md says the same in words): index templates for the daily
// log indices and for the few small ones, and where a record goes. Fields are typed one by one and nothing else is
// ever mapped, so no text of a user can be refused or can grow the mapping. Pure.
import { hash } from 'node:crypto';
import { FIELD_ROWS, type RecordField } from '../../core/record.js';
import type { LogRecord } from '../../core/types.js';
import { readDay } from '../page.js';

/** Raised with every change of a template: an older one in the cluster is replaced, a newer one left alone. */
export const TEMPLATE_VERSION = 1;

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
  long: { type: 'long' },
};

/** What a document has beside the fields of its record. */
const DOCUMENT_FIELDS = {
  'event.ingested': TIME,
  'jobtrace.hash': KEPT,
  'jobtrace.timestamp': KEPT,
  'jobtrace.words': { type: 'text', analyzer: 'whitespace', norms: false },
} as const;
/** Their names: no record has them. */
export const OWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(DOCUMENT_FIELDS));

const LOG_FIELDS: Readonly<Record<string, object>> = {
  ...Object.fromEntries(FIELD_ROWS.map((row) => [row.name, MAPPINGS[row.mapping]])),
  ...DOCUMENT_FIELDS,
};

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

export type SmallIndex = 'incidents' | 'alerts' | 'states' | 'agents';
export const SMALL_INDICES: readonly SmallIndex[] = ['incidents', 'alerts', 'states', 'agents'];

/** Index templates by name. `<prefix>-logs@custom`, a component template that users may make, is applied last. */
export function buildTemplates(
  prefix: string,
  settings: { readonly shards?: number; readonly refreshMs?: number },
): Readonly<Record<string, object>> {
  const meta = { version: TEMPLATE_VERSION, priority: 500, _meta: { managed_by: 'jobtrace' } };
  return {
    [`${prefix}-logs`]: {
      ...meta,
      index_patterns: [`${prefix}-logs-*`],
      composed_of: [`${prefix}-logs@custom`],
      ignore_missing_component_templates: [`${prefix}-logs@custom`],
      template: {
        settings: {
          number_of_shards: settings.shards ?? 1,
          auto_expand_replicas: '0-1',
          codec: 'best_compression',
          refresh_interval: `${settings.refreshMs ?? 2_000}ms`,
        },
        mappings: { dynamic: false, _source: { excludes: ['jobtrace.words'] }, properties: LOG_FIELDS },
      },
    },
    [`${prefix}-small`]: {
      ...meta,
      index_patterns: SMALL_INDICES.map((name) => `${prefix}-${name}`),
      template: {
        settings: { number_of_shards: 1, auto_expand_replicas: '0-1', refresh_interval: '1s' },
        mappings: { dynamic: false, properties: SMALL_FIELDS },
      },
    },
  };
}

/**
 * `jobtrace-logs-2026.11.20`, or `jobtrace-logs-undated`. A function of the record alone, so a second reading goes to
 * the same index.
 */
export function nameIndex(prefix: string, record: LogRecord): string {
  return `${prefix}-logs-${readDay(record)?.replaceAll('-', '.') ?? 'undated'}`;
}

/** The day of an index's name, as the time at which it ended; undefined for the undated one. */
export function readDayEnd(index: string): number | undefined {
  const day = /-logs-(\d{4})\.(\d\d)\.(\d\d)$/.exec(index);
  return day === null
    ? undefined
    : Date.parse(`${day[1] ?? ''}-${day[2] ?? ''}-${day[3] ?? ''}T00:00:00Z`) + 86_400_000;
}

/** Elasticsearch takes ids up to 512 bytes (and routing values up to 32,766). */
export function encodeId(id: string): string {
  return id.length > 0 && Buffer.byteLength(id) <= 512 ? id : `sha256:${hash('sha256', id, 'hex')}`;
}

/** All records of a Flink cluster lie in one shard of a day, so that one analyzer sees all its processes. */
export function readRouting(record: { readonly 'flink.cluster': string }): { routing?: string } {
  return record['flink.cluster'] === '' ? {} : { routing: encodeId(record['flink.cluster']) };
}

/** What tells two entries apart without reading their text back. */
export function hashText(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}
