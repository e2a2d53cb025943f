// A record as a row of a list: an entry may have a megabyte, and a list of a hundred of them is read by nobody. Used by
// the routes that answer lists of records, and by the live stream.
import { omitMissing } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';

/** Characters of an entry's text in a row. */
const MAX_ROW_TEXT = 8192;
/** Characters of its message then: the text itself stands in `event.original`. */
const MAX_ROW_MESSAGE = 1024;

/** What of a record is left out in a list; `jobtrace.length` says how many bytes the entry has. */
export type RecordRow = LogRecord & { readonly 'jobtrace.truncated'?: true };

export const ROW_CUT = `An entry of more than ${MAX_ROW_TEXT} characters is cut in a list: "jobtrace.truncated" is true, "event.original" holds its beginning, "message" the beginning of that, "error.stack_trace" is left out, and "jobtrace.length" says how many bytes the entry has. GET /api/v1/records/{id} and the export give it whole.`;

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

/** No half of a character stays. */
function cutText(text: string, length: number): string {
  const cut = text.slice(0, length);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}
