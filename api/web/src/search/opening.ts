// Chooses the range of a search that names none: the last 15 minutes, or the shortest range that has a matching line,
// so that the page opens with data. Takes the address; returns it with the range, and whether it is set. The search
// (search.tsx) waits for it.
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api } from '../server/client.ts';
import { hasRange, OPENING_RANGE, RANGES, toRequest } from './address.ts';

export function useOpeningRange(address: URLSearchParams, replace: (address: URLSearchParams) => void): boolean {
  const isThere = hasRange(address) || address.has('record');
  const text = address.toString();
  const { data, isError } = useQuery({
    queryKey: ['opening range', text],
    queryFn: () => findRange(new URLSearchParams(text)),
    enabled: !isThere,
  });
  // The search itself reports what is wrong with it.
  const range = data ?? (isError ? OPENING_RANGE : undefined);
  useEffect(() => {
    if (!isThere && range !== undefined) replace(withRange(new URLSearchParams(text), range));
  }, [isThere, range, text, replace]);
  return isThere;
}

async function findRange(address: URLSearchParams): Promise<string> {
  for (const range of Object.keys(RANGES)) {
    const parameters = toRequest(withRange(address, range), Date.now());
    parameters.set('limit', '1');
    if ((await api.records(parameters)).total > 0) return range;
  }
  return OPENING_RANGE;
}

function withRange(address: URLSearchParams, range: string): URLSearchParams {
  const next = new URLSearchParams(address);
  next.set('range', range);
  return next;
}
