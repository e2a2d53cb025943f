// Reads one XML element into an entry's parts: `<Event>` of log4j 2 (XmlLayout), `<log4j:event>` of log4j 1, `<record>`
// of java.util.logging. Only these are read, each in a form that a library writes.
import { omitMissing } from '../../core/json.js';
import type { Level, ParsedEntry } from '../../core/types.js';
import { chainTypes, parseChain } from '../trace/chain.js';
import { readLevel } from './preamble-word.js';
import type { LocalClock } from './local-time.js';
import { readTimestamp } from './timestamp.js';

/** Texts around all events, before the first event on its line. */
const FRAME = /^<(?:\?xml|!DOCTYPE|Events|log>)/;
const FIRST = /<(?:Event|log4j:event|record)[ >]/;
const FRAME_UNITS = 1000;
const EVENT = /^<(?:log4j:)?(?:Event|event) ([^>]{0,4000})>/;
const RECORD = /^<record>/;
const CDATA = '<![CDATA[';
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Reads an entry; undefined for other XML. */
export function readXmlEntry(whole: string, clock: LocalClock): ParsedEntry | undefined {
  const first = FRAME.test(whole) ? (FIRST.exec(whole.slice(0, FRAME_UNITS))?.index ?? 0) : 0;
  const text = whole.slice(first);
  const event = EVENT.exec(text);
  if (event !== null) return readEvent(text, readAttributes(event[1] ?? ''));
  return RECORD.test(text) ? readRecord(text, clock) : undefined;
}

type Attributes = ReadonlyMap<string, string>;

function readEvent(text: string, attributes: Attributes): ParsedEntry {
  const instant = readAttributes(/<Instant ([^>]{0,400})>/.exec(text)?.[1] ?? '');
  const seconds = instant.get('epochSecond');
  const millis = attributes.get('timeMillis') ?? attributes.get('timestamp');
  const time =
    seconds === undefined
      ? millis === undefined
        ? undefined
        : Number(millis)
      : Number(seconds) * 1000 + Math.floor(Number(instant.get('nanoOfSecond') ?? 0) / 1e6);
  return makeEntry({
    time,
    level: readLevel(attributes.get('level') ?? ''),
    logger: attributes.get('loggerName') ?? attributes.get('logger'),
    thread: attributes.get('thread'),
    message: readElement(text, 'Message') ?? readElement(text, 'log4j:message'),
    stack: readElement(text, 'log4j:throwable') ?? readThrown(text),
  });
}

/** Reads a record of java.util.logging, which has other levels. */
function readRecord(text: string, clock: LocalClock): ParsedEntry {
  const millis = readElement(text, 'millis');
  const exception = readInner(text, 'exception');
  const header = exception === undefined ? undefined : readElement(exception, 'message');
  const frames = (exception ?? '').split('<frame>').slice(1).map(renderFrame);
  return makeEntry({
    time: millis === undefined ? readTimestamp(readElement(text, 'date') ?? '', 0, clock)?.time : Number(millis),
    level: readLevel(readElement(text, 'level') ?? ''),
    logger: readElement(text, 'logger'),
    thread: readElement(text, 'thread'),
    message: readElement(text.split('<exception>', 1)[0] ?? '', 'message'),
    stack: header === undefined ? undefined : [header, ...frames].join('\n'),
  });
}

/** Renders a frame, which names no file. */
function renderFrame(frame: string): string {
  return `\tat ${readElement(frame, 'class') ?? ''}.${readElement(frame, 'method') ?? ''}(Unknown Source)`;
}

interface Parts {
  readonly time: number | undefined;
  readonly level: Level | undefined;
  readonly logger: string | undefined;
  readonly thread: string | undefined;
  readonly message: string | undefined;
  readonly stack: string | undefined;
}

function makeEntry({ time, level, logger, thread, message = '', stack }: Parts): ParsedEntry {
  const links = stack === undefined ? [] : parseChain(stack);
  const error = links.find((link) => link.type !== '');
  return {
    layout: 'xml',
    ...omitMissing({ time: Number.isNaN(time) ? undefined : time }),
    ...omitMissing({ level }),
    ...omitMissing({ logger, thread, stack }),
    message,
    error: error === undefined ? undefined : { type: error.type, message: error.message },
    chain: chainTypes(links),
    links,
  };
}

/** Reads nested elements: `<Thrown name message>`, its frames, `<Cause …>`. Each begins before its cause. */
function readThrown(text: string): string | undefined {
  const start = text.indexOf('<Thrown');
  if (start < 0) return undefined;
  const lines: string[] = [];
  for (const [, name = '', attributes = ''] of text
    .slice(start)
    .matchAll(/<(Thrown|Cause|ExtendedStackTraceItem) ([^>]{0,8000})>/g)) {
    const found = readAttributes(attributes);
    if (name === 'ExtendedStackTraceItem') {
      const line = Number(found.get('line') ?? 0);
      const file = found.get('file') ?? 'Unknown Source';
      lines.push(
        `\tat ${found.get('class') ?? ''}.${found.get('method') ?? ''}(${line > 0 ? `${file}:${line}` : file})`,
      );
      continue;
    }
    const message = found.get('message') ?? found.get('localizedMessage');
    const header = `${found.get('name') ?? ''}${message === undefined ? '' : `: ${message}`}`;
    lines.push(name === 'Cause' ? `Caused by: ${header}` : header);
  }
  const asText = readElement(text, 'ExtendedStackTrace');
  if (lines.length <= 1 && asText !== undefined && !asText.includes('<')) return asText.trim();
  return lines.length === 0 ? undefined : lines.join('\n');
}

function readAttributes(text: string): Attributes {
  return new Map(
    [...text.matchAll(/([\w:]{1,60})="([^"]*)"/g)].map(([, name = '', value = '']) => [name, decode(value)]),
  );
}

/** Returns the text of the first element of this name. */
function readElement(text: string, name: string): string | undefined {
  const inner = readInner(text, name);
  if (inner?.startsWith(CDATA) !== true) return inner === undefined ? undefined : decode(inner);
  return (inner.endsWith(']]>') ? inner.slice(CDATA.length, -3) : inner.slice(CDATA.length)).trimEnd();
}

function readInner(text: string, name: string): string | undefined {
  const open = text.indexOf(`<${name}`);
  const start = open < 0 ? 0 : text.indexOf('>', open) + 1;
  const end = start === 0 ? -1 : text.indexOf(`</${name}>`, start);
  return end < 0 ? undefined : text.slice(start, end).trim();
}

function decode(text: string): string {
  return text.includes('&')
    ? text.replace(
        /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{2,4}));/g,
        (whole, number?: string, hex?: string, name?: string) => {
          if (name !== undefined) return ENTITIES[name] ?? whole;
          const code = number === undefined ? Number.parseInt(hex ?? '', 16) : Number(number);
          return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
        },
      )
    : text;
}
