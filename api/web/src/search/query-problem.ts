// Describes the problem of a search text in the language of the page. Takes the text; returns undefined if it can be
// parsed. Typed text is checked with it, and a text with a problem is not sent.
import { JobtraceError } from '../../../../core/errors.ts';
import type { Language } from '../../../../core/types.ts';
import { wordProblem, type QueryProblem } from '../../../../store/query/problems.ts';
import { parseQuery } from '../../../../store/query/query.ts';

export function findProblem(text: string, lang: Language): QueryProblem | undefined {
  try {
    parseQuery(text);
    return undefined;
  } catch (error) {
    if (error instanceof JobtraceError) return wordProblem(text, error.details, lang);
    throw error;
  }
}
