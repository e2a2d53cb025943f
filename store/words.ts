// What a word is, for both adapters and for the search box: a run of letters or digits, lower case, at most
// 255 characters; each Chinese, Japanese or Korean character is a word of its own, because those scripts
// put no space between words. "java.io.IOException" is the three words java, io, ioexception, so that a
// search for any of them, or for the phrase, finds it. The text is split here and not by the database:
// the two would not agree.
import type { LogRecord } from '../core/types.js';

const MAX_WORD_LENGTH = 255;
const ASCII_WORD = /[a-z0-9]+/g;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
// eslint-disable-next-line no-control-regex
const NOT_ASCII = /[^\u0000-\u007f]/;

/** The words of a text in their order. */
export function splitWords(text: string): string[] {
  const lower = text.toLowerCase();
  const words = (NOT_ASCII.test(lower) ? lower.replace(UNSPACED, ' $& ').match(WORD) : lower.match(ASCII_WORD)) ?? [];
  return words.some((word) => word.length > MAX_WORD_LENGTH) ? words.flatMap(cutWord) : words;
}

/**
 * What is indexed of a record: its words with one space between. A layout that escapes (JSON) also gets what it
 * escaped.
 */
export function fillWords(record: LogRecord): string {
  const original = record['event.original'];
  const parts = [original];
  for (const part of [record.message, record['error.stack_trace']]) {
    if (part !== undefined && !original.includes(part)) parts.push(part);
  }
  return splitWords(parts.join('\n')).join(' ');
}

function cutWord(word: string): string[] {
  const parts: string[] = [];
  for (let start = 0; start < word.length; start += MAX_WORD_LENGTH)
    parts.push(word.slice(start, start + MAX_WORD_LENGTH));
  return parts;
}
