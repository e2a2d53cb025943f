// Splits an entry's text without its preamble into the message and the stack trace after it, if there is one. chain.ts
// reads the links of the trace. Pure functions.
import { cleanTraceLine, readColonHeader, readFrame, readHeader, readPythonFrame } from './trace-line.js';

export interface Split {
  readonly message: string;
  readonly stack?: string;
}

/**
 * Words after which Flink prints an exception on the message's own line, or other software has put it there. The last
 * two are from Flink's operator on Kubernetes: an event in its own log, and in `kubectl get events`.
 */
const INLINE =
  /(?:with failure cause|failed with|caused by|because of|due to|because|reason|exception): ?|(?:to (?:FAILED|FAILING|RESTARTING)|\(dataPort=\d+\)|status FAILED\. Diagnostics)\.? |>>> (?:event|status)\S* +\| (?:warning|error) +\| \w+ +\| |^event \w+ of flink\w+\/\S+ /gi;
/**
 * Class that ends like a throwable, and a colon, at any place, whatever punctuation or label precedes it; or at the
 * end, inside quotes.
 */
const NAMED = /(?:^|[^\w$./-])((?:[a-z_][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error)(?:: |(?=[`*"')\]>]*$)))/;
/**
 * Class of the wrapping exception, `a.b.CException: `, before the exception that was found. It is no part of the
 * message.
 */
const WRAPPING = /(?:[a-z_][\w$]*\.)+[A-Z][\w$]*Exception: ?$/;
const HEADER_PROBE = 300;
/** Field of a JSON line with a trace: `"stackTrace":"a.b.CException: …`. */
const FIELD_OF_TRACE = /"[\w.@-]{1,40}"\s*:\s*"(?=(?:[a-z_][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error|Throwable)\b)/g;
/** Value up to the closing quotation mark; a line that was cut off has none. */
const VALUE = /[^"\\]*(?:\\.[^"\\]*)*/sy;

/** Splits the text. `eager`: any exception named in the message counts, for entries without a level. */
export function splitThrowable(body: string, eager = false): Split {
  const text = body.endsWith('\n') ? body.trimEnd() : body;
  const firstBreak = text.indexOf('\n');
  if (firstBreak === -1) return splitLine(text, eager);
  const first = cleanTraceLine(text.slice(0, firstBreak)).content;
  if (readHeader(first) !== undefined || isTracePart(first)) return { message: first, stack: text };
  for (let start = firstBreak + 1; start < text.length;) {
    const end = lineEnd(text, start);
    const { indent, content } = cleanTraceLine(text.slice(start, end));
    if (indent === 0 && readColonHeader(content) !== undefined)
      return { message: text.slice(0, start).trim() || content, stack: text.slice(start) };
    if (isTracePart(content)) return splitBefore(text, start);
    start = end + 1;
  }
  return splitLine(text, eager);
}

/**
 * Splits a text whose trace has no header on a line of its own: the exception is in the message, or the beginning is
 * missing.
 */
function splitBefore(text: string, start: number): Split {
  const message = text.slice(0, start).trimEnd();
  const inline = findInline(message, true);
  return inline === -1
    ? { message, stack: text.slice(start) }
    : { message: message.slice(0, inline).trimEnd() || message, stack: text.slice(inline) };
}

function splitLine(text: string, eager: boolean): Split {
  if (!text.includes('Exception') && !text.includes('Error')) return { message: text };
  if (readHeader(text) !== undefined) return { message: text, stack: text };
  if (isEscapedTrace(text)) return { message: text, stack: readTraceField(text) ?? text };
  const inline = findInline(text, eager);
  return inline === -1 ? { message: text } : { message: text, stack: text.slice(inline) };
}

/** Returns the index of the exception that the message itself prints, or -1. */
function findInline(message: string, eager: boolean): number {
  INLINE.lastIndex = 0;
  for (let match = INLINE.exec(message); match !== null; match = INLINE.exec(message)) {
    const at = match.index + match[0].length;
    if (readHeader(message.slice(at, at + HEADER_PROBE)) !== undefined)
      return at - (WRAPPING.exec(message.slice(Math.max(0, at - HEADER_PROBE), at))?.[0].length ?? 0);
  }
  const named = eager ? NAMED.exec(message) : null;
  return named === null ? -1 : named.index + named[0].length - (named[1] ?? '').length;
}

/** Returns true for a trace in a JSON text, with `\\n\\tat ` instead of line breaks. */
function isEscapedTrace(text: string): boolean {
  return text.includes('\\n\\tat ');
}

/** Returns the trace of a JSON line that could not be parsed, because it was cut off or has fields of its own. */
function readTraceField(text: string): string | undefined {
  for (const field of text.matchAll(FIELD_OF_TRACE)) {
    VALUE.lastIndex = field.index + field[0].length;
    const value = VALUE.exec(text)?.[0] ?? '';
    if (isEscapedTrace(value)) return value.replaceAll('\\"', '"');
  }
  return undefined;
}

function isTracePart(content: string): boolean {
  return (
    content.startsWith('Caused by:') ||
    content.startsWith('Suppressed:') ||
    content.startsWith('Traceback (most recent') ||
    readFrame(content) !== undefined ||
    readPythonFrame(content) !== undefined
  );
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end === -1 ? text.length : end;
}
