// A search → the body of a search request, and its answer → a page. Compiles the same tree as store/sqlite/query.ts.
// Pure; called by search.ts.
import { isObject } from '../../core/json.js';
import type { ValueField } from '../../core/record.js';
import { fillBars, formatTime, parseTime } from '../page.js';
import { parseQuery, type Glob, type QueryNode } from '../query.js';
import type { RecordPage, RecordQuery } from '../store.js';

type Clause = Readonly<Record<string, unknown>>;
type Facets = NonNullable<RecordPage['facets']>;
type Histogram = NonNullable<RecordPage['histogram']>;
type Counts = Histogram[number]['counts'];

const FACET_VALUES = 20;
const SORT_FIELDS = ['@timestamp', 'log.file.path', 'log.offset', 'id'] as const;

/** The query clause of a search, without paging. Throws JT_QUERY_INVALID and JT_REQUEST_INVALID. */
export function buildFilter(query: Omit<RecordQuery, 'limit' | 'order'>): Clause {
  const filter: Clause[] = [buildNode(parseQuery(query.query ?? ''))];
  const equals: readonly (readonly [string, string | undefined])[] = [
    ['flink.job.id', query.jobId],
    ['flink.cluster', query.cluster],
    ['jobtrace.process', query.process],
    ['flink.component', query.component],
  ];
  for (const [field, value] of equals) if (value !== undefined) filter.push({ term: { [field]: value } });
  if (query.from !== undefined || query.to !== undefined) filter.push(buildRange(query));
  if (query.levels !== undefined) filter.push({ terms: { 'log.level': query.levels } });
  if (query.scope !== undefined)
    filter.push(buildScope(query.scope, ['flink.cluster', 'flink.job.id', 'flink.job.name']));
  return { bool: { filter } };
}

/** Documents of these jobs and clusters; an empty scope sees nothing. */
export function buildScope(scope: readonly string[], fields: readonly string[]): Clause {
  const should = scope.flatMap((pattern) =>
    fields.map((field): Clause => ({ wildcard: { [field]: { value: pattern.replace(/[?\\]/g, '\\$&') } } })),
  );
  return should.length === 0 ? { match_none: {} } : { bool: { should, minimum_should_match: 1 } };
}

/** Time, file, offset, id: `search_after` takes the same four values. */
export function buildSort(order: RecordQuery['order']): object[] {
  return SORT_FIELDS.map((field) => ({
    [field]: { order: order === 'newest' ? 'desc' : 'asc', missing: order === 'newest' ? '_last' : '_first' },
  }));
}

export function buildHistogram(barMs: number): object {
  return {
    bars: {
      date_histogram: { field: '@timestamp', fixed_interval: `${barMs}ms`, min_doc_count: 1 },
      aggs: { levels: { terms: { field: 'log.level', missing: 'NONE', size: 20 } } },
    },
  };
}

export function buildFacets(): object {
  const terms = (field: string): object => ({ terms: { field, size: FACET_VALUES } });
  return {
    level: terms('log.level'),
    process: terms('jobtrace.process'),
    logger: terms('log.logger'),
    errorType: terms('error.type'),
    job: terms('flink.job.name'),
    nameless: {
      filter: { bool: { must_not: [{ exists: { field: 'flink.job.name' } }] } },
      aggs: { ids: terms('flink.job.id') },
    },
  };
}

export function readHistogram(aggregations: Clause, fromMs: number, toMs: number, barMs: number): Histogram {
  const found = new Map<number, Counts>();
  for (const bar of readBuckets(aggregations['bars'])) {
    found.set(
      Number(bar['key']),
      Object.fromEntries(readBuckets(bar['levels']).map((level) => [String(level['key']), Number(level['doc_count'])])),
    );
  }
  return fillBars(fromMs, toMs, barMs, found, {});
}

/** A job without a name is counted by its id. */
export function readFacets(aggregations: Clause): Facets {
  const read = (value: unknown): Facets['level'] =>
    readBuckets(value).map((bucket) => ({ value: String(bucket['key']), count: Number(bucket['doc_count']) }));
  const nameless = aggregations['nameless'];
  const jobs = [...read(aggregations['job']), ...read(isObject(nameless) ? nameless['ids'] : undefined)].sort(
    (a, b) => b.count - a.count || (a.value < b.value ? -1 : 1),
  );
  return {
    level: read(aggregations['level']),
    job: jobs.slice(0, FACET_VALUES),
    process: read(aggregations['process']),
    logger: read(aggregations['logger']),
    errorType: read(aggregations['errorType']),
  };
}

/** `min` and `max` of the times found; undefined when nothing was. */
export function readTimeRange(aggregations: Clause): { fromMs: number; toMs: number } | undefined {
  const read = (name: string): number | undefined => {
    const value = aggregations[name];
    return isObject(value) && typeof value['value'] === 'number' ? value['value'] : undefined;
  };
  const [first, last] = [read('first'), read('last')];
  return first === undefined || last === undefined ? undefined : { fromMs: first, toMs: last + 1 };
}

export const TIME_RANGE_AGGREGATIONS = {
  first: { min: { field: '@timestamp' } },
  last: { max: { field: '@timestamp' } },
} as const;

function buildRange(query: Pick<RecordQuery, 'from' | 'to'>): Clause {
  const range = {
    gte: query.from === undefined ? undefined : formatTime(parseTime('from', query.from)),
    lt: query.to === undefined ? undefined : formatTime(parseTime('to', query.to)),
  };
  return { range: { '@timestamp': range } };
}

function buildNode(node: QueryNode): Clause {
  switch (node.kind) {
    case 'all':
      return { match_all: {} };
    case 'phrase':
      return { match_phrase: { 'jobtrace.words': node.words.join(' ') } };
    case 'word':
      return { wildcard: { 'jobtrace.words': { value: node.glob.join('*') } } };
    case 'value':
      return buildValue(node.field, node.glob);
    case 'not':
      return { bool: { must_not: [buildNode(node.node)] } };
    case 'and':
      return { bool: { filter: node.nodes.map(buildNode) } };
    case 'or':
      return { bool: { should: node.nodes.map(buildNode), minimum_should_match: 1 } };
  }
}

function buildValue(field: ValueField, glob: Glob): Clause {
  if (glob.length > 1 && glob.every((part) => part === '')) return { exists: { field } };
  if (glob.length === 1) return { term: { [field]: { value: glob[0] ?? '', case_insensitive: true } } };
  return {
    wildcard: {
      [field]: { value: glob.map((part) => part.replace(/[*?\\]/g, '\\$&')).join('*'), case_insensitive: true },
    },
  };
}

export function readBuckets(value: unknown): Clause[] {
  const buckets: unknown = isObject(value) ? value['buckets'] : undefined;
  return Array.isArray(buckets) ? buckets.filter(isObject) : [];
}
