// What is left out holds nothing: the same signals as from every entry, on all recordings, however the file is cut.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFramer, type FramedEntry } from './frame.js';
import { describeFile } from './names.js';
import { createSkimmer, type FindNext } from './skim.js';

const RECORDINGS = join(import.meta.dirname, '..', 'lab', 'recordings');
const WORDS = ['switched from', 'Exception', 'Completed checkpoint', 'FAILED'].map((word) => Buffer.from(word));

/** Slow and certain. */
const findWord: FindNext = (bytes, from) => {
  const places = WORDS.map((word) => bytes.indexOf(word, from)).filter((place) => place >= 0);
  return places.length === 0 ? -1 : Math.min(...places);
};

function skim(bytes: Buffer, pieceBytes: number, next: FindNext = findWord): { readonly entries: readonly FramedEntry[]; readonly lines: number } {
  const skimmer = createSkimmer({ kind: 'log' }, next);
  const entries: FramedEntry[] = [];
  for (let start = 0; start < bytes.length; start += pieceBytes) entries.push(...skimmer.push(Buffer.from(bytes.subarray(start, start + pieceBytes))));
  entries.push(...skimmer.flush());
  return { entries, lines: skimmer.lines };
}

function frame(bytes: Buffer): readonly FramedEntry[] {
  const framer = createFramer({ kind: 'log' });
  return [...framer.push(bytes), ...framer.flush()];
}

function describeEntry({ bytes, offset, line, flags }: FramedEntry): string {
  return `${offset} ${line} ${flags.join()} ${bytes.toString('latin1')}`;
}

function holdsWord({ bytes }: FramedEntry): boolean {
  return findWord(bytes, 0) >= 0;
}

describe('createSkimmer', () => {
  it('gives every entry of the recordings that holds something, with its place, and the last one', () => {
    const files = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log') && describeFile(name).kind === 'log');
    let left = 0;
    for (const [index, name] of files.entries()) {
      const bytes = readFileSync(join(RECORDINGS, name));
      const all = frame(bytes);
      const { entries, lines } = skim(bytes, 700 + (index % 7) * 611);
      const given = new Set(entries.map(describeEntry));
      const known = new Set(all.map(describeEntry));

      expect([...all.filter(holdsWord), ...all.slice(-1)].map(describeEntry).filter((entry) => !given.has(entry)), basename(name)).toEqual([]);
      expect([...given].filter((entry) => !known.has(entry)), basename(name)).toEqual([]);
      expect(lines, basename(name)).toBe(bytes.toString('latin1').replace(/\n$/, '').split('\n').length);
      left += all.length - entries.length;
    }

    expect(files.length).toBeGreaterThan(300);
    expect(left).toBeGreaterThan(10_000);
  });
});
