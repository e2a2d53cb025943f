// Suggests completions while a search is typed: field names, and values with their number of lines in the current range
// and filters; the API applies the viewer's scope. Takes the text, the caret and the address of the search; returns the
// suggestions. The field (query-field.tsx) shows them.
import { useQuery } from '@tanstack/react-query';
import { askForValues, findUnfinished } from '../../../../store/query/complete.ts';
import type { FacetName, FacetValue } from '../../../../store/store.ts';
import { api } from '../server/client.ts';
import { usePause } from '../view/pause.ts';
import { FILTERS, toRequest } from './address.ts';
import { listSuggestions, type Suggestion } from './choices.ts';
import { findProblem } from './query-problem.ts';

/** Pause in typing, in milliseconds, before values are counted. */
const PAUSE_MS = 150;
/** Time, in milliseconds, for which counts are reused. */
const FRESH_MS = 30_000;

/** Returns the suggestions. `isAsked`: return them even if nothing is typed. */
export function useSuggestions(
  text: string,
  caret: number,
  address: URLSearchParams,
  isAsked: boolean,
): readonly Suggestion[] {
  const unfinished = findUnfinished(text, caret);
  const field = unfinished?.field;
  const facet = FILTERS.find(({ key }) => key === field?.name)?.facet;
  const asked = unfinished === undefined || facet === undefined ? undefined : askForValues(text, unfinished);
  const counted = useCounts(facet, asked, address);
  return unfinished === undefined ? [] : listSuggestions(text, unfinished, counted, isAsked);
}

/** Returns the number of lines with each value, by the first of the searches that can be parsed. */
function useCounts(
  facet: FacetName | undefined,
  asked: readonly string[] | undefined,
  address: URLSearchParams,
): readonly FacetValue[] {
  const query = usePause(asked?.find((one) => findProblem(one, 'en') === undefined) ?? '', PAUSE_MS);
  const search = new URLSearchParams(address);
  search.set('query', query);
  const { data } = useQuery({
    queryKey: ['values', search.toString()],
    queryFn: () => {
      const parameters = toRequest(search, Date.now());
      parameters.set('limit', '1');
      parameters.set('facets', 'true');
      return api.records(parameters);
    },
    enabled: facet !== undefined,
    staleTime: FRESH_MS,
    placeholderData: (before) => before,
  });
  return (facet === undefined ? undefined : data?.facets?.[facet]) ?? [];
}
