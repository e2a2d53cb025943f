// Defines the performance targets of Jobtrace as numbers that runs meet or miss. Pure functions; docs/benchmarks.md
// shows the outcome.
import { findMedian, type RunLine } from './results.js';

export interface Bar {
  readonly what: string;
  readonly limit: number;
  readonly isAtMost: boolean;
  readonly digits: number;
  readonly unit: string;
  /** Reads the figure from the runs; undefined if it was not measured. */
  readonly read: (runs: readonly RunLine[]) => number | undefined;
  /** Reason why the target is not met, as far as a profile shows. */
  readonly hindrance?: string;
}

const BULK = { kind: 'drain', sink: 'bulk' };
const PLAIN = { ...BULK, peer: 'jobtrace (no gzip)' };
const SCALING = { kind: 'scaling', sink: 'bulk' };
const REAL = { kind: 'drain', sink: 'elasticsearch' };

export const BARS: readonly Bar[] = [
  atMost('processor time, of rsyslog’s', 0.5, 2, '', readShare(BULK, 'cpuPerGib', 'rsyslog')),
  {
    ...atMost('processor time, of the Collector’s', 0.25, 2, '', readShare(BULK, 'cpuPerGib', 'otel')),
    hindrance: 'what is left is spread: but for compression (a tenth) nothing takes more than 7 %',
  },
  {
    ...atMost('processor time for a GiB', 12, 1, ' s', readFigure(BULK, 'cpuPerGib')),
    hindrance: 'compression takes a sixth; the rest is spread as without it',
  },
  atMost('bytes of body for a byte of the files', 2.2, 2, '', readFigure(BULK, 'bodyPerByte')),
  atLeast('for a second of processor time, with gzip', 45, 1, ' MB', readCore({ ...BULK, peer: 'jobtrace' })),
  {
    ...atLeast('for a second of processor time, without gzip', 90, 1, ' MB', readCore(PLAIN)),
    hindrance:
      'what is left is spread: the two searches of the bytes for words take 14 %, reading heads 8 %, garbage 6 %, sending 5 %, nothing else more than 3 %',
  },
  {
    ...atLeast('to the sink with two workers, of one’s', 1.8, 2, '', readWorkers),
    hindrance: 'each worker is a V8 of its own, which compiles and warms up by itself',
  },
  {
    ...atLeast(
      'documents/s, of what the same Elasticsearch takes from bodies encoded before',
      0.95,
      2,
      '',
      readShare(REAL, 'documentsPerSecond', 'bodies encoded before'),
    ),
    hindrance: 'Elasticsearch limits',
  },
  atMost('p99 of the lag at 10 MB/s', 2000, 0, ' ms', readFigure({ kind: 'paced', mbPerSecond: 10 }, 'lagP99Ms')),
  atMost('first document after the start, bulk sink', 500, 0, ' ms', readFigure(BULK, 'firstDocumentMs')),
  {
    ...atMost('first document after the start, Elasticsearch', 500, 0, ' ms', readFigure(REAL, 'firstDocumentMs')),
    hindrance: 'the store is empty: Elasticsearch needs a quarter of a second to make the index',
  },
  atMost('memory with 1,000 files', 150, 0, ' MiB', readFootprint(1000, 'livePeakMib')),
  atMost('memory with 20,000 files', 250, 0, ' MiB', readFootprint(20_000, 'livePeakMib')),
  atMost('of a core while 20,000 files rest', 2, 2, ' %', readFootprint(20_000, 'idlePercent')),
];

type Read = Bar['read'];

function atMost(what: string, limit: number, digits: number, unit: string, read: Read): Bar {
  return { what, limit, isAtMost: true, digits, unit, read };
}

function atLeast(what: string, limit: number, digits: number, unit: string, read: Read): Bar {
  return { what, limit, isAtMost: false, digits, unit, read };
}

type Setting = Readonly<Record<string, string | number>>;

function readFigure(setting: Setting, figure: string): Read {
  return (runs) => findFigure(runs, { ...setting, peer: 'jobtrace' }, figure);
}

function readFootprint(files: number, figure: string): Read {
  return (runs) => findFigure(runs, { kind: 'footprint', files }, figure);
}

/** Returns the figure as a ratio to that of another program. */
function readShare(setting: Setting, figure: string, other: string): Read {
  return (runs) => divide(readFigure(setting, figure)(runs), findFigure(runs, { ...setting, peer: other }, figure));
}

/** Returns the throughput of one core, independent of the number of cores and of other load. */
function readCore(setting: Setting): Read {
  return (runs) => {
    const cpuPerGib = findFigure(runs, setting, 'cpuPerGib');
    return cpuPerGib === undefined ? undefined : 1024 ** 3 / 1e6 / cpuPerGib;
  };
}

/**
 * Returns the speed of two workers relative to one. Each has the same part of a core, because two whole cores leave
 * none for the sink on a machine with two.
 */
function readWorkers(runs: readonly RunLine[]): number | undefined {
  const two = findFigure(runs, { ...SCALING, peer: 'jobtrace (two workers)' }, 'mbPerSecond');
  return divide(two, readFigure(SCALING, 'mbPerSecond')(runs));
}

function divide(figure: number | undefined, other: number | undefined): number | undefined {
  return figure === undefined || other === undefined ? undefined : figure / other;
}

/** Returns the median of the runs with this setting. */
function findFigure(runs: readonly RunLine[], setting: Setting, figure: string): number | undefined {
  const numbers = runs
    .filter((run) => Object.entries(setting).every(([name, value]) => run[name] === value))
    .flatMap((run) => {
      const value = run[figure];
      return typeof value === 'number' ? [value] : [];
    });
  return numbers.length === 0 ? undefined : findMedian(numbers);
}

/** Returns true if the target is met; undefined if it was not measured. */
export function isMet({ limit, isAtMost }: Bar, figure: number | undefined): boolean | undefined {
  if (figure === undefined) return undefined;
  return isAtMost ? figure <= limit : figure >= limit;
}
