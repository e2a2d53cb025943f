// Loads the rows of a search in pages: visible pages are requested and others are dropped, so that a hundred thousand
// rows take no more memory than a thousand. Takes a request and its first page; returns the number of known rows, and
// each row near the visible ones. The list (list.tsx) reports the visible rows.
import { useQueries } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import type { LogRecord } from '../../../../core/types.ts';
import type { ListedRecords } from '../../../schemas/records.ts';
import { api } from '../server/client.ts';
import { addPage, findPage, pageParameters, type PageRange, type RowOrder } from './pages.ts';

/** Time, in milliseconds, after which an invisible page is dropped. */
const KEPT_MS = 5_000;
/** Distance to the end of a page, in rows, at which the next page is requested. */
const AHEAD_ROWS = 60;

export interface Rows {
  /** Number of rows that are known so far. */
  readonly count: number;
  readonly hasMore: boolean;
  /** Returns a row; undefined while it is being loaded. */
  readonly read: (index: number) => LogRecord | undefined;
  /** Reports the first and the last visible row. */
  readonly setVisible: (first: number, last: number) => void;
}

/** Returns the rows of one request while the list is mounted. */
export function useRows(request: string, first: ListedRecords, order: RowOrder): Rows {
  const [places, setPlaces] = useState<readonly PageRange[]>(() => addPage([{ start: 0, after: '' }], first));
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
  const setVisible = useCallback(
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
    setVisible,
  };
}

/**
 * Describes the query of a page. It is outside the component, because a closure in it would keep all rendered data in
 * memory, page after page.
 */
function describePage(request: string, page: number, after: string, order: RowOrder) {
  return {
    queryKey: ['rows', request, page, order],
    queryFn: () => api.records(pageParameters(request, after, order)),
    staleTime: Infinity,
    gcTime: KEPT_MS,
  };
}
