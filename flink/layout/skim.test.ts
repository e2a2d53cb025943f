// Checks that nothing of interest is left out: skimming gives the same signals as reading every entry, on all
// recordings, however the file is cut.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSplitter, type SplitEntry } from './split.js';
import { describeFile } from './names.js';
import { createSkimmer, type FindWanted, type WantedSearch } from './skim.js';

const RECORDINGS = join(import.meta.dirname, '..', '..', 'lab', 'recordings');
const WORDS = ['switched from', 'Exception', 'Completed checkpoint', 'FAILED'].map((word) => Buffer.from(word));

interface Met {
  readonly start: number;
  readonly end: number;
  readonly newest?: string;
  readonly series?: string;
}

/** Creates a search that is slow and surely correct. */
function findBy(find: (chunk: Buffer, from: number) => Met | undefined): FindWanted {
  const open = (chunk: Buffer): WantedSearch => {
    const search = {
      text: 0,
      start: 0,
      end: 0,
      newest: undefined,
      series: undefined,
      next: (from: number) => {
        const met = find(chunk, Math.max(from, search.end));
        if (met !== undefined) Object.assign(search, { newest: undefined, series: undefined, ...met });
        return met !== undefined;
      },
    };
    return search;
  };
  return Object.assign(open, { by: WORDS });
}

function findWord(bytes: Buffer, from: number): Met | undefined {
  const found = WORDS.map((word): Met => ({
    start: bytes.indexOf(word, from),
    end: bytes.indexOf(word, from) + word.length,
  })).filter(({ start }) => start >= 0);
  return found.sort((a, b) => a.start - b.start)[0];
}

function skim(
  bytes: Buffer,
  chunkBytes: number,
  find: FindWanted = findBy(findWord),
): { readonly entries: readonly SplitEntry[]; readonly lines: number } {
  const skimmer = createSkimmer({ kind: 'log' }, find);
  const entries: SplitEntry[] = [];
  for (let start = 0; start < bytes.length; start += chunkBytes)
    entries.push(...skimmer.push(Buffer.from(bytes.subarray(start, start + chunkBytes))));
  entries.push(...skimmer.flush());
  return { entries, lines: skimmer.lines };
}

function frame(bytes: Buffer): readonly SplitEntry[] {
  const splitter = createSplitter({ kind: 'log' });
  return [...splitter.push(bytes), ...splitter.flush()];
}

function describeEntry({ bytes, offset, line, flags }: SplitEntry): string {
  return `${offset} ${line} ${flags.join()} ${bytes.toString('latin1')}`;
}

function holdsWord({ bytes }: SplitEntry): boolean {
  return findWord(bytes, 0) !== undefined;
}

describe('createSkimmer', () => {
  it('gives every entry of the recordings that holds something, with its place, and the last one', () => {
    const files = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.log') && describeFile(name).kind === 'log',
    );
    let left = 0;
    for (const [index, name] of files.entries()) {
      const bytes = readFileSync(join(RECORDINGS, name));
      const all = frame(bytes);
      const { entries, lines } = skim(bytes, 700 + (index % 7) * 611);
      const given = new Set(entries.map(describeEntry));
      const known = new Set(all.map(describeEntry));

      expect(
        [...all.filter(holdsWord), ...all.slice(-1)].map(describeEntry).filter((entry) => !given.has(entry)),
        basename(name),
      ).toEqual([]);
      expect(
        [...given].filter((entry) => !known.has(entry)),
        basename(name),
      ).toEqual([]);
      expect(lines, basename(name)).toBe(bytes.toString('latin1').replace(/\n$/, '').split('\n').length);
      left += all.length - entries.length;
    }

    expect(files.length).toBeGreaterThan(300);
    expect(left).toBeGreaterThan(10_000);
  });

  it('gives of things of which only the newest counts the last before anything else', () => {
    const line = (second: number, words: string): string =>
      `2026-01-01 00:00:${String(second).padStart(2, '0')},000 INFO  Some.Logger [] - ${words}\n`;
    const log = [
      line(0, 'start'),
      line(1, 'Completed 1 of a'),
      line(2, 'Completed 1 of b'),
      line(3, 'Completed 2 of a'),
      line(4, 'quiet'),
      line(5, 'FAILED'),
      line(6, 'Completed 3 of a'),
      line(7, 'Completed 2 of b'),
      line(8, 'Completed 4 of a'),
      line(9, 'quiet'),
    ];
    const find = findBy((bytes, from) => {
      const found = /FAILED|Completed \d+ of (\w)/.exec(bytes.toString('latin1', from));
      return found === null
        ? undefined
        : {
            start: from + found.index,
            end: from + found.index + found[0].length,
            newest: found[1],
          };
    });
    const skimmer = createSkimmer({ kind: 'log' }, find);
    skimmer.push(Buffer.from(log[0] ?? ''));

    const given = [...skimmer.push(Buffer.from(log.slice(1).join(''))), ...skimmer.flush()].map(
      ({ bytes, line: number }) => `${number} ${bytes.toString().slice(47)}`,
    );

    expect(given).toEqual([
      '1 start',
      '3 Completed 1 of b',
      '4 Completed 2 of a',
      '6 FAILED',
      '8 Completed 2 of b',
      '9 Completed 4 of a',
      '10 quiet',
    ]);
  });
});
