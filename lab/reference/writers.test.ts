// Checks that the corpus of patterns is what log4j2 and logback write, and that their JSON is read like their patterns,
// with an exception as well.
import { describe, expect, it } from 'vitest';
import { parseEntry } from '../../flink/layout/layout.js';
import { createSplitter } from '../../flink/layout/split.js';
import {
  JOB,
  LOG4J2,
  LOGBACK,
  LOGGER,
  MESSAGE,
  THREAD,
  TIME,
  type Rendered,
} from '../../flink/layout/testing/patterns.js';
import { describeWithParts } from '../parts/testing/describe-part.js';
import { WRITER_PARTS, writeEvent, type LoggingLibrary, type WrittenLayout, type WrittenText } from './writers.js';

const EVENT = { time: Date.parse(TIME), logger: LOGGER, thread: THREAD, message: MESSAGE, jobId: JOB };
const CHAIN = ['java.lang.IllegalStateException', 'java.io.IOException'];
const TEMPLATES = ['EcsLayout', 'LogstashJsonEventLayoutV1', 'GelfLayout', 'GcpLayout', 'JsonLayout'];
const JSON_LAYOUTS: Readonly<Record<LoggingLibrary, readonly WrittenLayout[]>> = {
  log4j: [
    ...TEMPLATES.map((name) => ({ kind: 'template', text: `classpath:${name}.json` }) as const),
    { kind: 'ecs', text: 'orders' },
  ],
  logback: [{ kind: 'logstash', text: '{"team":"orders"}' }],
};

function entriesOf({ plain, thrown }: WrittenText): readonly Buffer[] {
  const splitter = createSplitter({ kind: 'log' });
  return [...splitter.push(Buffer.from(plain + thrown + plain)), ...splitter.flush()].map(({ bytes }) => bytes);
}

function readThrown(bytes: Buffer | undefined): unknown {
  const { message, chain, error, stack } = parseEntry(bytes ?? Buffer.alloc(0));
  return { message, chain, error, frames: stack?.match(/^\s*at com\.acme\.Orders\.\w+\(Orders\.java:\d+\)/gm)?.length };
}

describeWithParts(WRITER_PARTS, 'what a logging library writes', () => {
  describe.each([
    ['log4j', LOG4J2],
    ['logback', LOGBACK],
  ] as const)('%s', (library, rows: readonly Rendered[]) => {
    const patterns = rows.map(({ pattern }) => ({ kind: 'pattern', text: pattern }) as const);
    const json = JSON_LAYOUTS[library];
    const written = writeEvent(library, [...patterns, ...json], EVENT);

    it('is what the corpus of patterns says', async () => {
      const texts = await written;

      expect(texts.slice(0, rows.length).map(({ plain }) => plain)).toEqual(rows.map(({ line }) => `${line}\n`));
    });

    it('is one entry with an exception behind it, by any pattern', async () => {
      const texts = await written;

      expect(
        texts
          .slice(0, rows.length)
          .map(entriesOf)
          .map((entries) => [entries.length, readThrown(entries[1])]),
      ).toEqual(
        rows.map(() => [
          3,
          { message: MESSAGE, chain: CHAIN, error: { type: CHAIN[0], message: 'bad state' }, frames: 40 },
        ]),
      );
    });

    it.each(json)('is read from JSON: $text', async ({ text }) => {
      const entries = entriesOf(
        (await written)[rows.length + json.findIndex((layout) => layout.text === text)] ?? NONE,
      );
      const { chain, links, error, ...plain } = parseEntry(entries[0] ?? Buffer.alloc(0));
      // The template contains no causes.
      const known = text.includes('JsonLayout') ? CHAIN.slice(0, 1) : CHAIN;

      expect([entries.length, plain, chain, links, error]).toEqual([
        3,
        {
          layout: 'json',
          time: EVENT.time,
          level: 'WARN',
          logger: LOGGER,
          thread: THREAD,
          jobId: JOB,
          message: MESSAGE,
        },
        [],
        [],
        undefined,
      ]);
      expect(readThrown(entries[1])).toEqual({
        message: MESSAGE,
        chain: known,
        error: { type: CHAIN[0], message: 'bad state' },
        frames: 20 * known.length,
      });
    });
  });
});

const NONE: WrittenText = { plain: '', thrown: '' };
