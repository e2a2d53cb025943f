// A search → SQL over the tables of schema.ts. Parts that ask only for words become one FTS5 expression. Pure: it
// makes text and parameters, sqlite.ts runs them.
import type { ValueField } from '../../core/record.js';
import { hasStar, isAnything, type Glob } from '../../core/text/glob.js';
import { parseTime, type Position } from '../page.js';
import { resolveJobs } from '../jobs/lines.js';
import { parseSearch, type QueryNode } from '../query.js';
import { findColumn } from './schema.js';
import type { JobLines, RecordQuery } from '../store.js';

export interface SqlCondition {
  readonly sql: string;
  readonly params: readonly (string | number)[];
}

/** Either a condition, or an FTS5 expression that can still be joined with others. */
type Part = { readonly words: string } | SqlCondition;

/** Words that may stand for one shape (`*exception`): more would make the expression too long. */
const MAX_SHAPE_WORDS = 2_000;
export const SEARCH_ORDER = ['time', 'file', '"offset"', 'id'] as const;

/**
 * The WHERE of a search, without paging; `lines` are of the jobs that it names. Throws JT_QUERY_INVALID and
 * JT_REQUEST_INVALID.
 */
export function buildWhere(query: Omit<RecordQuery, 'limit' | 'order'>, lines: readonly JobLines[] = []): SqlCondition {
  const conditions: SqlCondition[] = [buildNode(resolveJobs(parseSearch(query), lines))];
  const equals: readonly (readonly [string, string | undefined])[] = [
    ['job_id', query.jobId],
    ['cluster', query.cluster],
    ['process', query.process],
    ['component', query.component],
  ];
  for (const [column, value] of equals)
    if (value !== undefined) conditions.push({ sql: `${column} = ?`, params: [value] });
  if (query.from !== undefined) conditions.push({ sql: 'time >= ?', params: [parseTime('from', query.from)] });
  if (query.to !== undefined) conditions.push({ sql: 'time < ?', params: [parseTime('to', query.to)] });
  if (query.levels !== undefined)
    conditions.push({ sql: `level IN (${query.levels.map(() => '?').join(', ')})`, params: query.levels });
  // Word by word as in the index of facts (schema.ts), or it would not be used.
  if (query.signal !== undefined)
    conditions.push({ sql: `signal >= '${query.signal}.' AND signal < '${query.signal}/'`, params: [] });
  if (query.skip !== undefined) conditions.push({ sql: 'signal IS NOT ?', params: [query.skip] });
  if (query.scope !== undefined) conditions.push(buildScope(query.scope));
  return joinConditions('AND', conditions);
}

/** Records or incidents of these jobs and clusters; an empty scope sees nothing. */
export function buildScope(scope: readonly Glob[]): SqlCondition {
  const conditions = scope.flatMap((glob) =>
    ['cluster', 'job_id', 'job_name'].map((column): SqlCondition => ({
      sql: `ifnull(${column} GLOB ?, 0)`,
      params: [toSqlGlob(glob)],
    })),
  );
  return conditions.length === 0 ? { sql: '0', params: [] } : joinConditions('OR', conditions);
}

/** Only what comes after that position in the order of the search. */
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

function buildNode(node: QueryNode): SqlCondition {
  return closeWords(buildPart(node));
}

function buildPart(node: QueryNode): Part {
  switch (node.kind) {
    case 'all':
      return { sql: '1', params: [] };
    case 'phrase':
      return { words: `"${node.words.join(' ')}"` };
    case 'word':
      return buildShape(node.glob);
    case 'value':
      return buildValue(node.field, node.glob);
    case 'place':
      return buildPlace(node);
    case 'words':
      return { words: node.words.map((word) => `"${word}"`).join(' OR ') };
    case 'records':
      return { sql: 'id IN (SELECT value FROM json_each(?))', params: [JSON.stringify(node.ids)] };
    case 'job':
      throw new Error('A search is built before its jobs are resolved.');
    case 'not': {
      const inner = buildNode(node.node);
      return { sql: `NOT (${inner.sql})`, params: inner.params };
    }
    case 'and':
    case 'or':
      return joinParts(node.kind === 'and' ? 'AND' : 'OR', node.nodes.map(buildPart));
  }
}

function joinParts(operator: 'AND' | 'OR', parts: readonly Part[]): Part {
  const words = parts.flatMap((part) => ('words' in part ? [part.words] : []));
  const joined = words.length === 0 ? [] : [{ words: words.map((text) => `(${text})`).join(` ${operator} `) }];
  const others = parts.flatMap((part) => ('words' in part ? [] : [part]));
  return others.length === 0 && joined[0] !== undefined
    ? joined[0]
    : joinConditions(operator, [...joined.map(closeWords), ...others]);
}

function closeWords(part: Part): SqlCondition {
  return 'words' in part ? { sql: 'seq IN (SELECT rowid FROM words WHERE words MATCH ?)', params: [part.words] } : part;
}

/** FTS5 knows prefixes; any other shape is looked up in the list of all words. */
function buildShape(glob: Glob): Part {
  const [head = '', tail] = glob;
  if (glob.length === 2 && tail === '' && head !== '') return { words: `"${head}" *` };
  return {
    sql: `seq IN (SELECT rowid FROM words WHERE words MATCH (SELECT ifnull(group_concat('"' || term || '"', ' OR '), '""') FROM (SELECT term FROM vocabulary WHERE term GLOB ? LIMIT ${MAX_SHAPE_WORDS})))`,
    params: [toSqlGlob(glob)],
  };
}

function buildPlace({ cluster, process, fromMs, toMs }: Extract<QueryNode, { readonly kind: 'place' }>): SqlCondition {
  const tests: readonly (readonly [string, string | number | undefined])[] = [
    ['cluster =', cluster],
    ['process =', process],
    ['time >=', fromMs],
    ['time <=', toMs],
  ];
  return joinConditions(
    'AND',
    tests.flatMap(([test, value]) => (value === undefined ? [] : [{ sql: `${test} ?`, params: [value] }])),
  );
}

function buildValue(field: ValueField, glob: Glob): SqlCondition {
  const { column, isList } = findColumn(field);
  if (isAnything(glob)) return { sql: `${column} IS NOT NULL`, params: [] };
  const test = compareShape(glob);
  return !isList
    ? { sql: `ifnull(${column} ${test.sql}, 0)`, params: test.params }
    : {
        sql: `${column} IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(${column}) WHERE value ${test.sql})`,
        params: test.params,
      };
}

/** Behind a column: whether it has this shape, in any case. */
export function compareShape(glob: Glob): SqlCondition {
  return hasStar(glob)
    ? { sql: `LIKE ? ESCAPE '\\'`, params: [toSqlLike(glob)] }
    : { sql: '= ? COLLATE NOCASE', params: [glob[0] ?? ''] };
}

/** For GLOB, which minds the case. */
function toSqlGlob(glob: Glob): string {
  return glob.map((literal) => literal.replace(/[*?[]/g, '[$&]')).join('*');
}

/** For LIKE with the escape `\`, which ignores the case of ASCII letters. */
function toSqlLike(glob: Glob): string {
  return glob.map((literal) => literal.replace(/[%_\\]/g, '\\$&')).join('%');
}
