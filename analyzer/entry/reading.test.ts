import { describe, expect, it } from 'vitest';
import { splitText } from '../input/read.js';
import { makeCatalog, TEST_RULES } from '../testing/samples.js';
import { BESIDE_FAILURE, readAlone, WHOLE_LOG, type Reading } from './reading.js';
import { scanEntry } from './scan.js';
import type { Signal } from './signal.js';

const catalog = makeCatalog({
  ...TEST_RULES,
  'cluster.disk-full/words':
    'match: [{ id: any, anchor: "QuotaExceededException", words: ["the quota of the disk is used up"], where: { exception: QuotaExceededException, failure: true } }]',
});
const ERROR =
  '2026-03-02 10:15:01,120 ERROR org.apache.flink.runtime.blob.BlobClient [] - Could not write\njava.io.IOException: No space left on device\n\tat org.apache.flink.A.b(A.java:1)\n';

function read(text: string, reading: Reading): Signal | undefined {
  return splitText(text, 'paste.log').flatMap((entry) => scanEntry(entry, catalog, { reading }) ?? [])[0];
}

describe('a reading', () => {
  it('takes a logged error for the failure only where the text holds nothing else', () => {
    expect([WHOLE_LOG, BESIDE_FAILURE, readAlone(1)].map((reading) => read(ERROR, reading)?.failure?.kind)).toEqual([
      undefined,
      undefined,
      'bare',
    ]);
  });

  it('hears a message without its class in what somebody cut out, not in a whole log', () => {
    const named = (reading: Reading): unknown =>
      read('the quota of the disk is used up', reading)?.matches.map(({ rule }) => rule);

    expect([WHOLE_LOG, BESIDE_FAILURE, readAlone(1)].map(named)).toEqual([
      undefined,
      ['cluster.disk-full/words'],
      ['cluster.disk-full/words'],
    ]);
  });

  it('wants what goes on and on as often as the rule says, or twice in an excerpt, or once among few lines', () => {
    expect(WHOLE_LOG.countOf(10, true)).toBe(10);
    expect(BESIDE_FAILURE.countOf(10, true)).toBe(10);
    expect(readAlone(20).countOf(10, true)).toBe(2);
    expect(readAlone(3).countOf(10, true)).toBe(1);
    expect(readAlone(3).countOf(10, false)).toBe(2);
  });
});
