// Writes log files at an even speed, as the processes of a node do. The entries have the current time; some also
// contain the time of their writing, so that a sink can compute their age on arrival.
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEntries, renderTime } from './corpus.js';

const MB = 1_000_000;
const TURN_MS = 20;
/** Number of entries per entry with a stack trace, and per entry with a time stamp. */
const TRACE_EVERY = 50;
const STAMP_EVERY = 49;
/** Time, in milliseconds, before writing begins, because a shipper that is starting has no lag yet. */
const BEFORE_MS = 3000;

export interface Pace {
  readonly mbPerSecond: number;
  readonly seconds: number;
  readonly files: number;
}

export interface Paced {
  /** Returns the number of entries written; infinite until all are written. */
  readonly countEntries: () => number;
  /** Resolves with the number of bytes when all is written. */
  readonly done: Promise<number>;
}

/** Writes the files. They exist from the start, so that the discovery of files is not measured. */
export function writePaced(folder: string, pace: Pace): Paced {
  const files = Array.from({ length: pace.files }, (_, index) =>
    openSync(join(folder, `flink-bench-taskexecutor-${index}-node-1.log`), 'w'),
  );
  const writer = createWriter();
  for (const file of files) writer.writeTo(file, 0, false);
  const state = { isDone: false };
  const done = keepPace(pace, files, writer).finally(() => {
    state.isDone = true;
    for (const file of files) closeSync(file);
  });
  return { countEntries: () => (state.isDone ? writer.entries : Number.POSITIVE_INFINITY), done };
}

async function keepPace(pace: Pace, files: readonly number[], writer: Writer): Promise<number> {
  await sleep(BEFORE_MS);
  const before = writer.bytes;
  const startedAt = performance.now();
  for (let ms = 0; ms < pace.seconds * 1000; await sleep(TURN_MS)) {
    ms = performance.now() - startedAt;
    const due = (ms / 1000) * pace.mbPerSecond * MB - (writer.bytes - before);
    for (const file of files) writer.writeTo(file, due / files.length, true);
  }
  return writer.bytes;
}

interface Writer {
  readonly entries: number;
  readonly bytes: number;
  /** Writes at least one entry; some have a stamp if wanted. */
  writeTo(file: number, bytes: number, isStamped: boolean): void;
}

function createWriter(): Writer {
  const { plain, traces } = readEntries();
  const written = { entries: 0, bytes: 0 };
  return {
    get entries() {
      return written.entries;
    },
    get bytes() {
      return written.bytes;
    },
    writeTo(file, bytes, isStamped) {
      const now = Date.now();
      const time = renderTime(now);
      let text = '';
      do {
        const list = written.entries % TRACE_EVERY === 0 ? traces : plain;
        const stamp = isStamped && written.entries % STAMP_EVERY === 0 ? ` bench-stamp=${now}` : '';
        const [head = '', ...rest] = (list[written.entries % list.length] ?? '').split('\n');
        text += `${time}${[`${head}${stamp}`, ...rest].join('\n')}\n`;
        written.entries += 1;
      } while (text.length < bytes);
      written.bytes += writeSync(file, text);
    },
  };
}
