// What is wrong with the text of a search, in the language of the page. In: the text. Out: undefined where it can be
// understood. What is typed is judged by it, and nothing wrong is sent.
import { JobtraceError } from '../../../../../core/errors.ts';
import type { Language } from '../../../../../core/types.ts';
import { wordProblem, type QueryProblem } from '../../../../../store/query/problems.ts';
import { parseQuery } from '../../../../../store/query/query.ts';

export function findProblem(text: string, lang: Language): QueryProblem | undefined {
  try {
    parseQuery(text);
    return undefined;
  } catch (error) {
    if (error instanceof JobtraceError) return wordProblem(text, error.details, lang);
    throw error;
  }
}
