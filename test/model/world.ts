// The world of a sequence: what writers have put into files, what the store does to the agent, and the agent between
// them. Its time is moved by hand and files get it, so a sequence is fixed by its moves. Filled by moves.ts, judged by
// oracle.ts.
import { omitMissing } from '../../core/json.js';
import { appendFileSync, existsSync, mkdirSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { splitRecords } from '../../store/batch.js';
import { decodeRecord } from '../../store/encode.js';
import type { AppendOutcome, Encoding } from '../../store/store.js';
import { openMemoryStore, type AgentStore } from '../../store/testing/memory.js';
import { line, openFixtureOver, type AgentFixture } from '../agent-fixture.js';

/** Where the model's time begins; entries are dated close to it. */
export const START_MS = Date.UTC(2026, 4, 1, 12);
export const REST_MS = 3000;
export const LONG_MS = 70_000;
/** Nothing here is about a disk, and many syncs take long on one. */
const MEMORY = '/dev/shm';
const BUDGET_BYTES = 12_000;
/** Of the lines of a container's file. */
const WRAPPER = '2026-05-01T10:00:00.000000001Z stdout';

export interface WrittenEntry {
  /** Counts the entries of the world; an entry of another file that begins alike has the same. */
  readonly number: number;
  /** As it stands in its file, without the last line break. */
  readonly text: string;
  readonly start: number;
}

/** One life of a file. */
export interface Generation {
  readonly family: string;
  readonly entries: WrittenEntry[];
  size: number;
  /** Its size when the agent last looked. */
  seen: number;
  /** Cut away without a copy: what was not read is lost. */
  isDestroyed: boolean;
}

export interface Writer {
  readonly path: string;
  readonly isContainer: boolean;
  generation: Generation;
  /** The part of an entry that is not on disk yet. */
  rest: string;
  rotations: number;
  /** The rotated files that stand, the oldest first. */
  rotated: string[];
}

/** `down`: refuses. `busy`: takes all, and asks for some again. `deaf`: takes all, and says nothing. */
export type StoreState = 'up' | 'down' | 'busy' | 'deaf' | 'halved';

export interface StoreFaults {
  state: StoreState;
  /** Ids of records that are stored while the agent was told that they are not, or nothing. */
  readonly untold: Set<string>;
}

export interface ModelWorld {
  readonly fixture: AgentFixture<AgentStore>;
  /** Of the move that is made. */
  random: () => number;
  readonly writers: readonly Writer[];
  readonly generations: Generation[];
  readonly store: StoreFaults;
  number: number;
  /** Counters of the agents that were ended. */
  lostBefore: number;
  collidedBefore: number;
  /** After a destruction the agent was restarted, so the number of lost bytes is no longer exact. */
  isVague: boolean;
  /** A file was copied, compressed or replaced: without its checkpoint the agent takes it for a new one. */
  isMoved: boolean;
}

export interface WorldOptions {
  readonly encoding: Encoding;
  readonly maxOpenFiles?: number | undefined;
  readonly random: () => number;
  readonly hasContainer: boolean;
}

export function openWorld({ encoding, maxOpenFiles, random, hasContainer }: WorldOptions): ModelWorld {
  const store: StoreFaults = { state: 'up', untold: new Set() };
  const generations: Generation[] = [];
  const world: { current?: ModelWorld } = {};
  const fixture = openFixtureOver(openMemoryStore(encoding), {
    now: () => START_MS,
    root: existsSync(MEMORY) ? MEMORY : tmpdir(),
    copyWaitMs: 60_000,
    quantumBytes: 300,
    batchRecords: 20,
    budgetBytes: BUDGET_BYTES,
    ...omitMissing({ maxOpenFiles }),
    // By the clock of the machine: what is to be sent again later is never due while the model's clock stands.
    stopWithinMs: 20,
    wrap: (real) => spoil(real, store, () => (world.current?.random ?? random)()),
  });
  const paths = ['taskexecutor', 'standalonesession'].map((name) => join(fixture.logs, `flink-u-${name}-0-h.log`));
  if (hasContainer) paths.push(join(fixture.logs, 'pods', 'shop_jobmanager-1_0a1b', 'main', '0.log'));
  world.current = {
    fixture,
    random,
    writers: paths.map((path) => createWriter(path, generations)),
    generations,
    store,
    number: 0,
    lostBefore: 0,
    collidedBefore: 0,
    isVague: false,
    isMoved: false,
  };
  return world.current;
}

function createWriter(path: string, generations: Generation[]): Writer {
  mkdirSync(dirname(path), { recursive: true });
  return {
    path,
    isContainer: path.includes('/pods/'),
    generation: begin(generations, path),
    rest: '',
    rotations: 100,
    rotated: [],
  };
}

function spoil(real: AgentStore, store: StoreFaults, random: () => number): AgentStore {
  return {
    ...real,
    append: async (batch) => {
      if (store.state === 'down') throw new Error('connection refused');
      const outcomes = await real.append(batch);
      const ids = splitRecords(batch).map((bytes) => decodeRecord(real.encoding, bytes).id);
      for (const id of ids) store.untold.add(id);
      if (store.state === 'deaf') throw new Error('connection reset');
      const told = store.state === 'halved' ? outcomes.slice(0, Math.floor(outcomes.length / 2)) : outcomes;
      return told.map((outcome, index): AppendOutcome => {
        // What is asked for again is stored already or not: the agent cannot tell.
        if (store.state === 'busy' && random() < 0.4) return { kind: 'retry', error: '429' };
        store.untold.delete(ids[index] ?? '');
        return outcome;
      });
    },
  };
}

/** A small generator of numbers (mulberry32): the same seed, the same numbers. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function pick(random: () => number, count: number): number {
  return Math.floor(random() * count);
}

export function begin(generations: Generation[], family: string): Generation {
  const generation = { family, entries: [], size: 0, seen: 0, isDestroyed: false };
  generations.push(generation);
  return generation;
}

/** Gives the file the model's time. */
export function stamp({ fixture }: ModelWorld, path: string): void {
  const seconds = (START_MS + fixture.clock.offsetMs) / 1000;
  if (existsSync(path)) utimesSync(path, seconds, seconds);
}

export function write(world: ModelWorld, writer: Writer, text: string): void {
  appendFileSync(writer.path, text);
  writer.generation.size += Buffer.byteLength(text);
  stamp(world, writer.path);
}

export interface EntryShape {
  readonly hasTrace: boolean;
  /** The first line comes in so many pieces, where a container runtime writes it. */
  readonly pieces?: number;
  /** What its text begins with, where that is not its own. */
  readonly banner?: string;
}

/** The text of an entry that its writer has not written yet. */
export function nextEntry(world: ModelWorld, writer: Writer, start: number, shape: EntryShape): WrittenEntry {
  const number = world.number++;
  const trace = shape.hasTrace
    ? `\njava.io.IOException: failure ${number}\n\tat org.example.Job.run(Job.java:${number})\n\tat java.lang.Thread.run(Thread.java:829)`
    : '';
  const message = `event ${number} ${'x'.repeat(pick(world.random, 40))}${trace}`;
  const text = shape.banner === undefined ? line(number, message) : line(0, `${shape.banner} ${message}`);
  const entry = { number, start, text: writer.isContainer ? wrap(text, shape.pieces ?? 1) : text };
  writer.generation.entries.push(entry);
  return entry;
}

function wrap(text: string, pieces: number): string {
  const [first = '', ...others] = text.split('\n');
  const size = Math.ceil(first.length / pieces);
  const parts = Array.from({ length: pieces }, (_, at) => first.slice(at * size, (at + 1) * size));
  return [
    ...parts.map((part, at) => `${WRAPPER} ${at < pieces - 1 ? 'P' : 'F'} ${part}`),
    ...others.map((other) => `${WRAPPER} F ${other}`),
  ].join('\n');
}

/** What a container runtime cut into pieces, put together; its marks stay in front of the other lines. */
export function joinPieces(text: string): string {
  return !text.includes(' stdout P ') ? text : text.replace(/(?<=stdout P [^\n]*)\n\S+ stdout [PF] /g, '');
}

export function finishEntry(world: ModelWorld, writer: Writer): void {
  if (writer.rest !== '') write(world, writer, writer.rest);
  writer.rest = '';
}

export async function poll(world: ModelWorld, stepMs: number, times = 1): Promise<void> {
  for (const { path, generation } of world.writers) if (existsSync(path)) generation.seen = generation.size;
  await world.fixture.poll(times, stepMs);
}

export async function readAll(world: ModelWorld): Promise<void> {
  world.store.state = 'up';
  await poll(world, REST_MS);
  await poll(world, LONG_MS, 3);
}

/** In order, or as kill -9 does. */
export async function restart(world: ModelWorld, isOrderly: boolean): Promise<void> {
  const { fixture } = world;
  if (isOrderly && world.store.state === 'up') await fixture.agent.flush();
  world.lostBefore += fixture.counter('lostBytes');
  world.collidedBefore += fixture.counter('collidedRecords') + fixture.counter('refusedRecords');
  world.isVague ||= world.generations.some(({ isDestroyed }) => isDestroyed);
  fixture.restart();
}
