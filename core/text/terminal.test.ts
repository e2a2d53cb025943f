import { describe, expect, it } from 'vitest';
import { paintText, showText } from './terminal.js';

describe('showText', () => {
  it.each([
    ['OSC 52, which sets the clipboard', 'a\u001b]52;c;c2VjcmV0\u0007b', 'a␛]52;c;c2VjcmV0␇b'],
    [
      'OSC 8, which hides where a link goes',
      '\u001b]8;;http://x\u001b\\y\u001b]8;;\u001b\\',
      '␛]8;;http://x␛\\y␛]8;;␛\\',
    ],
    ['CSI 2J, which clears the screen', 'a\u001b[2J\u001b[Hb', 'a␛[2J␛[Hb'],
    ['DCS, which asks the terminal', 'a\u001bP$qm\u001b\\b', 'a␛P$qm␛\\b'],
    ['C1, the same in one character', 'a\u009b2J\u009d52;c;eA==\u009cb', 'a\\u009b2J\\u009d52;c;eA==\\u009cb'],
    ['colours of a log', '\u001b[31mERROR\u001b[0m', '␛[31mERROR␛[0m'],
    ['a right-to-left override', 'invoice\u202etxt.exe', 'invoice\\u202etxt.exe'],
    ['isolates and marks', '\u2066a\u2069\u200e\u200f\u061c', '\\u2066a\\u2069\\u200e\\u200f\\u061c'],
    ['a return over what was written', 'failed\rfine', 'failed␍fine'],
    ['backspaces, a bell, DEL and NUL', 'a\b\u0007\u007f\0', 'a␈␇\\u007f␀'],
  ])('shows %s', (_, text, shown) => {
    expect(showText(text)).toBe(shown);
  });

  it.each(['a\tb\nc', 'line\r\nline', '原因：缓冲区不足', 'é ü ✖ █ 🙂'])('leaves %j as it is', (text) => {
    expect(showText(text)).toBe(text);
  });

  it('leaves nothing that commands a terminal, whatever the character', () => {
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(
      (character) => !/[\ufdd0-\ufdd6]/.test(character),
    );

    expect([...showText(all.join(' '))].filter((character) => /[\p{Cc}\p{Bidi_Control}]/u.test(character))).toEqual([
      '\t',
      '\n',
    ]);
  });

  it('makes colours of our own, around what is shown', () => {
    expect(showText(paintText('a\u001b[2J', 'red'))).toBe('\u001b[31ma␛[2J\u001b[0m');
  });

  it('leaves JSON exact', () => {
    const value = { text: 'a\u001b]52;c;x\u0007\u009b2J\u202e\u007f\r\n\t\u2066' };

    for (const indent of [0, 2]) expect(JSON.parse(showText(JSON.stringify(value, null, indent)))).toEqual(value);
  });
});
