// Shortens a record to a row of a list, because an entry may have a megabyte and a list has a hundred rows. The routes
// that answer lists of records and the live stream use it.
import { omitMissing } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';

/** Largest number of characters of an entry's text in a row. */
const MAX_ROW_TEXT = 8192;
/** Largest number of characters of the message of a cut row; `event.original` has the text itself. */
const MAX_ROW_MESSAGE = 1024;

/** Record that may be cut for a list; `jobtrace.length` is the length of the whole entry in bytes. */
export type RecordRow = LogRecord & { readonly 'jobtrace.truncated'?: true };

export const ROW_CUT = `An entry of more than ${MAX_ROW_TEXT} characters is cut in a list: "jobtrace.truncated" is true, "event.original" and "message" contain its beginning, "error.stack_trace" is missing, and "jobtrace.length" is the size of the entry in bytes. GET /api/v1/records/{id} and the export return the whole entry.`;

export function cutRow(record: LogRecord): RecordRow {
  const { 'event.original': original, 'error.stack_trace': trace, ...row } = record;
  const message = record['error.message'];
  const texts = [original, record.message, message ?? '', trace ?? ''];
  if (texts.every((text) => text.length <= MAX_ROW_TEXT)) return record;
  return {
    ...row,
    'event.original': cutText(original, MAX_ROW_TEXT),
    message: cutText(record.message, MAX_ROW_MESSAGE),
    ...omitMissing({ 'error.message': message === undefined ? undefined : cutText(message, MAX_ROW_MESSAGE) }),
    'jobtrace.truncated': true,
  };
}

/** Cuts a text without splitting a surrogate pair. */
function cutText(text: string, length: number): string {
  const cut = text.slice(0, length);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}
