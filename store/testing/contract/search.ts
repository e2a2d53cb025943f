// Contract of searches: queries, filters, words, stars, counts. These tests only read, and share one store.
import { beforeAll, expect, it } from 'vitest';
import { fitsAnyCase, fitsGlob, parseGlob } from '../../../core/text/glob.js';
import type { LogRecord } from '../../../core/types.js';
import type { RecordQuery, Store } from '../../store.js';
import { appendRecords, makeRecord } from '../samples.js';
import { ALL, waitForTotal } from './reading.js';

export function describeSearch(store: () => Store): void {
  beforeAll(async () => {
    await appendRecords(store(), SEARCHED);
    await waitForTotal(store(), ALL, SEARCHED.length);
  });
  describeQueries(store);
  describeFilters(store);
  describeCounts(store);
}

/** Records for the tests of the search. */
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
    expect(await store().findRecords({ ...ALL, query })).toEqual({ records: page.records });
  });

  it('refuses a broken query, time or page mark with its own code', async () => {
    for (const ask of [store().searchRecords, store().findRecords]) {
      await expect(ask({ ...ALL, query: 'level:EROR' })).rejects.toMatchObject({ code: 'JT_QUERY_INVALID' });
      await expect(ask({ ...ALL, from: 'soon' })).rejects.toMatchObject({ code: 'JT_REQUEST_INVALID' });
      await expect(ask({ ...ALL, after: 'nonsense' })).rejects.toMatchObject({ code: 'JT_REQUEST_INVALID' });
    }
  });
}

const LONG_WORD = 'x'.repeat(300);
const STACK = 'java.io.IOException: disk full\n\tat org.example.Sink.write(Sink.java:42)';

/** Returns a line in Flink's own format with a tenant before the message. */
function makeLine(number: number, message: string, stack?: string): LogRecord {
  const [level, logger] = ['ERROR', 'org.example.sinks.Committer'] as const;
  const text = [message, ...(stack === undefined ? [] : [stack])].join('\n');
  const record = makeRecord(number, { level, logger });
  const prefix = `2026-11-20 10:00:0${number},000 ${level} ${logger.padEnd(60)} [tenant-${number}] - `;
  const length = Buffer.byteLength(prefix + text);
  return {
    ...record,
    message,
    'event.original': prefix + text,
    'error.stack_trace': stack,
    'jobtrace.length': length,
    'jobtrace.layout': 'log4j',
  };
}

/** Records for the tests of words. */
const WORDED: readonly LogRecord[] = [
  makeLine(1, 'The part 7 broke down', STACK),
  makeLine(2, '数据库连接Job失败'),
  makeLine(3, `a word ${LONG_WORD} of 300`),
  makeLine(4, 'ΟΔΟΣ, İstanbul, Größe, e\u0301tat'),
  makeRecord(5, { text: 'read "broke down" \u2e80 twice' }),
];

export function describeWords(store: () => Store): void {
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

export function describeGlobs(store: () => Store): void {
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
    expect([facets?.host, facets?.cluster].map((values) => values?.map(({ count }) => count))).toEqual([
      [3, 1],
      [3, 1],
    ]);
    expect(facets?.component.map(({ value }) => value)).toEqual(['jobmanager', 'taskmanager']);
  });
}
