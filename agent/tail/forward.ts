// Framed entries → records in the shipper's queue, each with a span that is done when the store has it. An open entry
// that was shipped already and did not grow is done at once. Called for what was read (follow/read.ts) and for what is
// left when a file ends (follow/ends.ts).
import { parseRecord } from '../record/parse.js';
import type { Redactor } from '../record/redact.js';
import type { AgentSettings } from '../settings.js';
import type { Shipper } from '../ship/ship.js';
import type { Board } from '../status.js';
import { createAcknowledgement, isShipped, type Span } from './acks.js';
import type { TailEntry } from './chunk.js';
import type { Tail } from './tail.js';

/** `source` is the file in which the entries begin: their origin, and the time before them. */
export type ForwardEntries = (tail: Tail, entries: readonly TailEntry[], source?: Tail) => void;

export interface ForwardParts {
  readonly settings: Pick<AgentSettings, 'zone'>;
  readonly redact: Redactor;
  readonly shipper: Pick<Shipper, 'add'>;
  readonly board: Board;
  /** The time of day, against which the times of entries are judged. */
  readonly wall: () => number;
}

export function createForwarder(parts: ForwardParts): ForwardEntries {
  return (tail, entries, source = tail) => forwardEntries(parts, tail, entries, source);
}

function forwardEntries(parts: ForwardParts, tail: Tail, entries: readonly TailEntry[], source: Tail): void {
  const { reading, acks } = tail;
  const { origin } = source.file;
  const context = {
    origin,
    redact: parts.redact,
    zone: parts.settings.zone,
    fileTime: reading.mtimeMs,
    now: parts.wall(),
  };
  let previousTime = source.reading.time;
  let notes = source.reading.notes;
  for (const item of entries) {
    const parsed = parseRecord(item.entry, item.id, { ...context, previousTime, notes });
    const { record, time, redacted } = parsed;
    previousTime = time;
    notes = parsed.notes;
    if (!item.isOpen) {
      reading.time = time;
      // What an elder's entry says is of the elder's file.
      if (source === tail) reading.notes = notes;
    }
    countEntry(parts.board, item, redacted, record['jobtrace.flags']?.includes('undated') === true);
    const span = createSpan(tail, item);
    acks.spans.push(span);
    if (isShipped(acks, item)) span.isDone = true;
    else parts.shipper.add(record, createAcknowledgement(acks, span, item));
  }
}

function createSpan({ reading }: Tail, { end, isOpen }: TailEntry): Span {
  return {
    end: isOpen ? end : { ...end, time: reading.time, notes: reading.notes },
    isOpen,
    openBytes: Math.max(0, reading.flushedTo - end.offset),
    isDone: false,
  };
}

function countEntry(board: Board, { entry }: TailEntry, redacted: number, isUndated: boolean): void {
  board.count('entries');
  if (redacted > 0) board.count('redactedSpans', redacted);
  if (isUndated) board.count('undatedEntries');
  if (entry.cutBytes > 0) board.count('cutBytes', entry.cutBytes);
  for (const flag of entry.flags) {
    if (flag === 'cut') board.count('cutEntries');
    if (flag === 'invalid-utf8') board.count('invalidEntries');
    if (flag === 'partial') board.count('partialEntries');
  }
}
