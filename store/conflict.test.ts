import { describe, expect, it } from 'vitest';
import { decideConflict } from './conflict.js';

const version = (length: number, text: string) => ({ length, text });

describe('decideConflict', () => {
  it('lets the longer one replace', () => {
    expect(decideConflict(version(9, 'a\n at b'), version(1, 'a'))).toBe('newer');
  });

  it('knows the same entry again', () => {
    expect(decideConflict(version(3, 'abc'), version(3, 'abc'))).toBe('duplicate');
    expect(decideConflict(version(3, 'a\ud800c'), version(3, 'a\ufffdc'))).toBe('duplicate');
  });

  it('knows the shorter self that comes late', () => {
    expect(decideConflict(version(3, 'abc'), version(6, 'abcdef'))).toBe('duplicate');
  });

  it('knows a shorter self that ended within a character', () => {
    expect(decideConflict(version(5, 'ab\ufffd'), version(9, 'ab连接'))).toBe('duplicate');
  });

  it('knows a shorter self whose secret was cut in the middle', () => {
    expect(
      decideConflict(
        { length: 20, text: 'user=x password=12' },
        { length: 30, text: 'user=x password=*** ok', flags: ['redacted'] },
      ),
    ).toBe('duplicate');
  });

  it('calls another text a collision', () => {
    expect(decideConflict(version(3, 'abc'), version(3, 'abd'))).toBe('collision');
    expect(decideConflict(version(2, 'xy'), version(3, 'abd'))).toBe('collision');
  });
});
