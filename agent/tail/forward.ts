// Forwards what was read as records into the shipper's queue, in a run that keeps which of them the store has. Usual
// entries go there straight from their bytes. An open entry that was shipped already and has not grown counts as
// acknowledged at once.
import { isUtf8 } from 'node:buffer';
import { LEVELS } from '../../core/record.js';
import type { EntryFlag, LogRecord } from '../../core/types.js';
import type { SplitEntry } from '../../flink/layout/split.js';
import { MAX_ENTRIES, type StretchReader } from '../../flink/layout/stretch.js';
import { isReportName } from '../../flink/words/forms.js';
import { MARK, markEntries, type SignalMarker } from '../../flink/words/marks.js';
import { renderRecordId } from '../identity/identity.js';
import { describeSource, parseRecord, type ParseContext, type ParsedRecord } from '../record/parse.js';
import { createPlainDraft, readPlain, type PlainDraft } from '../record/parse-fast.js';
import type { Redactor } from '../record/redact.js';
import type { AgentSettings } from '../settings.js';
import type { Shipper } from '../ship/ship.js';
import type { Board } from '../status.js';
import { addToRun, beginRun, isShipped, type Behind } from './acks.js';
import { crcUpTo, sumUpTo, type ReadPart, type ReadRoom, type TailEntry, type Window } from './chunk.js';
import type { Tail } from './tail.js';

/** Forwards entries. `source` is the file in which they begin: it gives their origin, and the time before them. */
export type ForwardEntries = (tail: Tail, entries: readonly TailEntry[], source?: Tail) => void;

export interface Forwarder {
  readonly forwardEntries: ForwardEntries;
  /** Forwards a part of a chunk. */
  readonly forwardPart: (tail: Tail, part: ReadPart) => void;
}

export interface ForwardParts {
  readonly settings: Pick<AgentSettings, 'zone' | 'minimumLevel'>;
  readonly room: ReadRoom;
  readonly redact: Redactor;
  readonly signals: SignalMarker | undefined;
  readonly shipper: Pick<Shipper, 'add' | 'addPlain'>;
  readonly board: Board;
  /** Returns the time of day, against which the times of entries are judged. */
  readonly wallClock: () => number;
}

const NO_MARKS = new Uint8Array();
const MARKS = new Uint8Array(MAX_ENTRIES);

type Context = { -readonly [Key in keyof ParseContext]: ParseContext[Key] };

export function createForwarder(parts: ForwardParts): Forwarder {
  return {
    forwardEntries: (tail, entries, source = tail) => forwardEntries(parts, tail, entries, source),
    forwardPart: (tail, part) =>
      part.kind === 'entries'
        ? forwardEntries(parts, tail, part.entries, tail)
        : forwardStretch(parts, tail, part.window, part.end),
  };
}

function forwardEntries(parts: ForwardParts, tail: Tail, entries: readonly TailEntry[], source: Tail): void {
  const [first] = entries;
  if (first === undefined) return;
  const context = createContext(parts, tail, source);
  const run = beginRun(tail.acks, entries.length, first.isOpen ? openBytes(tail, first) : undefined);
  for (const item of entries) {
    const parsed = parseRecord(item.entry, item.id, context);
    goOn(context, parsed);
    if (!item.isOpen) moveFrontier(tail, parsed, source);
    tail.reading.lastTime = parsed.time;
    const { time = NaN, processContext } = tail.reading;
    const index = addToRun(tail.acks, run, item.end.offset, item.end.crc ?? 0, time, processContext);
    if (run.openBytes !== undefined) run.places.push({ offset: item.entry.offset, length: item.entry.length });
    countEntry(parts.board, item.entry, parsed);
    if (isShipped(tail.acks, item) || isLeftOut(parts, parsed.record)) run.done[index] = 1;
    else parts.shipper.add(parsed.record, run, index);
  }
}

/** Returns true if an entry is below the wanted level and holds no word that matters. It then counts as stored. */
function isLeftOut(
  { settings: { minimumLevel }, signals, board }: ForwardParts,
  { 'log.level': level, 'jobtrace.signal': signal }: Pick<LogRecord, 'log.level' | 'jobtrace.signal'>,
): boolean {
  if (minimumLevel === LEVELS[0] || level === undefined || signals === undefined || signal !== signals.signals[MARK.no])
    return false;
  if (LEVELS.indexOf(level) >= LEVELS.findIndex((name) => name === minimumLevel)) return false;
  board.count('droppedEntries');
  return true;
}

function createContext({ settings, redact, wallClock, signals }: ForwardParts, tail: Tail, source: Tail): Context {
  return {
    origin: source.file.origin,
    redact,
    zone: settings.zone,
    fileTime: tail.reading.mtimeMs,
    now: wallClock(),
    previousTime: source.reading.time,
    processContext: source.reading.processContext,
    signals,
  };
}

/** Carries the time and process context of an entry over to the next one. */
function goOn(context: Context, { time, processContext }: Behind): void {
  context.previousTime = time;
  context.processContext = processContext;
}

/** Returns how many bytes of the file from the commit's offset on are in the store once it has this open entry. */
function openBytes({ reading }: Tail, { end }: TailEntry): number {
  return Math.max(0, reading.flushedTo - end.offset);
}

function moveFrontier({ reading }: Tail, { time, processContext }: Behind, source: Tail): void {
  reading.time = time;
  reading.lastTime = time;
  // Process context from an entry of the predecessor belongs to the predecessor's file.
  if (source.reading === reading) reading.processContext = processContext;
}

function forwardStretch(parts: ForwardParts, tail: Tail, window: Window, end: number): void {
  const { room, board, shipper } = parts;
  const { reading, acks } = tail;
  const { stretch } = room;
  const context = createContext(parts, tail, tail);
  const run = beginRun(acks, stretch.count, undefined);
  // The bytes before the chunk may not be summed yet.
  crcUpTo(reading, reading.cursor, window.base + (stretch.starts[0] ?? 0), window);
  const draft = createPlainDraft(
    describeSource(context.origin, context.processContext),
    context.processContext,
    window.bytes,
  );
  draft.key = tail.file.key;
  const marks = markStretch(parts, context);
  // NaN stands for no time, because a number that may be undefined would be an object for each entry.
  let time = reading.time ?? NaN;
  for (let at = 0; at < stretch.count; at += 1) {
    draft.offset = window.base + (stretch.starts[at] ?? 0);
    draft.crc = sumUpTo(reading, room, draft.offset, window.base);
    draft.mark = marks[at] ?? MARK.no;
    const isPlain = shipper.addPlain !== undefined && readPlain(room, at, context, draft);
    const other = isPlain ? undefined : parseOther(parts, draft, at, context, time);
    time = other === undefined ? draft.time : (other.time ?? NaN);
    const next = at + 1 < stretch.count ? window.base + (stretch.starts[at + 1] ?? 0) : end;
    const index = addToRun(acks, run, next, sumUpTo(reading, room, next, window.base), time, draft.processContext);
    if (isLeftOut(parts, other === undefined ? draft.preamble : other.record)) run.done[index] = 1;
    else if (other === undefined) shipper.addPlain?.(draft, run, index);
    else shipper.add(other.record, run, index);
  }
  moveFrontier(tail, { time: readTime(time), processContext: draft.processContext }, tail);
  board.count('entries', stretch.count);
}

/** Returns the mark of each entry of the stretch. The next call overwrites the result. */
function markStretch({ room, signals, shipper }: ForwardParts, { origin }: Context): Uint8Array {
  const { stretch, marker } = room;
  // Records with strings are searched one by one.
  if (signals === undefined || shipper.addPlain === undefined) return NO_MARKS;
  if (isReportName(origin.path)) return MARKS.fill(MARK.yes, 0, stretch.count);
  markEntries(signals, marker.room, stretch, MARKS);
  return MARKS;
}

/** Parses an entry that is not plain. `time` is that of the entry before. */
function parseOther(
  { room, board }: ForwardParts,
  draft: PlainDraft,
  at: number,
  context: Context,
  time: number,
): ParsedRecord {
  goOn(context, { time: readTime(time), processContext: draft.processContext });
  const entry = describeEntry(room, at, draft.offset);
  const parsed = parseRecord(entry, renderRecordId(draft.key, draft.offset, draft.crc), context);
  if (parsed.processContext !== draft.processContext) {
    draft.processContext = parsed.processContext;
    draft.file = describeSource(context.origin, parsed.processContext);
  }
  countMarks(board, entry, parsed);
  return parsed;
}

/** Returns a time, or undefined for NaN. */
function readTime(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time;
}

/** Describes an entry as the splitter does; its line number is not needed here. */
function describeEntry({ marker, stretch }: StretchReader, at: number, offset: number): SplitEntry {
  const bytes = marker.room.subarray(stretch.starts[at], stretch.ends[at]);
  const flags: readonly EntryFlag[] = isUtf8(bytes) ? [] : ['invalid-utf8'];
  return { bytes, offset, length: bytes.length, line: 0, flags, cutBytes: 0 };
}

function countEntry(board: Board, entry: SplitEntry, parsed: ParsedRecord): void {
  board.count('entries');
  countMarks(board, entry, parsed);
}

function countMarks(board: Board, entry: SplitEntry, { redacted, record }: ParsedRecord): void {
  if (redacted > 0) board.count('redactedSpans', redacted);
  if (record['jobtrace.flags']?.includes('undated') === true) board.count('undatedEntries');
  if (entry.cutBytes > 0) board.count('cutBytes', entry.cutBytes);
  for (const flag of entry.flags) {
    if (flag === 'cut') board.count('cutEntries');
    if (flag === 'invalid-utf8') board.count('invalidEntries');
    if (flag === 'partial') board.count('partialEntries');
  }
}
