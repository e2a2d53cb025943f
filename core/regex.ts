// The only door to RE2: every pattern that a user or a rule brings is compiled here, so none can backtrack.
import RE2 from 're2';
import { createError } from './errors.js';

export type Regex = RE2;

/** Compiles for UTF-16 strings. Throws JT_PATTERN_UNSUPPORTED with what RE2 lacks, in plain words. */
export function createRegex(source: string, flags = 'u'): Regex {
  try {
    return new RE2(source, flags.includes('u') ? flags : `${flags}u`);
  } catch (error) {
    throw createError('JT_PATTERN_UNSUPPORTED', { pattern: source, problem: explainRefusal(source, error) });
  }
}

/** What a rule asks of its patterns. */
export interface Pattern {
  readonly source: string;
  exec(text: string): RegExpExecArray | null;
  test(text: string): boolean;
}

/** A pattern that was accepted before: compiled when it is used for the first time. */
export function deferRegex(source: string): Pattern {
  let regex: Regex | undefined;
  const open = (): Regex => (regex ??= createRegex(source));
  return { source, exec: (text) => open().exec(text), test: (text) => open().test(text) };
}

/** Text → a pattern that matches exactly it. */
export function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function explainRefusal(source: string, error: unknown): string {
  if (/\(\?<?[=!]/.test(source)) return 'it has a look-ahead or look-behind, which RE2 does not have; put the exception under "unless"';
  if (/\\[1-9]/.test(source)) return 'it has a back-reference, which RE2 does not have; capture both places and compare them in "when"';
  if (/[*+?}]\+/.test(source)) return 'it has a possessive quantifier, which RE2 does not have; a plain one cannot backtrack here';
  if (/pattern too large|bad repetition|invalid repetition/.test(errorText(error))) return 'it repeats too often for RE2: at most 1000 times, repetitions inside others multiplied';
  return errorText(error);
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
