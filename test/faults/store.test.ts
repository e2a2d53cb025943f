// Tests the faults on the way into the store: an agent over real files, a real Elasticsearch, and a faulty proxy
// between them. The test compares with the store itself: the number of documents, and the text of each.
import { appendFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { LogRecord } from '../../core/types.js';
import { describeWithParts } from '../../lab/parts/testing/describe-part.js';
import { startElasticsearch, type Elasticsearch } from '../../lab/parts/services/elasticsearch.js';
import { openElasticsearchStore } from '../../store/elasticsearch/elasticsearch.js';
import type { Store } from '../../store/store.js';
import { isBulk, openFaultProxy, type Fault, type FaultProxy } from '../../store/testing/fault-proxy.js';
import { waitUntil } from '../../store/testing/samples.js';
import { sendLetters } from '../../cli/operate/dead-letters.js';
import { expected, line, lines, openAgentFixture, type AgentFixture } from '../agent-fixture.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const BLOCKED = { 'index.blocks.read_only_allow_delete': true };
const DENIED = '{"error":{"type":"security_exception","reason":"unable to authenticate"},"status":401}';

describeWithParts(['elasticsearch-8'], 'an agent before Elasticsearch', () => {
  const dir = mkdtempSync(join(tmpdir(), 'jobtrace-faults-'));
  let node: Elasticsearch;
  let proxy: FaultProxy;
  let store: Store;
  let fixture: AgentFixture;
  let path: string;
  let prefix: string;
  let count = 0;

  beforeAll(async () => {
    node = await startElasticsearch({ version: 8, dir: join(dir, 'node') });
    return async () => {
      await node.stop();
      rmSync(dir, { recursive: true, force: true });
    };
  });
  beforeEach(async () => {
    prefix = `fault-${count++}`;
    proxy = await openFaultProxy(node.url);
    open();
  });
  afterEach(async () => {
    await fixture.close();
    await store.close();
    await proxy.close();
    await ask('DELETE', `/${prefix}-*?expand_wildcards=all`);
  });

  function open(options: Parameters<typeof openAgentFixture>[0] = {}): void {
    store = openElasticsearchStore({ nodes: [proxy.url], indexPrefix: prefix, refreshMs: 200 });
    fixture = openAgentFixture({ wrap: () => store, ...options });
    path = join(fixture.logs, 'flink-u-taskexecutor-0-h.log');
  }

  async function openAnew(options: Parameters<typeof openAgentFixture>[0]): Promise<void> {
    await fixture.close();
    await store.close();
    open(options);
  }

  async function ask(method: string, place: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(node.url + place, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    return (await response.json()) as Record<string, unknown>;
  }

  function setIndices(settings: object): Promise<unknown> {
    return ask('PUT', `/${prefix}-logs-*/_settings`, settings);
  }

  function onBulk(fault: ReturnType<Fault>): Fault {
    return ({ path: place }) => (isBulk(place) ? fault : undefined);
  }

  async function readAll(): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await store.readRecords(cursor, { limit: 1000 });
      records.push(...page.records);
      cursor = page.cursor;
      if (page.drained) return records;
    }
  }

  /**
   * Polls until nothing is pending, then compares the documents with what was written: no duplicates, nothing missing.
   */
  async function expectStored(texts: readonly string[]): Promise<LogRecord[]> {
    proxy.setFault(undefined);
    await waitUntil('the agent to have shipped all', async () => {
      await fixture.poll(1, MINUTE_MS);
      const { lagBytes } = fixture.agent.status();
      return lagBytes === 0 || `${lagBytes} bytes behind`;
    });
    await ask('POST', `/${prefix}-logs-*/_refresh`);
    expect((await ask('GET', `/${prefix}-logs-*/_count`))['count']).toBe(texts.length);
    let records: LogRecord[] = [];
    await waitUntil('the feed to have all', async () => {
      records = await readAll();
      return records.length >= texts.length || `${records.length} records`;
    });
    expect(records.map((record) => record['event.original']).sort()).toEqual([...texts].sort());
    expect(fixture.counter('lostBytes')).toBe(0);
    return records;
  }

  it('F29: catches up with five rotations after half an hour without a store, and says early what is at risk', async () => {
    writeFileSync(path, lines(0, 10));
    await fixture.poll();
    proxy.setFault(() => 'cut-before');
    for (let rotation = 1; rotation <= 5; rotation += 1) {
      appendFileSync(path, lines(rotation * 10, rotation * 10 + 10));
      await fixture.poll(2, 3 * MINUTE_MS);
      renameSync(path, `${path}.${rotation}`);
      writeFileSync(path, '');
    }
    const { lagBytes } = fixture.agent.status();
    const conditions = fixture.conditions();

    await expectStored(expected(0, 60));

    expect(conditions).toContain('JT_STORE_UNREACHABLE');
    expect(lagBytes).toBe(lines(10, 60).length);
    expect(fixture.conditions()).toEqual([]);
  });

  it('F30: makes no second copy when the answer is lost after the store took the batch', async () => {
    writeFileSync(path, lines(0, 50));
    await fixture.poll(1, 100);
    appendFileSync(path, lines(50, 100));
    proxy.setFault(onBulk('cut-after'));
    await fixture.poll(2, MINUTE_MS);
    fixture.restart();

    await expectStored(expected(0, 100));

    expect(proxy.faults()).toBeGreaterThan(0);
    expect(fixture.counter('duplicateRecords')).toBeGreaterThan(0);
  });

  it('F31: acknowledges, repeats and buries each item of a mixed answer by its own status', async () => {
    const status = new Map([
      [3, 429],
      [5, 503],
      [7, 400],
    ]);
    const decide = (document: string): number | undefined => status.get(Number(/event (\d+)\b/.exec(document)?.[1]));
    writeFileSync(path, lines(0, 2));
    await fixture.poll(2);
    fixture.stop();
    rmSync(fixture.dataDir, { recursive: true });
    appendFileSync(path, lines(2, 10));
    proxy.setFault(onBulk({ decide }));

    await fixture.poll(2);
    const lag = fixture.agent.status().lagBytes;
    const isBusy = fixture.conditions().includes('JT_STORE_BUSY');
    await expectStored(expected(0, 10).filter((text) => text !== line(7)));

    expect(lag).toBe(lines(3, 10).length);
    expect(isBusy).toBe(true);
    expect(fixture.counter('duplicateRecords')).toBe(2);
    expect(fixture.counter('refusedRecords')).toBe(1);
    expect(readFileSync(join(fixture.dataDir, 'dead-letters.ndjson'), 'utf8')).toContain(line(7));
  });

  it('F32: never takes the page of a proxy for a success, splits what is too large, and repeats the rest', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();
    const answers: readonly ReturnType<Fault>[] = [
      { status: 429, body: '{"error":{"type":"es_rejected_execution_exception"},"status":429}' },
      { status: 502, body: '<html>Bad gateway</html>', type: 'text/html' },
      { status: 504, body: '' },
      { status: 200, body: '<html>Please log in</html>', type: 'text/html' },
      { status: 200, body: '{"errors":false}' },
    ];
    for (const [turn, answer] of answers.entries()) {
      appendFileSync(path, lines(5 + turn * 5, 10 + turn * 5));
      proxy.setFault(onBulk(answer));
      await fixture.poll(2, MINUTE_MS);
      expect(fixture.conditions()).toEqual(['JT_STORE_UNREACHABLE']);
    }
    appendFileSync(path, lines(30, 400));
    proxy.setFault(({ path: place, bytes }) =>
      isBulk(place) && bytes > 4000 ? { status: 413, body: '<html>413</html>', type: 'text/html' } : undefined,
    );
    await fixture.poll(3, MINUTE_MS);
    const lag = fixture.agent.status().lagBytes;

    await expectStored([...expected(0, 400)]);

    expect(lag).toBe(0);
    expect(fixture.counter('refusedRecords')).toBe(0);
  });

  const writePoison = (count: number): string[] =>
    Array.from({ length: count }, (_, number) =>
      line(number).replace('org.example.Writer', number % 100 === 7 ? 'a.Poison' : String(number)),
    );
  const isPoison = (text: string): boolean => text.includes('a.Poison');

  it('F33: finds the one of a hundred that a mapping does not take, and lets the others flow for an hour', async () => {
    await ask('PUT', `/${prefix}-logs-2026.05.01`, { mappings: { properties: { 'log.logger': { type: 'long' } } } });
    const written = writePoison(600);
    for (let minute = 0; minute < 60; minute += 1) {
      const texts = written.slice(minute * 10, minute * 10 + 10);
      appendFileSync(path, `${texts.join('\n')}\n`);
      await fixture.poll(1, MINUTE_MS);
      expect(fixture.agent.status().lagBytes).toBe(0);
    }

    const records = await expectStored(written);
    await ask('POST', `/${prefix}-logs-dead/_refresh`);
    const found = await store.searchRecords({ query: 'flag:refused "event 107"', limit: 10, order: 'oldest' });

    expect(records.filter((record) => record['jobtrace.flags']?.includes('refused'))).toHaveLength(6);
    expect(found.records.map((record) => record['event.original'])).toEqual([written[107]]);
    expect(found.records).toMatchObject([
      { 'log.logger': 'a.Poison', 'jobtrace.refusal': expect.stringContaining('log.logger') as string },
    ]);
    expect(existsSync(join(fixture.dataDir, 'dead-letters.ndjson'))).toBe(false);
    expect(fixture.conditions()).toEqual(['JT_RECORDS_REFUSED']);
    expect(fixture.counter('refusedRecords')).toBe(6);
    expect(fixture.counter('retriedRecords')).toBe(0);

    await ask('DELETE', `/${prefix}-logs-2026.05.01`);
    const sent = [await sendLetters(store, fixture.dataDir), await sendLetters(store, fixture.dataDir)];

    await expectStored(written.filter(isPoison));
    expect(sent).toMatchObject([
      { stored: 6, left: 0 },
      { stored: 0, left: 0 },
    ]);
    expect((await ask('GET', `/${prefix}-logs-dead/_count`))['count']).toBe(0);
  });

  it('keeps on the node what no index takes, and keeps once what is sent again, or grown', async () => {
    const properties = { 'log.logger': { type: 'long' } };
    const written = writePoison(10);
    await ask('PUT', `/${prefix}-logs-2026.05.01`, { mappings: { properties } });
    await ask('PUT', `/${prefix}-logs-dead`, { mappings: { properties } });
    const begun = `${written.slice(0, 8).join('\n')}\n`;
    writeFileSync(path, begun);
    await fixture.poll(2);
    const letters = readFileSync(join(fixture.dataDir, 'dead-letters.ndjson'), 'utf8').trim().split('\n');
    await ask('DELETE', `/${prefix}-logs-dead`);
    const sent = [await sendLetters(store, fixture.dataDir)];
    await ask('POST', `/${prefix}-logs-dead/_refresh`);
    sent.push(await sendLetters(store, fixture.dataDir));
    for (const more of ['', '\tat a.B.c(B.java:1)\n']) {
      fixture.stop();
      rmSync(fixture.dataDir, { recursive: true });
      writeFileSync(path, `${begun}${more}`);
      await fixture.poll(2);
    }
    appendFileSync(path, `${written.slice(8).join('\n')}\n`);

    const grown = written.map((text) => (isPoison(text) ? `${text}\n\tat a.B.c(B.java:1)` : text));
    await expectStored(grown);
    expect(sent).toMatchObject([
      { stored: 0, aside: 1, left: 0 },
      { stored: 0, aside: 0, left: 1, problem: expect.stringContaining('log.logger') as string },
    ]);
    expect(letters.map((text) => (JSON.parse(text) as { record: LogRecord }).record['event.original'])).toEqual(
      written.filter(isPoison),
    );
  });

  it('F34: waits with an alarm while indices are read-only, may not be made or the key has expired, and drops nothing', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();
    const seen: string[][] = [];
    const poll = async (from: number): Promise<void> => {
      appendFileSync(path, lines(from, from + 5));
      await fixture.poll(3, MINUTE_MS);
      seen.push([...fixture.conditions()]);
      expect(fixture.agent.status().lagBytes).toBe(lines(from, from + 5).length);
    };
    await setIndices(BLOCKED);
    await poll(5);
    await setIndices({ 'index.blocks.read_only_allow_delete': null });
    await fixture.poll(2, MINUTE_MS);
    for (const status of [401, 403]) {
      proxy.setFault(() => ({ status, body: DENIED }));
      await poll(status === 401 ? 10 : 15);
      proxy.setFault(undefined);
      await fixture.poll(2, MINUTE_MS);
    }
    await ask('DELETE', `/${prefix}-logs-2026.05.01`);
    await ask('PUT', '/_cluster/settings', { persistent: { 'action.auto_create_index': false } });
    await poll(20);
    await ask('PUT', '/_cluster/settings', { persistent: { 'action.auto_create_index': null } });

    await expectStored(expected(20, 25));

    expect(seen).toEqual([['JT_STORE_FULL'], ['JT_STORE_DENIED'], ['JT_STORE_DENIED'], ['JT_STORE_BUSY']]);
    expect(fixture.conditions()).toEqual([]);
    expect(fixture.counter('refusedRecords')).toBe(0);
  });

  it(
    'F35: has what was acknowledged after a kill of the store, whose translog waits for the disk',
    { timeout: 240_000 },
    async () => {
      writeFileSync(path, lines(0, 500));
      await fixture.poll();
      await fixture.poll();
      const durability = await ask(
        'GET',
        `/${prefix}-logs-2026.05.01/_settings?include_defaults=true&filter_path=**.translog.durability`,
      );
      expect(fixture.agent.status().lagBytes).toBe(0);

      await node.kill();
      appendFileSync(path, lines(500, 510));
      await fixture.poll(2, MINUTE_MS);
      const during = fixture.conditions();
      await node.restart();

      await expectStored(expected(0, 510));
      expect(JSON.stringify(durability).toLowerCase()).toContain('"durability":"request"');
      expect(during).toEqual(['JT_STORE_UNREACHABLE']);
      expect(fixture.counter('duplicateRecords')).toBe(0);
    },
  );

  it('F36: finds the same document in the same index when it sends again after midnight, dated or not', async () => {
    await openAnew({ startFromEndAfterMs: 10 * DAY_MS });
    const out = join(fixture.logs, 'flink-u-taskexecutor-0-h.out');
    writeFileSync(path, lines(0, 5));
    writeFileSync(out, 'no time a\nno time b\n');
    proxy.setFault(onBulk('cut-after'));
    await fixture.poll(2, 1000);
    const midnight = DAY_MS - (Date.now() % DAY_MS);

    fixture.clock.offsetMs += midnight + 1000;
    proxy.setFault(undefined);
    await fixture.poll(2, MINUTE_MS);
    fixture.stop();
    rmSync(fixture.dataDir, { recursive: true });
    fixture.clock.offsetMs += DAY_MS / 2;
    appendFileSync(path, lines(5, 6));

    await expectStored([...expected(0, 6), 'no time a', 'no time b']);
    expect(fixture.counter('duplicateRecords')).toBe(7);
  });

  it('F37: gives ids and indices that a clock set back or forward by a day does not change', async () => {
    const out = join(fixture.logs, 'flink-u-taskexecutor-0-h.out');
    writeFileSync(path, lines(0, 5));
    writeFileSync(out, 'no time a\nno time b\n');
    await fixture.poll(2);
    for (const [turn, wallMs] of [-DAY_MS, DAY_MS, 0].entries()) {
      fixture.stop();
      rmSync(fixture.dataDir, { recursive: true });
      fixture.clock.wallMs = wallMs;
      appendFileSync(path, lines(5 + turn, 6 + turn));
      await fixture.poll(2);
    }
    appendFileSync(path, lines(8, 9));
    fixture.clock.wallMs = -DAY_MS;

    await expectStored([...expected(0, 9), 'no time a', 'no time b']);
  });

  it('F44: holds no more than its budget before a store that takes its time', async () => {
    const seen = { open: 0, max: 0, bytes: 0, maxBytes: 0 };
    const budgetBytes = 300_000;
    await openAnew({
      budgetBytes,
      quantumBytes: 16_384,
      batchRecords: 100,
      inFlightBatches: 4,
      wrap: () => ({
        ...store,
        append: async (batch) => {
          seen.open += 1;
          seen.bytes += batch.bytes.length;
          seen.max = Math.max(seen.max, seen.open);
          seen.maxBytes = Math.max(seen.maxBytes, seen.bytes);
          const outcomes = await store.append(batch);
          seen.open -= 1;
          seen.bytes -= batch.bytes.length;
          return outcomes;
        },
      }),
    });
    proxy.setFault(onBulk({ delayMs: 200 }));
    writeFileSync(path, lines(0, 6000));
    await fixture.poll();

    await expectStored(expected(0, 6000));

    expect(seen.max).toBeGreaterThan(1);
    expect(seen.max).toBeLessThanOrEqual(4);
    expect(seen.maxBytes).toBeLessThan(budgetBytes + 16_384 * 5);
  });
});
