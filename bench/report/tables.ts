// Renders runs as Markdown tables: one row for each measured thing, with median and range over its runs. For the output
// of the measurements and for docs/benchmarks.md.
import { findMedian, type RunLine } from './results.js';

interface Column {
  readonly title: string;
  /** Name of the figure in a run. */
  readonly figure: string;
  readonly digits: number;
}

export interface Table {
  readonly kind: string;
  /** Fields that distinguish the rows. */
  readonly by: readonly { readonly title: string; readonly name: string }[];
  readonly columns: readonly Column[];
}

const SHIPPER = { title: 'shipper', name: 'peer' };
const SINK = { title: 'sink', name: 'sink' };

export const TABLES: readonly Table[] = [
  {
    kind: 'drain',
    by: [SINK, SHIPPER],
    columns: [
      { title: 'CPU-s per GiB', figure: 'cpuPerGib', digits: 1 },
      { title: 'MB/s', figure: 'mbPerSecond', digits: 1 },
      { title: 'documents/s', figure: 'documentsPerSecond', digits: 0 },
      { title: 'peak MiB', figure: 'peakMib', digits: 0 },
      { title: 'body bytes per byte', figure: 'bodyPerByte', digits: 2 },
      { title: 'on the wire', figure: 'wirePerByte', digits: 2 },
      { title: 'first document, ms', figure: 'firstDocumentMs', digits: 0 },
      { title: 'documents per entry', figure: 'documentsPerEntry', digits: 4 },
    ],
  },
  {
    kind: 'scaling',
    by: [SINK, SHIPPER, { title: 'cores', name: 'cores' }],
    columns: [
      { title: 'MB/s', figure: 'mbPerSecond', digits: 1 },
      { title: 'CPU-s per GiB', figure: 'cpuPerGib', digits: 1 },
      { title: 'documents per entry', figure: 'documentsPerEntry', digits: 4 },
    ],
  },
  {
    kind: 'paced',
    by: [SINK, SHIPPER],
    columns: [
      { title: 'written, MB/s', figure: 'mbPerSecond', digits: 0 },
      { title: 'lag p50, ms', figure: 'lagP50Ms', digits: 0 },
      { title: 'lag p99, ms', figure: 'lagP99Ms', digits: 0 },
      { title: 'longest, ms', figure: 'maxLagMs', digits: 0 },
      { title: 'CPU-s per GiB', figure: 'cpuPerGib', digits: 1 },
      { title: 'peak MiB', figure: 'peakMib', digits: 0 },
      { title: 'documents per entry', figure: 'documentsPerEntry', digits: 4 },
    ],
  },
  {
    kind: 'footprint',
    by: [{ title: 'files', name: 'files' }],
    columns: [
      { title: 'first document, ms', figure: 'firstDocumentMs', digits: 0 },
      { title: 'its CPU, ms', figure: 'firstDocumentCpuMs', digits: 0 },
      { title: 'all documents, ms', figure: 'allDocumentsMs', digits: 0 },
      { title: 'peak MiB', figure: 'peakMib', digits: 0 },
      { title: 'MiB at rest', figure: 'restMib', digits: 0 },
      { title: '% of a core at rest', figure: 'idlePercent', digits: 2 },
      { title: 'written, MB/s', figure: 'mbps', digits: 0 },
      { title: 'lag p50, ms', figure: 'lagP50Ms', digits: 0 },
      { title: 'lag p99, ms', figure: 'lagP99Ms', digits: 0 },
      { title: '% of a core', figure: 'liveCpuPercent', digits: 0 },
      { title: 'peak MiB of all', figure: 'livePeakMib', digits: 0 },
    ],
  },
  {
    kind: 'scan',
    by: [
      { title: 'what', name: 'what' },
      { title: 'anchors', name: 'anchors' },
    ],
    columns: [
      { title: 'MiB/s', figure: 'mibPerSecond', digits: 0 },
      { title: 'peak MiB', figure: 'peakMib', digits: 0 },
    ],
  },
];

export function renderTable({ by, columns, kind }: Table, runs: readonly RunLine[]): string {
  const rows = new Map<string, RunLine[]>();
  for (const run of runs.filter((each) => each.kind === kind)) {
    const key = JSON.stringify(by.map(({ name }) => run[name]));
    rows.set(key, [...(rows.get(key) ?? []), run]);
  }
  const titles = [...by, ...columns].map(({ title }) => title);
  const lines = [...rows.values()].map((same) => {
    const cells = by.map(({ name }) => String(same[0]?.[name] ?? ''));
    return renderRow([...cells, ...columns.map((column) => renderFigure(column, same))]);
  });
  return [renderRow(titles), renderRow(titles.map(() => '---')), ...lines].join('\n');
}

function renderRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Renders the median; with more than one run also the minimum and the maximum. */
function renderFigure({ figure, digits }: Column, runs: readonly RunLine[]): string {
  const numbers = runs.flatMap((run) => {
    const value = run[figure];
    return typeof value === 'number' ? [value] : [];
  });
  if (numbers.length === 0) return '–';
  const [low, middle, high] = [Math.min(...numbers), findMedian(numbers), Math.max(...numbers)].map((number) =>
    number.toFixed(digits),
  );
  return low === high ? `${middle}` : `${middle} (${low}–${high})`;
}
