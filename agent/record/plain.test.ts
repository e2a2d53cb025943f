import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { NAMING_ANCHORS } from '../../flink/facts/facts.js';
import { NO_NOTES } from '../../flink/facts/notes.js';
import { createSplitter, type SplitEntry } from '../../flink/layout/split.js';
import { sliceRecord } from '../../store/batch.js';
import { createEncoder, decodeRecord } from '../../store/encode.js';
import type { LogRecord } from '../../core/types.js';
import type { EncodedBatch, Encoding } from '../../store/store.js';
import { describeOrigin } from './origin.js';
import { describeSource, parseRecord, type ParseContext } from './parse.js';
import { parsePlain } from './plain.js';
import { createRedactor, SECRET_HINTS } from './redact.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENCODING: Encoding = { kind: 'elasticsearch', prefix: 'jobtrace' };
const NOW = Date.UTC(2026, 11, 1);

/** What stands in a bulk request. */
function readLines(bytes: Buffer): unknown[] {
  return bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
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
    const parsed = compareEntry(entry, context);
    compared.entries += 1;
    compared.plain += parsed.isPlain ? 1 : 0;
    context = { ...context, previousTime: parsed.time, notes: parsed.notes };
  }
  return compared;
}

const encoder = createEncoder(ENCODING);

function compareEntry(entry: SplitEntry, context: ParseContext) {
  const id = `5f00aa-${entry.offset.toString(16).padStart(12, '0')}-1c291ca3`;
  const parsed = parseRecord(entry, id, context);
  const plain = parsePlain(entry, id, describeSource(context.origin, context.notes), context);
  encoder.add(parsed.record);
  if (plain === undefined) {
    checkDecoded(parsed.record, encoder.take());
    return { ...parsed, isPlain: false };
  }
  encoder.addPlain?.(plain.plain);
  const batch = encoder.take();
  const [strings, bytes] = [0, 1].map((index) => readLines(sliceRecord(batch, index)));
  checkDecoded(parsed.record, batch);
  const behind = { time: plain.time, notes: plain.notes };
  if (!isDeepStrictEqual(strings, bytes) || !isDeepStrictEqual(behind, { time: parsed.time, notes: parsed.notes }))
    expect({ bytes, ...behind }).toEqual({ bytes: strings, time: parsed.time, notes: parsed.notes });
  return { ...parsed, isPlain: true };
}

/** What is left out of a document is found again, to the byte. */
function checkDecoded(record: LogRecord, batch: EncodedBatch): void {
  const decoded = decodeRecord(ENCODING, sliceRecord(batch, 0));
  const whole = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
  if (!isDeepStrictEqual(decoded, whole)) expect(decoded).toEqual(whole);
}

function listLogs(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:log|out)$/.test(name))
    .map((name) => join(ROOT, folder, name));
}

function compareLines(lines: readonly string[], options: Partial<ParseContext> = {}): Compared {
  return compareFile('/logs/flink-1-taskexecutor-0-node.log', Buffer.from(`${lines.join('\n')}\n`), options);
}

const HEAD = '2026-11-24 10:00:00,000 INFO  org.apache.flink.runtime.taskmanager.Task              [] - ';

describe('a record made of bytes', () => {
  it('is what a record made of strings is, for every entry of every recording and rule', () => {
    const all = { entries: 0, plain: 0 };
    for (const path of ['lab/recordings', 'rules'].flatMap(listLogs)) {
      const { entries, plain } = compareFile(path, readFileSync(path));
      all.entries += entries;
      all.plain += plain;
    }

    expect(all.entries).toBeGreaterThan(30_000);
    expect(all.plain / all.entries).toBeGreaterThan(0.7);
  });

  it('has its marks escaped, its words cut and its numbers written as the other has', () => {
    const long = 'x'.repeat(600);
    const lines = [
      `${HEAD}a "quoted" path C:\\tmp\\new and a \\u0041`,
      `${HEAD}${long} ${long}9`,
      `${HEAD}`,
      `${HEAD}  indented, and blanks behind   `,
      '1999-12-31 23:59:59.999 WARN  a.B [] - before there was a Flink',
      '2026-02-31 25:61:61,999 INFO  a.B [] - no such day',
      '2026-11-24 00:00:00,000 INFO  a."B" - quoted preamble',
      '2026-11-24 00:00:00,000 INFO  a.B - another - dash',
      '2026-11-24 00:00:00,000 +0200 INFO  a.B - with a zone',
      '2026-11-24 00:00:00,000 [main] INFO  a.B [] - by logback',
    ];

    expect(compareLines(lines).plain).toBeGreaterThanOrEqual(5);
  });

  it('has the time of its zone, over a change of the clocks too', () => {
    const lines = ['2026-03-29 01:59:59,999', '2026-03-29 03:00:00,000', '2026-10-25 02:30:00,000'];

    const compared = compareLines(
      lines.map((stamp) => `${stamp} INFO  a.B [] - text`),
      { zone: 'Europe/Berlin' },
    );

    expect(compared.plain).toBe(lines.length);
  });

  it('leaves to the other what has a secret, an exception, another letter, or a mark of the operator', () => {
    const others = [
      `${HEAD}password=abc`,
      `${HEAD}java.io.IOException: gone`,
      `${HEAD}\u4f5c\u4e1a`,
      `${HEAD}a\tb`,
      `${HEAD}order 4711`,
    ];

    expect(compareLines(others, { redact: createRedactor(['order \\d+']) })).toEqual({ entries: 5, plain: 0 });
  });

  it('is what the other is, whatever stands in a line', () => {
    let seed = 11;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >> 8) % below;
    };
    const words = [...PIECES, ...SECRET_HINTS, ...NAMING_ANCHORS];
    const lines = Array.from({ length: 5000 }, () => {
      const stamp = `2026-11-${String(1 + random(28)).padStart(2, '0')} 1${random(10)}:00:0${random(10)},${100 + random(900)}`;
      const level = ['INFO ', 'WARN ', 'DEBUG', 'INFO', '[main] INFO ', 'x'][random(6)] ?? '';
      const text = Array.from({ length: random(8) }, () => words[random(words.length)] ?? '').join(
        [' ', '', '='][random(3)],
      );
      return `${stamp} ${level} a.b.C${random(5)} [] - ${text}`;
    });

    expect(compareLines(lines).plain).toBeGreaterThan(1000);
  });
});

const PIECES = [
  'a',
  'Job',
  '(1/2)',
  '331d69439fcab5e1d062ecb4650fef53',
  '"',
  '\\',
  ' - ',
  '[]',
  ':',
  '@',
  '/',
  '7',
  '.',
];
