// Tests that a lost checkpoint costs time but adds nothing: every kind of file is read again, and the store already has
// all of it, whether this release stored it, or release 0.1 in its own format. On SQLite and Elasticsearch.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { CRASH } from '../analyzer/testing/crash.js';
import type { LogRecord } from '../core/types.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { useElasticsearch } from '../lab/parts/testing/use-elasticsearch.js';
import { findAddress, nameIndex } from '../store/elasticsearch/record/address.js';
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import type { Store } from '../store/store.js';
import { ask } from '../store/testing/cluster.js';
import { openMemoryStore } from '../store/testing/memory.js';
import { line, lines, openFixtureOver, type AgentFixture } from './agent-fixture.js';
import { judgeFiles, judgeStore } from './shipped.js';

const RECORDING = fileURLToPath(new URL('../lab/recordings/memory.heap-oom/gc-overhead/1.20.5', import.meta.url));
const FORMER_TEMPLATES = fileURLToPath(new URL('../store/testing/former/templates.json', import.meta.url));
const TRACE = 'java.io.IOException: e\n\tat a.B.c(B.java:1)\n';
const ECS =
  '{"@timestamp":"2026-05-01T10:00:00.000Z","log.level":"WARN","message":"ecs","log.logger":"a.B","process.thread.name":"main"}\n';

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

function cri(text: string, stream = 'stdout', tag = 'F'): string {
  const rows = text.trimEnd().split('\n');
  return rows.map((row) => `2026-05-01T10:00:00.000000001Z ${stream} ${tag} ${row}\n`).join('');
}

function docker(text: string): string {
  return `${JSON.stringify({ log: `${text}\n`, stream: 'stdout', time: '2026-05-01T10:00:00.000000000Z' })}\n`;
}

/** Files of all names, wrappers and layouts; the last entries of some continue in the next file, or have no end. */
const FILES: Readonly<Record<string, string | Buffer>> = {
  'flink-u-taskexecutor-1-h.log.2': lines(0, 20) + line(20, `event 20\n${TRACE}`),
  'flink-u-taskexecutor-1-h.log.1': `\tat a.B.d(B.java:2)\n${lines(21, 40)}`,
  'flink-u-taskexecutor-1-h.log': `${lines(40, 50)}${line(50)}`,
  'flink-u-taskexecutor-1-h.out': 'printed\nand printed\n',
  'flink-u-taskexecutor-1-h.err': `Exception in thread "main" ${TRACE}`,
  'hs_err_pid21034.log': CRASH,
  'flink-u-windows-0-h.log': lines(0, 9).replaceAll('\n', '\r\n'),
  'flink-u-bytes-0-h.log': Buffer.from(`${line(0, 'gr\u00f6\u00dfe \ufffd')}\n${line(1)}\n`, 'latin1'),
  'flink-u-json-0-h.log': ECS.repeat(1) + ECS.replace('ecs', 'more'),
  'application_1700000000000_0042/container_1700000000000_0042_01_000002/taskmanager.log': lines(0, 9),
  'pods/shop_jobmanager-1_0a1b/main/0.log.20260501-100000':
    cri(lines(0, 9)) + cri('2026-05-01 10:00:01,000 INFO a', 'stdout', 'P'),
  'pods/shop_jobmanager-1_0a1b/main/0.log': cri(' tail of it') + cri(lines(10, 19)),
  'containers/0a1b/0a1b-json.log': lines(0, 9).trimEnd().split('\n').map(docker).join(''),
};

function writeFiles(logs: string): void {
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(logs, name)), { recursive: true });
    writeFileSync(join(logs, name), text);
  }
}

async function readAll(fixture: Pick<AgentFixture, 'poll' | 'agent'>): Promise<void> {
  await fixture.poll(8, 3000);
  expect(fixture.agent.status().lagBytes).toBe(0);
}

interface Counts {
  readonly stored: number;
  readonly duplicate: number;
}

function countRecords({ counter }: Pick<AgentFixture, 'counter'>): Counts {
  return { stored: counter('storedRecords'), duplicate: counter('duplicateRecords') };
}

/** Reads everything twice, the second time with an agent that has no checkpoint, after one of the files has moved. */
async function readTwice(fixture: AgentFixture): Promise<{ readonly first: Counts; readonly second: Counts }> {
  const { logs, dataDir } = fixture;
  writeFiles(logs);
  await readAll(fixture);
  const first = countRecords(fixture);
  fixture.stop();
  rmSync(dataDir, { recursive: true });
  renameSync(join(logs, 'flink-u-windows-0-h.log'), join(logs, 'flink-u-windows-0-h.log.1'));
  await readAll(fixture);
  return { first, second: countRecords(fixture) };
}

const OPTIONS = { undecidedFlushMs: 1000 };

describe('a second reading without a checkpoint', () => {
  it('adds no record to SQLite, whatever the files are', async () => {
    const fixture = openFixtureOver(openSqliteStore({ path: ':memory:' }), OPTIONS);
    ({ close } = fixture);

    const { first, second } = await readTwice(fixture);
    const records = await fixture.records();

    expect(new Set(records.map((record) => record['log.file.path'])).size).toBeGreaterThanOrEqual(
      Object.keys(FILES).length - 2,
    );
    expect(second.stored).toBe(0);
    expect(second.duplicate).toBeGreaterThanOrEqual(records.length);
    expect(first.stored).toBeGreaterThanOrEqual(records.length);
  });
});

describeWithParts(['elasticsearch-8'], 'Elasticsearch', () => {
  const node = useElasticsearch('reread');

  const openCluster = (prefix: string): Store =>
    openElasticsearchStore({ nodes: [node.url], indexPrefix: prefix, refreshMs: 200 });

  async function count(prefix: string): Promise<unknown> {
    await ask(node.url, 'POST', `/${prefix}-logs-*/_refresh`);
    return ((await ask(node.url, 'GET', `/${prefix}-logs-*/_count`)) as { readonly count: number }).count;
  }

  it('has no document more after a second reading without a checkpoint', async () => {
    const fixture = openFixtureOver(openCluster('reread-again'), OPTIONS);
    ({ close } = fixture);

    const { first, second } = await readTwice(fixture);

    // An entry that grew is stored again in its own place.
    expect(await count('reread-again')).toBeLessThanOrEqual(first.stored);
    expect(second).toEqual({ stored: 0, duplicate: expect.any(Number) as number });
    expect(second.duplicate).toBeGreaterThanOrEqual(Number(await count('reread-again')));
  });

  it('has no document more when what release 0.1 stored is read again, and diagnoses it as the files are', async () => {
    const before = openFixtureOver(openMemoryStore({ kind: 'elasticsearch', prefix: 'reread-former' }), OPTIONS);
    const names = readdirSync(RECORDING).filter((name) => /\.(?:log|out)$/.test(name));
    const paths = names.map((name) => join(before.logs, name));
    for (const name of names) copyFileSync(join(RECORDING, name), join(before.logs, name));
    await readAll(before);
    const records = await before.records();
    before.stop();
    await storeFormer(node.url, 'reread-former', records);
    const store = openCluster('reread-former');
    const { close: closeStore } = store;
    const after = openFixtureOver({ ...store, close: () => Promise.resolve() }, { ...OPTIONS, paths: [before.logs] });
    close = async () => {
      await after.close();
      await before.close();
      await closeStore();
    };

    const old = await judgeStore(store);
    await readAll(after);

    expect(records.length).toBeGreaterThan(100);
    expect(countRecords(after)).toEqual({ stored: 0, duplicate: expect.any(Number) as number });
    expect(await count('reread-former')).toBe(records.length);
    expect(old).toEqual(judgeFiles(paths));
  });
});

/** Stores the records flat, with all texts, in the format of release 0.1. */
async function storeFormer(url: string, prefix: string, records: readonly LogRecord[]): Promise<void> {
  const text = readFileSync(FORMER_TEMPLATES, 'utf8').replaceAll('"jobtrace-', `"${prefix}-`);
  const templates = JSON.parse(text) as Record<string, { readonly version: number }>;
  for (const [name, template] of Object.entries(templates)) await ask(url, 'PUT', `/_index_template/${name}`, template);
  const version = String(templates[`${prefix}-small`]?.version);
  await ask(url, 'PUT', `/${prefix}-states/_doc/store%2Ftemplates`, { id: 'store/templates', body: version });
  const rows = records.map((record) => {
    const { index, routing } = findAddress(nameIndex(prefix, record), record['flink.cluster']);
    const action = {
      _index: index,
      _id: record.id,
      version: record['jobtrace.length'],
      version_type: 'external',
      routing,
    };
    const own = { 'event.ingested': '2026-11-20T10:00:00.000Z', 'jobtrace.hash': 'c3f4023d', 'jobtrace.words': '' };
    return `${JSON.stringify({ index: action })}\n${JSON.stringify({ ...record, ...own })}\n`;
  });
  const answer = await fetch(`${url}/_bulk?refresh=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: rows.join(''),
  });
  expect(await answer.json()).toMatchObject({ errors: false });
}
