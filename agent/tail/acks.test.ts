import { describe, expect, it } from 'vitest';
import { NO_PROCESS_CONTEXT } from '../../flink/facts/process-context.js';
import { TailAcks, type OpenRange, type Run } from './acks.js';

const PLACES = [
  { offset: 100, length: 10 },
  { offset: 120, length: 10 },
] as const;

/** Adds two open entries, one of each stream of a container. */
function addOpen(acks: TailAcks): Run {
  const run = acks.beginRun(PLACES.length, 50);
  acks.committed = { ...acks.committed, offset: 100 };
  for (const place of PLACES) {
    run.add(100, 0, NaN, NO_PROCESS_CONTEXT);
    run.openRanges.push(place);
  }
  return run;
}

function isKnown(acks: TailAcks, { offset, length }: OpenRange): boolean {
  const entry = { bytes: Buffer.alloc(length), offset, length, line: 1, flags: [], cutBytes: 0 };
  return acks.isShipped({ entry, id: '', end: { offset: 150, crc: 0, time: undefined }, isOpen: false });
}

describe('several open entries', () => {
  it('count as stored only when the store has all of them: after a kill the others are shipped', () => {
    const acks = new TailAcks();
    const run = addOpen(acks);

    run.acknowledge(0, 1);
    acks.advance();
    expect(acks.openBytes).toBe(0);

    run.acknowledge(1, 2);
    acks.advance();
    expect([acks.openBytes, acks.waiting]).toEqual([50, 0]);
  });

  it('count on when an entry of the other stream ends between them, and the offset moves on over what it may', () => {
    const acks = new TailAcks();
    addOpen(acks).acknowledge(0, 2);
    acks.advance();
    const ended = acks.beginRun(3);
    for (const offset of [100, 130, 170]) ended.add(offset, 0, NaN, NO_PROCESS_CONTEXT);

    const seen = [0, 1, 2].map((index) => {
      ended.acknowledge(index, index + 1);
      acks.advance();
      return [acks.committed.offset, acks.openBytes];
    });
    expect(seen).toEqual([
      [100, 50],
      [130, 20],
      [170, 0],
    ]);
  });

  it('are not sent again, each by itself, when they did not grow', () => {
    const acks = new TailAcks();
    const run = addOpen(acks);

    run.acknowledge(1, 2);
    expect(PLACES.map((place) => isKnown(acks, place))).toEqual([false, true]);

    run.acknowledge(0, 1);
    expect(PLACES.map((place) => isKnown(acks, place))).toEqual([true, true]);
    expect(isKnown(acks, { offset: 100, length: 11 })).toBe(false);
  });
});
