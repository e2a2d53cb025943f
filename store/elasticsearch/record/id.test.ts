import { renderRecordId } from '../../../core/record.js';
import { describe, expect, it } from 'vitest';
import { decodeId, encodeId, listIds } from './id.js';

describe('the id of a document', () => {
  it.each([
    [0, 0],
    [0xa3f0, 0x1c291ca3],
    [2 ** 48 - 1, 2 ** 32 - 1],
  ])('has the numbers of a record at %d with the sum %d in 30 letters, and gives them back', (offset, crc) => {
    const id = renderRecordId('5f00aa0102030405060708ff', offset, crc);

    expect(encodeId(id)).toMatch(/^[\w-]{30}$/);
    expect(decodeId(encodeId(id))).toBe(id);
  });

  it('ends as Elasticsearch asks of an id whose bytes it keeps: with a letter that has no bits too many', () => {
    for (const crc of [0, 1, 2, 3]) expect(encodeId(renderRecordId('f'.repeat(24), 7, crc))).toMatch(/[AQgw]$/);
  });

  it.each(['i-orders', 'h1:/logs/tm.log:000000000001', '5F00AA0102030405060708FF-00000000a3f0-1c291ca3'])(
    'is %s itself',
    (id) => {
      expect(encodeId(id)).toBe(id);
      expect(decodeId(id)).toBe(id);
      expect(listIds(id)).toEqual([id]);
    },
  );

  it('is a hash where it would be too long', () => {
    expect(encodeId('x'.repeat(600))).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('is looked for as release 0.1 wrote it, too', () => {
    const id = renderRecordId('5f00aa0102030405060708ff', 1, 2);

    expect(listIds(id)).toEqual([encodeId(id), id]);
  });
});
