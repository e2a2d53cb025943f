// Runs the torture of the agent: npx tsx bench/torture.ts [--minutes 10] [--seed N] [--nodes 2] [--rate 800] [--keep].
// Agents of the built program follow files that many writers write and rotate, into a real Elasticsearch behind faulty
// proxies, while faults (blows, torture/blows.ts) overlap. At the end each written entry must be in the store exactly
// once, byte for byte, and what was truncated must have been reported. Prints figures and differences, and ends with 1
// if there are any.
import { setMaxListeners } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../core/fault.js';
import { openRecord } from '../lab/parts/running.js';
import { startElasticsearch, type Elasticsearch } from '../lab/parts/services/elasticsearch.js';
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.js';
import { readCommandLine, type BenchScript } from '../lab/options.js';
import { dealBlows, type Arena } from './torture/blows.js';
import { createDice } from './torture/dice.js';
import { createLedger, type Judgement } from './torture/ledger.js';
import { openNode, type NodePlace, type TortureNode } from './torture/node.js';
import { finishPens, openPens, usePens, type Pen } from './torture/pens.js';

const SCRIPT = {
  name: 'bench/torture.ts',
  summary:
    'Whether agents under kills, outages, full disks and clock jumps store each entry once and report losses exactly.',
  options: {
    minutes: { kind: 'number', value: 'N', default: '10', help: 'How long files are written and blows are dealt.' },
    seed: {
      kind: 'number',
      value: 'N',
      help: 'The same seed gives the same writers and blows (else one of this moment).',
    },
    nodes: { kind: 'number', value: 'N', default: '2', least: 1, help: 'Agents; every second one has two workers.' },
    rate: { kind: 'number', value: 'N', default: '800', least: 1, help: 'Entries a second, of all nodes together.' },
    keep: { kind: 'switch', help: 'Leave the folder; it stays anyway when something differs.' },
  },
} as const satisfies BenchScript;
const MINUTE_MS = 60_000;
const TURN_MS = 50;
const WATCH_MS = 500;
/** Time, in milliseconds, that is longer than the agent waits for a copy. */
const QUIET_MS = 13_000;
const DRAIN_WITHIN_MS = 5 * MINUTE_MS;
const PAGE = 2000;
const MAX_SHOWN = 20;
const MB = 1_000_000;

interface Plan {
  readonly durationMs: number;
  readonly seed: number;
  readonly nodes: number;
  /** Entries per second. */
  readonly rate: number;
  readonly isKept: boolean;
}

interface Figures extends Judgement {
  readonly arena: Arena;
  readonly files: number;
  /** Time from the last line until the store had all entries. */
  readonly drainMs: number;
  readonly wholeMs: number;
}

function readPlan(): Plan {
  const { minutes, seed = Date.now() % 1_000_000, nodes, rate, keep } = readCommandLine(SCRIPT).values;
  return { durationMs: minutes * MINUTE_MS, seed, nodes, rate, isKept: keep };
}

/** Runs the torture. Everything is closed at the end, however that comes. */
async function torture(plan: Plan, folder: string): Promise<Figures> {
  const record = process.getuid?.() === 0 ? openRecord('torture', folder, '') : undefined;
  const nodes: TortureNode[] = [];
  const elasticsearch = await startElasticsearch({ version: 8, dir: join(folder, 'elasticsearch') });
  try {
    await refuseYesterday(elasticsearch);
    for (let number = 1; number <= plan.nodes; number += 1)
      nodes.push(await openNumbered(number, folder, { storeUrl: elasticsearch.url, disks: record }));
    return await run(plan, {
      nodes,
      elasticsearch,
      ledger: createLedger(),
      inexact: new Set(),
      counts: new Map(),
      under: new Set(),
    });
  } finally {
    for (const node of nodes) await node.close();
    await elasticsearch.stop();
    record?.forget();
  }
}

/** Creates yesterday's index with a field type that does not fit its entries, so that the index refuses them. */
async function refuseYesterday({ url }: Elasticsearch): Promise<void> {
  const store = openElasticsearchStore({ nodes: [url] });
  await store.check();
  await store.close();
  const day = new Date(Date.now() - 24 * 60 * MINUTE_MS).toISOString().slice(0, 10).replaceAll('-', '.');
  const answer = await fetch(`${url}/jobtrace-logs-${day}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mappings: { properties: { 'log.logger': { type: 'long' } } } }),
  });
  if (!answer.ok) throw new Error(`The index of ${day} cannot be made: ${await answer.text()}`);
}

/** Opens the node of that number. Every second one has two workers. */
function openNumbered(
  number: number,
  folder: string,
  { storeUrl, disks }: Pick<NodePlace, 'storeUrl' | 'disks'>,
): Promise<TortureNode> {
  const name = `node-${number}`;
  const place = join(folder, name);
  mkdirSync(place);
  return openNode({ name, folder: place, storeUrl, workers: number % 2 === 0 ? 2 : 1, disks });
}

async function run(plan: Plan, arena: Arena): Promise<Figures> {
  const { durationMs, seed } = plan;
  const began = performance.now();
  const { nodes, ledger } = arena;
  const pens = nodes.map((node) => openPens(node, createDice(seed, `pens ${node.name}`), ledger));
  for (const node of nodes) node.start();
  const over = new AbortController();
  // Every row of blows adds a listener.
  setMaxListeners(0, over.signal);
  const watched = new AbortController();
  const watching = watch(plan, arena, watched.signal);
  try {
    const dealt = dealBlows({ arena, seed, durationMs, over: over.signal });
    await Promise.all([write(plan, pens).finally(() => over.abort()), dealt]);
    const written = performance.now();
    for (const node of nodes) node.start();
    await drain(plan, arena);
    const drainMs = performance.now() - written;
    await findStored(arena);
    await Promise.all(nodes.map((node) => node.stop()));
    const files = pens
      .flat()
      .reduce((sum, { rotations }) => sum + 1 + rotations, arena.counts.get('file cut away') ?? 0);
    return { ...judge(arena), arena, files, drainMs, wholeMs: performance.now() - began };
  } finally {
    over.abort();
    watched.abort();
    await watching;
  }
}

async function write({ durationMs, rate }: Plan, pens: readonly (readonly Pen[])[]): Promise<void> {
  const end = performance.now() + durationMs;
  for (let last = performance.now(); last < end;) {
    await sleep(TURN_MS);
    const now = performance.now();
    for (const list of pens) usePens(list, ((now - last) / 1000) * (rate / pens.length));
    last = now;
  }
  // This happens at once, because a file that stays next to its archive for longer than `copyWaitMs` counts as another
  // one.
  for (const list of pens) finishPens(list);
}

/** Reads the counters while the agents are alive. */
async function watch(plan: Plan, { nodes, ledger, counts, under }: Arena, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  while (!signal.aborted) {
    for (const node of nodes) await node.readMetric('lag_bytes');
    if (process.stderr.isTTY) {
      const passed = `${renderTime(performance.now() - began)} of ${renderTime(plan.durationMs)}`;
      const kills = counts.get('kill -9') ?? 0;
      const text = `${passed} · ${renderCount(ledger.entries)} entries · ${kills} kills · ${[...under].join(', ')}`;
      process.stderr.write(`\r${text.slice(0, (process.stderr.columns ?? 80) - 1)}\u001b[K`);
    }
    await sleep(WATCH_MS, undefined, { signal }).catch(() => undefined);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

/**
 * Waits until nothing has been pending for a while, because agents first wait for copies and report losses after that.
 */
async function drain({ durationMs }: Plan, { nodes, elasticsearch, ledger }: Arena): Promise<void> {
  const quietMs = Math.min(QUIET_MS, durationMs / 5);
  const end = performance.now() + DRAIN_WITHIN_MS;
  for (let since = performance.now(); performance.now() - since < quietMs && performance.now() < end;) {
    await sleep(WATCH_MS);
    const lags = await Promise.all(nodes.map((node) => node.readMetric('lag_bytes')));
    const isWhole = lags.every((lag) => lag === 0) && (await countStored(elasticsearch)) >= ledger.least;
    if (!isWhole) since = performance.now();
  }
}

async function countStored({ url }: Elasticsearch): Promise<number> {
  await fetch(`${url}/jobtrace-logs-*/_refresh`, { method: 'POST' });
  const answer = await fetch(`${url}/jobtrace-logs-*/_count`);
  return Number(/"count":(\d+)/.exec(await answer.text())?.[1] ?? 0);
}

async function findStored({ elasticsearch: { url }, ledger }: Arena): Promise<void> {
  const store = openElasticsearchStore({ nodes: [url] });
  try {
    for (let cursor: string | undefined; ;) {
      const page = await store.readRecords(cursor, { limit: PAGE });
      for (const record of page.records)
        ledger.find({
          path: record['log.file.path'],
          offset: record['log.offset'],
          text: record['event.original'],
          isRefused: record['jobtrace.flags']?.includes('refused') === true,
        });
      cursor = page.cursor;
      if (page.drained) return;
    }
  } finally {
    await store.close();
  }
}

function judge({ nodes, ledger, inexact }: Arena): Judgement {
  const reported = new Map(nodes.flatMap((node) => [...node.readLost()]));
  const verdict = ledger.judge(reported, inexact);
  return { ...verdict, differences: [...nodes.flatMap(({ problems }) => problems), ...verdict.differences] };
}

function printFigures({ durationMs, seed, rate }: Plan, figures: Figures): void {
  const { arena, differences } = figures;
  const { nodes, counts, inexact } = arena;
  const sum = (read: (node: TortureNode) => number): number => nodes.reduce((all, node) => all + read(node), 0);
  const rows: readonly (readonly [what: string, value: string])[] = [
    ['seed', `${seed}; ${renderTime(durationMs)} minutes, ${nodes.length} nodes, ${rate} entries a second`],
    [
      'written',
      `${renderCount(figures.entries)} entries, ${(figures.bytes / MB).toFixed(1)} MB, ${renderCount(figures.files)} files`,
    ],
    ['agents started', renderCount(sum(({ lives }) => lives))],
    ['blows', [...counts].map(([name, count]) => `${name} ${count}`).join(', ')],
    ['requests answered wrongly', renderCount(sum(({ store }) => store.faults))],
    ['sent again, at least', `${renderCount(sum((node) => node.countSeen('duplicate_records_total')))} entries`],
    ['refused, kept aside', `${renderCount(figures.refused)} entries`],
    [
      'lost and reported',
      `${renderCount(figures.lost)} bytes${inexact.size > 0 ? `, of ${inexact.size} files at most` : ''}`,
    ],
    [
      'all in the store',
      `${(figures.drainMs / 1000).toFixed(1)} s after the last line; ${renderTime(figures.wholeMs)} in all`,
    ],
    ['differences', renderCount(differences.length)],
  ];
  for (const [what, value] of rows) console.log(`${what.padEnd(26)}${value}`);
  for (const difference of differences.slice(0, MAX_SHOWN)) console.log(`  ${difference}`);
}

/** Renders a time as `3:20`. */
function renderTime(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function renderCount(count: number): string {
  return count.toLocaleString('en');
}

async function main(): Promise<number> {
  const plan = readPlan();
  if (!existsSync(join(import.meta.dirname, '..', 'dist', 'cli.js'))) throw new Error('Build it first: npm run build');
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-torture-'));
  const figures = await torture(plan, folder);
  printFigures(plan, figures);
  const isRight = figures.differences.length === 0;
  if (isRight && !plan.isKept) rmSync(folder, { recursive: true, force: true });
  else console.log(`Logs and settings are left in ${folder}.`);
  return isRight ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(errorText(error));
  process.exitCode = 2;
}
