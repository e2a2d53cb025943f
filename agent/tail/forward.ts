// Framed entries → records in the shipper's queue, each with a span that is done when the store has it. An open entry
// that was shipped already and did not grow is done at once. Called for what was read (follow/read.ts) and for what is
// left when a file ends (follow/ends.ts).
import { describeSource, parseRecord, type ParsedRecord } from '../record/parse.js';
import { parsePlain, type ParsedPlain } from '../record/plain.js';
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
  readonly shipper: Pick<Shipper, 'add' | 'addPlain'>;
  readonly board: Board;
  /** The time of day, against which the times of entries are judged. */
  readonly wall: () => number;
}

export function createForwarder(parts: ForwardParts): ForwardEntries {
  return (tail, entries, source = tail) => forwardEntries(parts, tail, entries, source);
}

function forwardEntries(parts: ForwardParts, tail: Tail, entries: readonly TailEntry[], source: Tail): void {
  const { origin } = source.file;
  const context = {
    origin,
    redact: parts.redact,
    zone: parts.settings.zone,
    fileTime: tail.reading.mtimeMs,
    now: parts.wall(),
    previousTime: source.reading.time,
    notes: source.reading.notes,
  };
  let file = describeSource(origin, context.notes);
  for (const item of entries) {
    const plain = parts.shipper.addPlain && parsePlain(item.entry, item.id, file, context);
    const parsed = plain ?? parseRecord(item.entry, item.id, context);
    if (parsed.notes !== context.notes) file = describeSource(origin, parsed.notes);
    context.previousTime = parsed.time;
    context.notes = parsed.notes;
    if (!item.isOpen) moveFrontier(tail, parsed, source);
    forwardItem(parts, tail, item, parsed);
  }
}

type Parsed = ParsedPlain | ParsedRecord;

function moveFrontier({ reading }: Tail, { time, notes }: Parsed, source: Tail): void {
  reading.time = time;
  // What an elder's entry says is of the elder's file.
  if (source.reading === reading) reading.notes = notes;
}

function forwardItem({ board, shipper }: ForwardParts, tail: Tail, item: TailEntry, parsed: Parsed): void {
  const span = createSpan(tail, item);
  tail.acks.spans.push(span);
  const isShippedAlready = isShipped(tail.acks, item);
  if (isShippedAlready) span.isDone = true;
  const onDone = isShippedAlready ? undefined : createAcknowledgement(tail.acks, span, item);
  if ('plain' in parsed) {
    board.count('entries');
    if (onDone !== undefined) shipper.addPlain?.(parsed.plain, onDone);
  } else {
    countEntry(board, item, parsed);
    if (onDone !== undefined) shipper.add(parsed.record, onDone);
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

function countEntry(board: Board, { entry }: TailEntry, { redacted, record }: ParsedRecord): void {
  board.count('entries');
  if (redacted > 0) board.count('redactedSpans', redacted);
  if (record['jobtrace.flags']?.includes('undated') === true) board.count('undatedEntries');
  if (entry.cutBytes > 0) board.count('cutBytes', entry.cutBytes);
  for (const flag of entry.flags) {
    if (flag === 'cut') board.count('cutEntries');
    if (flag === 'invalid-utf8') board.count('invalidEntries');
    if (flag === 'partial') board.count('partialEntries');
  }
}
