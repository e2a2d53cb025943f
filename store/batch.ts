// Writer of a batch of encoded records: one buffer that grows while records are added and is split by their lengths
// later. A batch is plain data (bytes and lengths), so that one thread can fill it and another one can send it.
import type { BatchAddress, EncodedBatch } from './store.js';

export interface BatchWriter {
  /**
   * Sets the address of the next record. Returns the address of the batch, which is the address of its first record.
   */
  switchTo(address: BatchAddress): BatchAddress;
  /** Appends one record as UTF-8; returns its length in bytes. */
  add(text: string): number;
  /**
   * Appends one record that is already encoded. Its bytes must stay unchanged until a method other than this is called.
   */
  addBytes(bytes: Buffer, start: number, end: number): number;
  /** Copies the bytes given to `addBytes` that are not copied yet. */
  settle(): void;
  /** Returns a batch of the records that were added since the last call. */
  take(): EncodedBatch;
  /** Takes back the memory of a batch that nobody needs any more. Call it once for each batch. */
  giveBack(batch: EncodedBatch): void;
}

const FIRST_BYTES = 65_536;
/**
 * Largest number of spare buffers, each as large as a batch. It is the number of batches that an agent has in flight or
 * queued by default.
 */
const MAX_SPARE = 8;
/** Largest number of UTF-8 bytes for one UTF-16 unit of JavaScript. */
const MAX_BYTES_A_UNIT = 3;

export function createBatchWriter(): BatchWriter {
  // Memory outside Node's pool, because the receiver of the batch may transfer it to another thread.
  let buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  let used = 0;
  let lengths: number[] = [];
  let batchAddress: BatchAddress | undefined;
  // Memory is reused, because an allocation for each batch makes the garbage collector run all the time.
  const spare: Buffer<ArrayBuffer>[] = [];
  const reserve = (max: number): void => {
    if (used + max > buffer.length) buffer = enlarge(buffer, used, used + max);
  };
  // Adjacent bytes of another buffer are copied in one piece.
  let elsewhere: { readonly bytes: Buffer; readonly start: number; end: number } | undefined;
  const settle = (): void => {
    if (elsewhere === undefined) return;
    const { bytes, start, end } = elsewhere;
    elsewhere = undefined;
    reserve(end - start);
    used += bytes.copy(buffer, used, start, end);
  };
  return {
    switchTo: (address) => (batchAddress ??= address),
    settle,
    add(text) {
      settle();
      reserve(text.length * MAX_BYTES_A_UNIT);
      const length = buffer.write(text, used);
      used += length;
      lengths.push(length);
      return length;
    },
    addBytes(bytes, start, end) {
      if (elsewhere?.bytes === bytes && elsewhere.end === start) elsewhere.end = end;
      else {
        settle();
        elsewhere = { bytes, start, end };
      }
      lengths.push(end - start);
      return end - start;
    },
    take() {
      settle();
      const isLarge = used > buffer.length / 2;
      const bytes = isLarge ? buffer.subarray(0, used) : copyOf(buffer, used);
      const batch = { bytes, lengths, address: batchAddress };
      if (isLarge) buffer = spare.pop() ?? Buffer.allocUnsafeSlow(buffer.length);
      used = 0;
      lengths = [];
      batchAddress = undefined;
      return batch;
    },
    giveBack({ bytes: { buffer: memory } }) {
      if (memory.byteLength >= FIRST_BYTES && spare.length < MAX_SPARE) spare.push(Buffer.from(memory));
    },
  };
}

/** Returns the bytes of one record of a batch. They share its memory. */
export function sliceRecord(batch: EncodedBatch, index: number): Buffer {
  return viewBytes(batch.bytes, startOf(batch, index), batch.lengths[index] ?? 0);
}

/** Returns all records of a batch. They share its memory. */
export function splitRecords(batch: EncodedBatch): Buffer[] {
  let start = 0;
  return batch.lengths.map((length) => {
    start += length;
    return viewBytes(batch.bytes, start - length, length);
  });
}

/** Returns the records from `start` up to `end` (exclusive). They share the memory of the batch. */
export function sliceBatch(batch: EncodedBatch, start: number, end: number): EncodedBatch {
  const lengths = batch.lengths.slice(start, end);
  const first = startOf(batch, start);
  return {
    bytes: viewBytes(
      batch.bytes,
      first,
      lengths.reduce((sum, length) => sum + length, 0),
    ),
    lengths,
    address: batch.address,
  };
}

/** Copies some records of a batch into memory of their own, so that the rest of the batch can be freed. */
export function selectRecords(batch: EncodedBatch, indexes: readonly number[]): EncodedBatch {
  const wanted = new Set(indexes);
  const lengths = batch.lengths.filter((_length, index) => wanted.has(index));
  const bytes = Buffer.allocUnsafeSlow(lengths.reduce((sum, length) => sum + length, 0));
  let from = 0;
  let to = 0;
  batch.lengths.forEach((length, index) => {
    if (wanted.has(index)) to += viewBytes(batch.bytes, from, length).copy(bytes, to);
    from += length;
  });
  return { bytes, lengths, address: batch.address };
}

export function viewBytes(bytes: Uint8Array<ArrayBuffer>, start = 0, length = bytes.length): Buffer<ArrayBuffer> {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length);
}

function startOf(batch: EncodedBatch, index: number): number {
  let start = 0;
  for (let before = 0; before < index; before += 1) start += batch.lengths[before] ?? 0;
  return start;
}

function enlarge(buffer: Buffer<ArrayBuffer>, used: number, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * buffer.length));
  buffer.copy(larger, 0, 0, used);
  return larger;
}

/** Copies the used bytes, so that a small batch does not hold the memory of a large one. */
function copyOf(buffer: Buffer<ArrayBuffer>, used: number): Buffer<ArrayBuffer> {
  const own = Buffer.allocUnsafeSlow(used);
  buffer.copy(own, 0, 0, used);
  return own;
}
