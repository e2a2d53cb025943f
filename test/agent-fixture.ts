// Provides the fixture of the agent's tests (agent/*.test.ts): an agent over its own folder with a clock that is moved
// by hand, a store in memory, and functions that write log files.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { openAgentWorker } from '../cli/service/agent.js';
import { defaultSettings } from '../core/config/settings.js';
import { createLog } from '../core/log.js';
import type { LogRecord } from '../core/types.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import type { Store } from '../store/store.js';
import type { AgentStore } from '../store/testing/memory.js';
import { createAgent, type Agent } from '../agent/agent.js';
import { fillAgentSettings, type AgentSettings } from '../agent/settings.js';
import type { WorkerStart } from '../agent/workers/message.js';
import type { SignalWords } from '../flink/bytes/words.js';

export interface AgentFixture<Kept extends AgentStore = Store> {
  readonly folder: string;
  readonly logs: string;
  readonly dataDir: string;
  readonly store: Kept;
  /** Settings with which the running agent was started. */
  readonly settings: AgentSettings;
  /** Running agent. */
  readonly agent: Agent;
  /** Offsets of the clocks. `wallMs` is added only to the time of day, like a clock that somebody set. */
  readonly clock: { offsetMs: number; wallMs: number };
  /** Polls `times` times, moving the clock by `stepMs` before each. */
  poll(times?: number, stepMs?: number): Promise<void>;
  /** Ends the agent like kill -9 and starts the next. */
  restart(change?: Partial<AgentSettings>): void;
  stop(): void;
  /** Returns everything that the store has, in the order of reading. */
  records(): Promise<LogRecord[]>;
  /** Returns `event.original` of all records whose file name has the prefix, in file order. */
  texts(prefix?: string): Promise<string[]>;
  /** Returns `event.original` of all records, by their time. */
  inOrder(): Promise<string[]>;
  conditions(): readonly string[];
  counter(name: string): number;
  close(): Promise<void>;
}

export interface FixtureOptions<Kept extends AgentStore = Store> extends Partial<AgentSettings> {
  /** Wraps the store. */
  readonly wrap?: (store: Kept) => Kept;
  /** Time to which the clock's offset is added; default: the time of day. */
  readonly now?: () => number;
  /** Signal words; if absent, the agent gets none. */
  readonly words?: SignalWords;
  /** Parent of its folder; default: the system's folder for temporary files. */
  readonly root?: string;
  /** Receives each worker thread. */
  readonly onWorker?: (worker: Worker) => void;
}

export function openAgentFixture(options: FixtureOptions = {}): AgentFixture {
  return openFixtureOver(openSqliteStore({ path: ':memory:' }), options);
}

export function openFixtureOver<Kept extends AgentStore>(
  store: Kept,
  options: FixtureOptions<Kept> = {},
): AgentFixture<Kept> {
  const { wrap, now: base, words, root = tmpdir(), onWorker, ...given } = options;
  const folder = mkdtempSync(join(root, 'jobtrace-agent-'));
  const logs = join(folder, 'log');
  const dataDir = join(folder, 'data');
  mkdirSync(logs);
  const clock = { offsetMs: 0, wallMs: 0 };
  const now = (): number => (base ?? Date.now)() + clock.offsetMs;
  const port = wrap?.(store) ?? store;
  let change: Partial<AgentSettings> = {};
  const defaults = { paths: [logs], dataDir, host: 'node-1', watch: false, undecidedFlushMs: 3_600_000 };
  const settings = (): AgentSettings => fillAgentSettings({ ...defaults, ...given, ...change });
  const openWorker = (begin: WorkerStart): Worker => tell(openAgentWorker(begin, defaultSettings()), onWorker);
  const times = { now, wall: () => now() + clock.wallMs, random: () => 0.5 };
  const parts = { ...times, store: port, log: createLog('silent'), openWorker, procDir: folder };
  const start = (): Agent => {
    const started = createAgent(settings(), parts);
    if (words !== undefined) started.setWords(words);
    return started;
  };
  let agent: Agent | undefined = start();
  const current = (): Agent => (agent ??= start());

  return {
    folder,
    logs,
    dataDir,
    store,
    get settings() {
      return settings();
    },
    clock,
    get agent() {
      return current();
    },
    poll: async (times = 1, stepMs = 2000) => {
      for (let turn = 0; turn < times; turn += 1) {
        clock.offsetMs += stepMs;
        await current().pollOnce();
      }
    },
    restart: (next = {}) => {
      agent?.close();
      change = { ...change, ...next };
      agent = start();
    },
    stop: () => {
      agent?.close();
      agent = undefined;
    },
    records: () => readRecords(store),
    texts: async (prefix = '') => {
      const found = (await readRecords(store)).filter((record) =>
        (record['log.file.path'].split('/').at(-1) ?? '').startsWith(prefix),
      );
      return found.sort(compareRecords).map((record) => record['event.original']);
    },
    inOrder: async () => {
      const found = await readRecords(store);
      found.sort((a, b) => (a['@timestamp'] < b['@timestamp'] ? -1 : 1));
      return found.map((record) => record['event.original']);
    },
    conditions: () =>
      current()
        .status()
        .conditions.map((condition) => condition.code),
    counter: (name) => current().status().counters[name] ?? 0,
    close: async () => {
      agent?.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function readRecords(store: Pick<Store, 'readRecords'>): Promise<LogRecord[]> {
  const page = await store.readRecords(undefined, { limit: 1_000_000 });
  return [...page.records];
}

function tell(worker: Worker, onWorker: FixtureOptions['onWorker']): Worker {
  onWorker?.(worker);
  return worker;
}

function compareRecords(a: LogRecord, b: LogRecord): number {
  return a['log.file.path'].localeCompare(b['log.file.path']) || a['log.offset'] - b['log.offset'];
}

/** Renders a log line: `line(7)` → `2026-05-01 10:00:00,007 INFO  org.example.Writer [] - event 7 …`. */
export function line(number: number, text = `event ${number}`): string {
  const time = new Date(Date.UTC(2026, 4, 1, 10, 0, 0, 0) + number)
    .toISOString()
    .replace('T', ' ')
    .replace('.', ',')
    .replace('Z', '');
  return `${time} INFO  org.example.Writer                               [] - ${text}`;
}

export function lines(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `${line(from + index)}\n`).join('');
}

export function expected(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => line(from + index));
}
