// Compiles a search to SQL over the tables of schema.ts. Terms that ask only for words become one FTS5 expression. Pure
// functions: they build text and parameters, and the callers run them.
import type { ValueField } from '../../core/record.js';
import { hasStar, isAnything, type Glob } from '../../core/text/glob.js';
import { parseTime, type Position } from '../page.js';
import { resolveJobs } from '../job-lines.js';
import { parseSearch, type QueryNode } from '../query/query.js';
import { goesOn } from './engine.js';
import { findColumn } from './schema.js';
import type { JobLines, JobSpan } from '../../core/documents/job.js';
import type { RecordQuery } from '../store.js';

export interface SqlCondition {
  readonly sql: string;
  readonly params: readonly (string | number)[];
}

/** Condition, or an FTS5 expression that can still be joined with others. */
type Part = { readonly words: string } | SqlCondition;

/** Largest number of words that match one pattern (`*exception`). More would make the expression too long. */
const MAX_SHAPE_WORDS = 2_000;
export const SEARCH_ORDER = ['time', 'file', '"offset"', 'id'] as const;

/**
 * Builds the WHERE of a search, without paging. `lines` are those of the jobs that it names, `seqs` is the range that
 * has all records of its time. Throws JT_QUERY_INVALID and JT_REQUEST_INVALID.
 */
export function buildWhere(
  query: Omit<RecordQuery, 'limit' | 'order'>,
  lines: readonly JobLines[] = [],
  seqs?: SeqRange,
): SqlCondition {
  const range = buildRange(query);
  const within: Within = { range, seqs };
  const conditions: SqlCondition[] = [buildNode(resolveJobs(parseSearch(query), lines), within), ...range];
  const equals: readonly (readonly [string, string | undefined])[] = [
    ['cluster', query.cluster],
    ['process', query.process],
    ['component', query.component],
  ];
  for (const [column, value] of equals)
    if (value !== undefined) conditions.push({ sql: `${column} = ?`, params: [value] });
  // The index of jobs ignores the case, so the id is compared once more.
  if (query.jobId !== undefined)
    conditions.push({ sql: 'job_id = ? COLLATE NOCASE AND job_id = ?', params: [query.jobId, query.jobId] });
  if (query.levels !== undefined) conditions.push(buildLevels(query.levels));
  // The text must be the same as in the index of facts (schema.ts), because the index is not used otherwise.
  if (query.signal !== undefined)
    conditions.push({ sql: `signal >= '${query.signal}.' AND signal < '${query.signal}/'`, params: [] });
  if (query.skip !== undefined) conditions.push({ sql: 'signal IS NOT ?', params: [query.skip] });
  if (query.ids !== undefined)
    conditions.push({ sql: 'id IN (SELECT value FROM json_each(?))', params: [JSON.stringify(query.ids)] });
  if (query.scope !== undefined) conditions.push(buildScope(query.scope));
  return joinConditions('AND', conditions);
}

export function buildRange(query: Pick<RecordQuery, 'from' | 'to'>): readonly SqlCondition[] {
  const range: SqlCondition[] = [];
  if (query.from !== undefined) range.push({ sql: 'time >= ?', params: [parseTime('from', query.from)] });
  if (query.to !== undefined) range.push({ sql: 'time < ?', params: [parseTime('to', query.to)] });
  return range;
}

/** Builds the condition for records or incidents of these jobs and clusters. An empty scope finds nothing. */
export function buildScope(scope: readonly Glob[]): SqlCondition {
  const conditions = scope.flatMap((glob) =>
    ['cluster', 'job_id', 'job_name'].map((column): SqlCondition => ({
      sql: `ifnull(${column} GLOB ?, 0)`,
      params: [toSqlGlob(glob)],
    })),
  );
  return conditions.length === 0 ? { sql: '0', params: [] } : joinConditions('OR', conditions);
}

/** Builds the condition for what comes after that position in the order of the search. */
export function buildAfter(position: Position, order: RecordQuery['order']): SqlCondition {
  return {
    sql: `(${SEARCH_ORDER.join(', ')}) ${order === 'newest' ? '<' : '>'} (?, ?, ?, ?)`,
    params: position.map((value) => value ?? ''),
  };
}

export function joinConditions(operator: 'AND' | 'OR', conditions: readonly SqlCondition[]): SqlCondition {
  const asking = operator === 'AND' ? conditions.filter((condition) => condition.sql !== '1') : conditions;
  if (asking.length === 0) return { sql: '1', params: [] };
  return {
    sql: asking.map((condition) => `(${condition.sql})`).join(` ${operator} `),
    params: asking.flatMap((condition) => condition.params),
  };
}

/** Limits inside which an index is searched. */
interface Within {
  readonly range: readonly SqlCondition[];
  readonly seqs: SeqRange | undefined;
}

/** Range of sequence numbers. Both ends are inclusive. */
export interface SeqRange {
  readonly first: number;
  readonly last: number;
}

function buildNode(node: QueryNode, within: Within): SqlCondition {
  return closeWords(buildPart(node, within), within);
}

function buildPart(node: QueryNode, within: Within): Part {
  switch (node.kind) {
    case 'all':
      return { sql: '1', params: [] };
    case 'phrase':
      return { words: `"${node.words.join(' ')}"` };
    case 'word':
      return buildShape(node.glob, within);
    case 'value':
      return buildValue(node.field, node.glob);
    case 'jobs':
      return buildJobs(node);
    case 'place':
      return buildPlace(node);
    case 'words':
      return { words: node.words.map((word) => `"${word}"`).join(' OR ') };
    case 'records':
      return { sql: 'id IN (SELECT value FROM json_each(?))', params: [JSON.stringify(node.ids)] };
    case 'job':
      throw new Error('A search is built before its jobs are resolved.');
    case 'not': {
      const inner = buildNode(node.node, within);
      return { sql: `NOT (${inner.sql})`, params: inner.params };
    }
    case 'and':
      return joinParts('AND', node.nodes, within, (found) => joinConditions('AND', found));
    case 'or':
      return joinParts('OR', node.nodes, within, (found) =>
        isIndexed(node) ? uniteConditions(found, within.range) : joinConditions('OR', found),
      );
  }
}

function joinParts(
  operator: 'AND' | 'OR',
  nodes: readonly QueryNode[],
  within: Within,
  join: (conditions: readonly SqlCondition[]) => SqlCondition,
): Part {
  const parts = nodes.map((node) => buildPart(node, within));
  const words = parts.flatMap((part) => ('words' in part ? [part.words] : []));
  const joined = words.length === 0 ? [] : [{ words: words.map((text) => `(${text})`).join(` ${operator} `) }];
  const others = parts.flatMap((part) => ('words' in part ? [] : [part]));
  return others.length === 0 && joined[0] !== undefined
    ? joined[0]
    : join([...joined.map((part) => closeWords(part, within)), ...others]);
}

/** True if an index finds the records, so that the others need not be read. */
function isIndexed(node: QueryNode): boolean {
  switch (node.kind) {
    case 'phrase':
    case 'word':
    case 'words':
    case 'records':
    case 'jobs':
      return true;
    case 'value':
      return (node.field === 'flink.job.id' || node.field === 'flink.job.name') && !isAnything(node.glob);
    case 'place':
      return node.spans !== undefined;
    case 'and':
      return node.nodes.some(isIndexed);
    case 'or':
      return node.nodes.every(isIndexed);
    default:
      return false;
  }
}

/**
 * Joins conditions as one lookup each, because SQLite uses no index for an OR of many kinds and would read every
 * record.
 */
function uniteConditions(conditions: readonly SqlCondition[], range: readonly SqlCondition[]): SqlCondition {
  const found = conditions.map((condition) => joinConditions('AND', [condition, ...range]));
  return {
    sql: `seq IN (${found.map(({ sql }) => `SELECT seq FROM records WHERE ${sql} AND ${goesOn('seq')}`).join(' UNION ALL ')})`,
    params: found.flatMap(({ params }) => params),
  };
}

function closeWords(part: Part, within: Within): SqlCondition {
  return 'words' in part ? { sql: `seq IN (${selectWords(within)} ?)`, params: [part.words] } : part;
}

/**
 * Builds the query for words. With a range, the records of an hour with a frequent word are found without reading all
 * the others.
 */
function selectWords({ seqs }: Within): string {
  const there = seqs === undefined ? '' : `rowid BETWEEN ${seqs.first} AND ${seqs.last} AND `;
  return `SELECT rowid FROM words WHERE ${there}${goesOn('rowid')} AND words MATCH`;
}

/**
 * Builds the search for a pattern of words. FTS5 knows prefixes; any other pattern is looked up in the list of all
 * words.
 */
function buildShape(glob: Glob, within: Within): Part {
  const [first = '', second] = glob;
  if (glob.length === 2 && second === '' && first !== '') return { words: `"${first}" *` };
  return {
    sql: `seq IN (${selectWords(within)} (SELECT ifnull(group_concat('"' || term || '"', ' OR '), '""') FROM (SELECT term FROM vocabulary WHERE ${goesOn('unicode(substr(term, -1))', 15)} AND term GLOB ? LIMIT ${MAX_SHAPE_WORDS})))`,
    params: [toSqlGlob(glob)],
  };
}

function buildJobs({ field, values }: Extract<QueryNode, { readonly kind: 'jobs' }>): SqlCondition {
  const { column } = findColumn(field);
  return {
    sql: `${column} IS NOT NULL AND ${column} COLLATE NOCASE IN (SELECT value FROM json_each(?))`,
    params: [JSON.stringify(values)],
  };
}

/** Times before and after every time that a record can have. */
const [FIRST_MS, LAST_MS] = [-1e15, 1e15];

function buildPlace({ cluster, spans }: Extract<QueryNode, { readonly kind: 'place' }>): SqlCondition {
  const here: SqlCondition = { sql: 'cluster = ?', params: [cluster] };
  if (spans === undefined) return here;
  const placed = spans.filter(({ process }) => process !== undefined);
  const anywhere = spans.filter(({ process }) => process === undefined);
  const lookups = [
    selectInSpans(placed, 'records_process', `process = value ->> 0 AND ${IN_SPAN}`),
    selectInSpans(anywhere, 'records_time', IN_SPAN),
  ].filter(({ params }) => params.length > 0);
  const found = {
    sql: `seq IN (${lookups.map(({ sql }) => sql).join(' UNION ALL ')})`,
    params: lookups.flatMap(({ params }) => params),
  };
  return joinConditions('AND', [found, here]);
}

const IN_SPAN = 'time BETWEEN value ->> 1 AND value ->> 2';

/** Builds the lookup of records in spans. CROSS JOIN reads the spans first, then the records of each. */
function selectInSpans(spans: readonly JobSpan[], index: string, on: string): SqlCondition {
  const list = spans.map(({ process = null, fromMs = FIRST_MS, toMs = LAST_MS }) => [process, fromMs, toMs]);
  return {
    sql: `SELECT seq FROM json_each(?) CROSS JOIN records INDEXED BY ${index} WHERE ${on} AND ${goesOn('seq')}`,
    params: list.length === 0 ? [] : [JSON.stringify(list)],
  };
}

const MASS_LEVELS: readonly string[] = ['INFO', 'DEBUG', 'TRACE'];
/**
 * Condition for rare levels. Its text must be the same as in the index of levels (schema.ts), because the index is not
 * used otherwise.
 */
const RARE_LEVELS = `level NOT IN (${MASS_LEVELS.map((level) => `'${level}'`).join(', ')})`;

function buildLevels(levels: readonly string[]): SqlCondition {
  const areRare = levels.every((level) => !MASS_LEVELS.includes(level.toUpperCase()));
  const sql = `level IS NOT NULL AND level COLLATE NOCASE IN (${levels.map(() => '?').join(', ')})`;
  return { sql: areRare ? `${sql} AND ${RARE_LEVELS}` : sql, params: levels };
}

function buildValue(field: ValueField, glob: Glob): SqlCondition {
  const { column, isList } = findColumn(field);
  if (isAnything(glob)) return { sql: `${column} IS NOT NULL`, params: [] };
  if (field === 'log.level' && !hasStar(glob)) return buildLevels([glob[0] ?? '']);
  const test = compareShape(glob);
  const has = isList ? `EXISTS (SELECT 1 FROM json_each(${column}) WHERE value ${test.sql})` : `${column} ${test.sql}`;
  return { sql: `${column} IS NOT NULL AND ${has}`, params: test.params };
}

/** Builds the comparison that follows a column: true if the value matches this pattern, in any case. */
export function compareShape(glob: Glob): SqlCondition {
  return hasStar(glob)
    ? { sql: `LIKE ? ESCAPE '\\'`, params: [toSqlLike(glob)] }
    : { sql: '= ? COLLATE NOCASE', params: [glob[0] ?? ''] };
}

/** Renders a pattern for GLOB, which is case-sensitive. */
function toSqlGlob(glob: Glob): string {
  return glob.map((literal) => literal.replace(/[*?[]/g, '[$&]')).join('*');
}

/** Renders a pattern for LIKE with the escape `\`, which ignores the case of ASCII letters. */
function toSqlLike(glob: Glob): string {
  return glob.map((literal) => literal.replace(/[%_\\]/g, '\\$&')).join('%');
}
