// Encodes the entries of a tail into the open batch of the shipper, as the store wants them: usual ones straight from
// their bytes (parse-fast.ts), all others by way of a record (parse.ts). A run of the tail keeps which of them the
// store has. An open entry that was shipped already and has not grown counts as acknowledged at once.
import { isUtf8 } from 'node:buffer';
import { renderRecordId, LEVELS } from '../../core/record.js';
import type { EntryFlag, LogRecord } from '../../core/types.js';
import type { SplitEntry } from '../../flink/layout/split.js';
import { MAX_ENTRIES, type PlainReader } from '../../flink/layout/plain-entries.js';
import { isReportName } from '../../flink/bytes/forms.js';
import { SIGNAL_RANK, rankEntries, type SignalDetector } from '../../flink/bytes/signals.js';
import { describeSource, parseRecord, type ParseContext, type ParsedRecord } from '../record/parse.js';
import { createPlainDraft, readPlain, type PlainDraft } from '../record/parse-fast.js';
import type { Redactor } from '../record/redact.js';
import type { AgentSettings } from '../settings.js';
import type { EncodedRange, Shipper } from '../ship.js';
import type { Board } from '../status.js';
import type { Run } from './acks.js';
import { crcUpTo, crcUpToInBuffer, type TailEntry, type Window } from './read.js';
import type { ChunkPart } from './split.js';
import type { Tail } from './tail.js';

export interface EncodeParts {
  readonly settings: Pick<AgentSettings, 'zone' | 'minimumLevel'>;
  /** Reader of the chunks. */
  readonly lines: PlainReader;
  readonly shipper: Pick<Shipper, 'encoder' | 'isFilledBy' | 'enqueue'>;
  readonly redact: Redactor;
  readonly board: Board;
  /** Returns the time of day, against which the times of entries are judged. */
  readonly wallClock: () => number;
}

type Context = { -readonly [Key in keyof ParseContext]: ParseContext[Key] };

/** Plain entries that are being encoded: `at` is the next entry, `time` that of the entry before. */
interface PlainProgress {
  readonly tail: Tail;
  readonly base: number;
  readonly end: number;
  readonly context: Context;
  readonly run: Run;
  readonly draft: PlainDraft;
  readonly ranks: Uint8Array;
  at: number;
  /** NaN stands for no time, because a number that may be undefined would be an object for each entry. */
  time: number;
}

const NO_RANKS = new Uint8Array();

export class EntryEncoder {
  /** Changed by new settings, and by words that the analyzer publishes. */
  redact: Redactor;
  detector: SignalDetector | undefined;
  readonly #parts: EncodeParts;
  readonly #ranks = new Uint8Array(MAX_ENTRIES);

  constructor(parts: EncodeParts) {
    this.#parts = parts;
    this.redact = parts.redact;
  }

  /** Encodes a part of a chunk. What is returned must be enqueued before the next range is taken. */
  encode(tail: Tail, part: ChunkPart): Generator<EncodedRange, void> {
    return part.kind === 'entries'
      ? this.#encodeEntries(tail, part.entries, tail)
      : this.#encodePlainEntries(tail, part.window, part.end);
  }

  /**
   * Encodes and enqueues entries that no chunk holds: open ones, and joined ones. `source` is the file in which they
   * begin: it gives their origin, and the time before them.
   */
  send(tail: Tail, entries: readonly TailEntry[], source: Tail = tail): void {
    for (const range of this.#encodeEntries(tail, entries, source)) this.#parts.shipper.enqueue(range, true);
  }

  *#encodeEntries(tail: Tail, entries: readonly TailEntry[], source: Tail): Generator<EncodedRange, void> {
    const [first] = entries;
    if (first === undefined) return;
    const { shipper, board } = this.#parts;
    const { reading, acks } = tail;
    const context = this.#createContext(tail, source);
    const run = acks.beginRun(entries.length, first.isOpen ? openBytes(tail, first) : undefined);
    for (const item of entries) {
      const parsed = parseRecord(item.entry, item.id, context);
      goOn(context, parsed.time, parsed.processContext);
      if (!item.isOpen) moveFrontier(tail, parsed.time, parsed.processContext, source);
      reading.lastTime = parsed.time;
      const { time = NaN, processContext } = reading;
      const index = run.add(item.end.offset, item.end.crc ?? 0, time, processContext);
      if (run.openBytes !== undefined) run.openRanges.push({ offset: item.entry.offset, length: item.entry.length });
      board.count('entries');
      countFlags(board, item.entry, parsed);
      if (acks.isShipped(item) || this.#isLeftOut(parsed.record)) run.done[index] = 1;
      else yield { receipt: run, first: index, end: index + 1, bytes: shipper.encoder.add(parsed.record) };
    }
  }

  *#encodePlainEntries(tail: Tail, window: Window, end: number): Generator<EncodedRange, void> {
    const { lines, board } = this.#parts;
    const { columns } = lines;
    const context = this.#createContext(tail, tail);
    // The bytes before the chunk may not be summed yet.
    crcUpTo(tail.reading, tail.reading.cursor, window.base + (columns.starts[0] ?? 0), window);
    const source = describeSource(context.origin, context.processContext);
    const work: PlainProgress = {
      tail,
      base: window.base,
      end,
      context,
      run: tail.acks.beginRun(columns.count),
      draft: createPlainDraft(tail.file.key, source, context.processContext, window.bytes),
      ranks: this.#rankPlainEntries(context),
      at: 0,
      time: tail.reading.time ?? NaN,
    };
    while (work.at < columns.count) yield this.#encodeSome(work);
    moveFrontier(tail, readTime(work.time), work.draft.processContext, tail);
    board.count('entries', columns.count);
  }

  /** Encodes plain entries until the batch is full, one of them is left out, or there are no more. */
  #encodeSome(work: PlainProgress): EncodedRange {
    const { lines, shipper } = this.#parts;
    const { encoder } = shipper;
    const { columns } = lines;
    const { tail, base, context, run, draft, ranks } = work;
    const first = run.count;
    let { at, time } = work;
    let end = first;
    let bytes = 0;
    for (let goesOn = true; goesOn && at < columns.count; at += 1) {
      draft.offset = base + (columns.starts[at] ?? 0);
      draft.crc = crcUpToInBuffer(tail.reading, lines, draft.offset, base);
      draft.rank = ranks[at] ?? SIGNAL_RANK.no;
      const isPlain = encoder.addPlain !== undefined && readPlain(lines, at, context, draft);
      const other = isPlain ? undefined : this.#parseOther(context, draft, at, time);
      time = other === undefined ? draft.time : (other.time ?? NaN);
      const next = at + 1 < columns.count ? base + (columns.starts[at + 1] ?? 0) : work.end;
      const index = run.add(next, crcUpToInBuffer(tail.reading, lines, next, base), time, draft.processContext);
      if (this.#isLeftOut(other === undefined ? draft.preamble : other.record)) {
        run.done[index] = 1;
        goesOn = false;
      } else {
        bytes += other === undefined ? (encoder.addPlain?.(draft) ?? 0) : encoder.add(other.record);
        end = index + 1;
        goesOn = !shipper.isFilledBy(end - first, bytes);
      }
    }
    work.at = at;
    work.time = time;
    return { receipt: run, first, end, bytes };
  }

  /** Returns true if an entry is below the wanted level and holds no word that matters. It then counts as stored. */
  #isLeftOut({
    'log.level': level,
    'jobtrace.signal': signal,
  }: Pick<LogRecord, 'log.level' | 'jobtrace.signal'>): boolean {
    const { settings, board } = this.#parts;
    const { minimumLevel } = settings;
    if (minimumLevel === LEVELS[0] || level === undefined || this.detector === undefined) return false;
    if (signal !== this.detector.signals[SIGNAL_RANK.no]) return false;
    if (LEVELS.indexOf(level) >= LEVELS.findIndex((name) => name === minimumLevel)) return false;
    board.count('droppedEntries');
    return true;
  }

  #createContext(tail: Tail, source: Tail): Context {
    const { settings, wallClock } = this.#parts;
    return {
      origin: source.file.origin,
      redact: this.redact,
      zone: settings.zone,
      fileTime: tail.reading.mtimeMs,
      now: wallClock(),
      previousTime: source.reading.time,
      processContext: source.reading.processContext,
      detector: this.detector,
    };
  }

  /** Returns the signal rank of each plain entry. The next call overwrites the result. */
  #rankPlainEntries({ origin }: Context): Uint8Array {
    const { lines, shipper } = this.#parts;
    const { columns, index } = lines;
    // Records with strings are searched one by one.
    if (this.detector === undefined || shipper.encoder.addPlain === undefined) return NO_RANKS;
    if (isReportName(origin.path)) return this.#ranks.fill(SIGNAL_RANK.yes, 0, columns.count);
    rankEntries(this.detector, index.buffer, columns, this.#ranks);
    return this.#ranks;
  }

  /** Parses an entry of the columns that the fast path cannot parse. `time` is that of the entry before. */
  #parseOther(context: Context, draft: PlainDraft, at: number, time: number): ParsedRecord {
    const { lines, board } = this.#parts;
    goOn(context, readTime(time), draft.processContext);
    const entry = describeEntry(lines, at, draft.offset);
    const parsed = parseRecord(entry, renderRecordId(draft.key, draft.offset, draft.crc), context);
    if (parsed.processContext !== draft.processContext) {
      draft.processContext = parsed.processContext;
      draft.file = describeSource(context.origin, parsed.processContext);
    }
    countFlags(board, entry, parsed);
    return parsed;
  }
}

/** Carries the time and process context of an entry over to the next one. */
function goOn(context: Context, time: number | undefined, processContext: Context['processContext']): void {
  context.previousTime = time;
  context.processContext = processContext;
}

/** Returns how many bytes of the file from the commit's offset on are in the store once it has this open entry. */
function openBytes({ reading }: Tail, { end }: TailEntry): number {
  return Math.max(0, reading.flushedTo - end.offset);
}

function moveFrontier(
  { reading }: Tail,
  time: number | undefined,
  processContext: Context['processContext'],
  source: Tail,
): void {
  reading.time = time;
  reading.lastTime = time;
  // Process context from an entry of the predecessor belongs to the predecessor's file.
  if (source.reading === reading) reading.processContext = processContext;
}

/** Returns a time, or undefined for NaN. */
function readTime(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time;
}

/** Describes an entry as the splitter does; its line number is not needed here. */
function describeEntry({ index, columns }: PlainReader, at: number, offset: number): SplitEntry {
  const bytes = index.buffer.subarray(columns.starts[at], columns.ends[at]);
  const flags: readonly EntryFlag[] = isUtf8(bytes) ? [] : ['invalid-utf8'];
  return { bytes, offset, length: bytes.length, line: 0, flags, cutBytes: 0 };
}

function countFlags(board: Board, entry: SplitEntry, { redacted, record }: ParsedRecord): void {
  if (redacted > 0) board.count('redactedSpans', redacted);
  if (record['jobtrace.flags']?.includes('undated') === true) board.count('undatedEntries');
  if (entry.cutBytes > 0) board.count('cutBytes', entry.cutBytes);
  for (const flag of entry.flags) {
    if (flag === 'cut') board.count('cutEntries');
    if (flag === 'invalid-utf8') board.count('invalidEntries');
    if (flag === 'partial') board.count('partialEntries');
  }
}
