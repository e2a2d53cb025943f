// Builds the body of a search request, and reads the answer as a page. Compiles the same tree as store/sqlite/query.ts.
// Pure functions.
import { isObject } from '../../core/json.js';
import type { ValueField } from '../../core/record.js';
import { fitsAnyCase, hasStar, isAnything, type Glob } from '../../core/text/glob.js';
import { fillBars, formatTime, parseTime } from '../page.js';
import { resolveJobs } from '../job-lines.js';
import { parseSearch, type QueryNode } from '../query/query.js';
import type { JobLines, JobSpan } from '../../core/documents/job.js';
import type { RecordPage, RecordQuery } from '../store.js';
import { readBuckets } from './hits.js';
import { PROCESS_SAMPLE, readProcess, type StoredProcess } from './processes.js';
import { listIds } from './record/id.js';
import { hashProcess, USUAL_VALUES } from './record/source.js';
import { MESSAGE_WORDS_FIELD, WORDS_FIELD } from './record/words.js';

type Clause = Readonly<Record<string, unknown>>;
type Facets = NonNullable<RecordPage['facets']>;
type Histogram = NonNullable<RecordPage['histogram']>;
type Counts = Histogram[number]['counts'];

const FACET_VALUES = 20;
/** Fields of the sort order. The last one only separates records that are equal in the others. */
const SORT_FIELDS = ['@timestamp', 'log.file.path', 'log.offset', 'host.name', '_seq_no'] as const;

/**
 * Builds the query clause of a search, without paging. `processes` are all that the search may mean, `lines` are those
 * of the jobs that it names. Throws JT_QUERY_INVALID and JT_REQUEST_INVALID.
 */
export function buildFilter(
  query: Omit<RecordQuery, 'limit' | 'order'>,
  processes: readonly StoredProcess[] = [],
  lines: readonly JobLines[] = [],
): Clause {
  const filter: Clause[] = [buildNode(resolveJobs(parseSearch(query), lines), processes)];
  const equals: readonly (readonly [string, string | undefined])[] = [
    ['flink.job.id', query.jobId],
    ['flink.cluster', query.cluster],
    ['flink.component', query.component],
  ];
  for (const [field, value] of equals) if (value !== undefined) filter.push({ term: { [field]: value } });
  if (query.process !== undefined) filter.push(buildProcess(query.process));
  if (query.from !== undefined || query.to !== undefined) filter.push(buildRange(query));
  if (query.levels !== undefined) filter.push({ terms: { 'log.level': query.levels } });
  if (query.signal !== undefined) filter.push({ prefix: { 'jobtrace.signal': `${query.signal}.` } });
  if (query.skip !== undefined) filter.push({ bool: { must_not: [{ term: { 'jobtrace.signal': query.skip } }] } });
  if (query.ids !== undefined) filter.push({ ids: { values: query.ids.flatMap(listIds) } });
  if (query.scope !== undefined)
    filter.push(buildScope(query.scope, ['flink.cluster', 'flink.job.id', 'flink.job.name']));
  return { bool: { filter } };
}

/** Builds the clause for documents of the process with this name. */
export function buildProcess(name: string): Clause {
  return { terms: { 'jobtrace.process': [name, hashProcess(name)] } };
}

/** True if a search asks for processes by their names. */
export function asksForProcess(node: QueryNode): boolean {
  if (node.kind === 'value') return node.field === 'jobtrace.process';
  if (node.kind === 'not') return asksForProcess(node.node);
  return (node.kind === 'and' || node.kind === 'or') && node.nodes.some(asksForProcess);
}

/** Builds the clause for documents of these jobs and clusters. An empty scope finds nothing. */
export function buildScope(scope: readonly Glob[], fields: readonly string[]): Clause {
  const should = scope.flatMap((glob) =>
    fields.map((field): Clause => ({ wildcard: { [field]: { value: toWildcard(glob) } } })),
  );
  return should.length === 0 ? { match_none: {} } : { bool: { should, minimum_should_match: 1 } };
}

/** Builds the sort order. `search_after` takes values for the same fields. */
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
    process: { ...terms('jobtrace.process'), aggs: PROCESS_SAMPLE },
    cluster: terms('flink.cluster'),
    component: terms('flink.component'),
    host: terms('host.name'),
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

/** Reads the facets. A job without a name is counted by its id. */
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
    cluster: read(aggregations['cluster']),
    process: readProcesses(aggregations['process']),
    component: read(aggregations['component']),
    host: read(aggregations['host']),
    logger: read(aggregations['logger']),
    errorType: read(aggregations['errorType']),
  };
}

/**
 * Counts documents by process. Documents of an older release have the name of a process and others its hash, so that
 * one process may have two buckets.
 */
function readProcesses(value: unknown): Facets['process'] {
  const counts = new Map<string, number>();
  for (const bucket of readBuckets(value)) {
    const name = readProcess(String(bucket['key']), bucket);
    counts.set(name, (counts.get(name) ?? 0) + Number(bucket['doc_count']));
  }
  return [...counts].map(([name, count]) => ({ value: name, count })).sort((a, b) => b.count - a.count);
}

/** Returns the range of the times found, or undefined if nothing was found. */
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

function buildNode(node: QueryNode, processes: readonly StoredProcess[]): Clause {
  switch (node.kind) {
    case 'all':
      return { match_all: {} };
    case 'phrase':
      return inTexts((field) => ({ match_phrase: { [field]: node.words.join(' ') } }));
    case 'word':
      return inTexts((field) => ({ wildcard: { [field]: { value: toWildcard(node.glob) } } }));
    case 'value':
      return buildValue(node.field, node.glob, processes);
    case 'jobs':
      return anyOf(node.values.map((name) => buildShape(node.field, [name])));
    case 'place':
      return buildPlace(node);
    case 'words':
      return inTexts((field) => ({ terms: { [field]: node.words } }));
    case 'records':
      return { ids: { values: node.ids.flatMap(listIds) } };
    case 'job':
      throw new Error('A search is built before its jobs are resolved.');
    case 'not':
      return { bool: { must_not: [buildNode(node.node, processes)] } };
    case 'and':
      return { bool: { filter: node.nodes.map((part) => buildNode(part, processes)) } };
    case 'or':
      return anyOf(node.nodes.map((part) => buildNode(part, processes)));
  }
}

function anyOf(should: readonly Clause[]): Clause {
  return { bool: { should, minimum_should_match: 1 } };
}

/** Builds a clause over the two fields in which an index may have the words of a text. */
function inTexts(build: (field: string) => Clause): Clause {
  return anyOf([WORDS_FIELD, MESSAGE_WORDS_FIELD].map(build));
}

function buildPlace({ cluster, spans }: Extract<QueryNode, { readonly kind: 'place' }>): Clause {
  const filter: Clause[] = [{ term: { 'flink.cluster': cluster } }];
  if (spans !== undefined) filter.push(anyOf(spans.map(buildSpan)));
  return { bool: { filter } };
}

function buildSpan({ process, fromMs, toMs }: JobSpan): Clause {
  const filter: Clause[] = [];
  if (process !== undefined) filter.push(buildProcess(process));
  if (fromMs !== undefined || toMs !== undefined)
    filter.push({ range: { '@timestamp': { gte: fromMs, lte: toMs, format: 'epoch_millis' } } });
  return { bool: { filter } };
}

function buildValue(field: ValueField, glob: Glob, processes: readonly StoredProcess[]): Clause {
  const isAny = isAnything(glob);
  if (field === 'id') return isAny ? { match_all: {} } : buildId(glob);
  if (field === 'jobtrace.process' && !isAny) return buildProcesses(glob, processes);
  const usual = USUAL_VALUES[field];
  if (usual === undefined) return isAny ? { exists: { field } } : buildShape(field, glob);
  const has: Clause = { exists: { field } };
  // A document leaves out a usual value.
  const should: Clause[] = [isAny ? has : buildShape(field, glob)];
  if (fitsAnyCase(glob, usual)) should.push({ bool: { must_not: [has] } });
  return { bool: { should, minimum_should_match: 1 } };
}

export function buildShape(field: string, glob: Glob): Clause {
  if (!hasStar(glob)) return { term: { [field]: { value: glob[0] ?? '', case_insensitive: true } } };
  return {
    wildcard: {
      [field]: { value: toWildcard(glob), case_insensitive: true },
    },
  };
}

/**
 * Builds the clause for an id. Document ids are found only as a whole. A pattern finds the ids inside documents, as an
 * older release stored them.
 */
function buildId(glob: Glob): Clause {
  const [id = ''] = glob;
  const values = hasStar(glob) ? [] : [...listIds(id), ...listIds(id.toLowerCase())];
  return { bool: { should: [{ ids: { values } }, buildShape('id', glob)], minimum_should_match: 1 } };
}

function buildProcesses(glob: Glob, processes: readonly StoredProcess[]): Clause {
  const stored = processes.filter(({ name }) => fitsAnyCase(glob, name)).map((process) => process.stored);
  return { terms: { 'jobtrace.process': stored } };
}

/** Renders the pattern of a wildcard query. */
function toWildcard(glob: Glob): string {
  return glob.map((literal) => literal.replace(/[*?\\]/g, '\\$&')).join('*');
}
