// The acknowledging part of a tail: what was handed to the shipper, and up to where the store has all of it. Offsets
// move over a contiguous prefix of acknowledged entries only; an open entry moves none, since it may grow. Stays with
// one owner, the loop in agent.ts. Filled by forward.ts.
import type { Commit, TailEntry } from './chunk.js';

/** An entry that was handed to the shipper and is not acknowledged as a contiguous prefix yet. */
export interface Span {
  readonly end: Commit;
  /** The open last entry: its acknowledgement does not move the offset. */
  readonly isOpen: boolean;
  /** Bytes of the file from the commit's offset that are in the store when this is acknowledged. */
  readonly openBytes: number;
  isDone: boolean;
}

export interface TailAcks {
  committed: Commit;
  /** Bytes of the open entry at the committed offset that the store has. */
  openBytes: number;
  spans: Span[];
  /** The open entry that the store has; its complete self is not sent again when it did not grow. */
  shipped: { readonly offset: number; readonly length: number } | undefined;
  /** The checkpoint has an older state. */
  isDirty: boolean;
}

export function createAcks(): TailAcks {
  return {
    committed: { offset: 0, crc: 0, time: undefined },
    openBytes: 0,
    spans: [],
    shipped: undefined,
    isDirty: false,
  };
}

/** It was shipped when the file rested and has not grown since. */
export function isShipped({ shipped }: TailAcks, { entry, isOpen }: TailEntry): boolean {
  return !isOpen && shipped?.offset === entry.offset && shipped.length === entry.length;
}

/** Keeps where the entry stands and not the entry: its bytes are a view of all that was read with it. */
export function createAcknowledgement(acks: TailAcks, span: Span, { entry, isOpen }: TailEntry): () => void {
  const shipped = isOpen ? { offset: entry.offset, length: entry.length } : undefined;
  return () => {
    span.isDone = true;
    if (shipped !== undefined) acks.shipped = shipped;
  };
}

/** Moves the offset over the done prefix. True when something changed. */
export function advanceAcks(acks: TailAcks): boolean {
  let count = 0;
  for (const span of acks.spans) {
    if (!span.isDone) break;
    count += 1;
    if (span.isOpen) acks.openBytes = Math.max(acks.openBytes, span.openBytes);
    else {
      acks.committed = span.end;
      acks.openBytes = 0;
    }
  }
  if (count === 0) return false;
  acks.spans.splice(0, count);
  acks.isDirty = true;
  return true;
}
