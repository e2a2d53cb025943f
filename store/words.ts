// Splits text into words, for both adapters and for the search box. A word is a run of letters or digits, in lower
// case, of at most 255 characters. Each Chinese, Japanese or Korean character is a word of its own, because those
// scripts put no space between words. "java.io.IOException" is the three words java, io, ioexception, so that a search
// for any of them, or for the phrase, finds it. Elasticsearch's own analyzer does the same if the cluster has the
// modules for it (elasticsearch/mapping.ts).
import type { LogRecord } from '../core/types.js';
import { splitMessagePrefix } from './message-prefix.js';

const MAX_WORD_LENGTH = 255;
const ASCII_WORD = /[a-z0-9]+/g;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
// eslint-disable-next-line no-control-regex
const NOT_ASCII = /[^\u0000-\u007f]/;

/**
 * Letters whose lower case differs between a whole text and a single letter. Elasticsearch uses that of the single
 * letter.
 */
const SMALL: Readonly<Record<string, string>> = { Σ: 'σ', İ: 'i' };

/** Returns the words of a text in their order. */
export function splitWords(text: string): string[] {
  const lower = lowerLetters(text);
  const words = (NOT_ASCII.test(lower) ? lower.replace(UNSPACED, ' $& ').match(WORD) : lower.match(ASCII_WORD)) ?? [];
  return words.some((word) => word.length > MAX_WORD_LENGTH) ? words.flatMap(cutWord) : words;
}

/** Converts letters to lower case, as words have them. */
export function lowerLetters(text: string): string {
  const alone = NOT_ASCII.test(text) ? text.replace(/[Σİ]/g, (letter) => SMALL[letter] ?? letter) : text;
  return alone.toLowerCase();
}

/**
 * Returns what is indexed of a record: the words of each of its texts, with one space between them. No phrase spans two
 * texts.
 */
export function fillWords(record: LogRecord): string[] {
  return listTexts(record)
    .map((text) => splitWords(text).join(' '))
    .filter((words) => words !== '');
}

/**
 * Lists the texts of a record. They include what else is before the message (MDC), and the whole entry if it does not
 * consist of message prefix, message and stack trace.
 */
function listTexts(record: LogRecord): string[] {
  const messagePrefix = splitMessagePrefix(record);
  const { message, 'error.stack_trace': stack, 'log.level': level, 'log.logger': logger } = record;
  const texts = [level, logger, record['process.thread.name'], messagePrefix?.pattern, message, stack];
  if (messagePrefix === undefined) texts.push(record['event.original']);
  return texts.filter((text) => text !== undefined);
}

function cutWord(word: string): string[] {
  const parts: string[] = [];
  for (let start = 0; start < word.length; start += MAX_WORD_LENGTH)
    parts.push(word.slice(start, start + MAX_WORD_LENGTH));
  return parts;
}
