// Ships records to the store in batches, with one answer per record. Records are enqueued encoded, so only bytes wait.
// A record leaves the queue only when the store has it (stored, already there, kept aside) or its dead letter is on
// disk; everything else is sent again, alone, for ever, with full-jitter backoff. Then its receipt, a run of acks.ts,
// is acknowledged.
import { toIso } from '../core/time/iso.js';
import type { ConditionValues } from '../core/conditions.js';
import { JobtraceError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import { selectRecords, sliceRecord } from '../store/batch.js';
import { createEncoder, decodeRecord, type RecordEncoder } from '../store/encode.js';
import type { AppendOutcome, EncodedBatch, RecordSink } from '../store/store.js';
import { appendDeadLetters, deadLetterPath, type DeadLetter } from './dead-letters.js';
import type { AgentSettings } from './settings.js';
import type { Board } from './status.js';
import { errorText } from '../core/fault.js';
import { backoffMs } from '../core/time/wait.js';

/** Receipt of records that were handed over together, by their indexes. */
export interface Receipt {
  /** Acknowledges the records from `first` up to `end`. */
  acknowledge(first: number, end: number): void;
}

/** Encoded records with consecutive indexes in one receipt, which are at the end of the open batch. */
export interface EncodedRange {
  readonly receipt: Receipt;
  readonly first: number;
  readonly end: number;
  readonly bytes: number;
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
  readonly withDeadLetterLock?: <Result>(write: () => Result) => Result;
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

const NO_WAIT: ReadonlySet<WaitCode> = new Set();
const NO_ANSWER: AppendOutcome = { kind: 'retry', error: 'the store gave no answer for this record' };
/** First wait, in milliseconds, before records are sent again. It doubles with each failed try. */
const RETRY_BASE_MS = 200;
/** Cost of a record, in bytes, beside its own bytes, so that many short records use up the budget as well. */
const RECORD_COST_BYTES = 256;

/** One record of a batch. */
interface Delivery {
  readonly batch: Batch;
  /** Index within the batch. */
  readonly at: number;
  readonly receipt: Receipt;
  readonly index: number;
}

interface Again extends Delivery {
  readonly outcome: Extract<AppendOutcome, { kind: 'retry' | 'full' }>;
}

interface Dead extends Delivery {
  readonly outcome: Extract<AppendOutcome, { kind: 'refused' | 'collision' }>;
}

export class Shipper {
  /** Encodes records into the open batch. What was encoded is enqueued before anything else is encoded. */
  readonly encoder: RecordEncoder;
  readonly #parts: ShipperParts;
  /** Records that the encoder holds. */
  #open: { ranges: Range[]; count: number } = { ranges: [], count: 0 };
  #openBytes = 0;
  /** Time at which the oldest of them was added. */
  #openSince = 0;
  /** Full batches that were never sent, the oldest first. */
  readonly #full: Batch[] = [];
  /** Full batches with urgent records, the oldest first. They are sent before the others. */
  readonly #urgent: Batch[] = [];
  /** True if the open batch has urgent records. */
  #isUrgent = false;
  #heldBytes = 0;
  #retries: Batch[] = [];
  /** Batches that the store asked for again and has not answered yet: waiting or in flight. */
  readonly #waiting = new Set<Batch>();
  /** Consecutive failures of whole batches. While the store is down, only one batch at a time is tried. */
  #outage: { readonly tries: number; readonly until: number } | undefined;
  readonly #flights = new Set<Promise<void>>();
  #acknowledgedAt: number | undefined;
  #isClosed = false;

  constructor(parts: ShipperParts) {
    this.#parts = parts;
    this.encoder = createEncoder(parts.store.encoding);
  }

  /** Number of bytes in memory for what was enqueued and is not done. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get inFlight(): number {
    return this.#flights.size;
  }

  /** Time at which the store last acknowledged a record; undefined if it never did. */
  get acknowledgedAt(): number | undefined {
    return this.#acknowledgedAt;
  }

  /** True if there are records that were never sent while the store takes records. */
  get hasFresh(): boolean {
    return (this.#hasFull || this.#open.count > 0) && this.#outage === undefined;
  }

  /** Returns true if the open batch is full with so many more records, which have so many bytes. */
  isFilledBy(records: number, bytes: number): boolean {
    const { settings } = this.#parts;
    return (
      this.#open.count + records >= settings.batchRecords ||
      this.#openBytes + bytes + records * RECORD_COST_BYTES >= settings.batchBytes
    );
  }

  /**
   * Adds records that were encoded to the open batch, and closes it when it is full. Each index of the receipt is
   * acknowledged once, when its record needs no more care. `isUrgent`: the records were written just now, so that they
   * go before batches that wait.
   */
  enqueue({ receipt, first, end, bytes }: EncodedRange, isUrgent: boolean): void {
    if (first === end) return;
    this.#isUrgent ||= isUrgent;
    if (this.#open.count === 0) this.#openSince = this.#parts.now();
    addRange(this.#open.ranges, receipt, first, end);
    const cost = bytes + (end - first) * RECORD_COST_BYTES;
    this.#open.count += end - first;
    this.#openBytes += cost;
    this.#heldBytes += cost;
    if (this.isFilledBy(0, 0)) (this.#isUrgent ? this.#urgent : this.#full).push(this.#closeBatch());
  }

  /** Waits for the answers to everything in flight. */
  async settle(): Promise<void> {
    while (this.#flights.size > 0) await Promise.all(this.#flights);
  }

  /** Stops handling what is in flight; the next agent sends it again. */
  close(): void {
    this.#isClosed = true;
  }

  get #hasFull(): boolean {
    return this.#urgent.length + this.#full.length > 0;
  }

  #closeBatch(): Batch {
    const batch = { encoded: this.encoder.take(), ...this.#open, tries: 0, waitsFor: NO_WAIT, dueAt: 0 };
    this.#open = { ranges: [], count: 0 };
    this.#openBytes = 0;
    this.#isUrgent = false;
    return batch;
  }

  /** Sends what is due. `force`: also batches that are neither full nor old. Never throws; see `settle`. */
  pump(force: boolean): void {
    const { now, onAnswer } = this.#parts;
    while (this.#hasCapacity() && !this.#isClosed) {
      if (this.#outage !== undefined && now() < this.#outage.until) return;
      const batch = this.#takeRetry() ?? this.#takeFresh(force);
      if (batch === undefined) return;
      const flight: Promise<void> = this.#sendBatch(batch).finally(() => {
        this.#flights.delete(flight);
        // A full batch is sent at once; everything else can wait for the next cycle of the loop.
        if (this.#hasFull) this.pump(false);
        onAnswer();
      });
      this.#flights.add(flight);
    }
  }

  /** Returns true if one more batch may be in flight. */
  #hasCapacity(): boolean {
    // The first batch goes alone, however small, so that it arrives sooner. So does one that tests whether the store is
    // back.
    const isAlone = this.#acknowledgedAt === undefined || this.#outage !== undefined;
    return this.#flights.size < (isAlone ? 1 : this.#parts.settings.inFlightBatches);
  }

  #takeRetry(): Batch | undefined {
    const due = this.#retries.find((batch) => batch.dueAt <= this.#parts.now());
    if (due !== undefined) this.#retries = this.#retries.filter((batch) => batch !== due);
    return due;
  }

  #takeFresh(force: boolean): Batch | undefined {
    const { settings, now } = this.#parts;
    const isOld = this.#open.count > 0 && now() - this.#openSince >= settings.batchAgeMs;
    const isUrgent = this.#isUrgent && isOld;
    const waiting = this.#urgent.shift() ?? (isUrgent ? this.#closeBatch() : this.#full.shift());
    if (waiting !== undefined || this.#open.count === 0) return waiting;
    return force || isOld || this.#flights.size === 0 ? this.#closeBatch() : undefined;
  }

  async #sendBatch(batch: Batch): Promise<void> {
    let outcomes: readonly AppendOutcome[];
    try {
      outcomes = await this.#parts.store.append(batch.encoded);
    } catch (error) {
      if (!this.#isClosed) this.#handleOutage(batch, error);
      return;
    }
    this.#endOutage();
    if (outcomes.some(({ kind }) => kind === 'stored' || kind === 'duplicate'))
      this.#acknowledgedAt = this.#parts.now();
    this.#handleOutcomes(batch, outcomes);
  }

  /** Keeps the whole batch for another try, because nothing is known about any of its records. */
  #handleOutage(batch: Batch, error: unknown): void {
    const { board, log, now } = this.#parts;
    const { code, values, advice } = describeOutage(error);
    const tries = (this.#outage?.tries ?? 0) + 1;
    const until = now() + this.#jitter(tries);
    this.#outage = { tries, until };
    board.count('failedBatches');
    for (const other of OUTAGE_CODES) if (other !== code) board.clear(other);
    if (board.raise(code, values))
      log.error(
        { code, ...values, advice },
        'The store does not take records; nothing is lost, sending again until it does.',
      );
    this.#keepForRetry(batch, { ...batch, tries: batch.tries + 1, dueAt: until });
  }

  #endOutage(): void {
    if (this.#outage === undefined) return;
    this.#outage = undefined;
    for (const code of OUTAGE_CODES) this.#parts.board.clear(code);
    this.#parts.log.info('The store takes records again.');
  }

  #handleOutcomes(batch: Batch, outcomes: readonly AppendOutcome[]): void {
    if (outcomes.length === batch.count && outcomes.every(({ kind }) => kind === 'stored')) this.#finishAll(batch);
    else this.#handleMixed(batch, outcomes);
    // Records that are sent again have been copied.
    this.encoder.giveBack(batch.encoded);
  }

  /** Handles the usual answer: the store has each of the records. */
  #finishAll(batch: Batch): void {
    this.#parts.board.count('storedRecords', batch.count);
    this.#heldBytes -= batch.encoded.bytes.length + batch.count * RECORD_COST_BYTES;
    for (const { receipt, first, end } of batch.ranges) receipt.acknowledge(first, end);
    this.#planRetry(batch, []);
  }

  #handleMixed(batch: Batch, outcomes: readonly AppendOutcome[]): void {
    const again: Again[] = [];
    const dead: Dead[] = [];
    let at = 0;
    for (const { receipt, first, end } of batch.ranges)
      for (let index = first; index < end; index += 1, at += 1) {
        const delivery = { batch, at, receipt, index };
        const outcome = outcomes[at] ?? NO_ANSWER;
        switch (outcome.kind) {
          case 'stored':
            this.#finish(delivery, 'storedRecords');
            break;
          case 'duplicate':
            this.#finish(delivery, 'duplicateRecords');
            break;
          case 'aside':
            this.#finishAside(delivery, outcome);
            break;
          case 'retry':
          case 'full':
            again.push({ ...delivery, outcome });
            break;
          default:
            dead.push({ ...delivery, outcome });
        }
      }
    if (dead.length > 0 && !this.#keepDeadLetters(batch, dead))
      for (const delivery of dead)
        again.push({ ...delivery, outcome: { kind: 'retry', error: 'its dead letter cannot be written' } });
    this.#planRetry(batch, again);
  }

  /** Finishes a record that the store keeps aside, in a place where it does not belong. */
  #finishAside(delivery: Delivery, { error, place }: Extract<AppendOutcome, { kind: 'aside' }>): void {
    const { board, log } = this.#parts;
    if (board.raise('JT_RECORDS_REFUSED', { problem: error, path: place }))
      log.error({ id: this.#readId(delivery), problem: error, place }, 'A record was not accepted and is kept aside.');
    this.#finish(delivery, 'refusedRecords');
  }

  #readId({ batch, at }: Delivery): string {
    return decodeRecord(this.#parts.store.encoding, sliceRecord(batch.encoded, at)).id;
  }

  /** Writes dead letters. Returns false if they could not be written to disk; the records stay in the queue then. */
  #keepDeadLetters(batch: Batch, dead: readonly Dead[]): boolean {
    const { board, log, settings, withDeadLetterLock: withDeadLetterLock = (write) => write() } = this.#parts;
    const letters = dead.map(({ at, outcome }) => this.#describeDeath(sliceRecord(batch.encoded, at), outcome));
    let dropped: number;
    try {
      dropped = withDeadLetterLock(() => appendDeadLetters(settings.dataDir, settings.deadLetterBytes, letters));
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
        { id: this.#readId(delivery), problem: `${outcome.kind}: ${outcome.error}` },
        'A record was not accepted and is kept in the dead letters.',
      );
      this.#finish(delivery, outcome.kind === 'collision' ? 'collidedRecords' : 'refusedRecords');
    }
    return true;
  }

  #describeDeath(bytes: Buffer, outcome: Dead['outcome']): DeadLetter {
    if (outcome.kind === 'collision') this.#parts.board.raise('JT_RECORD_COLLISION', { problem: outcome.error });
    return {
      time: toIso(this.#parts.now()),
      error: `${outcome.kind}: ${outcome.error}`,
      record: decodeRecord(this.#parts.store.encoding, bytes),
    };
  }

  /** Plans another try for the records that need one, and releases the rest of the batch. */
  #planRetry(batch: Batch, again: readonly Again[]): void {
    const { board, now } = this.#parts;
    if (again.length > 0) {
      board.count('retriedRecords', again.length);
      const inOrder = again.toSorted((a, b) => a.at - b.at);
      const ranges: Range[] = [];
      for (const { receipt, index } of inOrder) addRange(ranges, receipt, index, index + 1);
      this.#keepForRetry(batch, {
        encoded: selectRecords(
          batch.encoded,
          inOrder.map(({ at }) => at),
        ),
        ranges,
        count: inOrder.length,
        tries: batch.tries + 1,
        waitsFor: this.#raiseWaits(again),
        dueAt: now() + this.#jitter(batch.tries + 1),
      });
    } else this.#waiting.delete(batch);
    for (const code of WAIT_CODES)
      if (![...this.#waiting].some(({ waitsFor }) => waitsFor.has(code))) board.clear(code);
  }

  #keepForRetry(before: Batch, next: Batch): void {
    this.#waiting.delete(before);
    this.#waiting.add(next);
    this.#retries.push(next);
  }

  #raiseWaits(again: readonly Again[]): ReadonlySet<WaitCode> {
    const { board, log } = this.#parts;
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

  #finish(
    { batch, at, receipt, index }: Delivery,
    counter: 'storedRecords' | 'duplicateRecords' | 'collidedRecords' | 'refusedRecords',
  ): void {
    this.#parts.board.count(counter);
    this.#heldBytes -= (batch.encoded.lengths[at] ?? 0) + RECORD_COST_BYTES;
    receipt.acknowledge(index, index + 1);
  }

  /** Returns a wait with full jitter: anywhere between nothing and the doubled wait. */
  #jitter(tries: number): number {
    const { random, settings } = this.#parts;
    return backoffMs({ firstMs: RETRY_BASE_MS, maxMs: settings.retryCapMs, least: 0 }, tries, random);
  }

  /** Returns when something is due. While as much is in flight as allowed, only an answer makes something due. */
  get dueAt(): number | undefined {
    if (!this.#hasCapacity()) return undefined;
    if (this.#outage !== undefined) return this.#outage.until;
    const first = this.#retries.reduce((least, batch) => Math.min(least, batch.dueAt), Number.POSITIVE_INFINITY);
    if (this.#hasFull) return 0;
    if (this.#open.count > 0) return Math.min(first, this.#openSince + this.#parts.settings.batchAgeMs);
    return Number.isFinite(first) ? first : undefined;
  }
}

function addRange(ranges: Range[], receipt: Receipt, first: number, end: number): void {
  const last = ranges.at(-1);
  if (last?.receipt === receipt && last.end === first) last.end = end;
  else ranges.push({ receipt, first, end });
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
