// What somebody cut out of the logs, as texts: the entries are kept while they may be an excerpt, and made into others
// for the second reading. Lines that belong together are joined, a title is cut from its trace, broken sentences are
// mended. Called by diagnose.ts.
import { joinLines } from '../../core/text/lines.js';
import type { Entry } from '../../core/types.js';
import { parseEntry } from '../../flink/layout/layout.js';

/** What people cut out of a log to ask about it is shorter. */
const MAX_EXCERPT_BYTES = 256 * 1024;

/** Keeps an excerpt, and nothing of what is too long to be one. */
export interface ExcerptKeeper {
  keepFrom(entries: Iterable<Entry>): Iterable<Entry>;
  list(): readonly Entry[] | undefined;
}

export function createExcerptKeeper(): ExcerptKeeper {
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
 * Neighbouring lines that no layout begins are one text, and frames without a header end it: a message that goes over
 * several.
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
            met: undefined,
            bytes: Buffer.concat([first.bytes, ...rest.flatMap(({ bytes }) => [NEW_LINE, bytes])]),
          },
        ],
  );
}

const NEW_LINE = Buffer.from('\n');

/** Lines that hold no trace, in one. */
export function unbreakText(entry: Entry): Entry {
  const { layout, stack } = parseEntry(entry.bytes);
  const text = layout === 'none' && stack === undefined ? entry.bytes.toString('utf8') : '';
  return text.includes('\n') ? { ...entry, bytes: Buffer.from(joinLines(text)) } : entry;
}

/** What somebody writes above a trace is a text of its own. */
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
