import { describe, expect, it } from 'vitest';
import { buildAutomaton, scanMarks, type MarkedText } from './automaton.js';

const ODD = 128;
const TEXTS: readonly MarkedText[] = [
  { text: 'token', mark: 1 },
  { text: 'he', mark: 2 },
  { text: 'she', mark: 4 },
  { text: 'hers', mark: 8 },
  { text: '"', mark: 16 },
  { text: 'to the', mark: 32 },
];

function scan(text: string, start = 0, end?: number): number {
  const bytes = Buffer.from(text);
  return scanMarks(buildAutomaton(TEXTS, ODD), bytes, start, end ?? bytes.length);
}

/** The same by looking for each text. */
function look(text: string): number {
  const lower = text.toLowerCase();
  const found = TEXTS.filter(({ text: wanted }) => lower.includes(wanted)).reduce((marks, { mark }) => marks | mark, 0);
  return /[^ -~]/.test(text) ? found | ODD : found;
}

describe('scanMarks', () => {
  it('gives the marks of all texts that stand there, one inside another too', () => {
    expect(scan('ushers')).toBe(2 | 4 | 8);
    expect(scan('to token')).toBe(1);
    expect(scan('totoken to tokens')).toBe(1);
    expect(scan('nothing of it')).toBe(0);
    expect(scan('')).toBe(0);
  });

  it('takes a letter in both cases', () => {
    expect(scan('ToKeN')).toBe(1);
    expect(scan('A "WORD"')).toBe(16);
  });

  it('marks what is no printable ASCII, and no text goes on behind it', () => {
    expect(scan('to\tken')).toBe(ODD);
    expect(scan('to\u00a0the token')).toBe(ODD | 1 | 2);
    expect(scan('he\n')).toBe(ODD | 2);
  });

  it('looks at nothing outside of the range', () => {
    expect(scan('token he', 1, 7)).toBe(0);
    expect(scan('token he', 1)).toBe(2);
  });

  it('finds what looking for each text finds, in random texts of their letters', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >> 8) % below;
    };
    for (let round = 0; round < 3000; round += 1) {
      const text = Array.from({ length: random(40) }, () => 'tokenhersTOKS "\u00e9\n '[random(18)] ?? '').join('');
      expect(scan(text), JSON.stringify(text)).toBe(look(text));
    }
  });
});
