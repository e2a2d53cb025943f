// Records for a file: as people read them, as NDJSON (one JSON document a line, whole) or as CSV (RFC 4180, a column
// for each field). In: records, page by page. Out: text to be appended. Pure; the command line and the API call it.
import { FIELD_ROWS } from '../record.js';
import type { LogRecord } from '../types.js';
import { renderCell, renderNdjson } from './export.js';
import { showHidden } from './hidden.js';

export const RECORD_FORMATS = ['text', 'ndjson', 'csv'] as const;
export type RecordFormat = (typeof RECORD_FORMATS)[number];

export const RECORD_CONTENT_TYPES: Readonly<Record<RecordFormat, string>> = {
  text: 'text/plain; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
};

const COLUMNS = FIELD_ROWS.map(({ name }) => name);

/** What stands before the first record. */
export function renderRecordHead(format: RecordFormat): string {
  return format === 'csv' ? `${COLUMNS.join(',')}\r\n` : '';
}

export function renderRecords(records: readonly LogRecord[], format: RecordFormat): string {
  if (format === 'ndjson') return renderNdjson(records);
  return records.map(format === 'csv' ? renderRow : renderText).join('');
}

function renderRow(record: LogRecord): string {
  const cells = COLUMNS.map((name) => {
    const value = record[name];
    return renderCell(typeof value === 'object' ? value.join(' ') : value);
  });
  return `${cells.join(',')}\r\n`;
}

/** Time in UTC, level, logger, message; a stack trace stands below, whole. */
function renderText(record: LogRecord): string {
  const { 'log.level': level, 'log.logger': logger, 'error.stack_trace': stack, message } = record;
  const head = [record['@timestamp'], level, logger?.split('.').at(-1)].filter((part) => part !== undefined);
  return showHidden(`${head.join(' ')} ${message.trimEnd()}\n${stack === undefined ? '' : `${stack.trimEnd()}\n`}`);
}
