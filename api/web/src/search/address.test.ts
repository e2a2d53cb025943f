import { describe, expect, it } from 'vitest';
import { hasRange, listFilters, readRangeName, toggleFilter, toRequest } from './address.ts';

const NOW = Date.parse('2026-11-20T18:00:00.000Z');
const request = (address: string, without?: 'level' | 'job'): Record<string, string> =>
  Object.fromEntries(toRequest(new URLSearchParams(address), NOW, without));

describe('the request of an address', () => {
  it('has the range back from now, fifteen minutes if none is named', () => {
    expect(request('')).toEqual({ from: '2026-11-20T17:45:00.000Z' });
    expect(request('range=1d')).toEqual({ from: '2026-11-19T18:00:00.000Z' });
    expect(request('range=all')).toEqual({});
    expect(request('range=never')).toEqual({ from: '2026-11-20T17:45:00.000Z' });
  });

  it('has the start and end of a zoomed range, and no other', () => {
    expect(request('from=2026-11-20T01:00:00Z&to=2026-11-20T02:00:00Z')).toEqual({
      from: '2026-11-20T01:00:00Z',
      to: '2026-11-20T02:00:00Z',
    });
  });

  it('passes one job as a parameter, and several as a part of the text', () => {
    expect(request('range=all&job=orders')).toEqual({ job: 'orders' });
    expect(request('range=all&job=orders&job=clicks')).toEqual({ query: 'job:("orders" OR "clicks")' });
  });

  it('joins the text with filters that are no parameters, so that an OR in it stays whole', () => {
    expect(request('range=all&query=a OR b&host=node-1&-logger=x.Y')).toEqual({
      query: '(a OR b) -log.logger:"x.Y" host.name:("node-1")',
    });
  });

  it('passes each level, and quotes what would end a quoted text', () => {
    expect(toRequest(new URLSearchParams('range=all&level=ERROR&level=WARN'), NOW).getAll('level')).toEqual([
      'ERROR',
      'WARN',
    ]);
    expect(request('range=all&host=a"b\\c')).toEqual({ query: 'host.name:("a\\"b\\\\c")' });
  });

  it('leaves out the filter whose values are counted', () => {
    expect(request('range=all&job=orders&level=WARN', 'job')).toEqual({ level: 'WARN' });
  });
});

describe('a filter of the address', () => {
  const toggle = (address: string, isExcluded: boolean): string =>
    toggleFilter(new URLSearchParams(address), { key: 'host', value: 'n1', isExcluded }).toString();

  it('is set, removed by the same click, and replaced by its opposite', () => {
    expect(toggle('', false)).toBe('host=n1');
    expect(toggle('host=n1&host=n2', false)).toBe('host=n2');
    expect(toggle('host=n1', true)).toBe('-host=n1');
  });

  it('closes the record that was open', () => {
    expect(toggle('record=7&query=x', false)).toBe('query=x&host=n1');
  });

  it('is listed with whether it excludes', () => {
    expect(listFilters(new URLSearchParams('-level=INFO&job=a&foo=b'))).toEqual([
      { key: 'level', value: 'INFO', isExcluded: true },
      { key: 'job', value: 'a', isExcluded: false },
    ]);
  });
});

it('names the range of an address', () => {
  const names = ['range=7d', 'from=x', 'to=x', 'query=x', 'range=unknown&to=x'];
  expect(names.map((text) => readRangeName(new URLSearchParams(text)))).toEqual([
    '7d',
    'zoomed',
    'zoomed',
    '15m',
    'zoomed',
  ]);
  expect(names.map((text) => hasRange(new URLSearchParams(text)))).toEqual([true, true, true, false, true]);
});
