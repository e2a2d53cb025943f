import { describe, expect, it } from 'vitest';
import * as wording from './wording.js';

const words = Object.entries(wording).flatMap(([table, values]) =>
  Object.entries(values).map(([value, text]) => ({ table, value, ...text })),
);

describe('a value that people read', () => {
  it.each(words)('has a word in each language: $table $value', ({ en, zh }) => {
    expect(en).toMatch(/^[A-Za-z][A-Za-z' ]*$/);
    expect(zh).toMatch(/[\u4e00-\u9fff]/);
  });

  it.each(Object.values(wording))('has a word of its own: %o', (table) => {
    const texts: readonly { readonly zh: string }[] = Object.values(table);

    expect(new Set(texts.map(({ zh }) => zh)).size).toBe(texts.length);
  });
});
