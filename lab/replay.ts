// Replays recorded clusters line by line through agent, store, analyzer and notifier, in several orders of arrival: npx
// tsx lab/replay.ts [RECORDING…] (--help). Prints a row for each recording and order, and their sums. watch/judge.ts
// defines what is judged, and how.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCommandLine, type BenchScript } from './options.js';
import { listRecordings } from './play/manifest.js';
import { FAULTS, judgePlayed, listFaults, renderRow, type Judged } from './watch/judge.js';
import { ORDERS, type ReplayOrder } from './watch/order.js';
import { openIndices, openMemory, startNode, STORE_OPTION } from './watch/replay-store.js';
import { playRecording, type PlayPlace } from './watch/replay.js';

const SCRIPT = {
  name: 'lab/replay.ts',
  summary: 'What the service says of recorded clusters while their lines come in, in several orders of arrival.',
  operands: '[RECORDING…]',
  options: {
    orders: { kind: 'texts', value: 'ORDER', values: ORDERS, default: ORDERS.join(','), help: 'in which orders' },
    every: { kind: 'number', default: '1', least: 1, help: 'of the recordings only each Nth' },
    store: STORE_OPTION,
    from: {
      kind: 'text',
      value: 'FOLDER',
      help: 'Recordings of there, in place of those of the lab (lab -- record --whole).',
    },
    faults: { kind: 'switch', help: 'Print only rows in which something is wrong.' },
    ends: { kind: 'text', value: 'FOLDER', help: 'Write the incidents at the end there, a file for each row.' },
  },
} as const satisfies BenchScript;

const { values, operands } = readCommandLine(SCRIPT);

function chooseRecordings(): readonly string[] {
  const all = listRecordings(values.from);
  const asked = operands.length === 0 ? all : all.filter((name) => operands.some((part) => name.startsWith(part)));
  if (asked.length === 0) {
    console.error(`${SCRIPT.name}: no recording begins with ${operands.join(' or ')}; they are named as ${all[0]}.`);
    process.exit(2);
  }
  return asked.filter((_, index) => index % values.every === 0);
}

function isOrder(text: string): text is ReplayOrder {
  return ORDERS.some((order) => order === text);
}

const orders = values.orders.filter(isOrder);
const folder = mkdtempSync(join(tmpdir(), 'jobtrace-replay-'));
const node = await startNode(values.store, folder);
const place: PlayPlace = {
  folder: join(folder, 'play'),
  root: values.from,
  ...(node === undefined ? openMemory() : openIndices(node.url)),
};
const rows: { readonly row: Judged; readonly first: Judged }[] = [];
try {
  console.log(renderRow(['recording', 'order', 'cause', 'messages', 'line to message', 'what is wrong']));
  console.log(renderRow(Array.from({ length: 6 }, () => '---')));
  for (const recording of chooseRecordings()) await play(recording);
  printSums();
} finally {
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function play(recording: string): Promise<void> {
  let first: Judged | undefined;
  for (const order of orders) {
    const row = judgePlayed(await playRecording(recording, order, place));
    first ??= row;
    rows.push({ row, first });
    const faults = listFaults(row, first);
    const delays = [...row.delaysMs.map((ms) => `${ms} ms`), ...row.waitsMs.map((ms) => `${ms} ms waited`)].join(', ');
    if (!values.faults || faults.length > 0)
      console.log(renderRow([recording, order, row.cause, row.messages.join(', '), delays, faults.join(' · ')]));
    if (values.ends !== undefined) keepEnd(values.ends, row);
  }
}

function keepEnd(into: string, { recording, order, end }: Judged): void {
  mkdirSync(into, { recursive: true });
  writeFileSync(join(into, `${recording.replaceAll('/', '_')}.${order}.json`), end);
}

function printSums(): void {
  const kinds = Object.keys(FAULTS);
  const columns = [
    'order',
    'recordings',
    ...kinds,
    'line to cause p50',
    'p99',
    'longest',
    'to what no line shows alone',
  ];
  console.log(`\n${renderRow(columns)}\n${renderRow(columns.map(() => '---'))}`);
  for (const order of orders) {
    const own = rows.filter(({ row }) => row.order === order);
    const delays = own.flatMap(({ row }) => row.delaysMs).sort((a, b) => a - b);
    const waited = own.flatMap(({ row }) => row.waitsMs);
    const counts = kinds.map((kind) => own.filter(({ row, first }) => FAULTS[kind]?.(row, first) !== '').length);
    const times = [0.5, 0.99, 1].map((share) => delays[Math.ceil(delays.length * share) - 1]);
    const longest = waited.length === 0 ? undefined : Math.max(...waited);
    console.log(renderRow([order, own.length, ...counts, ...[...times, longest].map(renderDelay)].map(String)));
  }
}

/** Renders the delay; empty if no message was sent. */
function renderDelay(ms: number | undefined): string {
  return ms === undefined ? '' : `${ms} ms`;
}
