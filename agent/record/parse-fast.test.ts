import { renderRecordId } from '../../core/record.js';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { FACT_ANCHORS, NAMING_ANCHORS } from '../../flink/facts/facts.js';
import { NO_PROCESS_CONTEXT } from '../../flink/facts/process-context.js';
import { createSplitter } from '../../flink/layout/split.js';
import { createPlainReader } from '../../flink/layout/plain-entries.js';
import { createSignalDetector } from '../../flink/bytes/signals.js';
import { describeWords } from '../../flink/bytes/words.js';
import { sliceRecord, splitRecords } from '../../store/batch.js';
import { createEncoder, decodeRecord, encodeRecords } from '../../store/encode.js';
import type { LogRecord } from '../../core/types.js';
import type { Encoding, PlainRecord } from '../../store/store.js';
import { createBoard } from '../status.js';
import { readChunk } from '../tail/read.js';
import { EntryEncoder } from '../tail/encode.js';
import { takeOpenEntry } from '../tail/open-entry.js';
import { splitChunk } from '../tail/split.js';
import { createTail } from '../tail/tail.js';
import { describeOrigin } from './origin.js';
import { parseRecord, type ParseContext } from './parse.js';
import { createPlainIndex } from './parse-fast.js';
import { createRedactor, SECRET_HINTS } from './redact.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENCODING: Encoding = { kind: 'elasticsearch', prefix: 'jobtrace' };
const NOW = Date.UTC(2026, 11, 1);

/** Returns the lines of a bulk request. */
function readLines(bytes: Buffer): object[] {
  return bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
}

interface Compared {
  entries: number;
  plain: number;
}

const KEY = '5f00aa0102030405060708ff';
const marker = createPlainIndex();
const signals = createSignalDetector(describeWords([...FACT_ANCHORS, 'Exception: ', 'Caused by: '], FACT_ANCHORS));
const folder = mkdtempSync(join(tmpdir(), 'jobtrace-plain-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Options extends Partial<Pick<ParseContext, 'redact' | 'zone'>> {
  /** Number of bytes that are read at once. */
  readonly quantum?: number;
}

/** Returns the entries of a file as records made of strings. */
function parseStrings(
  path: string,
  bytes: Buffer,
  { redact, zone }: Pick<ParseContext, 'redact' | 'zone'>,
): LogRecord[] {
  const origin = originOf(path);
  const splitter = createSplitter({ kind: origin.kind });
  const context = {
    ...{ origin, redact, zone, fileTime: NOW, now: NOW, detector: signals },
    previousTime: undefined as number | undefined,
    processContext: NO_PROCESS_CONTEXT,
  };
  return [...splitter.push(bytes), ...splitter.flush()].map((entry) => {
    const id = renderRecordId(KEY, entry.offset, crc32(bytes.subarray(0, entry.offset)));
    const { record, time, processContext } = parseRecord(entry, id, context);
    Object.assign(context, { previousTime: time, processContext });
    return record;
  });
}

function originOf(path: string) {
  return describeOrigin({ path, captures: {} }, { host: 'node-1', cluster: 'shop', isStoreShared: true });
}

/** Returns the same as bulk lines, as the agent reads them, and how many of them were made from bytes. */
function readBytes(
  path: string,
  bytes: Buffer,
  options: Options,
): { readonly lines: Buffer[]; readonly plain: number } {
  const file = join(folder, 'file');
  writeFileSync(file, bytes);
  utimesSync(file, NOW / 1000, NOW / 1000);
  const { zone = '', redact = createRedactor(), quantum = 262_144 } = options;
  const fd = openSync(file, 'r');
  const start = { inode: '1', device: '1', birthMs: 0, predecessor: undefined, maxEntryBytes: 1_048_576, now: NOW };
  const tail = createTail({ ...start, path, captures: {}, origin: originOf(path), fd });
  tail.file.key = KEY;
  const store = createEncoder(ENCODING);
  let plain = 0;
  const addPlain = (record: PlainRecord): number => {
    plain += 1;
    return store.addPlain?.(record) ?? 0;
  };
  const lines = createPlainReader(marker, { zone, maxEntryBytes: 1_048_576 });
  const encoder = new EntryEncoder({
    settings: { zone, minimumLevel: 'TRACE' },
    lines,
    redact,
    board: createBoard(() => NOW),
    wallClock: () => NOW,
    shipper: { encoder: { ...store, addPlain }, isFilledBy: () => false, enqueue: () => undefined },
  });
  encoder.detector = signals;
  for (;;) {
    const chunk = readChunk(tail.reading, tail.file.startGuard, quantum, marker.buffer);
    if (chunk.kind !== 'read') break;
    for (const part of splitChunk(tail, chunk, lines)) Array.from(encoder.encode(tail, part));
  }
  encoder.send(tail, takeOpenEntry(tail.reading, KEY, true));
  closeSync(fd);
  return { lines: splitRecords(store.take()), plain };
}

/** Reads the entries of a file in both ways; fails if they differ. */
function compareFile(path: string, read: Buffer, options: Options = {}): Compared {
  const bytes = read.at(-1) === 10 ? read : Buffer.concat([read, Buffer.from('\n')]);
  const { zone = '', redact = createRedactor() } = options;
  const records = parseStrings(path, bytes, { zone, redact });
  const { lines, plain } = readBytes(path, bytes, options);
  expect(lines.length, path).toBe(records.length);
  records.forEach((record, index) => {
    const line = lines[index] ?? Buffer.alloc(0);
    const strings = sliceRecord(encodeRecords(ENCODING, [record]), 0);
    if (!isDeepStrictEqual(readDocument(line), readDocument(strings)))
      expect(readDocument(line), `${path}: ${record['log.offset']}`).toEqual(readDocument(strings));
    checkDecoded(record, line);
  });
  return { entries: records.length, plain };
}

/**
 * Returns the document without its time of sending and without the action's line, because the target of a record is
 * left out if the previous one has the same.
 */
function readDocument(bytes: Buffer): unknown {
  return { ...(readLines(bytes)[1] ?? {}), 'event.ingested': undefined };
}

function checkDecoded(record: LogRecord, bytes: Buffer): void {
  const decoded = decodeRecord(ENCODING, bytes);
  const whole = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
  if (!isDeepStrictEqual(decoded, whole)) expect(decoded).toEqual(whole);
}

function listLogs(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:log|out)$/.test(name))
    .map((name) => join(ROOT, folder, name));
}

function compareLines(lines: readonly string[], options: Options = {}): Compared {
  return compareFile('/logs/flink-1-taskexecutor-0-node.log', Buffer.from(`${lines.join('\n')}\n`), options);
}

const HEAD = '2026-11-24 10:00:00,000 INFO  org.apache.flink.runtime.taskmanager.Task              [] - ';

describe('a record made of bytes', () => {
  it('is what a record made of strings is, for every entry of every other log of the recordings and rules', () => {
    const all = { entries: 0, plain: 0 };
    for (const path of ['lab/recordings', 'rules'].flatMap(listLogs).filter((_, index) => index % 2 === 0)) {
      const { entries, plain } = compareFile(path, readFileSync(path));
      all.entries += entries;
      all.plain += plain;
    }

    expect(all.entries).toBeGreaterThan(15_000);
    expect(all.plain / all.entries).toBeGreaterThan(0.7);
  });

  it('is the same however a file is cut into chunks', () => {
    const [path = ''] = listLogs('lab/recordings').filter((name) => name.includes('taskexecutor'));
    const bytes = readFileSync(path);
    for (const quantum of [1, 97, 300, 1009, 4096])
      expect(compareFile(path, bytes.subarray(0, 60 * quantum), { quantum }).entries).toBeGreaterThan(0);
  });

  it('is the same for more jobs than what their entries share is kept of', () => {
    const lines = Array.from({ length: 2500 }, (_, job) => {
      const id = job.toString(16).padStart(32, '0');
      return `${HEAD}Job nightly-${job} (${id}) switched from state CREATED to RUNNING.\n${HEAD}Close JobManager connection for job ${id}.`;
    });

    // Entries at the border of two chunks are read in another way.
    expect(compareLines(lines).plain).toBeGreaterThan(4900);
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

    expect(compareLines([...lines, ...lines]).plain).toBeGreaterThanOrEqual(5);
  });

  it('has the time of its zone, over a change of the clocks too', () => {
    // The first entry shows the form of the file, and the last one may continue.
    const others = [HEAD.slice(0, 23), HEAD.slice(0, 23)];
    const lines = ['2026-03-29 01:59:59,999', '2026-03-29 03:00:00,000', '2026-10-25 02:30:00,000'];

    const compared = compareLines(
      [others[0], ...lines, others[1]].map((stamp) => `${stamp} INFO  a.B [] - text`),
      { zone: 'Europe/Berlin' },
    );

    expect(compared.plain).toBe(lines.length);
  });

  it('leaves to the other what has a secret, an exception in its words, another letter, or a mark of the operator', () => {
    const others = ['password=abc', 'java.io.IOException: gone', '\u4f5c\u4e1a', 'order 4711'];
    const redact = createRedactor(['order \\d+']);
    const usual = `${HEAD}text`;

    expect(compareLines([usual, usual, usual], { redact }).plain).toBe(1);
    for (const text of others)
      expect(compareLines([usual, HEAD + text, usual], { redact }), text).toEqual({ entries: 3, plain: 0 });
  });

  it('has of a stack trace what the other has', () => {
    const usual = `${HEAD}text`;
    const frames = [
      '\tat a.b.C.m(C.java:1)',
      '\tat a.b.C.n(C.java:2) ~[x-1.0.jar:1.0]',
      '\tat java.base/a.B.o(Native Method)',
    ];
    const traces = [
      [`${HEAD}failed`, 'java.io.IOException: gone', ...frames],
      [
        `${HEAD}failed`,
        'java.io.IOException: gone',
        'for good',
        ...frames,
        'Caused by: a.b.CError: "x"',
        ...frames,
        '\t... 3 more',
      ],
      [
        `${HEAD}failed`,
        'a.b.CException',
        ...frames,
        '\tSuppressed: a.b.DException: d',
        '\t\tat a.b.C.m(C.java:1)',
        '\t\tat a.b.C.m(C.java:2)',
      ],
      [`${HEAD}two lines`, 'and an error'],
      [`${HEAD}a\ttab`],
      [`${HEAD}an error without an exception`],
    ];
    for (const trace of traces)
      expect(compareLines([usual, ...trace, usual]), trace[1]).toEqual({ entries: 3, plain: 1 });
    const odd = [
      [`${HEAD}frames only`, ...frames],
      [`${HEAD}failed`, 'java.io.IOException: gone', '\tat no frame', '\tat nodots(X)', '\tat nodots(Y)'],
      [`${HEAD}failed`, 'java.io.IOException: gone', ...frames, '', ''],
      [`${HEAD}failed with java.io.IOException: gone`, ...frames],
      [`${HEAD}failed`, `java.io.IOException: gone at a.b.C.m(C.java:1) at a.b.C.n(C.java:2)`, ...frames],
      [`${HEAD}failed`, 'java.io.IOException: gone', '\tat a.b.C.m(C.java:1) Caused by: a.b.CException: x', ...frames],
    ];
    for (const trace of odd) expect(compareLines([usual, ...trace, usual]).entries, trace[1]).toBe(3);
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
