// Wraps a store for one request: a search ends when its caller disconnects or its time limit is reached, and a search
// that would read too much is refused before it starts. The API gives each request such a store (api/server.ts).
import { createError, type JobtraceError } from '../core/errors.js';
import { chargeSearch, MAX_COST, SHARP_LETTERS } from './query/cost.js';
import type { AskLimits, RecordQuery, RecordSearch } from './store.js';

/** Largest number of patterns that the refusal names. */
const NAMED = 3;

/** Why a search stopped: its caller has gone, it waited too long for others, or it took too long. */
export type StopReason = 'gone' | 'waited' | 'late';

/** Returns the JT_SEARCH_STOPPED of a search. */
export function explainStop(reason: StopReason, { limitMs = 0 }: AskLimits, cause?: unknown): JobtraceError {
  const seconds = limitMs / 1000;
  const problem = {
    gone: 'its caller has gone',
    waited: `it waited ${seconds} s for other searches that take long`,
    late: `it was not done within ${seconds} s`,
  }[reason];
  return createError('JT_SEARCH_STOPPED', { problem }, cause);
}

/** Returns the store with limited searches. They throw JT_SEARCH_STOPPED and JT_SEARCH_TOO_DEAR too. */
export function limitSearches<Asked extends RecordSearch>(store: Asked, limits: AskLimits): Asked {
  return {
    ...store,
    searchRecords: async (query) => {
      refuseExpensive(query);
      return store.searchRecords(query, limits);
    },
    findRecords: async (query) => {
      refuseExpensive(query);
      return store.findRecords(query, limits);
    },
    countJobRecords: (query) => store.countJobRecords(query, limits),
    findContext: (id, lines) => store.findContext(id, lines, limits),
  };
}

function refuseExpensive(query: Partial<RecordQuery>): void {
  const { cost, patterns } = chargeSearch(query);
  if (cost <= MAX_COST) return;
  const named = patterns.slice(0, NAMED).join(', ');
  throw createError('JT_SEARCH_TOO_DEAR', { count: patterns.length, patterns: named, letters: SHARP_LETTERS });
}
