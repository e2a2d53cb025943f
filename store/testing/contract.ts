// What every store must do, as one suite that runs over each adapter (sqlite.test.ts, elasticsearch.test.ts).
// `open` gives a new, empty store for each test; tests that only read share one. A store may show what was
// appended a moment later: tests of the search wait for it with a deadline.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fitsAnyCase, fitsGlob, parseGlob } from '../../core/text/glob.js';
import { appendRecords, makeIncident, makeRecord, waitUntil } from './samples.js';
import type { Alert, JobCounts, JobQuery, RecordQuery, Store } from '../store.js';
import type { AgentStore } from './memory.js';
import { selectRecords, sliceBatch, sliceRecord } from '../batch.js';
import { createEncoder, decodeRecord, encodeRecords } from '../encode.js';
import type { LogRecord } from '../../core/types.js';

const ALL: RecordQuery = { limit: 0, order: 'oldest' };

export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps the store contract`, () => {
    describeWriting(open);
    describe('append with odd text', () => {
      const store = useSharedStore(open);
      describeOddText(store);
      describeOddSearch(store);
    });
    describe('append of what grew', () => describeGrown(useOwnStore(open)));
    describe('readRecords that skips', () => describeSkipping(useOwnStore(open)));
    describe('readRecords by several', () => describeFeedParts(useOwnStore(open)));
    describeReading(open);
    describe('incidents', () => describeIncidents(useOwnStore(open)));
    describe('jobs', () => describeJobs(useOwnStore(open)));
    describe('alerts, states, agents', () => describeDocuments(useOwnStore(open)));
    describe('deleteBefore', () => describeRetention(useOwnStore(open)));
  });
}

/** The part of the contract that an agent needs, and the feed. */
export function describeSink(name: string, open: () => Promise<AgentStore>): void {
  describe(`${name} keeps the store contract of the way in`, () => {
    describeWriting(open);
    describe('append with odd text', () => describeOddText(useSharedStore(open)));
  });
}

function describeWriting(open: () => Promise<AgentStore>): void {
  describe('append', () => describeAppend(useOwnStore(open)));
  describe('append of encoded batches', () => describeBatches(useOwnStore(open)));
  describe('readRecords', () => describeFeed(useOwnStore(open)));
}

/** The part of the contract that depends on how words are found. */
export function describeStoreSearch(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps the store contract of searches`, () => describeReading(open));
}

function describeReading(open: () => Promise<Store>): void {
  describe('searchRecords', () => describeSearch(useSharedStore(open)));
  describe('searchRecords with stars', () => describeGlobs(useSharedStore(open)));
  describe('searchRecords by words', () => describeWords(useSharedStore(open)));
  describe('searchRecords by pages', () => describePages(useOwnStore(open)));
  describe('findContext', () => describeContext(useOwnStore(open)));
}

type Closable = Pick<Store, 'close'>;

function useOwnStore<Opened extends Closable>(open: () => Promise<Opened>): () => Opened {
  let store: Opened | undefined;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store?.close());
  return () => store as Opened;
}

function useSharedStore<Opened extends Closable>(open: () => Promise<Opened>): () => Opened {
  let store: Opened | undefined;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store?.close());
  return () => store as Opened;
}

function describeAppend(store: () => AgentStore): void {
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

function describeGrown(store: () => Store): void {
  it('is found by its old and its new words, once', async () => {
    await appendRecords(store(), [makeRecord(1, { text: 'boom' })]);
    await appendRecords(store(), [makeRecord(1, { text: 'boom\n\tat a.B.c(B.java:1)' })]);

    await waitForTotal(store(), { ...ALL, query: 'B.java' }, 1);
    await waitForTotal(store(), { ...ALL, query: 'boom' }, 1);
  });
}

function describeBatches(store: () => AgentStore): void {
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

function describeOddText(store: () => AgentStore): void {
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

/** Of what describeOddText has appended. */
function describeOddSearch(store: () => Store): void {
  it('finds and pages them all', async () => {
    await waitForTotal(store(), ALL, ODD_RECORDS.length);

    const ids = await readPages(store(), { ...ALL, limit: 3 });

    expect(new Set(ids).size).toBe(ODD_RECORDS.length);
    expect(await readPages(store(), { ...ALL, limit: 3, order: 'newest' })).toEqual(ids.reverse());
  });
}

const HUGE = 'x'.repeat(40_000);
const DEEP_JSON = `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`;
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

function describeFeed(store: () => AgentStore): void {
  it('gives nothing and stays where it is when there is nothing', async () => {
    const page = await store().readRecords(undefined, { limit: 10 });

    expect(page).toMatchObject({ records: [], drained: true });
    expect((await store().readRecords(page.cursor, { limit: 10 })).cursor).toBe(page.cursor);
  });

  it('goes on where the cursor stands', async () => {
    await appendRecords(
      store(),
      [1, 2, 3].map((number) => makeRecord(number)),
    );
    const first = await drain(store(), undefined, 2);
    await appendRecords(store(), [makeRecord(4)]);

    const second = await drain(store(), first.cursor, 2);

    expect(first.records.map((record) => record.id)).toEqual([1, 2, 3].map((number) => makeRecord(number).id));
    expect(second.records.map((record) => record.id)).toEqual([makeRecord(4).id]);
  });

  it('gives a replaced record again, with its new text', async () => {
    await appendRecords(store(), [makeRecord(1, { text: 'short' }), makeRecord(2)]);
    const first = await drain(store(), undefined, 100);
    await appendRecords(store(), [makeRecord(1, { text: 'short and longer' }), makeRecord(2)]);

    const second = await drain(store(), first.cursor, 100);

    expect(second.records.map((record) => record['event.original'])).toEqual(['short and longer']);
  });

  it('skips nothing while appends go on, over days and replacements', async () => {
    const count = 60;
    const days = ['2026-11-18', '2026-11-19', '2026-11-20'];
    const seen = new Map<string, string>();
    let cursor: string | undefined;
    const writers = Promise.all(
      [0, 1, 2].map(async (writer) => {
        for (let number = 0; number < count; number += 1) {
          const options = {
            host: `h${writer}`,
            time: `${days[number % 3] ?? ''}T10:00:00.000Z`,
            cluster: `c${number % 5}`,
          };
          await appendRecords(store(), [makeRecord(number, { ...options, text: `n${number}` })]);
          if (number % 4 === 0)
            await appendRecords(store(), [makeRecord(number, { ...options, text: `n${number} grown` })]);
        }
      }),
    );
    const reader = (async () => {
      let isDone = false;
      void writers.then(() => (isDone = true));
      for (let isLast = false; ;) {
        const page = await store().readRecords(cursor, { limit: 7 });
        for (const record of page.records) seen.set(record.id, record['event.original']);
        cursor = page.cursor;
        if (page.drained && isLast) break;
        isLast = isDone && page.drained;
      }
    })();

    await Promise.all([writers, reader]);

    expect(seen.size).toBe(3 * count);
    expect([...seen.values()].filter((text) => text.endsWith('grown'))).toHaveLength((3 * count) / 4);
  }, 120_000);
}

function describeSkipping(store: () => Store): void {
  it('leaves out what says the signal that is skipped, and goes on behind it', async () => {
    const signals = [undefined, 'no.new', 'yes.new', 'no.old', 'no.new', 'no.new'];
    await appendRecords(
      store(),
      signals.map((signal, number) => makeRecord(number, { signal })),
    );
    const skip = 'no.new';

    const first = await drain(store(), undefined, 2, undefined, skip);
    const rest = await store().readRecords(first.cursor, { limit: 100 });
    await appendRecords(store(), [makeRecord(7, { signal: skip }), makeRecord(8, { signal: 'yes.new' })]);
    const second = await drain(store(), first.cursor, 2, undefined, skip);

    expect(first.records.map((record) => record['jobtrace.signal'])).toEqual([undefined, 'yes.new', 'no.old']);
    expect(rest).toMatchObject({ records: [], drained: true });
    expect(second.records.map((record) => record.id)).toEqual([makeRecord(8).id]);
  });
}

function describeFeedParts(store: () => Store): void {
  it('divides among readers so that together they see all, each record by one of them', async () => {
    const records = Array.from({ length: 40 }, (_, number) =>
      makeRecord(number, { time: `2026-11-${String(1 + (number % 8)).padStart(2, '0')}T10:00:00.000Z` }),
    );
    await appendRecords(store(), records);

    const parts = await Promise.all([0, 1, 2].map((index) => drain(store(), undefined, 100, { index, of: 3 })));

    expect(parts.flatMap((part) => part.records.map((record) => record.id)).sort()).toEqual(
      records.map((record) => record.id).sort(),
    );
  });
}

function describeSearch(store: () => Store): void {
  beforeAll(async () => {
    await appendRecords(store(), SEARCHED);
    await waitForTotal(store(), ALL, SEARCHED.length);
  });
  describeQueries(store);
  describeFilters(store);
  describeCounts(store);
}

/** What the tests of the search look for. */
const SEARCHED: readonly LogRecord[] = [
  makeRecord(1, {
    text: 'Source: orders (1/2) switched from RUNNING to FAILED',
    level: 'WARN',
    logger: 'org.apache.flink.runtime.taskmanager.Task',
    job: ['j1', 'Orders by Day'],
    error: ['org.example.WrapperException', 'java.io.IOException'],
  }),
  makeRecord(2, {
    text: 'Insufficient number of network buffers: required 2, but only 0 available',
    level: 'ERROR',
    job: ['j2', 'clicks'],
    host: 'node2.example.com',
    component: 'taskmanager',
    resource: 'container_01_000002',
  }),
  makeRecord(3, {
    text: 'Completed checkpoint 7 for job j1',
    level: 'INFO',
    job: ['j1', 'Orders by Day'],
    cluster: 'c-other',
    component: 'jobmanager',
  }),
  makeRecord(4, { text: '连接失败: 数据库', path: '/logs/tm.out' }),
];

function listNumbers(found: readonly LogRecord[]): number[] {
  return found.map((record) => record['log.offset'] / 1000);
}

function describeQueries(store: () => Store): void {
  it.each<[string, number[]]>([
    ['', [1, 2, 3, 4]],
    ['BUFFERS', [2]],
    ['network buffers', [2]],
    ['"number of network"', [2]],
    ['"network number"', []],
    ['insuff*', [2]],
    ['*ficient', [2]],
    ['*eckpo*', [3]],
    ['nothing*', []],
    ['*nothing', []],
    ['number -network', []],
    ['NOT buffers', [1, 3, 4]],
    ['buffers OR checkpoint', [2, 3]],
    ['(buffers OR checkpoint) level:INFO', [3]],
    ['buffers OR level:INFO', [2, 3]],
    ['-level:(WARN OR ERROR)', [3, 4]],
    ['level:error', [2]],
    ['job:j1', [1, 3]],
    ['job:"orders BY day"', [1, 3]],
    ['job:orders*', [1, 3]],
    ['logger:Task', [1]],
    ['logger:org.apache.*', [1]],
    ['logger:task*', [1]],
    ['error:IOException', [1]],
    ['error:org.example.WrapperException', [1]],
    ['error:*Exception', [1]],
    ['error:*', [1]],
    ['-error:*', [2, 3, 4]],
    ['host:node2', [2]],
    ['host:NODE2.example.com', [2]],
    ['file:tm.out', [4]],
    ['file:/logs/*', [1, 2, 3, 4]],
    ['tm:container_*2', [2]],
    ['component:jobmanager', [3]],
    ['process:h1-tm', [1, 3, 4]],
    ['process:H1-*', [1, 3, 4]],
    ['失败', [4]],
    ['连失', []],
    ['Caused by: 数据库', []],
    ['"FAILED"', [1]],
  ])('finds %s', async (query, expected) => {
    const page = await store().searchRecords({ ...ALL, query });

    expect(listNumbers(page.records)).toEqual(expected);
    expect(page.total).toBe(expected.length);
  });

  it('refuses a broken query, time or page mark with its own code', async () => {
    await expect(store().searchRecords({ ...ALL, query: 'level:EROR' })).rejects.toMatchObject({
      code: 'JT_QUERY_INVALID',
    });
    await expect(store().searchRecords({ ...ALL, from: 'soon' })).rejects.toMatchObject({ code: 'JT_REQUEST_INVALID' });
    await expect(store().searchRecords({ ...ALL, after: 'nonsense' })).rejects.toMatchObject({
      code: 'JT_REQUEST_INVALID',
    });
  });
}

const LONG_WORD = 'x'.repeat(300);
const STACK = 'java.io.IOException: disk full\n\tat org.example.Sink.write(Sink.java:42)';

/** Flink's own line with a tenant before the message. */
function makeLine(number: number, message: string, stack?: string): LogRecord {
  const [level, logger] = ['ERROR', 'org.example.sinks.Committer'] as const;
  const text = [message, ...(stack === undefined ? [] : [stack])].join('\n');
  const record = makeRecord(number, { level, logger });
  const head = `2026-11-20 10:00:0${number},000 ${level} ${logger.padEnd(60)} [tenant-${number}] - `;
  const length = Buffer.byteLength(head + text);
  return {
    ...record,
    message,
    'event.original': head + text,
    'error.stack_trace': stack,
    'jobtrace.length': length,
    'jobtrace.layout': 'log4j',
  };
}

/** What the tests of words look for. */
const WORDED: readonly LogRecord[] = [
  makeLine(1, 'The part 7 broke down', STACK),
  makeLine(2, '数据库连接Job失败'),
  makeLine(3, `a word ${LONG_WORD} of 300`),
  makeLine(4, 'ΟΔΟΣ, İstanbul, Größe, e\u0301tat'),
  makeRecord(5, { text: 'read "broke down" \u2e80 twice' }),
];

function describeWords(store: () => Store): void {
  beforeAll(async () => {
    await appendRecords(store(), WORDED);
    await waitForTotal(store(), ALL, WORDED.length);
  });

  it.each<[string, string, number[]]>([
    ['each part of a class name', 'ioexception', [1]],
    ['a class name', 'java.io.IOException', [1]],
    ['a phrase of the stack trace', '"IOException: disk full at org.example"', [1]],
    ['a phrase of the message', '"broke down"', [1, 5]],
    ['no phrase that begins in the message and ends in the stack trace', '"down java"', []],
    ['no phrase that begins in the level and ends in the logger', '"ERROR org.example.sinks"', []],
    ['level and logger', 'error committer', [1, 2, 3, 4]],
    ['what else stands before the message', '"tenant-2"', [2]],
    ['parts of words', 'comm*ter *exc*tion', [1]],
    ['no glob over two words', 'disk*full', []],
    ['each Chinese character', '库', [2]],
    ['Chinese characters that follow each other', '库连接', [2]],
    ['no Chinese characters in another order', '"接连"', []],
    ['what stands between Chinese characters', 'job失败', [2]],
    ['a word of more than 255 characters', LONG_WORD, [3]],
    ['its beginning', `${'x'.repeat(200)}*`, [3]],
    ['the words around it', `"word ${LONG_WORD} of"`, [3]],
    ['none of another length', 'x'.repeat(299), []],
    ['capitals of other scripts', 'ΟΔΟΣ İSTANBUL GRÖßE', [4]],
    ['letters with marks', 'E\u0301TAT', [4]],
    ['a phrase over a sign that is no letter', '"down twice"', [5]],
  ])('finds %s', async (_what, query, expected) => {
    const page = await store().searchRecords({ ...ALL, query });

    expect(listNumbers(page.records)).toEqual(expected);
  });
}

function describeFilters(store: () => Store): void {
  it('filters by each filter', async () => {
    const find = async (query: Partial<RecordQuery>): Promise<number[]> =>
      listNumbers((await store().searchRecords({ ...ALL, ...query })).records);

    expect(await find({ jobId: 'j1' })).toEqual([1, 3]);
    expect(await find({ cluster: 'c-other' })).toEqual([3]);
    expect(await find({ process: 'h1-tm' })).toEqual([1, 3, 4]);
    expect(await find({ component: 'taskmanager' })).toEqual([2]);
    expect(await find({ levels: ['WARN', 'ERROR'] })).toEqual([1, 2]);
    expect(await find({ from: '2026-11-20T10:00:02.000Z', to: '2026-11-20T10:00:04.000Z' })).toEqual([2, 3]);
    expect(await find({ jobId: 'j1', levels: ['INFO'], query: 'checkpoint' })).toEqual([3]);
  });

  it('shows a team its jobs and clusters and nothing else', async () => {
    const find = async (scope: readonly string[]): Promise<number[]> =>
      listNumbers((await store().searchRecords({ ...ALL, scope: scope.map(parseGlob) })).records);

    expect(await find(['Orders*'])).toEqual([1, 3]);
    expect(await find(['c-*', 'j2'])).toEqual([2, 3]);
    expect(await find(['*'])).toEqual([1, 2, 3, 4]);
    expect(await find(['orders*'])).toEqual([]);
    expect(await find(['Orders by D?y', '[j]2', 'nobody'])).toEqual([]);
    expect(await find([])).toEqual([]);
    expect((await store().searchRecords({ ...ALL, scope: [parseGlob('j2')], facets: true })).facets?.job).toEqual([
      { value: 'clicks', count: 1 },
    ]);
  });
}

const NAMES = 'a A ab aab a*b a?b axb a[b] a]b a\\b 50% 50of%it a_b a.b a\nb 连接失败 Ä ä 😀b orders-by-day'.split(' ');
const PATTERNS =
  '* ** a* A* *b a*b a**b *a*b* ab*ab *ab*b a?* [a]* [^x]* a[* *[* *] *]* *\\* *\\*b a*\\ 5*% *%* *_* *.* 连*败 Ä* *😀* ORDERS* orders*day ax'
    .split(' ')
    .concat(NAMES);

function describeGlobs(store: () => Store): void {
  beforeAll(async () => {
    const records = NAMES.map((name, index) => makeRecord(index, { job: ['id', name] }));
    await appendRecords(store(), records);
    await waitForTotal(store(), ALL, records.length);
  });

  const find = async (query: Partial<RecordQuery>): Promise<unknown[]> =>
    (await store().searchRecords({ ...ALL, ...query })).records.map((record) => record['flink.job.name']);

  it.each(PATTERNS)('finds by the scope %j what fits it', async (pattern) => {
    const glob = parseGlob(pattern);

    expect(await find({ scope: [glob] })).toEqual(NAMES.filter((name) => fitsGlob(glob, name)));
  });

  it.each(PATTERNS.filter((pattern) => !/\s/.test(pattern)))(
    'finds by the search job:%s what fits it, in any case of A to Z',
    async (pattern) => {
      const glob = parseGlob(pattern);

      expect(await find({ query: `job:${pattern}` })).toEqual(NAMES.filter((name) => fitsAnyCase(glob, name)));
    },
  );

  it.each([
    `*${'a'.repeat(253)}*`,
    `*${'连'.repeat(253)}*`,
    `${'*ab'.repeat(85)}`,
    `*${'a'.repeat(126)}*${'b'.repeat(126)}*`,
  ])('takes the longest patterns: %#', async (pattern) => {
    expect(pattern.length).toBeGreaterThan(253);
    expect(await find({ query: `job:${pattern}` })).toEqual([]);
    expect(await find({ query: pattern })).toEqual([]);
  });

  it('takes a star in quotes for itself', async () => {
    expect(await find({ query: 'job:"A*b"' })).toEqual(['a*b']);
    expect(await find({ query: 'job:"a*"' })).toEqual([]);
  });
}

function describeCounts(store: () => Store): void {
  it('counts per time and level', async () => {
    const page = await store().searchRecords({
      limit: 1,
      order: 'newest',
      from: '2026-11-20T10:00:00.000Z',
      to: '2026-11-20T10:00:06.000Z',
      histogramBuckets: 3,
    });

    expect(page.total).toBe(4);
    expect(page.histogram).toEqual([
      { time: '2026-11-20T10:00:00.000Z', counts: { WARN: 1 } },
      { time: '2026-11-20T10:00:02.000Z', counts: { ERROR: 1, INFO: 1 } },
      { time: '2026-11-20T10:00:04.000Z', counts: { NONE: 1 } },
    ]);
  });

  it('counts over all time when no range is given, and nothing when nothing is found', async () => {
    const all = await store().searchRecords({ ...ALL, histogramBuckets: 10 });
    const none = await store().searchRecords({ ...ALL, query: 'nowhere', histogramBuckets: 10, facets: true });

    expect(all.histogram?.length).toBeLessThanOrEqual(11);
    expect(all.histogram?.flatMap((bar) => Object.values(bar.counts)).reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(none).toMatchObject({ total: 0, records: [], histogram: [], facets: { level: [], job: [] } });
  });

  it('counts the values of fields', async () => {
    const { facets } = await store().searchRecords({ ...ALL, facets: true });

    expect(facets?.level).toEqual([
      { value: 'ERROR', count: 1 },
      { value: 'INFO', count: 1 },
      { value: 'WARN', count: 1 },
    ]);
    expect(facets?.job).toEqual([
      { value: 'Orders by Day', count: 2 },
      { value: 'clicks', count: 1 },
    ]);
    expect(facets?.process).toEqual([
      { value: 'h1-tm', count: 3 },
      { value: 'node2.example.com-tm', count: 1 },
    ]);
    expect(facets?.logger.map((facet) => facet.value)).toContain('org.apache.flink.runtime.taskmanager.Task');
    expect(facets?.errorType).toEqual([{ value: 'org.example.WrapperException', count: 1 }]);
  });
}

function describePages(store: () => Store): void {
  it('pages both ways without gap or repetition, also among equal times', async () => {
    const more = Array.from({ length: 25 }, (_, number) =>
      makeRecord(100 + number, { time: '2026-11-20T11:00:00.000Z', host: `h${number % 3}` }),
    );
    await appendRecords(store(), [makeRecord(1), makeRecord(2), ...more]);
    await waitForTotal(store(), ALL, 27);

    const oldest = await readPages(store(), { ...ALL, limit: 4 });
    const newest = await readPages(store(), { ...ALL, limit: 4, order: 'newest' });

    expect(oldest).toHaveLength(27);
    expect(new Set(oldest).size).toBe(oldest.length);
    expect(newest).toEqual([...oldest].reverse());
  });
}

function describeContext(store: () => Store): void {
  it('gives the neighbours of the same process in the order of time, file and offset', async () => {
    const time = '2026-11-20T10:00:00.000Z';
    const lines = [
      makeRecord(1, { time: '2026-11-20T09:59:59.000Z', path: '/logs/z.log' }),
      makeRecord(1, { time, path: '/logs/a.log' }),
      makeRecord(2, { time, path: '/logs/a.log' }),
      makeRecord(3, { time, path: '/logs/a.log' }),
      makeRecord(1, { time, path: '/logs/b.out' }),
    ];
    await appendRecords(store(), [
      ...lines,
      makeRecord(2, { time, host: 'other' }),
      makeRecord(2, { time, cluster: 'elsewhere', path: '/logs/a1.log' }),
    ]);
    await waitForTotal(store(), ALL, 7);
    const middle = lines[2]?.id ?? '';

    const wide = await store().findContext(middle, { before: 10, after: 10 });
    const narrow = await store().findContext(middle, { before: 1, after: 0 });

    expect(wide?.records.map((record) => record.id)).toEqual(lines.map((record) => record.id));
    expect(wide?.index).toBe(2);
    expect(narrow?.records.map((record) => record.id)).toEqual([lines[1]?.id, middle]);
    expect(await store().findContext('gone', { before: 1, after: 1 })).toBeUndefined();
  });
}

function describeIncidents(store: () => Store): void {
  it('saves, replaces, finds and removes incidents', async () => {
    const odd = makeIncident('odd/连 "id"', { lastSeen: '2026-11-20T12:00:00.000Z', diagnosis: DEEP_JSON });
    await store().saveIncident(makeIncident('a', { outcome: 'failing' }));
    await store().saveIncident(odd);
    await store().saveIncident(makeIncident('a', { outcome: 'failed' }));

    expect(await store().findIncident('a')).toEqual(makeIncident('a', { outcome: 'failed' }));
    expect(await store().findIncident(odd.id)).toEqual(odd);
    expect((await store().findIncidents({ limit: 10 })).map((incident) => incident.id)).toEqual([odd.id, 'a']);

    await store().removeIncident('a');
    await store().removeIncident('a');

    expect(await store().findIncident('a')).toBeUndefined();
    expect((await store().findIncidents({ limit: 10 })).map((incident) => incident.id)).toEqual([odd.id]);
  });

  it('finds incidents by job, cluster, time, outcome and scope', async () => {
    await store().saveIncident(
      makeIncident('a', {
        job: { id: 'j1', name: 'Orders' },
        firstSeen: '2026-11-20T09:00:00.000Z',
        lastSeen: '2026-11-20T10:00:00.000Z',
      }),
    );
    await store().saveIncident(
      makeIncident('b', {
        job: { id: 'j2' },
        cluster: 'c2',
        outcome: 'recovered',
        firstSeen: '2026-11-20T11:00:00.000Z',
        lastSeen: '2026-11-20T12:00:00.000Z',
      }),
    );
    const find = async (query: object): Promise<string[]> =>
      (await store().findIncidents({ limit: 10, ...query })).map((incident) => incident.id);

    expect(await find({ jobId: 'j1' })).toEqual(['a']);
    expect(await find({ cluster: 'c2' })).toEqual(['b']);
    expect(await find({ outcome: 'recovered' })).toEqual(['b']);
    expect(await find({ from: '2026-11-20T10:30:00.000Z' })).toEqual(['b']);
    expect(await find({ to: '2026-11-20T10:30:00.000Z' })).toEqual(['a']);
    expect(await find({ from: '2026-11-20T09:30:00.000Z', to: '2026-11-20T11:30:00.000Z' })).toEqual(['b', 'a']);
    expect(await find({ scope: [parseGlob('Ord*')] })).toEqual(['a']);
    expect(await find({ scope: [parseGlob('c2')] })).toEqual(['b']);
    expect(await find({ scope: [] })).toEqual([]);
    expect(await find({ limit: 1 })).toEqual(['b']);
  });
}

function describeJobs(store: () => Store): void {
  const ORDERS = ['j1', 'Orders'] as const;

  it('counts the records of every job by level, in the range, cluster and scope', async () => {
    const nameOnly = { ...makeRecord(4, { level: 'WARN' }), 'flink.job.name': 'Orders' };
    await appendRecords(store(), [
      makeRecord(1, { job: ORDERS, level: 'INFO' }),
      makeRecord(2, { job: ORDERS, level: 'ERROR' }),
      { ...makeRecord(3), 'flink.job.id': 'j1' },
      nameOnly,
      makeRecord(5, { job: ['j2', 'clicks'], cluster: 'c2', level: 'INFO' }),
      makeRecord(6, { level: 'INFO' }),
    ]);
    const find = async (query: JobQuery) => sortJobs((await store().countJobRecords(query)).jobs);
    await waitForTotal(store(), ALL, 6);

    expect(await find({})).toEqual([
      { id: 'j1', cluster: 'session-1', lastSeen: '2026-11-20T10:00:03.000Z', counts: { NONE: 1 } },
      {
        id: 'j1',
        name: 'Orders',
        cluster: 'session-1',
        lastSeen: '2026-11-20T10:00:02.000Z',
        counts: { INFO: 1, ERROR: 1 },
      },
      { id: 'j2', name: 'clicks', cluster: 'c2', lastSeen: '2026-11-20T10:00:05.000Z', counts: { INFO: 1 } },
      { name: 'Orders', cluster: 'session-1', lastSeen: '2026-11-20T10:00:04.000Z', counts: { WARN: 1 } },
    ]);
    expect((await find({ cluster: 'c2' })).map(({ name }) => name)).toEqual(['clicks']);
    const ofTeam = await find({ scope: [parseGlob('Ord*')] });
    expect(ofTeam.map(({ counts }) => counts)).toEqual([{ INFO: 1, ERROR: 1 }, { WARN: 1 }]);
    expect(await find({ scope: [] })).toEqual([]);
    expect(
      (await find({ from: '2026-11-20T10:00:02.000Z', to: '2026-11-20T10:00:04.000Z' })).map(({ counts }) => counts),
    ).toEqual([{ NONE: 1 }, { ERROR: 1 }]);
    expect((await store().countJobRecords({})).isComplete).toBe(true);
  });

  it('counts them all where there are thousands', async () => {
    const jobs = Array.from({ length: 6_000 }, (_, number) =>
      makeRecord(number, { time: '2026-11-20T10:00:00.000Z', job: [`id${number}`, `job ${number}`], level: 'INFO' }),
    );
    await appendRecords(store(), jobs);
    await waitForTotal(store(), { ...ALL, limit: 1 }, 6_000);

    const found = await store().countJobRecords({});

    expect(new Set(found.jobs.map(({ name }) => name)).size).toBe(6_000);
    expect(found.jobs).toHaveLength(6_000);
    expect(found.isComplete).toBe(true);
  });

  it('counts the incidents of every job by outcome', async () => {
    const job = { id: 'j1', name: 'Orders' };
    await store().saveIncident(makeIncident('a', { job }));
    await store().saveIncident(makeIncident('b', { job, outcome: 'failed', lastSeen: '2026-11-20T12:00:00.000Z' }));
    await store().saveIncident(makeIncident('c', { job: { id: 'j2' }, cluster: 'c2', outcome: 'recovered' }));
    await store().saveIncident(makeIncident('d'));
    const find = async (query: JobQuery) => sortJobs((await store().countJobIncidents(query)).jobs);

    expect(await find({})).toEqual([
      {
        id: 'j1',
        name: 'Orders',
        cluster: 'session-1',
        lastSeen: '2026-11-20T12:00:00.000Z',
        counts: { failing: 1, failed: 1 },
      },
      { id: 'j2', cluster: 'c2', lastSeen: '2026-11-20T10:00:00.000Z', counts: { recovered: 1 } },
    ]);
    expect((await find({ scope: [parseGlob('Ord*')] })).map(({ id }) => id)).toEqual(['j1']);
    expect((await find({ from: '2026-11-20T11:00:00.000Z' })).map(({ counts }) => counts)).toEqual([{ failed: 1 }]);
  });

  it('knows none where nothing is', async () => {
    expect(await store().countJobRecords({})).toEqual({ jobs: [], isComplete: true });
    expect(await store().countJobIncidents({})).toEqual({ jobs: [], isComplete: true });
  });
}

function sortJobs(jobs: readonly JobCounts[]): readonly JobCounts[] {
  const name = (job: JobCounts): string => `${job.id ?? '~'} ${job.name ?? ''}`;
  return [...jobs].sort((left, right) => (name(left) < name(right) ? -1 : 1));
}

function describeDocuments(store: () => Store): void {
  it('remembers alerts, newest first', async () => {
    const alert = (id: string, sentAt: string, more: Partial<Alert> = {}): Alert => ({
      id,
      incidentId: 'i1',
      receiver: 'r',
      reason: 'new',
      cause: 'c',
      sentAt,
      state: 'sent',
      attempts: 1,
      ...more,
    });
    await store().rememberAlert(alert('1', '2026-11-20T10:00:00.000Z'));
    await store().rememberAlert(alert('2', '2026-11-20T11:00:00.000Z', { state: 'pending', payload: HUGE }));
    await store().rememberAlert(alert('3', '2026-11-20T12:00:00.000Z', { incidentId: 'i2' }));

    expect((await store().findAlerts({ limit: 10 })).map((found) => found.id)).toEqual(['3', '2', '1']);
    expect((await store().findAlerts({ incidentId: 'i1', limit: 10 })).map((found) => found.id)).toEqual(['2', '1']);
    expect(await store().findAlerts({ state: 'pending', limit: 10 })).toEqual([
      alert('2', '2026-11-20T11:00:00.000Z', { state: 'pending', payload: HUGE }),
    ]);

    await store().rememberAlert(alert('2', '2026-11-20T11:00:00.000Z'));

    expect(await store().findAlerts({ state: 'pending', limit: 10 })).toEqual([]);
    expect((await store().findAlerts({ limit: 1 })).map((found) => found.id)).toEqual(['3']);
  });

  it('keeps small named states', async () => {
    expect(await store().loadState('analyzer/0 cursor')).toBeUndefined();

    await store().saveState('analyzer/0 cursor', 'one');
    await store().saveState('analyzer/0 cursor', HUGE);
    expect(await store().loadState('analyzer/0 cursor')).toBe(HUGE);

    await store().removeState('analyzer/0 cursor');
    await store().removeState('analyzer/0 cursor');
    expect(await store().loadState('analyzer/0 cursor')).toBeUndefined();
  });

  it('keeps the last status of each agent', async () => {
    const status = (id: string, files: number) => ({
      id,
      host: 'h',
      time: '2026-11-20T10:00:00.000Z',
      files,
      lagBytes: 0,
      shippedRecords: 1,
      counters: { 'a.b': 1, '': 2 },
      conditions: [],
    });
    await store().saveAgentStatus(status('b', 1));
    await store().saveAgentStatus(status('a', 1));
    await store().saveAgentStatus(status('b', 2));

    await waitUntil(
      'both statuses',
      async () =>
        JSON.stringify(await store().findAgentStatuses()) === JSON.stringify([status('a', 1), status('b', 2)]) ||
        JSON.stringify(await store().findAgentStatuses()),
    );
  });
}

function describeRetention(store: () => Store): void {
  it('removes whole days that ended before the time, and what was last seen before it', async () => {
    const early = makeRecord(1, { time: '2026-11-17T23:59:59.999Z' });
    const onTheDay = makeRecord(2, { time: '2026-11-18T00:00:00.000Z' });
    const undated: LogRecord = {
      ...makeRecord(3, { time: '1970-01-01T00:00:00.000Z' }),
      'jobtrace.flags': ['undated'],
    };
    await appendRecords(store(), [early, onTheDay, undated]);
    await store().saveIncident(makeIncident('old', { lastSeen: '2026-11-18T11:59:00.000Z' }));
    await store().saveIncident(makeIncident('new', { lastSeen: '2026-11-18T12:01:00.000Z' }));
    await waitForTotal(store(), ALL, 3);

    expect(await store().deleteBefore('2026-11-18T12:00:00.000Z')).toBe(1);

    await waitForTotal(store(), ALL, 2);
    expect((await readPages(store(), ALL)).sort()).toEqual([onTheDay.id, undated.id].sort());
    expect((await store().findIncidents({ limit: 10 })).map((incident) => incident.id)).toEqual(['new']);
    expect(await store().deleteBefore('2026-11-18T12:00:00.000Z')).toBe(0);
  });

  it('removes undated entries by the day on which they were stored', async () => {
    await appendRecords(store(), [{ ...makeRecord(3), 'jobtrace.flags': ['undated'] }]);
    await waitForTotal(store(), ALL, 1);

    expect(await store().deleteBefore(new Date(Date.now() + 48 * 3_600_000).toISOString())).toBe(1);

    await waitForTotal(store(), ALL, 0);
  });

  it('keeps the feed in order: nothing twice, nothing skipped', async () => {
    await appendRecords(store(), [
      makeRecord(1, { time: '2026-11-17T10:00:00.000Z' }),
      makeRecord(2, { time: '2026-11-19T10:00:00.000Z' }),
    ]);
    const first = await drain(store(), undefined, 100);
    await store().deleteBefore('2026-11-18T12:00:00.000Z');
    await appendRecords(store(), [
      makeRecord(3, { time: '2026-11-17T11:00:00.000Z' }),
      makeRecord(4, { time: '2026-11-19T10:00:01.000Z' }),
    ]);

    const second = await drain(store(), first.cursor, 100);

    expect(first.records).toHaveLength(2);
    expect(second.records.map((record) => record['log.offset'] / 1000).sort()).toEqual([3, 4]);
  });
}

/** Reads on until there is nothing more. */
async function drain(
  store: Pick<Store, 'readRecords'>,
  from: string | undefined,
  limit: number,
  shard?: { index: number; of: number },
  skip?: string,
): Promise<{ records: LogRecord[]; cursor: string }> {
  const records: LogRecord[] = [];
  for (let cursor = from; ;) {
    const page = await store.readRecords(cursor, { limit, shard, skip });
    expect(page.records.length).toBeLessThanOrEqual(limit);
    records.push(...page.records);
    cursor = page.cursor;
    if (page.drained) return { records, cursor };
  }
}

async function readAll(store: Pick<Store, 'readRecords'>): Promise<LogRecord[]> {
  return (await drain(store, undefined, 100)).records;
}

async function readPages(store: Store, query: RecordQuery): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.searchRecords(after === undefined ? query : { ...query, after });
    ids.push(...page.records.map((record) => record.id));
    after = page.next;
    if (after === undefined) return ids;
  }
}

async function waitForTotal(store: Store, query: RecordQuery, total: number): Promise<void> {
  await waitUntil(`${total} records`, async () => {
    const found = (await store.searchRecords({ ...query, limit: 1 })).total;
    return found === total || `${found} records`;
  });
}
