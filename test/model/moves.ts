// Defines the moves of a sequence: on a file (append, half an entry, a trace with pauses, rename, copy and truncate,
// compress, delete, the same inode again), on the store (down, busy, answers lost or cut), on the agent (restart, kill,
// a lost checkpoint, a clock that is set). The table defines their weights. play.ts plays them.
import {
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { FIRST_BYTES } from '../../agent/tail/identity.js';
import {
  begin,
  finishEntry,
  LONG_MS,
  nextEntry,
  pick,
  poll,
  readAll,
  REST_MS,
  restart,
  stamp,
  write,
  type StoreState,
  type ModelWorld,
  type Writer,
} from './world.js';

const DAY_MS = 86_400_000;
/** Bytes of a first line that are enough to name its records before the line ends. */
export const KEY_BYTES = 64;
/** Share of entries that have a stack trace. */
const TRACES = 0.3;

export interface MoveRow {
  readonly weight: number;
  readonly name: string;
  readonly make: (world: ModelWorld, writer: Writer) => Promise<void> | void;
}

/** Moves of the earlier version, from which the seeds of FIRST_SEEDS have their histories. */
export const FIRST_ROWS: readonly MoveRow[] = [
  { weight: 30, name: 'append', make: (world, writer) => append(world, writer, 1 + pick(world.random, 4)) },
  { weight: 3, name: 'append many', make: (world, writer) => append(world, writer, 100) },
  { weight: 14, name: 'append half an entry', make: appendHalf },
  { weight: 30, name: 'poll', make: (world) => poll(world, 100) },
  { weight: 12, name: 'poll after a rest', make: (world) => poll(world, REST_MS) },
  { weight: 8, name: 'rename', make: rotate },
  { weight: 5, name: 'copy and truncate', make: copyTruncate },
  { weight: 4, name: 'compress the oldest', make: compressOldest },
  { weight: 4, name: 'delete the oldest that was read', make: removeOldest },
  { weight: 3, name: 'the same inode again', make: reuseInode },
  { weight: 2, name: 'truncate without a copy', make: destroy },
  { weight: 5, name: 'restart', make: (world) => restart(world, true) },
  { weight: 5, name: 'kill', make: (world) => restart(world, false) },
  { weight: 4, name: 'the store goes down', make: (world) => setStore(world, 'down') },
  { weight: 4, name: 'the store is busy for some', make: (world) => setStore(world, 'busy') },
  { weight: 4, name: 'answers are lost', make: (world) => setStore(world, 'deaf') },
  { weight: 12, name: 'the store is back', make: (world) => setStore(world, 'up') },
  { weight: 3, name: 'the clock is set', make: setClock },
];

export const ROWS: readonly MoveRow[] = [
  ...FIRST_ROWS,
  { weight: 4, name: 'answers are cut', make: (world) => setStore(world, 'halved') },
  { weight: 5, name: 'a trace with pauses', make: appendSlowly },
  { weight: 4, name: 'a line in pieces over a rotation', make: rotateBetweenPieces },
  { weight: 4, name: 'rotations while the store is down', make: rotateDuringOutage },
  { weight: 3, name: 'a file that begins like another', make: beginAlike },
  { weight: 3, name: 'the checkpoint is lost', make: loseCheckpoint },
];

function append(world: ModelWorld, writer: Writer, count: number): void {
  let text = writer.rest;
  writer.rest = '';
  for (let turn = 0; turn < count; turn += 1) text += takeText(world, writer, Buffer.byteLength(text));
  write(world, writer, text);
}

/** Returns the next entry with its line break, `ahead` bytes after the end of the file. */
function takeText(world: ModelWorld, writer: Writer, ahead = 0): string {
  const hasTrace = world.random() < TRACES;
  return `${nextEntry(world, writer, writer.generation.size + ahead, { hasTrace }).text}\n`;
}

/**
 * Appends a part of an entry that ends anywhere: within a line, between the lines of a trace. A container runtime
 * writes whole lines.
 */
function appendHalf(world: ModelWorld, writer: Writer): void {
  const text = writer.rest === '' ? takeText(world, writer) : writer.rest;
  const place = pick(world.random, text.length);
  const cut = writer.isContainer ? text.lastIndexOf('\n', place) + 1 : place;
  writer.rest = text.slice(cut);
  if (cut > 0) write(world, writer, text.slice(0, cut));
  // The records of the file are named after this part if it becomes idle now.
  if (writer.generation.size < KEY_BYTES && writer.rest.includes('\n')) world.isMoved = true;
}

/** Appends an entry line by line. The agent polls in between, sometimes so late that it ships the incomplete entry. */
async function appendSlowly(world: ModelWorld, writer: Writer): Promise<void> {
  finishEntry(world, writer);
  const { text } = nextEntry(world, writer, writer.generation.size, { hasTrace: true });
  for (const row of text.split('\n')) {
    write(world, writer, `${row}\n`);
    await poll(world, world.random() < 0.5 ? 100 : REST_MS);
  }
}

function nextRotation(writer: Writer): string {
  writer.rotations += 1;
  const path = `${writer.path}.${writer.isContainer ? `20260501-100${writer.rotations}` : writer.rotations}`;
  writer.rotated.push(path);
  return path;
}

/** Rotates the file. log4j never rotates within an event. The highest number is the newest. */
function rotate(world: ModelWorld, writer: Writer): void {
  finishEntry(world, writer);
  moveAway(world, writer);
}

function moveAway(world: ModelWorld, writer: Writer): void {
  if (!existsSync(writer.path)) return;
  renameSync(writer.path, nextRotation(writer));
  writer.generation = begin(world.generations, writer.path);
}

/**
 * Rotates within an entry, as a container runtime does: between two pieces of a line, or between the lines of a trace.
 */
async function rotateBetweenPieces(world: ModelWorld, writer: Writer): Promise<void> {
  if (!writer.isContainer) return;
  finishEntry(world, writer);
  const shape = { hasTrace: world.random() < TRACES, pieces: 2 + pick(world.random, 3) };
  const text = `${nextEntry(world, writer, writer.generation.size, shape).text}\n`;
  // A line that may be a separate entry does not continue the entry of the previous file.
  const ends = [...text.matchAll(/\n(?!.*stdout F java)/g)].map(({ index }) => index + 1).slice(0, -1);
  const cut = ends[pick(world.random, ends.length)] ?? text.length;
  write(world, writer, text.slice(0, cut));
  if (world.random() < 0.5) await poll(world, REST_MS);
  moveAway(world, writer);
  world.fixture.clock.offsetMs += 1;
  if (world.random() < 0.3) await poll(world, 100);
  write(world, writer, text.slice(cut));
}

async function rotateDuringOutage(world: ModelWorld, writer: Writer): Promise<void> {
  await poll(world, 100);
  setStore(world, 'down');
  for (let turn = 0; turn < 3; turn += 1) {
    append(world, writer, 1 + pick(world.random, 4));
    if (world.random() < 0.7) await poll(world, REST_MS);
    rotate(world, writer);
    // Files that were written at the same time have no order.
    world.fixture.clock.offsetMs += 1;
  }
}

/** Lets the next file of this writer begin with the content of another writer's file, and grow separately. */
async function beginAlike(world: ModelWorld, writer: Writer): Promise<void> {
  if (world.random() < 0.5) return beginAgain(world, writer);
  const other = world.writers.find((item) => item !== writer && item.isContainer === writer.isContainer);
  if (other === undefined || !existsSync(other.path) || other.generation.isDestroyed) return;
  const { entries, size } = other.generation;
  const isWhole = other.rest === '' && size > 0;
  const numbers = new Set(entries.map(({ number }) => number));
  const ofFamily = world.generations.filter(({ family }) => family === writer.path);
  const isThere = ofFamily.some((generation) => generation.entries.some(({ number }) => numbers.has(number)));
  if (!isWhole || isThere) return;
  rotate(world, writer);
  writer.generation.entries.push(...entries);
  write(world, writer, readFileSync(other.path, 'utf8'));
}

/** Truncates the file after all of it was read, and begins it again with the same bytes, more than a head contains. */
async function beginAgain(world: ModelWorld, writer: Writer): Promise<void> {
  if (writer.isContainer) return;
  rotate(world, writer);
  const banner = `${'='.repeat(FIRST_BYTES)} ${world.number}`;
  write(world, writer, `${nextEntry(world, writer, 0, { hasTrace: false, banner }).text}\n`);
  append(world, writer, 1 + pick(world.random, 4));
  await readAll(world);
  if (world.random() < 0.5) await restart(world, false);
  world.isMoved = true;
  const { size } = writer.generation;
  writer.generation = begin(world.generations, writer.path);
  truncateSync(writer.path);
  write(world, writer, `${nextEntry(world, writer, 0, { hasTrace: false, banner }).text}\n`);
  while (writer.generation.size <= size) append(world, writer, 1 + pick(world.random, 4));
}

async function copyTruncate(world: ModelWorld, writer: Writer): Promise<void> {
  finishEntry(world, writer);
  if (writer.isContainer || !existsSync(writer.path)) return;
  const target = nextRotation(writer);
  world.isMoved = true;
  copyFileSync(writer.path, target);
  stamp(world, target);
  if (world.random() < 0.5) await poll(world, 100);
  truncateSync(writer.path);
  stamp(world, writer.path);
  writer.generation = begin(world.generations, writer.path);
}

async function compressOldest(world: ModelWorld, writer: Writer): Promise<void> {
  const oldest = writer.rotated.find((path) => !path.endsWith('.gz'));
  if (oldest === undefined || statSync(oldest).size === 0) return;
  await closeRest(world, writer);
  world.isMoved = true;
  writeFileSync(`${oldest}.gz`, gzipSync(readFileSync(oldest)));
  stamp(world, `${oldest}.gz`);
  unlinkSync(oldest);
  writer.rotated = writer.rotated.map((path) => (path === oldest ? `${oldest}.gz` : path));
}

async function removeOldest(world: ModelWorld, writer: Writer): Promise<void> {
  const [oldest] = writer.rotated;
  if (oldest === undefined) return;
  await closeRest(world, writer);
  await readAll(world);
  // An entry that continues in the next file becomes a separate entry there when this file is gone.
  world.isMoved ||= writer.isContainer;
  unlinkSync(oldest);
  writer.rotated.shift();
}

/**
 * Ends an entry that continues in the next file, because the agent looks for its beginning in the previous file until
 * another entry follows.
 */
async function closeRest(world: ModelWorld, writer: Writer): Promise<void> {
  if (!writer.isContainer) return;
  append(world, writer, 1);
  await readAll(world);
}

/** Lets another file take the inode while no agent runs, after all of the old one was read. */
async function reuseInode(world: ModelWorld, writer: Writer): Promise<void> {
  finishEntry(world, writer);
  if (writer.isContainer || !existsSync(writer.path)) return;
  await readAll(world);
  await restart(world, false);
  world.isMoved = true;
  writer.generation = begin(world.generations, writer.path);
  writeFileSync(writer.path, '');
  append(world, writer, 1 + pick(world.random, 20));
}

/**
 * Truncates the file without a copy. What was not read is lost; a file that was seen empty or not at all leaves no
 * trace.
 */
function destroy(world: ModelWorld, writer: Writer): void {
  finishEntry(world, writer);
  if (writer.isContainer || !existsSync(writer.path)) return;
  world.isMoved = true;
  writer.generation.isDestroyed = true;
  writer.generation = begin(world.generations, writer.path);
  truncateSync(writer.path);
  stamp(world, writer.path);
}

/**
 * Deletes the checkpoint. The existing files are read again, and the store answers for each entry that it already
 * exists.
 */
async function loseCheckpoint(world: ModelWorld): Promise<void> {
  if (world.isMoved) return;
  await readAll(world);
  await restart(world, false);
  world.fixture.stop();
  rmSync(world.fixture.dataDir, { recursive: true });
  await poll(world, REST_MS);
  await poll(world, LONG_MS);
}

function setStore({ store }: ModelWorld, state: StoreState): void {
  store.state = state;
}

function setClock({ fixture, random }: ModelWorld): void {
  fixture.clock.wallMs = Math.round((2 * random() - 1) * DAY_MS);
}
