// Chooses what completes the term at the caret: field names with an example, or values with their number of lines. Pure
// functions.
import { completeTerm, type Completed, type Unfinished } from '../../../../store/query/complete.ts';
import { SEARCH_FIELDS } from '../../../../store/query/fields.ts';
import type { FacetValue } from '../../../../store/store.ts';
import type { TextKey } from '../texts/text.tsx';

export interface Suggestion {
  readonly label: string;
  /** Description of a field; `example` is an example of it. */
  readonly about?: TextKey;
  readonly example?: string;
  /** Number of lines with this value. */
  readonly count?: number;
  readonly done: Completed;
}

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

/** Returns the suggestions for the term. `isAsked`: return fields even if nothing is typed. */
export function listSuggestions(
  text: string,
  unfinished: Unfinished,
  counted: readonly FacetValue[],
  isAsked: boolean,
): readonly Suggestion[] {
  const { field } = unfinished;
  const typed = unfinished.typed.toLowerCase();
  if (field === undefined) return typed === '' && !isAsked ? [] : listFields(text, unfinished, typed);
  const values = joinValues(counted, field.values ?? []).filter(({ value }) => value.toLowerCase().includes(typed));
  // A text that is already complete needs no suggestion.
  if (values.length === 1 && values[0]?.value.toLowerCase() === typed) return [];
  return values
    .slice(0, MAX)
    .map(({ value, count }) => ({ label: value, count, done: completeTerm(text, unfinished, value) }));
}

function listFields(text: string, unfinished: Unfinished, typed: string): readonly Suggestion[] {
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
