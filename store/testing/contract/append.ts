// Contract of RecordSink: entries that are sent twice, in parts, by another thread, or with odd text.
import { expect, it } from 'vitest';
import type { LogRecord } from '../../../core/types.js';
import { selectRecords, sliceBatch, sliceRecord } from '../../batch.js';
import { createEncoder, decodeRecord, encodeRecords } from '../../encode.js';
import type { Store } from '../../store.js';
import type { AgentStore } from '../memory.js';
import { appendRecords, makeRecord } from '../samples.js';
import { ALL, drain, readAll, readPages, waitForTotal } from './reading.js';

export function describeAppend(store: () => AgentStore): void {
  it('keeps once what is sent twice', async () => {
    const batch = [makeRecord(1), makeRecord(2)];

    expect(await appendRecords(store(), batch)).toEqual([{ kind: 'stored' }, { kind: 'stored' }]);
    expect(await appendRecords(store(), batch)).toEqual([{ kind: 'duplicate' }, { kind: 'duplicate' }]);

    expect(await readAll(store())).toEqual(batch);
  });

  it('keeps once what stands twice in one batch', async () => {
    const outcomes = await appendRecords(store(), [makeRecord(1), makeRecord(1)]);

    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(['duplicate', 'stored']);
    expect(await readAll(store())).toHaveLength(1);
  });

  it('lets an entry that grew replace itself', async () => {
    await appendRecords(store(), [makeRecord(1, { text: 'boom' })]);
    const grown = makeRecord(1, { text: 'boom\n\tat a.B.c(B.java:1)' });

    expect(await appendRecords(store(), [grown])).toEqual([{ kind: 'stored' }]);

    expect(await readAll(store())).toEqual([grown]);
  });

  it('ignores the shorter self that comes late', async () => {
    const grown = makeRecord(1, { text: 'boom\n\tat a.B.c(B.java:1)' });
    await appendRecords(store(), [grown]);

    expect(await appendRecords(store(), [makeRecord(1, { text: 'boom' })])).toEqual([{ kind: 'duplicate' }]);

    expect(await readAll(store())).toEqual([grown]);
  });

  it('reports another entry under the same id and keeps the first', async () => {
    const first = makeRecord(1, { text: 'this is the one' });
    await appendRecords(store(), [first, makeRecord(2)]);

    const outcomes = await appendRecords(store(), [
      makeRecord(1, { text: 'this is another' }),
      makeRecord(1, { text: 'short' }),
      makeRecord(2),
      makeRecord(3),
    ]);

    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['collision', 'collision', 'duplicate', 'stored']);
    expect((await readAll(store())).find((record) => record.id === first.id)).toEqual(first);
  });

  it('takes an empty batch', async () => {
    expect(await appendRecords(store(), [])).toEqual([]);
  });
}

export function describeGrown(store: () => Store): void {
  it('is found by its old and its new words, once', async () => {
    await appendRecords(store(), [makeRecord(1, { text: 'boom' })]);
    await appendRecords(store(), [makeRecord(1, { text: 'boom\n\tat a.B.c(B.java:1)' })]);

    await waitForTotal(store(), { ...ALL, query: 'B.java' }, 1);
    await waitForTotal(store(), { ...ALL, query: 'boom' }, 1);
  });
}

export function describeBatches(store: () => AgentStore): void {
  it('takes what another thread encoded: plain data goes there, memory comes back', async () => {
    const encoder = createEncoder(structuredClone(store().encoding));
    const records = [makeRecord(1), makeRecord(2, { text: '连接失败 \ud83d\ude00' }), makeRecord(3)];
    const lengths = records.map((record) => encoder.add(record));
    const batch = encoder.take();

    const moved = structuredClone(batch, { transfer: [batch.bytes.buffer] });

    expect(batch.bytes).toHaveLength(0);
    expect(moved.lengths).toEqual(lengths);
    expect((await store().append(moved)).map((outcome) => outcome.kind)).toEqual(['stored', 'stored', 'stored']);
    expect(await readAll(store())).toEqual(records);
  });

  it('takes a part of a batch, as it is sent again', async () => {
    const records = [1, 2, 3, 4].map((number) => makeRecord(number, { text: `entry ${number}` }));
    const batch = encodeRecords(store().encoding, records);

    expect(await store().append(selectRecords(batch, [1, 3]))).toHaveLength(2);
    expect((await store().append(sliceBatch(batch, 1, 3))).map((outcome) => outcome.kind)).toEqual([
      'duplicate',
      'stored',
    ]);

    const ids = (await readAll(store())).map((record) => record.id);
    expect(ids.sort()).toEqual(records.slice(1).map((record) => record.id));
  });

  it('gives an encoded record back whole, for the dead letters', () => {
    const records = [
      makeRecord(1, { text: 'boom\n\tat a.B.c(B.java:1)', error: ['a.B'], job: ['j1', 'Orders'] }),
      ...ODD_RECORDS.map(([what, change]) => ({ ...makeRecord(2, { path: `/logs/${what}` }), ...change })),
    ];
    const batch = encodeRecords(store().encoding, records);

    expect(records.map((_record, index) => decodeRecord(store().encoding, sliceRecord(batch, index)))).toEqual(records);
  });
}

export function describeOddText(store: () => AgentStore): void {
  let cursor: string | undefined;

  it.each(ODD_RECORDS)('never refuses %s', async (what, change) => {
    const record = { ...makeRecord(1, { path: `/logs/${what}` }), ...change };

    expect(await appendRecords(store(), [record])).toEqual([{ kind: 'stored' }]);
    expect(await appendRecords(store(), [record])).toEqual([{ kind: 'duplicate' }]);

    const found = await drain(store(), cursor, 100);
    cursor = found.cursor;
    expect(found.records).toEqual([record]);
  });
}

/** Tests the search over the records of describeOddText. */
export function describeOddSearch(store: () => Store): void {
  it('finds and pages them all', async () => {
    await waitForTotal(store(), ALL, ODD_RECORDS.length);

    const ids = await readPages(store(), { ...ALL, limit: 3 });

    expect(new Set(ids).size).toBe(ODD_RECORDS.length);
    expect(await readPages(store(), { ...ALL, limit: 3, order: 'newest' })).toEqual(ids.reverse());
  });
}

export const HUGE = 'x'.repeat(40_000);
export const DEEP_JSON = `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`;
const ODD_RECORDS: readonly (readonly [string, Partial<LogRecord>])[] = [
  ['a word of 40,000 letters', { message: HUGE, 'event.original': HUGE }],
  [
    '40,000 letters in every field that is matched as a whole',
    {
      'log.logger': HUGE,
      'process.thread.name': HUGE,
      'error.type': HUGE,
      'flink.job.name': HUGE,
      'flink.chain': [HUGE, 'b'],
      'log.file.path': `/${HUGE}`,
      'jobtrace.process': HUGE,
      'host.name': HUGE,
      'flink.cluster': HUGE,
    },
  ],
  ['40,000 Chinese characters in a field', { 'log.logger': '连'.repeat(40_000), 'flink.cluster': '连'.repeat(40_000) }],
  ['a message of 2 MB', { message: 'word '.repeat(400_000), 'event.original': 'word '.repeat(400_000) }],
  ['deep JSON', { message: DEEP_JSON, 'event.original': DEEP_JSON }],
  [
    'NULs and control characters',
    {
      message: '\u0000\u0001\u001b[31m',
      'event.original': 'a\u0000b\u0001\u001b[31mc',
      'process.thread.name': 'a\u0000b',
    },
  ],
  [
    'text that looks like a field',
    { message: '{"@timestamp": 5, "log": "x", "event": {"original": 1}}', 'error.message': '{"log.level":{}}' },
  ],
  [
    'nothing at all',
    { message: '', 'event.original': '', 'flink.cluster': '', 'jobtrace.process': '', 'jobtrace.length': 0 },
  ],
  ['a date before 1970', { '@timestamp': '1066-10-14T09:00:00.000Z' }],
  ['a date far ahead', { '@timestamp': '+275760-09-13T00:00:00.000Z' }],
  ['no date', { '@timestamp': 'yesterday' }],
  ['an undated entry', { 'jobtrace.flags': ['undated', 'partial'] }],
  ['an id of 2,000 letters', { id: `host/${'f'.repeat(2_000)}` }],
  ['an id with odd characters', { id: 'a/b c?d#e"f\n连' }],
  ['an offset beyond 2^40', { 'log.offset': 2 ** 52 }],
];
