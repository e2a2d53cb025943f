import { describe, expect, it } from 'vitest';
import { fitsAnyCase, fitsGlob, isAnything, parseGlob, printGlob } from './glob.js';

describe('parseGlob', () => {
  it.each([
    ['a', ['a']],
    ['', ['']],
    ['*', ['', '']],
    ['a*b', ['a', 'b']],
    ['**a***b', ['', 'a', 'b']],
    ['a?[b]\\', ['a?[b]\\']],
  ])('reads %j as %j', (text, glob) => expect(parseGlob(text)).toEqual(glob));

  it('prints what was written, with one star for many', () => expect(printGlob(parseGlob('a**b*'))).toBe('a*b*'));
});

describe('isAnything', () => {
  it.each(['*', '***'])('is true of %j', (text) => expect(isAnything(parseGlob(text))).toBe(true));
  it.each(['', 'a*', '*a*', 'a'])('is false of %j', (text) => expect(isAnything(parseGlob(text))).toBe(false));
});

describe('fitsGlob', () => {
  it.each([
    ['*', ''],
    ['a*', 'a'],
    ['*b', 'ab'],
    ['a*b', 'a/\n/b'],
    ['a*b*c', 'abbcc'],
    ['*aa*', 'xaax'],
    ['ab*ba', 'abba'],
    ['a?[b]\\', 'a?[b]\\'],
  ])('%j fits %j', (pattern, text) => expect(fitsGlob(parseGlob(pattern), text)).toBe(true));

  it.each([
    ['', 'a'],
    ['a', 'ab'],
    ['a', 'A'],
    ['a*', 'ba'],
    ['*b', 'bc'],
    ['ab*ba', 'aba'],
    ['a*bc*c', 'abc'],
    ['*aa*a', 'aa'],
    ['a?', 'ab'],
    ['[a]*', 'a'],
    ['a.*', 'ab'],
    ['a\\*', 'a*'],
  ])('%j does not fit %j', (pattern, text) => expect(fitsGlob(parseGlob(pattern), text)).toBe(false));

  it('answers at once for a mebibyte and hundreds of stars that do not fit', () => {
    const text = 'a'.repeat(1 << 20);

    expect(fitsGlob(parseGlob(`${'*a'.repeat(500)}*b`), text)).toBe(false);
    expect(fitsGlob(parseGlob(`${'*a'.repeat(500)}*b*`), text)).toBe(false);
    expect(fitsGlob(parseGlob(`${'*a'.repeat(500)}*`), text)).toBe(true);
  });

  it('takes the stars of a quoted literal for themselves', () => {
    expect(fitsGlob(['a*b'], 'a*b')).toBe(true);
    expect(fitsGlob(['a*b'], 'axb')).toBe(false);
  });
});

describe('fitsAnyCase', () => {
  it.each([
    ['A*b', 'axB'],
    ['tm-*', 'TM-1'],
    ['Ä*', 'Äb'],
  ])('%j fits %j', (pattern, text) => expect(fitsAnyCase(parseGlob(pattern), text)).toBe(true));

  it.each([
    ['ä', 'Ä'],
    ['a', 'ab'],
  ])('%j does not fit %j', (pattern, text) => expect(fitsAnyCase(parseGlob(pattern), text)).toBe(false));
});
