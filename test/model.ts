// The model test of the agent: random histories of files (append, half an entry, rename, copy and truncate, compress,
// delete, the same inode again), of the store (down, busy for some, answers lost) and of the agent (restart, kill, a
// clock that is set) against a model of what was written. Fixed by its seed: the clock is moved by the steps, and files
// get its time. Used by model.test.ts, and by hand: npx tsx test/model.ts --sequences 10000 [--from 1] [--steps 40].
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { splitRecords } from '../store/batch.js';
import { decodeRecord } from '../store/encode.js';
import type { AppendOutcome, Store } from '../store/store.js';
import type { LogRecord } from '../core/types.js';
import { line, openAgentFixture, type AgentFixture } from './agent-fixture.js';

/** Where the model's time begins; entries are dated close to it. */
const START_MS = Date.UTC(2026, 4, 1, 12);
const DAY_MS = 86_400_000;
/** Nothing here is about a disk, and many syncs take long on one. */
const MEMORY = '/dev/shm';
const BUDGET_BYTES = 12_000;
const REST_MS = 3000;
const LONG_MS = 70_000;
/** A first line of this length has a key before it has an end. */
const KEY_BYTES = 64;
/** Number of what nobody wrote. */
const FOREIGN = -1;

interface Entry {
  readonly number: number;
  readonly text: string;
  readonly start: number;
}

/** One life of a file. */
interface Generation {
  readonly entries: Entry[];
  size: number;
  /** Its size when the agent last looked. */
  seen: number;
  /** Cut away without a copy: what was not read is lost. */
  isDestroyed: boolean;
}

interface Writer {
  readonly path: string;
  generation: Generation;
  /** The part of an entry that is not on disk yet. */
  rest: string;
  rotations: number;
  /** The rotated files that stand, the oldest first. */
  rotated: string[];
}

type StoreState = 'up' | 'down' | 'busy' | 'deaf';

interface StoreFaults {
  state: StoreState;
  /** Ids of records that are stored while the agent was told that they are not, or nothing. */
  readonly untold: Set<string>;
}

interface World {
  readonly fixture: AgentFixture;
  readonly random: () => number;
  readonly writers: readonly Writer[];
  readonly generations: Generation[];
  readonly store: StoreFaults;
  number: number;
  /** Counters of the agents that were ended. */
  lostBefore: number;
  collidedBefore: number;
  /** After a destruction the agent was restarted, so the number of lost bytes is no longer exact. */
  isVague: boolean;
}

type Step = (world: World, writer: Writer) => Promise<void> | void;

const STEP_TABLE: readonly (readonly [weight: number, name: string, step: Step])[] = [
  [30, 'append', (world, writer) => append(world, writer, 1 + pick(world, 4))],
  [3, 'append many', (world, writer) => append(world, writer, 100)],
  [14, 'append half an entry', appendHalf],
  [30, 'poll', (world) => poll(world, 100)],
  [12, 'poll after a rest', (world) => poll(world, REST_MS)],
  [8, 'rename', rotate],
  [5, 'copy and truncate', copyTruncate],
  [4, 'compress the oldest', compressOldest],
  [4, 'delete the oldest that was read', removeOldest],
  [3, 'the same inode again', reuseInode],
  [2, 'truncate without a copy', destroy],
  [5, 'restart', (world) => restart(world, true)],
  [5, 'kill', (world) => restart(world, false)],
  [4, 'the store goes down', (world) => setStore(world, 'down')],
  [4, 'the store is busy for some', (world) => setStore(world, 'busy')],
  [4, 'answers are lost', (world) => setStore(world, 'deaf')],
  [12, 'the store is back', (world) => setStore(world, 'up')],
  [3, 'the clock is set', setClock],
];

export interface Outcome {
  readonly seed: number;
  readonly history: readonly string[];
  /** What the store has that was not written, or lacks, or has twice; empty when all is well. */
  readonly problems: readonly string[];
}

export async function playSequence(seed: number, steps: number): Promise<Outcome> {
  const world = openWorld(seed);
  const history: string[] = [];
  try {
    for (let turn = 0; turn < steps; turn += 1) {
      const [, name, step] = pickStep(world);
      history.push(name);
      world.fixture.clock.offsetMs += 1;
      await step(world, world.writers[pick(world, world.writers.length)] ?? failWriter());
    }
    await finish(world);
    return { seed, history, problems: await compare(world) };
  } finally {
    await world.fixture.close();
  }
}

function openWorld(seed: number): World {
  const random = createRandom(seed);
  const store: StoreFaults = { state: 'up', untold: new Set() };
  const fixture = openAgentFixture({
    now: () => START_MS,
    root: existsSync(MEMORY) ? MEMORY : tmpdir(),
    copyWaitMs: 60_000,
    quantumBytes: 300,
    batchRecords: 20,
    budgetBytes: BUDGET_BYTES,
    wrap: (real) => spoil(real, store, random),
  });
  const generations: Generation[] = [];
  const writers = ['taskexecutor', 'standalonesession'].map((name) => ({
    path: join(fixture.logs, `flink-u-${name}-0-h.log`),
    generation: begin(generations),
    rest: '',
    rotations: 100,
    rotated: [],
  }));
  return {
    fixture,
    random,
    writers,
    generations,
    store,
    number: 0,
    lostBefore: 0,
    collidedBefore: 0,
    isVague: false,
  };
}

function spoil(real: Store, store: StoreFaults, random: () => number): Store {
  return {
    ...real,
    append: async (batch) => {
      if (store.state === 'down') throw new Error('connection refused');
      const outcomes = await real.append(batch);
      const ids = splitRecords(batch).map((bytes) => decodeRecord(real.encoding, bytes).id);
      for (const id of ids) store.untold.add(id);
      if (store.state === 'deaf') throw new Error('connection reset');
      return outcomes.map((outcome, index): AppendOutcome => {
        // What is asked for again is stored already or not: the agent cannot tell.
        if (store.state === 'busy' && random() < 0.4) return { kind: 'retry', error: '429' };
        store.untold.delete(ids[index] ?? '');
        return outcome;
      });
    },
  };
}

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

function pick({ random }: Pick<World, 'random'>, count: number): number {
  return Math.floor(random() * count);
}

function pickStep(world: World): (typeof STEP_TABLE)[number] {
  let rest = world.random() * STEP_TABLE.reduce((sum, [weight]) => sum + weight, 0);
  const found = STEP_TABLE.find(([weight]) => (rest -= weight) < 0) ?? STEP_TABLE[0];
  if (found === undefined) throw new Error('no steps');
  return found;
}

function failWriter(): never {
  throw new Error('no writer');
}

function begin(generations: Generation[]): Generation {
  const generation = { entries: [], size: 0, seen: 0, isDestroyed: false };
  generations.push(generation);
  return generation;
}

/** Gives the file the model's time. */
function stamp({ fixture }: World, path: string): void {
  const seconds = (START_MS + fixture.clock.offsetMs) / 1000;
  if (existsSync(path)) utimesSync(path, seconds, seconds);
}

function write(world: World, writer: Writer, text: string): void {
  appendFileSync(writer.path, text);
  writer.generation.size += Buffer.byteLength(text);
  stamp(world, writer.path);
}

function nextEntry(world: World, { generation }: Writer, start: number): Entry {
  const number = world.number++;
  const trace =
    world.random() < 0.3
      ? `\njava.io.IOException: failure ${number}\n\tat org.example.Job.run(Job.java:${number})\n\tat java.lang.Thread.run(Thread.java:829)`
      : '';
  const entry = { number, start, text: line(number, `event ${number} ${'x'.repeat(pick(world, 40))}${trace}`) };
  generation.entries.push(entry);
  return entry;
}

function append(world: World, writer: Writer, count: number): void {
  let text = writer.rest;
  writer.rest = '';
  for (let turn = 0; turn < count; turn += 1) {
    const entry = nextEntry(world, writer, writer.generation.size + Buffer.byteLength(text));
    text += `${entry.text}\n`;
  }
  write(world, writer, text);
}

/** Ends anywhere: within a line, between the lines of a trace. */
function appendHalf(world: World, writer: Writer): void {
  const text = writer.rest === '' ? `${nextEntry(world, writer, writer.generation.size).text}\n` : writer.rest;
  const cut = pick(world, text.length);
  writer.rest = text.slice(cut);
  if (cut > 0) write(world, writer, text.slice(0, cut));
}

function finishEntry(world: World, writer: Writer): void {
  if (writer.rest !== '') write(world, writer, writer.rest);
  writer.rest = '';
}

function nextRotation(writer: Writer): string {
  writer.rotations += 1;
  const path = `${writer.path}.${writer.rotations}`;
  writer.rotated.push(path);
  return path;
}

/** log4j never rotates within an event. The highest number is the newest. */
function rotate(world: World, writer: Writer): void {
  finishEntry(world, writer);
  if (!existsSync(writer.path)) return;
  renameSync(writer.path, nextRotation(writer));
  writer.generation = begin(world.generations);
}

async function copyTruncate(world: World, writer: Writer): Promise<void> {
  finishEntry(world, writer);
  if (!existsSync(writer.path)) return;
  const target = nextRotation(writer);
  copyFileSync(writer.path, target);
  stamp(world, target);
  if (world.random() < 0.5) await poll(world, 100);
  truncateSync(writer.path);
  stamp(world, writer.path);
  writer.generation = begin(world.generations);
}

function compressOldest(world: World, writer: Writer): void {
  const oldest = writer.rotated.find((path) => !path.endsWith('.gz'));
  if (oldest === undefined || statSync(oldest).size === 0) return;
  writeFileSync(`${oldest}.gz`, gzipSync(readFileSync(oldest)));
  stamp(world, `${oldest}.gz`);
  unlinkSync(oldest);
  writer.rotated = writer.rotated.map((path) => (path === oldest ? `${oldest}.gz` : path));
}

async function removeOldest(world: World, writer: Writer): Promise<void> {
  const [oldest] = writer.rotated;
  if (oldest === undefined) return;
  await readAll(world);
  unlinkSync(oldest);
  writer.rotated.shift();
}

/** While no agent runs, another file takes the inode; what stood in it was read. */
async function reuseInode(world: World, writer: Writer): Promise<void> {
  finishEntry(world, writer);
  if (!existsSync(writer.path)) return;
  await readAll(world);
  restart(world, false);
  writer.generation = begin(world.generations);
  writeFileSync(writer.path, '');
  append(world, writer, 1 + pick(world, 20));
}

/** What was not read is gone; a file that was seen empty or not at all leaves nothing behind. */
function destroy(world: World, writer: Writer): void {
  finishEntry(world, writer);
  if (!existsSync(writer.path)) return;
  writer.generation.isDestroyed = true;
  writer.generation = begin(world.generations);
  truncateSync(writer.path);
  stamp(world, writer.path);
}

async function poll(world: World, stepMs: number, times = 1): Promise<void> {
  for (const { path, generation } of world.writers) if (existsSync(path)) generation.seen = generation.size;
  await world.fixture.poll(times, stepMs);
}

async function readAll(world: World): Promise<void> {
  world.store.state = 'up';
  await poll(world, REST_MS);
  await poll(world, LONG_MS, 3);
}

async function restart(world: World, isOrderly: boolean): Promise<void> {
  const { fixture } = world;
  if (isOrderly && world.store.state === 'up') await fixture.agent.flush();
  world.lostBefore += fixture.counter('lostBytes');
  world.collidedBefore += fixture.counter('collidedRecords') + fixture.counter('refusedRecords');
  world.isVague ||= world.generations.some(({ isDestroyed }) => isDestroyed);
  fixture.restart();
}

function setStore({ store }: World, state: StoreState): void {
  store.state = state;
}

function setClock({ fixture, random }: World): void {
  fixture.clock.wallMs = Math.round((2 * random() - 1) * DAY_MS);
}

async function finish(world: World): Promise<void> {
  for (const writer of world.writers) finishEntry(world, writer);
  await readAll(world);
  await readAll(world);
}

async function compare(world: World): Promise<string[]> {
  const stored = new Map<number, LogRecord[]>();
  const problems: string[] = [];
  for (const record of await world.fixture.records()) {
    const number = findNumber(world, record);
    stored.set(number, [...(stored.get(number) ?? []), record]);
  }
  const losses: Losses = { missing: 0, destroyed: 0, untold: 0 };
  for (const generation of world.generations) {
    if (!generation.isDestroyed) problems.push(...compareWhole(generation, stored));
    else {
      const { readTo, found } = compareDestroyed(generation, stored);
      problems.push(...found);
      losses.missing += Math.max(0, generation.seen - readTo);
      losses.destroyed += generation.size;
      if (isUntold(world, generation, stored)) losses.untold += generation.size;
    }
  }
  for (const { 'event.original': text } of stored.get(FOREIGN) ?? []) problems.push(`foreign: ${text}`);
  return [...problems, ...compareLosses(world, losses)];
}

/** What was written to it. */
function render({ entries }: Generation): string {
  return entries.map(({ text }) => `${text}\n`).join('');
}

/** Which entry the record is, or the beginning of one that was cut away. */
function findNumber({ generations }: World, record: LogRecord): number {
  const text = record['event.original'];
  const number = Number(/event (\d+)/.exec(text)?.[1] ?? FOREIGN);
  const own = generations.flatMap((generation) => generation.entries).find((entry) => entry.number === number);
  if (own?.text === text && own.start === record['log.offset']) return own.number;
  const cut = generations
    .filter((generation) => generation.isDestroyed && render(generation).startsWith(text, record['log.offset']))
    .flatMap((generation) => generation.entries)
    .find((entry) => entry.start === record['log.offset'] && text.startsWith(entry.text.slice(0, text.length)));
  return cut?.number ?? own?.number ?? FOREIGN;
}

function compareWhole({ entries }: Generation, stored: ReadonlyMap<number, readonly LogRecord[]>): string[] {
  return entries.flatMap(({ number, text }) => {
    const texts = (stored.get(number) ?? []).map((record) => record['event.original']);
    if (texts.length !== 1) return [`event ${number} is stored ${texts.length} times`];
    return texts[0] === text ? [] : [`event ${number} is stored as ${JSON.stringify(texts[0])}`];
  });
}

/**
 * Up to where it was read: entries are stored at most once. The last record may hold a part of its entry only, or the
 * first bytes of the next one, too few to tell that it is one.
 */
function compareDestroyed(
  generation: Generation,
  stored: ReadonlyMap<number, readonly LogRecord[]>,
): { readonly readTo: number; readonly found: readonly string[] } {
  const content = render(generation);
  let readTo = 0;
  const found: string[] = [];
  for (const { number, start } of generation.entries) {
    const texts = (stored.get(number) ?? []).map((record) => record['event.original']);
    if (texts.length > 1) found.push(`event ${number} is stored ${texts.length} times`);
    if (texts.some((item) => !content.startsWith(item, start))) found.push(`event ${number} is stored as another`);
    if (texts[0] !== undefined) readTo = start + texts[0].length + 1;
  }
  // A first line without its end has no key yet; what is cut away before it has one is not counted.
  const isKeyed = generation.seen >= KEY_BYTES || content.slice(0, generation.seen).includes('\n');
  return { readTo: isKeyed ? readTo : generation.seen, found };
}

/**
 * An agent that ended before it heard of a record does not know that the store has it; when its file is gone as well,
 * the record and what came behind it count as lost.
 */
function isUntold(
  { store }: World,
  { entries }: Generation,
  stored: ReadonlyMap<number, readonly LogRecord[]>,
): boolean {
  return entries.some(({ number }) => stored.get(number)?.some(({ id }) => store.untold.has(id)));
}

interface Losses {
  /** Bytes that were seen and are not in the store. */
  missing: number;
  /** Bytes of all destroyed files, and of those with records that the agent may not know to be stored. */
  destroyed: number;
  untold: number;
}

/** Each destroyed file may differ by its last line break, or by a line too short to tell what it is. */
function compareLosses(world: World, { missing, destroyed, untold }: Losses): string[] {
  const lost = world.lostBefore + world.fixture.counter('lostBytes');
  const collided =
    world.collidedBefore + world.fixture.counter('collidedRecords') + world.fixture.counter('refusedRecords');
  const problems = collided > 0 ? [`${collided} records were refused`] : [];
  const count = world.generations.filter(({ isDestroyed }) => isDestroyed).length;
  const isExact = lost >= missing - count && lost <= missing + untold + count;
  if (world.isVague ? lost > destroyed : !isExact) problems.push(`${lost} bytes are reported as lost, ${missing} are`);
  return problems;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sequences: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      steps: { type: 'string', default: '40' },
    },
  });
  const from = Number(values.from);
  let failed = 0;
  for (let seed = from; seed < from + Number(values.sequences); seed += 1) {
    const { problems, history } = await playSequence(seed, Number(values.steps));
    if (problems.length === 0) continue;
    failed += 1;
    process.stdout.write(`seed ${seed}: ${problems.slice(0, 5).join('; ')}\n  ${history.join(', ')}\n`);
  }
  process.stdout.write(`${values.sequences} sequences of ${values.steps} steps, ${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
