// Computes the cost of a search before it starts. Words are looked up in an index, but a pattern that does not begin
// with letters is compared with every word that the store has, and it may match nearly every record. Pure functions.
import { hasStar, printGlob, type Glob } from '../../core/text/glob.js';
import type { RecordQuery } from '../store.js';
import { parseSearch, type QueryNode } from './query.js';

export interface SearchCost {
  readonly cost: number;
  /** Patterns that are compared with every word, as they were written. */
  readonly patterns: readonly string[];
}

/** Largest cost: six patterns with three letters in a row each, or two without, with counts next to the lines. */
export const MAX_COST = 12;
/** Number of letters in a row that make a pattern selective. Fewer letters in a row are in nearly every record. */
export const SHARP_LETTERS = 3;

/** Computes the cost of a search. Throws JT_QUERY_INVALID. */
export function chargeSearch(
  query: Pick<RecordQuery, 'query' | 'job'> & Partial<Pick<RecordQuery, 'facets' | 'histogramBuckets'>>,
): SearchCost {
  if (query.query?.includes('*') !== true) return { cost: 0, patterns: [] };
  const globs = listWords(parseSearch(query)).filter((glob) => hasStar(glob) && !isPrefix(glob));
  const isCounted = query.facets === true || query.histogramBuckets !== undefined;
  const cost = globs.reduce((sum, glob) => sum + (isSharp(glob) ? 1 : SHARP_LETTERS), 0) * (isCounted ? 2 : 1);
  return { cost, patterns: globs.map(printGlob) };
}

/** True if the index of words can look the pattern up, as in `check*`. */
function isPrefix(glob: Glob): boolean {
  const [first = '', tail] = glob;
  return glob.length === 2 && tail === '' && first !== '';
}

function isSharp(glob: Glob): boolean {
  return glob.some((literal) => literal.length >= SHARP_LETTERS);
}

function listWords(node: QueryNode): readonly Glob[] {
  switch (node.kind) {
    case 'word':
      return [node.glob];
    case 'not':
      return listWords(node.node);
    case 'and':
    case 'or':
      return node.nodes.flatMap(listWords);
    default:
      return [];
  }
}
