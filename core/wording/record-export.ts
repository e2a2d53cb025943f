// Renders records for a file: as text for people, as NDJSON (one complete JSON document for each line) or as CSV (RFC
// 4180, a column for each field). Takes records page by page and returns text to append. Pure functions.
import { FIELD_ROWS } from '../record.js';
import type { LogRecord } from '../types.js';
import { renderCell, renderNdjson } from './export.js';
import { showHidden } from '../text/hidden.js';

export const RECORD_FORMATS = ['text', 'ndjson', 'csv'] as const;
export type RecordFormat = (typeof RECORD_FORMATS)[number];

export const RECORD_CONTENT_TYPES: Readonly<Record<RecordFormat, string>> = {
  text: 'text/plain; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
};

const COLUMNS = FIELD_ROWS.map(({ name }) => name);

/** Renders the text before the first record. */
export function renderRecordHeader(format: RecordFormat): string {
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

/** Renders time in UTC, level, logger and message in a line, and the complete stack trace below it. */
function renderText(record: LogRecord): string {
  const { 'log.level': level, 'log.logger': logger, 'error.stack_trace': stack, message } = record;
  const prefix = [record['@timestamp'], level, logger?.split('.').at(-1)].filter((part) => part !== undefined);
  return showHidden(`${prefix.join(' ')} ${message.trimEnd()}\n${stack === undefined ? '' : `${stack.trimEnd()}\n`}`);
}
