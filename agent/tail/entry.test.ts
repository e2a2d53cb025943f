import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../core/types.js';
import { expected, line, lines, openAgentFixture, type AgentFixture } from '../../test/agent-fixture.js';

let fixture: AgentFixture;
let path: string;
beforeEach(() => {
  fixture = openAgentFixture({ maxEntryBytes: 4096 });
  path = join(fixture.logs, 'flink-u-taskexecutor-0-h.log');
});
afterEach(() => fixture.close());

async function only(): Promise<LogRecord> {
  const records = await fixture.records();
  expect(records).toHaveLength(1);
  const [record] = records;
  if (record === undefined) throw new Error('no record');
  return record;
}

/**
 * Returns the number of bytes in buffers that are still referenced. The second collection waits until the memory that
 * the first one found is freed.
 */
function bytesHeld(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}

describe('small files', () => {
  it('F07: are shipped when they rest, whether they have one byte or a thousand', async () => {
    writeFileSync(join(fixture.logs, 'a.out'), 'x\n');
    writeFileSync(join(fixture.logs, 'b.out'), `${'y'.repeat(1022)}\n`);
    writeFileSync(join(fixture.logs, 'empty.out'), '');

    await fixture.poll();

    expect(await fixture.texts()).toEqual(['x', 'y'.repeat(1022)]);
  });

  it('with an exception that the JVM printed at its death arrive whole', async () => {
    const text = 'java.lang.OutOfMemoryError: Java heap space\nDumping heap to java_pid1.hprof ...\n';
    writeFileSync(join(fixture.logs, 'flink-u-taskexecutor-0-h.out'), text);

    await fixture.poll();

    expect((await fixture.texts()).join('\n')).toBe(text.trimEnd());
  });
});

describe('a file that is not read to its end', () => {
  it('has no last entry yet: where a chunk ends within a line, nothing of the line is shipped', async () => {
    await fixture.close();
    let isBusy = true;
    fixture = openAgentFixture({
      quantumBytes: 300,
      budgetBytes: 1000,
      wrap: (store) => ({
        ...store,
        append: async (batch) => {
          const outcomes = await store.append(batch);
          return isBusy ? outcomes.map(() => ({ kind: 'retry', error: '429' })) : outcomes;
        },
      }),
    });
    writeFileSync(join(fixture.logs, 'flink-u-taskexecutor-0-h.log'), lines(0, 40));
    await fixture.poll(3);
    const early = await fixture.records();

    isBusy = false;
    await fixture.poll(20, 60_000);

    expect(early.length).toBeGreaterThan(0);
    expect(early.filter((record) => record['jobtrace.flags'] !== undefined)).toEqual([]);
    expect(await fixture.texts()).toEqual(expected(0, 40));
  });
});

describe('a last line without an end', () => {
  it('F08: is shipped when the file rests and marked partial', async () => {
    writeFileSync(path, `${line(0)}\n${line(1)}`);

    await fixture.poll();

    const records = await fixture.records();
    expect(records.map((record) => record['event.original'])).toEqual(expected(0, 2));
    expect(records[1]?.['jobtrace.flags']).toEqual(['partial']);
  });

  it('F09: becomes one record with the longer content when it grows after it was shipped, over a crash', async () => {
    writeFileSync(path, line(0, 'begin'));
    await fixture.poll();
    appendFileSync(path, ' and end');
    await fixture.poll(1, 100);
    fixture.restart();
    appendFileSync(path, ' of it\n');

    await fixture.poll(2);

    expect((await only())['event.original']).toBe(line(0, 'begin and end of it'));
  });

  it('never drags the beginning of the next entry into the record before it', async () => {
    writeFileSync(path, `${line(0)}\n${line(1).slice(0, 12)}`);
    await fixture.poll(3);
    const early = await fixture.texts();

    appendFileSync(path, `${line(1).slice(12)}\n`);
    await fixture.poll(2);

    expect(early).toEqual([line(0)]);
    expect(await fixture.texts()).toEqual(expected(0, 2));
  });

  it('keeps its id when the first line of a file was shipped before it was complete', async () => {
    fixture.restart({ undecidedFlushMs: 3000 });
    const out = join(fixture.logs, 'a.out');
    writeFileSync(out, 'beg');
    await fixture.poll(3);
    const early = await fixture.texts();
    appendFileSync(out, 'in of a line that is longer than what an id looks at, which is sixty-four bytes\n');

    await fixture.poll(2);

    expect(early).toEqual(['beg']);
    expect(await fixture.texts()).toHaveLength(1);
  });

  it('is stored once when the first line of a file pauses, and what is known of the file is lost', async () => {
    writeFileSync(path, line(0).slice(0, 18));
    await fixture.poll(3);
    fixture.stop();
    rmSync(fixture.dataDir, { recursive: true });
    appendFileSync(path, `${line(0).slice(18)}\n`);

    await fixture.poll(3);

    expect(await fixture.texts()).toEqual([line(0)]);
  });
});

describe('a stack trace', () => {
  const trace = [
    'java.lang.RuntimeException: outer',
    '\tat a.B.c(B.java:1)',
    '',
    'Caused by: java.io.IOException: inner',
    '\tSuppressed: java.lang.Error: s',
    '\t... 42 more',
  ];

  it('F21: that pauses longer than the flush ends as one record with all of it', async () => {
    writeFileSync(path, `${line(0)}\n${trace.slice(0, 2).join('\n')}\n`);
    await fixture.poll(3);

    appendFileSync(path, `${trace.slice(2).join('\n')}\n${line(1)}\n`);
    await fixture.poll(2);

    expect(await fixture.texts()).toEqual([[line(0), ...trace].join('\n'), line(1)]);
  });

  it('F22: keeps causes, suppressed exceptions, blank lines and dates within lines in one entry', async () => {
    const dates = [
      '\tat 2026-05-01 10:00:05,000 it was tried again',
      'Caused by: java.lang.Error: 2026-05-01 10:00:06,000',
    ];
    const whole = [line(1), ...trace, ...dates].join('\n');
    writeFileSync(path, `${lines(0, 1)}${whole}\n${lines(2, 3)}`);

    await fixture.poll(2);

    expect(await fixture.texts()).toEqual([line(0), whole, line(2)]);
    expect((await fixture.records()).find((record) => record['flink.chain'] !== undefined)).toMatchObject({
      'error.type': 'java.lang.RuntimeException',
      'flink.chain': ['java.lang.RuntimeException', 'java.io.IOException', 'java.lang.Error'],
    });
  });
});

describe('over-long entries', () => {
  it('are cut on a character, flagged and counted, and the next line is read', async () => {
    const long = `${line(0)} ${'ä'.repeat(500_000)}`;
    writeFileSync(path, `${long}\n${line(1)}\n`);

    await fixture.poll(2);

    const [first, second] = await fixture.records();
    expect(long.startsWith(first?.['event.original'] ?? 'x')).toBe(true);
    expect(first?.['jobtrace.flags']).toContain('cut');
    expect(first?.['jobtrace.length']).toBe(Buffer.byteLength(long));
    expect(second?.['event.original']).toBe(line(1));
    expect(fixture.counter('cutBytes')).toBe(
      Buffer.byteLength(long) - Buffer.byteLength(first?.['event.original'] ?? ''),
    );
  });

  it('F23: of 50 MB without a line break keep memory bounded', async () => {
    const file = openSync(path, 'w');
    writeSync(file, `${line(0)} `);
    for (let turn = 0; turn < 50; turn += 1) writeSync(file, Buffer.alloc(1_048_576, 'z'));
    closeSync(file);
    const before = bytesHeld();

    await fixture.poll(2);
    const held = bytesHeld() - before;
    appendFileSync(path, `\n${line(1)}\n`);
    await fixture.poll(2);

    expect(held).toBeLessThan(10_000_000);
    expect((await fixture.texts()).at(-1)).toBe(line(1));
  });
});

describe('F24: bytes that are no text', () => {
  it('are replaced and flagged', async () => {
    writeFileSync(
      path,
      Buffer.concat([Buffer.from(line(0, 'bad ')), Buffer.from([0xff, 0xfe, 0x41]), Buffer.from(`\n${line(1)}\n`)]),
    );

    await fixture.poll(2);

    const [first, second] = await fixture.records();
    expect(first).toMatchObject({ 'event.original': line(0, 'bad \ufffd\ufffdA'), 'jobtrace.flags': ['invalid-utf8'] });
    expect(second?.['jobtrace.flags']).toBeUndefined();
  });

  it('between two lives of a file (the hole of a truncated file that is written on) are skipped', async () => {
    const file = openSync(path, 'w');
    writeSync(file, lines(0, 3));
    await fixture.poll();
    truncateSync(path);
    writeSync(file, lines(3, 5));
    closeSync(file);

    await fixture.poll(3);

    expect((await fixture.texts()).sort()).toEqual(expected(0, 5));
  });

  it('of line ends and marks (CRLF, BOM) do not reach the record', async () => {
    writeFileSync(path, `\ufeff${line(0)}\r\n${line(1)}\r\n`);

    await fixture.poll(2);

    expect(await fixture.texts()).toEqual(expected(0, 2));
  });

  it('in the first line, one NUL or a few, leave a file what it is: a log', async () => {
    writeFileSync(path, `${line(0, 'a\0b ')}\n${line(1, 'key\0\0\0value\u0001 ')}\n`);
    await fixture.poll(2);

    expect(await fixture.texts()).toEqual([line(0, 'a\0b '), line(1, 'key\0\0\0value\u0001 ')]);
    expect(fixture.conditions()).toEqual([]);
  });

  it('in a whole file make it a binary file: said once, never read', async () => {
    writeFileSync(
      join(fixture.logs, 'core.log'),
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x3e, 0, 1]),
    );
    writeFileSync(path, lines(0, 1));

    await fixture.poll(3);

    expect(await fixture.texts()).toEqual(expected(0, 1));
    expect(fixture.conditions()).toEqual(['JT_FILE_BINARY']);
    expect(fixture.counter('binaryFiles')).toBe(1);
  });

  it.each([
    ['little endian', '\ufeff', (bytes: Buffer) => bytes],
    ['big endian', '\ufeff', (bytes: Buffer) => bytes.swap16()],
    ['without a mark', '', (bytes: Buffer) => bytes],
  ])('of UTF-16 are decoded, and offsets are those of the file: %s', async (_order, mark, order) => {
    const encode = (text: string): Buffer => order(Buffer.from(text, 'utf16le'));
    const trace = `${line(1, '磁盘空间不足 😀')}\njava.lang.Error: e\n\tat a.B.c(B.java:1)`;
    writeFileSync(path, encode(`${mark}${line(0)}\r\n${trace}`));
    await fixture.poll(2);
    fixture.restart();
    // The cut is within a UTF-16 unit.
    const rest = encode(`\n\tat a.B.c(B.java:2)\n${line(2)}\n`);
    appendFileSync(path, rest.subarray(0, 21));
    await fixture.poll(2);
    fixture.restart();
    appendFileSync(path, rest.subarray(21));
    await fixture.poll(2);

    const found = await fixture.records();
    expect(await fixture.texts()).toEqual([line(0), `${trace}\n\tat a.B.c(B.java:2)`, line(2)]);
    expect(found.map((record) => [record['jobtrace.layout'], record['jobtrace.flags'] ?? []])).toEqual(
      found.map(() => ['log4j', []]),
    );
    const bytes = readFileSync(path);
    for (const record of found) {
      const end = record['log.offset'] + record['jobtrace.length'];
      expect(bytes.subarray(record['log.offset'], end).equals(encode(record['event.original']))).toBe(true);
    }
    expect(fixture.conditions()).toEqual([]);
    expect(fixture.agent.status().lagBytes).toBe(0);
  });

  it('that are no text in UTF-16 are replaced and flagged', async () => {
    const half = Buffer.from([0x00, 0xd8]);
    const text = (value: string): Buffer => Buffer.from(value, 'utf16le');
    writeFileSync(path, Buffer.concat([text(`\ufeff${line(0)} `), half, text(`\n${line(1)}\n`)]));

    await fixture.poll(2);

    const found = await fixture.records();
    expect(found.map((record) => [record['event.original'], record['jobtrace.flags'] ?? []])).toEqual([
      [`${line(0)} \ufffd`, ['invalid-utf8']],
      [line(1), []],
    ]);
    expect(fixture.counter('invalidEntries')).toBe(1);
  });
});

describe('time', () => {
  it('of an entry without one is that of the entry before, also after a restart', async () => {
    writeFileSync(path, `${line(0)}\nException in thread "main" java.lang.Error: x\n`);
    await fixture.poll(2);
    fixture.restart();
    appendFileSync(path, 'Exception in thread "main" java.lang.Error: y\n');

    await fixture.poll(2);

    expect((await fixture.records()).map((record) => record['@timestamp'])).toEqual(
      Array.from({ length: 3 }, () => '2026-05-01T10:00:00.000Z'),
    );
  });

  it('that nobody knows, or that lies far outside the present, is flagged', async () => {
    writeFileSync(join(fixture.logs, 'a.out'), 'no time at all\n');
    writeFileSync(join(fixture.logs, 'b.log'), '1970-01-01 00:00:00,000 INFO  a.B [] - old\n');
    writeFileSync(join(fixture.logs, 'c.log'), '2093-01-01 00:00:00,000 INFO  a.B [] - new\n');

    await fixture.poll(2);

    expect((await fixture.records()).map((record) => record['jobtrace.flags'])).toEqual([
      ['undated'],
      ['undated'],
      ['undated'],
    ]);
  });
});

describe('the first start', () => {
  it('reads files that changed lately from the beginning and older ones from their end', async () => {
    const old = openAgentFixture();
    mkdirSync(join(old.logs, 'x'));
    writeFileSync(join(old.logs, 'x', 'old.log'), lines(0, 5));
    old.clock.offsetMs = 2 * 86_400_000;
    await old.poll();
    expect(await old.texts()).toEqual([]);

    appendFileSync(join(old.logs, 'x', 'old.log'), lines(5, 7));
    writeFileSync(join(old.logs, 'late.log'), lines(10, 12));
    await old.poll(2);

    expect(await old.texts('old')).toEqual(expected(5, 7));
    expect(await old.texts('late')).toEqual(expected(10, 12));
    await old.close();
  });
});
