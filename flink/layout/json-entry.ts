// Reads one JSON object into an entry's parts. Knows, by their field names, layouts and templates of log4j 2 (ECS,
// Logstash, GELF, GCP, JsonLayout), the Logstash encoder of logback, bunyan, the lines of AWS's managed Flink and
// exports of log stores. A trace may be a text, a list of lines, a list of frames, or a part of the message.
import { isObject } from '../../core/json.js';
import type { Level, ParsedEntry } from '../../core/types.js';
import { chainTypes, parseChain } from '../trace/chain.js';
import { splitThrowable } from '../trace/throwable.js';
import { readLevel } from './preamble-word.js';
import { UTC_CLOCK, type LocalClock } from './local-time.js';
import { readTimestamp } from './timestamp.js';

type Fields = Readonly<Record<string, unknown>>;

const TIME = ['@timestamp', 'timestamp', 'time', 'ts', 'timeMillis', 'instant', 'datetime', 'date', 'eventTime'];
const LEVEL = ['log.level', 'level', 'severity', 'log_level', 'levelname', 'messageType'];
const LOGGER = ['log.logger', 'logger_name', 'loggerName', 'logger', '_logger', 'class'];
const THREAD = ['process.thread.name', 'thread_name', 'threadName', 'thread', '_thread'];
const MESSAGE = ['message', 'msg', 'short_message', '@message', 'rendered'];
/** Fields of a trace: a text, a list of its lines or frames, or an object with the class and the message. */
const STACK = [
  'error.stack_trace',
  'error.stack',
  'err.stack',
  'stack_trace',
  'stackTrace',
  'stacktrace',
  'exception',
  'thrown',
  'throwable',
  'throwableInformation',
  'error',
  'err',
  'exc_info',
  'full_message',
];
/** Fields within such an object. */
const FRAMES = ['stacktrace', 'stackTrace', 'stack_trace', 'extendedStackTrace', 'stack', 'frames', 'stepArray'];
const CLASS = ['exception_class', 'class', 'className', 'name', 'type'];
const WORDS = ['exception_message', 'message', 'localizedMessage'];
/** Fields of a log store's export that hold the event. Fields of the store may be next to them. */
const ENVELOPES = ['jsonPayload', '_source', 'json_payload'];
/** Fields that hold the event as a line of a log. */
const LINES = ['textPayload', 'text_payload', '_raw', 'line', 'log'];
const CONTEXT = ['labels', 'mdc', 'contextMap', 'context', 'MDC', 'logging.googleapis.com/labels'];
const JOB_NAMES = ['flink-job-id', 'flinkJobId', '_flink-job-id'];
/** Levels of bunyan and pino, by tens. */
const TENS: readonly (Level | undefined)[] = [undefined, 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const GELF_LEVELS: readonly Level[] = ['FATAL', 'FATAL', 'FATAL', 'ERROR', 'WARN', 'INFO', 'INFO', 'DEBUG'];
/** Field with which AWS's managed Flink names the application. The time is in CloudWatch, not in the line. */
const MANAGED = 'applicationARN';
const JOB_ID = /^[0-9a-f]{32}$/;
/** Limit of the depth of a chain that is written as objects. */
const MAX_CAUSES = 20;

/**
 * Reads an entry; undefined if the object has no time (unless it is AWS's) or has neither message nor level, because a
 * program printed it.
 */
export function readJsonEntry(document: Fields, clock = UTC_CLOCK): ParsedEntry | undefined {
  const fields = openEnvelope(document);
  const written = firstText(fields, MESSAGE);
  const known = readStack(fields);
  const inMessage = known === undefined ? splitMessage(written) : undefined;
  const stack = known ?? inMessage?.stack;
  const message = addError(inMessage?.message ?? withoutStack(written, stack), fields.error);
  const level = readJsonLevel(fields);
  const time = readJsonTime(fields, clock);
  if ((time === undefined && fields[MANAGED] === undefined) || (message === undefined && level === undefined))
    return undefined;
  const links = stack === undefined ? [] : parseChain(stack);
  const error = readError(fields) ?? links.find((link) => link.type !== '');
  return {
    layout: 'json',
    ...defined('time', time),
    ...defined('level', level),
    ...defined(
      'logger',
      firstText(fields, LOGGER) ?? (isObject(fields.log) ? firstText(fields.log, ['logger']) : undefined),
    ),
    ...defined('thread', firstText(fields, THREAD)),
    ...defined('jobId', readJobId(fields)),
    message: message ?? '',
    ...defined('stack', stack),
    error: error === undefined ? undefined : { type: error.type, message: error.message },
    chain: chainTypes(links),
    links,
  };
}

/** Returns the line that a log store kept, and the time of the store's object; undefined for other objects. */
export function readLineOfStore(
  fields: Fields,
  clock: LocalClock,
): { readonly line: string; readonly time: number | undefined } | undefined {
  const inner = isObject(fields.result) ? fields.result : fields;
  const line = firstText(inner, MESSAGE) === undefined ? firstText(inner, LINES) : undefined;
  return line === undefined ? undefined : { line: line.trimEnd(), time: readJsonTime(inner, clock) };
}

/** Returns the object of an entry, without the punctuation around it in a list; undefined if there is none. */
export function readJsonFields(text: string): Fields | undefined {
  return parseObject(text.endsWith('}') && text.startsWith('{') ? text : stripListPunctuation(text));
}

function stripListPunctuation(text: string): string {
  const start = text.indexOf('{');
  return text.slice(Math.max(0, start), text.lastIndexOf('}') + 1);
}

function openEnvelope(fields: Fields): Fields {
  for (const name of ENVELOPES) {
    const inner = fields[name];
    if (isObject(inner)) return { ...fields, ...inner };
  }
  return fields;
}

/**
 * Splits a trace off a message. Pattern layouts, and templates without a field for the trace, put it after the message.
 */
function splitMessage(message: string | undefined): { readonly message: string; readonly stack?: string } | undefined {
  return message === undefined || !message.trimEnd().includes('\n') ? undefined : splitThrowable(message);
}

/** Removes the trace from the message. Google Cloud's template has it in the message, too. */
function withoutStack(message: string | undefined, stack: string | undefined): string | undefined {
  if (message === undefined || stack === undefined || stack === '' || !message.endsWith(stack)) return message;
  return message === stack ? message : message.slice(0, -stack.length).trimEnd();
}

/** Adds the error that loggers of Go write beside the message. */
function addError(message: string | undefined, error: unknown): string | undefined {
  if (message === undefined || typeof error !== 'string' || error === '' || message.includes(error)) return message;
  return `${message}: ${error}`;
}

function parseObject(text: string): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readJsonTime(fields: Fields, clock: LocalClock): number | undefined {
  for (const name of TIME) {
    const value = fields[name];
    if (typeof value === 'string') {
      const time = readTimestamp(value, 0, clock)?.time;
      if (time !== undefined) return time;
    }
    if (typeof value === 'number') return value < 1e11 ? Math.round(value * 1000) : value;
  }
  const instant = isObject(fields.instant) ? fields.instant : {};
  const stamp = isObject(fields.timestamp) ? fields.timestamp : {};
  return (
    addNanos(instant.epochSecond, instant.nanoOfSecond) ??
    addNanos(fields.timestampSeconds, fields.timestampNanos) ??
    addNanos(stamp.seconds, stamp.nanos)
  );
}

function addNanos(seconds: unknown, nanos: unknown): number | undefined {
  if (typeof seconds !== 'number') return undefined;
  return seconds * 1000 + (typeof nanos === 'number' ? Math.floor(nanos / 1e6) : 0);
}

function readJsonLevel(fields: Fields): Level | undefined {
  if (fields.short_message !== undefined && typeof fields.level === 'number') return GELF_LEVELS[fields.level];
  if (typeof fields.level === 'number') return TENS[Math.floor(fields.level / 10)];
  const text = firstText(fields, LEVEL);
  if (text !== undefined) return readLevel(text);
  const nested = isObject(fields.log) ? fields.log.level : undefined;
  return typeof nested === 'string' ? readLevel(nested) : undefined;
}

function readStack(fields: Fields): string | undefined {
  for (const name of STACK) {
    const trace = readTrace(fields[name], fields);
    if (trace !== undefined) return trace;
  }
  return undefined;
}

/** Reads a trace. `beside` holds class and message if the value holds only frames. */
function readTrace(value: unknown, beside: Fields): string | undefined {
  if (typeof value === 'string') return isTrace(value) ? value : undefined;
  if (Array.isArray(value))
    return renderFrames(
      value,
      renderHeader(beside, ['error.type', 'exception_class'], ['error.message', 'exception_message']),
    );
  if (!isObject(value)) return undefined;
  for (const name of FRAMES) {
    const inner = value[name];
    if (typeof inner === 'string') return inner;
  }
  return renderThrown(value, 0);
}

/** Returns true if the text is a trace. Go writes an error as a text of a few words. */
function isTrace(text: string): boolean {
  return text.includes('\n') || /(?:Exception|Error|Throwable)\b/.test(text);
}

function renderHeader(fields: Fields, types: readonly string[], words: readonly string[]): string | undefined {
  const type = firstText(fields, types);
  const message = firstText(fields, words);
  return type === undefined ? undefined : message === undefined ? type : `${type}: ${message}`;
}

/** Renders the trace of a list of lines, or of frames as objects. */
function renderFrames(list: readonly unknown[], header: string | undefined): string | undefined {
  if (list.length === 0) return undefined;
  const lines = list.filter((line) => typeof line === 'string');
  if (lines.length === list.length) return lines.join('\n');
  const frames = list.filter(isObject).map(renderFrame);
  return frames.length === 0 ? undefined : [...(header === undefined ? [] : [header]), ...frames].join('\n');
}

/** Renders the trace of JsonLayout's objects, in which frames are objects and causes are nested. */
function renderThrown(thrown: Fields, depth: number): string | undefined {
  const header = renderHeader(thrown, CLASS, WORDS);
  if (header === undefined) return undefined;
  const { cause, suppressed } = thrown;
  const frames = FRAMES.map((name) => thrown[name]).find((value) => Array.isArray(value)) ?? [];
  const inner = (value: unknown, label: string): readonly string[] => {
    const text = isObject(value) && depth < MAX_CAUSES ? renderThrown(value, depth + 1) : undefined;
    return text === undefined ? [] : [`${label}${text}`];
  };
  return [
    renderFrames(frames, header) ?? header,
    ...(Array.isArray(suppressed) ? suppressed : []).flatMap((one) =>
      inner(one, '\tSuppressed: ').map((text) => text.replaceAll('\n', '\n\t')),
    ),
    ...inner(cause, 'Caused by: '),
  ].join('\n');
}

function renderFrame(frame: Fields): string {
  const file = firstText(frame, ['file', 'fileName', 'filename']) ?? 'Unknown Source';
  const line = frame.line ?? frame.lineNumber;
  const place = typeof line === 'number' && line > 0 ? `${file}:${line}` : file;
  const owner = firstText(frame, ['class', 'className', 'declaringClass']) ?? '';
  return `\tat ${owner}.${firstText(frame, ['method', 'methodName', 'function']) ?? ''}(${place})`;
}

function readError(fields: Fields): { readonly type: string; readonly message: string } | undefined {
  const exception = [fields.exception, fields.thrown, fields.error, fields.err].find(isObject) ?? {};
  const type = firstText(fields, ['error.type']) ?? firstText(exception, CLASS);
  if (type === undefined) return undefined;
  return { type, message: firstText(fields, ['error.message']) ?? firstText(exception, WORDS) ?? '' };
}

function readJobId(fields: Fields): string | undefined {
  const maps = [fields, ...CONTEXT.map((name) => fields[name]).filter(isObject)];
  for (const map of maps) {
    const id = firstText(map, JOB_NAMES);
    if (id !== undefined && JOB_ID.test(id)) return id;
  }
  return undefined;
}

function firstText(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}

function defined<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  const result: Partial<Record<K, V>> = {};
  if (value !== undefined) result[key] = value;
  return result;
}
