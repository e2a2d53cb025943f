// Splits the message of a failure into what stays and what changes from one failure to the next. Numbers, sizes, times,
// addresses, paths, ids, classes and quoted names become slots with a type and a name; the rest are literals. draft.ts
// makes the anchor, the text and the title of a new rule from the parts. Pure functions.
import { createRegex } from '../../core/regex.js';
import { readText } from '../catalog/form/text.js';
import { BUILT_IN_VALUES, type CaptureType } from '../catalog/rule.js';
import { escapeText } from './text-of-regex.js';

export type PhrasePart = { readonly literal: string } | Slot;

export interface Slot {
  readonly name: string;
  readonly type: CaptureType;
  readonly text: string;
  /** RE2 pattern of its values. */
  readonly pattern: string;
}

interface Kind {
  readonly type: CaptureType;
  /** Name of the slot if no word stands before it. */
  readonly name: string;
  /** Pattern that finds the value in a message. */
  readonly shape: RegExp;
  readonly pattern: string;
}

const UNITS_OF_TIME = '(?:ms|s|sec|seconds|min|minutes|h|hours|milliseconds)';
const UNITS_OF_SIZE = 'bytes|kb|mb|gb|kib|mib|gib';

/**
 * Kinds of slots. The first kind that fits at a place wins. All shapes are global patterns, because each search starts
 * from a given place.
 */
const KINDS: readonly Kind[] = [
  { type: 'path', name: 'url', shape: /\b[a-z][a-z0-9+.-]+:\/\/[^\s'"<>)\],;]+/g, pattern: '[^\\s\'"<>)\\],;]+' },
  {
    type: 'text',
    name: 'id',
    shape: /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
    pattern: '[0-9a-fA-F-]+',
  },
  {
    type: 'text',
    name: 'id',
    shape: /\b(?:0x[0-9a-f]+|(?=[0-9a-f]*\d)[0-9a-f]{8,}(?:_[0-9a-f]+)*(?:_\d+)*)\b/gi,
    pattern: '\\w+',
  },
  {
    type: 'host',
    name: 'address',
    shape:
      /\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b|\b[\w-]+(?:\.[\w-]+)*:\d{2,5}\b|\b[\w-]+(?:\.[\w-]+)*\/(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?/g,
    pattern: '[\\w./:-]+',
  },
  {
    type: 'path',
    name: 'path',
    shape: /(?<![\w/])\/[\w.@%+=-]+(?:\/[\w.@%+=-]*)+|\b[A-Za-z]:\\[\w\\.-]+/g,
    pattern: '[^\\s\'":,;)\\]]+',
  },
  { type: 'class', name: 'className', shape: /\b(?:[a-z_][\w]*\.){2,}[A-Z][\w$]*/g, pattern: '[\\w.$]+' },
  {
    type: 'duration',
    name: 'time',
    shape: new RegExp(`\\b\\d+ ?${UNITS_OF_TIME}\\b`, 'gi'),
    pattern: `\\d+ ?${UNITS_OF_TIME}`,
  },
  {
    type: 'bytes',
    name: 'size',
    shape: new RegExp(`\\b\\d+(?:\\.\\d+)? ?(?:${UNITS_OF_SIZE})\\b`, 'gi'),
    pattern: `[\\d.]+ ?(?i:${UNITS_OF_SIZE})`,
  },
  {
    type: 'text',
    name: 'name',
    shape: /(?<=")[^"\n]{1,80}(?=")|(?<=`)[^`\n]{1,80}(?=`)|(?<!\w)(?<=')[^'\n]{1,80}(?='(?!\w))/g,
    pattern: '[^"\'`\\n]+',
  },
  { type: 'text', name: 'version', shape: /\bv?\d+(?:\.\d+)+[\w.-]*/g, pattern: '[\\w.-]+' },
  { type: 'int', name: 'number', shape: /(?<![\w.])-?\d+(?![\w.]*[A-Za-z_])/g, pattern: '-?\\d+' },
  { type: 'text', name: 'name', shape: /\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])\w[\w-]*/g, pattern: '[\\w-]+' },
];

const MAX_SLOTS = 8;

/**
 * Cuts at most eight slots out of a message. The text after them stays literal; the pattern takes only its beginning.
 */
export function cutPhrase(message: string): readonly PhrasePart[] {
  const parts: PhrasePart[] = [];
  const names = new Set<string>();
  let rest = message;
  while (rest !== '' && names.size < MAX_SLOTS) {
    const found = findFirst(message, message.length - rest.length);
    if (found === undefined) break;
    const start = found.index - (message.length - rest.length);
    if (start > 0) parts.push({ literal: rest.slice(0, start) });
    const name = chooseName(message.slice(0, found.index), found.kind, names);
    names.add(name);
    parts.push({ name, type: found.kind.type, text: found.text, pattern: found.kind.pattern });
    rest = rest.slice(start + found.text.length);
  }
  if (rest !== '') parts.push({ literal: rest });
  return parts;
}

/**
 * Finds the first slot at or after `from`. It searches the whole message, so that look-behinds see the text before
 * `from`.
 */
function findFirst(
  message: string,
  from: number,
): { readonly kind: Kind; readonly index: number; readonly text: string } | undefined {
  let best: { readonly kind: Kind; readonly index: number; readonly text: string } | undefined;
  for (const kind of KINDS) {
    kind.shape.lastIndex = from;
    const found = kind.shape.exec(message);
    if (found !== null && found[0] !== '' && (best === undefined || found.index < best.index))
      best = { kind, index: found.index, text: found[0] };
  }
  return best;
}

const NAMED_BY_WORD: ReadonlySet<CaptureType> = new Set(['int', 'text', 'bytes', 'duration']);

/** Words that say nothing about the value after them, and names that expressions do not allow. */
const EMPTY_WORDS = new Set([
  'a',
  'an',
  'the',
  'is',
  'was',
  'are',
  'of',
  'to',
  'at',
  'in',
  'on',
  'by',
  'for',
  'from',
  'with',
  'and',
  'or',
  'but',
  'only',
  'set',
  'after',
  'than',
  'be',
  'not',
  'has',
  'have',
  'currently',
  'it',
  'this',
  'that',
  'value',
  'null',
  'true',
  'false',
  'known',
  'as',
  'into',
  'no',
  'more',
  'least',
  'most',
  'package',
  'namespace',
  'function',
  'import',
  'return',
  'loop',
  'let',
  'if',
  'else',
  'while',
  'break',
  'continue',
  'void',
  'const',
  'var',
]);

/**
 * Chooses the name of a slot. A number or a name is called after the word before it ("required 17", "of shard eu-1"),
 * and an address or a path after its kind.
 */
function chooseName(before: string, kind: Kind, taken: ReadonlySet<string>): string {
  const word = /([A-Za-z][A-Za-z0-9]*)\W{0,3}$/.exec(before)?.[1] ?? '';
  const isTelling = NAMED_BY_WORD.has(kind.type) && word.length > 1 && !EMPTY_WORDS.has(word.toLowerCase());
  const own = isTelling
    ? word === word.toUpperCase()
      ? word.toLowerCase()
      : word.charAt(0).toLowerCase() + word.slice(1)
    : kind.name;
  const base = BUILT_IN_VALUES[own] === undefined ? own : `${own}Name`;
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}${number}`;
    if (!taken.has(name)) return name;
  }
}

/**
 * Chooses the literal with the most letters. It is trimmed: blanks fit any white space in the scan, but not at the
 * ends, where a cut could be.
 */
export function chooseAnchor(parts: readonly PhrasePart[]): string {
  const literals = parts
    .flatMap((part) => ('literal' in part ? part.literal.split('\n') : []))
    .map((literal) => literal.trim());
  return literals.reduce((best, literal) => (weigh(literal) > weigh(best) ? literal : best), '');
}

/** Counts letters and digits, because they tell more than punctuation. */
function weigh(literal: string): number {
  return literal.replaceAll(/[^\p{L}\p{N}]/gu, '').length;
}

/** Writes the message up to the last slot and the words after it as a text of a rule; undefined if nothing changes. */
export function writePhrase(parts: readonly PhrasePart[]): string | undefined {
  const last = parts.findLastIndex((part) => 'name' in part);
  if (last < 0) return undefined;
  const kept = parts
    .slice(0, last + 2)
    .map((part, index) => ('name' in part || index <= last ? part : { literal: cutTail(part.literal) }));
  return kept
    .map((part, index) => {
      if (!('name' in part)) return escapeText(part.literal);
      const next = kept[index + 1];
      return writeCapture(part, next === undefined || 'name' in next ? '' : next.literal);
    })
    .join('');
}

/** Writes a capture with the first type whose pattern fits the value, or with the value's own pattern. */
function writeCapture({ name, type, text: value, pattern }: Slot, next: string): string {
  const words = type === 'text' ? ['name', 'word'] : [type];
  const slot = words.map((word) => `{${name}:${word}}`).find((one) => isRead(one, value, next));
  return slot ?? `{${name}:${type}:/${pattern}/}`;
}

function isRead(slot: string, value: string, next: string): boolean {
  const { regex } = readText(`${slot}${escapeText(next.slice(0, 1))}`, false);
  return regex !== undefined && createRegex(`^(?:${regex})`).exec(`${value}${next}`)?.[1] === value;
}

/** Returns a few words after the last slot, which are enough to tell where the slot ends. */
function cutTail(literal: string): string {
  return /^[^\n]{0,40}(?=\s|$)/.exec(literal)?.[0].trimEnd() ?? '';
}

/** Writes the placeholder of a slot; sizes and times are formatted for people. */
export function writeSlot({ name, type }: Slot): string {
  return type === 'bytes' || type === 'duration' ? `{${name}|${type}}` : `{${name}}`;
}

/** Writes a title such as "Ledger {ledger} of shard {shard} is closed"; opening braces of the message are doubled. */
export function writeTitle(parts: readonly PhrasePart[]): string {
  return parts.map((part) => ('name' in part ? writeSlot(part) : part.literal.replaceAll('{', '{{'))).join('');
}
