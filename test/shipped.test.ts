// Tests that the service sums up over the lines of a file as `jobtrace diagnose` does: GC logs and crash reports
// through the real agent, a store and the analyzer, which is restarted for every few records. recordings.test.ts does
// the same with all recordings.
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCases } from '../analyzer/author/cases.js';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { listSignalWords } from '../analyzer/catalog/signal-words.js';
import { mayBeGcLog } from '../analyzer/input/gc-log.js';
import { CRASH, CRASH_OF_JAVA_8, renderNoMemory } from '../analyzer/testing/crash.js';
import { openAgentFixture, type AgentFixture } from './agent-fixture.js';
import { judgeFiles, judgeStore } from './shipped.js';

const catalog = loadCatalog();
const words = listSignalWords(catalog);
const GC_LOG = 'flink-u-taskexecutor-0-node-1-gc.log';
const HEAP_FULL = 'memory.gc-pressure/heap-full';

let fixture: AgentFixture;
beforeEach(() => {
  fixture = openAgentFixture({ undecidedFlushMs: 1000, words });
});
afterEach(() => fixture.close());

async function ship(): Promise<void> {
  await fixture.poll(4);
  await fixture.agent.flush();
}

/** Renders a full collection of a heap of 4,000 MB that leaves this many. */
function collect(second: number, after: number): string {
  return `[2026-03-02T10:15:${String(second).padStart(2, '0')}.120+0000][${412 + second}.118s][info][gc] GC(${second}) Pause Full (Allocation Failure) 3999M->${after}M(4000M) 2177.204ms\n`;
}

function collectAll(from: number, to: number, after: number): string {
  return Array.from({ length: to - from }, (_, index) => collect(from + index, after)).join('');
}

describe('a shipped GC log', () => {
  const logs = catalog.rules
    .flatMap((rule) =>
      readCases(rule).cases.map((one) => ({ name: `${rule.id} ${one.name}`, text: one.bytes.toString() })),
    )
    .filter(({ text }) => mayBeGcLog(text.slice(0, 4096)))
    // A few copied lines are not a log that continues; two full collections indicate a full heap only there.
    .filter(({ name }) => !name.startsWith('memory.gc-pressure/pauses '));

  it('is among the logs of the rules', () => {
    expect(logs.map(({ name }) => name)).toContain(
      'memory.gc-pressure/heap-full 2 recording memory.gc-pressure.heap-full-2',
    );
  });

  it.each(logs)('is diagnosed as the file is: $name', async ({ text }) => {
    const path = join(fixture.logs, GC_LOG);
    writeFileSync(path, text);

    await ship();

    expect(await judgeStore(fixture.store, 1)).toEqual(judgeFiles([path]));
  });

  it('says how long the row is that goes on', async () => {
    const path = join(fixture.logs, GC_LOG);
    writeFileSync(path, collectAll(0, 4, 3900));
    await ship();
    const before = await judgeStore(fixture.store, 1);
    appendFileSync(path, collectAll(4, 12, 3900));
    await ship();

    const { incidents, diagnoses } = await judgeStore(fixture.store, 1);

    expect(before.diagnoses).toEqual([]);
    expect(incidents).toBe(1);
    expect(diagnoses.map(({ rule }) => rule)).toEqual([HEAP_FULL]);
    expect(diagnoses[0]?.summary).toContain('12 full collections in a row');
  });

  it('is none of a full heap when a row is broken, or goes over into the next file', async () => {
    const path = join(fixture.logs, GC_LOG);
    writeFileSync(path, collectAll(0, 4, 3900) + collect(4, 900) + collectAll(5, 9, 3900));
    await ship();
    await judgeStore(fixture.store, 1);
    renameSync(path, `${path}.0`);
    writeFileSync(path, collectAll(9, 13, 3900));
    await ship();

    expect((await judgeStore(fixture.store, 1)).diagnoses).toEqual([]);
  });

  it('is seen in the output of a container, between the lines of Flink', async () => {
    const folder = join(fixture.logs, 'pods', 'prod_orders-taskmanager-1-1_0a-1b', 'flink-main-container');
    const lines = collectAll(0, 6, 3900)
      .trimEnd()
      .split('\n')
      .flatMap((line, second) => [
        `2026-03-02T10:15:0${second}.120345678Z stdout F ${line}`,
        `2026-03-02T10:15:0${second}.920345678Z stdout F 2026-03-02 10:15:0${second},920 INFO  org.apache.flink.A [] - text`,
      ]);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '0.log'), `${lines.join('\n')}\n`);

    await ship();
    const verdicts = await judgeStore(fixture.store, 1);

    expect(verdicts.diagnoses.map(({ rule }) => rule)).toEqual([HEAP_FULL]);
    expect(verdicts).toEqual(judgeFiles([join(folder, '0.log')]));
  });

  it('has a row of its own in every life of the process', async () => {
    const path = join(fixture.logs, GC_LOG);
    writeFileSync(path, collectAll(0, 9, 3900));
    await ship();
    await judgeStore(fixture.store, 3);
    renameSync(path, `${path}.0`);
    writeFileSync(path, collectAll(20, 26, 3900));
    await ship();
    await judgeStore(fixture.store, 3);

    const incidents = await fixture.store.findIncidents({ limit: 10 });

    expect(
      incidents
        .flatMap((incident) => incident.diagnoses.en)
        .flatMap(({ evidence }) => evidence.map(({ text }) => /(\d+) full collections/.exec(text)?.[1])),
    ).toEqual(expect.arrayContaining(['9', '6']));
  });
});

describe('a shipped crash report', () => {
  it.each([
    ['a crash', CRASH],
    ['a crash of Java 8', CRASH_OF_JAVA_8],
    [
      'a JVM without memory',
      renderNoMemory('Native memory allocation (malloc) failed to allocate 32744 bytes for ChunkPool::allocate'),
    ],
    ['a JVM without threads', renderNoMemory('Cannot create GC thread. Out of system resources.')],
  ])('is diagnosed as the file is: %s', async (_, report) => {
    const path = join(fixture.logs, 'hs_err_pid21034.log');
    writeFileSync(path, report);

    await ship();
    const verdicts = await judgeStore(fixture.store, 1);

    expect(verdicts.diagnoses).not.toHaveLength(0);
    expect(verdicts).toEqual(judgeFiles([path]));
  });

  it('shows the frames and when it happened, under any name', async () => {
    writeFileSync(join(fixture.logs, 'jvm-crash.log'), CRASH);

    await ship();
    await judgeStore(fixture.store, 1);
    const [incident] = await fixture.store.findIncidents({ limit: 10 });
    const [evidence] = incident?.diagnoses.en[0]?.evidence ?? [];

    expect(incident?.firstSeen).toBe('2026-03-02T10:15:01.000Z');
    expect(evidence?.text).toMatch(/Problematic frame:[^]*Current thread[^]*Java_org_rocksdb_RocksDB_get/);
    expect(evidence?.text).not.toContain('NoSuchMethodError');
    expect((await fixture.records()).map(({ id }) => id)).toContain(evidence?.recordId);
  });
});
