// Recognizes forms that span several lines: a row of full collections in a GC log, and JVM crash reports. For whole
// files input/read.ts does this; here the lines arrive one by one and the sum grows with them. Takes entries of the
// feed and returns the entries to scan. The state is plain data of limited size. Repeated entries, as after a crash,
// change nothing; entries that arrive late are put into their place.
import { BoundedMap } from '../../core/cache.js';
import type { Entry } from '../../core/types.js';
import {
  isReportName,
  FORM_WORD_BYTES,
  mayBeFull,
  mayHoldReport,
  MAX_FRAMES_BYTES,
  REPORT_TIME,
} from '../../flink/bytes/forms.js';
import { parseEntry } from '../../flink/layout/layout.js';
import { findQuarters } from '../../flink/layout/local-time.js';
import {
  FULL_IN_A_ROW,
  MAX_ROW,
  findFullCollections,
  leavesFull,
  renderFull,
  type GcCollection,
} from '../input/gc-log.js';
import { beginsHsErr, renderHsErr } from '../input/hs-err.js';

/** Entry to scan. */
export interface FormEntry {
  readonly entry: Entry;
  /** Key and length of a growing sum; undefined for an entry of the log itself. */
  readonly sum?: { readonly key: string; readonly length: number };
}

/** Full collections of a GC log after the last one that freed memory. */
interface HeapRow {
  readonly key: string;
  /** Offset of the last collection that freed memory; -1 if there was none. */
  readonly freedAt: number;
  /** Offsets of the full collections after it, ascending. */
  readonly places: readonly number[];
  readonly last: GcCollection;
  /** Time of that collection, from its record. */
  readonly lastTime?: number | undefined;
}

/** Parts of a crash report that were read so far. */
interface CrashReport {
  readonly id: string | undefined;
  /** Empty if no more parts are needed. */
  readonly parts: readonly (readonly [offset: number, text: string])[];
}

/** Forms by file. */
export interface FormState {
  readonly heaps: Map<string, HeapRow>;
  readonly reports: Map<string, CrashReport>;
}

export interface StoredForms {
  readonly heaps: readonly (readonly [file: string, row: HeapRow])[];
  readonly reports: readonly (readonly [file: string, report: CrashReport])[];
}

/** Number of files of a cluster whose forms are kept. The oldest are dropped first. */
const MAX_HEAPS = 1000;
const MAX_REPORTS = 20;

export function createFormState(stored?: StoredForms): FormState {
  return { heaps: new BoundedMap(MAX_HEAPS, stored?.heaps), reports: new BoundedMap(MAX_REPORTS, stored?.reports) };
}

/** Returns undefined if there is nothing to store. */
export function exportForms({ heaps, reports }: FormState): StoredForms | undefined {
  return heaps.size + reports.size === 0 ? undefined : { heaps: [...heaps], reports: [...reports] };
}

export function readForms(state: FormState, entry: Entry): readonly FormEntry[] {
  const file = nameFile(entry);
  // Records of another log shipper: a new file may have the name of an older one.
  if (entry.offset === 0 && !state.heaps.delete(file)) state.reports.delete(file);
  if (isOfReport(state, file, entry)) return readReport(state, file, entry);
  const row = mayBeFull(entry.bytes) ? watchHeap(state, file, entry) : undefined;
  return row === undefined || row.places.length < FULL_IN_A_ROW ? [{ entry }] : [{ entry }, sumUp(row, entry)];
}

/**
 * End of an id that our own agent made. It identifies the file even after it was renamed; ids of other log shippers do
 * not.
 */
const PLACE = /-[0-9a-f]{12,}-[0-9a-f]{8}$/;

function nameFile({ id, source }: Entry): string {
  return id !== undefined && PLACE.test(id) ? id.replace(PLACE, '') : `${source.host ?? ''}:${source.path}`;
}

/** Sets the value of a file that was read last. */
function keep<Value>(map: Map<string, Value>, file: string, value: Value): void {
  map.delete(file);
  map.set(file, value);
}

/**
 * Returns the row after the collections of this entry, or undefined if the entry adds none or one of them freed memory.
 */
function watchHeap(state: FormState, file: string, entry: Entry): HeapRow | undefined {
  const before = state.heaps.get(file);
  const after = findFullCollections(entry.bytes.toString('latin1')).reduce<HeapRow | undefined>(
    (row, collection) => addCollection(row, collection, entry),
    before,
  );
  if (after === before) return undefined;
  if (after === undefined) state.heaps.delete(file);
  else keep(state.heaps, file, after);
  return after;
}

function addCollection(row: HeapRow | undefined, collection: GcCollection, entry: Entry): HeapRow | undefined {
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

/** Returns the sum of a row as a line of its own, to be scanned after the newest line. */
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
  if (offset === 0) return bytes[0] === HASH && beginsHsErr(bytes.subarray(0, FORM_WORD_BYTES).toString('latin1'));
  return state.reports.has(file) || isReportName(source.path);
}

/**
 * Returns one entry for the report so far, as soon as its time is known, because a failure that gets its time later
 * would count as another failure. Returns nothing for a report that does not name its cause.
 */
function readReport(state: FormState, file: string, entry: Entry): readonly FormEntry[] {
  const report = addPart(state.reports.get(file), entry);
  if (report === undefined) return [];
  const text = report.parts.map(([, part]) => part).join('\n');
  const isDated = REPORT_TIME.test(text);
  const isWhole = isDated && BEHIND_FRAMES.test(text);
  keep(state.reports, file, isWhole ? { ...report, parts: [] } : report);
  const log = isDated ? renderHsErr(text)?.trimEnd() : undefined;
  if (log === undefined) return [];
  const bytes = Buffer.from(log);
  const { fileTime, ...part } = entry;
  return [{ entry: { ...part, id: report.id, offset: 0, bytes, time: dateReport(bytes, fileTime) } }];
}

/**
 * Returns the time of a report, or undefined if its file was written later. The report names its time without an
 * offset, and it is written at that time.
 */
function dateReport(bytes: Buffer, fileTime: number | undefined): number | undefined {
  const local = parseEntry(bytes).time;
  if (local === undefined || fileTime === undefined) return undefined;
  const aheadMs = findQuarters(local, fileTime);
  return aheadMs === undefined ? undefined : local - aheadMs;
}

/** Returns undefined if the entry is not needed. */
function addPart(report: CrashReport | undefined, { id, offset, bytes }: Entry): CrashReport | undefined {
  const text = bytes.toString('utf8');
  if (offset === 0) return { id, parts: [[offset, text]] };
  if (report === undefined || report.parts.length === 0) return undefined;
  if (offset > MAX_FRAMES_BYTES && !REPORT_TIME.test(text)) return undefined;
  const others = report.parts.filter(([other]) => other !== offset);
  return { ...report, parts: [...others, [offset, text] as const].sort(([a], [b]) => a - b) };
}
