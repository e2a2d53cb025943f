// The only door to RE2: every pattern that a user or a rule brings is compiled here, so none can backtrack. RE2 is a
// binary that was made for one release of Node: the command line asks for it first (openEngine), to say in clear
// words when it does not load.
import { createRequire } from 'node:module';
import type RE2 from 're2';
import { createError } from './errors.js';
import { errorText } from './fault.js';

export type Regex = RE2;

let engine: typeof RE2 | undefined;

/** Throws JT_MODULE_UNUSABLE. */
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

/** Compiles for UTF-16 strings. Throws JT_PATTERN_UNSUPPORTED with what RE2 lacks, in plain words. */
export function createRegex(source: string, flags = 'u'): Regex {
  const Engine = openEngine();
  try {
    return new Engine(source, flags.includes('u') ? flags : `${flags}u`);
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
  let loose: Loose | undefined;
  let exact: Regex | undefined;
  const exec = (text: string): RegExpExecArray | null => {
    const { regex, bounds } = (loose ??= openLoose(source));
    const found = regex.exec(text);
    if (found === null || bounds.length === 0) return found;
    const { groups = {} } = found;
    if (!keepsBounds(groups, bounds)) return (exact ??= createRegex(source)).exec(text);
    return Object.assign(found, { groups: takeOwn(groups) });
  };
  return { source, exec, test: (text) => exec(text) !== null };
}

interface Loose {
  readonly regex: Regex;
  readonly bounds: readonly number[];
}

function openLoose(source: string): Loose {
  const { loose, bounds } = loosenBounds(source);
  return { regex: createRegex(loose), bounds };
}

const TOKEN = /\\.|\[\^?(?:\\.|[^\\\]])+(?:\]|\\?$)|\((?:\?P?<\w+>)?|\{\d+(?:,\d*)?\}\??|./gs;
/** What stands for one character of many. */
const CLASS = /^(?:\[.|\\[dswDSW]$|\.$)/;
const BOUND = /^\{(\d+),(\d+)\}(\??)$/;
/** Fewer copies cost no more than what saves them. */
const MANY_COPIES = 40;
const NAME = 'bound_of_';
type Groups = NonNullable<RegExpExecArray['groups']>;

/**
 * RE2 makes copies of what is repeated, and many copies take it long. `[^\n]{1,300}` is looked for as `[^\n]{1,}`
 * first: where that does not fit, nor does the pattern, and where it fits within the bounds, both fit alike. Not in a
 * group that is repeated: only of its last time the length would be known.
 */
function loosenBounds(source: string): { readonly loose: string; readonly bounds: readonly number[] } {
  const tokens = source.match(TOKEN) ?? [];
  const repeated = findRepeated(tokens);
  const bounds: number[] = [];
  let loose = '';
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] ?? '';
    const [, least = '', most = '', lazy = ''] =
      CLASS.test(token) && !repeated.has(index) ? (BOUND.exec(tokens[index + 1] ?? '') ?? []) : [];
    if (Number(most) < MANY_COPIES) {
      loose += token;
      continue;
    }
    loose += `(?P<${NAME}${bounds.length}>${token}{${least},}${lazy})`;
    bounds.push(Number(most));
    index += 1;
  }
  return { loose, bounds };
}

/** The places of what stands in groups that are repeated. */
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
  return bounds.every((most, index) => {
    const value = groups[`${NAME}${index}`] ?? '';
    return value.length <= most || [...value].length <= most;
  });
}

/** Without what was repeated. */
function takeOwn(groups: Groups): Groups {
  return Object.fromEntries(Object.entries(groups).filter(([name]) => !name.startsWith(NAME)));
}

/** Text → a pattern that matches exactly it. */
export function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function explainRefusal(source: string, error: unknown): string {
  if (/\(\?<?[=!]/.test(source))
    return 'it has a look-ahead or look-behind, which RE2 does not have; put the exception under "unless"';
  if (/\\[1-9]/.test(source))
    return 'it has a back-reference, which RE2 does not have; capture both places and compare them in "when"';
  if (/[*+?}]\+/.test(source))
    return 'it has a possessive quantifier, which RE2 does not have; a plain one cannot backtrack here';
  if (/pattern too large|bad repetition|invalid repetition/.test(errorText(error)))
    return 'it repeats too often for RE2: at most 1000 times, repetitions inside others multiplied';
  return errorText(error);
}
