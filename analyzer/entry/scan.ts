// Scans one entry and returns its signal, or undefined for the many entries that hold none. One pass over the bytes
// searches for the anchors of all rules, facts and signs of failures at once. An entry is decoded and parsed only if an
// anchor was found, and only the rules of the found anchors see it. Pure functions.
import type { Entry, ParsedEntry } from '../../core/types.js';
import { readFacts, readJarVersion } from '../../flink/facts/facts.js';
import { parseEntry } from '../../flink/layout/layout.js';
import type { AlternativeUse, AnchorUse, Catalog } from '../catalog/catalog.js';
import type { Engine } from '../catalog/engine.js';
import { endsProgram, readFailure } from './failure.js';
import { fitCondition, type Candidate } from './condition.js';
import { matchAlternative } from './match.js';
import { WHOLE_LOG, type Reading, type View } from './reading.js';
import { findRow, type RowSubject } from './row.js';
import {
  describePosition,
  shortenText,
  type FailurePart,
  type Hints,
  type MatchPart,
  type Signal,
  type StepPart,
} from './signal.js';
import type { Fact } from '../../flink/facts/fact.js';

export interface ScanOptions {
  /** Cluster of sources that name none. */
  readonly cluster?: string;
  /** IANA time zone of time stamps that have none. */
  readonly zone?: string;
  /** Way of reading the log; a whole log by default. */
  readonly reading?: Reading;
}

/** Limit, in bytes, of the part of an entry that is decoded. Stack traces and dumps are shorter. */
const MAX_PROBE_BYTES = 512 * 1024;

export function scanEntry(entry: Entry, catalog: Catalog, options: ScanOptions = {}): Signal | undefined {
  const found =
    entry.matchedAnchors?.by === catalog.scanner ? entry.matchedAnchors.texts : catalog.scanner.scan(entry.bytes);
  if (found.length === 0) return undefined;
  const uses = found.flatMap((literal) => catalog.usesOf(literal));
  if (!(options.reading ?? WHOLE_LOG).readsWords && uses.every((use) => use.kind === 'fact'))
    return scanFacts(
      entry,
      uses.map(({ anchor }) => anchor),
      catalog.engine,
      options,
    );
  const { parsed, facts, failure, candidate, fromUserCode, isOptions, mayMatch, bytes } = readCandidate(
    entry,
    uses,
    catalog.engine,
    options,
  );
  const matches = isOptions ? [] : findMatches(uses.filter(mayMatch), candidate);
  const steps = findSteps(uses, candidate);
  if (facts.length === 0 && matches.length === 0 && steps.length === 0 && failure === undefined) return undefined;
  const hasFinding = matches.length > 0 || failure !== undefined;
  const shown = hasFinding ? showEntry(bytes, candidate.text) : { text: '', shift: 0 };
  return {
    place: describePosition(entry, parsed.time, undefined, options.cluster ?? ''),
    hints: readHints(parsed, facts, entry.source.jobId, hasFinding),
    facts,
    matches: matches.map((match) => shiftHighlights(match, shown.shift)),
    steps,
    failure,
    ...(fromUserCode ? { fromUserCode } : {}),
    ...(hasFinding ? { text: shortenText(shown.text) } : {}),
  };
}

/**
 * Reads only the facts of an entry. This is enough for most entries with an anchor, because an exception would be a
 * sign of a failure.
 */
function scanFacts(
  entry: Entry,
  matchedAnchors: readonly string[],
  engine: Engine,
  options: ScanOptions,
): Signal | undefined {
  const parsed = parseEntry(
    limitBytes(entry),
    options.zone === undefined ? { isPlain: true } : { isPlain: true, zone: options.zone },
  );
  const facts = isFromUserCode({ parsed, source: entry.source }, entry.bytes, engine)
    ? []
    : readFacts(parsed, entry.source, matchedAnchors);
  if (facts.length === 0) return undefined;
  return {
    place: describePosition(entry, parsed.time, undefined, options.cluster ?? ''),
    hints: readHints(parsed, facts, entry.source.jobId, false),
    facts,
    matches: [],
    steps: [],
  };
}

function limitBytes({ bytes }: Entry): Buffer {
  return bytes.length > MAX_PROBE_BYTES ? bytes.subarray(0, MAX_PROBE_BYTES) : bytes;
}

export interface CandidateScan {
  readonly parsed: ParsedEntry;
  readonly facts: readonly Fact[];
  readonly failure: FailurePart | undefined;
  readonly candidate: Candidate;
  readonly fromUserCode: boolean;
  /** True if the entry is a line of the start-up dump of options. No rule fits such a line. */
  readonly isOptions: boolean;
  /** True for the uses of anchors by which the entry may be matched. */
  readonly mayMatch: View['mayMatch'];
  /** Bytes that were decoded. */
  readonly bytes: Buffer;
}

/** Parses an entry and reads its facts and its failure. `uses` are those of the anchors that were found in it. */
export function readCandidate(
  entry: Entry,
  uses: readonly AnchorUse[],
  engine: Engine,
  options: ScanOptions,
): CandidateScan {
  const reading = options.reading ?? WHOLE_LOG;
  const bytes = limitBytes(entry);
  const parsed = parseEntry(bytes, { zone: options.zone });
  const subject: RowSubject = { parsed, source: entry.source };
  const fromUserCode = isFromUserCode(subject, bytes, engine);
  const isOptions = findRow(engine.dumps, subject) !== undefined;
  const stated = fromUserCode
    ? []
    : readFacts(
        parsed,
        entry.source,
        uses.flatMap((use) => (use.kind === 'fact' ? [use.anchor] : [])),
      );
  const failure =
    !fromUserCode && !isOptions && uses.some((use) => use.kind === 'failure')
      ? readFailure(subject, stated, engine, reading.takesErrors)
      : undefined;
  const facts = failure === undefined ? stated : [...stated, ...readJarVersion(parsed)];
  const text = joinText(parsed);
  const { links, mayEnd, mayMatch } = reading.view(
    { subject, text, hasFailed: failure !== undefined, fromUserCode },
    engine,
  );
  const candidate: Candidate = {
    parsed: links === parsed.links ? parsed : { ...parsed, links },
    text,
    source: entry.source,
    isFailure: failure !== undefined || mayEnd || countsAsFailure(subject, fromUserCode, engine),
    isWithoutPrefix: reading.isWithoutPrefix(subject),
    code: engine.code,
  };
  return { parsed, facts, failure, candidate, fromUserCode, isOptions, mayMatch, bytes };
}

/** True if the entry counts as a failure in any log for the rules that know it. */
function countsAsFailure(subject: RowSubject, fromUserCode: boolean, { suspects }: Engine): boolean {
  return findRow(suspects, subject, (row) => !row.excerpt && (row.fromUserCode || !fromUserCode)) !== undefined;
}

/** Number of bytes at the start of printed text that decide whether user code printed it. */
const MAX_START_BYTES = 1024;

/**
 * True if user code logged or printed the entry. An entry with which user code reports the end of its program does not
 * count.
 */
function isFromUserCode(subject: RowSubject, bytes: Buffer, engine: Engine): boolean {
  const { parsed, source } = subject;
  if (parsed.logger !== undefined) return engine.code.isUserLogger(parsed.logger) && !endsProgram(subject, engine);
  if (engine.printed.every(({ file }) => file.length > 0 && !file.includes(source.kind))) return false;
  const printed = { ...parsed, message: bytes.subarray(0, MAX_START_BYTES).toString('utf8') };
  return findRow(engine.printed, { parsed: printed, source }) !== undefined;
}

/**
 * Returns the text that is shown as evidence, and the offset of the words in it: the entry as it was written if that
 * contains the words unchanged, else the words.
 */
function showEntry(bytes: Buffer, words: string): { readonly text: string; readonly shift: number } {
  const written = bytes.toString('utf8');
  const shift = written.indexOf(words);
  return shift < 0 ? { text: words, shift: 0 } : { text: written, shift };
}

function shiftHighlights(match: MatchPart, shift: number): MatchPart {
  return shift === 0
    ? match
    : { ...match, highlights: match.highlights.map(([start, end]) => [start + shift, end + shift] as const) };
}

/** Returns the words of the entry without its message prefix. Patterns and the evidence see this text. */
function joinText(parsed: ParsedEntry): string {
  if (parsed.stack === undefined || parsed.message === '') return parsed.stack ?? parsed.message;
  if (parsed.stack.startsWith(parsed.message)) return parsed.stack;
  return parsed.message.includes(parsed.stack) ? parsed.message : `${parsed.message}\n${parsed.stack}`;
}

/** Returns at most one match per rule: that of the first alternative in the rule's file that fits. */
function findMatches(uses: readonly AlternativeUse[], candidate: Candidate): readonly MatchPart[] {
  const byRule = new Map<string, MatchPart>();
  for (const use of [...uses].sort((a, b) => a.order - b.order)) {
    if (byRule.has(use.rule.id)) continue;
    const match = matchAlternative(use.rule, use.alternative, candidate);
    if (match !== undefined) byRule.set(use.rule.id, match);
  }
  return [...byRule.values()];
}

function findSteps(uses: readonly AnchorUse[], candidate: Candidate): readonly StepPart[] {
  return uses.flatMap((use) =>
    use.kind === 'step' && fitCondition(use.step, candidate) !== undefined
      ? [{ rule: use.rule.id, step: use.step.id }]
      : [],
  );
}

/** Ids as Flink prints them: 32 hex digits, or an attempt id of Flink 1.16 and newer. */
const ID = /\b[0-9a-f]{32}(?:_[0-9a-f]{32}_\d+_\d+)?\b/g;
const MAX_IDS = 12;

/**
 * Finds ids in the message, the thread name and the messages of exceptions, because a client names the failed job
 * there.
 */
function findIds(parsed: ParsedEntry): readonly string[] {
  const texts = [parsed.message, parsed.thread ?? '', ...parsed.links.map((link) => link.message.slice(0, 1000))];
  return [...new Set(texts.flatMap((text) => text.match(ID) ?? []))].slice(0, MAX_IDS);
}

function readHints(
  parsed: ParsedEntry,
  facts: readonly Fact[],
  pathJobId: string | undefined,
  withIds: boolean,
): Hints {
  const jobId = parsed.jobId ?? pathJobId;
  const ids = withIds ? findIds(parsed) : [];
  const tasks = facts.flatMap((fact) => ('task' in fact ? [fact.task] : []));
  const threadTask = withIds ? /^(.+) \(\d+\/\d+\)(?:#\d+)?/.exec(parsed.thread ?? '')?.[1] : undefined;
  if (threadTask !== undefined) tasks.push(threadTask);
  return { jobId, ids, tasks: tasks.length < 2 ? tasks : [...new Set(tasks)] };
}
