// Deals the blows (faults) of a torture to its nodes and their store: a table of blows, how often each comes and how
// long it lasts. Each row runs independently for each node, so that blows overlap.
import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Elasticsearch } from '../../lab/parts/services/elasticsearch.js';
import { isBulk, type Fault, type FaultAnswer } from '../../store/testing/fault-proxy.js';
import { createDice, type Dice, type DiceSpan } from './dice.js';
import { renderEntry } from './entries.js';
import type { Ledger } from './ledger.js';
import type { TortureNode } from './node.js';

const DAY_MS = 86_400_000;
/** Shortest torture, in milliseconds, that has great blows. */
const SHORT_MS = 120_000;
const CUT_ENTRIES: DiceSpan = [500, 6000];
/**
 * Times, in milliseconds, until the agent has noticed a file, until it has reported its loss (usual and longest), and
 * until what it read of it is stored.
 */
const NOTICE_MS = 20_000;
const REPORT_MS = 13_000;
const REPORT_WITHIN_MS = 60_000;
const DELIVER_MS = 120_000;
const LOOK_MS = 200;
/** Small size limit of a proxy in bytes. */
const SMALL_BYTES = 30_000;

export interface Arena {
  readonly nodes: readonly TortureNode[];
  readonly elasticsearch: Elasticsearch;
  readonly ledger: Ledger;
  /** Files whose number of lost bytes is an upper bound. */
  readonly inexact: Set<string>;
  /** Number of times that each blow was dealt. */
  readonly counts: Map<string, number>;
  /** Blows that are active now. */
  readonly under: Set<string>;
}

interface Blow {
  readonly arena: Arena;
  readonly node: TortureNode;
  readonly dice: Dice;
  readonly lastMs: number;
  /** Number for the names of entries and files. */
  readonly turn: number;
}

interface BlowRow {
  readonly name: string;
  /** Time from the end of one blow to the next, and its duration, in milliseconds. */
  readonly everyMs: DiceSpan;
  readonly lastMs: DiceSpan;
  /** True for a blow that hits all nodes and takes so long that a short torture has none. */
  readonly isGreat?: boolean;
  /** Deals the blow; returns false if that was not possible now. */
  readonly deal: (blow: Blow) => Promise<boolean>;
}

const BUSY: FaultAnswer = {
  status: 429,
  body: '{"error":{"type":"es_rejected_execution_exception","reason":"full"},"status":429}',
};
const PAGES: readonly FaultAnswer[] = [
  BUSY,
  { status: 502, body: '<html>Bad gateway</html>', type: 'text/html' },
  { status: 503, body: '' },
  { status: 200, body: '<html>Please log in</html>', type: 'text/html' },
];

const BLOWS: readonly BlowRow[] = [
  { name: 'kill -9', everyMs: [500, 8000], lastMs: [0, 3000], deal: kill },
  { name: 'stop and start', everyMs: [8000, 40_000], lastMs: [0, 2000], deal: stop },
  { name: 'disk full', everyMs: [5000, 40_000], lastMs: [1000, 8000], deal: fillDisk },
  { name: 'clock set', everyMs: [3000, 20_000], lastMs: [0, 5000], deal: setClock },
  {
    name: 'store away',
    everyMs: [4000, 25_000],
    lastMs: [500, 12_000],
    deal: (blow) => cheat(blow, () => 'cut-before'),
  },
  {
    name: 'answers lost',
    everyMs: [3000, 15_000],
    lastMs: [500, 5000],
    deal: (blow) => cheat(blow, loseAnswers(blow)),
  },
  {
    name: 'answers in part',
    everyMs: [3000, 15_000],
    lastMs: [500, 6000],
    deal: (blow) => cheat(blow, askAgain(blow)),
  },
  { name: 'answers late', everyMs: [3000, 15_000], lastMs: [500, 8000], deal: (blow) => cheat(blow, delay(blow)) },
  {
    name: 'pages of a proxy',
    everyMs: [3000, 15_000],
    lastMs: [500, 4000],
    deal: (blow) => cheat(blow, answerPages(blow)),
  },
  { name: 'requests too large', everyMs: [5000, 25_000], lastMs: [500, 4000], deal: (blow) => cheat(blow, limitSize) },
  { name: 'file cut away', everyMs: [5000, 60_000], lastMs: [0, 3000], deal: cutFile },
  { name: 'indices read-only', everyMs: [20_000, 60_000], lastMs: [1000, 6000], deal: block, isGreat: true },
  { name: 'Elasticsearch killed', everyMs: [40_000, 120_000], lastMs: [0, 10_000], deal: killStore, isGreat: true },
];

export interface Dealing {
  readonly arena: Arena;
  readonly seed: number;
  readonly durationMs: number;
  /** Signal after which no more blows are dealt. */
  readonly over: AbortSignal;
}

/** Deals blows. Resolves when all that were begun are over. */
export async function dealBlows(dealing: Dealing): Promise<void> {
  const { arena, durationMs } = dealing;
  const rows = BLOWS.filter(({ isGreat }) => durationMs >= SHORT_MS || isGreat !== true);
  await Promise.all(
    rows.flatMap((row) =>
      arena.nodes.slice(0, row.isGreat === true ? 1 : undefined).map((node) => dealRow(dealing, row, node)),
    ),
  );
}

async function dealRow({ arena, seed, durationMs, over }: Dealing, row: BlowRow, node: TortureNode): Promise<void> {
  const key = `${row.name} ${node.name}`;
  const dice = createDice(seed, key);
  for (let turn = 0; ; turn += 1) {
    const everyMs = dice.between(row.everyMs);
    // The first blow comes in any torture.
    const waitMs = turn === 0 ? Math.min(everyMs, durationMs / 3) : everyMs;
    await sleep(waitMs, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return;
    arena.under.add(key);
    const isDealt = await row.deal({ arena, node, dice, lastMs: dice.between(row.lastMs), turn });
    arena.under.delete(key);
    if (isDealt) arena.counts.set(row.name, (arena.counts.get(row.name) ?? 0) + 1);
  }
}

async function kill({ node, lastMs }: Blow): Promise<boolean> {
  if (node.isCalm || !node.isUp) return false;
  await node.kill();
  await sleep(lastMs);
  node.start();
  return true;
}

/** Stops the agent in order. An agent that is still starting has nothing to end in order. */
async function stop({ node, lastMs }: Blow): Promise<boolean> {
  if ((await node.readMetric('files')) === undefined || node.isCalm || !node.isUp) return false;
  await node.stop();
  await sleep(lastMs);
  node.start();
  return true;
}

async function fillDisk({ node, lastMs }: Blow): Promise<boolean> {
  if (node.isCalm || !node.fillDisk()) return false;
  node.isFull = true;
  await sleep(lastMs);
  node.emptyDisk();
  node.isFull = false;
  return true;
}

async function setClock({ node, dice, lastMs }: Blow): Promise<boolean> {
  node.setClock(dice.between([-DAY_MS, DAY_MS]));
  await sleep(lastMs);
  return true;
}

async function cheat({ node, lastMs }: Blow, fault: Fault): Promise<boolean> {
  const end = node.store.begin(fault);
  await sleep(lastMs);
  end();
  return true;
}

function loseAnswers({ dice }: Blow): Fault {
  return ({ path }) => (isBulk(path) && dice.chance(0.5) ? 'cut-after' : undefined);
}

/** Creates a fault by which some records must be sent again, while the others are accepted. */
function askAgain({ dice }: Blow): Fault {
  const share = dice.pick([0.01, 0.3, 0.9]);
  const decide = (): number | undefined => (dice.chance(share) ? dice.pick([429, 503]) : undefined);
  return ({ path }) => (isBulk(path) ? { decide } : undefined);
}

function delay({ dice }: Blow): Fault {
  return ({ path }) => (isBulk(path) && dice.chance(0.5) ? { delayMs: dice.between([200, 3000]) } : undefined);
}

function answerPages({ dice }: Blow): Fault {
  return () => (dice.chance(0.7) ? dice.pick(PAGES) : undefined);
}

const limitSize: Fault = ({ path, bytes }) =>
  isBulk(path) && bytes > SMALL_BYTES ? { status: 413, body: '<html>413</html>', type: 'text/html' } : undefined;

/**
 * Truncates a file without a copy, after the agent has seen its size and before it has read all of it, because the
 * store is away and the budget is spent. No other blow may hit this agent until it has reported the loss.
 */
async function cutFile({ arena, node, dice, lastMs, turn }: Blow): Promise<boolean> {
  if (!(await becomes(() => !node.isFull && node.isUp, NOTICE_MS))) return false;
  node.isCalm = true;
  const number = node.name.replace(/\D/g, '');
  const path = join(node.logs, `flink-u-zookeeper-${turn}-${number}.log`);
  const bringBack = node.store.begin(() => 'cut-before');
  try {
    const entries = Array.from({ length: dice.between(CUT_ENTRIES) }, (_, at) =>
      renderEntry(dice, `cut-${number}-${turn * CUT_ENTRIES[1] + at}`),
    );
    for (const entry of entries) arena.ledger.note(entry);
    writeFileSync(path, entries.map(({ text }) => `${text}\n`).join(''));
    const { size } = statSync(path);
    if (!(await becomes(() => node.findStates(path).some((state) => state.size === size), NOTICE_MS))) return false;
    await sleep(lastMs);
    truncateSync(path);
    arena.ledger.cut({ path, entries });
    bringBack();
    await sleep(REPORT_MS);
    if (size > node.budgetBytes) await becomes(() => node.readLost().has(path), REPORT_WITHIN_MS);
    const isDelivered = await becomes(async () => (await node.readMetric('at_risk_bytes')) === 0, DELIVER_MS);
    if (!isDelivered) arena.inexact.add(path);
    return true;
  } finally {
    bringBack();
    node.isCalm = false;
  }
}

/** Blocks the indices, as Elasticsearch does when its disk is nearly full. */
async function block({ arena, lastMs }: Blow): Promise<boolean> {
  const { url } = arena.elasticsearch;
  if (!(await setBlock(url, true))) return false;
  await sleep(lastMs);
  await becomes(() => setBlock(url, null), DELIVER_MS);
  return true;
}

async function setBlock(url: string, isOn: true | null): Promise<boolean> {
  const [method, body] = ['PUT', JSON.stringify({ 'index.blocks.read_only_allow_delete': isOn })];
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/jobtrace-logs-*/_settings`, { method, body, headers }).catch(() => undefined);
  return answer?.ok === true;
}

async function killStore({ arena, lastMs }: Blow): Promise<boolean> {
  await arena.elasticsearch.kill();
  await sleep(lastMs);
  await arena.elasticsearch.restart();
  return true;
}

async function becomes(isTrue: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const end = performance.now() + withinMs; performance.now() < end; await sleep(LOOK_MS))
    if (await isTrue()) return true;
  return false;
}
