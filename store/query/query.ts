// Parses the language of the search box: text to a tree that both adapters compile. It has words (all must occur), "an
// exact phrase", -without and NOT, field:value with the names of fields.ts, `*` in words and values, OR, AND and
// parentheses, field:(a OR b). Text that cannot be understood is an error with its position and advice, but text pasted
// from a log ("Caused by: java.io.IOException: …", "akka.tcp://flink@host") is just words. Pure functions.
import type { JobtraceError } from '../../core/errors.js';
import type { ValueField } from '../../core/record.js';
import { hasStar, isAnything, MAX_GLOB_LENGTH, parseGlob, type Glob } from '../../core/text/glob.js';
import { findNearest } from '../../core/text/nearest.js';
import type { JobSpan } from '../../core/documents/job.js';
import type { RecordQuery } from '../store.js';
import { lowerLetters, splitWords } from '../words.js';
import { findSearchField, SEARCH_FIELDS, type SearchField } from './fields.js';
import { explainQuery } from './problems.js';

export type QueryNode =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly nodes: readonly QueryNode[] }
  | { readonly kind: 'not'; readonly node: QueryNode }
  /** Words that follow one another. */
  | { readonly kind: 'phrase'; readonly words: readonly string[] }
  /** Word that matches this pattern. */
  | { readonly kind: 'word'; readonly glob: Glob }
  /** Whole value of a field that matches this pattern, in any case. `['', '']` means "has any value". */
  | { readonly kind: 'value'; readonly field: ValueField; readonly glob: Glob }
  /**
   * Everything that belongs to the jobs whose id or name matches this pattern. job-lines.ts replaces it by
   * the other kinds.
   */
  | { readonly kind: 'job'; readonly glob: Glob }
  /** Jobs with one of these ids or names. */
  | { readonly kind: 'jobs'; readonly field: 'flink.job.id' | 'flink.job.name'; readonly values: readonly string[] }
  /** Records of this cluster (a whole name), and in one of the spans if they are given. */
  | { readonly kind: 'place'; readonly cluster: string; readonly spans?: readonly JobSpan[] }
  /** Any of these words. */
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** Records with these ids. */
  | { readonly kind: 'records'; readonly ids: readonly string[] };

type Token =
  | { readonly kind: 'open' | 'close' | 'or' | 'and' | 'not'; readonly at: number }
  | { readonly kind: 'field'; readonly at: number; readonly field: SearchField }
  | TextToken;

interface TextToken {
  readonly kind: 'text';
  readonly at: number;
  readonly text: string;
  readonly quoted: boolean;
}

interface Cursor {
  readonly tokens: readonly Token[];
  readonly end: number;
  next: number;
  depth: number;
}

const MAX_LENGTH = 20_000;
const MAX_TERMS = 500;
const MAX_DEPTH = 40;

/** Parses the text and the job of a search, without its filters. Throws JT_QUERY_INVALID. */
export function parseSearch({ query = '', job }: Pick<RecordQuery, 'query' | 'job'>): QueryNode {
  const node = parseQuery(query);
  return job === undefined ? node : joinNodes('and', [node, { kind: 'job', glob: [job] }]);
}

/** Parses the text of a search. An empty text is `all`. Throws JT_QUERY_INVALID. */
export function parseQuery(text: string): QueryNode {
  if (text.length > MAX_LENGTH) throw explainQuery(MAX_LENGTH, 'tooLong', { max: MAX_LENGTH });
  const cursor: Cursor = { tokens: splitTokens(text), end: text.length, next: 0, depth: 0 };
  if (cursor.tokens.length === 0) return { kind: 'all' };
  const beyond = cursor.tokens[MAX_TERMS];
  if (beyond !== undefined) throw explainQuery(beyond.at, 'tooManyTerms', { max: MAX_TERMS });
  const node = parseOr(cursor, undefined);
  const rest = cursor.tokens[cursor.next];
  if (rest !== undefined) throw explainQuery(rest.at, 'closesNothing');
  return node;
}

function parseOr(cursor: Cursor, field: SearchField | undefined): QueryNode {
  const nodes = [parseAnd(cursor, field)];
  while (cursor.tokens[cursor.next]?.kind === 'or') {
    cursor.next += 1;
    nodes.push(parseAnd(cursor, field));
  }
  return joinNodes('or', nodes);
}

function parseAnd(cursor: Cursor, field: SearchField | undefined): QueryNode {
  const nodes: QueryNode[] = [];
  const first = cursor.tokens[cursor.next];
  for (;;) {
    const token = cursor.tokens[cursor.next];
    if (token === undefined || token.kind === 'close' || token.kind === 'or') break;
    if (token.kind === 'and') {
      if (nodes.length === 0) throw explainOperator('AND', token.at);
      cursor.next += 1;
      if (!startsTerm(cursor.tokens[cursor.next])) throw explainOperator('AND', token.at);
      continue;
    }
    nodes.push(parseTerm(cursor, field));
  }
  if (nodes.length === 0) {
    const before = cursor.tokens[cursor.next - 1];
    const operator = first?.kind === 'or' ? first : before?.kind === 'or' ? before : undefined;
    if (operator !== undefined) throw explainOperator('OR', operator.at);
    if (before?.kind === 'open') throw explainQuery(before.at, 'emptyParentheses');
    throw explainQuery(first?.at ?? cursor.end, 'missing');
  }
  return joinNodes('and', nodes);
}

function parseTerm(cursor: Cursor, field: SearchField | undefined): QueryNode {
  const token = cursor.tokens[cursor.next];
  cursor.next += 1;
  if (token?.kind === 'not' || token?.kind === 'open') cursor.depth += 1;
  if (token !== undefined && cursor.depth > MAX_DEPTH) throw explainQuery(token.at, 'tooDeep');
  if (token?.kind === 'not') {
    if (!startsTerm(cursor.tokens[cursor.next])) throw explainQuery(token.at, 'notAlone');
    return { kind: 'not', node: parseTerm(cursor, field) };
  }
  if (token?.kind === 'open') {
    const node = parseOr(cursor, field);
    if (cursor.tokens[cursor.next]?.kind !== 'close') throw explainQuery(token.at, 'neverClosed');
    cursor.next += 1;
    cursor.depth -= 1;
    return node;
  }
  if (token?.kind === 'field') return parseTerm(cursor, token.field);
  if (token?.kind === 'text') return field === undefined ? wordsNode(token) : fieldNode(field, token);
  throw explainQuery(token?.at ?? cursor.end, 'missing');
}

function startsTerm(token: Token | undefined): boolean {
  return (
    token !== undefined &&
    (token.kind === 'open' || token.kind === 'not' || token.kind === 'field' || token.kind === 'text')
  );
}

function joinNodes(kind: 'and' | 'or', nodes: readonly QueryNode[]): QueryNode {
  const asking = kind === 'and' ? nodes.filter((node) => node.kind !== 'all') : nodes;
  return asking.length === 1 && asking[0] !== undefined
    ? asking[0]
    : asking.length === 0
      ? { kind: 'all' }
      : { kind, nodes: asking };
}

/**
 * Builds a phrase of the words. Patterns (`Timeout*`) are separate nodes, each for one word. Punctuation alone asks for
 * nothing.
 */
function wordsNode({ at, text, quoted }: TextToken): QueryNode {
  if (quoted || !hasStar(parseGlob(text))) {
    const words = splitWords(text);
    return words.length === 0 ? { kind: 'all' } : { kind: 'phrase', words };
  }
  const nodes: QueryNode[] = [];
  let plain: string[] = [];
  for (const shape of lowerLetters(text).match(/[\p{L}\p{N}\p{M}*]+/gu) ?? []) {
    const glob = readGlob(at, shape);
    if (!hasStar(glob)) {
      for (const word of splitWords(shape)) plain.push(word);
      continue;
    }
    if (plain.length > 0) nodes.push({ kind: 'phrase', words: plain });
    plain = [];
    if (!isAnything(glob)) nodes.push({ kind: 'word', glob });
  }
  if (plain.length > 0) nodes.push({ kind: 'phrase', words: plain });
  return joinNodes('and', nodes);
}

/** Parses a pattern. `at` is the position of the term that has the text. */
function readGlob(at: number, text: string): Glob {
  const glob = parseGlob(text);
  if (hasStar(glob) && text.length > MAX_GLOB_LENGTH) throw explainQuery(at, 'longPattern', { max: MAX_GLOB_LENGTH });
  return glob;
}

function fieldNode(field: SearchField, token: TextToken): QueryNode {
  const glob = token.quoted ? [token.text] : readGlob(token.at, token.text);
  if (field.values !== undefined && !hasStar(glob)) checkValue(field, field.values, token);
  if (field.isJob === true && !isAnything(glob)) return { kind: 'job', glob };
  const shapes: Glob[] = [glob];
  const [first = '', ...others] = glob;
  for (const separator of field.after ?? []) shapes.push(['', separator + first, ...others]);
  for (const separator of field.before ?? []) shapes.push([...glob.slice(0, -1), (glob.at(-1) ?? '') + separator, '']);
  const values = field.fields.flatMap((name) =>
    shapes.map((shape): QueryNode => ({ kind: 'value', field: name, glob: shape })),
  );
  const any = joinNodes('or', values);
  return field.component === undefined
    ? any
    : { kind: 'and', nodes: [any, { kind: 'value', field: 'flink.component', glob: [field.component] }] };
}

function checkValue(field: SearchField, values: readonly string[], token: TextToken): void {
  const lower = token.text.toLowerCase();
  if (values.some((value) => value.toLowerCase() === lower)) return;
  const near = findNearest(token.text, values);
  const place = { field: field.name, wrong: token.text, values: values.join(', ') };
  throw near === undefined
    ? explainQuery(token.at, 'unknownValue', place)
    : explainQuery(token.at, 'nearValue', { ...place, near });
}

/**
 * Splits text into tokens. A `-` counts only at the start of a term. A parenthesis inside a word ("foo()", "a(1/2)")
 * belongs to the word.
 */
function splitTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/\s/.test(char)) at += 1;
    else if (char === '(' || char === ')') {
      tokens.push({ kind: char === '(' ? 'open' : 'close', at });
      at += 1;
    } else if (char === '-' && /[^\s-]/.test(text.charAt(at + 1))) {
      tokens.push({ kind: 'not', at });
      at += 1;
    } else if (char === '"') {
      const quote = readQuoted(text, at);
      tokens.push({ kind: 'text', at, text: quote.text, quoted: true });
      at = quote.end;
    } else at = readWord(text, at, tokens);
  }
  return tokens;
}

function readWord(text: string, at: number, tokens: Token[]): number {
  const named = /^([\w.]+):/.exec(text.slice(at, at + 60));
  if (named?.[1] !== undefined) {
    const after = at + named[0].length;
    const field = findField(text, at, named[1], after);
    if (field !== undefined) {
      if (after >= text.length || /\s/.test(text.charAt(after))) {
        throw explainQuery(after, 'noValue', { name: named[1], example: field.example });
      }
      tokens.push({ kind: 'field', at, field });
      // A `-` is part of the value only directly after the colon: "tm:-1" asks for "-1".
      if (text.charAt(after) === '"' || text.charAt(after) === '(') return after;
      const end = findWordEnd(text, after);
      tokens.push({ kind: 'text', at: after, text: text.slice(after, end), quoted: false });
      return end;
    }
  }
  const end = findWordEnd(text, at);
  const word = text.slice(at, end);
  const operator = word === 'OR' ? 'or' : word === 'AND' ? 'and' : word === 'NOT' ? 'not' : undefined;
  tokens.push(operator === undefined ? { kind: 'text', at, text: word, quoted: false } : { kind: operator, at });
  return end;
}

/**
 * Returns the field of `name:`, or undefined if it is just text of a log. Throws JT_QUERY_INVALID for an unknown name
 * that has the form of a field.
 */
function findField(text: string, at: number, name: string, after: number): SearchField | undefined {
  const field = findSearchField(name);
  if (field !== undefined) return field;
  const isText = after >= text.length || /[\s/:\\]/.test(text.charAt(after)) || !/^[a-z_]+$/i.test(name);
  if (isText) return undefined;
  const names = SEARCH_FIELDS.map((short) => short.name);
  const near = SEARCH_FIELDS.find((short) => short.name === findNearest(name, names));
  const place = { wrong: name, value: text.slice(after, findWordEnd(text, after)) };
  throw near === undefined
    ? explainQuery(at, 'unknownField', { ...place, names: names.join(', ') })
    : explainQuery(at, 'nearField', { ...place, near: near.name });
}

function findWordEnd(text: string, start: number): number {
  let open = 0;
  let at = start;
  for (; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (/\s/.test(char) || char === '"') break;
    if (char === '(') open += 1;
    if (char === ')') {
      if (open === 0) break;
      open -= 1;
    }
  }
  return at > start ? at : start + 1;
}

function readQuoted(text: string, at: number): { text: string; end: number } {
  let out = '';
  for (let index = at + 1; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === '"') return { text: out, end: index + 1 };
    if (char === '\\' && /["\\]/.test(text.charAt(index + 1))) {
      index += 1;
      out += text.charAt(index);
    } else out += char;
  }
  throw explainQuery(at, 'openQuote');
}

function explainOperator(operator: 'OR' | 'AND', at: number): JobtraceError {
  return explainQuery(at, 'operatorAlone', { operator, word: operator.toLowerCase() });
}
