import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { COMPILED, ByteIndex, BUFFER_BYTES, type FlaggedText } from './byte-index.js';

/** Returns a random generator with a fixed seed, so that each run uses the same texts. */
function createRandom(): (below: number) => number {
  let seed = 7;
  return (below) => ((seed = (seed * 16_807) % 2_147_483_647) >>> 4) % below;
}

const TEXTS: readonly FlaggedText[] = [
  { text: '://', flag: 1 },
  { text: 'pwd', flag: 2 },
  { text: 'Caused by', flag: 4 },
  { text: 'token', flag: 8 },
  { text: 'tokens', flag: 16 },
  { text: '?sig=', flag: 32 },
  { text: 'a/b@c[d', flag: 64 },
];

describe('byte-index.ts', () => {
  it('holds byte-index.wat as it is', async () => {
    const { parseWat } = await wabt();
    const { buffer } = parseWat('byte-index.wat', readFileSync(join(import.meta.dirname, 'byte-index.wat'), 'utf8'), {
      simd: true,
    }).toBinary({});

    expect(COMPILED).toBe(Buffer.from(buffer).toString('base64'));
  });
});

describe('ByteIndex', () => {
  it('finds each text wherever it begins, in both cases, and only where it stands whole', () => {
    const index = new ByteIndex(TEXTS);
    for (const { text, flag } of TEXTS)
      for (const written of [text, text.toUpperCase(), text.toLowerCase()])
        for (let start = 0; start < 140; start += 1) {
          index.buffer.fill(32);
          index.buffer.write(written, start, 'latin1');
          index.scan(200);
          const end = start + text.length;

          expect([
            index.findFlags(0, 200) & flag,
            index.findFlags(start, end) & flag,
            index.findFlags(start + 1, end) & flag,
            index.findFlags(start, end - 1) & flag,
          ]).toEqual([flag, flag, 0, 0]);
        }
  });

  it('flags what a search for each text finds, and nothing else', () => {
    const random = createRandom();
    const index = new ByteIndex(TEXTS);
    const pieces = [
      ...TEXTS.map(({ text }) => text),
      'toke',
      'ns',
      ' ',
      ':/',
      '/',
      'A`b@c{d',
      '\n',
      '"',
      'caused_by',
      'é',
    ];
    for (let round = 0; round < 300; round += 1) {
      const text = Array.from({ length: random(40) }, () => pieces[random(pieces.length)] ?? '').join('');
      const bytes = Buffer.from(text);
      bytes.copy(index.buffer);
      index.scan(bytes.length);
      const start = random(bytes.length + 1);
      const end = start + random(bytes.length - start + 1);
      const part = bytes.toString('latin1', start, end);
      const low = part.toLowerCase();

      expect({
        flags: index.findFlags(start, end),
        isOdd: index.isOdd(start, end),
        hasEscapes: index.hasEscapes(start, end),
        nextBreak: index.nextBreak(start, end),
      }).toEqual({
        flags: TEXTS.reduce((flags, each) => flags | (low.includes(each.text.toLowerCase()) ? each.flag : 0), 0),
        isOdd: /[^\t\n\x20-\x7e]/.test(part),
        hasEscapes: /["\\\t]/.test(part),
        nextBreak: part.includes('\n') ? start + part.indexOf('\n') : end,
      });
    }
  });

  it('sums as zlib does, from any place to any other', () => {
    const random = createRandom();
    const index = new ByteIndex(TEXTS);
    for (let at = 0; at < 3000; at += 1) index.buffer[at] = random(256);
    for (let round = 0; round < 500; round += 1) {
      const start = random(1500);
      const middle = start + random(40);
      const end = middle + random(1000);
      const first = index.sum(start, middle, 0);

      expect([first, index.sum(middle, end, first)]).toEqual([
        crc32(index.buffer.subarray(start, middle)),
        crc32(index.buffer.subarray(start, end)),
      ]);
    }
  });

  it('knows a frame of a trace, wherever it begins and whatever stands around it', () => {
    const random = createRandom();
    const index = new ByteIndex(TEXTS);
    const frame = /^\tat [^\0-\x20(]*\.[^\0-\x20(]*\([^)]*\)(?: [^ \t]*\])?$/;
    const pieces = [
      '\tat ',
      'org.acme.Sink',
      '.',
      'run',
      '(',
      'Sink.java:81',
      ')',
      ' ',
      '~[app.jar:1.2]',
      ']',
      'at',
      '\t',
    ];
    const usual = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    let frames = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const places = usual.slice(0, random(3) === 0 ? 7 : 9);
      if (random(2) === 0) places.splice(random(places.length), random(2), random(pieces.length));
      const text = places.map((place) => pieces[place] ?? '').join('');
      const start = random(40);
      index.buffer.fill(41 + random(6), 0, 200);
      index.buffer.write(text, start, 'latin1');

      expect([text, index.isFrame(start, start + text.length)]).toEqual([text, frame.test(text)]);
      if (frame.test(text)) frames += 1;
    }
    expect(frames).toBeGreaterThan(5000);
    expect(frames).toBeLessThan(18_000);
  });

  it('examines all of its buffer', () => {
    const index = new ByteIndex(TEXTS);
    index.buffer.fill(32);
    index.buffer.write('tokens\n', BUFFER_BYTES - 7, 'latin1');
    index.scan(BUFFER_BYTES);

    expect(index.nextBreak(0, BUFFER_BYTES)).toBe(BUFFER_BYTES - 1);
    expect(index.findFlags(0, BUFFER_BYTES)).toBe(8 | 16);
  });

  it('refuses texts that it cannot distinguish', () => {
    const short = ['abc', 'abd', 'abe', 'abf'].map((text) => ({ text, flag: 1 }));

    expect(() => new ByteIndex(short)).toThrow(RangeError);
  });
});
