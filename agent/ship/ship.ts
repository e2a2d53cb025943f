// Ships records to the store in batches, with one answer per record. A record is encoded when it is added, so only
// bytes wait. It leaves the queue only when the store has it (stored, already there, kept aside) or its dead letter is
// on disk; everything else is sent again, alone, for ever, with full-jitter backoff. Receipts notify acks.ts, which
// moves offsets.
import type { ConditionValues } from '../../core/conditions.js';
import { JobtraceError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import type { LogRecord } from '../../core/types.js';
import { selectRecords, sliceRecord } from '../../store/batch.js';
import { createEncoder, decodeRecord, type RecordEncoder } from '../../store/encode.js';
import type { AppendOutcome, EncodedBatch, PlainRecord, RecordSink } from '../../store/store.js';
import { appendDeadLetters, deadLetterPath, type DeadLetter } from './dead-letters.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';
import { errorText } from '../../core/fault.js';
import { backoffMs } from '../../core/time/wait.js';

export interface Shipper {
  /**
   * Adds a record. The receipt's index is acknowledged once, when the record needs no more care. Nothing of the record
   * is kept. Records that are added in a row with one receipt and consecutive indexes are acknowledged together.
   */
  add(record: LogRecord, receipt: Receipt, index: number): void;
  /** Adds a record whose text is given as bytes; undefined if the store wants records. */
  readonly addPlain: ((record: PlainRecord, receipt: Receipt, index: number) => void) | undefined;
  /** Sends what is due. `force`: also batches that are neither full nor old. Never throws; see `settle`. */
  pump(force: boolean): void;
  /** Waits for the answers to everything in flight. */
  settle(): Promise<void>;
  /** Stops handling what is in flight; the next agent sends it again. */
  close(): void;
  /** Number of bytes in memory for what was added and is not done. */
  readonly heldBytes: number;
  readonly inFlight: number;
  /** Time at which the store last acknowledged a record; undefined if it never did. */
  readonly acknowledgedAt: number | undefined;
  /** True if there are records that were never sent while the store takes records. */
  readonly hasFresh: boolean;
  /** Time at which `pump` has something to do again; undefined = when something is added, or an answer comes. */
  readonly dueAt: number | undefined;
}

/** Receipt of records that were handed over together, by their indexes. */
export interface Receipt {
  /** Acknowledges the records from `first` up to `end`. */
  readonly acknowledge: (first: number, end: number) => void;
}

export interface ShipperParts {
  readonly store: RecordSink;
  readonly settings: Pick<
    AgentSettings,
    'batchBytes' | 'batchRecords' | 'batchAgeMs' | 'inFlightBatches' | 'retryCapMs' | 'deadLetterBytes' | 'dataDir'
  >;
  readonly board: Board;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  /** Called when an answer came: more can be read, and offsets may have moved. */
  readonly onAnswer: () => void;
  /** Runs the writing of dead letters, if several threads write them. */
  readonly withLetterLock?: <Result>(write: () => Result) => Result;
}

/**
 * Consecutive records in a batch and in their receipt, which is all that is kept of them beside their encoded bytes.
 */
interface Range {
  readonly receipt: Receipt;
  readonly first: number;
  end: number;
}

interface Deliveries {
  readonly ranges: Range[];
  readonly count: number;
}

interface Batch extends Deliveries {
  readonly encoded: EncodedBatch;
  /** Number of failed tries to send these records. */
  readonly tries: number;
  /** Reasons why the store asked for some of these records again. */
  readonly waitsFor: ReadonlySet<WaitCode>;
  readonly dueAt: number;
}

interface Shipping {
  readonly parts: ShipperParts;
  readonly encoder: RecordEncoder;
  /** Records that the encoder holds. */
  open: { ranges: Range[]; count: number };
  openBytes: number;
  /** Time at which the oldest of them was added. */
  openSince: number;
  /** Full batches that were never sent, the oldest first. */
  full: Batch[];
  heldBytes: number;
  retries: Batch[];
  /** Batches that the store asked for again and has not answered yet: waiting or in flight. */
  readonly waiting: Set<Batch>;
  /** Consecutive failures of whole batches. While the store is down, only one batch at a time is tried. */
  outage: { readonly tries: number; readonly until: number } | undefined;
  readonly flights: Set<Promise<void>>;
  acknowledgedAt: number | undefined;
  isClosed: boolean;
}

const NO_WAIT: ReadonlySet<WaitCode> = new Set();
const NO_ANSWER: AppendOutcome = { kind: 'retry', error: 'the store gave no answer for this record' };
/** First wait, in milliseconds, before records are sent again. It doubles with each failed try. */
const RETRY_BASE_MS = 200;
/** Cost of a record, in bytes, beside its own bytes, so that many short records use up the budget as well. */
const RECORD_COST_BYTES = 256;

export function createShipper(parts: ShipperParts): Shipper {
  const shipping: Shipping = {
    parts,
    encoder: createEncoder(parts.store.encoding),
    open: { ranges: [], count: 0 },
    openBytes: 0,
    openSince: 0,
    full: [],
    heldBytes: 0,
    retries: [],
    waiting: new Set(),
    outage: undefined,
    flights: new Set(),
    acknowledgedAt: undefined,
    isClosed: false,
  };
  const { encoder } = shipping;
  const { addPlain } = encoder;
  return {
    add: (record, receipt, index) => addDelivery(shipping, encoder.add(record), receipt, index),
    addPlain: addPlain && ((record, receipt, index) => addDelivery(shipping, addPlain(record), receipt, index)),
    pump: (force) => pump(shipping, force),
    settle: async () => {
      while (shipping.flights.size > 0) await Promise.all(shipping.flights);
    },
    close: () => {
      shipping.isClosed = true;
    },
    get heldBytes() {
      return shipping.heldBytes;
    },
    get inFlight() {
      return shipping.flights.size;
    },
    get acknowledgedAt() {
      return shipping.acknowledgedAt;
    },
    get hasFresh() {
      return hasFresh(shipping) && shipping.outage === undefined;
    },
    get dueAt() {
      return findDue(shipping);
    },
  };
}

/** Adds the record that the encoder has just taken, as `length` bytes, to the open batch. */
function addDelivery(shipping: Shipping, length: number, receipt: Receipt, index: number): void {
  const { settings, now } = shipping.parts;
  if (shipping.open.count === 0) shipping.openSince = now();
  addRange(shipping.open.ranges, receipt, index);
  shipping.open.count += 1;
  shipping.openBytes += length + RECORD_COST_BYTES;
  shipping.heldBytes += length + RECORD_COST_BYTES;
  if (shipping.open.count >= settings.batchRecords || shipping.openBytes >= settings.batchBytes)
    shipping.full.push(closeBatch(shipping));
}

function addRange(ranges: Range[], receipt: Receipt, index: number): void {
  const last = ranges.at(-1);
  if (last?.receipt === receipt && last.end === index) last.end += 1;
  else ranges.push({ receipt, first: index, end: index + 1 });
}

function closeBatch(shipping: Shipping): Batch {
  const batch = { encoded: shipping.encoder.take(), ...shipping.open, tries: 0, waitsFor: NO_WAIT, dueAt: 0 };
  shipping.open = { ranges: [], count: 0 };
  shipping.openBytes = 0;
  return batch;
}

function hasFresh({ full, open }: Shipping): boolean {
  return full.length > 0 || open.count > 0;
}

function pump(shipping: Shipping, force: boolean): void {
  const { parts, flights } = shipping;
  while (hasRoom(shipping) && !shipping.isClosed) {
    if (shipping.outage !== undefined && parts.now() < shipping.outage.until) return;
    const batch = takeRetry(shipping) ?? takeFresh(shipping, force);
    if (batch === undefined) return;
    const flight: Promise<void> = sendBatch(shipping, batch).finally(() => {
      flights.delete(flight);
      // A full batch is sent at once; everything else can wait for the next cycle of the loop.
      if (shipping.full.length > 0) pump(shipping, false);
      parts.onAnswer();
    });
    flights.add(flight);
  }
}

/** Returns true if one more batch may be in flight. */
function hasRoom({ parts, flights, acknowledgedAt, outage }: Shipping): boolean {
  // The first batch goes alone, however small, so that it arrives sooner. So does one that tests whether the store is
  // back.
  const max = acknowledgedAt === undefined || outage !== undefined ? 1 : parts.settings.inFlightBatches;
  return flights.size < max;
}

function takeRetry(shipping: Shipping): Batch | undefined {
  const due = shipping.retries.find((batch) => batch.dueAt <= shipping.parts.now());
  if (due !== undefined) shipping.retries = shipping.retries.filter((batch) => batch !== due);
  return due;
}

function takeFresh(shipping: Shipping, force: boolean): Batch | undefined {
  const { settings, now } = shipping.parts;
  if (shipping.full.length > 0) return shipping.full.shift();
  if (shipping.open.count === 0) return undefined;
  const isOld = now() - shipping.openSince >= settings.batchAgeMs;
  return force || isOld || shipping.flights.size === 0 ? closeBatch(shipping) : undefined;
}

async function sendBatch(shipping: Shipping, batch: Batch): Promise<void> {
  let outcomes: readonly AppendOutcome[];
  try {
    outcomes = await shipping.parts.store.append(batch.encoded);
  } catch (error) {
    if (!shipping.isClosed) handleOutage(shipping, batch, error);
    return;
  }
  endOutage(shipping);
  if (outcomes.some(({ kind }) => kind === 'stored' || kind === 'duplicate'))
    shipping.acknowledgedAt = shipping.parts.now();
  handleOutcomes(shipping, batch, outcomes);
}

/** Keeps the whole batch for another try, because nothing is known about any of its records. */
function handleOutage(shipping: Shipping, batch: Batch, error: unknown): void {
  const { board, log, now } = shipping.parts;
  const { code, values, advice } = describeOutage(error);
  const tries = (shipping.outage?.tries ?? 0) + 1;
  const until = now() + jitter(shipping, tries);
  shipping.outage = { tries, until };
  board.count('failedBatches');
  for (const other of OUTAGE_CODES) if (other !== code) board.clear(other);
  if (board.raise(code, values))
    log.error(
      { code, ...values, advice },
      'The store does not take records; nothing is lost, sending again until it does.',
    );
  keepForRetry(shipping, batch, { ...batch, tries: batch.tries + 1, dueAt: until });
}

/** Describes the condition that an error of the store means. Errors of other kinds count as "not reachable". */
function describeOutage(error: unknown): {
  readonly code: OutageCode;
  readonly values: ConditionValues<OutageCode>;
  readonly advice: string;
} {
  if (!(error instanceof JobtraceError)) {
    const problem = errorText(error);
    return { code: 'JT_STORE_UNREACHABLE', values: { place: '?', problem }, advice: '' };
  }
  const { url, path, problem } = error.details;
  return {
    code: OUTAGE_CODES.find((code) => code === error.code) ?? 'JT_STORE_REFUSED',
    values: { place: url ?? path ?? '?', problem: problem ?? error.message },
    advice: error.fix,
  };
}

function endOutage(shipping: Shipping): void {
  if (shipping.outage === undefined) return;
  shipping.outage = undefined;
  for (const code of OUTAGE_CODES) shipping.parts.board.clear(code);
  shipping.parts.log.info('The store takes records again.');
}

function handleOutcomes(shipping: Shipping, batch: Batch, outcomes: readonly AppendOutcome[]): void {
  if (outcomes.length === batch.count && outcomes.every(({ kind }) => kind === 'stored')) finishAll(shipping, batch);
  else handleMixed(shipping, batch, outcomes);
  // Records that are sent again have been copied.
  shipping.encoder.giveBack(batch.encoded);
}

/** Handles the usual answer: the store has each of the records. */
function finishAll(shipping: Shipping, batch: Batch): void {
  shipping.parts.board.count('storedRecords', batch.count);
  shipping.heldBytes -= batch.encoded.bytes.length + batch.count * RECORD_COST_BYTES;
  for (const { receipt, first, end } of batch.ranges) receipt.acknowledge(first, end);
  planRetry(shipping, batch, []);
}

function handleMixed(shipping: Shipping, batch: Batch, outcomes: readonly AppendOutcome[]): void {
  const again: Again[] = [];
  const dead: Dead[] = [];
  let at = 0;
  for (const { receipt, first, end } of batch.ranges)
    for (let index = first; index < end; index += 1, at += 1) {
      const delivery = { batch, at, receipt, index };
      const outcome = outcomes[at] ?? NO_ANSWER;
      switch (outcome.kind) {
        case 'stored':
          finish(shipping, delivery, 'storedRecords');
          break;
        case 'duplicate':
          finish(shipping, delivery, 'duplicateRecords');
          break;
        case 'aside':
          finishAside(shipping, delivery, outcome);
          break;
        case 'retry':
        case 'full':
          again.push({ ...delivery, outcome });
          break;
        default:
          dead.push({ ...delivery, outcome });
      }
    }
  if (dead.length > 0 && !keepDeadLetters(shipping, batch, dead))
    for (const delivery of dead)
      again.push({ ...delivery, outcome: { kind: 'retry', error: 'its dead letter cannot be written' } });
  planRetry(shipping, batch, again);
}

/** One record of a batch. */
interface Delivery {
  readonly batch: Batch;
  /** Index within the batch. */
  readonly at: number;
  readonly receipt: Receipt;
  readonly index: number;
}

/** Finishes a record that the store keeps aside, in a place where it does not belong. */
function finishAside(
  shipping: Shipping,
  delivery: Delivery,
  { error, place }: Extract<AppendOutcome, { kind: 'aside' }>,
): void {
  const { board, log } = shipping.parts;
  if (board.raise('JT_RECORDS_REFUSED', { problem: error, path: place }))
    log.error(
      { id: readId(shipping, delivery), problem: error, place },
      'A record was not accepted and is kept aside.',
    );
  finish(shipping, delivery, 'refusedRecords');
}

function readId({ parts: { store } }: Shipping, { batch, at }: Delivery): string {
  return decodeRecord(store.encoding, sliceRecord(batch.encoded, at)).id;
}

interface Again extends Delivery {
  readonly outcome: Extract<AppendOutcome, { kind: 'retry' | 'full' }>;
}

interface Dead extends Delivery {
  readonly outcome: Extract<AppendOutcome, { kind: 'refused' | 'collision' }>;
}

/** Writes dead letters. Returns false if they could not be written to disk; the records stay in the queue then. */
function keepDeadLetters(shipping: Shipping, batch: Batch, dead: readonly Dead[]): boolean {
  const { board, log, settings, withLetterLock = (write) => write() } = shipping.parts;
  const letters = dead.map(({ at, outcome }) => describeDeath(shipping, sliceRecord(batch.encoded, at), outcome));
  let dropped: number;
  try {
    dropped = withLetterLock(() => appendDeadLetters(settings.dataDir, settings.deadLetterBytes, letters));
  } catch (error) {
    board.raise('JT_DEAD_LETTERS_UNWRITABLE', { problem: errorText(error) });
    return false;
  }
  board.clear('JT_DEAD_LETTERS_UNWRITABLE');
  const path = deadLetterPath(settings.dataDir);
  board.raise('JT_RECORDS_REFUSED', { problem: dead.at(-1)?.outcome.error ?? '', path });
  if (dropped > 0) {
    board.count('droppedLetters', dropped);
    board.raise('JT_DEAD_LETTERS_DROPPED', { count: board.counters['droppedLetters'] ?? dropped, path });
    log.error({ letters: dropped, path }, 'The oldest dead letters were dropped: they take too much room.');
  }
  for (const { outcome, ...delivery } of dead) {
    log.error(
      { id: readId(shipping, delivery), problem: `${outcome.kind}: ${outcome.error}` },
      'A record was not accepted and is kept in the dead letters.',
    );
    finish(shipping, delivery, outcome.kind === 'collision' ? 'collidedRecords' : 'refusedRecords');
  }
  return true;
}

function describeDeath({ parts }: Shipping, bytes: Buffer, outcome: Dead['outcome']): DeadLetter {
  if (outcome.kind === 'collision') parts.board.raise('JT_RECORD_COLLISION', { problem: outcome.error });
  return {
    time: new Date(parts.now()).toISOString(),
    error: `${outcome.kind}: ${outcome.error}`,
    record: decodeRecord(parts.store.encoding, bytes),
  };
}

/** Plans another try for the records that need one, and releases the rest of the batch. */
function planRetry(shipping: Shipping, batch: Batch, again: readonly Again[]): void {
  const { board, now } = shipping.parts;
  if (again.length > 0) {
    board.count('retriedRecords', again.length);
    const inOrder = again.toSorted((a, b) => a.at - b.at);
    const ranges: Range[] = [];
    for (const { receipt, index } of inOrder) addRange(ranges, receipt, index);
    keepForRetry(shipping, batch, {
      encoded: selectRecords(
        batch.encoded,
        inOrder.map(({ at }) => at),
      ),
      ranges,
      count: inOrder.length,
      tries: batch.tries + 1,
      waitsFor: raiseWaits(shipping, again),
      dueAt: now() + jitter(shipping, batch.tries + 1),
    });
  } else shipping.waiting.delete(batch);
  for (const code of WAIT_CODES)
    if (![...shipping.waiting].some(({ waitsFor }) => waitsFor.has(code))) board.clear(code);
}

function keepForRetry({ retries, waiting }: Shipping, before: Batch, next: Batch): void {
  waiting.delete(before);
  waiting.add(next);
  retries.push(next);
}

function raiseWaits({ parts: { board, log } }: Shipping, again: readonly Again[]): ReadonlySet<WaitCode> {
  const codes = new Set<WaitCode>();
  let isNew = false;
  for (const { outcome } of again) {
    const { error: problem } = outcome;
    const code = outcome.kind === 'full' ? 'JT_STORE_FULL' : 'JT_STORE_BUSY';
    if (codes.has(code)) continue;
    codes.add(code);
    if (outcome.kind === 'full') isNew = board.raise('JT_STORE_FULL', { place: outcome.place, problem }) || isNew;
    else isNew = board.raise('JT_STORE_BUSY', { problem }) || isNew;
  }
  if (isNew)
    log.warn(
      { records: again.length, codes: [...codes], problem: again[0]?.outcome.error },
      'The store asks for records again.',
    );
  return codes;
}

function finish(
  shipping: Shipping,
  { batch, at, receipt, index }: Delivery,
  counter: 'storedRecords' | 'duplicateRecords' | 'collidedRecords' | 'refusedRecords',
): void {
  shipping.parts.board.count(counter);
  shipping.heldBytes -= (batch.encoded.lengths[at] ?? 0) + RECORD_COST_BYTES;
  receipt.acknowledge(index, index + 1);
}

/** Returns a wait with full jitter: anywhere between nothing and the doubled wait. */
function jitter({ parts: { random, settings } }: Shipping, tries: number): number {
  return backoffMs({ firstMs: RETRY_BASE_MS, maxMs: settings.retryCapMs, least: 0 }, tries, random);
}

/** Returns when something is due. While as much is in flight as allowed, only an answer makes something due. */
function findDue(shipping: Shipping): number | undefined {
  if (!hasRoom(shipping)) return undefined;
  if (shipping.outage !== undefined) return shipping.outage.until;
  const first = shipping.retries.reduce((least, batch) => Math.min(least, batch.dueAt), Number.POSITIVE_INFINITY);
  if (shipping.full.length > 0) return 0;
  if (shipping.open.count > 0) return Math.min(first, shipping.openSince + shipping.parts.settings.batchAgeMs);
  return Number.isFinite(first) ? first : undefined;
}

/** Reasons why single records wait. A full disk is reported for single records or for a whole request. */
const WAIT_CODES = ['JT_STORE_BUSY', 'JT_STORE_FULL'] as const;

type WaitCode = (typeof WAIT_CODES)[number];

/** Conditions under which the store takes nothing. */
export const OUTAGE_CODES = [
  'JT_STORE_UNREACHABLE',
  'JT_STORE_DENIED',
  'JT_STORE_REFUSED',
  'JT_STORE_FULL',
  'JT_STORE_UNUSABLE',
  'JT_STORE_TOO_NEW',
  'JT_DISK_FULL',
  'JT_FILE_UNWRITABLE',
] as const;

type OutageCode = (typeof OUTAGE_CODES)[number];
