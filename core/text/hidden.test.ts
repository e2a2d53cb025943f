import { describe, expect, it } from 'vitest';
import { renderCell } from '../wording/export.js';
import { showHidden } from './hidden.js';
import { showText } from './terminal.js';

/** Unicode's own list of characters without a shape and of characters that change the reading direction. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/u;
const SHOWN_AS_THEY_ARE = new Set([0xfe0e, 0xfe0f]);

describe('letters that nobody sees', () => {
  it('are shown, all of those that Unicode calls ignorable', () => {
    const left: string[] = [];
    for (let code = 0; code <= 0xeffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const letter = String.fromCodePoint(code);
      if (INVISIBLE.test(letter) && !SHOWN_AS_THEY_ARE.has(code) && showHidden(letter) === letter)
        left.push(code.toString(16));
    }
    expect(left).toEqual([]);
  });

  it('stay as they are in no place where a text of others is shown', () => {
    const order = [...'ignore'].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join('');
    const text = `a${order}b\u202ec\u200bd`;
    const shown =
      `${JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}`.slice(
        1,
        -1,
      );

    expect(showHidden(text)).toBe(shown);
    expect(showText(text)).toBe(shown);
    expect(renderCell(text)).toBe(shown);
    expect(JSON.parse(showText(JSON.stringify({ text })))).toEqual({ text });
  });

  it.each(['plain', 'Überlauf 内存不足 🔥 ❤️', 'नमस्ते', 'עברית', 'a\tb\nc'])('are all that is changed: %s', (text) => {
    expect(showHidden(text)).toBe(text);
  });
});
