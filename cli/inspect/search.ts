// Implements "jobtrace search": prints records of the store with the conventions of grep and kubectl logs: context
// lines, following, a count, and the exit code 0 for matches and 1 for none. It does not write to the store, and does
// not create a missing one.
import { followRecords } from '../../api/routes/live.js';
import { createError } from '../../core/errors.js';
import { omitMissing } from '../../core/json.js';
import { LEVELS } from '../../core/record.js';
import { RECORD_FORMATS } from '../../core/wording/record-export.js';
import type { Level, LogRecord } from '../../core/types.js';
import { countOf } from '../../core/text/count.js';
import { listSought } from '../../store/query/hits.js';
import { parseQuery } from '../../store/query/query.js';
import { starWords } from '../../store/query/variants.js';
import type { RecordQuery, RecordSearch } from '../../store/store.js';
import { CONFIG_OPTION, DATA_OPTION, STORE_OPTION, type Command, type Invocation } from '../command.js';
import { openExistingStore } from '../service/open.js';
import { readSettings } from '../settings.js';
import { paint, styleOf } from '../terminal/print.js';
import { write, writeNote } from '../terminal/write.js';
import { renderGap, renderHeader, renderLine, type LineOptions } from './search-lines.js';
import { readRange, readWhole } from './query-options.js';

const PAGE_SIZE = 1000;
const DEFAULT_LIMIT = 100;
/** Number of records before following, as in tail -f. */
const FOLLOWED_LIMIT = 10;
const POLL_MS = 1_000;
const MAX_FOLLOWED = 5_000;
/** Exit code if nothing was found, as in grep. */
const NOTHING_FOUND = 1;

type Filter = Omit<RecordQuery, 'limit' | 'order'>;

export const SEARCH: Command = {
  name: 'search',
  operands: '[QUERY]',
  summary: 'Search stored logs, newest last (exit 1 if none).',
  options: [
    DATA_OPTION,
    STORE_OPTION,
    CONFIG_OPTION,
    { name: 'since', value: 'TIME', help: 'Start time: 15m, 2h, 7d or an ISO time.' },
    { name: 'until', value: 'TIME', help: 'End time: 15m, 2h, 7d or an ISO time.' },
    { name: 'job', value: 'ID', help: 'Lines of the job with this id or name.' },
    {
      name: 'level',
      value: 'LEVEL',
      values: LEVELS,
      multiple: true,
      help: 'Lines of this level; may be repeated.',
    },
    { name: 'follow', short: 'f', help: 'Follow new lines until interrupted.' },
    { name: 'context', short: 'C', value: 'N', help: 'Print N lines of the same process before and after each match.' },
    { name: 'before-context', short: 'B', value: 'N', help: 'Print N lines before each match.' },
    { name: 'after-context', short: 'A', value: 'N', help: 'Print N lines after each match.' },
    { name: 'count', short: 'c', help: 'Print the count only.' },
    { name: 'full', help: 'Print full entries, including stack traces.' },
    {
      name: 'format',
      value: 'FORMAT',
      values: RECORD_FORMATS,
      help: 'Output format.',
    },
    {
      name: 'limit',
      short: 'n',
      value: 'N',
      help: `Maximum number of lines, newest first; 0 = all (default ${DEFAULT_LIMIT}, with --follow ${FOLLOWED_LIMIT}).`,
    },
  ],
  examples: [
    'jobtrace search level:ERROR --since 1h',
    'jobtrace search -f --job orders --level ERROR --level WARN',
    'jobtrace search -C 5 TimeoutException --since 2h',
    'jobtrace search \'job:orders "buffer pool" -heartbeat\'',
    'jobtrace search --format ndjson --limit 0 | jq .message',
  ],
  run: runSearch,
};

async function runSearch(invocation: Invocation): Promise<number> {
  const filter = readFilter(invocation);
  const limit = readWhole(invocation, 'limit', 'search') ?? (invocation.has('follow') ? FOLLOWED_LIMIT : DEFAULT_LIMIT);
  const options = readLineOptions(invocation, filter.query ?? '');
  const around = readAround(invocation);
  const store = await openExistingStore(readSettings(invocation).settings);
  try {
    if (invocation.has('count')) return await printCount(store, filter, invocation);
    await write(invocation.terminal, renderHeader(options));
    if (invocation.has('follow')) return await follow(store, filter, limit, options, invocation);
    const printer = createPrinter(store, around, options, invocation);
    const found =
      limit === 0
        ? await printAll(store, filter, printer, invocation)
        : await printNewest(store, filter, limit, printer, invocation);
    if (found > 0) return 0;
    await hint(store, filter, invocation);
    return NOTHING_FOUND;
  } finally {
    await store.close();
  }
}

function readFilter(invocation: Invocation): Filter {
  const query = invocation.operands.join(' ');
  const levels = LEVELS.filter((level): level is Level => invocation.options('level').includes(level));
  return {
    ...(query === '' ? {} : { query }),
    ...(levels.length === 0 ? {} : { levels }),
    ...omitMissing({ job: invocation.option('job') }),
    ...readRange(invocation, 'search'),
  };
}

function readLineOptions(invocation: Invocation, query: string): LineOptions {
  const { stdout, environment } = invocation.terminal;
  return {
    format: RECORD_FORMATS.find((format) => format === invocation.option('format')) ?? 'text',
    isFull: invocation.has('full'),
    sought: listSought(parseQuery(query)),
    style: styleOf(stdout, environment),
  };
}

interface Around {
  readonly before: number;
  readonly after: number;
}

/** Returns the number of context lines; undefined if there are none. Throws JT_USAGE if the output cannot have them. */
function readAround(invocation: Invocation): Around | undefined {
  const both = readWhole(invocation, 'context', 'search');
  const before = readWhole(invocation, 'before-context', 'search') ?? both ?? 0;
  const after = readWhole(invocation, 'after-context', 'search') ?? both ?? 0;
  if (before === 0 && after === 0) return undefined;
  if (invocation.has('follow'))
    throw createError('JT_USAGE', {
      problem: '--follow cannot be combined with --context: lines after a match are not known yet.',
      command: 'search',
    });
  return { before, after };
}

async function printCount(store: RecordSearch, filter: Filter, { terminal }: Invocation): Promise<number> {
  const { total } = await store.searchRecords({ ...filter, limit: 1, order: 'newest' });
  await write(terminal, `${total}\n`);
  return total > 0 ? 0 : NOTHING_FOUND;
}

/** Printer of records in time order, each once, with their context lines. */
type Printer = (record: LogRecord) => Promise<void>;

function createPrinter(
  store: RecordSearch,
  around: Around | undefined,
  options: LineOptions,
  { terminal }: Invocation,
): Printer {
  if (around === undefined) return (record) => write(terminal, renderLine(record, options));
  const printed = new Set<string>();
  let last: string | undefined;
  return async (record) => {
    const context = await store.findContext(record.id, around);
    const lines = context?.records ?? [record];
    const rest = lines.filter(({ id }) => id === record.id || !printed.has(id));
    // Lines that were printed as context are not repeated. A separator is printed only if lines are missing in between.
    if (last !== undefined && !lines.some(({ id }) => id === last) && options.format === 'text')
      await write(terminal, renderGap(options));
    for (const line of rest) {
      if (!printed.has(line.id)) await write(terminal, renderLine(line, options, line.id !== record.id));
      printed.add(line.id);
      last = line.id;
    }
  };
}

/** Prints all records page by page, oldest first, so that memory use stays constant. */
async function printAll(
  store: RecordSearch,
  filter: Filter,
  print: Printer,
  { terminal }: Invocation,
): Promise<number> {
  let after: string | undefined;
  let found = 0;
  do {
    const page = await store.findRecords({ ...filter, limit: PAGE_SIZE, order: 'oldest', after });
    for (const record of page.records) await print(record);
    found += page.records.length;
    after = page.next;
  } while (after !== undefined && !terminal.signal.aborted);
  return found;
}

/** Prints the newest N records in time order. */
async function printNewest(
  store: RecordSearch,
  filter: Filter,
  limit: number,
  print: Printer,
  { terminal }: Invocation,
): Promise<number> {
  const { records, total } = await findNewest(store, filter, limit);
  for (const record of records) await print(record);
  const { stderr } = terminal;
  if (stderr.isTTY === true && records.length > 0)
    writeNote(
      terminal,
      paint(
        records.length < total
          ? `${records.length} of ${total} records; --limit N shows more\n`
          : `${countOf(total, 'record')}\n`,
        'dim',
        styleOf(stderr, terminal.environment),
      ),
    );
  return records.length;
}

async function findNewest(
  store: RecordSearch,
  filter: Filter,
  limit: number,
): Promise<{ readonly records: readonly LogRecord[]; readonly total: number }> {
  const found: LogRecord[] = [];
  let after: string | undefined;
  let total = 0;
  do {
    const page = await store.searchRecords({
      ...filter,
      limit: Math.min(PAGE_SIZE, limit - found.length),
      order: 'newest',
      after,
    });
    for (const record of page.records) found.push(record);
    total = Math.max(total, page.total);
    after = page.next;
  } while (after !== undefined && found.length < limit);
  return { records: found.reverse(), total };
}

/** Prints the newest records, then new ones as they arrive. An interrupt ends it with exit code 0, as in tail. */
async function follow(
  store: RecordSearch,
  filter: Filter,
  limit: number,
  options: LineOptions,
  { terminal }: Invocation,
): Promise<number> {
  const { records } = limit === 0 ? { records: [] } : await findNewest(store, filter, limit);
  const known = new Set(records.map(({ id }) => id));
  for (const record of records) await write(terminal, renderLine(record, options));
  const last = records.at(-1);
  const events = followRecords(store, {
    filters: { ...filter, to: undefined, from: last?.['@timestamp'] },
    now: Date.now,
    signal: terminal.signal,
    pollMs: POLL_MS,
    heartbeatMs: Number.POSITIVE_INFINITY,
    maxRecords: MAX_FOLLOWED,
    isForeground: true,
  });
  for await (const event of events) {
    if (event.kind === 'record' && !known.has(event.record.id))
      await write(terminal, renderLine(event.record, options));
    if (event.kind === 'gap') writeNote(terminal, `Some lines before ${event.before ?? ''} were skipped.\n`);
    if (event.kind === 'problem') writeNote(terminal, `jobtrace: ${event.error.message} Still following.\n`);
  }
  return 0;
}

/**
 * Prints a hint after an empty search: the number of records with partial words or without a time range, because the
 * query matches whole words and the range may be too short.
 */
async function hint(store: RecordSearch, filter: Filter, { terminal }: Invocation): Promise<void> {
  const count = async (changes: Partial<Filter>): Promise<number> =>
    (await store.searchRecords({ ...filter, ...changes, limit: 1, order: 'newest' })).total;
  for (const isAnywhere of [false, true]) {
    const query = starWords(filter.query ?? '', isAnywhere);
    const total = query === undefined ? 0 : await count({ query });
    if (total > 0)
      return writeNote(
        terminal,
        `No match. Only whole words match; '${query ?? ''}' finds ${countOf(total, 'record')}.\n`,
      );
  }
  const inAllTime =
    filter.from === undefined && filter.to === undefined ? 0 : await count({ from: undefined, to: undefined });
  const rest = inAllTime > 0 ? ` Without a time range: ${countOf(inAllTime, 'record')}.` : '';
  writeNote(terminal, `No match.${rest}\n`);
}
