// One JSON object → an entry's parts. Knows the templates of log4j 2 (ECS, Logstash, GELF, GCP, JsonLayout), the
// Logstash encoder of logback and the lines of AWS's managed Flink by their field names. Called by layout.ts.
import { isObject } from '../../core/json.js';
import type { Level, ParsedEntry } from '../../core/types.js';
import { chainTypes, parseChain } from '../trace/chain.js';
import { readLevel } from './head-word.js';
import { UTC_CLOCK, type LocalClock } from './local-time.js';
import { readTimestamp } from './timestamp.js';

type Fields = Readonly<Record<string, unknown>>;

const TIME = ['@timestamp', 'timestamp', 'time', 'ts', 'timeMillis'];
const LEVEL = ['log.level', 'level', 'severity', 'log_level', 'levelname', 'messageType'];
const LOGGER = ['log.logger', 'logger_name', 'loggerName', 'logger', '_logger', 'class'];
const THREAD = ['process.thread.name', 'thread_name', 'threadName', 'thread', '_thread'];
const MESSAGE = ['message', 'msg', 'short_message', '@message', 'rendered'];
const STACK = [
  'error.stack_trace',
  'stack_trace',
  'stackTrace',
  'stacktrace',
  'exception',
  'throwable',
  'throwableInformation',
  'full_message',
];
const CONTEXT = ['labels', 'mdc', 'contextMap', 'context', 'MDC', 'logging.googleapis.com/labels'];
const JOB_NAMES = ['flink-job-id', 'flinkJobId', '_flink-job-id'];
const GELF_LEVELS: readonly Level[] = ['FATAL', 'FATAL', 'FATAL', 'ERROR', 'WARN', 'INFO', 'INFO', 'DEBUG'];
/** AWS's managed Flink names the application; the time stands in CloudWatch, not in the line. */
const MANAGED = 'applicationARN';
const JOB_ID = /^[0-9a-f]{32}$/;
/** Of a chain that is written as objects. */
const MOST_CAUSES = 20;

/**
 * Undefined when the text is no JSON object, or one without a time (unless AWS's) or without both message and level:
 * something that a program printed.
 */
export function readJsonEntry(text: string, clock = UTC_CLOCK): ParsedEntry | undefined {
  const fields = parseObject(text);
  if (fields === undefined) return undefined;
  const stack = readStack(fields);
  const message = addError(withoutStack(firstText(fields, MESSAGE), stack), fields.error);
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
    ...defined('logger', firstText(fields, LOGGER)),
    ...defined('thread', firstText(fields, THREAD)),
    ...defined('jobId', readJobId(fields)),
    message: message ?? '',
    ...defined('stack', stack),
    error: error === undefined ? undefined : { type: error.type, message: error.message },
    chain: chainTypes(links),
    links,
  };
}

/** The template for Google's cloud has the trace in the message, too. */
function withoutStack(message: string | undefined, stack: string | undefined): string | undefined {
  if (message === undefined || stack === undefined || stack === '' || !message.endsWith(stack)) return message;
  return message === stack ? message : message.slice(0, -stack.length).trimEnd();
}

/** Loggers of Go write the error beside the message. */
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
  return (
    addNanos(instant.epochSecond, instant.nanoOfSecond) ?? addNanos(fields.timestampSeconds, fields.timestampNanos)
  );
}

function addNanos(seconds: unknown, nanos: unknown): number | undefined {
  if (typeof seconds !== 'number') return undefined;
  return seconds * 1000 + (typeof nanos === 'number' ? Math.floor(nanos / 1e6) : 0);
}

function readJsonLevel(fields: Fields): Level | undefined {
  if (fields.short_message !== undefined && typeof fields.level === 'number') return GELF_LEVELS[fields.level];
  const text = firstText(fields, LEVEL);
  if (text !== undefined) return readLevel(text);
  const nested = isObject(fields.log) ? fields.log.level : undefined;
  return typeof nested === 'string' ? readLevel(nested) : undefined;
}

function readStack(fields: Fields): string | undefined {
  const text = firstText(fields, STACK);
  if (text !== undefined) return text;
  const lines = fields.throwableInformation;
  if (Array.isArray(lines)) return lines.filter((line) => typeof line === 'string').join('\n');
  const exception = isObject(fields.exception)
    ? fields.exception
    : isObject(fields.thrown)
      ? fields.thrown
      : isObject(fields.error)
        ? fields.error
        : undefined;
  return exception === undefined
    ? undefined
    : (firstText(exception, ['stacktrace', 'stackTrace', 'extendedStackTrace', 'stack_trace']) ??
        renderThrown(exception, 0));
}

/** JsonLayout has frames as objects, and causes within: the trace that they stand for. */
function renderThrown({ name, message, extendedStackTrace: frames, cause }: Fields, depth: number): string | undefined {
  if (typeof name !== 'string' || !Array.isArray(frames)) return undefined;
  const head = typeof message === 'string' ? `${name}: ${message}` : name;
  const behind = isObject(cause) && depth < MOST_CAUSES ? renderThrown(cause, depth + 1) : undefined;
  return [
    head,
    ...frames.filter(isObject).map(renderFrame),
    ...(behind === undefined ? [] : [`Caused by: ${behind}`]),
  ].join('\n');
}

function renderFrame(frame: Fields): string {
  const file = firstText(frame, ['file']) ?? 'Unknown Source';
  const place = typeof frame.line === 'number' && frame.line > 0 ? `${file}:${frame.line}` : file;
  return `\tat ${firstText(frame, ['class']) ?? ''}.${firstText(frame, ['method']) ?? ''}(${place})`;
}

function readError(fields: Fields): { readonly type: string; readonly message: string } | undefined {
  const exception = isObject(fields.exception)
    ? fields.exception
    : isObject(fields.thrown)
      ? fields.thrown
      : isObject(fields.error)
        ? fields.error
        : {};
  const type = firstText(fields, ['error.type']) ?? firstText(exception, ['exception_class', 'name', 'type']);
  if (type === undefined) return undefined;
  return {
    type,
    message: firstText(fields, ['error.message']) ?? firstText(exception, ['exception_message', 'message']) ?? '',
  };
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
