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
  int: { type: 'int', pattern: '\\d+' },
  bytes: { type: 'bytes', pattern: '\\d+(?:\\.\\d+)? ?[A-Za-z]*' },
  duration: { type: 'duration', pattern: '\\d+(?:\\.\\d+)? ?[a-z]+' },
  host: { type: 'host', pattern: '[^\\s/,;]+' },
  path: { type: 'path', pattern: '\\S+' },
  class: { type: 'class', pattern: '[\\w.$]+' },
};

/** Names of the types that a capture of a text can have. */
export const TEXT_TYPES: readonly string[] = Object.keys(TYPES);

/** Minimum length of an anchor. */
export const MIN_ANCHOR = 7;

export interface TextSlot {
  /** Name of the capture; undefined: it is not captured. */
  readonly name: string | undefined;
  readonly type: CaptureType;
  readonly pattern: string;
}

export type FormPiece = { readonly text: string } | TextSlot;

export interface FormText {
  /** Class with which the text begins ("SQLException: …"); undefined if there is none. */
  readonly exception: string | undefined;
  /** Longest literal; undefined if none has the minimum length. */
  readonly anchor: string | undefined;
  /** Pattern; undefined if the text is a literal. */
  readonly regex: string | undefined;
  readonly captures: readonly (readonly [name: string, type: CaptureType])[];
  readonly problems: readonly string[];
}

const SLOT = /\{\{|\{(…|[^{}:]*)(?::(?!\/)([^{}:/]*))?(?::\/(.*?)\/)?\}|\{/gs;
const CLASS = /^((?:[\w$]+\.)*[\w$]*(?:Exception|Error|Throwable|Failure|Fault)): (?=.)/s;

/** Reads a text; with `hasClass`, a class at its beginning is the class of the exception. */
export function readText(text: string, hasClass: boolean): FormText {
  const exception = hasClass ? CLASS.exec(text)?.[1] : undefined;
  const { pieces, problems } = cutText(exception === undefined ? text : text.slice(exception.length + 2));
  const isLiteral = pieces.every((piece) => 'text' in piece);
  const literals = pieces.flatMap((piece) => ('text' in piece ? [piece.text] : []));
  const longest = literals.reduce((best, literal) => (literal.length > best.length ? literal : best), '');
  return {
    exception,
    anchor: [longest, exception ?? ''].find((literal) => literal.length >= MIN_ANCHOR),
    regex: isLiteral ? undefined : pieces.map(writePiece).join(''),
    captures: pieces.flatMap((piece) =>
      'text' in piece || piece.name === undefined ? [] : [[piece.name, piece.type] as const],
    ),
    problems,
  };
}

interface CutText {
  readonly pieces: readonly FormPiece[];
  readonly problems: readonly string[];
}

function cutText(text: string): CutText {
  const pieces: FormPiece[] = [];
  const problems: string[] = [];
  let literal = '';
  let from = 0;
  for (const found of text.matchAll(SLOT)) {
    literal += text.slice(from, found.index);
    from = found.index + found[0].length;
    if (found[0] === '{{') literal += '{';
    else if (found[0] === '{') problems.push('has a "{" that no "}" closes; write "{{" for a brace');
    else {
      if (literal !== '') pieces.push({ text: literal });
      literal = '';
      pieces.push(readSlot(found, text.charAt(from), problems));
    }
  }
  literal += text.slice(from);
  if (literal !== '') pieces.push({ text: literal });
  return { pieces, problems };
}

function readSlot(
  [all, name = '', type = 'text', pattern]: RegExpExecArray,
  next: string,
  problems: string[],
): TextSlot {
  const known = TYPES[type];
  if (known === undefined) {
    const nearest = findNearest(type, TEXT_TYPES);
    problems.push(
      `\`${all}\` has the unknown type \`${type}\`${nearest === undefined ? `; known here: ${TEXT_TYPES.join(', ')}` : `; did you mean \`${nearest}\`?`}`,
    );
  }
  const isNamed = name !== '' && name !== '…';
  if (isNamed && !/^[a-z][A-Za-z0-9]*$/.test(name))
    problems.push(`\`${all}\`: a name begins with a small letter and has letters and digits only`);
  return {
    name: isNamed ? name : undefined,
    type: known?.type ?? 'text',
    pattern: pattern ?? (known === undefined || known.pattern === '' ? patternBefore(next) : known.pattern),
  };
}

/** Pattern of a text before a character: up to a closing quote or bracket, to the end of the line, or the shortest. */
function patternBefore(next: string): string {
  if (next === '') return '[^\\n]+';
  return CLOSING.includes(next) ? `[^${next === ']' ? '\\]' : next}]+` : '[^\\n]+?';
}

const CLOSING = ["'", '"', '`', ']', ')', '>'];

function writePiece(piece: FormPiece): string {
  if ('text' in piece) return quoteText(piece.text);
  if (piece.name !== undefined) return `(?P<${piece.name}>${piece.pattern})`;
  return hasBranches(piece.pattern) ? `(?:${piece.pattern})` : piece.pattern;
}

/** Quotes the characters that mean something in a pattern, and no others. */
export function quoteText(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** True if the pattern has branches that no group holds. */
export function hasBranches(pattern: string): boolean {
  let depth = 0;
  for (const [token] of pattern.matchAll(/\\.|\[\^?\]?(?:\\.|[^\\\]])*\]|[()|]/gs)) {
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (token === '|' && depth === 0) return true;
  }
  return false;
}
