// Parses a plain entry into what is stored of it, from its bytes: printable ASCII in Flink's default layout, without a
// secret or a flag. One pass over the bytes of a chunk indexes what is in them (core/wasm/byte-index.ts). A message
// becomes a string only if it may name a job or a process, and of a stack trace only the lines that are no frames.
// Everything else is left to parse.ts, which gives the same result.
import { remember } from '../../core/cache.js';
import { ByteIndex } from '../../core/wasm/byte-index.js';
import { NAMING_ANCHORS, readNamingFacts } from '../../flink/facts/facts.js';
import { updateProcessContext, type ProcessContext } from '../../flink/facts/process-context.js';
import { parseBody } from '../../flink/layout/layout.js';
import type { PreambleParts } from '../../flink/layout/preamble.js';
import type { PlainReader } from '../../flink/layout/plain-entries.js';
import { createChainReader } from '../../flink/trace/chain.js';
import { FULL, mayBeFull } from '../../flink/bytes/forms.js';
import { SIGNAL_RANK, type SignalDetector } from '../../flink/bytes/signals.js';
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

/** Creates the index of the texts whose entries need more than a copy of their bytes. */
export function createPlainIndex(): ByteIndex {
  return new ByteIndex([
    ...THROWN.map((text) => ({ text, flag: THROWS })),
    ...SECRET_HINTS.map((text) => ({ text, flag: text === ADDRESS_HINT ? ADDRESS : SECRET })),
    ...NAMING_ANCHORS.map((text) => ({ text, flag: FACT })),
    { text: FULL, flag: COLLECTION },
  ]);
}

/** Fields of the entries with one preamble, as one object, so that it is encoded once. */
interface PreambleFields {
  readonly version: string | undefined;
  /** Fields by the signal rank of an entry. */
  readonly byRank: readonly SharedFields[];
}

const fieldsOf = new WeakMap<PreambleParts, PreambleFields>();

/** Draft that is refilled for each entry, because there are many. */
export type PlainDraft = { -readonly [Key in keyof PlainRecord]: PlainRecord[Key] } & {
  processContext: ProcessContext;
  /** Signal rank: how much the entry may matter to a diagnosis (flink/bytes/signals.ts). */
  rank: number;
};

export function createPlainDraft(
  key: string,
  file: FileFields,
  processContext: ProcessContext,
  bytes: Buffer,
): PlainDraft {
  return {
    ...{ key, offset: 0, crc: 0, bytes, start: 0, messageStart: 0, messageEnd: 0, end: 0 },
    ...{
      time: 0,
      aheadMs: 0,
      file,
      preamble: {},
      job: undefined,
      thrown: undefined,
      processContext,
      rank: SIGNAL_RANK.no,
    },
  };
}

/**
 * Fills the draft with entry `at` of the columns, except for its id. Its `file` and `processContext` are those of the
 * entry before, `rank` is that of its words. Returns false if the entry is left to parse.ts.
 */
export function readPlain(reader: PlainReader, at: number, context: ParseContext, draft: PlainDraft): boolean {
  const { index, columns } = reader;
  const start = columns.starts[at] ?? 0;
  const end = columns.ends[at] ?? 0;
  const lineEnd = columns.lineEnds[at] ?? 0;
  const parts = columns.parts[at];
  const time = columns.times[at] ?? 0;
  if (parts === undefined || index.isOdd(start, end) || !isPlausible(time, context.now)) return false;
  const flags = index.findFlags(start, end);
  if (holdsSecret(index.buffer, start, end, flags, context)) return false;
  draft.start = start;
  draft.messageStart = columns.messageStarts[at] ?? 0;
  draft.messageEnd = end;
  draft.end = end;
  draft.thrown = undefined;
  const isPlain =
    lineEnd === end && (flags & THROWS) === 0 && !(index.hasEscapes(start, end) && hasTab(index.buffer, start, end));
  if (!isPlain && !fillThrown(draft, parts, index, lineEnd)) return false;
  draft.time = time;
  draft.aheadMs = columns.aheadMs[at] ?? 0;
  const rank =
    (flags & COLLECTION) !== 0 && mayBeFull(index.buffer.subarray(start, end)) ? SIGNAL_RANK.yes : draft.rank;
  draft.preamble = describePreamble(parts, context.detector).byRank[rank] ?? {};
  if ((flags & FACT) !== 0) fillFacts(draft, parts, context);
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
function fillThrown(draft: PlainDraft, parts: PreambleParts, index: ByteIndex, lineEnd: number): boolean {
  const text = shortenTrace(draft, index, lineEnd);
  const { message, stack, error, chain } = parseBody(text, parts, readChain);
  const isWhole = stack === undefined ? message === text : `${message}\n${stack}` === text;
  if (!isWhole || (stack === undefined && draft.messageStart + text.length < draft.end)) return false;
  const messageEnd = draft.messageStart + message.length;
  // Nothing may be left out of the message.
  if (stack !== undefined && index.buffer.toString('latin1', draft.messageStart, messageEnd) !== message) return false;
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
function shortenTrace({ messageStart, end }: PlainDraft, index: ByteIndex, lineEnd: number): string {
  const { buffer } = index;
  const kept: string[] = [];
  let from = messageStart;
  let isFrameBefore = false;
  for (let line = lineEnd + 1; line < end;) {
    const next = index.nextBreak(line, end);
    const isFrame = index.isFrame(line, next);
    if (isFrame && isFrameBefore) {
      if (from < line) kept.push(buffer.toString('latin1', from, line));
      from = next + 1;
    }
    isFrameBefore = isFrame;
    line = next + 1;
  }
  if (from < end) kept.push(buffer.toString('latin1', from, end));
  const text = kept.join('');
  // The last line has no break.
  return from < end ? text : text.slice(0, -1);
}

function holdsSecret(bytes: Buffer, start: number, end: number, flags: number, { redact }: ParseContext): boolean {
  const mayHold =
    redact.hasOwnPatterns || (flags & SECRET) !== 0 || ((flags & ADDRESS) !== 0 && holdsUser(bytes, start, end));
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
  const processContext = updateProcessContext(draft.processContext, facts);
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

function describePreamble(parts: PreambleParts, detector: SignalDetector | undefined): PreambleFields {
  const known = fieldsOf.get(parts);
  if (known !== undefined && known.version === detector?.version) return known;
  const { layout, level, logger, thread } = parts;
  const fields = {
    'jobtrace.layout': layout,
    'log.level': level,
    'log.logger': logger,
    'process.thread.name': thread,
  };
  const made = {
    version: detector?.version,
    byRank: [SIGNAL_RANK.no, SIGNAL_RANK.fact, SIGNAL_RANK.yes].map((rank) => ({
      ...fields,
      'jobtrace.signal': detector?.signals[rank],
    })),
  };
  fieldsOf.set(parts, made);
  return made;
}
