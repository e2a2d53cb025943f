// Writes a pattern of a rule as a text with captures, where a text says exactly the same: readText gives the pattern
// back. Pure functions.
import { valueTypeOf, quoteText, readText, TEXT_TYPES } from '../catalog/form/text.js';
import type { CaptureType } from '../catalog/rule.js';

type Part = { readonly text: string } | { readonly name?: string; readonly pattern: string };

/** Largest share of a text that patterns between slashes may have; with more a `regex` is easier to read. */
const MAX_PATTERN_SHARE = 0.45;

/** Token of a pattern. A class has at most 300 items, so that an open bracket is found soon. */
const TOKEN = /\\.|\[\^?\]?(?:\\.|[^\\\]]){0,300}\]|\(\?P<\w{1,100}>|\(\?:|[()|]|[^\\[]/gs;
const TOKEN_HERE = /\\.|\[\^?\]?(?:\\.|[^\\\]]){0,300}\]|\(\?P<\w{1,100}>|\(\?:|[()|]|[^\\[]/sy;
const REPEAT = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;

/** Returns the text that stands for the pattern, or undefined if a text cannot say it, or not legibly. */
export function writeText(regex: string, types: Readonly<Record<string, CaptureType>>): string | undefined {
  const parts = cutRegex(regex);
  if (parts === undefined) return undefined;
  const text = parts.map((part, index) => writePart(part, parts[index + 1], types)).join('');
  const patterns = [...text.matchAll(/:\/.{0,400}?\/\}/gs)].reduce((sum, [found]) => sum + found.length, 0);
  return readText(text, false).regex === regex && patterns <= text.length * MAX_PATTERN_SHARE ? text : undefined;
}

/** Writes a literal as a text, in which a brace is written twice. */
export function escapeText(literal: string): string {
  return literal.replaceAll('{', '{{');
}

/** Cuts a pattern into literals, captures and other parts; undefined: it has branches, flags or bounds of its own. */
function cutRegex(regex: string): readonly Part[] | undefined {
  const parts: Part[] = [];
  const add = (part: Part): void => {
    const last = parts.at(-1);
    if ('text' in part && last !== undefined && 'text' in last) parts.splice(-1, 1, { text: last.text + part.text });
    else if (
      'pattern' in part &&
      part.name === undefined &&
      last !== undefined &&
      'pattern' in last &&
      last.name === undefined
    )
      parts.splice(-1, 1, { pattern: last.pattern + part.pattern });
    else parts.push(part);
  };
  for (let from = 0; from < regex.length;) {
    const atom = readAtom(regex, from);
    if (atom === undefined) return undefined;
    const repeat = REPEAT.exec(regex.slice(atom.end))?.[0] ?? '';
    from = atom.end + repeat.length;
    if (repeat === '') add(atom.part);
    else if ('pattern' in atom.part && atom.part.name !== undefined) return undefined;
    else add({ pattern: regex.slice(atom.start, from) });
  }
  return parts;
}

interface Atom {
  readonly part: Part;
  readonly start: number;
  readonly end: number;
}

function readAtom(regex: string, start: number): Atom | undefined {
  TOKEN_HERE.lastIndex = start;
  const [found = ''] = TOKEN_HERE.exec(regex) ?? [];
  const end = start + found.length;
  if (found.startsWith('(')) {
    const close = findClose(regex, start);
    if (close === undefined || found === '(') return undefined;
    if (found === '(?:') return { part: { pattern: regex.slice(start, close) }, start, end: close };
    return { part: { name: found.slice(4, -1), pattern: regex.slice(end, close - 1) }, start, end: close };
  }
  if (found === '' || '|)^$'.includes(found) || found === '\\b' || found === '\\B') return undefined;
  if (found.startsWith('\\')) {
    const letter = found.slice(1);
    const isLiteral = quoteText(letter) === found;
    return { part: isLiteral ? { text: letter } : { pattern: found }, start, end };
  }
  const isClass = found.startsWith('[') || found === '.';
  return { part: isClass ? { pattern: found } : { text: found }, start, end };
}

/** Returns the position behind the bracket that closes the group. */
function findClose(regex: string, start: number): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of regex.slice(start).matchAll(TOKEN)) {
    if (token.startsWith('(')) depth += 1;
    if (token === ')') depth -= 1;
    if (depth === 0) return start + index + 1;
  }
  return undefined;
}

function writePart(part: Part, next: Part | undefined, types: Readonly<Record<string, CaptureType>>): string {
  if ('text' in part) return escapeText(part.text);
  const { name = '', pattern } = part;
  const type = name === '' ? 'text' : (types[name] ?? 'text');
  const after = next === undefined ? '' : 'text' in next ? escapeText(next.text).charAt(0) : ' ';
  const wanted = name === '' ? pattern : `(?P<${name}>${pattern})`;
  const slot = listSlots(name, type, pattern).find((one) => isSame(one, after, wanted));
  if (slot !== undefined) return slot;
  const inner = name === '' || type !== 'text' ? undefined : writeInner(pattern);
  if (inner !== undefined) return `{${name}=${inner}}`;
  return name !== '' && type !== 'text' ? `{${name}:${type}:/${pattern}/}` : `{${name}:/${unwrap(name, pattern)}/}`;
}

/** Lists the short slots that could stand for the pattern, the simplest first. */
function listSlots(name: string, type: CaptureType, pattern: string): readonly string[] {
  const [, least, limit] = /^\[\^\\n\]\{([01]),(\d+)\}$/.exec(pattern) ?? [];
  return [
    ...(type !== 'text' ? [] : name === '' ? ['{…}'] : [`{${name}}`]),
    ...TEXT_TYPES.filter((word) => valueTypeOf(word) === type && word !== 'text').map((word) => `{${name}:${word}}`),
    ...(name === '' ? ['{:int}'] : []),
    ...(limit === undefined || type !== 'text'
      ? []
      : [least === '0' ? `{${name}:rest${limit}}` : name === '' ? `{…${limit}}` : `{${name}:line${limit}}`]),
  ];
}

/** Writes what a capture holds as a text, if the pattern has literals and captures nothing more. */
function writeInner(pattern: string): string | undefined {
  const parts = cutRegex(pattern);
  if (parts === undefined || parts.every((part) => !('text' in part) || part.text.length < MIN_LITERAL))
    return undefined;
  if (parts.some((part) => 'pattern' in part && part.name !== undefined)) return undefined;
  return parts
    .map((part, index) =>
      'text' in part ? escapeText(part.text).replaceAll('}', '}}') : writePart(part, parts[index + 1], {}),
    )
    .join('');
}

/** Shortest literal for whose sake a capture is written as a text. */
const MIN_LITERAL = 3;

/** True if the slot stands for the pattern before the text that follows. */
function isSame(slot: string, after: string, wanted: string): boolean {
  const { regex = '' } = readText(`${slot}${after}`, false);
  return regex === `${wanted}${after === '' ? '' : quoteText(after)}`;
}

/** Removes the group around branches that nobody captures, because the slot has it. */
function unwrap(name: string, pattern: string): string {
  if (name !== '' || !pattern.startsWith('(?:') || findClose(pattern, 0) !== pattern.length) return pattern;
  const inner = pattern.slice(3, -1);
  return readText(`{:/${inner}/}`, false).regex === pattern ? inner : pattern;
}
