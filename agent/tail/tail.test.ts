// Random histories of one file and its rotations against the list of lines that the writer wrote. A failing seed is
// printed; JOBTRACE_SEEDS is not read here: put the seed into SEEDS to keep it as a case.
import { appendFileSync, copyFileSync, existsSync, readdirSync, renameSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { line, openAgentFixture, type AgentFixture } from '../../test/agent-fixture.js';

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const STEPS = 60;

/** A small generator of numbers (mulberry32): the same seed, the same history. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Writer {
  readonly path: string;
  readonly written: string[];
  /** The part of an entry that is not on disk yet. */
  rest: string;
  number: number;
}

type Step = (writer: Writer, bench: AgentFixture, random: () => number) => Promise<void> | void;

const STEP_TABLE: readonly (readonly [weight: number, name: string, step: Step])[] = [
  [30, 'append', (writer, _bench, random) => append(writer, 1 + Math.floor(random() * 4), random)],
  [12, 'append half an entry', (writer, _bench, random) => appendHalf(writer, random)],
  [30, 'poll', (_writer, bench) => bench.poll(1, 100)],
  [12, 'poll after a rest', (_writer, bench) => bench.poll(1, 3000)],
  [8, 'rename', (writer) => rotate(writer)],
  [5, 'copy and truncate', (writer, bench) => copyTruncate(writer, bench)],
  [4, 'delete the oldest that was read', (writer, bench) => removeOldest(writer, bench)],
  [
    5,
    'restart',
    async (_writer, bench) => {
      await bench.agent.flush();
      bench.restart();
    },
  ],
  [5, 'kill', (_writer, bench) => bench.restart()],
];

function nextEntry(writer: Writer, random: () => number): string {
  const trace =
    random() < 0.3
      ? `\njava.io.IOException: failure ${writer.number}\n\tat org.example.Job.run(Job.java:${writer.number})\n\tat java.lang.Thread.run(Thread.java:829)`
      : '';
  const text = line(writer.number, `event ${writer.number} ${'x'.repeat(Math.floor(random() * 40))}${trace}`);
  writer.number += 1;
  writer.written.push(text);
  return `${text}\n`;
}

function append(writer: Writer, count: number, random: () => number): void {
  let text = writer.rest;
  writer.rest = '';
  for (let turn = 0; turn < count; turn += 1) text += nextEntry(writer, random);
  appendFileSync(writer.path, text);
}

function appendHalf(writer: Writer, random: () => number): void {
  const text = writer.rest === '' ? nextEntry(writer, random) : writer.rest;
  const cut = Math.floor(random() * text.length);
  appendFileSync(writer.path, text.slice(0, cut));
  writer.rest = text.slice(cut);
}

function finishEntry(writer: Writer): void {
  if (writer.rest !== '') appendFileSync(writer.path, writer.rest);
  writer.rest = '';
}

/** log4j never rotates within an event. The highest number is the newest. */
function rotate(writer: Writer): void {
  if (!existsSync(writer.path)) return;
  finishEntry(writer);
  renameSync(writer.path, `${writer.path}.${nextNumber(writer)}`);
}

async function copyTruncate(writer: Writer, bench: AgentFixture): Promise<void> {
  if (!existsSync(writer.path)) return;
  finishEntry(writer);
  const target = `${writer.path}.${nextNumber(writer)}`;
  copyFileSync(writer.path, target);
  if (writer.number % 2 === 0) await bench.poll(1, 100);
  truncateSync(writer.path);
}

async function removeOldest(writer: Writer, bench: AgentFixture): Promise<void> {
  const folder = join(writer.path, '..');
  const [oldest] = readdirSync(folder)
    .filter((name) => /\.\d+$/.test(name))
    .sort();
  if (oldest === undefined) return;
  await bench.poll(2, 3000);
  unlinkSync(join(folder, oldest));
}

function nextNumber(writer: Writer): string {
  const numbers = readdirSync(join(writer.path, '..')).map((name) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0));
  return String(Math.max(100, ...numbers) + 1);
}

async function playHistory(
  seed: number,
): Promise<{ written: string[]; stored: string[]; history: string[]; problems: string[] }> {
  const random = createRandom(seed);
  const bench = openAgentFixture({ copyWaitMs: 60_000, quantumBytes: 300 });
  const writer: Writer = { path: join(bench.logs, 'flink-u-taskexecutor-0-h.log'), written: [], rest: '', number: 0 };
  const history: string[] = [];
  const total = STEP_TABLE.reduce((sum, [weight]) => sum + weight, 0);
  try {
    for (let turn = 0; turn < STEPS; turn += 1) {
      let pick = random() * total;
      const [, name, step] = STEP_TABLE.find(([weight]) => (pick -= weight) < 0) ??
        STEP_TABLE[0] ?? [0, '', () => undefined];
      history.push(name);
      await step(writer, bench, random);
    }
    finishEntry(writer);
    await bench.poll(4, 70_000);
    const records = await bench.records();
    const problems = ['collidedRecords', 'refusedRecords', 'lostBytes'].filter((name) => bench.counter(name) > 0);
    const stored = records
      .sort((a, b) => (a['@timestamp'] < b['@timestamp'] ? -1 : 1))
      .map((record) => record['event.original']);
    return { written: writer.written, stored, history, problems };
  } finally {
    await bench.close();
  }
}

describe('the tail of a file', () => {
  it('has every entry once, whatever happens to the file and to the agent', async () => {
    for (const seed of SEEDS) {
      const { written, stored, history, problems } = await playHistory(seed);

      expect(stored, `seed ${seed}: ${history.join(', ')}`).toEqual(written);
      expect(problems, `seed ${seed}`).toEqual([]);
    }
  });
});
