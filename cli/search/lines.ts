// Records as lines of the terminal: as people read them, what was searched for marked, whole with --full, with lines
// around them as grep does it. In: a record. Out: text. Called by search.ts.
import { renderRecordHead, renderRecords, type RecordFormat } from '../../core/text/record-export.js';
import type { LogRecord } from '../../core/types.js';
import { findHits, type Sought } from '../../store/query/hits.js';
import { paint, renderRecord, type Style } from '../terminal/print.js';

export interface LineOptions {
  readonly format: RecordFormat;
  /** The entry as it stands in its file, its stack trace too. */
  readonly isFull: boolean;
  readonly sought: Sought;
  readonly style: Style;
}

/** What stands before the first line. */
export function renderHead({ format }: LineOptions): string {
  return renderRecordHead(format);
}

/** `isAround`: a line beside one that was found. */
export function renderLine(record: LogRecord, options: LineOptions, isAround = false): string {
  const { format, isFull, sought, style } = options;
  if (format !== 'text') return renderRecords([record], format);
  const text = isFull ? `${record['event.original'].trimEnd()}\n` : renderRecord(record, style);
  if (isAround) return paint(text.trimEnd(), 'dim', style) + '\n';
  return style.color ? markHits(text, sought, style) : text;
}

/** As grep parts groups of lines. */
export function renderGap({ style }: LineOptions): string {
  return `${paint('--', 'cyan', style)}\n`;
}

/** Colours that are there already end a mark, so a text with them is marked between them. */
function markHits(text: string, sought: Sought, style: Style): string {
  return text
    .split(COLOR)
    .map((piece, index) => (index % 2 === 1 ? piece : markPiece(piece, sought, style)))
    .join('');
}

// eslint-disable-next-line no-control-regex -- the escape character is what is looked for
const COLOR = /(\u001b\[[\d;]*m)/;

function markPiece(text: string, sought: Sought, style: Style): string {
  let marked = '';
  let at = 0;
  for (const [start, end] of findHits(text, sought)) {
    marked += text.slice(at, start) + paint(text.slice(start, end), 'bold', style);
    at = end;
  }
  return marked + text.slice(at);
}
