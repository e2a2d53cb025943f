// A search while it is typed → what stands unfinished at the caret, a name of a field or a value of one, and the text
// once that is chosen. In: the text and the caret. Out: the range to be replaced; another text with its caret. Pure and
// lenient: what cannot be understood yet has nothing to be completed. The page offers what fits (search/typing/).
import { findSearchField, type SearchField } from './fields.js';

export interface Unfinished {
  /** Of the term, with a `-` before it. */
  readonly term: number;
  /** What is replaced: [start, end). */
  readonly start: number;
  readonly end: number;
  /** Whose value is typed; without it, the name of a field. */
  readonly field?: SearchField;
  /** Up to the caret, without quotes. */
  readonly typed: string;
}

export interface Completed {
  readonly text: string;
  readonly caret: number;
}

/** `-`, `name:`, and a quoted text, open or closed, or a word. */
const TERM = /-*(?:([\w.]+):)?("(?:[^"\\]|\\.)*"?|[^\s()"]*)/y;

/** Undefined inside a phrase, and where a name is none of ours. */
export function findUnfinished(text: string, caret: number): Unfinished | undefined {
  /** Of `level:(ERROR OR …)`. */
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

/** A name wants a value next; a value is followed by the next term. */
export function completeTerm(text: string, { start, end, field }: Unfinished, choice: string): Completed {
  const rest = text.slice(end);
  const chosen = field === undefined ? `${choice}:` : writeValue(choice);
  const gap = field === undefined || /^[\s)]/.test(rest) ? '' : ' ';
  const before = text.slice(0, start) + chosen + gap;
  return { text: before + rest, caret: before.length + (gap === '' && rest.startsWith(' ') ? 1 : 0) };
}

/** As it stands where it is one word, else in quotes. */
function writeValue(value: string): string {
  return /^[^\s"()*:\\]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** The search for what may be meant: the other terms, and the values of the field that begin with what was typed. */
export function askForValues(text: string, { term, end, field, typed }: Unfinished): readonly string[] {
  const rest = `${text.slice(0, term)} ${text.slice(end)}`.replace(/\s+/g, ' ').trim();
  const begun = field === undefined || !/^[^\s"()*:\\]+$/.test(typed) ? '' : `${field.name}:${typed}*`;
  return [[rest, begun].filter((part) => part !== '').join(' '), begun];
}
