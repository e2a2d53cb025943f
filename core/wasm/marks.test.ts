import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { COMPILED, Marker, ROOM_BYTES, type MarkedText } from './marks.js';

/** Returns a random generator with a fixed seed, so that each run uses the same texts. */
function createRandom(): (below: number) => number {
  let seed = 7;
  return (below) => ((seed = (seed * 16_807) % 2_147_483_647) >>> 4) % below;
}

const TEXTS: readonly MarkedText[] = [
  { text: '://', mark: 1 },
  { text: 'pwd', mark: 2 },
  { text: 'Caused by', mark: 4 },
  { text: 'token', mark: 8 },
  { text: 'tokens', mark: 16 },
  { text: '?sig=', mark: 32 },
  { text: 'a/b@c[d', mark: 64 },
];

describe('marks.ts', () => {
  it('holds marks.wat as it is', async () => {
    const { parseWat } = await wabt();
    const { buffer } = parseWat('marks.wat', readFileSync(join(import.meta.dirname, 'marks.wat'), 'utf8'), {
      simd: true,
    }).toBinary({});

    expect(COMPILED).toBe(Buffer.from(buffer).toString('base64'));
  });
});

describe('Marker', () => {
  it('finds each text wherever it begins, in both cases, and only where it stands whole', () => {
    const marker = new Marker(TEXTS);
    for (const { text, mark } of TEXTS)
      for (const written of [text, text.toUpperCase(), text.toLowerCase()])
        for (let start = 0; start < 140; start += 1) {
          marker.room.fill(32);
          marker.room.write(written, start, 'latin1');
          marker.look(200);
          const end = start + text.length;

          expect([
            marker.findMarks(0, 200) & mark,
            marker.findMarks(start, end) & mark,
            marker.findMarks(start + 1, end) & mark,
            marker.findMarks(start, end - 1) & mark,
          ]).toEqual([mark, mark, 0, 0]);
        }
  });

  it('marks what a search for each text marks, and nothing else', () => {
    const random = createRandom();
    const marker = new Marker(TEXTS);
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
      bytes.copy(marker.room);
      marker.look(bytes.length);
      const start = random(bytes.length + 1);
      const end = start + random(bytes.length - start + 1);
      const part = bytes.toString('latin1', start, end);
      const low = part.toLowerCase();

      expect({
        marks: marker.findMarks(start, end),
        isOdd: marker.isOdd(start, end),
        hasEscapes: marker.hasEscapes(start, end),
        nextBreak: marker.nextBreak(start, end),
      }).toEqual({
        marks: TEXTS.reduce((marks, each) => marks | (low.includes(each.text.toLowerCase()) ? each.mark : 0), 0),
        isOdd: /[^\t\n\x20-\x7e]/.test(part),
        hasEscapes: /["\\\t]/.test(part),
        nextBreak: part.includes('\n') ? start + part.indexOf('\n') : end,
      });
    }
  });

  it('sums as zlib does, from any place to any other', () => {
    const random = createRandom();
    const marker = new Marker(TEXTS);
    for (let at = 0; at < 3000; at += 1) marker.room[at] = random(256);
    for (let round = 0; round < 500; round += 1) {
      const start = random(1500);
      const middle = start + random(40);
      const end = middle + random(1000);
      const first = marker.sum(start, middle, 0);

      expect([first, marker.sum(middle, end, first)]).toEqual([
        crc32(marker.room.subarray(start, middle)),
        crc32(marker.room.subarray(start, end)),
      ]);
    }
  });

  it('knows a frame of a trace, wherever it begins and whatever stands around it', () => {
    const random = createRandom();
    const marker = new Marker(TEXTS);
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
      marker.room.fill(41 + random(6), 0, 200);
      marker.room.write(text, start, 'latin1');

      expect([text, marker.isFrame(start, start + text.length)]).toEqual([text, frame.test(text)]);
      if (frame.test(text)) frames += 1;
    }
    expect(frames).toBeGreaterThan(5000);
    expect(frames).toBeLessThan(18_000);
  });

  it('looks at all of its room', () => {
    const marker = new Marker(TEXTS);
    marker.room.fill(32);
    marker.room.write('tokens\n', ROOM_BYTES - 7, 'latin1');
    marker.look(ROOM_BYTES);

    expect(marker.nextBreak(0, ROOM_BYTES)).toBe(ROOM_BYTES - 1);
    expect(marker.findMarks(0, ROOM_BYTES)).toBe(8 | 16);
  });

  it('refuses what it cannot tell apart', () => {
    const short = ['abc', 'abd', 'abe', 'abf'].map((text) => ({ text, mark: 1 }));

    expect(() => new Marker(short)).toThrow(RangeError);
  });
});
