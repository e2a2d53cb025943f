import { describe, expect, it } from 'vitest';
import { starWords } from './variants.js';

describe('starWords', () => {
  it.each([
    ['NullPointerExcept', 'NullPointerExcept*'],
    ['java.io.IOExc failed', 'java.io.IOExc* failed*'],
    ['error:Timeout level:ERROR', 'error:Timeout* level:ERROR'],
    ['lost -heartbeat "a phrase"', 'lost* -heartbeat "a phrase"'],
    ['a OR b', 'a* OR b*'],
  ])('takes the words of %s as beginnings', (text, starred) => {
    expect(starWords(text)).toBe(starred);
  });

  it('takes words as any part when asked', () => {
    expect(starWords('Pointer', true)).toBe('*Pointer*');
  });

  it.each(['', '"a b"', 'level:ERROR', 'Timeout*', '-noise', '(a OR b)'.slice(0, 2)])(
    'changes nothing in %s',
    (text) => {
      expect(starWords(text)).toBeUndefined();
    },
  );
});
