// The rows of a search, loaded by windows: those that are looked at are asked for, those that are not any more are
// forgotten, so that a hundred thousand rows take no more memory than a thousand. In: a request and its first page.
// Out: how many rows are known, and each of them while it is near. The list (list.tsx) says where one looks.
import { useQueries } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import type { LogRecord } from '../../../../core/types.ts';
import type { RecordPage } from '../../../../store/store.ts';
import { api } from '../server/client.ts';

/** Which end comes first. */
export type RowOrder = 'newest' | 'oldest';

export const PAGE_SIZE = 200;
/** A page that nobody looks at is forgotten after this. */
const KEPT_MS = 5_000;
/** So many rows before its end the next page is asked for. */
const AHEAD_ROWS = 60;

/** Where a page begins: its first row, and the mark with which the server gives it. */
interface PagePlace {
  readonly start: number;
  readonly after: string;
  /** Rows, once it was loaded. */
  readonly length?: number;
}

export interface Rows {
  /** Known so far. */
  readonly count: number;
  readonly hasMore: boolean;
  /** Undefined while it is loaded (again). */
  readonly read: (index: number) => LogRecord | undefined;
  /** What is looked at now. */
  readonly look: (first: number, last: number) => void;
}

/** Of one request for as long as the list stands. */
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

/** Beside the component: what a request is made with would keep all that was drawn with it, page after page. */
function describePage(request: string, page: number, after: string, order: RowOrder) {
  return {
    queryKey: ['rows', request, page, order],
    queryFn: (): Promise<RecordPage> => api.records(pageParameters(request, after, order)),
    staleTime: Infinity,
    gcTime: KEPT_MS,
  };
}

/** The last place was loaded: its length is known now, and where the next one begins. */
function addPage(places: readonly PagePlace[], { records, next }: RecordPage): readonly PagePlace[] {
  const last = places.at(-1);
  if (last === undefined) return places;
  const known = [...places.slice(0, -1), { ...last, length: records.length }];
  return next === undefined ? known : [...known, { start: last.start + records.length, after: next }];
}

/** The last page that begins at or before the row. */
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
