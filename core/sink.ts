// Writes a service's own log to a file descriptor, from a thread of libuv. A reader that is slow or gone, or a full
// disk, never blocks the event loop: lines wait in a buffer up to a limit, and lines beyond it are counted as lost.
// Waiting lines are written before the process ends, for whatever reason it ends.
import { write, writeSync } from 'node:fs';

/** Destination of pino's lines. */
export interface Sink {
  readonly write: (line: string) => void;
  /** Calls back as soon as no line waits any more. */
  readonly flush: (done: () => void) => void;
}

interface SinkState {
  readonly fd: number;
  /** Receives the number of lost lines, once there is room again to log it. */
  readonly onLoss: (lines: number) => void;
  readonly waiting: Buffer[];
  waitingBytes: number;
  /** True while a write is under way or will be retried soon. */
  busy: boolean;
  /** Chunk that the reader had no room for. It is written before all lines that wait. */
  refused: Buffer | undefined;
  lost: number;
  idle: (() => void)[];
}

const MAX_BYTES = 4 * 1024 * 1024;
/** Bytes that a pipe takes at once, without another writer's lines in between. */
const CHUNK_BYTES = 4096;
const RETRY_MS = 20;
/** Longest time, in milliseconds, that an ending process waits for a reader that does not read. */
const LAST_WAIT_MS = 1000;

export function createSink(fd: number, onLoss: (lines: number) => void): Sink {
  const state: SinkState = {
    fd,
    onLoss,
    waiting: [],
    waitingBytes: 0,
    busy: false,
    refused: undefined,
    lost: 0,
    idle: [],
  };
  process.once('exit', () => writeRest(state));
  return {
    write: (line) => addLine(state, Buffer.from(line)),
    flush: (done) => {
      state.idle.push(done);
      if (!state.busy) notifyIdle(state);
    },
  };
}

function addLine(state: SinkState, line: Buffer): void {
  if (state.waitingBytes + line.length > MAX_BYTES) {
    state.lost += 1;
    return;
  }
  state.waiting.push(line);
  state.waitingBytes += line.length;
  if (!state.busy) writeChunk(state, takeChunk(state));
}

/** Takes as many whole lines as fit into a chunk, but at least one. */
function takeChunk(state: SinkState): Buffer {
  let count = 1;
  let bytes = state.waiting[0]?.length ?? 0;
  for (; bytes + (state.waiting[count]?.length ?? Infinity) <= CHUNK_BYTES; count += 1)
    bytes += state.waiting[count]?.length ?? 0;
  state.waitingBytes -= bytes;
  return Buffer.concat(state.waiting.splice(0, count), bytes);
}

function writeChunk(state: SinkState, chunk: Buffer): void {
  state.busy = true;
  write(state.fd, chunk, (error, written) => {
    if (error === null && written === chunk.length) return goOn(state);
    if (error === null) return writeChunk(state, chunk.subarray(written));
    if (error.code === 'EAGAIN') return tryAgain(state, chunk);
    dropAll(state, chunk);
    notifyIdle(state);
  });
}

function goOn(state: SinkState): void {
  if (state.lost > 0 && state.waiting.length === 0) {
    const { lost } = state;
    state.lost = 0;
    state.onLoss(lost);
  }
  if (state.waiting.length > 0) writeChunk(state, takeChunk(state));
  else notifyIdle(state);
}

function tryAgain(state: SinkState, chunk: Buffer): void {
  state.refused = chunk;
  // The timer keeps no process running; a caller that needs the rest to be written calls flush.
  setTimeout(() => {
    state.refused = undefined;
    writeChunk(state, chunk);
  }, RETRY_MS).unref();
}

/** Drops the chunk and all waiting lines, because the reader is gone or the disk is full. The next line tries again. */
function dropAll(state: SinkState, chunk: Buffer): void {
  state.lost += countLines(chunk) + state.waiting.length;
  state.waiting.length = 0;
  state.waitingBytes = 0;
}

function countLines(chunk: Buffer): number {
  return chunk.reduce((count, byte) => (byte === 10 ? count + 1 : count), 0);
}

function notifyIdle(state: SinkState): void {
  state.busy = false;
  for (const done of state.idle.splice(0)) done();
}

function writeRest(state: SinkState): void {
  let waited = 0;
  let rest = Buffer.concat([...(state.refused === undefined ? [] : [state.refused]), ...state.waiting]);
  while (rest.length > 0) {
    const written = tryWriting(state.fd, rest);
    if (written === undefined || waited > LAST_WAIT_MS) return;
    if (written === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    waited = written === 0 ? waited + RETRY_MS : 0;
    rest = rest.subarray(written);
  }
}

/** Returns the number of bytes that were written; undefined if no further write can succeed. */
function tryWriting(fd: number, bytes: Buffer): number | undefined {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EAGAIN' ? 0 : undefined;
  }
}
