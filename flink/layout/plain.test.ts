import { describe, expect, it } from 'vitest';
import { parseEntry } from './layout.js';
import { createPlainPrefix, openLineBytes, readPlainPrefix } from './plain.js';

const LONG = 'org.apache.flink.runtime.executiongraph.ExecutionGraph       [] - ';

/** Reads each of the lines in place among the others, in this order, with one reader. */
function readAll(lines: readonly string[], zone = 'UTC') {
  const room = openLineBytes(Buffer.from(lines.join('\n')));
  const head = createPlainPrefix();
  let start = 0;
  return lines.map((line) => {
    const end = start + Buffer.byteLength(line);
    const isPlain = readPlainPrefix(room, start, end, zone, head);
    const read = { ...head, message: room.bytes.toString('utf8', head.messageStart, end) };
    start = end + 1;
    return isPlain ? read : undefined;
  });
}

/** Reads the same line with layout.ts, which examines each byte again. */
function readSlowly(line: string, zone = 'UTC') {
  const { time, level, logger, thread, message } = parseEntry(Buffer.from(line), { zone });
  return { time, level, logger, thread, message };
}

function expectSame(lines: readonly string[], zone = 'UTC'): void {
  readAll(lines, zone).forEach((read, index) => {
    const line = lines[index] ?? '';
    expect(read, line).toBeDefined();
    const { level, logger, thread } = read?.parts ?? {};
    const said = { time: read?.time, level, logger, thread, message: read?.message };
    expect(said, line).toEqual(readSlowly(line, zone));
  });
}

describe('readPlainPrefix', () => {
  it('knows the time when the second, the minute, the hour and the day turn, and when they go back', () => {
    expectSame(
      [
        '2026-11-24 10:00:00,000',
        '2026-11-24 10:00:59,999',
        '2026-11-24 10:01:00,000',
        '2026-11-24 23:59:59.999',
        '2026-11-25 00:00:00.001',
        '2027-01-01 00:00:00,000',
        '2026-11-24 10:00:00,000',
      ].map((stamp) => `${stamp} INFO  ${LONG}Job orders switched.`),
    );
  });

  it('reads a clock that is set ahead and back', () => {
    const stamps = ['2026-10-25 00:59:59,999', '2026-10-25 02:59:59,999', '2026-10-25 03:00:00,000'];
    const lines = stamps.map((stamp) => `${stamp} INFO  ${LONG}Job orders switched.`);
    expectSame(lines, 'Europe/Berlin');
  });

  it.each([
    '2026-11-24 10:60:00,000',
    '2026-11-24 24:00:00,000',
    '2026-11-24 10:00:60,000',
    '2026-02-29 10:00:00,000',
    '2026-11-24 10:0a:00,000',
    '2026-11-24 10:00:0a,000',
    '2026-11-24 10:00:00,0a0',
    '0026-11-24 10:00:00,000',
    '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0:00,000',
  ])('leaves %j to others, and reads the line behind it', (stamp) => {
    const good = `2026-11-24 10:00:00,000 INFO  ${LONG}text`;
    const read = readAll([`${stamp} INFO  ${LONG}text`, good, `${stamp} INFO  ${LONG}text`, good]);
    expect(read.map((head) => head?.time)).toEqual([undefined, 1_795_514_400_000, undefined, 1_795_514_400_000]);
  });

  it('tells preambles apart that differ in one byte, whichever', () => {
    const preamble = `INFO  ${LONG}`;
    const lines: string[] = [];
    for (let at = preamble.indexOf('org') + 4; at < preamble.indexOf(' ', 8); at += 1)
      lines.push(`2026-11-24 10:00:00,000 ${preamble.slice(0, at)}x${preamble.slice(at + 1)}text`);
    expectSame([...lines, ...lines]);
  });

  it('tells a level and a thread of the same length apart', () => {
    const heads = ['INFO  ', 'WARN  ', 'ERROR ', 'INFO  [main-1] ', 'INFO  [main-2] '];
    const lines = heads.map((head) => `2026-11-24 10:00:00,000 ${head}${LONG}text`);
    expectSame([...lines, ...lines]);
  });

  it('reads a preamble that is short, that is long, and a line that ends with its preamble', () => {
    const heads = ['INFO  a.B [] - ', `INFO  ${LONG}`, `INFO  ${'a.'.repeat(110)}B [] - `];
    const lines = heads.flatMap((head) =>
      ['', 'x', 'a - b - c'].map((text) => `2026-11-24 10:00:00,000 ${head}${text}`),
    );
    expectSame([...lines, ...lines].filter((line) => !line.endsWith(' - ')));
    expect(readAll(lines).map((read) => read?.message)).toEqual(['', '', ''].flatMap(() => ['', 'x', 'a - b - c']));
  });

  it('does not read behind the end of a line, where bytes of a line before may stand', () => {
    const line = `2026-11-24 10:00:00,000 INFO  ${LONG}`;
    const room = openLineBytes(Buffer.from(line));
    const ends = [line.length, line.length - 1, line.length - 2, 92, 88, 24, 0, line.length];
    const read = ends.map((end) => readPlainPrefix(room, 0, end, 'UTC', createPlainPrefix()));
    expect(read).toEqual([true, false, false, false, false, false, false, true]);
  });
});
