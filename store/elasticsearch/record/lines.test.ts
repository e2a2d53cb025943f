import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { encodeId } from './id.js';
import { COMPILED, LineWriter, type Gaps, type Line, type SharedPlaces } from './lines.js';

const KEY = '5f00aa0102030405060708ff';
const PREAMBLE = [',"thread":"main"', ',"level":"INFO"', ',"layout":"plain"}}\n'];
const FILE = [',"host":"a","log":{"offset":', ',"path":"/a"},"flink":{"a":1', '},"jobtrace":{"b":2'];
const OWNER = [',"id":"c"'];
const NOTHING = Buffer.alloc(0);
const LINE: Line = { offset: 0, crc: 0, time: 1_764_000_000_000, messageStart: 0, messageEnd: 0, end: 0 };

/** Creates a writer that shares these texts, and returns the positions at which it keeps them. */
function createShared(): { readonly writer: LineWriter; readonly shared: SharedPlaces } {
  const writer = new LineWriter();
  writer.setKey(KEY);
  const [preamble = 0, file = 0, owner = 0] = [PREAMBLE, FILE, OWNER].map((texts) =>
    writer.share(...texts.map((text) => Buffer.from(text))),
  );
  return { writer, shared: { preamble, file, owner } };
}

/** Renders the same lines from strings. */
function renderLines(text: string, line: Line, gaps?: Gaps): string {
  const { offset, crc, time, messageStart, messageEnd, end } = line;
  const id = encodeId(`${KEY}-${offset.toString(16).padStart(12, '0')}-${crc.toString(16).padStart(8, '0')}`);
  const stack = messageEnd < end ? `,"error.stack_trace":${JSON.stringify(text.slice(messageEnd + 1, end))}` : '';
  return (
    `{"create":{"_id":"${id}${gaps?.action.toString() ?? ''}${gaps?.repeatsId === true ? id : ''}"}}\n` +
    `{"@timestamp":${time},"message":${JSON.stringify(text.slice(messageStart, messageEnd))}${stack}` +
    `${gaps?.thrown ?? ''}${PREAMBLE[0]}${FILE[0]}${offset}${PREAMBLE[1]}${FILE[1]}${OWNER[0]}` +
    `${gaps?.flink ?? ''}${FILE[2]}${PREAMBLE[2]}`
  );
}

function writeLine({ writer, shared }: ReturnType<typeof createShared>, line: Line, gaps?: Gaps): string {
  if (writer.isFull) writer.rewind();
  const { start } = writer;
  return writer.bytes.toString('utf8', start, writer.write(line, shared, gaps));
}

describe('lines.ts', () => {
  it('holds lines.wat as it is', async () => {
    const { parseWat } = await wabt();
    const source = readFileSync(join(import.meta.dirname, 'lines.wat'), 'utf8');
    const { buffer } = parseWat('lines.wat', source, { simd: true }).toBinary({});

    expect(COMPILED).toBe(Buffer.from(buffer).toString('base64'));
  });
});

describe('LineWriter', () => {
  it('writes numbers as they are, at both ends of what they may be', () => {
    const shared = createShared();
    shared.writer.setText(Buffer.from('x'));
    const numbers = [
      0,
      9,
      10,
      99_999,
      999_999,
      1_000_000,
      1_000_001,
      2 ** 31,
      2 ** 32 + 1,
      999_999_999_999,
      2 ** 48 - 1,
    ];
    for (const offset of numbers)
      for (const crc of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
        const line = { ...LINE, offset, crc, time: offset, end: 1, messageEnd: 1 };
        expect(writeLine(shared, line)).toBe(renderLines('x', line));
      }
  });

  it('writes every printable character, tab and line break as JSON does, wherever they stand and the text ends', () => {
    const shared = createShared();
    const pieces = ['"', '\\', '\t', '\n', 'a', 'word ', '0123456789abcdef', ' ~', '\u007e'];
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >> 8) % below;
    };
    const differing = Array.from({ length: 5000 }, () => {
      const text = Array.from({ length: random(30) }, () => pieces[random(pieces.length)] ?? '').join('');
      const messageStart = random(text.length + 1);
      const end = messageStart + random(text.length - messageStart + 1);
      const messageEnd = messageStart + random(end - messageStart + 1);
      const line = { ...LINE, messageStart, messageEnd, end };
      shared.writer.setText(Buffer.from(text));
      return [writeLine(shared, line), renderLines(text, line)] as const;
    }).filter(([written, rendered]) => written !== rendered);

    expect(differing).toEqual([]);
  });

  it('leaves room for what few records have, and repeats the id where that is asked', () => {
    const shared = createShared();
    shared.writer.setText(Buffer.from('said\nthrown'));
    const action = Buffer.from('","_index":"other","routing":"店');
    const line = { ...LINE, offset: 77, crc: 0xdeadbeef, messageEnd: 4, end: 11 };
    for (const repeatsId of [true, false]) {
      const gaps = { action, repeatsId, thrown: ',"error.type":"a.B"', flink: ',"chain":["a.B"]' };
      expect(writeLine(shared, line, gaps)).toBe(renderLines('said\nthrown', line, gaps));
    }
  });

  it('writes the longest text between the longest that is shared', () => {
    const writer = new LineWriter();
    writer.setKey(KEY);
    const [half, text] = [Buffer.alloc(1_000_000, 115), Buffer.alloc(1_048_576, 34)];
    const preamble = writer.share(NOTHING, NOTHING, half) ?? 0;
    const file = writer.share(half, NOTHING, NOTHING) ?? 0;
    const owner = writer.share(NOTHING) ?? 0;
    writer.setText(text);
    const { start } = writer;
    const end = writer.write(
      { ...LINE, messageEnd: text.length, end: text.length },
      { preamble, file, owner },
      undefined,
    );
    const written = writer.bytes.toString('latin1', start, end);

    expect(written.slice(-half.length)).toBe(half.toString());
    expect(written).toContain(`"message":${JSON.stringify(text.toString())}s`);
  });

  it('says when there is no room for more that is shared, until all is forgotten', () => {
    const writer = new LineWriter();
    const text = Buffer.alloc(100_000);
    const places = Array.from({ length: 30 }, () => writer.share(text, text, text));

    expect(places.filter((place) => place !== undefined)).toHaveLength(6);
    writer.clear();
    expect(writer.share(text, text, text)).toBe(places[0]);
  });

  it('refuses what does not fit', () => {
    const { writer, shared } = createShared();
    const thrown = 'x'.repeat(4_000_000);

    expect(() => writer.setText(Buffer.alloc(1_048_577))).toThrow(RangeError);
    expect(() => writer.setKey('x'.repeat(1000))).toThrow(RangeError);
    expect(() => writer.write(LINE, shared, { action: Buffer.alloc(0), repeatsId: false, thrown, flink: '' })).toThrow(
      RangeError,
    );
  });
});
