// Reads an entry of a stretch into what is stored of it, from its bytes: printable ASCII in Flink's usual layout,
// without a secret or a flag. One pass over the bytes of a chunk marks what is in them (core/wasm/marks.ts). A message
// becomes a string only if it may name a job or a process, and of a stack trace only the lines that are no frames.
// Everything else is left to parse.ts, which gives the same result.
import { remember } from '../../core/cache.js';
import { Marker } from '../../core/wasm/marks.js';
import { NAMING_ANCHORS, readNamingFacts } from '../../flink/facts/facts.js';
import { updateNotes, type ProcessNotes } from '../../flink/facts/notes.js';
import { parseBody } from '../../flink/layout/layout.js';
import type { PreambleParts } from '../../flink/layout/preamble.js';
import type { StretchReader } from '../../flink/layout/stretch.js';
import { createChainReader } from '../../flink/trace/chain.js';
import { FULL, mayBeFull } from '../../flink/bytes/forms.js';
import { MARK, type SignalMarker } from '../../flink/bytes/marks.js';
import type { FileFields, JobFields, PlainRecord, SharedFields } from '../../store/store.js';
import { describeJob, describeSource, isPlausible, type ParseContext } from './parse.js';
import { ADDRESS_HINT, holdsUser, SECRET_HINTS } from './redact.js';

const THROWS = 1;
const SECRET = 2;
const FACT = 4;
const ADDRESS = 8;
const COLLECTION = 16;
const TAB = 9;

/** Texts of which one is in every text with an exception (mayThrow, splitThrowable and unfoldTrace). */
const THROWN = ['exception', 'error', 'throwable', 'caused by', 'traceback', '.java:', '.scala:', '.kt:'];

/** Creates the marker of the entries for which more is needed than their bytes. */
export function createPlainMarker(): Marker {
  return new Marker([
    ...THROWN.map((text) => ({ text, mark: THROWS })),
    ...SECRET_HINTS.map((text) => ({ text, mark: text === ADDRESS_HINT ? ADDRESS : SECRET })),
    ...NAMING_ANCHORS.map((text) => ({ text, mark: FACT })),
    { text: FULL, mark: COLLECTION },
  ]);
}

/** Fields of the entries with one preamble, as one object, so that it is encoded once. */
interface PreambleFields {
  readonly version: string | undefined;
  /** Fields by the mark of an entry. */
  readonly marked: readonly SharedFields[];
}

const fieldsOf = new WeakMap<PreambleParts, PreambleFields>();

/** Draft that is refilled for each entry, because there are many. */
export type PlainDraft = { -readonly [Key in keyof PlainRecord]: PlainRecord[Key] } & {
  processContext: ProcessNotes;
  /** Mark for a diagnosis (flink/bytes/marks.ts). */
  mark: number;
};

export function createPlainDraft(
  key: string,
  file: FileFields,
  processContext: ProcessNotes,
  bytes: Buffer,
): PlainDraft {
  return {
    ...{ key, offset: 0, crc: 0, bytes, start: 0, messageStart: 0, messageEnd: 0, end: 0 },
    ...{ time: 0, aheadMs: 0, file, preamble: {}, job: undefined, thrown: undefined, processContext, mark: MARK.no },
  };
}

/**
 * Fills the draft with entry `at` of the stretch, except for its id. Its `file` and `processContext` are those of the
 * entry before, `mark` is that of its words. Returns false if the entry is left to parse.ts.
 */
export function readPlain(reader: StretchReader, at: number, context: ParseContext, draft: PlainDraft): boolean {
  const { marker, stretch } = reader;
  const start = stretch.starts[at] ?? 0;
  const end = stretch.ends[at] ?? 0;
  const lineEnd = stretch.lineEnds[at] ?? 0;
  const parts = stretch.parts[at];
  const time = stretch.times[at] ?? 0;
  if (parts === undefined || marker.isOdd(start, end) || !isPlausible(time, context.now)) return false;
  const marks = marker.findMarks(start, end);
  if (holdsSecret(marker.room, start, end, marks, context)) return false;
  draft.start = start;
  draft.messageStart = stretch.messageStarts[at] ?? 0;
  draft.messageEnd = end;
  draft.end = end;
  draft.thrown = undefined;
  const isPlain =
    lineEnd === end && (marks & THROWS) === 0 && !(marker.hasEscapes(start, end) && hasTab(marker.room, start, end));
  if (!isPlain && !fillThrown(draft, parts, marker, lineEnd)) return false;
  draft.time = time;
  draft.aheadMs = stretch.aheadMs[at] ?? 0;
  const mark = (marks & COLLECTION) !== 0 && mayBeFull(marker.room.subarray(start, end)) ? MARK.yes : draft.mark;
  draft.preamble = describePreamble(parts, context.signals).marked[mark] ?? {};
  if ((marks & FACT) !== 0) fillFacts(draft, parts, context);
  else draft.job = describeOwner(parts, context);
  return true;
}

function hasTab(bytes: Buffer, start: number, end: number): boolean {
  return bytes.subarray(start, end).includes(TAB);
}

const readChain = createChainReader();

/**
 * Fills in the exception of an entry. Returns false if the exception is in the message, or if the message is not all
 * the text before the trace.
 */
function fillThrown(draft: PlainDraft, parts: PreambleParts, marker: Marker, lineEnd: number): boolean {
  const text = shortenTrace(draft, marker, lineEnd);
  const { message, stack, error, chain } = parseBody(text, parts, readChain);
  const isWhole = stack === undefined ? message === text : `${message}\n${stack}` === text;
  if (!isWhole || (stack === undefined && draft.messageStart + text.length < draft.end)) return false;
  const messageEnd = draft.messageStart + message.length;
  // Nothing may be left out of the message.
  if (stack !== undefined && marker.room.toString('latin1', draft.messageStart, messageEnd) !== message) return false;
  draft.messageEnd = messageEnd;
  if (error !== undefined || chain.length > 0)
    draft.thrown = {
      'error.type': error?.type,
      'error.message': error?.message,
      'flink.chain': chain.length > 0 ? chain : undefined,
    };
  return true;
}

/**
 * Returns the message and its trace with only the first of consecutive frames, because the stored fields need no
 * others.
 */
function shortenTrace({ messageStart, end }: PlainDraft, marker: Marker, lineEnd: number): string {
  const { room } = marker;
  const kept: string[] = [];
  let from = messageStart;
  let isFrameBefore = false;
  for (let line = lineEnd + 1; line < end;) {
    const next = marker.nextBreak(line, end);
    const isFrame = marker.isFrame(line, next);
    if (isFrame && isFrameBefore) {
      if (from < line) kept.push(room.toString('latin1', from, line));
      from = next + 1;
    }
    isFrameBefore = isFrame;
    line = next + 1;
  }
  if (from < end) kept.push(room.toString('latin1', from, end));
  const text = kept.join('');
  // The last line has no break.
  return from < end ? text : text.slice(0, -1);
}

function holdsSecret(bytes: Buffer, start: number, end: number, marks: number, { redact }: ParseContext): boolean {
  const mayHold =
    redact.hasOwnPatterns || (marks & SECRET) !== 0 || ((marks & ADDRESS) !== 0 && holdsUser(bytes, start, end));
  return mayHold && redact(bytes.toString('latin1', start, end)).count > 0;
}

function fillFacts(draft: PlainDraft, parts: PreambleParts, context: ParseContext): void {
  const message = draft.bytes.toString('latin1', draft.messageStart, draft.messageEnd);
  const facts = readNamingFacts({ message, logger: parts.logger }, context.origin);
  if (facts.length === 0) {
    draft.job = describeOwner(parts, context);
    return;
  }
  draft.job = describeJob(parts.jobId ?? context.origin.jobId, facts);
  const processContext = updateNotes(draft.processContext, facts);
  if (processContext === draft.processContext) return;
  draft.processContext = processContext;
  draft.file = describeSource(context.origin, processContext);
}

/** Fields by the id of the job, so that each object is encoded once. */
const describeJobId = remember(1000, (id): JobFields => ({ 'flink.job.id': id }));

function describeOwner({ jobId }: PreambleParts, { origin }: ParseContext): JobFields | undefined {
  const id = jobId ?? origin.jobId;
  return id === undefined ? undefined : describeJobId(id);
}

function describePreamble(parts: PreambleParts, signals: SignalMarker | undefined): PreambleFields {
  const known = fieldsOf.get(parts);
  if (known !== undefined && known.version === signals?.version) return known;
  const { layout, level, logger, thread } = parts;
  const fields = {
    'jobtrace.layout': layout,
    'log.level': level,
    'log.logger': logger,
    'process.thread.name': thread,
  };
  const made = {
    version: signals?.version,
    marked: [MARK.no, MARK.fact, MARK.yes].map((mark) => ({ ...fields, 'jobtrace.signal': signals?.signals[mark] })),
  };
  fieldsOf.set(parts, made);
  return made;
}
