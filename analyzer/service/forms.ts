// What several lines of a file say together, and what the lines of a crash report stand for: input/forms sums it up
// for files, where they end; here the lines come one by one, and the sum grows with them. Entries of the feed in, those
// that are to be scanned out; called by analyzer.ts. The state is plain data and bounded. The same entries once more,
// as after a crash, add nothing; a few that come late are put where they stood.
import type { Entry } from '../../core/types.js';
import {
  isReportName,
  LOOK_BYTES,
  mayBeFull,
  mayHoldReport,
  MOST_FRAMES_BYTES,
  REPORT_TIME,
} from '../../flink/words/forms.js';
import { parseEntry } from '../../flink/layout/layout.js';
import { findQuarters } from '../../flink/layout/local-time.js';
import {
  FULL_IN_A_ROW,
  MAX_ROW,
  findFullCollections,
  leavesFull,
  renderFull,
  type Collection,
} from '../input/forms/gc-log.js';
import { beginsHsErr, renderHsErr } from '../input/forms/hs-err.js';

/** An entry to scan. */
export interface FormEntry {
  readonly entry: Entry;
  /** Under which a growing sum is known, and how far it has grown; an entry of the log has neither. */
  readonly sum?: { readonly key: string; readonly length: number };
}

/** Full collections of a GC log behind the last one that freed something. */
interface HeapRow {
  readonly key: string;
  /** Where the last collection stood that freed something; -1 before the first. */
  readonly freedAt: number;
  /** Where those behind it stand, ascending. */
  readonly places: readonly number[];
  readonly last: Collection;
  /** When that one happened, as its record says. */
  readonly lastTime?: number | undefined;
}

/** What is wanted of a crash report, as far as it has come. */
interface CrashReport {
  readonly id: string | undefined;
  /** Empty when nothing more is wanted. */
  readonly parts: readonly (readonly [offset: number, text: string])[];
}

/** Each by its file. */
export interface FormState {
  readonly heaps: Map<string, HeapRow>;
  readonly reports: Map<string, CrashReport>;
}

export interface StoredForms {
  readonly heaps: readonly (readonly [file: string, row: HeapRow])[];
  readonly reports: readonly (readonly [file: string, report: CrashReport])[];
}

/** Files of a cluster of which something is kept; of more the oldest are forgotten. */
const MOST_HEAPS = 1000;
const MOST_REPORTS = 20;

export function createFormState(stored?: StoredForms): FormState {
  return { heaps: new Map(stored?.heaps), reports: new Map(stored?.reports) };
}

/** Undefined when there is nothing to keep. */
export function exportForms({ heaps, reports }: FormState): StoredForms | undefined {
  return heaps.size + reports.size === 0 ? undefined : { heaps: [...heaps], reports: [...reports] };
}

export function tellForms(state: FormState, entry: Entry): readonly FormEntry[] {
  const file = nameFile(entry);
  // Of another shipper, a new file under the name of an older one.
  if (entry.offset === 0 && !state.heaps.delete(file)) state.reports.delete(file);
  if (isOfReport(state, file, entry)) return tellReport(state, file, entry);
  const row = mayBeFull(entry.bytes) ? watchHeap(state, file, entry) : undefined;
  return row === undefined || row.places.length < FULL_IN_A_ROW ? [{ entry }] : [{ entry }, sumUp(row, entry)];
}

/** Our agent's id names the file, whatever its path is by now; another shipper's does not. */
const PLACE = /-[0-9a-f]{12,}-[0-9a-f]{8}$/;

function nameFile({ id, source }: Entry): string {
  return id !== undefined && PLACE.test(id) ? id.replace(PLACE, '') : `${source.host ?? ''}:${source.path}`;
}

function keep<Value>(map: Map<string, Value>, file: string, value: Value, most: number): void {
  map.delete(file);
  map.set(file, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}

/** The row behind the collections of this entry; undefined where it says of none, or of one that freed something. */
function watchHeap(state: FormState, file: string, entry: Entry): HeapRow | undefined {
  const before = state.heaps.get(file);
  const after = findFullCollections(entry.bytes.toString('latin1')).reduce<HeapRow | undefined>(
    (row, collection) => addCollection(row, collection, entry),
    before,
  );
  if (after === before) return undefined;
  if (after === undefined) state.heaps.delete(file);
  else keep(state.heaps, file, after, MOST_HEAPS);
  return after;
}

function addCollection(row: HeapRow | undefined, collection: Collection, entry: Entry): HeapRow | undefined {
  const place = entry.offset + collection.at;
  if (row !== undefined && (place <= row.freedAt || row.places.includes(place))) return row;
  const known = row?.places ?? [];
  if (!leavesFull(collection)) {
    const places = known.filter((other) => other > place);
    return row === undefined || places.length === 0 ? undefined : { ...row, freedAt: place, places };
  }
  const places = [...known, place].sort((a, b) => a - b).slice(-MAX_ROW);
  return {
    key: row?.key ?? `${entry.id ?? `${entry.source.path}:${place}`}#row`,
    freedAt: row?.freedAt ?? -1,
    places,
    ...(row === undefined || places.at(-1) === place
      ? { last: collection, lastTime: entry.time }
      : { last: row.last, lastTime: row.lastTime }),
  };
}

/** A line of its own behind the one that is the newest. */
function sumUp({ key, places, last, lastTime }: HeapRow, entry: Entry): FormEntry {
  return {
    entry: { ...entry, time: lastTime, bytes: Buffer.from(renderFull(places.length, last)) },
    sum: { key, length: places.length },
  };
}

const BEHIND_FRAMES = /^(?:siginfo|Registers):/m;
const HASH = 35;

function isOfReport(state: FormState, file: string, { source, offset, bytes }: Entry): boolean {
  if (!mayHoldReport(source.kind)) return false;
  if (offset === 0) return bytes[0] === HASH && beginsHsErr(bytes.subarray(0, LOOK_BYTES).toString('latin1'));
  return state.reports.has(file) || isReportName(source.path);
}

/**
 * One entry that stands for the report so far, as soon as its time is known: a failure that gets its time later would
 * be another one. None for what says nothing of the cause.
 */
function tellReport(state: FormState, file: string, entry: Entry): readonly FormEntry[] {
  const report = addPart(state.reports.get(file), entry);
  if (report === undefined) return [];
  const text = report.parts.map(([, part]) => part).join('\n');
  const isDated = REPORT_TIME.test(text);
  const isWhole = isDated && BEHIND_FRAMES.test(text);
  keep(state.reports, file, isWhole ? { ...report, parts: [] } : report, MOST_REPORTS);
  const log = isDated ? renderHsErr(text)?.trimEnd() : undefined;
  if (log === undefined) return [];
  const bytes = Buffer.from(log);
  const { fileTime, ...part } = entry;
  return [{ entry: { ...part, id: report.id, offset: 0, bytes, time: dateReport(bytes, fileTime) } }];
}

/** A report tells its time without an offset, and is written then; undefined when the file was written later. */
function dateReport(bytes: Buffer, fileTime: number | undefined): number | undefined {
  const local = parseEntry(bytes).time;
  if (local === undefined || fileTime === undefined) return undefined;
  const aheadMs = findQuarters(local, fileTime);
  return aheadMs === undefined ? undefined : local - aheadMs;
}

/** Undefined when nothing is wanted of this entry. */
function addPart(report: CrashReport | undefined, { id, offset, bytes }: Entry): CrashReport | undefined {
  const text = bytes.toString('utf8');
  if (offset === 0) return { id, parts: [[offset, text]] };
  if (report === undefined || report.parts.length === 0) return undefined;
  if (offset > MOST_FRAMES_BYTES && !REPORT_TIME.test(text)) return undefined;
  const others = report.parts.filter(([other]) => other !== offset);
  return { ...report, parts: [...others, [offset, text] as const].sort(([a], [b]) => a - b) };
}
