// Runs a node of a torture: folders of logs, an agent of the built program as a separate process over them, its data on
// a small disk if that can be mounted, and its own proxy before the store. The agent can be killed, stopped and
// restarted, and its disk filled. The node returns what its agents reported and what the checkpoint on its disk
// contains.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseLog, type FileState } from '../../agent/checkpoint/checkpoint.js';
import { findFreePorts } from '../../lab/parts/process.js';
import type { RunRecord } from '../../lab/parts/running.js';
import { mountSmallDisk } from '../../lab/parts/small-disk.js';
import { startProgram, type RunningProgram } from '../../test/program.js';
import { openCrooked, type Crooked } from './crooked.js';

const CLOCK = pathToFileURL(join(import.meta.dirname, 'clock.mjs')).href;
/** Size of the data disk, which also holds unpacked archives. */
const DISK_MEGABYTES = 24;
const BLOCK_BYTES = 65_536;
/** Smallest budget, so that reading stops soon while the store accepts nothing. */
const BUDGET_BYTES = 1_048_576;
/** Time, in milliseconds, after which the checkpoint is read again. */
const LOOK_MS = 500;
/** Delay, in milliseconds, before an agent that ended by itself is started again. */
const AGAIN_MS = 1000;
const LOST = /lost before they could be read/;

export interface TortureNode {
  readonly name: string;
  readonly logs: string;
  /** Budget of its agents: they read no more than this while the store accepts nothing. */
  readonly budgetBytes: number;
  readonly store: Crooked;
  /** True if nobody may kill the agent or fill its disk, because its report must be exact. */
  isCalm: boolean;
  isFull: boolean;
  readonly isUp: boolean;
  start(): void;
  kill(): Promise<void>;
  /** Stops the agent in order. */
  stop(): Promise<void>;
  /** Fills the data disk; returns false if no disk could be mounted. */
  fillDisk(): boolean;
  emptyDisk(): void;
  setClock(offsetMs: number): void;
  /** Returns the states that the checkpoint has for the file at this path. */
  findStates(path: string): readonly FileState[];
  /** Reads a metric of the running agent from its port; undefined while it does not answer. */
  readMetric(name: string): Promise<number | undefined>;
  /** Returns the lost bytes by path, of all agents. */
  readLost(): ReadonlyMap<string, number>;
  /** Violations: an agent that ended by itself, or with an error when it was stopped. */
  readonly problems: readonly string[];
  readonly lives: number;
  /** Returns the sum of a counter over all agents, as far as it was read while they were alive. */
  countSeen(name: string): number;
  close(): Promise<void>;
}

export interface NodePlace {
  readonly name: string;
  readonly folder: string;
  readonly storeUrl: string;
  readonly workers: number;
  /** Record for the mounted disks; undefined if no disk can be mounted. */
  readonly disks: RunRecord | undefined;
}

interface NodeState extends NodePlace {
  readonly dataDir: string;
  readonly config: string;
  readonly clock: string;
  readonly port: number;
  readonly lives: RunningProgram[];
  readonly problems: string[];
  /** Counter values by the number of the agent's life and the name of the counter. */
  readonly seen: Map<string, number>;
  current: RunningProgram | undefined;
  known: { readonly at: number; readonly byInode: ReadonlyMap<string, readonly FileState[]> };
}

export async function openNode(place: NodePlace): Promise<TortureNode> {
  const { folder, name, disks, storeUrl } = place;
  const [logs, dataDir] = [join(folder, 'log'), join(folder, 'data')];
  mkdirSync(logs, { recursive: true });
  mkdirSync(dataDir, { recursive: true });
  if (disks !== undefined) await mountSmallDisk(disks, dataDir, DISK_MEGABYTES);
  const store = await openCrooked(storeUrl);
  const [port = 0] = await findFreePorts(1);
  const node: NodeState = {
    ...place,
    dataDir,
    config: join(folder, 'jobtrace.json'),
    clock: join(folder, 'clock'),
    port,
    lives: [],
    problems: [],
    seen: new Map(),
    current: undefined,
    known: { at: 0, byInode: new Map() },
  };
  writeSettings(node, logs, store.url);
  return {
    name,
    logs,
    budgetBytes: BUDGET_BYTES,
    store,
    isCalm: false,
    isFull: false,
    get isUp() {
      return node.current !== undefined;
    },
    start: () => start(node),
    kill: () => end(node, 'SIGKILL'),
    stop: () => end(node, 'SIGTERM'),
    fillDisk: () => disks !== undefined && fill(join(dataDir, 'ballast')),
    emptyDisk: () => rmSync(join(dataDir, 'ballast'), { force: true }),
    setClock: (offsetMs) => writeFileSync(node.clock, String(offsetMs)),
    findStates: (path) => findStates(node, path),
    readMetric: (metric) => readMetric(node, metric),
    readLost: () => readLost(node),
    problems: node.problems,
    get lives() {
      return node.lives.length;
    },
    countSeen: (counter) =>
      [...node.seen].filter(([key]) => key.endsWith(` ${counter}`)).reduce((sum, [, value]) => sum + value, 0),
    close: async () => {
      await end(node, 'SIGKILL');
      writeFileSync(join(folder, 'agent.log'), node.lives.map((program) => program.stderr()).join(''));
      await store.close();
    },
  };
}

function writeSettings({ config, dataDir, port, name, workers }: NodeState, logs: string, url: string): void {
  const agent = {
    paths: [logs],
    host: name,
    cluster: 'torture',
    zone: 'UTC',
    budgetBytes: BUDGET_BYTES,
    retryCapMs: 2000,
    listen: `127.0.0.1:${port}`,
    kubernetes: 'off',
    workers,
  };
  const settings = { dataDir, store: { kind: 'elasticsearch', urls: [url] }, agent };
  writeFileSync(config, JSON.stringify(settings));
}

function start(node: NodeState): void {
  if (node.current !== undefined) return;
  const env = { NODE_OPTIONS: `--import=${CLOCK}`, TORTURE_CLOCK: node.clock };
  const program = startProgram(['agent', '--config', node.config], { env });
  node.current = program;
  node.lives.push(program);
  void program.ended.then((code) => {
    if (node.current !== program) return;
    node.current = undefined;
    node.problems.push(`the agent of ${node.name} ended by itself with ${code}: ${program.stderr().slice(-1000)}`);
    setTimeout(() => start(node), AGAIN_MS);
  });
}

async function end(node: NodeState, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const program = node.current;
  if (program === undefined) return;
  node.current = undefined;
  const code = await program.stop(signal);
  if (signal === 'SIGTERM' && code !== 0)
    node.problems.push(
      `the agent of ${node.name} was stopped and ended with ${code}: ${program.stderr().slice(-1000)}`,
    );
}

/** Fills the disk until not a single byte fits; returns true. */
function fill(path: string): boolean {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(BLOCK_BYTES);
  try {
    for (let length = BLOCK_BYTES; length > 0;) {
      try {
        writeSync(file, block, 0, length);
      } catch {
        length = Math.floor(length / 2);
      }
    }
  } finally {
    closeSync(file);
  }
  return true;
}

function findStates(node: NodeState, path: string): readonly FileState[] {
  const at = performance.now();
  if (at - node.known.at > LOOK_MS) node.known = { at, byInode: readCheckpoint(join(node.dataDir, 'checkpoint.log')) };
  const { ino } = statSync(path, { bigint: true });
  return node.known.byInode.get(String(ino)) ?? [];
}

function readCheckpoint(path: string): ReadonlyMap<string, readonly FileState[]> {
  const byInode = new Map<string, FileState[]>();
  for (const state of parseLog(readBytes(path)).states.values())
    byInode.set(state.inode, [...(byInode.get(state.inode) ?? []), state]);
  return byInode;
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    // The file is being rewritten, or does not exist yet.
    return Buffer.alloc(0);
  }
}

async function readMetric(node: NodeState, name: string): Promise<number | undefined> {
  const { lives, port, seen } = node;
  const life = lives.length;
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(2000) });
    const text = await answer.text();
    for (const [, counter = '', value] of text.matchAll(/^jobtrace_agent_(\w+_total)(?:\{[^}]*\})? (\S+)$/gm))
      seen.set(`${life} ${counter}`, Number(value));
    const found = new RegExp(`^jobtrace_agent_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    // The agent is down or starting.
    return undefined;
  }
}

function readLost({ lives }: NodeState): ReadonlyMap<string, number> {
  const lost = new Map<string, number>();
  for (const line of lives.flatMap((program) => program.stderr().split('\n'))) {
    if (!LOST.test(line)) continue;
    const { path, bytes } = JSON.parse(line) as { path: string; bytes: number };
    lost.set(path, (lost.get(path) ?? 0) + bytes);
  }
  return lost;
}
