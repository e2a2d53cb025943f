// Reads values that rules and the engine's rows write in the same way: a list of texts, and a regular expression that
// is compiled, or reported with the place where it is wrong. It reads no files.
import type { DocumentPath, ParsedDocument, Problem } from '../../core/document.js';
import { JobtraceError } from '../../core/errors.js';
import { spellPattern } from './spelling.js';
import { createRegex, deferRegex, type Pattern } from '../../core/regex.js';

export function toList(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** Compiles a pattern. Returns undefined if there is none, or if it is wrong; then a problem is added. */
export function compileRegex(
  { document, problems }: { readonly document: ParsedDocument; readonly problems: Problem[] },
  source: string | undefined,
  path: DocumentPath,
): Pattern | undefined {
  if (source === undefined) return undefined;
  if (document.trusted === true) return deferRegex(spellPattern(source));
  try {
    return createRegex(spellPattern(source));
  } catch (error) {
    if (!(error instanceof JobtraceError)) throw error;
    problems.push(document.problemAt(path, error.message));
    return undefined;
  }
}
