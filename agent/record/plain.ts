// An entry of a stretch → what is stored of it, from its bytes: printable ASCII in Flink's usual layout, without a
// secret or a flag. One pass over the bytes of a chunk has told what stands in them (core/bytes/marks.ts); only where
// an entry may name a job or a process its message is made a string, and of a stack trace the lines that are no frames.
// Everything else is left to parse.ts, and both say the same. Called by forward.ts.
import { createMarker, type Marker } from '../../core/bytes/marks.js';
import type { ParsedEntry } from '../../core/types.js';
import { NAMING_ANCHORS, readFacts } from '../../flink/facts/facts.js';
import { updateNotes, type ProcessNotes } from '../../flink/facts/notes.js';
import type { PreambleParts } from '../../flink/layout/preamble.js';
import type { StretchReader } from '../../flink/layout/stretch.js';
import type { FileFields, JobFields, PlainRecord, SharedFields } from '../../store/store.js';
import { decideTime, describeJob, describeSource, type ParseContext } from './parse.js';
import { SECRET_HINTS } from './redact.js';

const THROWS = 1;
const SECRET = 2;
const FACT = 4;
const TAB = 9;

/** Without one of these no text has an exception in it (mayThrow, splitThrowable and unfoldTrace). */
const THROWN = ['exception', 'error', 'throwable', 'caused by', 'traceback', '.java:', '.scala:', '.kt:'];

/** What marks the entries of which more has to be known than their bytes. */
export function createPlainMarker(): Marker {
  return createMarker([
    ...THROWN.map((text) => ({ text, mark: THROWS })),
    ...SECRET_HINTS.map((text) => ({ text, mark: SECRET })),
    ...NAMING_ANCHORS.map((text) => ({ text, mark: FACT })),
  ]);
}

/** One object for each preamble, so that it is encoded once. */
const fieldsOf = new WeakMap<PreambleParts, SharedFields>();

/** Filled anew for each entry: many come by here. */
export type PlainDraft = { -readonly [Key in keyof PlainRecord]: PlainRecord[Key] } & { notes: ProcessNotes };

export function createPlainDraft(file: FileFields, notes: ProcessNotes, bytes: Buffer): PlainDraft {
  return {
    ...{ key: '', offset: 0, crc: 0, bytes, start: 0, messageStart: 0, messageEnd: 0, end: 0, hasEscapes: false },
    ...{ time: 0, aheadMs: 0, file, preamble: {}, job: undefined, trace: undefined, notes },
  };
}

/**
 * Fills the draft with the entry `at` of the stretch, but for its id; its `file` and `notes` are those of the entry
 * before. False: the entry is for parse.ts.
 */
export function readPlain(
  { marker, stretch }: StretchReader,
  at: number,
  context: ParseContext,
  draft: PlainDraft,
): boolean {
  const [start, end, lineEnd] = [stretch.starts[at] ?? 0, stretch.ends[at] ?? 0, stretch.lineEnds[at] ?? 0];
  if (lineEnd < end || marker.isOdd(start, end)) return false;
  const time = stretch.times[at] ?? 0;
  if (decideTime(time, context).isUndated) return false;
  const marks = marker.findMarks(start, end);
  const hasEscapes = marker.hasEscapes(start, end);
  if ((marks & THROWS) !== 0 || (hasEscapes && draft.bytes.subarray(start, end).includes(TAB))) return false;
  if (((marks & SECRET) !== 0 || context.redact.hasOwnPatterns) && holdsSecret(draft.bytes, start, end, context))
    return false;
  const parts = stretch.parts[at];
  if (parts === undefined) return false;
  draft.start = start;
  draft.messageStart = stretch.messageStarts[at] ?? 0;
  draft.messageEnd = end;
  draft.end = end;
  draft.hasEscapes = hasEscapes;
  draft.time = time;
  draft.aheadMs = stretch.aheadMs[at] ?? 0;
  draft.preamble = describePreamble(parts);
  draft.trace = undefined;
  if ((marks & FACT) !== 0) fillFacts(draft, parts, context);
  else draft.job = describeOwner(parts, context);
  return true;
}

function holdsSecret(bytes: Buffer, start: number, end: number, { redact }: ParseContext): boolean {
  return redact(bytes.toString('latin1', start, end)).count > 0;
}

function fillFacts(draft: PlainDraft, parts: PreambleParts, context: ParseContext): void {
  const message = draft.bytes.toString('latin1', draft.messageStart, draft.messageEnd);
  const parsed: ParsedEntry = { ...parts, message, chain: [], links: [] };
  const facts = readFacts(parsed, context.origin);
  draft.job = describeJob(parts.jobId ?? context.origin.jobId, facts);
  const notes = facts.length === 0 ? draft.notes : updateNotes(draft.notes, facts);
  if (notes === draft.notes) return;
  draft.notes = notes;
  draft.file = describeSource(context.origin, notes);
}

/** By the job's id: each object is encoded once. */
const owners = new Map<string, JobFields>();
const MOST_OWNERS = 1000;

function describeOwner({ jobId }: PreambleParts, { origin }: ParseContext): JobFields | undefined {
  const id = jobId ?? origin.jobId;
  if (id === undefined) return undefined;
  const known = owners.get(id);
  if (known !== undefined) return known;
  const fields = { 'flink.job.id': id };
  if (owners.size >= MOST_OWNERS) owners.clear();
  owners.set(id, fields);
  return fields;
}

function describePreamble(parts: PreambleParts): SharedFields {
  const known = fieldsOf.get(parts);
  if (known !== undefined) return known;
  const { layout, level, logger, thread } = parts;
  const fields = {
    'jobtrace.layout': layout,
    'log.level': level,
    'log.logger': logger,
    'process.thread.name': thread,
  };
  fieldsOf.set(parts, fields);
  return fields;
}
