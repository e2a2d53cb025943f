// Classifies single words before a message: which may be a level, a logger, a thread, a host. preamble.ts decides by
// their position. Pure functions, in linear time.
import type { Level } from '../../core/types.js';

const LEVELS: ReadonlyMap<string, Level> = new Map([
  ['TRACE', 'TRACE'],
  ['DEBUG', 'DEBUG'],
  ['INFO', 'INFO'],
  ['NOTICE', 'INFO'],
  ['WARN', 'WARN'],
  ['WARNING', 'WARN'],
  ['ERROR', 'ERROR'],
  ['SEVERE', 'ERROR'],
  ['FATAL', 'FATAL'],
  ['CRITICAL', 'FATAL'],
]);
const LETTERS: ReadonlyMap<string, Level> = new Map([
  ['T', 'TRACE'],
  ['D', 'DEBUG'],
  ['I', 'INFO'],
  ['W', 'WARN'],
  ['E', 'ERROR'],
  ['F', 'FATAL'],
]);
const LOGGER = /^[A-Za-z_$][\w.$/-]*:?$/;
/** Class with its package, abbreviated or not. A file with a line number is none. */
const CLASS = /^[A-Za-z_$][\w$]*(?:\.[\w$]+)*\.[A-Z_$][\w$]*$/;
/** Class without its package. A name of a single word may begin a message as well. */
const SHORT_CLASS = /^[A-Z][a-z\d]+[A-Z][\w$]*$/;
/** `a.b.CException: text` after a level: a console put the level before a trace. */
const THROWABLE = /(?:Exception|Error):$/;
const THREAD = /^main$|thread|dispatcher|pool|timer|scheduler/i;
/** Ids of a job or of a trace, or the separators between missing ones. */
const IDS = /^(?:[\s,]*|[0-9a-f]{16,}(?:[\s,]+[0-9a-f]{16,})*)$/;

export function readLevel(word: string): Level | undefined {
  return LEVELS.get(word.toUpperCase());
}

/**
 * Reads a level of one letter, such as `W`. Something else of a preamble must be beside it, because a word of one
 * letter may also begin a message.
 */
export function readLetter(word: string): Level | undefined {
  return LETTERS.get(word);
}

export function mayBeLogger(word: string): boolean {
  return LOGGER.test(word);
}

export function isClass(word: string): boolean {
  return CLASS.test(word);
}

/** Returns true for a class with its package, or for a class of several words before a colon. */
export function isSurelyLogger(word: string): boolean {
  if (!word.endsWith(':')) return isClass(word);
  const name = word.slice(0, -1);
  return !isThrowable(word) && (isClass(name) || SHORT_CLASS.test(name));
}

export function isThrowable(word: string): boolean {
  return THROWABLE.test(word);
}

/** Returns true for `node-7`, `10.0.0.7`, `pool-2-thread-1`: a host or a thread, if a logger follows. */
export function mayBePlace(word: string): boolean {
  if (isClass(word) || !/^[\w.$-]+$/.test(word)) return false;
  return word === 'main' || /[-.\d]/.test(word);
}

export function isThread(word: string): boolean {
  return THREAD.test(word);
}

/** Returns true for text in brackets that is no thread. */
export function isIds(text: string): boolean {
  return IDS.test(text);
}
