// Records → the store, in batches, with one answer per record. A record leaves the queue only when the store has it
// (stored, already there) or its dead letter is on disk; everything else is sent again, alone, for ever, with
// full-jitter backoff. Called by agent.ts; offsets are moved by what `onDone` tells read.ts.
import { JobtraceError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import type { LogRecord } from '../../core/types.js';
import type { AppendOutcome, RecordSink } from '../../store/store.js';
import { appendDeadLetters, type DeadLetter } from './deadletter.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';

export interface PendingRecord {
  readonly record: LogRecord;
  /** What it counts against the budget. */
  readonly bytes: number;
  /** Called once, when the record needs no more care. */
  readonly onDone: () => void;
}

export interface Shipper {
  add(parcel: PendingRecord): void;
  /** Starts what is due. `force`: also batches that are neither full nor old. Never throws; see `settle`. */
  pump(force: boolean): void;
  /** Waits for the answers to everything in flight. */
  settle(): Promise<void>;
  /** Bytes added and not done. */
  readonly heldBytes: number;
  readonly inFlight: number;
  /** Records that were never sent, while the store takes records. */
  readonly hasFresh: boolean;
  /** When `pump` has something to do again; undefined = when something is added. */
  readonly dueAt: number | undefined;
}

export interface ShipperParts {
  readonly store: RecordSink;
  readonly settings: Pick<
    AgentSettings,
    'batchBytes' | 'batchRecords' | 'batchAgeMs' | 'maxBatchesInFlight' | 'retryBaseMs' | 'retryCapMs' | 'dataDir'
  >;
  readonly board: Board;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  /** An answer came: more can be read, offsets may have moved. */
  readonly onAnswer: () => void;
}

interface Batch {
  readonly parcels: readonly PendingRecord[];
  /** How often these records were sent in vain. */
  readonly tries: number;
  readonly dueAt: number;
}

export function createShipper(parts: ShipperParts): Shipper {
  const { settings, now } = parts;
  const queue: PendingRecord[] = [];
  let queuedBytes = 0;
  let queuedSince = 0;
  let heldBytes = 0;
  let retries: Batch[] = [];
  /** Batches that failed as a whole, in a row: while the store is down one batch at a time asks. */
  let outage: { readonly tries: number; readonly until: number } | undefined;
  const flights = new Set<Promise<void>>();

  function add(parcel: PendingRecord): void {
    if (queue.length === 0) queuedSince = now();
    queue.push(parcel);
    queuedBytes += parcel.bytes;
    heldBytes += parcel.bytes;
  }

  function pump(force: boolean): void {
    for (;;) {
      if (flights.size >= settings.maxBatchesInFlight) return;
      if (outage !== undefined && (flights.size > 0 || now() < outage.until)) return;
      const batch = takeRetry() ?? takeFresh(force);
      if (batch === undefined) return;
      const flight: Promise<void> = sendBatch(batch).finally(() => {
        flights.delete(flight);
        parts.onAnswer();
      });
      flights.add(flight);
    }
  }

  function takeRetry(): Batch | undefined {
    const due = retries.find((batch) => batch.dueAt <= now());
    if (due !== undefined) retries = retries.filter((batch) => batch !== due);
    return due;
  }

  function takeFresh(force: boolean): Batch | undefined {
    if (queue.length === 0) return undefined;
    const isFull = queue.length >= settings.batchRecords || queuedBytes >= settings.batchBytes;
    const isOld = now() - queuedSince >= settings.batchAgeMs;
    if (!force && !isFull && !isOld && flights.size > 0) return undefined;
    const count = countBatch(queue, settings.batchRecords, settings.batchBytes);
    const parcels = queue.splice(0, count);
    for (const parcel of parcels) queuedBytes -= parcel.bytes;
    return { parcels, tries: 0, dueAt: 0 };
  }

  async function sendBatch(batch: Batch): Promise<void> {
    let outcomes: readonly AppendOutcome[];
    try {
      outcomes = await parts.store.appendRecords(batch.parcels.map((parcel) => parcel.record));
    } catch (error) {
      handleOutage(batch, error);
      return;
    }
    endOutage();
    handleOutcomes(batch, outcomes);
  }

  /** The whole batch goes again: nothing is known about any of its records. */
  function handleOutage(batch: Batch, error: unknown): void {
    const code = error instanceof JobtraceError ? error.code : 'JT_STORE_UNREACHABLE';
    const message = error instanceof Error ? error.message : String(error);
    const tries = (outage?.tries ?? 0) + 1;
    outage = { tries, until: now() + jitter(tries) };
    parts.board.count('failedBatches');
    for (const other of OUTAGE_CODES) if (other !== code) parts.board.clear(other);
    if (parts.board.raise(code, message))
      parts.log.error(
        { code, problem: message },
        'The store does not take records; nothing is lost, sending again until it does.',
      );
    retries.push({ parcels: batch.parcels, tries: batch.tries + 1, dueAt: outage.until });
  }

  function endOutage(): void {
    if (outage === undefined) return;
    outage = undefined;
    for (const code of OUTAGE_CODES) parts.board.clear(code);
    parts.log.info('The store takes records again.');
  }

  function handleOutcomes(batch: Batch, outcomes: readonly AppendOutcome[]): void {
    const again: PendingRecord[] = [];
    const dead: { readonly parcel: PendingRecord; readonly letter: DeadLetter }[] = [];
    let problem = '';
    batch.parcels.forEach((parcel, index) => {
      const outcome = outcomes[index] ?? { kind: 'retry', error: 'the store gave no answer for this record' };
      if (outcome.kind === 'stored' || outcome.kind === 'duplicate')
        finish(parcel, outcome.kind === 'stored' ? 'storedRecords' : 'duplicateRecords');
      else if (outcome.kind === 'retry') {
        again.push(parcel);
        problem = outcome.error;
      } else dead.push({ parcel, letter: describeDeath(parcel, outcome) });
    });
    again.push(...buryDead(dead));
    markRetry(batch, again, problem);
  }

  function describeDeath(
    parcel: PendingRecord,
    outcome: Extract<AppendOutcome, { kind: 'refused' | 'collision' }>,
  ): DeadLetter {
    if (outcome.kind === 'collision')
      parts.board.raise(
        'JT_RECORD_COLLISION',
        `Two entries have the same id: ${outcome.error}. The later one is kept in the dead letters.`,
      );
    return { time: new Date(now()).toISOString(), error: `${outcome.kind}: ${outcome.error}`, record: parcel.record };
  }

  /** What could not be written to disk stays with us. */
  function buryDead(
    dead: readonly { readonly parcel: PendingRecord; readonly letter: DeadLetter }[],
  ): readonly PendingRecord[] {
    if (dead.length === 0) return [];
    try {
      appendDeadLetters(
        settings.dataDir,
        dead.map(({ letter }) => letter),
      );
    } catch (error) {
      parts.board.raise('JT_DEAD_LETTERS_UNWRITABLE', error instanceof Error ? error.message : String(error));
      return dead.map(({ parcel }) => parcel);
    }
    parts.board.clear('JT_DEAD_LETTERS_UNWRITABLE');
    parts.board.raise(
      'JT_RECORDS_REFUSED',
      'The store refused records; they are kept in dead-letters.ndjson in the data folder.',
    );
    for (const { parcel, letter } of dead) {
      parts.log.error(
        { id: parcel.record.id, problem: letter.error },
        'A record was not accepted and is kept in the dead letters.',
      );
      finish(parcel, letter.error.startsWith('collision') ? 'collidedRecords' : 'refusedRecords');
    }
    return [];
  }

  function markRetry(batch: Batch, again: readonly PendingRecord[], problem: string): void {
    if (again.length === 0) {
      if (retries.length === 0) parts.board.clear('JT_STORE_BUSY');
      return;
    }
    parts.board.count('retriedRecords', again.length);
    if (parts.board.raise('JT_STORE_BUSY', `The store asks for some records again: ${problem}.`))
      parts.log.warn({ records: again.length, problem }, 'The store asks for records again.');
    retries.push({ parcels: again, tries: batch.tries + 1, dueAt: now() + jitter(batch.tries + 1) });
  }

  function finish(
    parcel: PendingRecord,
    counter: 'storedRecords' | 'duplicateRecords' | 'collidedRecords' | 'refusedRecords',
  ): void {
    parts.board.count(counter);
    heldBytes -= parcel.bytes;
    parcel.onDone();
  }

  /** Full jitter: anywhere between nothing and the doubled wait. */
  function jitter(tries: number): number {
    return Math.ceil(parts.random() * Math.min(settings.retryCapMs, settings.retryBaseMs * 2 ** Math.min(tries, 20)));
  }

  async function settle(): Promise<void> {
    while (flights.size > 0) await Promise.all(flights);
  }

  return {
    add,
    pump,
    settle,
    get heldBytes() {
      return heldBytes;
    },
    get inFlight() {
      return flights.size;
    },
    get hasFresh() {
      return queue.length > 0 && outage === undefined;
    },
    get dueAt() {
      if (outage !== undefined) return outage.until;
      const first = retries.reduce((least, batch) => Math.min(least, batch.dueAt), Number.POSITIVE_INFINITY);
      return queue.length > 0
        ? Math.min(first, queuedSince + settings.batchAgeMs)
        : Number.isFinite(first)
          ? first
          : undefined;
    },
  };
}

const OUTAGE_CODES = [
  'JT_STORE_UNREACHABLE',
  'JT_STORE_DENIED',
  'JT_STORE_REFUSED',
  'JT_STORE_UNUSABLE',
  'JT_STORE_TOO_NEW',
  'JT_DISK_FULL',
  'JT_FILE_UNWRITABLE',
] as const;

/** How many of the first parcels fit; at least one. */
export function countBatch(
  parcels: readonly Pick<PendingRecord, 'bytes'>[],
  maxRecords: number,
  maxBytes: number,
): number {
  let bytes = 0;
  let count = 0;
  for (const parcel of parcels) {
    if (count >= maxRecords || (count > 0 && bytes + parcel.bytes > maxBytes)) break;
    bytes += parcel.bytes;
    count += 1;
  }
  return count;
}
