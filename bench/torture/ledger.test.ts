import { describe, expect, it } from 'vitest';
import type { EntryText } from './entries.js';
import { createLedger, type Ledger, type StoredText } from './ledger.js';

const PATH = '/log/a.log';

function entry(number: number, text = `entry plain-1-${number} text ${number}`): EntryText {
  return { name: `plain-1-${number}`, text };
}

const entries = [entry(1), entry(2), entry(3, 'entry plain-1-3 failed\njava.lang.Error: e\n\tat a.B.c(B.java:1)')];

/** Returns the texts as the store has them, one after the other. */
function storedAs(texts: readonly string[]): StoredText[] {
  let offset = 0;
  return texts.map((text) => {
    const stored = { path: PATH, offset, text, isRefused: false };
    offset += Buffer.byteLength(text) + 1;
    return stored;
  });
}

function fill(texts: readonly string[]): Ledger {
  const ledger = createLedger();
  for (const item of entries) ledger.note(item);
  for (const stored of storedAs(texts)) ledger.find(stored);
  return ledger;
}

function judge(ledger: Ledger, reported = 0, inexact: readonly string[] = []): readonly string[] {
  const lost = new Map(reported > 0 ? [[PATH, reported]] : []);
  return ledger.judge(lost, new Set(inexact)).differences;
}

const texts = entries.map(({ text }) => text);
const [one = '', two = '', three = ''] = texts;

describe('a ledger', () => {
  it('has no difference when each entry is stored once, byte for byte, in any order', () => {
    expect(judge(fill([three, one, two]))).toEqual([]);
  });

  it('finds what is missing, twice, another, or nobody wrote', () => {
    expect(judge(fill([one, three]))).toEqual(['plain-1-2 is stored 0 times']);
    expect(judge(fill([one, two, three, two]))).toEqual([`plain-1-2 is stored 2 times, ${PATH}:23, ${PATH}:108`]);
    expect(judge(fill([one, `${two} `, three]))[0]).toContain('plain-1-2 is stored as another');
    expect(judge(fill([...texts, 'entry plain-1-4 text 4']))[0]).toContain('nobody wrote');
    expect(judge(fill([one, two, three.split('\n')[0] ?? '', '\tat a.B.c(B.java:1)']))).toHaveLength(2);
  });

  it('takes the beginning of an entry that its index refused when it had grown, and no other text there', () => {
    const refused = (text: string): Ledger => {
      const ledger = fill([text, two, three]);
      ledger.find({ path: PATH, offset: 0, text: one, isRefused: true });
      return ledger;
    };

    expect(judge(refused(one.slice(0, 7)))).toEqual([]);
    expect(judge(refused(one.slice(0, 18)))).toEqual([]);
    expect(judge(refused(one))).toEqual([`plain-1-1 is stored 2 times, ${PATH}:0, ${PATH}:0`]);
    expect(judge(refused('2026')).at(0)).toContain('nobody wrote');
    expect(judge(fill([one.slice(0, 18), two, three]))).toHaveLength(1);
  });

  it('takes bytes for lost that nobody lost', () => {
    expect(judge(fill(texts), 10)).toEqual([`10 bytes of ${PATH} are reported as lost, 0 are`]);
  });
});

describe('a file that was cut away', () => {
  function cut(stored: readonly string[]): Ledger {
    const ledger = createLedger();
    for (const item of entries) ledger.note(item);
    ledger.cut({ path: PATH, entries });
    for (const item of storedAs(stored)) ledger.find(item);
    return ledger;
  }
  const missing = Buffer.byteLength(three) + 1;

  it('has as many bytes in the store as were not reported', () => {
    expect(judge(cut([one, two]), missing)).toEqual([]);
    expect(judge(cut([one, two, three.slice(0, 20)]), missing - 20)).toEqual([]);
    expect(judge(cut(texts))).toEqual([]);
  });

  it('may end within the first bytes of a line, which stand behind the entry before it then', () => {
    expect(judge(cut([one, `${two}\n${three.slice(0, 12)}`]), missing - 12)).toEqual([]);
    expect(judge(cut([one, `${two}\n${three.slice(0, 12)}`]), missing + 40)).toHaveLength(1);
    expect(judge(cut([one, `${two}\n${three.slice(0, 30)}`]), missing - 30)).not.toEqual([]);
    expect(judge(cut([one, `${two}\n9999`]), missing)).not.toEqual([]);
  });

  it('differs when more or fewer bytes are reported, unless their number is an upper bound', () => {
    expect(judge(cut([one, two]))).toHaveLength(1);
    expect(judge(cut([one, two]), missing + 10)).toHaveLength(1);
    expect(judge(cut([one, two]), missing + 10, [PATH])).toEqual([]);
    expect(judge(cut([one, two]), missing - 10, [PATH])).toHaveLength(1);
  });

  it('may end within a character, of which the store has what stands for it', () => {
    const broad = entry(1, 'entry plain-1-1 磁盘');
    const judgeCut = (reported: number): readonly string[] => {
      const ledger = createLedger();
      ledger.note(broad);
      ledger.cut({ path: PATH, entries: [broad] });
      for (const stored of storedAs(['entry plain-1-1 磁\ufffd'])) ledger.find(stored);
      return judge(ledger, reported);
    };

    // The difference is two bytes of the character and the line break.
    expect(judgeCut(3)).toEqual([]);
    expect(judgeCut(20)).toHaveLength(1);
  });

  it('differs when an entry is missing before a later one', () => {
    const [first, , last] = storedAs(texts);
    const ledger = cut([]);
    for (const stored of [first, last]) if (stored !== undefined) ledger.find(stored);

    expect(judge(ledger)).toEqual([`plain-1-2 of ${PATH} is missing before a later one`]);
  });
});
