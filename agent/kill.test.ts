import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../core/log.js';
import type { LogRecord } from '../core/types.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import { line } from '../test/agent-fixture.js';
import { createAgent } from './agent.js';
import { fillAgentSettings } from './settings.js';

const CHILD = fileURLToPath(new URL('../test/agent-child.ts', import.meta.url));
const ROUNDS = 12;
const STOP_EVERY = 6;
const DRAIN_WITHIN_MS = 30_000;

let folder: string;
let logs: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-kill-'));
  logs = join(folder, 'log');
  mkdirSync(logs);
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves when the agent in the child runs. */
async function startChild(): Promise<ChildProcess> {
  const started = spawn(
    process.execPath,
    ['--import', 'tsx', CHILD, logs, join(folder, 'data'), join(folder, 'records.db')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  child = started;
  await Promise.race([once(started.stdout, 'data'), once(started, 'exit')]);
  return started;
}

async function wait(ms: number): Promise<void> {
  await new Promise<void>((resume) => void setTimeout(resume, ms));
}

/** Writes to two files all the time, some of it stack traces, and rotates them; returns what it wrote. */
function startWriter(): { readonly stop: () => string[] } {
  const written: string[] = [];
  const names = ['flink-u-taskexecutor-0-h.log', 'flink-u-standalonesession-0-h.log'];
  let turn = 0;
  const timer = setInterval(() => {
    turn += 1;
    const path = join(logs, names[turn % names.length] ?? '');
    const texts = Array.from({ length: 20 }, (_, index) => {
      const number = written.length + index;
      return line(
        number,
        `event ${number}${number % 7 === 0 ? `\njava.lang.Error: e${number}\n\tat a.B.c(B.java:1)` : ''}`,
      );
    });
    written.push(...texts);
    appendFileSync(path, `${texts.join('\n')}\n`);
    if (turn % 40 === 0) renameSync(path, `${path}.${100 + readdirSync(logs).length}`);
  }, 20);
  return {
    stop: () => {
      clearInterval(timer);
      return written;
    },
  };
}

async function readStore(): Promise<LogRecord[]> {
  const store = openSqliteStore({ path: join(folder, 'records.db') });
  const agent = createAgent(
    fillAgentSettings({ paths: [logs], dataDir: join(folder, 'data'), host: 'node-1', watch: false, idleFlushMs: 0 }),
    { store, log: createLog('silent') },
  );
  const until = performance.now() + DRAIN_WITHIN_MS;
  for (let lagBytes = 1; lagBytes > 0 && performance.now() < until;) ({ lagBytes } = await agent.pollOnce());
  agent.close();
  const { records } = await store.readRecords(undefined, { limit: 1_000_000 });
  await store.close();
  return [...records];
}

describe('an agent that is killed', () => {
  it(
    'again and again under load, and stopped now and then, loses nothing and stores nothing twice',
    { timeout: 120_000 },
    async () => {
      const writer = startWriter();
      const exits: (number | null)[] = [];
      for (let turn = 0; turn < ROUNDS; turn += 1) {
        const running = await startChild();
        await wait(20 + ((turn * 137) % 400));
        const isStop = turn % STOP_EVERY === STOP_EVERY - 1;
        running.kill(isStop ? 'SIGTERM' : 'SIGKILL');
        if (running.exitCode === null && running.signalCode === null) await once(running, 'exit');
        if (isStop) exits.push(running.exitCode);
      }
      const written = writer.stop();

      const records = await readStore();

      const stored = records
        .sort((a, b) => (a['@timestamp'] < b['@timestamp'] ? -1 : a['@timestamp'] > b['@timestamp'] ? 1 : 0))
        .map((record) => record['event.original']);
      expect(written.length).toBeGreaterThan(1000);
      expect(stored.length).toBe(written.length);
      expect(stored).toEqual(written);
      expect(exits).toEqual([0, 0]);
    },
  );
});
