// Wraps RE2. Every pattern of a user or a rule is compiled here, so that none can backtrack. RE2 is a binary that was
// built for one release of Node.js. The command line loads it first (openEngine), so that it can report clearly when it
// does not load.
import { createRequire } from 'node:module';
import type RE2 from 're2';
import { createError } from './errors.js';
import { errorText } from './fault.js';

export type Regex = RE2;

let engine: typeof RE2 | undefined;

/** Returns the engine and loads it at the first call. Throws JT_MODULE_UNUSABLE if it does not load. */
export function openEngine(): typeof RE2 {
  return (engine ??= loadEngine());
}

function loadEngine(): typeof RE2 {
  try {
    const loaded: typeof RE2 = createRequire(import.meta.filename)('re2');
    return loaded;
  } catch (error) {
    const values = { module: 're2', node: process.version, problem: explainLoading(errorText(error)) };
    throw createError('JT_MODULE_UNUSABLE', values, error);
  }
}

function explainLoading(text: string): string {
  if (/NODE_MODULE_VERSION/.test(text)) return 'its binary was made for another release of Node.js';
  if (/^Cannot find module '[^']*\.node'/.test(text)) return 'its binary is not there';
  return text.split('\n')[0] ?? text;
}

/**
 * Compiles a pattern for UTF-16 strings. Throws JT_PATTERN_UNSUPPORTED with the feature that RE2 lacks, in plain words.
 */
export function createRegex(source: string, flags = 'u'): Regex {
  const Engine = openEngine();
  try {
    return new Engine(source, flags.includes('u') ? flags : `${flags}u`);
  } catch (error) {
    throw createError('JT_PATTERN_UNSUPPORTED', { pattern: source, problem: explainRefusal(source, error) });
  }
}

/** Methods that rules need of a pattern. */
export interface Pattern {
  readonly source: string;
  exec(text: string): RegExpExecArray | null;
  test(text: string): boolean;
}

/** Returns a pattern that was accepted before. It is compiled at its first use. */
export function deferRegex(source: string): Pattern {
  let loose: Loose | undefined;
  let exact: Regex | undefined;
  const exec = (text: string): RegExpExecArray | null => {
    const { regex, bounds, added } = (loose ??= openLoose(source));
    const found = regex.exec(text);
    if (found === null || bounds.length === 0) return found;
    const { groups = {} } = found;
    if (!keepsBounds(groups, bounds)) return (exact ??= createRegex(source)).exec(text);
    for (const group of added.toReversed()) found.splice(group, 1);
    return Object.assign(found, { groups: takeOwn(groups) });
  };
  return { source, exec, test: (text) => exec(text) !== null };
}

interface LooseForm {
  readonly bounds: readonly number[];
  /** Numbers of the groups that hold what must keep the bounds. */
  readonly added: readonly number[];
}

interface Loose extends LooseForm {
  readonly regex: Regex;
}

function openLoose(source: string): Loose {
  const { loose, ...form } = loosenBounds(source);
  return { regex: createRegex(loose), ...form };
}

const TOKEN = /\\.|\[\^?(?:\\.|[^\\\]])+(?:\]|\\?$)|\((?:\?P?<\w+>)?|\{\d+(?:,\d*)?\}\??|./gs;
/** Tokens that stand for one character of a set. */
const CLASS = /^(?:\[.|\\[dswDSW]$|\.$)/;
const BOUND = /^\{(\d+),(\d+)\}(\??)$/;
/** Smallest repetition bound that loosenBounds removes. Smaller bounds cost no more than their removal saves. */
const MANY_COPIES = 40;
const NAME = 'bound_of_';
type Groups = NonNullable<RegExpExecArray['groups']>;

/**
 * Removes large repetition bounds from a pattern, because RE2 copies what is repeated and is slow with many copies.
 * `[^\n]{1,300}` is searched as `[^\n]{1,}` first. If the loose form does not match, the exact pattern does not match
 * either. If it matches within the bounds, both match the same text. Bounds in a repeated group stay, because only the
 * length of its last repetition would be known.
 */
function loosenBounds(source: string): LooseForm & { readonly loose: string } {
  const tokens = source.match(TOKEN) ?? [];
  const repeated = findRepeated(tokens);
  const bounds: number[] = [];
  const added: number[] = [];
  let loose = '';
  let groups = 0;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] ?? '';
    const [, least = '', max = '', lazy = ''] =
      CLASS.test(token) && !repeated.has(index) ? (BOUND.exec(tokens[index + 1] ?? '') ?? []) : [];
    if (Number(max) < MANY_COPIES) {
      // `(?:` is two tokens, and no group.
      if (token.startsWith('(') && (token !== '(' || tokens[index + 1] !== '?')) groups += 1;
      loose += token;
      continue;
    }
    groups += 1;
    added.push(groups);
    loose += `(?P<${NAME}${bounds.length}>${token}{${least},}${lazy})`;
    bounds.push(Number(max));
    index += 1;
  }
  return { loose, bounds, added };
}

/** Returns the indexes of all tokens in repeated groups. */
function findRepeated(tokens: readonly string[]): ReadonlySet<number> {
  const repeated = new Set<number>();
  const open: number[] = [];
  tokens.forEach((token, index) => {
    if (token.startsWith('(')) open.push(index);
    const start = token === ')' ? open.pop() : undefined;
    if (start === undefined || !/^[*+{]/.test(tokens[index + 1] ?? '')) return;
    for (let place = start; place < index; place++) repeated.add(place);
  });
  return repeated;
}

function keepsBounds(groups: Groups, bounds: readonly number[]): boolean {
  return bounds.every((max, index) => {
    const value = groups[`${NAME}${index}`] ?? '';
    return value.length <= max || [...value].length <= max;
  });
}

/** Returns the groups without those that loosenBounds added. */
function takeOwn(groups: Groups): Groups {
  return Object.fromEntries(Object.entries(groups).filter(([name]) => !name.startsWith(NAME)));
}

/** Returns a pattern that matches exactly this text. */
export function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function explainRefusal(source: string, error: unknown): string {
  if (/\(\?<?[=!]/.test(source))
    return 'it has a look-ahead or look-behind, which RE2 does not have; put the exception under "not"';
  if (/\\[1-9]/.test(source))
    return 'it has a back-reference, which RE2 does not have; capture both places and compare them in "when"';
  if (/[*+?}]\+/.test(source))
    return 'it has a possessive quantifier, which RE2 does not have; a plain one cannot backtrack here';
  if (/pattern too large|bad repetition|invalid repetition/.test(errorText(error)))
    return 'it repeats too often for RE2: at most 1000 times, repetitions inside others multiplied';
  return errorText(error);
}
