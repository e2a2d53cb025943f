// Reads what is between an entry's time stamp and its message: level, thread, logger, context, job id. It walks once
// over the preamble and knows no particular pattern, because users change Flink's pattern while the parts stay
// recognisable.
import { BoundedMap } from '../../core/cache.js';
import type { Level } from '../../core/types.js';
import {
  isClass,
  isIds,
  isSurelyLogger,
  isThread,
  isThrowable,
  mayBeLogger,
  mayBePlace,
  readLetter,
  readLevel,
} from './preamble-word.js';

export interface Preamble {
  readonly parts: PreambleParts;
  readonly messageStart: number;
}

export interface PreambleParts {
  readonly layout: 'log4j' | 'logback' | 'level' | 'timestamp';
  readonly level?: Level;
  readonly logger?: string;
  readonly thread?: string;
  readonly jobId?: string;
}

interface Walk {
  p: number;
  level: Level | undefined;
  levelAt: number;
  logger: string | undefined;
  loggerAt: number;
  /** Start of the message if what seemed to be a logger was its first word. */
  fallback: number;
  readonly brackets: { readonly text: string; readonly at: number }[];
  done: boolean;
}

const JOB_ID = /^(?:[0-9a-f]{32})$/;
const JOB_ID_PAIR = /flink-job-id[=:]\s*"?([0-9a-f]{32})/;
const FILE_LINE = /^[\w$]+\.[a-z]+:\d+$/;
/** Thread as some write it: `<main>`. */
const ANGLED = /<([^<>\n]{1,200})>/y;
/** Location after a logger: `(TaskExecutor.java:12)`. */
const LOCATION = /\([\w$]+\.[a-z]+:\d+\)/y;
const PARTS_LIMIT = 10;

/** Preambles that were read before. A file has few of them, each many times. */
const cache = new BoundedMap<string, PreambleParts>(2000);
const MAX_PREAMBLE_UNITS = 300;

/** Reads the preamble from `start` on; `level` is given if it stood before the time stamp. */
export function readPreamble(text: string, start: number, level?: Level): Preamble {
  const piped = level === undefined && text[skipBlanks(text, start)] === '|' ? readPiped(text, start) : undefined;
  if (piped !== undefined) return piped;
  const separator = text.indexOf(' - ', start);
  if (level !== undefined || separator === -1 || separator - start > MAX_PREAMBLE_UNITS)
    return walkPreamble(text, start, level);
  const messageStart = separator + ' - '.length;
  const written = text.slice(start, messageStart);
  const known = cache.get(written);
  if (known !== undefined) return { parts: known, messageStart };
  const preamble = walkPreamble(text, start);
  // A preamble that ends there does not depend on what follows.
  if (preamble.messageStart === messageStart && !written.includes('\n')) cache.set(written, preamble.parts);
  return preamble;
}

/** Reads `|WARN|main|org.apache.flink.A|text`, with or without blanks, in any order up to the logger. */
function readPiped(text: string, start: number): Preamble | undefined {
  let level: Level | undefined;
  let thread: string | undefined;
  for (let open = skipBlanks(text, start), part = 0; part < PARTS_LIMIT; part += 1) {
    const close = text.indexOf('|', open + 1);
    if (close === -1 || close - start > MAX_PREAMBLE_UNITS) return undefined;
    const field = text.slice(open + 1, close).trim();
    if (field.includes('\n')) return undefined;
    const found = level === undefined ? readLevel(field) : undefined;
    if (found !== undefined) level = found;
    else if (level !== undefined && isClass(field))
      return { parts: { layout: 'log4j', level, logger: field, thread }, messageStart: skipBlanks(text, close + 1) };
    else if (field !== '') thread ??= field;
    open = close;
  }
  return undefined;
}

function walkPreamble(text: string, start: number, level?: Level): Preamble {
  const walk: Walk = {
    p: start,
    level,
    levelAt: level === undefined ? -1 : start - 1,
    logger: undefined,
    loggerAt: -1,
    fallback: start,
    brackets: [],
    done: false,
  };
  for (let part = 0; part < PARTS_LIMIT && readPart(walk, text); part += 1);
  const operator = walk.logger !== undefined && walk.levelAt > walk.loggerAt;
  const isBehind = !walk.done && !operator && isBeforeBracket(walk, text);
  const known = walk.done || operator || isBehind;
  if (walk.logger === undefined && walk.done) takeBracket(walk);
  // Blanks after the separator belong to the message: Flink indents its start-up facts with them.
  return {
    parts: describe(walk, known, isBehind),
    messageStart: walk.done ? walk.p : skipBlanks(text, known ? walk.p : walk.fallback),
  };
}

/** Returns true for `WARN o.a.f.r.t.TaskExecutor [main] text`: a name of at least three parts after the level. */
function isBeforeBracket({ logger, loggerAt, levelAt, brackets }: Walk, text: string): boolean {
  if (logger === undefined || levelAt < 0 || levelAt > loggerAt || logger.split('.').length < 3) return false;
  const behind = skipBlanks(text, loggerAt + logger.length);
  return brackets.some(({ at }) => at === behind);
}

/**
 * Takes the logger of `[WARN] [main] [org.apache.flink.A:12] - text`, which is in brackets, with at most its line
 * number.
 */
function takeBracket(walk: Walk): void {
  const found = walk.brackets.findLast(({ text, at }) => at > walk.levelAt && isClass(text.replace(/:\d+$/, '')));
  if (found === undefined || walk.levelAt < 0) return;
  walk.logger = found.text.replace(/:\d+$/, '');
  walk.loggerAt = found.at;
}

/** Takes one part of the preamble; returns false at its end. */
function readPart(walk: Walk, text: string): boolean {
  const p = skipBlanks(text, walk.p);
  const first = text[p];
  if (first === '\n' && walk.logger !== undefined && /^\s*\[[^\]\n]*\] - /.test(text.slice(p, p + 80)))
    return skipTo(walk, p + 1);
  if (first === undefined || first === '\n') return false;
  if (text.startsWith('---', p) || first === '|') return skipTo(walk, first === '|' ? p + 1 : p + 3);
  if (first === '-' || first === ':') return endPreamble(walk, text, p);
  if (first === ']' && text.startsWith('] - ', p)) return skipTo(walk, p + 1);
  if (first === '[' || first === '{') return readBracket(walk, text, p);
  if (first === '<') return readAngled(walk, text, p);
  if (first === '(' && walk.logger !== undefined) return skipLocation(walk, text, p);
  return readWord(walk, text, p);
}

function skipTo(walk: Walk, p: number): boolean {
  walk.p = p;
  return true;
}

function skipLocation(walk: Walk, text: string, p: number): boolean {
  LOCATION.lastIndex = p;
  return LOCATION.test(text) && skipTo(walk, LOCATION.lastIndex);
}

function endPreamble(walk: Walk, text: string, p: number): boolean {
  const next = text[p + 1];
  if (next !== undefined && next !== ' ' && next !== '\n') return false;
  walk.done = walk.level !== undefined || walk.logger !== undefined;
  if (walk.done) walk.p = Math.min(p + 2, text.length);
  return false;
}

function readBracket(walk: Walk, text: string, p: number): boolean {
  const close = closingBracket(text, p);
  if (close === -1) return false;
  const content = text.slice(p + 1, close).trim();
  const level = walk.level === undefined ? readLevel(content) : undefined;
  if (level === undefined) walk.brackets.push({ text: content, at: p });
  else [walk.level, walk.levelAt] = [level, p];
  walk.p = close + 1;
  if (walk.logger === undefined) walk.fallback = walk.p;
  return true;
}

/**
 * Reads `<main> org.apache.flink.A: text`. A logger must follow, because a message may begin with angle brackets as
 * well.
 */
function readAngled(walk: Walk, text: string, p: number): boolean {
  ANGLED.lastIndex = p;
  const thread = ANGLED.exec(text)?.[1];
  if (thread === undefined || walk.logger !== undefined) return false;
  const end = ANGLED.lastIndex;
  if (!isSurelyLogger(nextWord(text, end))) return false;
  walk.brackets.push({ text: thread, at: p });
  return skipTo(walk, end);
}

function readWord(walk: Walk, text: string, p: number): boolean {
  const end = wordEnd(text, p);
  const word = text.slice(p, end);
  const level = walk.level === undefined ? readWordLevel(text, word, end) : undefined;
  if (level !== undefined) {
    [walk.level, walk.levelAt, walk.p] = [level, p, end];
    if (walk.logger === undefined) walk.fallback = end;
    return true;
  }
  if (walk.logger === undefined && level === undefined && isZoneName(walk, word, text, end)) return skipTo(walk, end);
  if (walk.logger === undefined && isPlace(walk, text, word, end)) return readPlace(walk, word, p, end);
  if (walk.logger === undefined && mayBeLogger(word)) return readLogger(walk, word, p, end);
  if (
    walk.logger !== undefined &&
    walk.levelAt > 0 &&
    walk.levelAt < walk.loggerAt &&
    walk.brackets.some(({ at }) => at < walk.levelAt)
  )
    return readSourceThread(walk, text, p);
  return walk.logger === undefined && /^\d+$/.test(word) && text.startsWith(' ---', end) ? skipTo(walk, end) : false;
}

function readWordLevel(text: string, word: string, end: number): Level | undefined {
  const level = readLevel(word.endsWith(':') ? word.slice(0, -1) : word);
  if (level !== undefined || word.length !== 1) return level;
  const next = text[skipBlanks(text, end)];
  return next === '[' || next === '<' || isSurelyLogger(nextWord(text, end)) ? readLetter(word) : undefined;
}

/**
 * Returns true for a host or a thread that a sure logger follows: `node-7 org.apache.flink.A [main]`,
 * `10.0.0.7 a.b.C - `, `pool-2-thread-1 TaskExecutor:`.
 */
function isPlace({ level }: Walk, text: string, word: string, end: number): boolean {
  if (level === undefined || !mayBePlace(word)) return false;
  const next = nextWord(text, end);
  if (!isSurelyLogger(next)) return false;
  const behind = skipBlanks(text, skipBlanks(text, end) + next.length);
  return next.endsWith(':') || text[behind] === '[' || text.startsWith('- ', behind);
}

/** Takes a thread, and skips a host: a host has no field of its own, because the agent knows it. */
function readPlace(walk: Walk, word: string, p: number, end: number): boolean {
  if (isThread(word)) walk.brackets.push({ text: word, at: p });
  return skipTo(walk, end);
}

/** Returns true for a zone such as `CST` between the time stamp and the level. */
function isZoneName({ level, brackets }: Walk, word: string, text: string, end: number): boolean {
  if (level !== undefined || brackets.length > 0 || !/^[A-Z]{3,5}$/.test(word)) return false;
  return readLevel(nextWord(text, end)) !== undefined;
}

function readLogger(walk: Walk, word: string, p: number, end: number): boolean {
  const colon = word.endsWith(':');
  if (colon && !(word.includes('.') || (walk.level !== undefined && isSurelyLogger(word)))) return false;
  if (colon && isThrowable(word)) return false;
  [walk.logger, walk.loggerAt, walk.p] = [colon ? word.slice(0, -1) : word, p, end];
  if (!colon || walk.level === undefined) return !colon;
  walk.done = true;
  walk.p = end + 1;
  return false;
}

/** Reads the thread of an actor, which Flink's logback pattern prints after the logger. */
function readSourceThread(walk: Walk, text: string, p: number): boolean {
  const lineEnd = text.indexOf('\n', p);
  const dash = text.indexOf(' - ', p);
  if (dash === -1 || dash - p > 120 || (lineEnd !== -1 && dash > lineEnd)) return false;
  return skipTo(walk, dash);
}

/** Describes the parts. `isBehind`: brackets after the logger may hold the thread. */
function describe(walk: Walk, known: boolean, isBehind: boolean): PreambleParts {
  const jobId = findJobId(walk.brackets);
  const thread = walk.brackets.find(
    ({ text, at }) =>
      !isIds(text) &&
      !text.includes('flink-job-id') &&
      (walk.loggerAt === -1 || at < walk.loggerAt || (isBehind && !FILE_LINE.test(text))),
  )?.text;
  const logback = thread !== undefined && walk.brackets.some(({ at }) => at < walk.levelAt);
  return {
    layout:
      known && walk.logger !== undefined
        ? logback
          ? 'logback'
          : 'log4j'
        : known && walk.level !== undefined
          ? 'log4j'
          : walk.level === undefined
            ? 'timestamp'
            : 'level',
    level: walk.level,
    ...(known && walk.logger !== undefined ? { logger: walk.logger } : {}),
    thread,
    jobId,
  };
}

function findJobId(brackets: Walk['brackets']): string | undefined {
  for (const { text } of brackets) {
    if (JOB_ID.test(text)) return text;
    const pair = JOB_ID_PAIR.exec(text);
    if (pair !== null) return pair[1];
  }
  return undefined;
}

/** Returns the index of the matching bracket. Thread names may contain brackets: `[Source: a[1] -> Map (1/2)#0]`. */
function closingBracket(text: string, open: number): number {
  const [opening, closing] = text[open] === '[' ? ['[', ']'] : ['{', '}'];
  let depth = 0;
  for (let p = open; p < text.length && p < open + 400; p += 1) {
    if (text[p] === '\n') return -1;
    if (text[p] === opening) depth += 1;
    else if (text[p] === closing) depth -= 1;
    if (depth === 0) return p;
  }
  return -1;
}

function wordEnd(text: string, start: number): number {
  let p = start;
  while (p < text.length && text[p] !== ' ' && text[p] !== '\t' && text[p] !== '\n' && text[p] !== '[') p += 1;
  return p;
}

/** Returns the next word; empty if a bracket follows at once. */
function nextWord(text: string, end: number): string {
  const start = skipBlanks(text, end);
  return text.slice(start, wordEnd(text, start));
}

function skipBlanks(text: string, start: number): number {
  let p = start;
  while (text[p] === ' ' || text[p] === '\t') p += 1;
  return p;
}
