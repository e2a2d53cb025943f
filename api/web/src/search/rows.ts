// Loads the rows of a search in pages: visible pages are requested and others are dropped, so that a hundred thousand
// rows take no more memory than a thousand. Takes a request and its first page; returns the number of known rows, and
// each row near the visible ones. The list (list.tsx) reports the visible rows.
import { useQueries } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import type { LogRecord } from '../../../../core/types.ts';
import type { RecordPage } from '../../../../store/store.ts';
import { api } from '../server/client.ts';

/** Order of the rows. */
export type RowOrder = 'newest' | 'oldest';

export const PAGE_SIZE = 200;
/** Time, in milliseconds, after which an invisible page is dropped. */
const KEPT_MS = 5_000;
/** Distance to the end of a page, in rows, at which the next page is requested. */
const AHEAD_ROWS = 60;

/** Start of a page: its first row, and the cursor of the server for it. */
interface PagePlace {
  readonly start: number;
  readonly after: string;
  /** Number of rows; undefined until the page was loaded once. */
  readonly length?: number;
}

export interface Rows {
  /** Number of rows that are known so far. */
  readonly count: number;
  readonly hasMore: boolean;
  /** Returns a row; undefined while it is being loaded. */
  readonly read: (index: number) => LogRecord | undefined;
  /** Reports the first and the last visible row. */
  readonly look: (first: number, last: number) => void;
}

/** Returns the rows of one request while the list is mounted. */
export function useRows(request: string, first: RecordPage, order: RowOrder): Rows {
  const [places, setPlaces] = useState<readonly PagePlace[]>(() => addPage([{ start: 0, after: '' }], first));
  const [[from, to], setSeen] = useState<readonly [number, number]>([0, 0]);
  const wanted = places.map((_, page) => page).filter((page) => page >= from && page <= to);
  const pages = useQueries({
    queries: wanted.map((page) => ({
      ...describePage(request, page, places[page]?.after ?? '', order),
      initialData: page === 0 ? first : undefined,
    })),
  });
  const loaded = new Map(wanted.map((page, index) => [page, pages[index]?.data]));
  const end = loaded.get(places.length - 1);
  useEffect(() => {
    if (end !== undefined) setPlaces((known) => (known.at(-1)?.length === undefined ? addPage(known, end) : known));
  }, [end]);
  const look = useCallback(
    (firstRow: number, lastRow: number) => {
      const next = [findPage(places, firstRow), findPage(places, lastRow + AHEAD_ROWS)] as const;
      setSeen((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
    },
    [places],
  );
  const last = places.at(-1);
  return {
    count: (last?.start ?? 0) + (last?.length ?? 0),
    hasMore: last?.length === undefined,
    read: (index) => {
      const page = findPage(places, index);
      return loaded.get(page)?.records[index - (places[page]?.start ?? 0)];
    },
    look,
  };
}

/**
 * Describes the query of a page. It is outside the component, because a closure in it would keep all rendered data in
 * memory, page after page.
 */
function describePage(request: string, page: number, after: string, order: RowOrder) {
  return {
    queryKey: ['rows', request, page, order],
    queryFn: (): Promise<RecordPage> => api.records(pageParameters(request, after, order)),
    staleTime: Infinity,
    gcTime: KEPT_MS,
  };
}

/** Adds a loaded page: sets its length, and adds the start of the next page. */
function addPage(places: readonly PagePlace[], { records, next }: RecordPage): readonly PagePlace[] {
  const last = places.at(-1);
  if (last === undefined) return places;
  const known = [...places.slice(0, -1), { ...last, length: records.length }];
  return next === undefined ? known : [...known, { start: last.start + records.length, after: next }];
}

/** Returns the last page that begins at or before the row. */
function findPage(places: readonly PagePlace[], index: number): number {
  let low = 0;
  let high = places.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((places[middle]?.start ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function pageParameters(request: string, after: string, order: RowOrder): URLSearchParams {
  const parameters = new URLSearchParams(request);
  parameters.set('limit', String(PAGE_SIZE));
  parameters.set('order', order);
  if (after !== '') parameters.set('after', after);
  return parameters;
}
