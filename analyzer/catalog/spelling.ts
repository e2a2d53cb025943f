// Translates the error messages of the operating system between English and every language that glibc knows. Rules name
// these errors in English, but Java puts the system's message into its exceptions in the language of the machine. In:
// literals and patterns of rules. Out: the other spellings for which they stand; and texts that were found, in English
// again. The table is system-errors.ts. Pure functions.
import { quoteRegex } from '../../core/regex.js';
import { SYSTEM_ERRORS } from './system-errors.js';

const OTHERS = new Map(SYSTEM_ERRORS.map(([english, ...others]) => [english, others]));
const ENGLISH = new Map(SYSTEM_ERRORS.flatMap(([english, ...others]) => others.map((other) => [other, english])));
const NAMED = new RegExp([...OTHERS.keys()].map(quoteRegex).join('|'), 'g');
/** Translated messages, the longest first, because one may begin with another. */
const LONGEST_FIRST = [...ENGLISH.keys()].sort((a, b) => b.length - a.length);
const SPELLED = new RegExp(LONGEST_FIRST.map(quoteRegex).join('|'), 'g');

/** Returns the literal itself and, if it names an error of the system, the same in other languages. */
export function listSpellings(literal: string): readonly string[] {
  const [error] = literal.match(NAMED) ?? [];
  return error === undefined
    ? [literal]
    : [literal, ...(OTHERS.get(error) ?? []).map((other) => literal.replace(error, other))];
}

/** Returns the spelling that stands in the text; the literal if none does. */
export function findSpelling(literal: string, text: string): string {
  return listSpellings(literal).find((spelling) => text.includes(spelling)) ?? literal;
}

/** Returns a pattern in which each error of the system stands for itself in any language. */
export function spellPattern(source: string): string {
  return source.replaceAll(NAMED, (error) => `(?:${[error, ...(OTHERS.get(error) ?? [])].map(quoteRegex).join('|')})`);
}

/** Translates what was captured into English, because expressions and texts of a rule ask for the English words. */
export function spellInEnglish(text: string): string {
  return text.replaceAll(SPELLED, (other) => ENGLISH.get(other) ?? other);
}
