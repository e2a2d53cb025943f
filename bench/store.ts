// Measures what a byte of log costs on the disk of Elasticsearch, and how long the ten usual searches take:
// npx tsx bench/store.ts (--help). The records of a fleet, made from the lab's recordings, are stored four times: with
// the earlier mapping (bench/store/before.json), with a plain one as Elastic advises for logs, with ours, and with ours
// in the order of arrival. Each index is merged to one segment and read by `_stats/store` and `_disk_usage`. Searches
// run on all but the plain one in turn; a page that differs ends the measurement.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldAt, isObject } from '../core/json.js';
import type { LogRecord } from '../core/types.js';
import { readCommandLine, type BenchScript } from '../lab/options.js';
import { startElasticsearch } from '../lab/parts/services/elasticsearch.js';
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.js';
import { buildTemplates, nameLogTemplate } from '../store/elasticsearch/mapping.js';
import { encodeRecords } from '../store/encode.js';
import type { RecordQuery, Store } from '../store/store.js';
import { describeSession, findMedian, RESULTS } from './report/results.js';
import { readCopy } from './logs/fleet-records.js';

const SCRIPT = {
  name: 'bench/store.ts',
  summary: 'Bytes on the disk of Elasticsearch for each byte of log, by mapping, and the ten usual searches.',
  options: {
    copies: { kind: 'number', default: '12', least: 1, help: 'Of all recordings; each is some 30,000 records.' },
    rounds: { kind: 'number', default: '15', least: 1, help: 'How often each search is asked.' },
    version: { kind: 'text', default: '8', values: ['8', '9'], help: 'Of Elasticsearch.' },
    keep: { kind: 'switch', help: 'Write the tables to bench/results/store.md.' },
  },
} as const satisfies BenchScript;

const { values } = readCommandLine(SCRIPT);
const BATCH = 4000;
const HOUR_MS = 3_600_000;
/** Template version that is newer than any release, so that nothing replaces it. */
const NEWEST = 1_000_000;
const SHOWN_FIELDS = 8;
const LOOKS = 4;
const LOOK_MS = 5000;
const KEYWORD = { type: 'keyword', ignore_above: 1024 } as const;
/** Mapping that indexes like `match_only_text`: documents of words, without frequencies, positions and norms. */
const WORDS_ONLY = { type: 'text', index_options: 'docs', norms: false } as const;
const PLAIN_FIELDS = [
  'log.level',
  'log.logger',
  'process.thread.name',
  'host.name',
  'log.file.path',
  'flink.cluster',
  'flink.job.id',
] as const satisfies readonly (keyof LogRecord)[];
const PLAIN = {
  settings: { codec: 'best_compression', auto_expand_replicas: '0-1' },
  mappings: {
    dynamic: false,
    properties: {
      '@timestamp': { type: 'date' },
      message: WORDS_ONLY,
      'log.offset': { type: 'long' },
      ...Object.fromEntries(PLAIN_FIELDS.map((name) => [name, KEYWORD])),
    },
  },
};

const VARIANTS = ['before', 'plain', 'unsorted', 'ours'] as const;
type Variant = (typeof VARIANTS)[number];
const SEARCHED = ['before', 'unsorted', 'ours'] as const satisfies readonly Variant[];

type Template = Readonly<Record<'settings' | 'mappings', Readonly<Record<string, unknown>>>>;

/** Returns the template; undefined if the store makes its own. */
function describeTemplate(variant: Variant): Template | undefined {
  if (variant === 'ours') return undefined;
  if (variant === 'plain') return PLAIN;
  if (variant === 'before') {
    const before: Template = JSON.parse(readFileSync(join(import.meta.dirname, 'store', 'before.json'), 'utf8'));
    return before;
  }
  const [own] = Object.entries(buildTemplates(variant, {}, 'analyzer')).filter(
    ([name]) => name === nameLogTemplate(variant),
  );
  const template = fieldAt(own?.[1], 'template');
  const part = (name: string): Readonly<Record<string, unknown>> => {
    const found = fieldAt(template, name);
    return isObject(found) ? found : {};
  };
  const { sort, ...settings } = part('settings');
  if (sort === undefined) throw new Error('Ours is not sorted.');
  return { settings, mappings: part('mappings') };
}

interface Node {
  readonly url: string;
  readonly version: string;
}

async function ask(node: Node, method: string, path: string, body?: string | object): Promise<unknown> {
  const answer = await fetch(`${node.url}${path}`, {
    method,
    headers: { 'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json' },
    body: typeof body === 'object' ? JSON.stringify(body) : (body ?? null),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${text.slice(0, 500)}`);
  const value: unknown = JSON.parse(text);
  return value;
}

async function putTemplate(node: Node, variant: Variant): Promise<void> {
  const template = describeTemplate(variant);
  if (template === undefined) return;
  await ask(node, 'PUT', `/_index_template/${nameLogTemplate(variant)}`, {
    index_patterns: [`${variant}-logs-*`],
    priority: 500,
    version: NEWEST,
    template,
  });
}

/** Stores the records in the order of time, as they come from many agents. Returns the seconds that it took. */
async function fill(node: Node, variant: Variant, records: readonly LogRecord[], store: Store): Promise<number> {
  await putTemplate(node, variant);
  const begin = performance.now();
  for (let from = 0; from < records.length; from += BATCH) {
    const batch = records.slice(from, from + BATCH);
    if (variant === 'plain') await ask(node, 'POST', '/plain-logs-all/_bulk', batch.map(renderPlain).join(''));
    else {
      const outcomes = await store.append(encodeRecords(store.encoding, batch));
      if (outcomes.some(({ kind }) => kind !== 'stored')) throw new Error(`A batch at ${from} was not stored.`);
    }
  }
  const seconds = (performance.now() - begin) / 1000;
  // The files of merged segments are deleted only when nobody reads them.
  for (let look = 0; look < LOOKS; look += 1) {
    await ask(node, 'POST', `/${variant}-logs-*/_forcemerge?max_num_segments=1`);
    await ask(node, 'POST', `/${variant}-logs-*/_flush?force=true&wait_if_ongoing=true`);
    await ask(node, 'POST', `/${variant}-logs-*/_refresh`);
    await new Promise((resume) => setTimeout(resume, LOOK_MS));
  }
  return seconds;
}

/** Renders the whole entry and the fields that a shipper knows or extracts from it; Elasticsearch makes the id. */
function renderPlain(record: LogRecord): string {
  const fields = Object.fromEntries(PLAIN_FIELDS.map((name) => [name, record[name]]));
  const { '@timestamp': time, 'event.original': message, 'log.offset': offset } = record;
  return `{"create":{}}\n${JSON.stringify({ '@timestamp': time, message, 'log.offset': offset, ...fields })}\n`;
}

interface Usage {
  readonly bytes: number;
  readonly documents: number;
  readonly seconds: number;
  /** Bytes by part of an index, and by field. */
  readonly parts: ReadonlyMap<string, number>;
  readonly fields: ReadonlyMap<string, number>;
}

const PARTS = {
  words: ['inverted_index', 'total_in_bytes'],
  documents: ['stored_fields_in_bytes'],
  columns: ['doc_values_in_bytes'],
  points: ['points_in_bytes'],
} as const;

async function readUsage(node: Node, variant: Variant, seconds: number): Promise<Usage> {
  const primaries = fieldAt(
    fieldAt(await ask(node, 'GET', `/${variant}-logs-*/_stats/store,docs`), '_all'),
    'primaries',
  );
  const usage = await ask(node, 'POST', `/${variant}-logs-*/_disk_usage?run_expensive_tasks=true`);
  const [parts, fields] = [new Map<string, number>(), new Map<string, number>()];
  const add = (sums: Map<string, number>, name: string, bytes: unknown): void =>
    void sums.set(name, (sums.get(name) ?? 0) + Number(bytes ?? 0));
  for (const [index, value] of Object.entries(isObject(usage) ? usage : {})) {
    if (!index.startsWith(variant)) continue;
    const all = fieldAt(value, 'all_fields');
    for (const [part, path] of Object.entries(PARTS))
      add(
        parts,
        part,
        path.reduce<unknown>((at, name) => fieldAt(at, name), all),
      );
    const own = fieldAt(value, 'fields');
    for (const [name, field] of Object.entries(isObject(own) ? own : {}))
      add(fields, name, fieldAt(field, 'total_in_bytes'));
  }
  return {
    bytes: Number(fieldAt(fieldAt(primaries, 'store'), 'size_in_bytes')),
    documents: Number(fieldAt(fieldAt(primaries, 'docs'), 'count')),
    seconds,
    parts,
    fields,
  };
}

/** Returns the searches of bench/queries.ts, adapted to the content of these records. */
function listSearches(records: readonly LogRecord[]): readonly (readonly [name: string, query: RecordQuery])[] {
  const end =
    Date.parse(records.findLast((record) => record['jobtrace.flags'] === undefined)?.['@timestamp'] ?? '') + 1;
  const last = (hours: number): Pick<RecordQuery, 'from' | 'to'> => ({
    from: new Date(end - hours * HOUR_MS).toISOString(),
    to: new Date(end).toISOString(),
  });
  const sample = records.findLast((record) => record['flink.job.id'] !== undefined && record['log.level'] === 'INFO');
  const number = /\b\d{6,}\b/.exec(records.findLast(({ message }) => /\b\d{6,}\b/.test(message))?.message ?? '')?.[0];
  const page = { limit: 100, order: 'newest' } as const;
  const first = { ...page, histogramBuckets: 60, facets: true } as const;
  const job = `job:${sample?.['flink.job.id'] ?? ''}`;
  return [
    ['the last quarter of an hour', { ...first, ...last(0.25) }],
    ['errors, an hour', { ...first, query: 'level:ERROR', ...last(1) }],
    ['a job, an hour', { ...first, query: job, ...last(1) }],
    ['errors of a job, a day', { ...first, query: `${job} level:ERROR`, ...last(24) }],
    ['an exception, a day', { ...first, query: 'TimeoutException', ...last(24) }],
    ['a phrase, a day', { ...first, query: '"switched from RUNNING to FAILED"', ...last(24) }],
    ['a process, an hour', { ...first, process: sample?.['jobtrace.process'] ?? '', ...last(1) }],
    ['a word without another, an hour', { ...first, query: 'checkpoint -Completed', ...last(1) }],
    ['one number, of all', { ...first, query: number ?? '' }],
    ['a class of a stack trace, a day', { ...first, query: '"java.io.IOException"', ...last(24) }],
  ];
}

async function measureSearches(
  stores: Readonly<Record<Variant, Store>>,
  records: readonly LogRecord[],
): Promise<readonly string[]> {
  const rows: string[] = [];
  for (const [name, query] of listSearches(records)) {
    const took = new Map<Variant, number[]>(SEARCHED.map((variant) => [variant, []]));
    const pages = new Set<string>();
    let total = 0;
    for (let round = -1; round < values.rounds; round += 1)
      for (const variant of SEARCHED) {
        const begin = performance.now();
        const page = await stores[variant].searchRecords(query);
        const ms = performance.now() - begin;
        if (round >= 0) took.get(variant)?.push(ms);
        total = page.total;
        pages.add(JSON.stringify([page.total, page.records.map(({ id }) => id)]));
      }
    if (pages.size !== 1) throw new Error(`"${name}" finds something else in another mapping.`);
    const medians = SEARCHED.map((variant) => findMedian(took.get(variant) ?? []));
    const [before = NaN, , ours = NaN] = medians;
    rows.push(
      `| ${[name, total.toLocaleString('en'), ...medians.map((ms) => ms.toFixed(1)), (ours / before).toFixed(2)].join(' | ')} |`,
    );
  }
  return rows;
}

function renderUsage(usages: ReadonlyMap<Variant, Usage>, rawBytes: number): readonly string[] {
  const share = (bytes: number | undefined): string => ((bytes ?? 0) / rawBytes).toFixed(3);
  const rows = [...usages].map(([variant, { bytes, parts, fields, seconds }]) => {
    const largest = [...fields].sort((a, b) => b[1] - a[1]).slice(0, SHOWN_FIELDS);
    const cells = [
      ...Object.keys(PARTS).map((part) => share(parts.get(part))),
      seconds.toFixed(0),
      largest.map(([name, size]) => `\`${name}\` ${share(size)}`).join(', '),
    ];
    return `| ${[variant, `**${share(bytes)}**`, ...cells].join(' | ')} |`;
  });
  return [
    '| mapping | on disk for a byte of log | words | documents | columns | points | seconds to write | largest fields |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
  ];
}

function describeRun(node: Node, records: readonly LogRecord[], rawBytes: number): string {
  const { date, machine } = describeSession(SCRIPT.name, []);
  return (
    `${records.length.toLocaleString('en')} records, ${(rawBytes / 1e6).toFixed(1)} MB of log (a stack trace in one of ` +
    `${Math.round(records.length / records.filter((record) => record['error.stack_trace'] !== undefined).length)} entries), ` +
    `Elasticsearch ${node.version}, one shard, one segment; ${date.slice(0, 10)}, ${machine.cores} cores, load ${machine.load}.`
  );
}

async function readFleet(): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for (let copy = 0; copy < values.copies; copy += 1)
    for (const record of await readCopy(copy, values.copies)) records.push(record);
  return records.sort((a, b) => (a['@timestamp'] < b['@timestamp'] ? -1 : a['@timestamp'] > b['@timestamp'] ? 1 : 0));
}

const records = await readFleet();
const rawBytes = records.reduce((sum, record) => sum + record['jobtrace.length'], 0);
console.error(`${records.length} records, ${rawBytes} bytes`);
const node = await startElasticsearch({
  version: values.version === '9' ? 9 : 8,
  heap: '1500m',
  analysis: true,
  thorough: true,
});
const open = (variant: Variant): Store => openElasticsearchStore({ nodes: [node.url], indexPrefix: variant });
const stores = { before: open('before'), plain: open('plain'), unsorted: open('unsorted'), ours: open('ours') };
try {
  const usages = new Map<Variant, Usage>();
  for (const variant of VARIANTS) {
    const seconds = await fill(node, variant, records, stores[variant]);
    usages.set(variant, await readUsage(node, variant, seconds));
    console.error(`${variant}: ${((usages.get(variant)?.bytes ?? NaN) / rawBytes).toFixed(3)}`);
  }
  const text = [
    '# What a byte of log costs on disk',
    '',
    'Written by `npx tsx bench/store.ts --keep`. “before”: each word of a message indexed twice. “plain”: the entry whole as `match_only_text`, nine fields beside it, `best_compression`, an id that Elasticsearch makes. “unsorted”: ours without the order of the index. “ours”: as shipped, sorted by logger and time.',
    '',
    describeRun(node, records, rawBytes),
    '',
    ...renderUsage(usages, rawBytes),
    '',
    'Searches as the page asks them (a page, histogram and facets), median in milliseconds, asked in turn; all find the same.',
    '',
    '| search | lines | before | unsorted | ours | ours of before |',
    '|---|---|---|---|---|---|',
    ...(await measureSearches(stores, records)),
    '',
  ].join('\n');
  console.log(text);
  if (values.keep) writeFileSync(join(RESULTS, 'store.md'), text);
} finally {
  for (const store of Object.values(stores)) await store.close();
  await node.stop();
}
