import { describe, expect, it } from 'vitest';
import { createFormSplitter, findForm, FORM_PROBE_BYTES } from './form.js';
import { parseEntry } from './layout.js';
import type { SplitEntry } from './split.js';
import { OBJECT_LOGS } from './testing/objects.js';

type Found = Pick<SplitEntry, 'offset' | 'line'> & { readonly text: string };

function split(bytes: Buffer, chunkBytes: number): readonly Found[] {
  const splitter = createFormSplitter({ kind: 'log', form: findForm(bytes.subarray(0, FORM_PROBE_BYTES)) });
  const found: Found[] = [];
  const keep = (entries: readonly SplitEntry[]): void => {
    for (const { bytes: own, offset, line } of entries) found.push({ text: own.toString(), offset, line });
  };
  for (let at = 0; at < bytes.length; at += chunkBytes)
    keep(splitter.push(Buffer.from(bytes.subarray(at, at + chunkBytes))));
  keep(splitter.flush());
  return found;
}

describe('events as objects', () => {
  it.each(OBJECT_LOGS)('are one entry each, however the file is cut: %s', (_, text) => {
    const bytes = Buffer.from(text);
    const whole = split(bytes, bytes.length);

    expect(whole).toHaveLength(3);
    for (const size of [1, 7, 64, 1000]) expect(split(bytes, size)).toEqual(whole);
  });

  it.each(OBJECT_LOGS)('have their time, level, logger and message: %s', (_, text) => {
    const bytes = Buffer.from(text);
    const parsed = split(bytes, bytes.length).map((entry) => parseEntry(Buffer.from(entry.text)));

    expect(parsed.map(({ level }) => level)).toEqual(['INFO', 'WARN', 'INFO']);
    expect(parsed.map(({ logger }) => logger?.split('.').at(-1))).toEqual(['ExecutionGraph', 'Task', 'ExecutionGraph']);
    expect(parsed.map(({ message }) => message.split(' ', 1)[0])).toEqual(['Job', 'Source:', 'Job']);
    for (const { time = 0 } of parsed) expect(Math.abs(time - Date.UTC(2026, 10, 29, 13, 26, 10))).toBeLessThan(11_000);
  });

  it('end with the file where one is never closed, and with the next where it was torn', () => {
    const torn = '{\n  "instant" : {\n    "epochSecond" : 1795958764\n';
    const next = '{\n  "level" : "INFO",\n  "message" : "a"\n}\n';

    expect(split(Buffer.from(torn + next + next), 1000).map(({ line }) => line)).toEqual([1, 4, 8]);
  });

  it('are no entries where a text log prints them', () => {
    const text =
      '2026-03-02 10:15:01,120 INFO  a.B [] - answer:\n{\n  "level" : "x"\n}\n{"level":"x"}{"level":"y"}\n2026-03-02 10:15:02,120 INFO  a.B [] - b {\n2026-03-02 10:15:03,120 INFO  a.B [] - c\n';

    expect(split(Buffer.from(text), 1000).map(({ line }) => line)).toEqual([1, 6, 7]);
  });
});
