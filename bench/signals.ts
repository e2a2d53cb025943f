// Counts how many entries of healthy logs are marked as possible signs of a failure, and so are read by the analyzer,
// and how many contain facts, which the analyzer requests after a failure: npx tsx bench/signals.ts [FOLDER…] (--help).
// The default is the lab's healthy recordings. Recordings are short, so entries at the start and at the end of a
// process are counted separately. The words that mark most entries follow.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describeFile } from '../flink/layout/names.js';
import { parseEntry } from '../flink/layout/layout.js';
import { createSplitter } from '../flink/layout/split.js';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { listSignalWords } from '../analyzer/catalog/signal-words.js';
import { mayBeOfForm } from '../flink/bytes/forms.js';
import { createSignalDetector, SIGNAL_RANK, rankEntry } from '../flink/bytes/signals.js';
import { readCommandLine, type BenchScript } from '../lab/options.js';

const SCRIPT = {
  name: 'bench/signals.ts',
  summary: 'How many entries of logs may tell of a failure, and how many hold facts.',
  operands: '[FOLDER…]',
  options: {},
} as const satisfies BenchScript;

const { operands } = readCommandLine(SCRIPT);
const HEALTHY = join(import.meta.dirname, '..', 'lab', 'recordings', 'healthy');
const LOGS = /\.(?:log|out)(?:\.\d+)?$/;
/**
 * Length, in milliseconds, of the start phase after the first line of a process and of the end phase before its last.
 */
const EDGE_MS = 30_000;
const SHOWN_WORDS = 12;

type Phase = 'start' | 'running' | 'end';

interface Share {
  entries: number;
  marked: number;
  facts: number;
}

interface Tally {
  readonly phases: Readonly<Record<Phase, Share>>;
  /** Number of marked entries by word. */
  readonly words: Map<string, number>;
}

const catalog = loadCatalog();
const marker = createSignalDetector(listSignalWords(catalog), catalog.scanner);
/** Reason for entries that are marked because they are the first of a file, or part of another form. */
const FORM = 'the form of its file';

function countFile(path: string, tally: Tally): void {
  const { kind } = describeFile(path);
  const bytes = readFileSync(path);
  const splitter = createSplitter({ kind });
  const entries = [...splitter.push(bytes), ...splitter.flush()].map((entry) => {
    const { time, layout } = parseEntry(entry.bytes);
    return { ...entry, time, isLaidOut: layout !== 'none' };
  });
  const times = entries.flatMap(({ time }) => time ?? []);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  let now = first;
  for (const { bytes: text, offset, time, isLaidOut } of entries) {
    now = time ?? now;
    const isOfForm = mayBeOfForm({ kind, path, offset, bytes: text, isLaidOut });
    const mark = isOfForm ? SIGNAL_RANK.yes : rankEntry(marker, text);
    const phase = now - first < EDGE_MS ? 'start' : last - now < EDGE_MS ? 'end' : 'running';
    const share = tally.phases[phase];
    share.entries += 1;
    if (mark === SIGNAL_RANK.fact) share.facts += 1;
    if (mark !== SIGNAL_RANK.yes) continue;
    share.marked += 1;
    const events = catalog.scanner.scan(text).filter((word) => marker.textRanks[word] === SIGNAL_RANK.yes);
    for (const name of events.length === 0 ? [FORM] : events.map((word) => catalog.literals[word] ?? ''))
      tally.words.set(name, (tally.words.get(name) ?? 0) + 1);
  }
}

function createTally(): Tally {
  return {
    phases: {
      start: { entries: 0, marked: 0, facts: 0 },
      running: { entries: 0, marked: 0, facts: 0 },
      end: { entries: 0, marked: 0, facts: 0 },
    },
    words: new Map(),
  };
}

function showRow(name: string, { start, running, end }: Tally['phases']): string {
  const all = {
    entries: start.entries + running.entries + end.entries,
    marked: start.marked + running.marked + end.marked,
    facts: start.facts + running.facts + end.facts,
  };
  const cells = [start, running, end, all].map(({ entries, marked }) => renderShare(marked, entries));
  return `| ${[name, ...cells, renderShare(all.facts, all.entries)].join(' | ')} |`;
}

function renderShare(part: number, entries: number): string {
  return entries === 0 ? '–' : `${((100 * part) / entries).toFixed(1)} % of ${entries}`;
}

const total = createTally();
console.log('| logs | first 30 s of a process | in between | last 30 s | all | facts |\n|---|---|---|---|---|---|');
for (const folder of operands.length > 0 ? operands : [HEALTHY]) {
  for (const name of readdirSync(folder).sort()) {
    const own = createTally();
    const files = readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' }).filter((file) =>
      LOGS.test(file),
    );
    for (const file of files) for (const tally of [own, total]) countFile(join(folder, name, file), tally);
    console.log(showRow(basename(name), own.phases));
  }
}
console.log(showRow('all', total.phases));
const words = [...total.words].sort((a, b) => b[1] - a[1]).slice(0, SHOWN_WORDS);
console.log(`\nMarked by: ${words.map(([word, count]) => `\`${word}\` ${count}`).join(' · ')}`);
