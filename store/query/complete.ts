// Completes a search while it is typed: finds the unfinished name or value at the caret, and builds the text once a
// choice is made. Input: the text and the caret. Output: the range to be replaced, or another text with its caret. Pure
// functions. They are lenient: text that cannot be understood yet has no completion. The page offers the choices
// (search/typing/).
import { findSearchField, type SearchField } from './fields.js';

export interface Unfinished {
  /** Start of the term, including a `-` before it. */
  readonly term: number;
  /** Range to be replaced: [start, end). */
  readonly start: number;
  readonly end: number;
  /** Field whose value is typed. Without it, the name of a field is typed. */
  readonly field?: SearchField;
  /** Text that was typed up to the caret, without quotes. */
  readonly typed: string;
}

export interface Completed {
  readonly text: string;
  readonly caret: number;
}

/** Pattern of a term: `-`, `name:`, and a quoted text (open or closed) or a word. */
const TERM = /-*(?:([\w.]+):)?("(?:[^"\\]|\\.)*"?|[^\s()"]*)/y;

/**
 * Finds the unfinished term at the caret. Returns undefined inside a phrase, and after a name that is not one of our
 * fields.
 */
export function findUnfinished(text: string, caret: number): Unfinished | undefined {
  /** Field of an open group, as in `level:(ERROR OR …)`. */
  let group: SearchField | undefined;
  let at = 0;
  while (at < caret) {
    if (/[\s()]/.test(text.charAt(at))) {
      if (text.charAt(at) === ')') group = undefined;
      at += 1;
      continue;
    }
    TERM.lastIndex = at;
    const [whole = '', name, value = ''] = TERM.exec(text) ?? [];
    const end = at + Math.max(1, whole.length);
    if (caret <= end) return readTerm({ text, caret, at, end, name, value, group });
    if (name !== undefined && value === '' && text.charAt(end) === '(') group = findSearchField(name);
    at = end;
  }
  return { term: caret, start: caret, end: caret, ...(group && { field: group }), typed: '' };
}

interface Term {
  readonly text: string;
  readonly caret: number;
  readonly at: number;
  readonly end: number;
  readonly name: string | undefined;
  readonly value: string;
  readonly group: SearchField | undefined;
}

function readTerm({ text, caret, at, end, name, value, group }: Term): Unfinished | undefined {
  const start = end - value.length;
  const isName = name !== undefined && caret < start;
  if (isName) {
    const from = start - name.length - 1;
    return { term: at, start: from, end: start, typed: text.slice(from, Math.max(from, caret)) };
  }
  const field = name === undefined ? group : findSearchField(name);
  if (field === undefined && (name !== undefined || value.startsWith('"'))) return undefined;
  const typed = text.slice(start, caret).replace(/^"/, '').replace(/"$/, '').replace(/\\(.)/g, '$1');
  return { term: at, start, end, ...(field && { field }), typed };
}

/** Replaces the unfinished term by the choice. A name continues with its value, a value with the next term. */
export function completeTerm(text: string, { start, end, field }: Unfinished, choice: string): Completed {
  const rest = text.slice(end);
  const chosen = field === undefined ? `${choice}:` : writeValue(choice);
  const gap = field === undefined || /^[\s)]/.test(rest) ? '' : ' ';
  const before = text.slice(0, start) + chosen + gap;
  return { text: before + rest, caret: before.length + (gap === '' && rest.startsWith(' ') ? 1 : 0) };
}

/** Writes a value as it is if it is one word, otherwise in quotes. */
function writeValue(value: string): string {
  return /^[^\s"()*:\\]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * Returns two searches for possible values: one for the values of the field that begin with the typed text together
 * with the other terms, and one for these values alone.
 */
export function askForValues(text: string, { term, end, field, typed }: Unfinished): readonly string[] {
  const rest = `${text.slice(0, term)} ${text.slice(end)}`.replace(/\s+/g, ' ').trim();
  const begun = field === undefined || !/^[^\s"()*:\\]+$/.test(typed) ? '' : `${field.name}:${typed}*`;
  return [[rest, begun].filter((part) => part !== '').join(' '), begun];
}
