// Reads a text of a rule's form, such as "Topic {topic:word} not present in metadata after {waited:duration}": literals
// and captures, of which anchor, pattern and types of the captures are derived. Pure functions.
import { findNearest } from '../../../core/text/nearest.js';
import type { CaptureType } from '../rule.js';

/** Pattern of a capture by its type, where the text writes none; the pattern of `text` depends on what follows. */
const TYPES: Readonly<Record<string, { readonly type: CaptureType; readonly pattern: string }>> = {
  text: { type: 'text', pattern: '' },
  word: { type: 'text', pattern: '\\S+' },
  name: { type: 'text', pattern: '[\\w.-]+' },
  line: { type: 'text', pattern: '[^\\n]{1,300}' },
  rest: { type: 'text', pattern: '[^\\n]*' },
  int: { type: 'int', pattern: '\\d+' },
  bytes: { type: 'bytes', pattern: '\\d+(?:\\.\\d+)? ?[A-Za-z]*' },
  duration: { type: 'duration', pattern: '\\d+(?:\\.\\d+)? ?[a-z]+' },
  host: { type: 'host', pattern: '[^\\s/,;]+' },
  path: { type: 'path', pattern: '\\S+' },
  class: { type: 'class', pattern: '[\\w.$]+' },
};

/** Names of the types that a capture of a text can have. */
export const TEXT_TYPES: readonly string[] = Object.keys(TYPES);

/** Returns the type of the values of a capture with this type of a text. */
export function valueTypeOf(name: string): CaptureType {
  return TYPES[name]?.type ?? 'text';
}

/** Minimum length of an anchor. */
export const MIN_ANCHOR = 7;

interface TextSlot {
  /** Name of the capture; undefined: it is not captured. */
  readonly name: string | undefined;
  readonly type: CaptureType;
  /** Pattern, or the text of which the capture consists. */
  readonly pattern: string | readonly FormPart[];
}

type FormPart = { readonly text: string } | TextSlot;

export interface FormText {
  /** Class with which the text begins ("SQLException: …"); undefined if there is none. */
  readonly exception: string | undefined;
  /** Longest literal; undefined if none has the minimum length. */
  readonly anchor: string | undefined;
  /** Pattern; undefined if the text is a literal. */
  readonly regex: string | undefined;
  /** The text itself if it is a literal; undefined otherwise. */
  readonly literal: string | undefined;
  readonly captures: readonly (readonly [name: string, type: CaptureType])[];
  readonly problems: readonly string[];
}

const CLASS = /^((?:[\w$]+\.)*[\w$]*(?:Exception|Error|Throwable|Failure|Fault)): (?=.)/s;

/** Reads a text; with `hasClass`, a class at its beginning is the class of the exception. */
export function readText(text: string, hasClass: boolean): FormText {
  const exception = hasClass ? CLASS.exec(text)?.[1] : undefined;
  const problems: string[] = [];
  const { parts } = cutText(text, exception === undefined ? 0 : exception.length + 2, problems, false);
  const isLiteral = parts.every((part) => 'text' in part);
  const literals = listLiterals(parts);
  const longest = literals.reduce((best, literal) => (literal.length > best.length ? literal : best), '');
  return {
    exception,
    anchor: [longest, exception ?? ''].find((literal) => literal.length >= MIN_ANCHOR),
    regex: isLiteral ? undefined : parts.map(writePart).join(''),
    literal: isLiteral ? literals.join('') : undefined,
    captures: parts.flatMap((part) =>
      'text' in part || part.name === undefined ? [] : [[part.name, part.type] as const],
    ),
    problems,
  };
}

function listLiterals(parts: readonly FormPart[]): readonly string[] {
  return parts.flatMap((part) => {
    if ('text' in part) return [part.text];
    return typeof part.pattern === 'string' ? [] : listLiterals(part.pattern);
  });
}

interface CutText {
  readonly parts: readonly FormPart[];
  /** Position behind what was read. */
  readonly end: number;
}

/** Cuts a text into literals and captures; a text inside a capture ends at the brace that closes it. */
function cutText(text: string, start: number, problems: string[], isInner: boolean): CutText {
  const parts: FormPart[] = [];
  let literal = '';
  let at = start;
  const finish = (): void => {
    if (literal !== '') parts.push({ text: literal });
    literal = '';
  };
  while (at < text.length) {
    const sign = text.charAt(at);
    const isTwice = text.charAt(at + 1) === sign;
    if (isInner && sign === '}' && !isTwice) break;
    if (sign !== '{' || isTwice) {
      literal += sign;
      at += isTwice && (sign === '{' || (isInner && sign === '}')) ? 2 : 1;
      continue;
    }
    const slot = readSlot(text, at, problems, isInner);
    if (slot === undefined) {
      problems.push('has a "{" that no "}" closes; write "{{" for a brace');
      at += 1;
      continue;
    }
    finish();
    parts.push(slot.part);
    at = slot.end;
  }
  finish();
  return { parts, end: at };
}

const SLOT = /\{(…\d*|[^{}:=]*)(?::(?!\/)([^{}:/]*))?(?::\/(.*?)\/)?\}/sy;
const NESTED = /\{([^{}:=]*)=/y;

/** Reads the capture that begins here; undefined: nothing closes it. */
function readSlot(
  text: string,
  start: number,
  problems: string[],
  isInner: boolean,
): { readonly part: TextSlot; readonly end: number } | undefined {
  NESTED.lastIndex = start;
  const nested = NESTED.exec(text);
  if (nested !== null) {
    const inner = cutText(text, start + nested[0].length, problems, true);
    if (text.charAt(inner.end) !== '}') return undefined;
    return {
      part: { name: checkName(nested[1] ?? '', nested[0], problems), type: 'text', pattern: inner.parts },
      end: inner.end + 1,
    };
  }
  SLOT.lastIndex = start;
  const found = SLOT.exec(text);
  if (found === null) return undefined;
  const end = start + found[0].length;
  const next = text.charAt(end);
  return { part: makeSlot(found, isInner && next === '}' ? '' : next, problems), end };
}

function makeSlot(
  [all, name = '', word = 'text', pattern]: RegExpExecArray,
  next: string,
  problems: string[],
): TextSlot {
  const known = findType(word);
  if (known === undefined) {
    const nearest = findNearest(word, TEXT_TYPES);
    problems.push(
      `\`${all}\` has the unknown type \`${word}\`${nearest === undefined ? `; known here: ${TEXT_TYPES.join(', ')}` : `; did you mean \`${nearest}\`?`}`,
    );
  }
  const limit = /^…(\d+)$/.exec(name)?.[1];
  const usual = limit !== undefined ? lineOf(limit) : known?.pattern;
  return {
    name: name.startsWith('…') ? undefined : checkName(name, all, problems),
    type: known?.type ?? 'text',
    pattern: pattern ?? (usual === undefined || usual === '' ? patternBefore(next) : usual),
  };
}

/** Returns the name of a capture; undefined: it is not captured. */
function checkName(name: string, slot: string, problems: string[]): string | undefined {
  if (name !== '' && !/^[a-z][A-Za-z0-9]*$/.test(name))
    problems.push(`\`${slot}\`: a name begins with a small letter and has letters and digits only`);
  return name === '' ? undefined : name;
}

function findType(word: string): { readonly type: CaptureType; readonly pattern: string } | undefined {
  const [, kind, limit] = /^(line|rest)(\d+)$/.exec(word) ?? [];
  return limit === undefined ? TYPES[word] : { type: 'text', pattern: lineOf(limit, kind === 'rest' ? 0 : 1) };
}

/** Pattern of a part of a line of limited length. */
function lineOf(limit: string, least = 1): string {
  return `[^\\n]{${least},${limit}}`;
}

/** Pattern of a text before a character: up to a closing quote or bracket, to the end of the line, or the shortest. */
function patternBefore(next: string): string {
  if (next === '') return '[^\\n]+';
  return CLOSING.includes(next) ? `[^${next === ']' ? '\\]' : next}]+` : '[^\\n]+?';
}

const CLOSING = ["'", '"', '`', ']', ')', '>'];

function writePart(part: FormPart): string {
  if ('text' in part) return quoteText(part.text);
  const pattern = typeof part.pattern === 'string' ? part.pattern : part.pattern.map(writePart).join('');
  if (part.name !== undefined) return `(?P<${part.name}>${pattern})`;
  return hasBranches(pattern) ? `(?:${pattern})` : pattern;
}

/** Quotes the characters that mean something in a pattern, and no others. */
export function quoteText(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** True if the pattern has branches that no group holds. */
export function hasBranches(pattern: string): boolean {
  let depth = 0;
  for (const [token] of pattern.matchAll(/\\.|\[\^?\]?(?:\\.|[^\\\]]){0,300}\]|[()|]/gs)) {
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (token === '|' && depth === 0) return true;
  }
  return false;
}
