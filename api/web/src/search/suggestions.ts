// Suggests completions while a search is typed: field names, and values with their number of lines in the current range
// and filters; the API applies the viewer's scope. Takes the text, the caret and the address of the search; returns the
// suggestions. The field (query-field.tsx) shows them.
import { useQuery } from '@tanstack/react-query';
import { completeTerm, askForValues, findUnfinished, type Completed } from '../../../../store/query/complete.ts';
import { SEARCH_FIELDS } from '../../../../store/query/fields.ts';
import type { FacetName, FacetValue } from '../../../../store/store.ts';
import { api } from '../server/client.ts';
import type { TextKey } from '../speech/text.tsx';
import { usePause } from '../view/pause.ts';
import { FILTERS, toRequest } from './address.ts';
import { findProblem } from './query-problem.ts';

export interface Suggestion {
  readonly label: string;
  /** Description of a field; `example` is an example of it. */
  readonly about?: TextKey;
  readonly example?: string;
  /** Number of lines with this value. */
  readonly count?: number;
  readonly done: Completed;
}

/** Pause in typing, in milliseconds, before values are counted. */
const PAUSE_MS = 150;
/** Time, in milliseconds, for which counts are reused. */
const FRESH_MS = 30_000;
const MAX = 12;

/** Descriptions of fields, the most requested ones first. */
const ABOUT: Readonly<Record<string, TextKey>> = {
  level: 'level',
  job: 'job',
  cluster: 'cluster',
  error: 'errorType',
  host: 'host',
  process: 'process',
  component: 'component',
  logger: 'logger',
  thread: 'thread',
  file: 'file',
  pod: 'pod',
  namespace: 'namespace',
  container: 'container',
  tm: 'taskManager',
  version: 'flinkVersion',
  kind: 'kindOfFile',
};

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
  if (unfinished === undefined) return [];
  const typed = unfinished.typed.toLowerCase();
  if (field === undefined) return typed === '' && !isAsked ? [] : listFields(text, unfinished, typed);
  const values = joinValues(counted, field.values ?? []).filter(({ value }) => value.toLowerCase().includes(typed));
  // A text that is already complete needs no suggestion.
  if (values.length === 1 && values[0]?.value.toLowerCase() === typed) return [];
  return values
    .slice(0, MAX)
    .map(({ value, count }) => ({ label: value, count, done: completeTerm(text, unfinished, value) }));
}

function listFields(
  text: string,
  unfinished: Parameters<typeof completeTerm>[1],
  typed: string,
): readonly Suggestion[] {
  return Object.entries(ABOUT)
    .filter(([name]) => name.startsWith(typed))
    .map(([name, about]) => ({
      label: `${name}:`,
      about,
      example: SEARCH_FIELDS.find((one) => one.name === name)?.example,
      done: completeTerm(text, unfinished, name),
    }));
}

/** Adds the known values without lines; only fields with few values have such a list. */
function joinValues(counted: readonly FacetValue[], known: readonly string[]): readonly FacetValue[] {
  const others = known.filter((name) => !counted.some(({ value }) => value === name));
  return [...counted, ...others.map((value) => ({ value, count: 0 }))];
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
