import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../core/log.js';
import type { LogRecord } from '../core/types.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import { line } from '../test/agent-fixture.js';
import { createAgent } from './agent.js';
import { fillAgentSettings } from './settings.js';

/** Program that starts in a quarter of a second, because many kills need a quick child. */
const CHILD = fileURLToPath(new URL('../test/agent-child.ts', import.meta.url));
const WORKER = fileURLToPath(new URL('../cli/service/agent-worker.ts', import.meta.url));
const OUTPUT = fileURLToPath(new URL('../node_modules/.cache/jobtrace/', import.meta.url));
/** Number of lanes, each with a folder, a writer and an agent of its own. */
const LANES = 2;
const KILLS = 200;
const KILLS_OF_WORKERS = 40;
/** Approximate time, in milliseconds, that a thread needs until it reads. */
const THREAD_START_MS = 300;
const DRAIN_WITHIN_MS = 60_000;

interface Lane {
  readonly folder: string;
  readonly logs: string;
  workers: number;
  child: ChildProcess | undefined;
}

let lanes: Lane[] = [];
beforeAll(() =>
  build({
    entryPoints: { 'agent-child': CHILD, 'agent-worker': WORKER },
    outdir: OUTPUT,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  }),
);
beforeEach(() => {
  lanes = Array.from({ length: LANES }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'jobtrace-kill-'));
    const logs = join(folder, 'log');
    mkdirSync(logs);
    return { folder, logs, workers: 1, child: undefined };
  });
});
afterEach(() => {
  for (const { folder, child } of lanes) {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Starts an agent in a child process. Resolves when the agent runs. */
async function startChild(lane: Lane): Promise<ChildProcess> {
  const { folder, logs, workers } = lane;
  const started = spawn(
    process.execPath,
    [join(OUTPUT, 'agent-child.mjs'), logs, join(folder, 'data'), join(folder, 'records.db'), String(workers)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  lane.child = started;
  await Promise.race([once(started.stdout, 'data'), once(started, 'exit')]);
  return started;
}

async function endChild(running: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  running.kill(signal);
  if (running.exitCode === null && running.signalCode === null) await once(running, 'exit');
  return running.exitCode;
}

async function wait(ms: number): Promise<void> {
  await new Promise<void>((resume) => void setTimeout(resume, ms));
}

/**
 * Returns two entries as a container runtime writes them, each into a stream of its own, with their lines alternating.
 */
function wrapPair(out: string, err: string): readonly [text: string, entries: readonly string[]] {
  const wrap = (stream: string, text: string): string[] => {
    const [day = '', time = ''] = text.split(' ', 2);
    return text.split('\n').map((item) => `${day}T${time.replace(',', '.')}000001Z ${stream} F ${item}`);
  };
  const streams = [wrap('stdout', out), wrap('stderr', err)] as const;
  const both = Array.from({ length: 3 }, (_, at) => streams.flatMap((items) => items[at] ?? [])).flat();
  return [both.join('\n'), streams.map((items) => items.join('\n'))];
}

const NAMES: readonly string[] = ['flink-u-taskexecutor-0-h.log', 'flink-u-standalonesession-0-h.log', '0.log'];

/** Returns true for a name that a container runtime gives; the file has two streams. */
function isOfContainer(name: string): boolean {
  return name.startsWith('0.log');
}

/**
 * Writes to three files all the time, some of it stack traces, one as a container does, and rotates them. Stopping
 * returns what it wrote.
 */
function startWriter({ logs }: Lane): { readonly stop: () => string[] } {
  const written: string[] = [];
  let turn = 0;
  const timer = setInterval(() => {
    turn += 1;
    const name = NAMES[turn % NAMES.length] ?? '';
    const path = join(logs, name);
    const texts = Array.from({ length: 20 }, (_, index) => {
      const number = written.length + index;
      return line(
        number,
        `event ${number}${number % 7 === 0 ? `\njava.lang.Error: e${number}\n\tat a.B.c(B.java:1)` : ''}`,
      );
    });
    if (isOfContainer(name)) {
      const pairs = texts.flatMap((text, at) => (at % 2 === 0 ? [wrapPair(text, texts[at + 1] ?? '')] : []));
      written.push(...pairs.flatMap(([, entries]) => entries));
      appendFileSync(path, `${pairs.map(([text]) => text).join('\n')}\n`);
    } else {
      written.push(...texts);
      appendFileSync(path, `${texts.join('\n')}\n`);
    }
    if (turn % 40 === 0) renameSync(path, `${path}.${100 + readdirSync(logs).length}`);
  }, 20);
  return {
    stop: () => {
      clearInterval(timer);
      return written;
    },
  };
}

/**
 * Reads the rest with an agent of this process and returns what the store then has. `sentAgain`: number of records that
 * it had already.
 */
async function readStore({ folder, logs }: Lane): Promise<{ records: LogRecord[]; sentAgain: number }> {
  const store = openSqliteStore({ path: join(folder, 'records.db') });
  const agent = createAgent(
    fillAgentSettings({ paths: [logs], dataDir: join(folder, 'data'), host: 'node-1', watch: false, idleFlushMs: 0 }),
    { store, log: createLog('silent') },
  );
  const until = performance.now() + DRAIN_WITHIN_MS;
  for (let lagBytes = 1; lagBytes > 0 && performance.now() < until;) ({ lagBytes } = await agent.pollOnce());
  const { counters } = agent.status();
  agent.close();
  const { records } = await store.readRecords(undefined, { limit: 1_000_000 });
  await store.close();
  return { records: [...records], sentAgain: counters['duplicateRecords'] ?? 0 };
}

function sortTexts(records: readonly LogRecord[]): string[] {
  return [...records]
    .sort((a, b) => (a['@timestamp'] < b['@timestamp'] ? -1 : a['@timestamp'] > b['@timestamp'] ? 1 : 0))
    .map((record) => record['event.original']);
}

async function killAgain(lane: Lane, kills: number): Promise<string[]> {
  const writer = startWriter(lane);
  for (let turn = 0; turn < kills; turn += 1) {
    const running = await startChild(lane);
    await wait(((turn * 137) % 211) + (lane.workers - 1) * THREAD_START_MS);
    await endChild(running, 'SIGKILL');
  }
  return writer.stop();
}

describe('an agent', () => {
  it.each([
    { kills: KILLS, workers: 1 },
    { kills: KILLS_OF_WORKERS, workers: 2 },
  ])(
    'F25: killed $kills times under load loses nothing and stores nothing twice: $workers workers',
    { timeout: 400_000 },
    async ({ kills, workers }) => {
      for (const lane of lanes) lane.workers = workers;
      const written = await Promise.all(lanes.map((lane) => killAgain(lane, kills / LANES)));

      for (const [index, lane] of lanes.entries()) {
        const { records } = await readStore(lane);
        expect(written[index]?.length).toBeGreaterThan(1000);
        expect(records.length).toBe(written[index]?.length);
        expect(sortTexts(records)).toEqual(written[index]);
      }
    },
  );

  it.each([1, 2])(
    'F43: stopped under load ends in time with all offsets saved: the next one sends no more than the open last entries again: %i workers',
    async (workers) => {
      const [lane] = lanes;
      if (lane === undefined) throw new Error('no lane');
      lane.workers = workers;
      const writer = startWriter(lane);
      const exits: { readonly code: number | null; readonly inTime: boolean }[] = [];
      let before: readonly string[] = [];
      for (let turn = 0; turn < 4; turn += 1) {
        const running = await startChild(lane);
        before = readdirSync(lane.logs);
        await wait(100 + turn * 100);
        const asked = performance.now();
        const code = await endChild(running, 'SIGTERM');
        exits.push({ code, inTime: performance.now() - asked < 10_000 });
      }
      const written = writer.stop();
      const open = [
        ...NAMES,
        ...readdirSync(lane.logs).filter((name) => !before.includes(name) && !NAMES.includes(name)),
      ];

      const { records, sentAgain } = await readStore(lane);

      expect(exits).toEqual(Array.from({ length: 4 }, () => ({ code: 0, inTime: true })));
      expect(sortTexts(records)).toEqual(written);
      // The limit is one entry per stream of the files that are being written, or were while the last agent ran.
      expect(sentAgain).toBeLessThanOrEqual(open.reduce((sum, name) => sum + (isOfContainer(name) ? 2 : 1), 0));
    },
  );
});
