// Entries → records in the shipper's queue, in a run that learns when the store has which of them. An open entry
// that was shipped already and did not grow is done at once. Called for what was read (follow/read.ts) and for what is
// left when a file ends (follow/ends.ts).
import { describeSource, parseRecord, type ParsedRecord } from '../record/parse.js';
import { parsePlain, type ParsedPlain } from '../record/plain.js';
import type { Redactor } from '../record/redact.js';
import type { AgentSettings } from '../settings.js';
import type { Shipper } from '../ship/ship.js';
import type { Board } from '../status.js';
import { addToRun, beginRun, isShipped, type Run } from './acks.js';
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
  const [first] = entries;
  if (first === undefined) return;
  const context = {
    origin,
    redact: parts.redact,
    zone: parts.settings.zone,
    fileTime: tail.reading.mtimeMs,
    now: parts.wall(),
    previousTime: source.reading.time,
    notes: source.reading.notes,
  };
  const run = beginRun(tail.acks, entries.length, first.isOpen ? openBytes(tail, first) : undefined);
  let file = describeSource(origin, context.notes);
  for (const item of entries) {
    const plain = parts.shipper.addPlain && parsePlain(item.entry, item.id, file, context);
    const parsed = plain ?? parseRecord(item.entry, item.id, context);
    if (parsed.notes !== context.notes) file = describeSource(origin, parsed.notes);
    context.previousTime = parsed.time;
    context.notes = parsed.notes;
    if (!item.isOpen) moveFrontier(tail, parsed, source);
    forwardItem(parts, tail, run, { item, parsed });
  }
}

/** Bytes of the file from the commit's offset on that are in the store when this open entry is. */
function openBytes({ reading }: Tail, { end }: TailEntry): number {
  return Math.max(0, reading.flushedTo - end.offset);
}

type Parsed = ParsedPlain | ParsedRecord;

function moveFrontier({ reading }: Tail, { time, notes }: Parsed, source: Tail): void {
  reading.time = time;
  // What an elder's entry says is of the elder's file.
  if (source.reading === reading) reading.notes = notes;
}

function forwardItem(
  { board, shipper }: ForwardParts,
  { reading, acks }: Tail,
  run: Run,
  { item, parsed }: { readonly item: TailEntry; readonly parsed: Parsed },
): void {
  const index = addToRun(acks, run, item, reading);
  if ('record' in parsed) countEntry(board, item, parsed);
  else board.count('entries');
  if (isShipped(acks, item)) run.done[index] = 1;
  else if ('record' in parsed) shipper.add(parsed.record, run, index);
  else shipper.addPlain?.(parsed.plain, run, index);
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
