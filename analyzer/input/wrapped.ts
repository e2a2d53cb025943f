// Joins the lines of a log that were broken on the way. A mail program breaks at some 70 columns, where the next word
// would not have fitted. A line with room for the first word of the next line ended there by itself. Only a text in
// which parts stand alone is changed (`at`, `Caused by:`, the jar of a frame, time and level), or a message of which
// every line is full. A terminal breaks in the middle of words, always at one column, so only a text with several lines
// of exactly its width is changed. Pure functions.

/**
 * Texts that a program never prints on a line of their own: parts of traces, the prefix of an entry without its text.
 */
const FRAGMENT =
  /^[ \t]*(?:at|Caused by:|~?\[[^\]\s]+\.jar(?::[^\]\s]*)?\]|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d+)? +(?:DEBUG|INFO|WARN|ERROR|FATAL)(?: +(?:[\w$]+\.)+[A-Z][\w$]*)?)[ \t]*$/;
const MIN_FRAGMENTS = 2;

import { findLargest } from '../../core/sequence.js';
export function mayBeWrapped(start: string): boolean {
  const lines = start.split('\n');
  return (
    lines.filter((line) => FRAGMENT.test(line)).length >= MIN_FRAGMENTS ||
    lines.some((line, index) => MESSAGE.test(line) && isFull(lines, index))
  );
}

/** Beginning of an exception's message. */
const MESSAGE = /(?:Exception|Error): \S/;
/** Words that a mail program could have put on another line. A list of names or options has one word on each line. */
const WORDS = /\S[ \t]+\S+[ \t]+\S/;
/** Minimum number of breaks in a message. Two lines may be full by chance. */
const LEAST_BREAKS = 3;
const LEAST_WIDTH = 55;

/** True if the message goes on over lines of words, and none of them had room for the first word of the next line. */
function isFull(lines: readonly string[], from: number): boolean {
  const end = lines.findIndex((line, index) => index > from && (line.trim() === '' || BEGINS.test(line)));
  const message = lines.slice(from, end < 0 ? undefined : end).map((line) => line.trimEnd());
  const width = findLargest(message.map((line) => line.length));
  if (message.length <= LEAST_BREAKS || width < LEAST_WIDTH || width > MAX_WIDTH) return false;
  return message.slice(0, -1).every((line, index) => WORDS.test(line) && goesOn(line, message[index + 1] ?? '', width));
}

export function joinWrapped(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const width = findWidth(lines);
  const joined: string[] = [];
  let before = '';
  for (const line of lines) {
    const known = joined.at(-1);
    if (known !== undefined && goesOn(before, line, width))
      joined[joined.length - 1] = `${known.trimEnd()} ${line.trimStart()}`;
    else joined.push(line);
    before = line;
  }
  return joined.join('\n');
}

/** Returns the length of the longest line of more than one word. A longer line is a word that could not be broken. */
function findWidth(lines: readonly string[]): number {
  return lines.reduce(
    (width, line) =>
      /\S\s+\S/.test(line) && line.trimEnd().length <= MAX_WIDTH ? Math.max(width, line.trimEnd().length) : width,
    0,
  );
}

const MAX_WIDTH = 100;
/** Part that is not complete without the next line. */
const OPEN = /^\s*at$|^\s*Caused by:$|(?:Exception|Error):$/;
/** Text that stands behind a frame. */
const BEHIND = /^\s*~?\[[^\]\s]*\]\s*$/;
/** Beginning of a line: a date, a part of a trace, an exception, a row of `kubectl get pods`. */
const BEGINS =
  /^\s*(?:\d{4}[-/]\d\d[-/]\d\d[ T]|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d\d:\d\d:\d\d|at(?:$| \S+\()|Caused by:|Suppressed:|\.\.\. \d+|(?:[a-z_][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error)(?::|$)|[\w.-]+ +\d+\/\d+ +[A-Z]\w+ +\d)/;

function goesOn(before: string, line: string, width: number): boolean {
  if (before.trim() === '' || line.trim() === '') return false;
  if (OPEN.test(before.trimEnd()) || BEHIND.test(line)) return true;
  if (BEGINS.test(line)) return false;
  return before.trimEnd().length + 1 + (line.trim().split(/\s/, 1)[0] ?? '').length > width;
}

const MIN_COLUMNS = 60;
const MAX_COLUMNS = 250;
const LEAST_FULL = 2;
const MIN_CUT_SHARE = 0.65;

export function mayBeCut(start: string): boolean {
  return findColumns(start.replaceAll('\r', '').split('\n')) !== undefined;
}

export function joinCut(text: string): string {
  const lines = text.replaceAll('\r', '').split('\n');
  const columns = findColumns(lines);
  if (columns === undefined) return text;
  const joined: string[] = [];
  let isOpen = false;
  for (const line of lines) {
    if (isOpen && !BEGINS.test(line)) joined.push(`${joined.pop() ?? ''}${line}`);
    else joined.push(line);
    isOpen = line.length === columns;
  }
  return joined.join('\n');
}

/**
 * Finds the width of the terminal: no line is longer, several lines have this length, and most of them go on in the
 * next line.
 */
function findColumns(lines: readonly string[]): number | undefined {
  const columns = lines.reduce((max, line) => Math.max(max, line.length), 0);
  if (columns < MIN_COLUMNS || columns > MAX_COLUMNS) return undefined;
  const behind = lines.flatMap((line, index) => (line.length === columns ? [lines[index + 1] ?? ''] : []));
  const cut = behind.filter((line) => line.trim() !== '' && !BEGINS.test(line)).length;
  return cut >= LEAST_FULL && cut >= MIN_CUT_SHARE * behind.length ? columns : undefined;
}
