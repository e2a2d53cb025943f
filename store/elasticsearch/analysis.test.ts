// Tests a normal distribution, which differs from the smallest one of elasticsearch.test.ts: its analyzer finds the
// words of an entry, so that documents do not have them, and records that were stored before the analyzer are found
// too.
import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeWithParts } from '../../lab/parts/testing/describe-part.js';
import { startElasticsearch, type Elasticsearch } from '../../lab/parts/services/elasticsearch.js';
import type { LogRecord } from '../../core/types.js';
import { ask, removeIndices, removeTemplates } from '../testing/cluster.js';
import { describeStoreRecords, describeStoreSearch } from '../testing/contract.js';
import { isBulk, openFaultProxy, type FaultProxy } from '../testing/fault-proxy.js';
import { appendRecords, makeRecord, waitUntil } from '../testing/samples.js';
import type { RecordQuery, Store } from '../store.js';
import { splitWords } from '../words.js';
import { openElasticsearchStore } from './elasticsearch.js';
import { createEmptyStores } from './testing/fixture.js';
import { describeIds } from './testing/ids.js';

for (const version of [8, 9] as const) {
  describeWithParts([`elasticsearch-${version}`], `Elasticsearch ${version} with analysis`, () => {
    let node: Elasticsearch;
    let prefixes = 0;
    const newPrefix = (): string => `test${version}-${prefixes++}`;

    beforeAll(async () => {
      node = await startElasticsearch({ version, analysis: true });
      return () => node.stop();
    });

    // Writing and the feed are the same with and without the analyzer, so one run is enough.
    const describeContract = version === 9 ? describeStoreRecords : describeStoreSearch;
    describeContract(
      `Elasticsearch ${version} with analysis`,
      createEmptyStores(() => node, `empty${version}`),
    );

    const open = (): Promise<Watched> => openWatched(node, newPrefix());
    describe('the words of records', () => describeOwnWords(open));
    describe('a record that an agent names', () => describeIds(open));
    describe('an index of the release before', () => {
      describeFormer(open);
      describeFormerAgain(open);
    });
  });
}

/** Store whose documents are observed on their way. */
interface Watched {
  readonly store: Store;
  readonly url: string;
  readonly prefix: string;
  readonly proxy: FaultProxy;
  /** Returns the records that were sent since the last call. */
  takeSent(): readonly string[];
  close(): Promise<void>;
}

async function openWatched({ url }: Elasticsearch, prefix: string): Promise<Watched> {
  const proxy = await openFaultProxy(url);
  const store = openElasticsearchStore({ nodes: [proxy.url], indexPrefix: prefix, refreshMs: 200 });
  const sent: string[] = [];
  const decide = (document: string): undefined => {
    if (document.includes('"@timestamp"')) sent.push(document);
  };
  const watch = (path: string) => (isBulk(path) ? { decide } : undefined);
  proxy.setFault(({ path }) => watch(path));
  return {
    store,
    url,
    prefix,
    proxy,
    takeSent: () => sent.splice(0),
    close: async () => {
      await store.close();
      await proxy.close();
      await removeIndices(url, prefix);
      await removeTemplates(url, prefix);
    },
  };
}

function useWatched(open: () => Promise<Watched>): () => Watched {
  let watched: Watched | undefined;
  beforeEach(async () => {
    watched = await open();
  });
  afterEach(() => watched?.close());
  return () => watched as Watched;
}

/** Scripts, cases, marks, signs and lengths at which two ways of splitting may differ. */
const TEXTS = [
  'java.io.IOException: task_manager-7 (1/2)#0 Größe x1',
  '作业Job失败, 々 ⺀ 〇 連結エラー・ひらがな ㋐ 한국어 ー',
  `${'x'.repeat(255)} ${'y'.repeat(256)} ${'z'.repeat(600)}`,
  'ΟΔΟΣ οδός İstanbul ISTANBUL ſ ﬁ DŽ Kelvin',
  'e\u0301tat naïve हिन्दी ภาษาไทย العربية עברית',
  '１２３ ① Ⅳ ½ x² 😀 𝐀𝐁 \u0000 -- \u001b[31m ===\n\tat a.b(C.java:1)',
];

function describeOwnWords(open: () => Promise<Watched>): void {
  const watched = useWatched(open);

  it('are not brought by documents, and found by the analyzer of the template', async () => {
    const { store, url, prefix, takeSent } = watched();
    await appendRecords(store, [makeRecord(1, { text: 'java.io.IOException: 连接失败' })]);

    const template = await ask(url, 'GET', `/_index_template/${prefix}-logs`);
    expect(JSON.stringify(template)).toContain('"analyzer":"jobtrace_words"');
    expect(takeSent()).toEqual([expect.not.stringContaining('"words"')]);
    await waitForTotal(store, 'io.ioexception 连接', 1);
  });

  it('are those of a search', async () => {
    const { store, url, prefix } = watched();
    await appendRecords(store, [makeRecord(1)]);

    for (const text of TEXTS) {
      const answer = await ask(url, 'POST', `/${prefix}-logs-2026.11.20/_analyze`, {
        analyzer: 'jobtrace_words',
        text,
      });
      expect((answer as { tokens: { token: string }[] }).tokens.map(({ token }) => token)).toEqual(splitWords(text));
    }
  });

  it('are planned again where the plan was lost between making the templates and noting it', async () => {
    const { store, url, prefix, takeSent } = watched();
    await store.check();
    await store.states.remove(['store/words']);
    const other = openElasticsearchStore({ nodes: [watched().proxy.url], indexPrefix: prefix });
    await appendRecords(other, [makeRecord(1)]);
    await other.close();

    expect(takeSent()).toEqual([expect.not.stringContaining('"words"')]);
    expect(JSON.stringify(await ask(url, 'GET', `/${prefix}-states/_doc/store%2Fwords`))).toContain('analyzer');
  });
}

/** Templates and records of two files of a TaskManager, exactly as release 0.1 wrote them. */
const FORMER_TEMPLATES = readFormer('templates.json');
const FORMER_LINES = readFormer('records.ndjson').trimEnd().split('\n');
const FORMER_OWN_FIELDS = new Set(['event.ingested', 'jobtrace.hash', 'jobtrace.words']);
const FORMER: readonly LogRecord[] = FORMER_LINES.filter((_line, at) => at % 2 === 1).map((line) => {
  const fields = Object.entries(parse(line)).filter(([name]) => !FORMER_OWN_FIELDS.has(name));
  return Object.fromEntries(fields) as unknown as LogRecord;
});
const FORMER_PROCESS = 'node-1:/opt/flink/log/flink-flink-taskexecutor-0-node-1';

function readFormer(name: string): string {
  return readFileSync(new URL(`../testing/former/${name}`, import.meta.url), 'utf8');
}

function parse(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

/** Creates in the cluster what release 0.1 left there. */
async function storeFormer(url: string, prefix: string): Promise<void> {
  const rename = (text: string): string => text.replaceAll('"jobtrace-', `"${prefix}-`);
  const templates = parse(rename(FORMER_TEMPLATES)) as Record<string, { readonly version: number }>;
  for (const [name, template] of Object.entries(templates)) {
    await ask(url, 'PUT', `/_index_template/${name}`, template);
    await ask(url, 'PUT', `/${prefix}-states/_doc/store%2Ftemplates`, {
      id: 'store/templates',
      body: String(template.version),
    });
  }
  const answer = await fetch(`${url}/_bulk?refresh=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: rename(`${FORMER_LINES.join('\n')}\n`),
  });
  expect(await answer.json()).toMatchObject({ errors: false });
}

/** Returns an entry of the same file, after those of FORMER. */
function makeNext(number: number, day = '2026-11-20'): LogRecord {
  const [, , before] = FORMER as readonly [LogRecord, LogRecord, LogRecord];
  const message = `Recovered order ${number}`;
  const text = before['event.original'].replace(before.message, message).replace(/^.{19}/, `${day} 10:0${number}:00`);
  return {
    ...before,
    id: `5f00aa0-00000000${String(1000 + number)}-1c291ca3`,
    '@timestamp': `${day}T10:0${number}:00.000Z`,
    message,
    'event.original': text,
    'jobtrace.length': Buffer.byteLength(text),
    'log.offset': 1000 * number,
  };
}

function describeFormer(open: () => Promise<Watched>): void {
  const watched = useWatched(open);
  beforeEach(() => storeFormer(watched().url, watched().prefix));

  it('goes on with documents that bring their words, and the days after it do without', async () => {
    const { store, takeSent } = watched();
    await appendRecords(store, [makeNext(1)]);
    expect(takeSent()).toEqual([expect.stringContaining('"words"')]);
    await appendRecords(store, [makeNext(2, '2026-11-21')]);
    expect(takeSent()).toEqual([expect.not.stringContaining('"words"')]);
    await appendRecords(store, [makeNext(3), makeNext(4, '2026-11-21')]);
    const [first, second] = takeSent();

    expect([first?.includes('"words"'), second?.includes('"words"')]).toEqual([true, false]);
    await waitForTotal(store, '"recovered order"', 4);
    await waitForTotal(store, 'com.acme.shop.OrderSource error recov*', 4);
  });

  it('is found, shown whole, counted and paged beside what is new', async () => {
    const { store } = watched();
    await appendRecords(store, [makeNext(1), makeNext(2, '2026-11-21')]);
    await waitForTotal(store, '', 6);
    const all = [...FORMER, makeNext(1), makeNext(2, '2026-11-21')];
    const find = async (query: Partial<RecordQuery>) =>
      (await store.searchRecords({ limit: 0, order: 'oldest', ...query })).records;

    expect(await find({})).toEqual(all);
    expect(await find({ query: '"java.io.IOException" 连接' })).toEqual([FORMER[1]]);
    expect(await find({ query: '"com acme shop ordersource"', levels: ['ERROR'] })).toEqual([all[2], all[4], all[5]]);
    expect(await find({ query: `id:${FORMER[0]?.id ?? ''}` })).toEqual([FORMER[0]]);
    expect(await find({ query: 'process:node-1*taskexec*' })).toEqual(all);
    expect(await find({ process: FORMER_PROCESS })).toEqual(all);
    expect(await readPages(store)).toEqual(all.map((record) => record.id));
    const { facets } = await store.searchRecords({ limit: 1, order: 'oldest', facets: true });
    expect(facets?.process).toEqual([{ value: FORMER_PROCESS, count: 6 }]);
  });

  it('gives context over the change', async () => {
    const { store } = watched();
    await appendRecords(store, [makeNext(1), makeNext(2)]);
    await waitForTotal(store, '', 6);
    const all = [...FORMER, makeNext(1), makeNext(2)];

    for (const [at, { id }] of all.entries()) {
      const context = await store.findContext(id, { before: 10, after: 10 });
      expect(context).toEqual({ records: all, index: at });
    }
  });
}

function describeFormerAgain(open: () => Promise<Watched>): void {
  const watched = useWatched(open);
  beforeEach(() => storeFormer(watched().url, watched().prefix));

  it('takes the same entries again without a second document, and a longer one instead of its shorter self', async () => {
    const { store } = watched();
    const feed = await store.readRecords(undefined, { limit: 100 });
    const [, cut] = FORMER;
    const whole = cut === undefined ? undefined : grow(cut, '\n\tat com.acme.shop.Retry.run(Retry.java:7)');

    expect((await appendRecords(store, FORMER)).map(({ kind }) => kind)).toEqual(FORMER.map(() => 'duplicate'));
    expect(await appendRecords(store, whole === undefined ? [] : [whole])).toEqual([{ kind: 'stored' }]);
    expect(await appendRecords(store, cut === undefined ? [] : [cut])).toEqual([{ kind: 'duplicate' }]);

    expect(feed.records).toHaveLength(FORMER.length);
    expect((await store.readRecords(feed.cursor, { limit: 100 })).records).toEqual([whole]);
    await waitForTotal(store, 'com.acme.shop.Retry', 1);
    await waitForTotal(store, '', FORMER.length);
  });

  it('is known to an agent that may not read templates from what the maker noted, and without it words are sent', async () => {
    const { store, prefix, proxy, takeSent } = watched();
    await store.check();
    const records = [makeNext(1), makeNext(2, '2026-11-21')];
    const send = async (of: readonly LogRecord[]): Promise<boolean[]> => {
      const agentProxy = await openFaultProxy(proxy.url);
      const agent = openElasticsearchStore({ nodes: [agentProxy.url], indexPrefix: prefix });
      agentProxy.setFault(({ path }) =>
        path.startsWith('/_index_template')
          ? { status: 403, body: '{"error":{"type":"security_exception","reason":"not allowed"}}' }
          : undefined,
      );
      expect(await appendRecords(agent, of)).toEqual(of.map(() => ({ kind: 'stored' })));
      await agent.close();
      await agentProxy.close();
      return takeSent().map((document) => document.includes('"words"'));
    };

    expect(await send(records)).toEqual([true, false]);
    await store.states.remove(['store/words']);
    expect(await send([makeNext(3), makeNext(4, '2026-11-21')])).toEqual([true, true]);
    await waitForTotal(store, '"recovered order"', 4);
  });
}

function grow(record: LogRecord, more: string): LogRecord {
  const text = `${record['event.original']}${more}`;
  return {
    ...record,
    'event.original': text,
    'error.stack_trace': `${record['error.stack_trace'] ?? ''}${more}`,
    'jobtrace.length': Buffer.byteLength(text),
  };
}

async function readPages(store: Store): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.searchRecords({ limit: 1, order: 'oldest', after });
    ids.push(...page.records.map(({ id }) => id));
    if (page.next === undefined) return ids;
    after = page.next;
  }
}

async function waitForTotal(store: Store, query: string, total: number): Promise<void> {
  await waitUntil(`${total} records`, async () => {
    const found = (await store.searchRecords({ limit: 1, order: 'oldest', query })).total;
    return found === total || `${found} records`;
  });
}
