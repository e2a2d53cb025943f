// A store as one request asks it: its searches end when the caller goes, or when they have taken as long as they may,
// and those that would read too much are refused before they begin. The API hands it to each request (api/server.ts).
import { createError } from '../core/errors.js';
import { chargeSearch, MAX_COST, SHARP_LETTERS } from './query/cost.js';
import type { AskLimits, RecordQuery, RecordSearch } from './store.js';

/** Patterns that a refusal names. */
const NAMED = 3;

/** Its searches throw JT_SEARCH_STOPPED and JT_SEARCH_TOO_DEAR, too. */
export function limitSearches<Asked extends RecordSearch>(store: Asked, limits: AskLimits): Asked {
  return {
    ...store,
    searchRecords: async (query) => {
      refuseDear(query);
      return store.searchRecords(query, limits);
    },
    findRecords: async (query) => {
      refuseDear(query);
      return store.findRecords(query, limits);
    },
    countJobRecords: (query) => store.countJobRecords(query, limits),
    findContext: (id, lines) => store.findContext(id, lines, limits),
  };
}

function refuseDear(query: Partial<RecordQuery>): void {
  const { cost, patterns } = chargeSearch(query);
  if (cost <= MAX_COST) return;
  const named = patterns.slice(0, NAMED).join(', ');
  throw createError('JT_SEARCH_TOO_DEAR', { count: patterns.length, patterns: named, letters: SHARP_LETTERS });
}
