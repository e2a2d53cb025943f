// Recognises and parses entries: isEntryStart decides on bytes where one begins, parseEntry reads an entry's parts from
// its bytes. The agent parses every entry, the analyzer only candidates. Pure functions; facts.ts reads what the parts
// mean.
//
// An entry whose layout is unknown is parsed as well: its text is the message, its layout is "none".
import { omitMissing } from '../../core/json.js';
import type { ChainLink, FileKind, Level, ParsedEntry } from '../../core/types.js';
import { chainTypes, parseChain } from '../trace/chain.js';
import { readLetter, readLevel } from './preamble-word.js';
import { readPreamble, type PreambleParts } from './preamble.js';
import { readJsonEntry, readJsonFields, readLineOfStore } from './json-entry.js';
import { isDigit } from '../bytes/byte.js';
import { classifyLine, type LineClass } from '../bytes/line.js';
import { CLOSED, type Open } from '../bytes/open-object.js';
import { createPlainPrefix, openLineBytes, readPlainPrefix } from './plain.js';
import type { LocalClock } from './local-time.js';
import { readTimestamp } from './timestamp.js';
import { splitThrowable } from '../trace/throwable.js';
import { readFrame } from '../trace/trace-line.js';
import { unfoldTrace } from '../trace/unfold.js';
import { unwrapEntry } from './unwrap.js';
import { readXmlEntry } from './xml-entry.js';

export interface ParseOptions {
  /** IANA name of the time zone in which stamps without an offset are read. Default: UTC. */
  readonly zone?: string;
  /** Time of the previous entry in the same file; see LocalClock. */
  readonly previousTime?: number | undefined;
  /** True if the entry is known to hold no exception: none is searched in text, and all of the text is the message. */
  readonly isPlain?: boolean;
}

/** State from the lines before this one. There is one object per file, which `follow` updates. */
export interface LineState {
  /** True if a line with a date (or a JSON entry) was seen. */
  readonly dated: boolean;
  readonly clock: boolean;
  readonly json: boolean;
  readonly previous: LineClass | undefined;
  /** Number of further lines that an exception's message may take, while its header is open and no frame has come. */
  readonly headerLines: number;
  /** Number of further lines that may belong to a Python traceback: the frame's source, and the error at its end. */
  readonly pythonLines: number;
  readonly partial: boolean;
  /** Object or element that continues in the next line. */
  readonly open: Open;
}

/** Limit of lines that are joined to an exception's message as long as no frame has come. */
const HEADER_LINES = 200;

export const FIRST_LINE: LineState = {
  dated: false,
  clock: false,
  json: false,
  previous: undefined,
  headerLines: 0,
  pythonLines: 0,
  partial: false,
  open: CLOSED,
};

/**
 * Returns true if the line begins a new entry, in a file in which dated lines were seen (`.log`) or are not expected.
 */
export function isEntryStart(bytes: Buffer, start: number, end: number, kind: FileKind): boolean {
  return startsEntry(classifyLine(bytes, start, end), kind, {
    ...FIRST_LINE,
    dated: kind === 'log',
    clock: true,
    json: true,
  });
}

/** Decides whether a line begins an entry, by the lines before it. This is the rule of splitting. */
export function startsEntry(line: LineClass, kind: FileKind, before: LineState): boolean {
  if (before.partial) return false;
  switch (line) {
    case 'blank':
    case 'indented':
    case 'trace':
    case 'cause':
    case 'python':
      return false;
    case 'dated':
    case 'thread':
    case 'note':
      return true;
    case 'crash':
      return !isPrinted(kind, before) || before.previous !== 'hash';
    case 'clock':
      return !before.dated || before.clock;
    case 'json':
    case 'xml':
      return !before.dated || before.json;
    case 'inside':
      return false;
    case 'list':
      return before.dated && !before.json && isPrinted(kind, before);
    case 'brace':
      return before.json || (isPrinted(kind, before) && before.headerLines === 0 && before.pythonLines === 0);
    case 'hash':
      return isPrinted(kind, before) && before.previous !== 'hash' && before.previous !== 'crash';
    case 'exception':
      return startsThrowable(kind, before);
    case 'level':
    case 'plain':
      return isPrinted(kind, before) && before.headerLines === 0 && before.pythonLines === 0;
  }
}

/** Returns the state for the next line. */
export function follow(
  before: LineState,
  line: LineClass,
  starts: boolean,
  kind: FileKind,
  partial: boolean,
): LineState {
  const isEvent = line === 'json' || line === 'xml';
  const dated = before.dated || line === 'dated' || line === 'clock' || isEvent;
  const clock = before.clock || (line === 'clock' && !before.dated);
  const json = before.json || (isEvent && !before.dated);
  return {
    dated,
    clock,
    json,
    previous: line,
    headerLines: countHeaderLines(before, line, starts, kind),
    pythonLines: countPythonLines(before, line),
    partial,
    open: line === 'inside' ? before.open : CLOSED,
  };
}

function isPrinted(kind: FileKind, before: LineState): boolean {
  return kind === 'out' || kind === 'err' || kind === 'gc' || !before.dated;
}

/**
 * Returns true if a throwable is an entry of its own. It belongs to the line that logged it, dated or without its date,
 * and stands alone in printed text.
 */
function startsThrowable(kind: FileKind, before: LineState): boolean {
  if (before.previous === 'dated' || before.previous === 'clock' || before.previous === 'level') return false;
  return isPrinted(kind, before) && before.headerLines === 0 && before.pythonLines === 0;
}

/**
 * Counts the lines that may still belong to a traceback. A frame is followed by its source, which is indented unless a
 * chat removed that, and at the end by the error.
 */
function countPythonLines(before: LineState, line: LineClass): number {
  if (line === 'python') return 2;
  return line === 'indented' ? Math.min(1, before.pythonLines) : Math.max(0, before.pythonLines - 1);
}

function countHeaderLines(before: LineState, line: LineClass, starts: boolean, kind: FileKind): number {
  if (line === 'trace' || line === 'python') return 0;
  if (line === 'cause') return HEADER_LINES;
  const printed = kind === 'out' || kind === 'err' || kind === 'gc';
  if (starts && line === 'thread') return HEADER_LINES;
  if (line === 'exception' && (starts || before.pythonLines > 0)) return printed ? 0 : HEADER_LINES;
  return starts ? 0 : Math.max(0, before.headerLines - 1);
}

export function parseEntry(bytes: Buffer, options: ParseOptions = {}): ParsedEntry {
  const { zone = 'UTC', previousTime: previous } = options;
  const usual = options.isPlain === true ? readUsualLine(bytes, zone, previous) : undefined;
  if (usual !== undefined) return usual;
  const { wrapper, text, taken } = unwrapEntry(bytes);
  const clock = { zone, previous, taken };
  const parsed = readObject(text, clock, options) ?? readText(text, clock, options);
  if (wrapper === undefined) return parsed;
  const layout = `${wrapper}/${parsed.layout}`;
  return parsed.time === undefined && taken !== undefined ? { ...parsed, layout, time: taken } : { ...parsed, layout };
}

/** Reads a JSON object, alone or in a list, or an XML element. */
function readObject(text: string, clock: LocalClock, options: ParseOptions): ParsedEntry | undefined {
  if (text.startsWith('<')) return readXmlEntry(text, clock);
  if (!/^[[,\s]{0,20}\{/.test(text)) return undefined;
  const fields = readJsonFields(text);
  if (fields === undefined) return undefined;
  const stored = readLineOfStore(fields, clock);
  if (stored === undefined) return readJsonEntry(fields, clock);
  // The time of the store shows in which zone the line was written.
  const entry = readText(stored.line, { ...clock, taken: stored.time ?? clock.taken }, options);
  return { ...entry, ...omitMissing({ time: entry.time ?? stored.time }), layout: `json/${entry.layout}` };
}

const NO_CLASSES: readonly string[] = [];
const NO_LINKS: readonly ChainLink[] = [];
const NEWLINE = 10;
const plainPrefix = createPlainPrefix();

/** Reads an entry of one line, without colours or returns; undefined for all others. */
function readUsualLine(bytes: Buffer, zone: string, previous: number | undefined): ParsedEntry | undefined {
  if (bytes.includes(NEWLINE) || !readPlainPrefix(openLineBytes(bytes), 0, bytes.length, zone, plainPrefix, previous))
    return undefined;
  const { parts, time, messageStart } = plainPrefix;
  const message = bytes.toString('utf8', messageStart);
  if (message.includes('\u001b') || message.includes('\r')) return undefined;
  return { ...parts, time, message, chain: NO_CLASSES, links: NO_LINKS };
}

function readText(text: string, clock: LocalClock, options: ParseOptions): ParsedEntry {
  const prefix = readStampedPrefix(text, clock) ?? readKlog(text) ?? readBarePrefix(text);
  const parts = prefix.time === undefined ? prefix.parts : { ...prefix.parts, time: prefix.time };
  const written = text.slice(prefix.messageStart);
  if (options.isPlain === true)
    return {
      ...parts,
      message: written.endsWith('\n') ? written.trimEnd() : written,
      chain: NO_CLASSES,
      links: NO_LINKS,
    };
  return { ...parts, ...parseBody(written, parts) };
}

/** Parses the text after the preamble into the message and its exception. */
export function parseBody(
  written: string,
  { level, layout }: Pick<ParsedEntry, 'level' | 'layout'>,
  readChain: (text: string) => readonly ChainLink[] = parseChain,
): Pick<ParsedEntry, 'message' | 'stack' | 'error' | 'chain' | 'links'> {
  const body = unfoldTrace(written);
  const { message, stack } = splitThrowable(body, level === undefined);
  const links = mayThrow(body) ? nameHeadless(readChain(stack ?? message), layout, message) : [];
  const outer = links.find((link) => link.type !== '');
  return {
    message,
    stack,
    error: outer === undefined ? undefined : { type: outer.type, message: outer.message },
    chain: chainTypes(links),
    links,
  };
}

/**
 * Completes a chain of frames without a header, in text that no logger wrote: the words before them are the exception's
 * message, and its class may be any.
 */
function nameHeadless(links: readonly ChainLink[], layout: string, message: string): readonly ChainLink[] {
  const [first, ...rest] = links;
  if (
    layout !== 'none' ||
    first === undefined ||
    first.type !== '' ||
    first.message !== '' ||
    readFrame(message) !== undefined
  )
    return links;
  return [{ ...first, message }, ...rest];
}

interface AnyPrefix {
  readonly parts: Omit<PreambleParts, 'layout'> & { readonly layout: string };
  readonly time?: number;
  readonly messageStart: number;
}

/** Reads `2018-08-07 05:43:13,867 INFO …`, `INFO 2018-…`, `I 2018-…`, `[2018-…][gc]…`. */
function readStampedPrefix(text: string, clock: LocalClock): AnyPrefix | undefined {
  const first = text.charCodeAt(0);
  const firstLevel = isDigit(first) || (first === 91 && isDigit(text.charCodeAt(1))) ? undefined : leadingLevel(text);
  const stamp = readTimestamp(text, firstLevel?.end ?? 0, clock) ?? readUptime(text);
  if (stamp === undefined) return undefined;
  const prefix = readPreamble(text, stamp.end, firstLevel?.level);
  const { messageStart } = prefix;
  const time = { time: stamp.time };
  if (!text.startsWith('[') || !/\]\[gc[\],\s]/.test(text.slice(0, 120)))
    return { parts: prefix.parts, messageStart, ...time };
  const { level } = prefix.parts;
  return { parts: { layout: 'gc', level }, messageStart, ...time };
}

function leadingLevel(text: string): { readonly level: Level; readonly end: number } | undefined {
  const prefix = text.slice(0, 20);
  const match = /^\[?([A-Za-z]{4,8})\s*[\]:]?\s+(?=\[?\d\d)/.exec(prefix) ?? /^([A-Z]) +(?=\d{4}[-/.])/.exec(prefix);
  const level = readLevel(match?.[1] ?? '') ?? readLetter(match?.[1] ?? '');
  return match === null || level === undefined ? undefined : { level, end: match[0].length };
}

/** Reads `[0.123s]`, as in a GC log: seconds since the JVM's start. */
function readUptime(text: string): { readonly end: number; readonly time?: number } | undefined {
  const match = text.startsWith('[') ? /^\[\d+\.\d+s\]/.exec(text.slice(0, 24)) : null;
  return match === null ? undefined : { end: match[0].length };
}

/** Reads `E0512 12:00:00.123456       1 reflector.go:125] text`, which has no year and so no time. */
function readKlog(text: string): AnyPrefix | undefined {
  const match = /^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ ([^\]\s]{1,80})\] /.exec(text.slice(0, 160));
  if (match === null) return undefined;
  const level = readLetter(match[1] ?? '') ?? 'INFO';
  return { parts: { layout: 'klog', level, logger: match[2] ?? '' }, messageStart: match[0].length };
}

/**
 * Beginning of `[main] WARN a.b.C - text`, from SLF4J's simple logger, and `412 [main] WARN  a.b.C  - text`, from log4j
 * 1.
 */
const THREADED = /^(?:\d+ )?(?=\[[^\n]{1,200}?\] (?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\s+[\w$]+(?:\.[\w$]+)+\s)/;

/**
 * Reads `INFO  [] - text`, from the start script's JVM, and `[ERROR] text`, from the client; otherwise there is no
 * layout.
 */
function readBarePrefix(text: string): AnyPrefix {
  const threaded = THREADED.exec(text.slice(0, 400));
  if (threaded !== null) return readPreamble(text, threaded[0].length);
  const match = /^\[?([A-Z]{4,7})\s*\]? /.exec(text.slice(0, 12));
  if (match === null || readLevel(match[1] ?? '') === undefined) return { parts: { layout: 'none' }, messageStart: 0 };
  return readPreamble(text, 0);
}

function mayThrow(body: string): boolean {
  return (
    body.includes('Exception') ||
    body.includes('Error') ||
    body.includes('Throwable') ||
    body.includes('\tat ') ||
    body.includes('Caused by') ||
    body.includes('Traceback')
  );
}
