// Makes the records of a fleet as its agents ship them: the lab's recordings again and again. Each copy has its own job
// ids, addresses and numbers and its own time within one day, and is read by real agents, one per cluster. For the
// measurement of storage.
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { hash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createAgent } from '../../agent/agent.js';
import { fillAgentSettings } from '../../agent/settings.js';
import { loadCatalog } from '../../analyzer/catalog/catalog.js';
import { listSignalWords } from '../../analyzer/catalog/signal-words.js';
import { createLog } from '../../core/log.js';
import type { LogRecord } from '../../core/types.js';
import { openMemoryStore } from '../../store/testing/memory.js';
import { renderTime } from '../agent/corpus.js';

const RECORDINGS = join(import.meta.dirname, '..', '..', 'lab', 'recordings');
export const DAY = '2026-11-20';
const DAY_BEGIN = Date.parse(`${DAY}T00:00:00.000Z`);
const DAY_MS = 86_400_000;
/** Number of clusters in one copy; each has one host for the JobManager and one for the TaskManagers. */
const CLUSTERS = 4;
const FILE = /\.(?:log|out)$/;
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}/gm;
/** Ids, and numbers that are not a line in a source file. */
const VARIED = /\b[0-9a-f]{32}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|(?<![\d.:-]|java:|\.scala:)\d{3,}\b/g;
const FEED_RECORDS = 10_000;
const CATALOG = loadCatalog();
const WORDS = listSignalWords(CATALOG);

/** Returns the records of one copy of all recordings; each number gives another copy. */
export async function readCopy(copy: number, copies: number): Promise<readonly LogRecord[]> {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-store-'));
  try {
    const clusters = Array.from({ length: CLUSTERS }, (_, index) => `session-${copy * CLUSTERS + index}`);
    writeLogs(folder, clusters, copy, copies);
    const records: LogRecord[] = [];
    for (const cluster of clusters)
      for (const host of readdirSync(join(folder, cluster)))
        records.push(...(await ship(join(folder, cluster, host), cluster, host)));
    return records;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes one recording after another into the files of their processes. */
function writeLogs(folder: string, clusters: readonly string[], copy: number, copies: number): void {
  const names = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' })
    .filter((name) => FILE.test(name) && !name.includes('gc'))
    .sort();
  const runs = [...new Set(names.map((name) => dirname(name)))];
  const slotMs = (DAY_MS * CLUSTERS) / runs.length;
  for (const [number, run] of runs.entries()) {
    const cluster = clusters[number % CLUSTERS] ?? '';
    const beginMs = DAY_BEGIN + Math.floor(number / CLUSTERS) * slotMs + (slotMs * copy) / copies;
    const logs = names.filter((name) => dirname(name) === run);
    const texts = logs.map((name) => readFileSync(join(RECORDINGS, name), 'utf8'));
    const first = Math.min(...texts.flatMap((text) => text.match(TIME)?.slice(0, 1) ?? []).map(readMs));
    for (const [index, name] of logs.entries()) {
      const host = `node-${copy * CLUSTERS + (number % CLUSTERS)}${basename(name).includes('taskexecutor') ? 1 : 0}`;
      const path = join(folder, cluster, host, basename(name).replace('node-1', host));
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, vary(texts[index] ?? '', { seed: `${copy} ${run}`, host, shiftMs: beginMs - first }));
    }
  }
}

function readMs(text: string): number {
  return Date.parse(`${text.replace(' ', 'T').replace(',', '.')}Z`);
}

function vary(
  text: string,
  { seed, host, shiftMs }: { readonly seed: string; readonly host: string; readonly shiftMs: number },
): string {
  const times: string[] = [];
  const bare = text.replace(TIME, (time) => {
    const moved = Math.min(readMs(time) + shiftMs, DAY_BEGIN + DAY_MS - 1);
    return `\u0000${times.push(renderTime(moved)) - 1}\u0000`;
  });
  // eslint-disable-next-line no-control-regex
  const parts = bare.split(/\u0000(\d+)\u0000/);
  return parts
    .map((part, index) =>
      index % 2 === 1
        ? times[Number(part)]
        : part.replaceAll('node-1', host).replace(VARIED, (value) => varyValue(value, seed)),
    )
    .join('');
}

/** Varies a value; equal values stay equal within a copy. */
function varyValue(value: string, seed: string): string {
  if (/^0+$/.test(value)) return value;
  const digits = hash('sha256', `${seed} ${value}`, 'hex');
  if (!/^\d+$/.test(value))
    return value.replace(/[0-9a-f]/g, (_digit, at: number) => digits[at % digits.length] ?? '0');
  const number = BigInt(`0x${digits}`).toString().slice(1);
  return `${value[0] ?? ''}${number.slice(0, value.length - 1)}`;
}

async function ship(dir: string, cluster: string, host: string): Promise<readonly LogRecord[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'jobtrace-store-agent-'));
  const store = openMemoryStore({ kind: 'elasticsearch', prefix: 'jobtrace' });
  let ms = 0;
  const now = (): number => DAY_BEGIN + DAY_MS + ms;
  const settings = fillAgentSettings({ dataDir, paths: [dir], host, cluster, zone: 'UTC', watch: false });
  const agent = createAgent(settings, { store, log: createLog('silent'), now, wallClock: now });
  agent.setWords(WORDS, CATALOG.scanner);
  try {
    for (;;) {
      ms += 60_000;
      const { lagBytes, readBytes } = await agent.pollOnce();
      if (lagBytes === 0 && readBytes === 0) break;
    }
    await agent.flush();
  } finally {
    agent.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
  const records: LogRecord[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await store.readRecords(cursor, { limit: FEED_RECORDS });
    records.push(...page.records);
    if (page.drained) return records;
    cursor = page.cursor;
  }
}
