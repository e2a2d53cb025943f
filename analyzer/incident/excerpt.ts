// Keeps the entries of a log while they may be an excerpt, and prepares them for the second reading: joins lines that
// belong together, splits a title from its stack trace and joins sentences that were wrapped. Input and output are
// entries.
import { joinLines } from '../../core/text/lines.js';
import type { Entry } from '../../core/types.js';
import { parseEntry } from '../../flink/layout/layout.js';

/** Largest size of an excerpt. What people cut out of a log to ask about it is shorter. */
const MAX_EXCERPT_BYTES = 256 * 1024;

/** Buffer of the entries of an excerpt. It keeps nothing if the input is too long to be an excerpt. */
export interface ExcerptBuffer {
  keepFrom(entries: Iterable<Entry>): Iterable<Entry>;
  list(): readonly Entry[] | undefined;
}

export function createExcerptBuffer(): ExcerptBuffer {
  let kept: Entry[] = [];
  let bytes = 0;
  return {
    *keepFrom(entries) {
      for (const entry of entries) {
        bytes += entry.bytes.length;
        if (bytes <= MAX_EXCERPT_BYTES) kept.push({ ...entry, bytes: Buffer.from(entry.bytes) });
        else if (kept.length > 0) kept = [];
        yield entry;
      }
    },
    list: () => (bytes <= MAX_EXCERPT_BYTES ? kept : undefined),
  };
}

/**
 * Joins neighbouring lines without a log layout to one text, because a message may span several lines. Frames without
 * an exception header end the text.
 */
export function joinTexts(entries: readonly Entry[]): readonly Entry[] {
  const groups: Entry[][] = [];
  let isOpen = false;
  for (const entry of entries) {
    const { layout, links } = parseEntry(entry.bytes);
    const isLine = layout === 'none' && links.every(({ type }) => type === '');
    const last = groups.at(-1);
    if (isLine && isOpen && last?.[0]?.source === entry.source) last.push(entry);
    else groups.push([entry]);
    isOpen = isLine && links.length === 0;
  }
  return groups.flatMap(([first, ...rest]) =>
    first === undefined
      ? []
      : [
          {
            ...first,
            matchedAnchors: undefined,
            bytes: Buffer.concat([first.bytes, ...rest.flatMap(({ bytes }) => [NEW_LINE, bytes])]),
          },
        ],
  );
}

const NEW_LINE = Buffer.from('\n');

/** Joins the lines of an entry that holds no stack trace to one line. */
export function unbreakText(entry: Entry): Entry {
  const { layout, stack } = parseEntry(entry.bytes);
  const text = layout === 'none' && stack === undefined ? entry.bytes.toString('utf8') : '';
  return text.includes('\n') ? { ...entry, bytes: Buffer.from(joinLines(text)) } : entry;
}

/** Splits the text that a person wrote above a stack trace from the trace. */
export function splitTitle(entry: Entry): readonly Entry[] {
  const { bytes, offset, line } = entry;
  const { layout, message, stack } = parseEntry(bytes);
  const at =
    layout === 'none' && message !== '' && stack !== undefined ? bytes.indexOf(stack.split('\n', 1)[0] ?? '') : 0;
  if (at <= 0) return [entry];
  const title = bytes.subarray(0, at);
  return [
    { ...entry, bytes: title },
    {
      ...entry,
      bytes: bytes.subarray(at),
      offset: offset + at,
      line: line + title.toString('latin1').split('\n').length - 1,
    },
  ];
}
