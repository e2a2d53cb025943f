import { describe, expect, it } from 'vitest';
import { readTexts } from './class-file.js';

/** Returns a class file that consists only of these constants. */
function makeClass(constants: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt32BE(0xcafebabe, 0);
  head.writeUInt16BE(constants.length + 1, 8);
  return Buffer.concat([head, ...constants]);
}

function utf8(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([1, bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function stringAt(index: number): Buffer {
  return Buffer.from([8, 0, index]);
}

describe('readTexts', () => {
  it('gives strings, not names', () => {
    expect(readTexts(makeClass([utf8('someMethod'), utf8('Could not open'), stringAt(2)]))).toEqual(['Could not open']);
  });

  it('gives the pieces of a concatenation', () => {
    expect(readTexts(makeClass([utf8('Could not open \u0001 for \u0001.'), stringAt(1)]))).toEqual([
      'Could not open ',
      ' for ',
      '.',
    ]);
  });

  it('counts a long as two constants', () => {
    const long = Buffer.from([5, 0, 0, 0, 0, 0, 0, 0, 1]);
    const bytes = makeClass([long, utf8('after'), stringAt(3)]);
    bytes.writeUInt16BE(5, 8);

    expect(readTexts(bytes)).toEqual(['after']);
  });

  it('refuses what is no class', () => {
    expect(() => readTexts(Buffer.from('PK and some more'))).toThrow('no Java class');
  });
});
