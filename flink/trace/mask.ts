// Masks a message of an exception, so that the words remain that are the same each time: text that differs between
// times, jobs or nodes is replaced by a placeholder. The time grows with the length of the message, of which only the
// beginning is read. Pure functions.

/** Placeholder for text that differs. */
const MASK = '*';

/** Number of characters that are read, and number of those that are kept. */
const READ_UNITS = 600;
const KEPT_UNITS = 160;

type Row = readonly [what: string, pattern: RegExp, put: string];

/** Texts of the JDK for the same failure that differ by its version. */
const VERSIONED_TEXTS: readonly Row[] = [
  ['since Java 14 which value was null', /^Cannot .* because .* is null$/, ''],
  ['since Java 11 the index and the length', /^Index -?\d+ out of bounds for length \d+$/, MASK],
  ['since Java 11 the loaders of both classes', / \([^()]* (?:is|are) in (?:unnamed )?module .*$/, ''],
  ['"class a.B cannot be cast to class c.D"', /\bclass (?=[\w$]+\.[\w.$]+)/g, ''],
  ['a class in quotes or brackets is a word', /["'`[]([A-Za-z][\w$]*(?:\.[\w$]+)*\.[A-Z][\w$]*)["'`\]]/g, '$1'],
  ['a message in brackets', /^\[(.*)\]?$/, '$1'],
  ['packages of Flink: its classes move', /\b(?:L?org[./]apache[./]flink[./](?:[a-z]\w*[./])*)(?=[A-Z])/g, ''],
];

/**
 * Patterns of text that differs, in order, the larger ones first. Each ends where it began, or moves on, so the time is
 * linear.
 */
const DIFFERING: readonly Row[] = [
  ['address of a service or file', /\b[a-z][\w+.-]{1,20}:\/\/[^\s,;)\]}"']+/gi, MASK],
  ['quoted value', /"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|‘[^’]*’/g, MASK],
  ['list of values', /\[[^[\]]*\]|\{[^{}]*\}/g, MASK],
  ['list of lists', /\w*\[[^[\]]*\]|\w*\{[^{}]*\}/g, MASK],
  ['path', /(?<![\w*.])(?:[A-Za-z]:)?[\w.-]*(?:\/[\w.$@+=%-]+)+\/?/g, MASK],
  ['host and port', /\b[\w-]+(?:\.[\w-]+)*:\d{2,5}\b|\b\d+\.\d+\.\d+\.\d+\b/g, MASK],
  ['id', /\b[0-9a-f]{8}-[0-9a-f-]{20,}|\b(?=[a-f]*\d)[0-9a-fA-F]{8,}\b|\b0x[0-9a-fA-F]+|@[0-9a-f]{4,}\b/g, MASK],
  ['name of a table, job or field', /(?<![\w.$])\w*[a-z0-9]_\w+(?![\w.(]|\$)/g, MASK],
];

/** Number that says what went wrong: `ORA-00308:`, `status code 403`. */
const TELLING_NUMBER =
  /\b[A-Z]{2,5}-\d{3,5}(?=:)|\b(?:status|status code|error code|errno|exit code|HTTP)[ :=]{1,3}\d{1,5}\b/g;
const NUMBER = /-?\d+(?:[.,:]\d+)*/g;
/** Several placeholders in a row, which become one, because the length of a list does not matter. */
const REPEATED = /\*(?:[\s:,;=/|.-]*\*)+/g;

export function maskMessage(message: string): string {
  const [line = ''] = message.slice(0, READ_UNITS).split('\n', 1);
  const plain = [...VERSIONED_TEXTS, ...DIFFERING].reduce((text, [, pattern, put]) => text.replace(pattern, put), line);
  return maskNumbers(plain).replace(REPEATED, MASK).replace(/\s+/g, ' ').trim().slice(0, KEPT_UNITS);
}

function maskNumbers(text: string): string {
  let masked = '';
  let from = 0;
  for (const { index, 0: telling } of text.matchAll(TELLING_NUMBER)) {
    masked += text.slice(from, index).replace(NUMBER, MASK) + telling;
    from = index + telling.length;
  }
  return masked + text.slice(from).replace(NUMBER, MASK);
}

/** Counts the words that are left of a masked message. */
export function countWords(masked: string): number {
  return masked.match(/[\p{L}$.]{3,}/gu)?.length ?? 0;
}
