import { renderRecordId } from '../../core/record.js';
import { describe, expect, it } from 'vitest';
import { createKey, decideCopy, decideResume, findKeyBytes, type CopyFacts } from './identity.js';

describe('createKey', () => {
  const parts = { host: 'h', inode: '12', birthMs: 1000.7, keyBytes: Buffer.from('first line\n') };
  const none = (): boolean => false;

  it('is found again from the file alone', () => {
    expect(createKey(parts, none)).toBe(createKey({ ...parts, keyBytes: Buffer.from('first line\n') }, none));
  });

  it('tells hosts, inodes, births and first lines apart', () => {
    const keys = [
      parts,
      { ...parts, host: 'i' },
      { ...parts, inode: '13' },
      { ...parts, birthMs: 2000 },
      { ...parts, keyBytes: Buffer.from('x\n') },
    ].map((item) => createKey(item, none));

    expect(new Set(keys).size).toBe(5);
  });

  it('tells a generation from a remembered one that began alike on the same inode', () => {
    const first = createKey(parts, none);

    expect(createKey(parts, (key) => key === first)).not.toBe(first);
  });
});

describe('findKeyBytes', () => {
  it('waits for a line break or enough bytes, unless nothing more will come', () => {
    expect(findKeyBytes(Buffer.from('abc'), false)).toBeUndefined();
    expect(findKeyBytes(Buffer.from('abc'), true)?.toString()).toBe('abc');
    expect(findKeyBytes(Buffer.from('abc\ndef'), false)?.toString()).toBe('abc\n');
    expect(findKeyBytes(Buffer.alloc(100, 'z'), false)).toHaveLength(64);
    expect(findKeyBytes(Buffer.alloc(0), true)).toBeUndefined();
  });
});

describe('renderRecordId', () => {
  it('sorts by offset within a file', () => {
    const ids = [5, 4096, 70_000, 5_000_000_000].map((offset) => renderRecordId('k', offset, 1));

    expect([...ids].sort()).toEqual(ids);
    expect(ids[0]).toBe('k-000000000005-00000001');
  });
});

describe('decideResume', () => {
  it('goes on only when size, head and frontier fit', () => {
    expect(decideResume({ offset: 10 }, 10, true, true)).toBe('resume');
    expect(decideResume({ offset: 10 }, 9, true, true)).toBe('shrunk');
    expect(decideResume({ offset: 10 }, 20, false, true)).toBe('head-differs');
    expect(decideResume({ offset: 10 }, 20, true, false)).toBe('frontier-differs');
  });
});

describe('decideCopy', () => {
  const facts: CopyFacts = {
    originalLives: false,
    hasPlainName: false,
    firstBytesFit: true,
    prefixFits: true,
    endFits: false,
    quietMs: 0,
    waitMs: 10,
  };

  it.each<[Partial<CopyFacts>, string]>([
    [{}, 'continues'],
    [{ prefixFits: false }, 'not-a-copy'],
    [{ firstBytesFit: false }, 'not-a-copy'],
    [{ hasPlainName: true }, 'not-a-copy'],
    [{ originalLives: true, endFits: true, prefixFits: false }, 'copy-in-the-making'],
    [{ originalLives: true, endFits: true, quietMs: 10 }, 'copy-beside-living-original'],
    [{ originalLives: true, endFits: false, prefixFits: false }, 'not-a-copy'],
  ])('%o: %s', (change, reason) => {
    expect(decideCopy({ ...facts, ...change })).toBe(reason);
  });
});
