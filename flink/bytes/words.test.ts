import { describe, expect, it } from 'vitest';
import { decodeWords, describeWords, encodeWords, renderSignal } from './words.js';

describe('the words that matter', () => {
  it('have one version whatever their order, and another one for each change', () => {
    const words = describeWords(['OutOfMemoryError', 'Completed checkpoint ']);

    expect(describeWords(['Completed checkpoint ', 'OutOfMemoryError', 'OutOfMemoryError'])).toEqual(words);
    expect(words.version).toMatch(/^[\w-]{6}$/);
    expect(describeWords(['OutOfMemoryError']).version).not.toBe(words.version);
    expect(renderSignal(words, 'fact')).toBe(`fact.${words.version}`);
  });

  it('come back from the store as they were', () => {
    const words = describeWords(
      ['OutOfMemoryError', '任务执行失败', 'Completed checkpoint '],
      ['Completed checkpoint '],
    );

    expect(decodeWords(encodeWords(words))).toEqual(words);
    expect(words.version).not.toBe(describeWords(words.words).version);
  });

  it('come from an analyzer of before without facts among them', () => {
    expect(decodeWords('{"words":["OutOfMemoryError"]}')).toEqual(describeWords(['OutOfMemoryError']));
  });

  it.each([
    '',
    '{',
    '[]',
    '{"words":"OutOfMemoryError"}',
    '{"words":["short"]}',
    '{"words":[7]}',
    '{"words":["OutOfMemoryError"],"facts":"OutOfMemoryError"}',
    `{"words":["${'x'.repeat(5000)}"]}`,
  ])('are none in %s', (text) => expect(decodeWords(text)).toBeUndefined());
});
