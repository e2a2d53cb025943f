// Page of a list of incidents, shared by both adapters: the position at which the next page begins, and the counts of
// values. Pure functions.
import { createError } from '../core/errors.js';
import type { IncidentRow } from '../core/documents/incident.js';
import type { IncidentFacet, IncidentPage, ValueCount } from './store.js';
import { parseJson } from './stored.js';

/** Largest number of values in the counts of one facet, the most frequent ones. */
export const MAX_COUNTS = 50;

/** Position of an incident in a list: when it was last seen (null if it does not say), and its id. */
export type IncidentPlace = readonly [lastSeen: number | null, id: string];

function encodeIncidentPlace(place: IncidentPlace): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Decodes a position. Throws JT_REQUEST_INVALID for a text that no page returned. */
export function decodeIncidentPlace(text: string): IncidentPlace {
  const value = parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  if (Array.isArray(value) && value.length === 2) {
    const [lastSeen, id]: readonly unknown[] = value;
    if ((lastSeen === null || Number.isSafeInteger(lastSeen)) && typeof id === 'string')
      return [lastSeen === null ? null : Number(lastSeen), id];
  }
  throw createError('JT_REQUEST_INVALID', { problems: '"after" is not the "next" of a page' });
}

/** Returns the position at which the page ends, if another page may follow. */
export function findNext(page: readonly IncidentRow[], limit: number): { next?: string } {
  const last = page.length < limit ? undefined : page.at(-1);
  if (last === undefined) return {};
  const lastSeen = last.lastSeen === undefined ? NaN : Date.parse(last.lastSeen);
  return { next: encodeIncidentPlace([Number.isNaN(lastSeen) ? null : lastSeen, last.id]) };
}

/** Values that a number of incidents share. */
export interface CountedValues {
  readonly values: (facet: IncidentFacet) => unknown;
  readonly count: number;
}

export function foldCounts(rows: readonly CountedValues[]): Pick<IncidentPage, 'total' | 'counts'> {
  const countFacet = (facet: IncidentFacet): readonly ValueCount[] => {
    const found = new Map<string, number>();
    for (const { values, count } of rows) {
      const value = values(facet);
      if (typeof value === 'string') found.set(value, (found.get(value) ?? 0) + count);
    }
    return rankCounts([...found].map(([value, count]) => ({ value, count })));
  };
  return { total: rows.reduce((sum, { count }) => sum + count, 0), counts: mapFacets(countFacet) };
}

function mapFacets<Result>(read: (facet: IncidentFacet) => Result): Readonly<Record<IncidentFacet, Result>> {
  return {
    outcome: read('outcome'),
    severity: read('severity'),
    owner: read('owner'),
    cause: read('cause'),
    cluster: read('cluster'),
  };
}

/** Sorts counts by frequency and then by name, and keeps the first ones. */
function rankCounts(counts: readonly ValueCount[]): readonly ValueCount[] {
  return [...counts].sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, MAX_COUNTS);
}
