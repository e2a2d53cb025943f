// Plays scenarios on real clusters with the built program next to each: npx tsx lab/live.ts [SCENARIO…] (--help).
// Prints a row for each with cause, incidents, messages and the delay of each message after its log line, next to the
// scenario's label and the result of the command line on the same files. watch/judge.ts defines what is judged, and
// how.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText } from '../core/fault.js';
import { FRONT_DOOR } from '../test/program.js';
import { listScenarios, loadScenario, type Scenario } from './define/scenario.js';
import { VERSIONS } from './define/versions.js';
import { playLive } from './watch/live.js';
import { readCommandLine, type BenchScript } from './options.js';
import { judgePlayed, listFaults, renderRow, type Judged } from './watch/judge.js';
import { startNode, STORE_OPTION } from './watch/replay-store.js';

const SCRIPT = {
  name: 'lab/live.ts',
  summary: 'What the service says of scenarios while real clusters play them.',
  operands: '[SCENARIO…]',
  options: {
    flink: { kind: 'text', value: 'V', values: VERSIONS, default: VERSIONS[0], help: 'on which version' },
    every: { kind: 'number', default: '1', least: 1, help: 'of the scenarios only each Nth' },
    from: { kind: 'number', default: '0', help: 'so many of them are left out at the beginning' },
    rest: { kind: 'number', default: '40', help: 'so many seconds each is watched after its end' },
    store: STORE_OPTION,
    keep: { kind: 'text', value: 'FOLDER', help: 'Leave the whole recordings of the runs there.' },
  },
} as const satisfies BenchScript;

const { values, operands } = readCommandLine(SCRIPT);
const version = VERSIONS.find((known) => known === values.flink) ?? VERSIONS[0];

function chooseScenarios(): readonly Scenario[] {
  const asked = listScenarios().filter((id) => operands.length === 0 || operands.some((part) => id.startsWith(part)));
  const fitting = asked.map((id) => loadScenario(id, { version })).filter(({ flink }) => flink.includes(version));
  if (fitting.length > 0) return fitting.slice(values.from).filter((_, index) => index % values.every === 0);
  console.error(`${SCRIPT.name}: no scenario for Flink ${version} begins with ${operands.join(' or ')}.`);
  process.exit(2);
}

if (!existsSync(FRONT_DOOR)) {
  console.error(`${SCRIPT.name}: the program is not built; run "npm run build" first.`);
  process.exit(2);
}
const scenarios = chooseScenarios();
const folder = mkdtempSync(join(tmpdir(), 'jobtrace-live-'));
const node = await startNode(values.store, folder);
const rows: Judged[] = [];
let right = 0;
try {
  console.log(renderRow(['scenario', 'cause', 'messages', 'line to message', 'what is wrong']));
  console.log(renderRow(Array.from({ length: 5 }, () => '---')));
  for (const [index, scenario] of scenarios.entries()) await play(scenario, index);
  printSums();
} finally {
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function play(scenario: Scenario, index: number): Promise<void> {
  try {
    const run = await playLive(scenario, {
      version,
      recordings: values.keep ?? join(folder, 'recordings'),
      place: {
        folder: join(folder, `service-${index}`),
        elasticsearch: node === undefined ? undefined : { url: node.url, indexPrefix: `live-${index}` },
      },
      restMs: values.rest * 1000,
    });
    const row = judgePlayed(run);
    rows.push(row);
    const faults = listLiveFaults(row);
    if (faults.length === 0) right += 1;
    const delays = [
      ...row.delaysMs.map((ms) => `${Math.round(ms)} ms`),
      ...row.waitsMs.map((ms) => `${Math.round(ms)} ms waited`),
    ];
    console.log(renderRow([scenario.id, row.cause, row.messages.join(', '), delays.join(', '), faults.join(' · ')]));
  } catch (error) {
    // The failure of one run does not stop the others.
    console.log(renderRow([scenario.id, '', '', '', `not played: ${errorText(error).split('\n')[0] ?? ''}`]));
  }
}

function listLiveFaults(row: Judged): readonly string[] {
  const other = row.cause === row.label ? [] : [`${row.cause}, and the scenario is ${row.label}`];
  return [...other, ...listFaults(row, row)];
}

function printSums(): void {
  const delays = rows.flatMap(({ delaysMs }) => delaysMs).sort((a, b) => a - b);
  const waits = rows.flatMap(({ waitsMs }) => waitsMs).sort((a, b) => a - b);
  console.log(`\n${right} of ${rows.length} runs (of ${scenarios.length} scenarios) are as they must be.`);
  console.log(`From a line to the message about the cause that it shows: ${renderTimes(delays)}.`);
  console.log(`To symptoms, what no rule names, and corrections: ${renderTimes(waits)}.`);
}

/** Returns the count and the percentiles of the times, which must be sorted. */
function renderTimes(times: readonly number[]): string {
  if (times.length === 0) return 'no message';
  const at = (share: number): string => `${Math.round(times[Math.ceil(times.length * share) - 1] ?? 0)} ms`;
  return `${times.length} messages, p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`;
}
