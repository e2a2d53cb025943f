// Compares the entries in the files of a folder with those in the store. An entry consists of its file (rotations count
// as one), its offset, its text, and whether secrets were replaced in it. For tests of the whole product.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { createRedactor } from '../agent/record/redact.js';
import type { LogRecord } from '../core/types.js';
import { createSplitter, type SplitEntry } from '../flink/layout/split.js';
import { describeFile } from '../flink/layout/names.js';

/** Returns every entry of every file in the folder, as its key and its number of occurrences. */
export function listEntries(folder: string): ReadonlyMap<string, number> {
  const redact = createRedactor();
  const keys = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    const splitter = createSplitter({ kind: describeFile(path).kind });
    const entries = [...splitter.push(bytes), ...splitter.flush()];
    expectWhole(bytes, entries, name);
    return entries.map((entry) => {
      const { text, count } = redact(entry.bytes.toString('utf8'));
      return toKey(path, entry.offset, count > 0, text);
    });
  });
  return countKeys(keys);
}

/** Checks that the entries make up the file byte for byte, with nothing but line breaks between them. */
function expectWhole(bytes: Buffer, entries: readonly SplitEntry[], name: string): void {
  let end = 0;
  const between: string[] = [];
  for (const entry of entries) {
    between.push(bytes.toString('latin1', end, entry.offset));
    end = entry.offset + entry.length;
    expect(entry.flags, name).toEqual([]);
    expect(entry.bytes.equals(bytes.subarray(entry.offset, end)), `${name}:${entry.line}`).toBe(true);
  }
  between.push(bytes.toString('latin1', end));
  expect(between.join('').trim(), name).toBe('');
}

/**
 * Builds the key of an entry. A record keeps the name that its file had when it was read, so the rotation number is
 * removed.
 */
function toKey(path: string, offset: number, isRedacted: boolean, text: string): string {
  return [basename(path).replace(/\.\d+$/, ''), offset, isRedacted ? 'redacted' : 'verbatim', text].join('\t');
}

function countKeys(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/**
 * Returns the differences in words; none if each entry of the files is in the store exactly once, and nothing else is.
 */
export function compareEntries(
  records: readonly LogRecord[],
  inFolder: ReadonlyMap<string, number>,
): readonly string[] {
  const stored = countKeys(
    records.map((record) =>
      toKey(
        record['log.file.path'],
        record['log.offset'],
        record['jobtrace.flags']?.includes('redacted') === true,
        record['event.original'],
      ),
    ),
  );
  return [...new Set([...inFolder.keys(), ...stored.keys()])].flatMap((key) => {
    const [inFiles, inStore] = [inFolder.get(key) ?? 0, stored.get(key) ?? 0];
    return inFiles === inStore ? [] : [`${inFiles} in the files, ${inStore} in the store: ${key.slice(0, 400)}`];
  });
}
