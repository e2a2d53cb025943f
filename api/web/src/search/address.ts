// Converts between a search and the address of the page: text, included and excluded filters, and time range. Takes the
// address; returns filters, the parameters of an API request, and the address after a change. Pure functions.
import { toIso } from '../../../../core/time/iso.ts';
import { starWords } from '../../../../store/query/variants.ts';
import type { FacetName } from '../../../../store/store.ts';
import type { TextKey } from '../texts/text.tsx';

/** Filters that a click can set. The key is the parameter in the address; a `-` before it excludes the value. */
export const FILTERS = [
  { key: 'level', field: 'level', facet: 'level', name: 'level' },
  { key: 'job', field: 'job', facet: 'job', name: 'job' },
  { key: 'error', field: 'error.type', facet: 'errorType', name: 'errorType' },
  { key: 'component', field: 'component', facet: 'component', name: 'component' },
  { key: 'process', field: 'jobtrace.process', facet: 'process', name: 'process' },
  { key: 'logger', field: 'log.logger', facet: 'logger', name: 'logger' },
  { key: 'host', field: 'host.name', facet: 'host', name: 'host' },
  { key: 'cluster', field: 'cluster', facet: 'cluster', name: 'cluster' },
] as const satisfies readonly {
  readonly key: string;
  readonly field: string;
  readonly facet: FacetName;
  readonly name: TextKey;
}[];

export type FilterKey = (typeof FILTERS)[number]['key'];

export interface Filter {
  readonly key: FilterKey;
  readonly value: string;
  readonly isExcluded: boolean;
}

export interface TimeRange {
  readonly ms: number;
  readonly name: TextKey;
}

/** Length of each range back from now, in milliseconds; 0 means everything. */
export const RANGES: Readonly<Record<string, TimeRange>> = {
  '15m': { ms: 900_000, name: 'last15m' },
  '1h': { ms: 3_600_000, name: 'last1h' },
  '1d': { ms: 86_400_000, name: 'last1d' },
  '7d': { ms: 604_800_000, name: 'last7d' },
  all: { ms: 0, name: 'all' },
};
/** Range of a search that names none. */
export const OPENING_RANGE = '15m';
/** Filters that are parameters of the API; the other ones become part of the search text. */
const PARAMETERS: readonly FilterKey[] = ['job', 'process', 'cluster', 'component'];

export function listFilters(address: URLSearchParams): readonly Filter[] {
  return FILTERS.flatMap(({ key }) => [
    ...address.getAll(key).map((value) => ({ key, value, isExcluded: false })),
    ...address.getAll(`-${key}`).map((value) => ({ key, value, isExcluded: true })),
  ]);
}

/** Adds a filter. The same filter again removes it; the opposite filter replaces it. */
export function toggleFilter(address: URLSearchParams, { key, value, isExcluded }: Filter): URLSearchParams {
  const next = new URLSearchParams(address);
  const [name, other] = isExcluded ? [`-${key}`, key] : [key, `-${key}`];
  const had = next.getAll(name).includes(value);
  next.delete(name, value);
  next.delete(other, value);
  if (!had) next.append(name, value);
  next.delete('record');
  return next;
}

export function hasRange(address: URLSearchParams): boolean {
  return ['range', 'from', 'to'].some((name) => address.has(name));
}

/** Returns the name of the range, or "zoomed" if the address has its own start and end. */
export function readRangeName(address: URLSearchParams): string {
  const name = address.get('range');
  if (name !== null && name in RANGES) return name;
  return address.has('from') || address.has('to') ? 'zoomed' : OPENING_RANGE;
}

/** Returns the parameters of a request without paging. `without` names a filter that is left out. */
export function toRequest(address: URLSearchParams, now: number, without?: FilterKey): URLSearchParams {
  const filters = listFilters(address).filter(({ key }) => key !== without);
  const parameters = new URLSearchParams();
  const terms: string[] = [];
  for (const { key, field } of FILTERS) {
    const own = filters.filter((filter) => filter.key === key);
    const wanted = own.filter(({ isExcluded }) => !isExcluded).map(({ value }) => value);
    const [first] = wanted;
    if (key === 'level') for (const value of wanted) parameters.append(key, value);
    else if (first !== undefined && wanted.length === 1 && PARAMETERS.includes(key)) parameters.set(key, first);
    else if (first !== undefined) terms.push(`${field}:(${wanted.map(quote).join(' OR ')})`);
    for (const { value, isExcluded } of own) if (isExcluded) terms.push(`-${field}:${quote(value)}`);
  }
  const query = joinQuery((address.get('query') ?? '').trim(), terms);
  if (query !== '') parameters.set('query', query);
  const range = RANGES[readRangeName(address)];
  if (range !== undefined && range.ms > 0) parameters.set('from', toIso(now - range.ms));
  for (const name of ['from', 'to']) {
    const value = address.get(name);
    if (range === undefined && value !== null) parameters.set(name, value);
  }
  return parameters;
}

function joinQuery(text: string, terms: readonly string[]): string {
  if (terms.length === 0) return text;
  return [...(text === '' ? [] : [`(${text})`]), ...terms].join(' ');
}

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** Variant of the search, and its difference. */
export interface Variant {
  readonly name: TextKey;
  readonly what: string;
  readonly address: URLSearchParams;
}

/** Returns the variants of the search of an address. */
export function listVariants(address: URLSearchParams): readonly Variant[] {
  const query = address.get('query') ?? '';
  const variants: Variant[] = [];
  for (const isAnywhere of [false, true]) {
    const starred = starWords(query, isAnywhere);
    if (starred !== undefined)
      variants.push({
        name: isAnywhere ? 'partOfWord' : 'beginOfWord',
        what: starred,
        address: withQuery(address, starred),
      });
  }
  for (const filter of listFilters(address)) {
    const name = FILTERS.find(({ key }) => key === filter.key)?.key ?? filter.key;
    const what = `${filter.isExcluded ? '-' : ''}${name}: ${filter.value}`;
    variants.push({ name: 'withoutFilter', what, address: toggleFilter(address, filter) });
  }
  variants.push({ name: 'inAllTime', what: '', address: withoutRange(address) });
  if (query !== '') variants.push({ name: 'withoutWords', what: '', address: withQuery(address, '') });
  return variants;
}

function withQuery(address: URLSearchParams, query: string): URLSearchParams {
  const next = new URLSearchParams(address);
  if (query === '') next.delete('query');
  else next.set('query', query);
  return next;
}

function withoutRange(address: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams(address);
  next.delete('from');
  next.delete('to');
  next.set('range', 'all');
  return next;
}
