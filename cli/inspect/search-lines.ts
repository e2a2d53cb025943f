// Renders records as lines of the terminal: formatted with highlighted matches, whole with --full, and with context
// lines as in grep. Takes a record; returns text.
import { renderRecordHeader, renderRecords, type RecordFormat } from '../../core/wording/record-export.js';
import type { LogRecord } from '../../core/types.js';
import { findHits, type Sought } from '../../store/query/hits.js';
import { paint, renderRecord, type Style } from '../terminal/print.js';

export interface LineOptions {
  readonly format: RecordFormat;
  /** True to print the entry as it is in its file, including its stack trace. */
  readonly isFull: boolean;
  readonly sought: Sought;
  readonly style: Style;
}

/** Renders the text before the first line. */
export function renderHeader({ format }: LineOptions): string {
  return renderRecordHeader(format);
}

/** Renders a record. `isAround` is true for a context line of a match. */
export function renderLine(record: LogRecord, options: LineOptions, isAround = false): string {
  const { format, isFull, sought, style } = options;
  if (format !== 'text') return renderRecords([record], format);
  const text = isFull ? `${record['event.original'].trimEnd()}\n` : renderRecord(record, style);
  if (isAround) return paint(text.trimEnd(), 'dim', style) + '\n';
  return style.color ? highlightHits(text, sought, style) : text;
}

/** Renders the separator between groups of lines, as in grep. */
export function renderGap({ style }: LineOptions): string {
  return `${paint('--', 'cyan', style)}\n`;
}

/** Highlights matches. An existing colour code would end a highlight, so the text is highlighted between them. */
function highlightHits(text: string, sought: Sought, style: Style): string {
  return text
    .split(COLOR)
    .map((segment, index) => (index % 2 === 1 ? segment : highlightSegment(segment, sought, style)))
    .join('');
}

// eslint-disable-next-line no-control-regex -- the escape character is what is searched
const COLOR = /(\u001b\[[\d;]*m)/;

function highlightSegment(text: string, sought: Sought, style: Style): string {
  let highlighted = '';
  let at = 0;
  for (const [start, end] of findHits(text, sought)) {
    highlighted += text.slice(at, start) + paint(text.slice(start, end), 'bold', style);
    at = end;
  }
  return highlighted + text.slice(at);
}
