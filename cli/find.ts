// "jobtrace search" and "jobtrace incidents": what the store holds, for people and for programs. Neither writes to
// the store, and neither makes one that is not there.
import type { Settings } from '../core/config/settings.js';
import { createError } from '../core/errors.js';
import { renderCsv, renderNdjson } from '../core/text/export.js';
import { linkIncident, renderIncidentMarkdown } from '../core/text/markdown.js';
import { readMoment } from '../core/time/moment.js';
import type { Incident } from '../core/types.js';
import type { RecordQuery, RecordSearch } from '../store/store.js';
import { CONFIG_OPTION, DATA_OPTION, LANG_OPTION, STORE_OPTION, type Command, type Invocation } from './command.js';
import { renderIncident } from './terminal/incident.js';
import { paint, renderRecord, styleOf } from './terminal/print.js';
import { languageOf, readSettings } from './settings.js';
import { openExistingStore } from './service/open.js';
import { write, writeNote } from './terminal/write.js';

const PAGE_SIZE = 1000;
const DEFAULT_LIMIT = 100;

export const SEARCH: Command = {
  name: 'search',
  operands: '[QUERY]',
  summary: 'Searches the stored log records, newest last.',
  options: [
    DATA_OPTION,
    STORE_OPTION,
    CONFIG_OPTION,
    { name: 'since', value: 'TIME', help: 'From this time on: a duration back from now (15m, 2h, 7d) or an ISO time.' },
    { name: 'until', value: 'TIME', help: 'Up to this time, likewise.' },
    {
      name: 'format',
      value: 'FORMAT',
      values: ['text', 'ndjson'],
      help: 'A line for people, or one JSON record a line.',
    },
    {
      name: 'limit',
      short: 'n',
      value: 'N',
      help: `How many records at most, the newest; 0 = all (default ${DEFAULT_LIMIT}).`,
    },
  ],
  examples: [
    'jobtrace search level:ERROR --since 1h',
    'jobtrace search \'job:orders "buffer pool" -heartbeat\'',
    'jobtrace search --format ndjson --limit 0 | jq .message',
  ],
  run: runSearch,
};

async function runSearch(invocation: Invocation): Promise<number> {
  const limit = readLimit(invocation);
  const query = invocation.operands.join(' ');
  const filter: Omit<RecordQuery, 'limit' | 'order'> = {
    ...(query === '' ? {} : { query }),
    ...timeRange(invocation),
  };
  const store = await openExistingStore(readSettings(invocation).settings);
  try {
    if (limit === 0) await printAll(store, filter, invocation);
    else await printNewest(store, filter, limit, invocation);
    return 0;
  } finally {
    await store.close();
  }
}

/** All, oldest first, page by page: memory stays flat. */
async function printAll(
  store: RecordSearch,
  filter: Omit<RecordQuery, 'limit' | 'order'>,
  invocation: Invocation,
): Promise<void> {
  let after: string | undefined;
  do {
    const page = await store.searchRecords({
      ...filter,
      limit: PAGE_SIZE,
      order: 'oldest',
      after,
    });
    for (const record of page.records) await write(invocation.terminal, renderLine(record, invocation));
    after = page.next;
  } while (after !== undefined && !invocation.terminal.signal.aborted);
}

/** The newest N, printed in the order of time. */
async function printNewest(
  store: RecordSearch,
  filter: Omit<RecordQuery, 'limit' | 'order'>,
  limit: number,
  invocation: Invocation,
): Promise<void> {
  const found: string[] = [];
  let after: string | undefined;
  let total = 0;
  do {
    const page = await store.searchRecords({
      ...filter,
      limit: Math.min(PAGE_SIZE, limit - found.length),
      order: 'newest',
      after,
    });
    for (const record of page.records) found.push(renderLine(record, invocation));
    total = Math.max(total, page.total);
    after = page.next;
  } while (after !== undefined && found.length < limit);
  for (const line of found.reverse()) await write(invocation.terminal, line);
  const { stderr } = invocation.terminal;
  if (stderr.isTTY === true)
    writeNote(
      invocation.terminal,
      paint(
        found.length < total ? `${found.length} of ${total} records; --limit N shows more\n` : `${total} records\n`,
        'dim',
        styleOf(stderr, invocation.terminal.environment),
      ),
    );
}

function renderLine(record: Parameters<typeof renderRecord>[0], invocation: Invocation): string {
  if (invocation.option('format') === 'ndjson') return `${JSON.stringify(record)}\n`;
  return renderRecord(record, styleOf(invocation.terminal.stdout, invocation.terminal.environment));
}

export const INCIDENTS: Command = {
  name: 'incidents',
  operands: '',
  summary: 'Lists the incidents with their diagnoses, newest last.',
  options: [
    DATA_OPTION,
    STORE_OPTION,
    CONFIG_OPTION,
    LANG_OPTION,
    { name: 'job', value: 'ID', help: 'Only incidents of this job.' },
    { name: 'group', value: 'ID', help: 'Only those of this group of unknown failures.' },
    {
      name: 'since',
      value: 'TIME',
      help: 'Last seen from this time on: a duration back from now (15m, 2h, 7d) or an ISO time.',
    },
    { name: 'until', value: 'TIME', help: 'Up to this time, likewise.' },
    {
      name: 'format',
      value: 'FORMAT',
      values: ['text', 'json', 'log', 'csv', 'ndjson', 'markdown'],
      help: 'For people, one JSON document, the log lines that prove them, a line for each, or cards for an issue.',
    },
    {
      name: 'limit',
      short: 'n',
      value: 'N',
      help: `How many incidents at most, the newest (default ${DEFAULT_LIMIT}).`,
    },
  ],
  examples: [
    'jobtrace incidents --since 2h',
    'jobtrace incidents --since 7d --limit 0 --format csv > incidents.csv',
    'jobtrace incidents --group g1-0a1b2c3d4e5f --limit 1 --format log | jobtrace rules new -',
  ],
  run: runIncidents,
};

async function runIncidents(invocation: Invocation): Promise<number> {
  const limit = readLimit(invocation);
  const { settings } = readSettings(invocation);
  const jobId = invocation.option('job');
  const store = await openExistingStore(settings);
  try {
    const incidents = await store.findIncidents({
      limit: limit === 0 ? 10_000 : limit,
      jobId,
      group: invocation.option('group'),
      ...timeRange(invocation),
    });
    if (invocation.option('format') === 'log') await writeEvidence(invocation, incidents, store);
    else await write(invocation.terminal, renderIncidents(invocation, incidents, settings));
    return 0;
  } finally {
    await store.close();
  }
}

function renderIncidents({ option, terminal }: Invocation, incidents: readonly Incident[], settings: Settings): string {
  const language = languageOf(settings);
  const url = settings['api.publicUrl'];
  switch (option('format')) {
    case 'json':
      return `${JSON.stringify({ incidents }, null, 2)}\n`;
    case 'csv':
      return renderCsv(incidents, language);
    case 'ndjson':
      return renderNdjson(incidents);
    case 'markdown':
      return selectTop(incidents)
        .reverse()
        .map((incident) => renderIncidentMarkdown(incident, { language, link: linkIncident(url, incident.id) }))
        .join('\n');
    default:
      return selectTop(incidents)
        .reverse()
        .map((incident) => `${renderIncident(incident, language, terminal)}\n`)
        .join('');
  }
}

/** What a platform incident stands for is not printed beside it. */
function selectTop(incidents: readonly Incident[]): Incident[] {
  const ids = new Set(incidents.map(({ id }) => id));
  return incidents.filter(({ parent }) => parent === undefined || !ids.has(parent));
}

/** The entries on which the incidents stand, whole as long as the store has them: for `jobtrace rules new -`. */
async function writeEvidence(
  { terminal }: Invocation,
  incidents: readonly Incident[],
  store: RecordSearch,
): Promise<void> {
  for (const { unknown, diagnoses } of [...incidents].reverse()) {
    const evidence = [...unknown, ...diagnoses.en].flatMap((item) => item.evidence);
    const byPlace = new Map(evidence.map((item) => [item.recordId ?? `${item.file}:${item.line}`, item]));
    for (const { recordId, text } of byPlace.values()) {
      const context = recordId === undefined ? undefined : await store.findContext(recordId, { before: 0, after: 0 });
      const record = context?.records[context.index];
      await write(terminal, `${(record?.['event.original'] ?? text).trimEnd()}\n`);
    }
  }
}

function readLimit(invocation: Invocation): number {
  const text = invocation.option('limit');
  if (text === undefined) return DEFAULT_LIMIT;
  if (!/^\d+$/.test(text))
    throw createError('JT_USAGE', { problem: `--limit is "${text}", but must be a whole number.`, command: 'search' });
  return Number.parseInt(text, 10);
}

function timeRange(invocation: Invocation): { from?: string; to?: string } {
  const [from, to] = ['since', 'until'].map((name) => readTime(name, invocation.option(name)));
  return { from, to };
}

function readTime(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = readMoment(text, Date.now());
  if (time !== undefined) return time;
  throw createError('JT_USAGE', {
    problem: `--${name} is "${text}", but must be a duration such as 15m, 2h or 7d, or an ISO time.`,
    command: 'search',
  });
}
