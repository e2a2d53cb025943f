// The usual entry → what is stored of it, from its bytes: one line of printable ASCII in Flink's usual layout, without
// an exception, a secret or a flag. One pass over the bytes tells whether it is one, and whether it may name a job or a
// process; only then is its message made a string. Everything else is left to parse.ts, and both say the same. Called
// by forward.ts.
import { buildAutomaton, scanMarks, type Automaton } from '../../core/bytes/automaton.js';
import type { ParsedEntry } from '../../core/types.js';
import type { Fact } from '../../flink/facts/fact.js';
import { NAMING_ANCHORS, readFacts } from '../../flink/facts/facts.js';
import { updateNotes, type ProcessNotes } from '../../flink/facts/notes.js';
import { readPlainHead, type PlainHead } from '../../flink/layout/plain.js';
import type { PreambleParts } from '../../flink/layout/preamble.js';
import type { SplitEntry } from '../../flink/layout/split.js';
import type { FileFields, PlainRecord, SharedFields } from '../../store/store.js';
import { decideTime, describeJob, describeSource, type ParseContext } from './parse.js';
import { SECRET_HINTS } from './redact.js';

export interface ParsedPlain {
  readonly plain: PlainRecord;
  /** Time for the entry after this one. */
  readonly time: number;
  /** What the entries up to this one say of the process. */
  readonly notes: ProcessNotes;
}

const ODD = 1;
const THROWS = 2;
const SECRET = 4;
const FACT = 8;
const ESCAPE = 16;

/** Without one of these no text has an exception in it (mayThrow, splitThrowable and unfoldTrace). */
const THROWN = ['exception', 'error', 'throwable', 'caused by', 'traceback', '.java:', '.scala:', '.kt:'];

let automaton: Automaton | undefined;

/** Made when the first entry is read: the short commands, which stand in the same program, have no use for it. */
function openAutomaton(): Automaton {
  return (automaton ??= buildAutomaton(
    [
      ...['"', '\\'].map((text) => ({ text, mark: ESCAPE })),
      ...THROWN.map((text) => ({ text, mark: THROWS })),
      ...SECRET_HINTS.map((text) => ({ text, mark: SECRET })),
      ...NAMING_ANCHORS.map((text) => ({ text, mark: FACT })),
    ],
    ODD,
  ));
}

const NO_FACTS: readonly Fact[] = [];
/** One object for each preamble, so that it is encoded once. */
const fieldsOf = new WeakMap<PreambleParts, SharedFields>();

/** `file` is what describeSource says of the file so far. Undefined: the entry is for parse.ts. */
export function parsePlain(
  entry: SplitEntry,
  id: string,
  file: FileFields,
  context: ParseContext,
): ParsedPlain | undefined {
  const { bytes } = entry;
  if (entry.flags.length > 0) return undefined;
  const head = readPlainHead(bytes, context.zone === '' ? 'UTC' : context.zone);
  if (head === undefined || decideTime(head.time, context).isUndated) return undefined;
  const marks = scanMarks(openAutomaton(), bytes, 0, bytes.length);
  if ((marks & (ODD | THROWS)) !== 0 || holdsSecret(bytes, marks, context)) return undefined;
  const { parts, messageStart, time } = head;
  const facts = (marks & FACT) === 0 ? NO_FACTS : readFacts(describeParsed(bytes, head), context.origin);
  const notes = facts.length === 0 ? context.notes : updateNotes(context.notes, facts);
  return {
    plain: {
      id,
      bytes,
      messageStart,
      hasEscapes: (marks & ESCAPE) !== 0,
      time,
      aheadMs: head.aheadMs,
      offset: entry.offset,
      file: notes === context.notes ? file : describeSource(context.origin, notes),
      preamble: describePreamble(parts),
      job: describeJob(parts.jobId ?? context.origin.jobId, facts),
    },
    time,
    notes,
  };
}

function holdsSecret(bytes: Buffer, marks: number, { redact }: ParseContext): boolean {
  return ((marks & SECRET) !== 0 || redact.hasOwnPatterns) && redact(bytes.toString('latin1')).count > 0;
}

function describeParsed(bytes: Buffer, { parts, messageStart }: PlainHead): ParsedEntry {
  return { ...parts, message: bytes.toString('latin1', messageStart), chain: [], links: [] };
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
