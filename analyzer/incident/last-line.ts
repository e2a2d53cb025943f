// The last line that each process wrote: it tells how far its log goes, and a peer's is evidence of how it ended.
// Entries in, lines by process out. Called by clusters.ts over a whole log, by the service for what it keeps.
import type { Entry } from '../../core/types.js';
import { parseEntry } from '../../flink/layout/layout.js';
import { findTime } from '../entry/signal.js';

/** The last line that a process wrote. */
export interface LastLine {
  readonly path: string;
  readonly line: number;
  readonly offset: number;
  readonly time?: number;
  readonly text: string;
  readonly recordId?: string;
}

export interface LastLineKeeper {
  keep(entry: Entry): void;
  /** By process. */
  list(zone: string | undefined): ReadonlyMap<string, LastLine>;
}

const MAX_LAST_LINE_BYTES = 2000;

/** Keeps the last entry of each file; which of a process's files ends last is decided once, at the end. */
export function createLastLineKeeper(): LastLineKeeper {
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

/** The last entry of a file as a person reads it: its first line. */
export function readLastLine(entry: Entry, zone: string | undefined): LastLine {
  const bytes = entry.bytes.subarray(0, MAX_LAST_LINE_BYTES);
  const parsed = parseEntry(bytes, { zone });
  // What a process prints without a time may be old.
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

/** A dated line beats an undated one: what a process prints without a time may be old. */
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
