// Values that rules and the engine's rows write alike → one list of texts, and a compiled regular expression or the
// problem that says where it is wrong. Called by compile.ts (rules) and by the engine's tables; reads no files.
import type { DocumentPath, ParsedDocument, Problem } from '../../../core/document.js';
import { JobtraceError } from '../../../core/errors.js';
import { spellPattern } from './spelling.js';
import { createRegex, deferRegex, type Pattern } from '../../../core/regex.js';

export function toList(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** Undefined where none is written, or it is wrong: then a problem is added. */
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
