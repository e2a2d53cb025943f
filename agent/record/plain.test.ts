import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { NO_NOTES } from '../../flink/facts/notes.js';
import { createSplitter, type SplitEntry } from '../../flink/layout/split.js';
import { sliceRecord } from '../../store/batch.js';
import { createEncoder } from '../../store/encode.js';
import type { Encoding } from '../../store/store.js';
import { describeOrigin } from './origin.js';
import { describeSource, parseRecord, type ParseContext } from './parse.js';
import { parsePlain } from './plain.js';
import { createRedactor } from './redact.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENCODING: Encoding = { kind: 'elasticsearch', prefix: 'jobtrace' };
const NOW = Date.UTC(2026, 11, 1);

/** What stands in a bulk request, but for when it was made. */
function readLines(bytes: Buffer): unknown[] {
  return bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...(JSON.parse(line) as Record<string, unknown>), 'event.ingested': undefined }));
}

interface Compared {
  entries: number;
  plain: number;
}

/** Reads the entries of a file in both ways; fails where they differ. */
function compareFile(path: string, bytes: Buffer, options: Partial<ParseContext> = {}): Compared {
  const origin = describeOrigin({ path, captures: {} }, { host: 'node-1', cluster: 'shop', isStoreShared: true });
  const splitter = createSplitter({ kind: origin.kind });
  let context: ParseContext = {
    origin,
    redact: createRedactor(),
    zone: '',
    previousTime: undefined,
    notes: NO_NOTES,
    fileTime: NOW,
    now: NOW,
    ...options,
  };
  const compared = { entries: 0, plain: 0 };
  for (const entry of [...splitter.push(bytes), ...splitter.flush()]) {
    compared.entries += 1;
    const parsed = compareEntry(entry, context);
    if (parsed.isPlain) compared.plain += 1;
    context = { ...context, previousTime: parsed.time, notes: parsed.notes };
  }
  return compared;
}

function compareEntry(entry: SplitEntry, context: ParseContext) {
  const id = `5f00aa-${entry.offset.toString(16).padStart(12, '0')}-1c291ca3`;
  const parsed = parseRecord(entry, id, context);
  const plain = parsePlain(entry, id, describeSource(context.origin, context.notes), context);
  if (plain === undefined) return { ...parsed, isPlain: false };
  const encoder = createEncoder(ENCODING);
  const lengths = [encoder.add(parsed.record), encoder.addPlain?.(plain.plain)];
  const batch = encoder.take();
  expect(batch.lengths).toEqual(lengths);
  expect(readLines(sliceRecord(batch, 1))).toEqual(readLines(sliceRecord(batch, 0)));
  expect({ time: plain.time, notes: plain.notes }).toEqual({ time: parsed.time, notes: parsed.notes });
  return { ...parsed, isPlain: true };
}

function listLogs(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:log|out)$/.test(name))
    .map((name) => join(ROOT, folder, name));
}

describe('a record made of bytes', () => {
  it('is what a record made of strings is, for every entry of every recording and rule', () => {
    const all = { entries: 0, plain: 0 };
    for (const path of ['lab/recordings', 'rules'].flatMap(listLogs)) {
      const { entries, plain } = compareFile(path, readFileSync(path));
      all.entries += entries;
      all.plain += plain;
    }
    console.log(all);
    expect(all.plain / all.entries).toBeGreaterThan(0.5);
  });
});
