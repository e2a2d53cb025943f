import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createError } from '../core/errors.js';
import { createLog } from '../core/log.js';
import type { LogRecord } from '../core/types.js';
import { splitRecords } from '../store/batch.js';
import { decodeRecord } from '../store/encode.js';
import type { AppendOutcome, RecordSink } from '../store/store.js';
import { Shipper } from './ship.js';
import { createBoard, type Board } from './status.js';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'jobtrace-ship-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

interface Setup {
  readonly shipper: Shipper;
  readonly sent: string[][];
  readonly clock: { now: number };
  readonly done: string[];
  readonly board: Board;
}

function setUp(answer: (ids: readonly string[]) => Promise<readonly AppendOutcome[]>, batchBytes = 1_000_000): Setup {
  const clock = { now: 0 };
  const sent: string[][] = [];
  const done: string[] = [];
  const store: RecordSink = {
    encoding: { kind: 'sqlite' },
    append: (batch) => {
      const ids = splitRecords(batch).map((bytes) => decodeRecord(store.encoding, bytes).id);
      sent.push(ids);
      return answer(ids);
    },
  };
  const settings = {
    batchBytes,
    batchRecords: 3,
    batchAgeMs: 100,
    inFlightBatches: 2,
    retryCapMs: 1000,
    deadLetterBytes: 1_048_576,
    dataDir,
  };
  const board = createBoard(() => clock.now);
  const shipper = new Shipper({
    store,
    settings,
    board,
    log: createLog('silent'),
    now: () => clock.now,
    random: () => 1,
    onAnswer: () => undefined,
  });
  return { shipper, sent, clock, done, board };
}

function createRecord(id: string): LogRecord {
  return {
    id,
    '@timestamp': '2026-05-01T10:00:00.000Z',
    message: id,
    'event.original': id,
    'log.file.path': '/log/a.log',
    'log.offset': 0,
    'host.name': 'h',
    'flink.cluster': 'default',
    'jobtrace.process': 'h:/log/a',
    'jobtrace.kind': 'log',
    'jobtrace.layout': 'none',
    'jobtrace.length': id.length,
  };
}

function add(setup: Setup, ...ids: string[]): void {
  for (const id of ids) addOne(setup, id, false);
}

function addOne({ shipper, done }: Setup, id: string, isUrgent: boolean): void {
  const receipt = { acknowledge: () => void done.push(id) };
  shipper.enqueue({ receipt, first: 0, end: 1, bytes: shipper.encoder.add(createRecord(id)) }, isUrgent);
}

const stored = (ids: readonly string[]): Promise<readonly AppendOutcome[]> =>
  Promise.resolve(ids.map(() => ({ kind: 'stored' })));

/** Opens a store that stores the oldest batch it received, one per call of `answer`. */
function setUpHeld(): Setup & { readonly answer: () => Promise<void> } {
  const waiting: (() => void)[] = [];
  const setup = setUp(async (ids) => {
    await new Promise<void>((resume) => void waiting.push(resume));
    return stored(ids);
  });
  const answer = async (): Promise<void> => {
    waiting.shift()?.();
    await new Promise(setImmediate);
  };
  return { ...setup, answer };
}

describe('Shipper', () => {
  it('sends the first batch alone, then as many as may be in flight, and a full one with each answer', async () => {
    const { answer, ...setup } = setUpHeld();
    add(setup, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm');
    setup.shipper.pump(false);
    expect(setup.sent).toEqual([['a', 'b', 'c']]);
    await answer();
    expect(setup.sent.slice(1)).toEqual([
      ['d', 'e', 'f'],
      ['g', 'h', 'i'],
    ]);
    await answer();
    expect(setup.sent.slice(3)).toEqual([['j', 'k', 'l']]);
    await answer();
    await answer();
    expect(setup.sent.slice(4)).toEqual([]);
    setup.shipper.pump(true);
    await answer();

    expect(setup.sent.slice(4)).toEqual([['m']]);
    expect(setup.shipper.heldBytes).toBe(0);
  });

  it('sends a record that was written just now before the full batches that wait, once its batch is full or old', async () => {
    const { answer, ...setup } = setUpHeld();
    add(setup, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm');
    setup.shipper.pump(false);
    addOne(setup, 'now', true);
    await answer();
    expect(setup.sent.slice(1)).toEqual([
      ['d', 'e', 'f'],
      ['g', 'h', 'i'],
    ]);
    setup.clock.now = 100;
    await answer();
    expect(setup.sent.slice(3)).toEqual([['m', 'now']]);
    addOne(setup, 'later', true);
    add(setup, 'n', 'o');
    await answer();
    expect(setup.sent.slice(4)).toEqual([['later', 'n', 'o']]);
    await answer();
    expect(setup.sent.slice(5)).toEqual([['j', 'k', 'l']]);
    await answer();
    await answer();

    expect(setup.done.toSorted()).toEqual([...'abcdefghijkl', 'later', 'm', 'n', 'now', 'o']);
    expect(setup.shipper.heldBytes).toBe(0);
  });

  it('sends at once when nothing is in flight, else waits for a full or old batch', async () => {
    const setup = setUp(stored);
    add(setup, 'first');
    setup.shipper.pump(false);
    await setup.shipper.settle();
    add(setup, 'a');
    setup.shipper.pump(false);
    add(setup, 'b');
    setup.shipper.pump(false);

    expect(setup.sent.slice(1)).toEqual([['a']]);
    setup.clock.now = 100;
    setup.shipper.pump(false);
    expect(setup.sent.slice(1)).toEqual([['a'], ['b']]);
    await setup.shipper.settle();
  });

  it('has nothing due while as much is in flight as may be, however old what waits is', async () => {
    const { answer, ...setup } = setUpHeld();
    add(setup, 'first');
    setup.shipper.pump(false);
    expect(setup.shipper.dueAt).toBeUndefined();
    await answer();
    add(setup, 'a', 'b', 'c', 'd', 'e', 'f', 'g');
    setup.shipper.pump(false);
    setup.clock.now = 1000;
    setup.shipper.pump(false);

    expect(setup.shipper.inFlight).toBe(2);
    expect(setup.shipper.dueAt).toBeUndefined();
    await answer();
    expect(setup.shipper.dueAt).toBeLessThanOrEqual(1000);
  });

  it('lets a batch fill that was begun a moment ago, however long the store was busy before', async () => {
    const { answer, ...setup } = setUpHeld();
    add(setup, 'first');
    setup.shipper.pump(false);
    await answer();
    add(setup, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i');
    setup.shipper.pump(false);
    setup.clock.now = 1000;
    add(setup, 'j');
    await answer();
    await answer();
    setup.shipper.pump(false);

    expect(setup.sent.slice(1)).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
      ['g', 'h', 'i'],
    ]);
    expect(setup.shipper.inFlight).toBe(1);
    expect(setup.shipper.dueAt).toBe(1100);
  });

  it('sends nothing more once it is closed', async () => {
    const { answer, ...setup } = setUpHeld();
    add(setup, 'a', 'b', 'c', 'd', 'e', 'f');
    setup.shipper.pump(false);
    setup.shipper.close();
    await answer();

    expect(setup.sent).toEqual([['a', 'b', 'c']]);
  });

  it('asks with one batch at a time while the store is down, waiting longer each time up to the cap', async () => {
    const setup = setUp(() => Promise.reject(createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'y' })));
    add(setup, 'a', 'b', 'c', 'd');
    const held = setup.shipper.heldBytes;
    const waits: number[] = [];
    setup.shipper.pump(true);
    await setup.shipper.settle();
    for (let turn = 0; turn < 6; turn += 1) {
      const due = setup.shipper.dueAt ?? 0;
      waits.push(due - setup.clock.now);
      setup.clock.now = due;
      setup.shipper.pump(true);
      expect(setup.shipper.inFlight).toBe(1);
      await setup.shipper.settle();
    }

    expect(waits.at(-1)).toBe(1000);
    expect(setup.shipper.heldBytes).toBe(held);
    expect(held).toBeGreaterThan(4 * 100);
    expect(setup.done).toEqual([]);
  });

  it('cuts a batch by its bytes, with at least one record however large', async () => {
    const setup = setUp(stored, 3_000);
    add(setup, 'a'.repeat(5000), 'b', 'c', 'd'.repeat(2500), 'e');

    setup.shipper.pump(true);
    await setup.shipper.settle();
    setup.shipper.pump(true);
    await setup.shipper.settle();

    expect(setup.sent.map((ids) => ids.map((id) => id.charAt(0)))).toEqual([['a'], ['b', 'c', 'd'], ['e']]);
  });

  it('sends again only what the store asks for again, with what belongs to it', async () => {
    const busy = new Set(['b', 'c']);
    const setup = setUp((ids) =>
      Promise.resolve(ids.map((id) => (busy.has(id) ? { kind: 'retry', error: '429' } : { kind: 'stored' }))),
    );
    add(setup, 'a', 'b', 'c');
    setup.shipper.pump(true);
    await setup.shipper.settle();
    const doneFirst = [...setup.done];

    busy.clear();
    setup.clock.now = setup.shipper.dueAt ?? 0;
    setup.shipper.pump(true);
    await setup.shipper.settle();

    expect(doneFirst).toEqual(['a']);
    expect(setup.sent).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
    expect(setup.done).toEqual(['a', 'b', 'c']);
    expect(setup.shipper.heldBytes).toBe(0);
  });

  it('says of single records whether the store is full or busy, as long as it is so', async () => {
    const answers = new Map<string, AppendOutcome>([
      ['a', { kind: 'full', error: 'read-only', place: 'http://es' }],
      ['b', { kind: 'retry', error: '429' }],
    ]);
    const setup = setUp((ids) => Promise.resolve(ids.map((id) => answers.get(id) ?? { kind: 'stored' })));
    const { board, shipper, clock } = setup;
    const seen: string[][] = [];
    const pump = async (): Promise<void> => {
      clock.now = shipper.dueAt ?? clock.now;
      shipper.pump(true);
      await shipper.settle();
      seen.push(board.conditions.map(({ code }) => code).sort());
    };
    add(setup, 'a', 'b', 'c');
    await pump();
    add(setup, 'd');
    shipper.pump(true);
    await shipper.settle();
    seen.push(board.conditions.map(({ code }) => code).sort());
    answers.delete('a');
    await pump();
    answers.delete('b');
    await pump();

    expect(seen).toEqual([
      ['JT_STORE_BUSY', 'JT_STORE_FULL'],
      ['JT_STORE_BUSY', 'JT_STORE_FULL'],
      ['JT_STORE_BUSY'],
      [],
    ]);
    expect(setup.done).toEqual(['c', 'd', 'a', 'b']);
  });
});
