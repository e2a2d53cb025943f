// Runs one shipper once: starts it over a folder, lets it send all of it (or what is written to it meanwhile) to a
// sink, stops it, and returns the figures. bench/agent.ts repeats this.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './child.js';
import type { Corpus } from './corpus.js';
import { writePaced, type Pace } from './paced.js';
import type { RunSite } from './peers.js';
import type { Counts, CountingSink } from './sinks.js';
import { readUsage, type Usage } from './usage.js';

const MIB = 1_048_576;
const GIB = 1024 * MIB;
const MB = 1_000_000;
const SAMPLE_MS = 100;
/** Interval, in milliseconds, between two queries of the sink. */
const COUNT_MS = 250;
/**
 * Quiet time, in milliseconds, after which a run is over if all documents have arrived. Documents that it sends twice
 * would come in this time.
 */
const SETTLED_MS = 2000;
/**
 * Quiet time, in milliseconds, after which a run is over if nearly all documents have arrived. Filebeat waits ten
 * seconds with its last batch.
 */
const QUIET_MS = 15_000;
/**
 * Quiet time, in milliseconds, after which a run is over if many documents are missing; a busy Elasticsearch may take
 * that long.
 */
const STALLED_MS = 60_000;
const MAX_START_MS = 60_000;
/** Share of the documents that is timed; the rest waits for time-outs and says nothing about the speed. */
const NEARLY_ALL = 0.99;

/** Cost of sending a corpus. */
export interface Drain {
  /** Documents per entry; more than one if some were sent twice. */
  readonly documentsPerEntry: number;
  /** Processor seconds per GiB of the whole process tree, up to the last document. */
  readonly cpuPerGib: number;
  readonly userShare: number;
  readonly peakMib: number;
  /** Time from the start of the process. */
  readonly firstDocumentMs: number;
  /** Speed from the first document to 99 % of them, in bytes of the files. */
  readonly mbPerSecond: number;
  readonly documentsPerSecond: number;
  /** Bytes of the bodies, and bytes on the wire, per byte of the files. */
  readonly bodyPerByte: number | undefined;
  readonly wirePerByte: number | undefined;
}

/** Cost of following writers. */
export interface Pursuit {
  readonly documentsPerEntry: number;
  readonly cpuPerGib: number;
  readonly peakMib: number;
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly maxLagMs: number;
}

/** Makes the command line for a site. */
export type Prepare = (site: RunSite) => readonly string[];

export async function runDrain(prepare: Prepare, sink: CountingSink, logs: string, corpus: Corpus): Promise<Drain> {
  return withShipper(prepare, { logs, sink }, async (shipper) => {
    const startedAt = Date.now();
    const seen = await follow(shipper, sink, () => corpus.entries);
    return sumUpDrain(seen, corpus, startedAt);
  });
}

export async function runPaced(prepare: Prepare, sink: CountingSink, pace: Pace): Promise<Pursuit> {
  const logs = mkdtempSync(join(tmpdir(), 'flink-'));
  try {
    return await withShipper(prepare, { logs, sink }, async (shipper) => {
      const written = writePaced(logs, pace);
      const seen = await follow(shipper, sink, written.countEntries);
      return sumUpPursuit(seen, written.countEntries(), await written.done);
    });
  } finally {
    rmSync(logs, { recursive: true, force: true });
  }
}

type Shipper = ReturnType<typeof startChild>;

async function withShipper<T>(
  prepare: Prepare,
  { logs, sink: { port, shipperCores } }: { readonly logs: string; readonly sink: CountingSink },
  run: (shipper: Shipper) => Promise<T>,
): Promise<T> {
  const state = mkdtempSync(join(tmpdir(), 'jobtrace-bench-state-'));
  const shipper = startChild(prepare({ logs, port, state }), state, shipperCores);
  try {
    return await run(shipper);
  } finally {
    await shipper.stop();
    rmSync(state, { recursive: true, force: true });
  }
}

interface Seen {
  readonly counts: Counts;
  readonly usages: readonly Usage[];
}

/** Samples arrivals and the usage of the process until it has sent everything. */
async function follow(shipper: Shipper, sink: CountingSink, countEntries: () => number): Promise<Seen> {
  const usages: Usage[] = [];
  const startedAt = Date.now();
  for (let asked = 0; ; await sleep(SAMPLE_MS)) {
    shipper.requireAlive();
    usages.push(readUsage(shipper.pid));
    if (Date.now() - asked < COUNT_MS) continue;
    asked = Date.now();
    const counts = await sink.count();
    if ((counts.waiting ?? 0) > 0) continue;
    const last = counts.arrivals.at(-1)?.[0];
    if (last === undefined && Date.now() - startedAt > MAX_START_MS) throw new Error('Nothing came within a minute.');
    if (last === undefined) continue;
    if (Date.now() - last > decideQuiet(counts.documents / countEntries())) return { counts, usages };
  }
}

/** Returns the quiet time after which a run is over, by the share of documents that have arrived. */
function decideQuiet(share: number): number {
  if (share >= 1) return SETTLED_MS;
  return share >= NEARLY_ALL ? QUIET_MS : STALLED_MS;
}

function sumUpDrain({ counts, usages }: Seen, corpus: Corpus, startedAt: number): Drain {
  const [firstAt = 0, first = 0] = counts.arrivals[0] ?? [];
  const lastAt = counts.arrivals.at(-1)?.[0] ?? 0;
  const nearly = counts.arrivals.find(([, documents]) => documents >= counts.documents * NEARLY_ALL);
  const [nearlyAt, documents] = nearly ?? [lastAt, counts.documents];
  const used = usages.find(({ time }) => time > lastAt) ?? usages.at(-1);
  const cpuSeconds = (used?.userSeconds ?? 0) + (used?.systemSeconds ?? 0);
  const seconds = Math.max(1, nearlyAt - firstAt) / 1000;
  const share = (documents - first) / counts.documents;
  return {
    documentsPerEntry: counts.documents / corpus.entries,
    cpuPerGib: (cpuSeconds * GIB) / corpus.bytes,
    userShare: (used?.userSeconds ?? 0) / cpuSeconds,
    peakMib: usages.reduce((max, { peakMib }) => Math.max(max, peakMib), 0),
    firstDocumentMs: (counts.firstAt ?? firstAt) - startedAt,
    mbPerSecond: (corpus.bytes * share) / MB / seconds,
    documentsPerSecond: (documents - first) / seconds,
    bodyPerByte: counts.bodyBytes === undefined ? undefined : counts.bodyBytes / corpus.bytes,
    wirePerByte: counts.wireBytes === undefined ? undefined : counts.wireBytes / corpus.bytes,
  };
}

function sumUpPursuit({ counts, usages }: Seen, entries: number, bytes: number): Pursuit {
  const used = usages.at(-1);
  const lags = [...counts.lags].sort((a, b) => a - b);
  const at = (share: number): number => lags[Math.min(lags.length - 1, Math.floor(lags.length * share))] ?? Number.NaN;
  return {
    documentsPerEntry: counts.documents / entries,
    cpuPerGib: (((used?.userSeconds ?? 0) + (used?.systemSeconds ?? 0)) * GIB) / bytes,
    peakMib: usages.reduce((max, { peakMib }) => Math.max(max, peakMib), 0),
    lagP50Ms: at(0.5),
    lagP99Ms: at(0.99),
    maxLagMs: at(1),
  };
}
