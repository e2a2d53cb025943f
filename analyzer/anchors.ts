// One pass over bytes for any number of literals. Of each literal a window is chosen, so long that however the text lies,
// one of its groups of four bytes (grams) stands where the scan looks: at every n-th byte, n being what the shortest
// literal allows. A table of bits tells for nearly all places that no literal is near; the few others are compared.
// What a byte costs does not depend on the number of literals. A blank of a literal fits any single white space.
// scan.ts asks it about entries, skim.ts about whole pieces of files; bench/scan measures it.

export interface AnchorScanner {
  readonly size: number;
  /** The literals that occur in the bytes, by their index, each once, in the order in which they are met. */
  scan(bytes: Uint8Array): readonly number[];
  /** The first literal that is met from `from` on. */
  next(bytes: Uint8Array, from: number): Meeting | undefined;
}

export interface Meeting {
  readonly literal: number;
  readonly start: number;
  readonly end: number;
}

/** A gram of a literal's window: where it stands in the literal. */
interface Place {
  readonly literal: number;
  readonly pattern: Uint8Array;
  readonly offset: number;
}

const GRAM = 4;
/** Longer strides save little. */
const MAX_STRIDE = 8;
const TABLE_BITS = 18;
const BLANK = 32;
const WHITE = [9, 10, 13, BLANK];
/** Most entries hold nothing: one empty list for all of them. */
const NONE: readonly number[] = [];
const NOWHERE: readonly Place[] = [];

/** Literals (compared byte by byte, as UTF-8) → scanner. Empty literals are ignored. */
export function createAnchorScanner(literals: readonly string[]): AnchorScanner {
  const patterns = literals.map((literal) => Buffer.from(literal, 'utf8'));
  const tiny = patterns.flatMap((pattern, index) => (pattern.length > 0 && pattern.length < GRAM ? [index] : []));
  const { stride, places } = placeGrams(patterns);
  const table = new Uint32Array(2 ** (TABLE_BITS - 5));
  for (const gram of places.keys()) mark(table, gram);
  const seen = new Uint32Array(literals.length);
  let generation = 0;

  /** The first place from `from` on whose gram the table knows; the length when there is none. */
  function probe(bytes: Uint8Array, from: number): number {
    const last = bytes.length - GRAM;
    let at = from;
    while (at <= last) {
      const gram = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
      const hash = Math.imul(gram, HASH) >>> (32 - TABLE_BITS);
      if (((table[hash >>> 5] ?? 0) >>> (hash & 31)) & 1) return at;
      at += stride;
    }
    return bytes.length;
  }

  function placesAt(bytes: Uint8Array, at: number): readonly Place[] {
    return places.get((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) ?? NOWHERE;
  }

  function scan(bytes: Uint8Array): readonly number[] {
    let found: number[] | undefined;
    for (let at = probe(bytes, 0); at < bytes.length; at = probe(bytes, at + stride)) {
      for (const place of placesAt(bytes, at)) {
        if (!fits(bytes, at - place.offset, place.pattern)) continue;
        if (found === undefined) generation = (generation + 1) >>> 0;
        if (found === undefined || seen[place.literal] !== generation) (found ??= []).push(place.literal);
        seen[place.literal] = generation;
      }
    }
    const short = tiny.filter((literal) => findTiny(bytes, 0, patterns[literal]) >= 0);
    return short.length === 0 ? (found ?? NONE) : [...(found ?? NONE), ...short];
  }

  function next(bytes: Uint8Array, from: number): Meeting | undefined {
    const met = nextTiny(bytes, from);
    const until = met?.start ?? bytes.length;
    for (let at = probe(bytes, from); at < until; at = probe(bytes, at + stride)) {
      for (const { literal, pattern, offset } of placesAt(bytes, at)) {
        if (fits(bytes, at - offset, pattern)) return { literal, start: at - offset, end: at - offset + pattern.length };
      }
    }
    return met;
  }

  function nextTiny(bytes: Uint8Array, from: number): Meeting | undefined {
    if (tiny.length === 0) return undefined;
    const met = tiny.map((literal) => ({ literal, start: findTiny(bytes, from, patterns[literal]) })).filter(({ start }) => start >= 0);
    return met.map(({ literal, start }) => ({ literal, start, end: start + (patterns[literal]?.length ?? 0) })).sort((a, b) => a.start - b.start)[0];
  }

  return { size: literals.length, scan, next };
}

const HASH = 0x9e3779b1;

function mark(table: Uint32Array, gram: number): void {
  const hash = Math.imul(gram, HASH) >>> (32 - TABLE_BITS);
  table[hash >>> 5] = (table[hash >>> 5] ?? 0) | (1 << (hash & 31));
}

function fits(bytes: Uint8Array, start: number, pattern: Uint8Array): boolean {
  if (start < 0 || start + pattern.length > bytes.length) return false;
  for (let index = 0; index < pattern.length; index++) {
    const byte = bytes[start + index] ?? 0;
    const wanted = pattern[index] ?? 0;
    if (byte !== wanted && (wanted !== BLANK || !WHITE.includes(byte))) return false;
  }
  return true;
}

function findTiny(bytes: Uint8Array, from: number, pattern: Uint8Array | undefined): number {
  if (pattern === undefined) return -1;
  for (let at = from; at + pattern.length <= bytes.length; at++) if (fits(bytes, at, pattern)) return at;
  return -1;
}

/** What most lines of a log are made of: a literal is looked for by the parts of it that are not. */
const COMMON_LINES = [
  "2026-01-01 00:00:00,000 INFO  org.apache.flink.runtime.checkpoint.CheckpointCoordinator    [] - Triggering checkpoint 1 (type=CheckpointType{name='Checkpoint', sharingFilesStrategy=FORWARD_BACKWARD}) @ 1700000000000 for job 0123456789abcdef.",
  'DEBUG org.apache.flink.runtime.taskexecutor.TaskExecutor [] - Completed checkpoint 1 for job 0123456789abcdef (4817 bytes, checkpointDuration=11 ms, finalizationTime=1 ms).',
  'INFO  org.apache.kafka.clients.consumer.internals.ConsumerCoordinator [] - [Consumer clientId=client-1, groupId=group] Setting offset for partition topic-0 to the committed offset',
  'INFO  org.apache.flink.streaming.api.functions.sink.filesystem.Buckets                     [] - Subtask 0 received completion notification for checkpoint with id=1.',
  '\tat org.apache.flink.streaming.runtime.tasks.StreamTask.invoke(StreamTask.java:959) ~[flink-dist-1.20.0.jar:1.20.0]',
];
const COMMON_WEIGHT = 100;

/** For each literal the window of grams that are the least frequent in logs, and among all literals. */
function placeGrams(patterns: readonly Buffer[]): { readonly stride: number; readonly places: ReadonlyMap<number, readonly Place[]> } {
  const shortest = patterns.reduce((least, { length }) => (length < GRAM ? least : Math.min(least, length)), GRAM + MAX_STRIDE - 1);
  const stride = shortest - GRAM + 1;
  const weights = weighGrams(patterns);
  const places = new Map<number, Place[]>();
  for (const [literal, pattern] of patterns.entries()) {
    if (pattern.length < GRAM) continue;
    const start = chooseWindow(pattern, stride, weights);
    for (let offset = start; offset < start + stride; offset++) {
      for (const gram of variants(pattern, offset)) {
        const known = places.get(gram);
        if (known === undefined) places.set(gram, [{ literal, pattern, offset }]);
        else known.push({ literal, pattern, offset });
      }
    }
  }
  return { stride, places };
}

function weighGrams(patterns: readonly Buffer[]): ReadonlyMap<number, number> {
  const weights = new Map<number, number>();
  const weigh = (text: Buffer, weight: number): void => {
    for (let offset = 0; offset + GRAM <= text.length; offset++) {
      const gram = text.readInt32LE(offset);
      weights.set(gram, (weights.get(gram) ?? 0) + weight);
    }
  };
  for (const pattern of patterns) weigh(pattern, 1);
  for (const line of COMMON_LINES) weigh(Buffer.from(line), COMMON_WEIGHT);
  return weights;
}

function chooseWindow(pattern: Buffer, stride: number, weights: ReadonlyMap<number, number>): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let start = 0; start + stride + GRAM - 1 <= pattern.length; start++) {
    let weight = 0;
    for (let offset = start; offset < start + stride; offset++) weight += weights.get(pattern.readInt32LE(offset)) ?? 0;
    if (weight < least) [best, least] = [start, weight];
  }
  return best;
}

/** The gram at a place of a literal, with every white space where it has a blank. */
function variants(pattern: Buffer, offset: number): readonly number[] {
  let forms: readonly number[] = [0];
  for (let index = GRAM - 1; index >= 0; index--) {
    const byte = pattern[offset + index] ?? 0;
    forms = (byte === BLANK ? WHITE : [byte]).flatMap((one) => forms.map((form) => (form << 8) | one));
  }
  return forms;
}
