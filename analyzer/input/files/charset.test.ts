import { describe, expect, it } from 'vitest';
import { decodeForeign, decodeLines, decodeChunks } from './charset.js';

const TEXT = '2026-03-02 10:00:00,000 ERROR a.B [] - 磁盘空间不足 😀\r\nJava 堆\r\n';
/** Bytes of 磁盘空间不足 in GBK. */
const CHINESE = Buffer.from([0xb4, 0xc5, 0xc5, 0xcc, 0xbf, 0xd5, 0xbc, 0xe4, 0xb2, 0xbb, 0xd7, 0xe3]);

describe('decodeChunks', () => {
  it.each([
    ['little', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['big', Buffer.from(`\ufeff${TEXT}`, 'utf16le').swap16()],
  ])('makes UTF-8 of UTF-16 (%s endian), however it is cut', (_, bytes) => {
    for (const size of [1 << 20, 7, 2]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_item, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      expect(Buffer.concat([...decodeChunks(chunks)]).toString('utf8')).toBe(TEXT);
    }
  });

  it('leaves everything else as it is', () => {
    const bytes = Buffer.concat([Buffer.from('\ufeffa\n'), CHINESE]);

    expect(Buffer.concat([...decodeChunks([bytes])])).toEqual(bytes);
  });
});

describe('decodeForeign', () => {
  it('reads Chinese of GBK', () => {
    expect(decodeForeign(Buffer.concat([Buffer.from('java.io.IOException: '), CHINESE]))).toBe(
      'java.io.IOException: 磁盘空间不足',
    );
  });

  it.each(['Le fichier spécifié est introuvable', 'Größe überschritten', 'No queda espacio en el disco: sección 5'])(
    'reads Latin-1: %s',
    (text) => {
      expect(decodeForeign(Buffer.from(text, 'latin1'))).toBe(text);
    },
  );
});

describe('decodeLines', () => {
  it('reads each line by itself, so that a file may mix them', () => {
    const bytes = Buffer.concat([
      Buffer.from('写入失败\n'),
      CHINESE,
      Buffer.from('\nspécifié\n', 'latin1'),
      Buffer.from('end'),
    ]);

    expect(decodeLines(bytes).toString('utf8')).toBe('写入失败\n磁盘空间不足\nspécifié\nend');
  });
});
