// Finds the last line that each process wrote. It shows how far the log goes, and the last line of a peer is evidence
// of its end. Input are entries, output are lines by process. The service uses the same functions for the lines that it
// keeps.
import type { Entry } from '../../core/types.js';
import { parseEntry } from '../../flink/layout/layout.js';
import { findTime } from '../entry/signal.js';

/** Last line that a process wrote. */
export interface LastLine {
  readonly path: string;
  readonly line: number;
  readonly offset: number;
  readonly time?: number;
  readonly text: string;
  readonly recordId?: string;
}

export interface LastLineTracker {
  keep(entry: Entry): void;
  /** Returns the last lines by process. */
  list(zone: string | undefined): ReadonlyMap<string, LastLine>;
}

const MAX_LAST_LINE_BYTES = 2000;

/** Creates a tracker of the last entry of each file. list() decides which file of a process ends last. */
export function createLastLineTracker(): LastLineTracker {
  const byPath = new Map<string, Entry>();
  return {
    keep: (entry) => {
      const known = byPath.get(entry.source.path);
      if (known === undefined || entry.offset >= known.offset) byPath.set(entry.source.path, entry);
    },
    list: (zone) => {
      const lastLines = new Map<string, LastLine>();
      for (const entry of byPath.values()) {
        const lastLine = readLastLine(entry, zone);
        const known = lastLines.get(entry.source.process);
        if (known === undefined || isLaterLine(lastLine, known)) lastLines.set(entry.source.process, lastLine);
      }
      return lastLines;
    },
  };
}

/** Returns the first text line of the last entry of a file. */
export function readLastLine(entry: Entry, zone: string | undefined): LastLine {
  const bytes = entry.bytes.subarray(0, MAX_LAST_LINE_BYTES);
  const parsed = parseEntry(bytes, { zone });
  // Text that a process prints without a time may be old.
  const isDated = parsed.time !== undefined || entry.source.kind === 'log';
  const time = isDated ? findTime(entry, parsed.time) : undefined;
  const text = bytes.toString('utf8').split('\n', 1)[0] ?? '';
  return {
    path: entry.source.path,
    line: entry.line,
    offset: entry.offset,
    text,
    time,
    recordId: entry.id,
  };
}

/**
 * True if the line is later than the known one. A line with a time is preferred to one without, because text that a
 * process prints without a time may be old.
 */
export function isLaterLine(lastLine: LastLine, known: LastLine): boolean {
  if (lastLine.time === undefined || known.time === undefined)
    return (
      lastLine.time !== undefined ||
      (known.time === undefined &&
        (lastLine.path > known.path || (lastLine.path === known.path && lastLine.offset >= known.offset)))
    );
  if (lastLine.time !== known.time) return lastLine.time > known.time;
  return lastLine.path === known.path ? lastLine.offset >= known.offset : lastLine.path > known.path;
}
