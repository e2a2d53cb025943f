// Holds the world of a sequence: what writers have put into files, what the store does to the agent, and the agent
// between them. The test moves its time, and files get that time, so a sequence is determined by its moves. moves.ts
// changes the world; oracle.ts judges it.
import { omitMissing } from '../../core/json.js';
import { appendFileSync, existsSync, mkdirSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { splitRecords } from '../../store/batch.js';
import { decodeRecord } from '../../store/encode.js';
import type { AppendOutcome, Encoding } from '../../store/store.js';
import { openMemoryStore, type AgentStore } from '../../store/testing/memory.js';
import { line, openFixtureOver, type AgentFixture } from '../agent-fixture.js';

/** Beginning of the model's time; entries have times close to it. */
export const START_MS = Date.UTC(2026, 4, 1, 12);
export const REST_MS = 3000;
export const LONG_MS = 70_000;
/** Folder in memory, because no test here is about a disk and many syncs take long on one. */
const MEMORY = '/dev/shm';
const BUDGET_BYTES = 12_000;
/** Prefix of the lines in a container's file. */
const WRAPPER = '2026-05-01T10:00:00.000000001Z stdout';

export interface WrittenEntry {
  /** Number of the entry in the world; an entry of another file that begins alike has the same number. */
  readonly number: number;
  /** Text in its file, without the last line break. */
  readonly text: string;
  readonly start: number;
}

/** File from its creation to its end. */
export interface Generation {
  readonly family: string;
  readonly entries: WrittenEntry[];
  size: number;
  /** Size of the file at the agent's last poll. */
  seen: number;
  /** True if the file was truncated without a copy; what was not read is lost. */
  isDestroyed: boolean;
}

export interface Writer {
  readonly path: string;
  readonly isContainer: boolean;
  generation: Generation;
  /** Part of an entry that is not on disk yet. */
  rest: string;
  rotations: number;
  /** Existing rotated files, the oldest first. */
  rotated: string[];
}

/**
 * State of the store. `down`: refuses. `busy`: accepts all, and asks for some again. `deaf`: accepts all, and answers
 * nothing. `halved`: accepts all, and answers for the first half only.
 */
export type StoreState = 'up' | 'down' | 'busy' | 'deaf' | 'halved';

export interface StoreFaults {
  state: StoreState;
  /** Ids of records that are stored although the agent was told that they are not, or nothing. */
  readonly untold: Set<string>;
}

export interface ModelWorld {
  readonly fixture: AgentFixture<AgentStore>;
  /** Random generator of the current move. */
  random: () => number;
  readonly writers: readonly Writer[];
  readonly generations: Generation[];
  readonly store: StoreFaults;
  number: number;
  /** Counters of earlier agents. */
  lostBefore: number;
  collidedBefore: number;
  /** True if the agent was restarted after a destruction, so that the number of lost bytes is not exact. */
  isVague: boolean;
  /**
   * True if a file was copied, compressed or replaced, so that the agent takes it for a new one without its checkpoint.
   */
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
    // This time follows the clock of the machine, because records to be sent again later are never due while the
    // model's clock stands still.
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
        // A record that is requested again may be stored already or not; the agent cannot tell.
        if (store.state === 'busy' && random() < 0.4) return { kind: 'retry', error: '429' };
        store.untold.delete(ids[index] ?? '');
        return outcome;
      });
    },
  };
}

/** Creates a mulberry32 random generator; the same seed gives the same numbers. */
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

/** Sets the file's time to the model's time. */
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
  /** Number of pieces of the first line, if a container runtime writes it. */
  readonly pieces?: number;
  /** Beginning of its text, if it is not the usual one. */
  readonly banner?: string;
}

/** Returns the next entry, which its writer has not written yet. */
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

/** Joins the pieces of a container runtime; its prefixes stay in front of the other lines. */
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

/** Restarts the agent, in order or like kill -9. */
export async function restart(world: ModelWorld, isOrderly: boolean): Promise<void> {
  const { fixture } = world;
  if (isOrderly && world.store.state === 'up') await fixture.agent.flush();
  world.lostBefore += fixture.counter('lostBytes');
  world.collidedBefore += fixture.counter('collidedRecords') + fixture.counter('refusedRecords');
  world.isVague ||= world.generations.some(({ isDestroyed }) => isDestroyed);
  fixture.restart();
}
