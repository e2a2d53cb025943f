// Writes a folder of Flink logs made from the recordings of the lab; the same size always gives the same logs. They
// contain plain lines of all processes, and a stack trace in every fiftieth entry. Every entry has its own time, a
// millisecond after the one before, so that all of them belong to one day.
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const RECORDINGS = join(import.meta.dirname, '..', '..', 'lab', 'recordings');
const NEXT_ENTRY = /\n(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} )/;
const TIMED = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} /;
/** Longest entry in characters; longer ones (dumps of threads or options) are not typical. */
const MAX_ENTRY_UNITS = 20_000;
/** Number of entries per entry with a stack trace. */
const TRACE_EVERY = 50;
const FIRST_TIME = Date.UTC(2026, 10, 20, 1);
const FLUSH_BYTES = 1_048_576;

export interface Corpus {
  readonly bytes: number;
  readonly entries: number;
  readonly traces: number;
  readonly lines: number;
}

export function writeCorpus(dir: string, bytes: number, files: number): Corpus {
  mkdirSync(dir, { recursive: true });
  const { plain, traces } = readEntries();
  const corpus = { bytes: 0, entries: 0, traces: 0, lines: 0 };
  for (let index = 0; index < files; index++) {
    const file = openSync(join(dir, `flink-bench-taskexecutor-${index}-node-1.log`), 'w');
    const until = Math.floor((bytes * (index + 1)) / files);
    let texts: string[] = [];
    let waiting = 0;
    while (corpus.bytes + waiting < until) {
      const isTrace = corpus.entries % TRACE_EVERY === TRACE_EVERY - 1;
      const list = isTrace ? traces : plain;
      const text = `${renderTime(FIRST_TIME + corpus.entries)}${list[corpus.entries % list.length] ?? ''}\n`;
      corpus.entries += 1;
      if (isTrace) corpus.traces += 1;
      texts.push(text);
      waiting += Buffer.byteLength(text);
      if (waiting < FLUSH_BYTES && corpus.bytes + waiting < until) continue;
      const block = Buffer.from(texts.join(''));
      for (const byte of block) if (byte === 10) corpus.lines += 1;
      corpus.bytes += writeSync(file, block);
      texts = [];
      waiting = 0;
    }
    closeSync(file);
  }
  return corpus;
}

/** Returns the text after the time of the entries in all processes' logs. */
export function readEntries(): { readonly plain: readonly string[]; readonly traces: readonly string[] } {
  const names = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.log') && !name.includes('gc'))
    .sort();
  const entries = names
    .flatMap((name) => readFileSync(join(RECORDINGS, name), 'utf8').split(NEXT_ENTRY))
    .map((entry) => entry.trimEnd())
    .filter((entry) => TIMED.test(entry) && entry.length < MAX_ENTRY_UNITS)
    .map((entry) => entry.slice(23));
  return {
    plain: entries.filter((entry) => !entry.includes('\n')),
    traces: entries.filter((entry) => entry.includes('\n\tat ')),
  };
}

export function renderTime(time: number): string {
  return new Date(time).toISOString().replace('T', ' ').replace('.', ',').slice(0, 23);
}
