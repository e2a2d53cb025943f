import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FileKind } from '../../core/types.js';
import { createSplitter, type SplitEntry, type SplitterOptions } from './split.js';
import { describeFile } from './names.js';

const RECORDINGS = new URL('../../lab/recordings/', import.meta.url);
const TRACE = [
  '2026-08-07 05:43:13,867 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph       [] - Map (1/2) (a) switched from RUNNING to FAILED on tm @ host (dataPort=1).',
  'java.lang.RuntimeException: größer als 7',
  '\tat com.example.Job.map(Job.java:7) ~[job.jar:?]',
  'Caused by: java.io.IOException: disk',
  '\t... 3 more',
  '',
  '2026-08-07 05:43:14,001 WARN  a.b.C  [] - text',
].join('\n');

function frame(bytes: Buffer, cuts: readonly number[], options: SplitterOptions = { kind: 'log' }): SplitEntry[] {
  const splitter = createSplitter(options);
  const entries: SplitEntry[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    entries.push(...splitter.push(Buffer.from(bytes.subarray(from, cut))));
    from = cut;
  }
  return [...entries, ...splitter.flush()];
}

function texts(entries: readonly SplitEntry[]): string[] {
  return entries.map((entry) => entry.bytes.toString());
}

/** Renders all of an entry, with its bytes as text, which compares faster than a buffer. */
function shapes(entries: readonly SplitEntry[]): string[] {
  return entries.map(
    ({ bytes, offset, length, line, flags, cutBytes }) =>
      `${offset} ${length} ${line} ${flags.join()} ${cutBytes} ${bytes.toString('latin1')}`,
  );
}

function frameText(text: string, kind: FileKind = 'log'): string[] {
  return texts(frame(Buffer.from(text), [], { kind }));
}

/** Creates a small linear generator, so that a failing seed can be run again. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomCuts(random: (below: number) => number, length: number): number[] {
  const count = random(40);
  return Array.from({ length: count }, () => random(length + 1)).sort((a, b) => a - b);
}

/** Creates a file of every shape of line that the splitter knows. */
function randomFile(random: (below: number) => number): Buffer {
  const shapes = [
    '2026-08-07 05:43:13,867 INFO  a.b.C [] - text',
    'java.lang.IllegalStateException: foo',
    '\tat com.example.Job.map(Job.java:7)',
    'Caused by: java.io.IOException: größer',
    '',
    'printed (1,2)',
    'x'.repeat(90),
    '漢字'.repeat(40),
    '\0\0\0\0',
    '{"@timestamp":"2026-08-07T05:43:13.867Z","message":"hello"}',
    '2026-08-07T05:43:13.867000000Z stdout P 2026-08-07 05:43:13,867 INFO  a.b.C [] - half',
    '2026-08-07T05:43:13.867000000Z stdout F of it',
    '#',
    '# There is insufficient memory for the Java Runtime Environment to continue.',
  ];
  const lines = Array.from(
    { length: 1 + random(30) },
    () => (shapes[random(shapes.length)] ?? '') + (random(4) === 0 ? '\r\n' : '\n'),
  );
  const parts = [
    random(3) === 0 ? Buffer.from([0xef, 0xbb, 0xbf]) : Buffer.alloc(0),
    Buffer.from(lines.join('')),
    random(3) === 0 ? Buffer.from([0xff, 0x61]) : Buffer.alloc(0),
  ];
  return Buffer.concat(parts);
}

describe('createFramer', () => {
  it('keeps a traceback of Python together with its error, whether or not a chat took its indentation', () => {
    const traceback = [
      'Traceback (most recent call last):',
      '  File "main.py", line 12, in <module>',
      '    main()',
      '  File "main.py", line 9, in main',
      '    topic = os.environ["TOPIC"]',
      "KeyError: 'TOPIC'",
    ];

    expect(frameText(['Start', ...traceback, 'End'].join('\n'))).toEqual(['Start', traceback.join('\n'), 'End']);
    expect(frameText(['Start', ...traceback.map((line) => line.trim())].join('\n'))).toEqual([
      'Start',
      traceback.map((line) => line.trim()).join('\n'),
    ]);
  });

  it('joins a stack trace to the line that raised it', () => {
    expect(frameText(TRACE)).toEqual([
      TRACE.slice(0, TRACE.lastIndexOf('\n2026')),
      TRACE.slice(TRACE.lastIndexOf('\n2026') + 1),
    ]);
  });

  it('gives the same entries however the bytes are cut, and covers every byte once', () => {
    for (let seed = 1; seed <= 400; seed += 1) {
      const random = createRandom(seed);
      const bytes = randomFile(random);
      const kind = (['log', 'out', 'unknown'] as const)[random(3)] ?? 'log';
      const options = { kind, maxEntryBytes: 60 + random(400) };

      const whole = frame(bytes, [], options);
      const chunks = frame(bytes, randomCuts(random, bytes.length), options);
      const single = frame(
        bytes,
        Array.from({ length: bytes.length }, (_, index) => index),
        options,
      );

      expect(shapes(chunks), `seed ${seed}`).toEqual(shapes(whole));
      expect(shapes(single), `seed ${seed}`).toEqual(shapes(whole));
      expectCovered(bytes, whole, seed);
    }
  });

  it('does so with every recording of the lab', () => {
    const files = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(?:log|out)$/.test(name),
    );
    expect(files.length).toBeGreaterThan(5);
    for (const [seed, name] of files.entries()) {
      const bytes = readFileSync(new URL(name, RECORDINGS));
      const options = { kind: describeFile(name).kind, maxEntryBytes: 20_000 };

      const whole = frame(bytes, [], options);

      expect(shapes(frame(bytes, randomCuts(createRandom(seed + 1), bytes.length), options)), name).toEqual(
        shapes(whole),
      );
      expectCovered(bytes, whole, seed);
    }
  });

  it('says where the open entry begins and what it holds so far', () => {
    const splitter = createSplitter({ kind: 'log', offset: 100, line: 5 });
    const first = splitter.push(
      Buffer.from('2026-08-07 05:43:13,867 INFO  a [] - one\n2026-08-07 05:43:13,868 INFO  a [] - two\n\tat a.b'),
    );

    expect(texts(first)).toEqual(['2026-08-07 05:43:13,867 INFO  a [] - one']);
    expect([splitter.openOffset, splitter.openLine]).toEqual([141, 6]);
    expect(texts(splitter.peek())).toEqual(['2026-08-07 05:43:13,868 INFO  a [] - two\n\tat a.b']);
    expect(texts(splitter.push(Buffer.from('.c(D.java:1)\n')))).toEqual([]);
    expect(splitter.flush()).toMatchObject([{ offset: 141, line: 6, length: 60 }]);
  });

  it('cuts a line of 200 MiB on a character boundary with bounded memory, and goes on with the next line', () => {
    const splitter = createSplitter({ kind: 'log' });
    const chunk = Buffer.from('漢'.repeat(22_000));
    const entries: SplitEntry[] = [];
    let total = 0;
    let max = 0;
    while (total < 200 * 1024 * 1024) {
      entries.push(...splitter.push(chunk));
      total += chunk.length;
      max = Math.max(max, splitter.pendingBytes);
    }
    entries.push(...splitter.push(Buffer.from('\r\n2026-08-07 05:43:13,867 INFO  a [] - next\n')), ...splitter.flush());

    expect(max).toBeLessThan(1_200_000);
    expect(
      entries.map(({ length, flags, cutBytes, bytes }) => ({ length, flags, whole: bytes.length + cutBytes })),
    ).toEqual([
      { length: total, flags: ['cut'], whole: total },
      { length: 41, flags: [], whole: 41 },
    ]);
    expect(entries[0]?.bytes.toString().endsWith('漢')).toBe(true);
  });

  it('splits an entry of many lines that grows too long without losing a byte', () => {
    const text = `2026-08-07 05:43:13,867 INFO  a [] - one\n${'\tat a.b.C.d(C.java:1)\n'.repeat(10)}`;

    const entries = frame(Buffer.from(text), [], { kind: 'log', maxEntryBytes: 100 });

    expect(entries.every((entry) => entry.flags.includes('partial') && entry.cutBytes === 0)).toBe(true);
    expect(`${texts(entries).join('\n')}\n`).toBe(text);
  });

  it('skips the NUL hole that copytruncate leaves and does not glue the lines around it', () => {
    const text = `2026-08-07 05:43:13,867 INFO  a [] - one\n${'\0'.repeat(5000)}half a line\n2026-08-07 05:43:13,868 INFO  a [] - two\n`;

    expect(frameText(text)).toEqual([
      '2026-08-07 05:43:13,867 INFO  a [] - one',
      'half a line',
      '2026-08-07 05:43:13,868 INFO  a [] - two',
    ]);
  });

  it('flags what is no valid UTF-8 and keeps its bytes', () => {
    const bytes = Buffer.concat([
      Buffer.from('2026-08-07 05:43:13,867 INFO  a [] - '),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\n2026-08-07 05:43:13,867 INFO  a [] - ok\n'),
    ]);

    expect(frame(bytes, []).map(({ flags, length }) => [flags, length])).toEqual([
      [['invalid-utf8'], 39],
      [[], 39],
    ]);
  });

  it('joins the pieces of a container line and the trace behind it', () => {
    const cri = [
      '2026-01-01T00:00:00.0Z stdout P 2026-01-01 00:00:00,001 ERROR a.b.C [] - lo',
      '2026-01-01T00:00:00.0Z stdout F ng',
      '2026-01-01T00:00:00.0Z stdout F java.io.IOException: x',
      '2026-01-01T00:00:00.0Z stdout F \tat a.b.C.d(C.java:1)',
      '2026-01-01T00:00:00.0Z stdout F 2026-01-01 00:00:00,002 INFO  a.b.C [] - next',
    ];

    expect(frameText(cri.join('\n'))).toEqual([cri.slice(0, 4).join('\n'), cri[4]]);
  });
});

function expectCovered(bytes: Buffer, entries: readonly SplitEntry[], seed: number): void {
  let at = 0;
  for (const entry of entries) {
    expect(entry.offset, `seed ${seed}`).toBeGreaterThanOrEqual(at);
    expect(bytes.toString('latin1', at, entry.offset), `seed ${seed}: between entries`).toMatch(
      /^(?:\xef\xbb\xbf)?[\r\n\0\s]*$/,
    );
    expect(bytes.subarray(entry.offset, entry.offset + entry.bytes.length).equals(entry.bytes), `seed ${seed}`).toBe(
      true,
    );
    expect(entry.length).toBe(entry.bytes.length + entry.cutBytes);
    at = entry.offset + entry.length;
  }
  expect(bytes.toString('latin1', at), `seed ${seed}: the end`).toMatch(/^[\r\n\0\s]*$/);
}
