import { describe, expect, it } from 'vitest';
import { createBatchWriter, splitRecords } from './batch.js';

const TEXT = 'x'.repeat(1000);

function fill(writer: ReturnType<typeof createBatchWriter>, letter: string, records = 100): void {
  for (let record = 0; record < records; record += 1) writer.add(TEXT.replaceAll('x', letter));
}

describe('createBatchWriter', () => {
  it('writes into the memory of a batch that was given back, and into no other', () => {
    const writer = createBatchWriter();
    fill(writer, 'a');
    const first = writer.take();
    fill(writer, 'b');
    const second = writer.take();
    writer.giveBack(first);
    fill(writer, 'c');
    const third = writer.take();
    fill(writer, 'd');
    const fourth = writer.take();

    expect(third.bytes.buffer).not.toBe(second.bytes.buffer);
    expect([third, fourth].filter(({ bytes }) => bytes.buffer === first.bytes.buffer)).toHaveLength(1);
    expect(splitRecords(second).every((bytes) => bytes.equals(Buffer.from(TEXT.replaceAll('x', 'b'))))).toBe(true);
    expect(splitRecords(fourth).every((bytes) => bytes.equals(Buffer.from(TEXT.replaceAll('x', 'd'))))).toBe(true);
  });

  it('keeps no memory of a thread that has taken it, and little of what is given back', () => {
    const writer = createBatchWriter();
    fill(writer, 'a');
    const moved = writer.take();
    structuredClone(moved, { transfer: [moved.bytes.buffer] });
    writer.giveBack(moved);
    fill(writer, 'b', 5);
    const small = writer.take();

    expect(small.bytes.buffer.byteLength).toBe(5 * TEXT.length);
    expect(splitRecords(small)).toHaveLength(5);
  });

  it('takes what stands in bytes elsewhere between texts, in its order, before that is written over', () => {
    const writer = createBatchWriter();
    const elsewhere = Buffer.from('onetwo');
    writer.add('zero ');
    writer.addBytes(elsewhere, 0, 3);
    writer.addBytes(elsewhere, 3, 6);
    writer.settle();
    elsewhere.write('TWO');
    writer.addBytes(elsewhere, 0, 3);
    writer.add(' four');
    writer.addBytes(elsewhere, 3, 6);
    const batch = writer.take();
    elsewhere.fill(0);

    expect(splitRecords(batch).map(String)).toEqual(['zero ', 'one', 'two', 'TWO', ' four', 'two']);
    expect(writer.take().bytes).toHaveLength(0);
  });
});
