// Tools for stored records: search, and the records around one. Each record is a block: place and time, then the log
// text as a quotation. A viewer with a scope finds only records of that scope.
import { toIso } from '../../core/time/iso.js';
import { createError } from '../../core/errors.js';
import { escapeMarkdown, quoteLog } from '../../core/wording/markdown.js';
import { readMoment } from '../../core/time/moment.js';
import type { Language, LogRecord } from '../../core/types.js';
import { countOf } from '../../core/text/count.js';
import type { ArgumentRow, ToolValues } from './arguments.js';
import { countFitting } from './budget.js';
import type { ToolContext, Reply } from './tool-context.js';

const DEFAULT_SINCE = '1h';
const DEFAULT_RECORDS = 20;
/** Number of stack trace lines of a record in a list; a single record is shown with more. */
const LISTED_LINES = 6;
const SHOWN_LINES = 60;

export const TIME_ROWS: readonly ArgumentRow[] = [
  {
    name: 'since',
    kind: 'text',
    max: 40,
    help: 'Start time: 15m, 2h, 7d or an ISO time with zone.',
  },
  { name: 'until', kind: 'text', max: 40, help: 'End time: 15m, 2h, 7d or an ISO time; default: now.' },
];

export const SEARCH_ROWS: readonly ArgumentRow[] = [
  {
    name: 'query',
    kind: 'text',
    max: 2000,
    help: 'Words, "a phrase", field:value (level:ERROR, logger:…, tm:…, error:IOException), -not, OR, *.',
  },
  { name: 'job', kind: 'text', max: 500, help: 'Everything that belongs to the job with this name or id.' },
  ...TIME_ROWS.map((row) => (row.name === 'since' ? { ...row, help: `${row.help} Default ${DEFAULT_SINCE}.` } : row)),
  { name: 'order', kind: 'text', values: ['newest', 'oldest'], max: 6, help: 'Which come first; default newest.' },
  { name: 'limit', kind: 'count', max: 100, help: `How many records at most (default ${DEFAULT_RECORDS}).` },
  { name: 'after', kind: 'text', max: 4000, help: 'What an earlier answer said to go on with.' },
];

export const LINES_ROWS: readonly ArgumentRow[] = [
  { name: 'record', kind: 'text', isNeeded: true, max: 4000, help: 'Id of the record, as a search shows it.' },
  { name: 'before', kind: 'count', max: 200, help: 'Records of the same process before it (default 10).' },
  { name: 'behind', kind: 'count', max: 200, help: 'Records of the same process behind it (default 10).' },
];

export async function searchRecords(context: ToolContext, values: ToolValues, language: Language): Promise<Reply> {
  const store = await context.openStore();
  const range = readTimes(context, values, DEFAULT_SINCE);
  const limit = Math.max(1, values.number('limit') ?? DEFAULT_RECORDS);
  const query = {
    query: values.text('query'),
    job: values.text('job'),
    after: values.text('after'),
    order: values.text('order') === 'oldest' ? ('oldest' as const) : ('newest' as const),
    ...range,
  };
  const page = await store.searchRecords({ ...query, limit });
  const header = [
    `${countOf(page.total, 'record')} from ${range.from} to ${range.to}.`,
    ...(page.total === 0 ? ['Try fewer words, a longer range (since), or list_incidents.'] : []),
  ].join(' ');
  const blocks = page.records.map((record) => renderRecord(record, language, LISTED_LINES));
  // Records that do not fit are requested with the cursor after the last record that fits.
  const fitting = countFitting({ header, blocks });
  const next = fitting < blocks.length ? (await store.findRecords({ ...query, limit: fitting })).next : page.next;
  return {
    header,
    blocks: blocks.slice(0, fitting),
    further:
      next === undefined
        ? undefined
        : `There are more. To read on, call this tool again with the same query, job and order, "since": "${range.from}", "until": "${range.to}" and "after": ${JSON.stringify(next)}. To see a whole record and the lines around it, call show_lines.`,
  };
}

export async function showLines(context: ToolContext, values: ToolValues, language: Language): Promise<Reply> {
  const store = await context.openStore();
  const id = values.text('record') ?? '';
  const found = await store.findContext(id, {
    before: values.number('before') ?? 10,
    after: values.number('behind') ?? 10,
  });
  const hit = found?.records[found.index];
  if (found === undefined || hit === undefined) throw createError('JT_NOT_FOUND', { what: `The record "${id}"` });
  const { records, index } = found;
  return {
    header: `${countOf(records.length, 'record')} of the process ${escapeMarkdown(hit['jobtrace.process'])}, oldest first; the one that was asked for is number ${index + 1}.`,
    blocks: records.map((record) => renderRecord(record, language, record === hit ? SHOWN_LINES : LISTED_LINES)),
  };
}

function renderRecord(record: LogRecord, language: Language, max: number): string {
  const about = [
    record['@timestamp'],
    record['log.level'],
    record['flink.job.name'] ?? record['flink.job.id'],
    record['host.name'],
    record['log.file.path'],
    record['flink.chain']?.at(-1),
  ];
  const named = about.flatMap((item) => (item === undefined ? [] : [escapeMarkdown(item)]));
  return `${named.join(' · ')}\nrecord \`${record.id}\`\n${quoteLog(record['event.original'], language, max)}`;
}

/** Returns both ends of the range, so that the next question can repeat it. Throws JT_REQUEST_INVALID. */
export function readTimes(
  { now }: Pick<ToolContext, 'now'>,
  values: ToolValues,
  since: string,
): { readonly from: string; readonly to: string } {
  const nowMs = now();
  const [from, to] = (['since', 'until'] as const).map((name) => {
    const text = values.text(name) ?? (name === 'since' ? since : undefined);
    const time = text === undefined ? toIso(nowMs + 1) : readMoment(text, nowMs);
    if (time !== undefined) return time;
    const problems = `argument "${name}" is "${text}", but must be a duration such as 15m, 2h or 7d, or an ISO time`;
    throw createError('JT_REQUEST_INVALID', { problems });
  });
  if (from !== undefined && to !== undefined && from < to) return { from, to };
  throw createError('JT_REQUEST_INVALID', { problems: `"since" (${from}) must be before "until" (${to})` });
}
