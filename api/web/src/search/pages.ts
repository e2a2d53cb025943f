// Knows where the pages of a search begin: which row is on which page, and how a page is requested. Joins the records
// that arrive while a search is followed with those that are shown. Pure functions.
import type { LogRecord } from '../../../../core/types.ts';
import type { ListedRecords } from '../../../schemas/records.ts';

/** Order of the rows. */
export type RowOrder = 'newest' | 'oldest';

export const PAGE_SIZE = 200;
/** Start of a page: its first row, and the cursor of the server for it. */
export interface PageRange {
  readonly start: number;
  readonly after: string;
  /** Number of rows; undefined until the page was loaded once. */
  readonly length?: number;
}

/** Adds a loaded page: sets its length, and adds the start of the next page. */
export function addPage(places: readonly PageRange[], { records, next }: ListedRecords): readonly PageRange[] {
  const last = places.at(-1);
  if (last === undefined) return places;
  const known = [...places.slice(0, -1), { ...last, length: records.length }];
  return next === undefined ? known : [...known, { start: last.start + records.length, after: next }];
}

/** Returns the last page that begins at or before the row. */
export function findPage(places: readonly PageRange[], index: number): number {
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

/** Largest number of records that are kept; a new search finds the others. */
const MAX_WAITING = 5_000;

/** Adds a record; a record that has grown replaces its earlier form. */
export function addRecord(records: readonly LogRecord[], record: LogRecord): readonly LogRecord[] {
  return [record, ...records.filter(({ id }) => id !== record.id)].slice(0, MAX_WAITING);
}

/** Puts waiting records before the shown ones; a waiting record replaces its earlier form. */
export function joinRecords(waiting: readonly LogRecord[], shown: readonly LogRecord[]): readonly LogRecord[] {
  const ids = new Set(waiting.map(({ id }) => id));
  return [...waiting, ...shown.filter(({ id }) => !ids.has(id))].slice(0, MAX_WAITING);
}
