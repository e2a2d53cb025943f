import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { COMPILED, createGzip } from './gzip.js';

const BLOCK_BYTES = 262_144;
const FARTHEST = 32_768;
const gzip = createGzip();

/** Returns the same bytes for the same seed. No part repeats an earlier one. */
function makeNoise(length: number, seed = 1): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return state >>> 24;
    }),
  );
}

/** Returns lines as an agent sends them: most of each line is the same as in the previous one. */
function makeLines(count: number): Buffer {
  const noise = makeNoise(4 * count);
  const lines = Array.from({ length: count }, (_, index) => {
    const id = `${String(index).padStart(12, '0')}-${noise.toString('hex', 4 * index, 4 * index + 4)}`;
    const text = `Checkpoint ${index} of job ${noise.readUInt16LE(4 * index) % 50} took ${index % 977} ms.`;
    return `{"create":{"_id":"${id}"}}\n{"@timestamp":${1_764_000_000_000 + index},"message":"${text}"}\n`;
  });
  return Buffer.from(lines.join(''));
}

/** Returns bytes of which each occurs as often as the two before together, which gives the longest possible codes. */
function makeSlope(): Buffer {
  const parts: Buffer[] = [];
  for (let byte = 0, count = 1, next = 1; byte < 25; byte += 1, [count, next] = [next, count + next])
    parts.push(Buffer.alloc(count, byte));
  const bytes = Buffer.concat(parts);
  const noise = makeNoise(4 * bytes.length, 7);
  for (let at = bytes.length - 1; at > 0; at -= 1) {
    const other = noise.readUInt32LE(4 * at) % (at + 1);
    [bytes[at], bytes[other]] = [bytes[other] ?? 0, bytes[at] ?? 0];
  }
  return bytes;
}

describe('gzip.ts', () => {
  it('holds gzip.wat as it is', async () => {
    const { parseWat } = await wabt();
    const source = readFileSync(join(import.meta.dirname, 'gzip.wat'), 'utf8');
    const { buffer } = parseWat('gzip.wat', source, { simd: true, bulk_memory: true }).toBinary({});

    expect(COMPILED).toBe(Buffer.from(buffer).toString('base64'));
  });
});

describe('createGzip', () => {
  const far = makeNoise(FARTHEST);
  const beyond = makeNoise(FARTHEST + 1);
  it.each<readonly [string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('a')],
    ['what is shorter than a repetition', Buffer.from('aaa')],
    ['one byte again and again', Buffer.alloc(3 * BLOCK_BYTES + 5, 65)],
    ['a block of noise', makeNoise(BLOCK_BYTES)],
    ['noise behind the end of a block', makeNoise(BLOCK_BYTES + 1)],
    ['what repeats as far away as can be said', Buffer.concat([far, far, far])],
    ['what repeats farther away', Buffer.concat([beyond, beyond])],
    ['what repeats over the end of a block', Buffer.concat([makeNoise(BLOCK_BYTES - 100), far, far])],
    ['every length of a repetition', Buffer.concat(Array.from({ length: 300 }, (_, n) => makeNoise(n, 3)))],
    ['codes longer than may be', makeSlope()],
    ['lines', makeLines(20_000)],
  ])('says again: %s', (_what, bytes) => {
    expect(gunzipSync(gzip(bytes)).equals(bytes)).toBe(true);
  });

  it('finds what repeats up to 32 KiB before, over the end of a block too, and nothing of what it was given before', () => {
    const repeated = gzip(Buffer.concat([makeNoise(BLOCK_BYTES - FARTHEST, 5), far, far]));

    expect(repeated.length).toBeLessThan(1.02 * BLOCK_BYTES);
    expect(gzip(far).length).toBeGreaterThan(FARTHEST);
    expect(gunzipSync(gzip(far)).equals(far)).toBe(true);
  });

  it('makes lines nearly as small as the fastest level of zlib', () => {
    const lines = makeLines(20_000);

    expect(gzip(lines).length).toBeLessThan(1.1 * gzipSync(lines, { level: 1 }).length);
  });

  it('makes what does not repeat hardly larger', () => {
    expect(gzip(makeNoise(100_000)).length).toBeLessThan(100_500);
  });
});
