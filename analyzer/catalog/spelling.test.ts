import { describe, expect, it } from 'vitest';
import { createRegex } from '../../core/regex.js';
import { findSpelling, listSpellings, spellInEnglish, spellPattern } from './spelling.js';

describe('an error of the system that a rule names in English', () => {
  it.each([
    ['Connection refused', '拒绝连接'],
    ['Connection refused', 'Verbindungsaufbau abgelehnt'],
    ['Connection refused', 'Connessione rifiutata'],
    ['No space left on device', '裝置上已無多餘空間'],
    ['Cannot allocate memory', 'メモリを確保できません'],
    ['Read-only file system', 'Файловая система доступна только для чтения'],
  ])('%s is looked for, matched and captured as %s', (english, other) => {
    const text = `java.io.IOException: error=1, ${other} (x)`;

    expect(listSpellings(`error=1, ${english}`)).toContain(`error=1, ${other}`);
    expect(findSpelling(english, text)).toBe(other);
    expect(createRegex(spellPattern(`error=1, (?P<problem>Other|${english}) \\(x`)).exec(text)?.groups).toEqual({
      problem: other,
    });
    expect(spellInEnglish(`at once: ${other}`)).toBe(`at once: ${english}`);
  });

  it('is the same in a text of English', () => {
    expect(findSpelling('Connection refused', 'Connection refused: a:1')).toBe('Connection refused');
    expect(spellInEnglish('Connection refused: a:1')).toBe('Connection refused: a:1');
  });

  it('leaves what names none as it is', () => {
    expect(listSpellings('OutOfMemoryError: ')).toEqual(['OutOfMemoryError: ']);
    expect(spellPattern('Exception: (?P<path>\\S+)')).toBe('Exception: (?P<path>\\S+)');
  });
});
