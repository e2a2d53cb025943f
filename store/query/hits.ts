// Finds the ranges of a text that a search asked for: lists the words and patterns of the tree of query.ts, and finds
// them in the text, split into words as in the stores (words.ts). The page and the command line highlight them. Pure
// functions.
import { fitsGlob, hasStar, type Glob } from '../../core/text/glob.js';
import { lowerLetters, splitWords } from '../words.js';
import type { QueryNode } from './query.js';

/** Words and patterns that are to be highlighted. */
export interface Sought {
  /** Phrases, each of words that follow one another. */
  readonly phrases: readonly (readonly string[])[];
  /** Patterns of one word. */
  readonly shapes: readonly Glob[];
}

interface PlacedWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

const RUN = /[\p{L}\p{N}\p{M}]+/gu;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+/gu;
/** Fields whose values are also words of the line. */
const SHOWN_FIELDS: readonly string[] = ['error.type', 'flink.chain', 'log.logger', 'process.thread.name'];

/** Lists what lines contain because it was asked for. Terms that must not occur are left out. */
export function listSought(node: QueryNode): Sought {
  const phrases: (readonly string[])[] = [];
  const shapes: Glob[] = [];
  const visit = (part: QueryNode): void => {
    if (part.kind === 'phrase') phrases.push(part.words);
    if (part.kind === 'word') shapes.push(part.glob);
    if (part.kind === 'and' || part.kind === 'or') part.nodes.forEach(visit);
    if (part.kind === 'value' && SHOWN_FIELDS.includes(part.field) && !hasStar(part.glob)) {
      const words = splitWords(part.glob[0] ?? '');
      if (words.length > 0) phrases.push(words);
    }
  };
  visit(node);
  return { phrases, shapes };
}

/** Returns the ranges [start, end) in UTF-16 units, in order and without overlap. */
export function findHits(text: string, { phrases, shapes }: Sought): readonly (readonly [number, number])[] {
  if (phrases.length === 0 && shapes.length === 0) return [];
  const words = placeWords(text);
  const found: (readonly [number, number])[] = [];
  words.forEach((first, index) => {
    if (shapes.some((shape) => fitsGlob(shape, first.word))) found.push([first.start, first.end]);
    for (const phrase of phrases) {
      const last = words[index + phrase.length - 1];
      if (last !== undefined && phrase.every((word, at) => words[index + at]?.word === word))
        found.push([first.start, last.end]);
    }
  });
  return joinRanges(found);
}

function placeWords(text: string): PlacedWord[] {
  const words: PlacedWord[] = [];
  for (const run of text.matchAll(RUN)) {
    for (const part of run[0].matchAll(UNSPACED)) {
      const start = run.index + part.index;
      words.push({ word: lowerLetters(part[0]), start, end: start + part[0].length });
    }
  }
  return words;
}

function joinRanges(ranges: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const joined: [number, number][] = [];
  for (const [start, end] of [...ranges].sort((left, right) => left[0] - right[0])) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}
