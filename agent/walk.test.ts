// Holds the walk of docs/agent.md: the files that hand on the bytes of a usual chunk, from its file to the store. The
// walk is measured: a follower reads a chunk while the engine counts which functions run, and how often.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { createLog } from '../core/log.js';
import type { RecordSink } from '../store/store.js';
import { Known } from './checkpoint/known.js';
import { discoverFiles } from './discovery/discover.js';
import { FileFollower } from './follower.js';
import { fillAgentSettings } from './settings.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ENTRIES = 1000;
const folder = mkdtempSync(join(tmpdir(), 'jobtrace-walk-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads a chunk of usual entries in steady state. Returns how often each function ran, by file. */
async function measureWalk(): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const logs = join(folder, 'logs');
  const path = join(folder, 'flink-1-taskexecutor-0-node.log');
  const lines = Array.from(
    { length: ENTRIES },
    (_, at) => `2026-11-24 10:00:00,${String(at).padStart(3, '0')} INFO  a.b.C [] - Completed step ${at}.\n`,
  ).join('');
  const store: RecordSink = {
    encoding: { kind: 'elasticsearch', prefix: 'jobtrace' },
    append: ({ lengths }) => Promise.resolve(lengths.map(() => ({ kind: 'stored' as const }))),
  };
  const follower = new FileFollower({
    ...{ settings: fillAgentSettings({ dataDir: logs, host: 'node' }), store, log: createLog('silent') },
    ...{ known: new Known([]), isFirstStart: false, hasBirthTimes: true },
    ...{ now: Date.now, wallClock: Date.now, random: Math.random, cpuMs: () => 0 },
    ...{ onAnswer: () => undefined, onCommit: () => undefined },
  });
  writeFileSync(path, lines);
  follower.syncFiles(await discoverFiles([folder]), false);
  await follower.poll();
  appendFileSync(path, lines);
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  expect(await follower.poll()).toBeGreaterThan(0);
  const ran = new Map<string, Map<string, number>>();
  session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
    for (const { url, functions } of result) {
      const file = url.replace('file://', '').replace(ROOT, '');
      if (!/^(?:agent|core|flink|store)\/.*\.ts$/.test(file) || file.endsWith('.test.ts')) continue;
      for (const { functionName, ranges } of functions)
        if (functionName !== '' && (ranges[0]?.count ?? 0) > 0) {
          const own = ran.get(file) ?? new Map<string, number>();
          ran.set(file, own.set(functionName, ranges[0]?.count ?? 0));
        }
    }
  });
  session.disconnect();
  follower.close();
  return ran;
}

/** Lists the files of the table in docs/agent.md, in the order of the walk. */
function readTable(): readonly string[] {
  const page = readFileSync(join(ROOT, 'docs', 'agent.md'), 'utf8');
  const section = page.slice(page.indexOf('## Data path'), page.indexOf('## Signals'));
  return [...section.matchAll(/^\| `([\w/.-]+\.ts)` \|/gm)].map(([, file = '']) => file);
}

/** Files that are asked about the bytes of each entry and hand nothing on. */
const ASKED = ['agent/record/parse.ts', 'flink/bytes/byte.ts', 'flink/layout/local-time.ts', 'flink/layout/plain.ts'];

it('leads through the files that docs/agent.md lists, at most twelve, and no entry passes another one', async () => {
  const walk = readTable();
  const ran = await measureWalk();
  const perEntry = [...ran].filter(([, counts]) => Math.max(...counts.values()) >= ENTRIES - 1).map(([file]) => file);

  expect(walk.length).toBeGreaterThan(5);
  expect(walk.length).toBeLessThanOrEqual(12);
  expect(walk.filter((file) => !ran.has(file))).toEqual([]);
  expect(perEntry.filter((file) => !walk.includes(file)).sort()).toEqual(ASKED);
});
