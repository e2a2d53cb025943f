// What we create in Elasticsearch (docs/elasticsearch.md says the same in words): index templates for the daily
// log indices and for the few small ones, and where a record goes. Fields are typed one by one and nothing else is
// ever mapped, so no text of a user can be refused or can grow the mapping. Pure.
import { hash } from 'node:crypto';
import { FIELD_ROWS, type RecordField } from '../../core/record.js';
import type { LogRecord } from '../../core/types.js';
import { readDay } from '../page.js';

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

/** How new a template is: the number of its fields, which only grows, and a digest of all that it says. */
export interface TemplateAge {
  readonly version: number;
  readonly digest: string;
}

/** The same for every installation of a release: what settings change of a template does not count. */
export const TEMPLATE_AGE: TemplateAge = {
  version: Object.keys(LOG_FIELDS).length + Object.keys(SMALL_FIELDS).length,
  digest: hashText(JSON.stringify(describeTemplates('', {}))),
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
export function buildTemplates(prefix: string, settings: TemplateSettings): Readonly<Record<string, object>> {
  const { version, digest } = TEMPLATE_AGE;
  const meta = { version, priority: 500, _meta: { managed_by: 'jobtrace', digest } };
  return Object.fromEntries(
    Object.entries(describeTemplates(prefix, settings)).map(([name, template]) => [name, { ...meta, ...template }]),
  );
}

interface TemplateSettings {
  readonly shards?: number;
  readonly refreshMs?: number;
}

/** `<prefix>-logs@custom`, a component template that users may make, is applied last. */
function describeTemplates(prefix: string, settings: TemplateSettings): Readonly<Record<string, object>> {
  return {
    [`${prefix}-logs`]: {
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
  return nameDay(prefix, readDay(record));
}

/** `day` as "2026-11-20". */
export function nameDay(prefix: string, day: string | undefined): string {
  return `${prefix}-logs-${day?.replaceAll('-', '.') ?? 'undated'}`;
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
export function hashText(text: string | Uint8Array): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}
