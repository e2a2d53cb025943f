// One entry → what it says (a signal), or undefined for the many that say nothing. One pass over the bytes looks for
// the anchors of all rules, facts and failure marks at once; only an entry that holds one is decoded, parsed and looked
// at closer, and only by the rules whose anchor was found. Pure; called for every entry by diagnose.ts and analyzer.ts.
import type { Entry, ParsedEntry } from '../../core/types.js';
import { readFacts, readJarVersion } from '../../flink/facts/facts.js';
import { isUserLogger } from '../../flink/trace/packages.js';
import { parseEntry } from '../../flink/layout/layout.js';
import type { AlternativeUse, AnchorUse, Catalog } from '../catalog/catalog.js';
import type { Engine } from '../catalog/engine/engine.js';
import { endsProgram, readFailure } from './failure.js';
import { fitCondition, type Candidate } from './condition.js';
import { matchAlternative } from './match.js';
import { WHOLE_LOG, type Reading, type View } from './reading.js';
import { findRow, type RowSubject } from './row.js';
import {
  describePlace,
  shortenText,
  type FailurePart,
  type Hints,
  type MatchPart,
  type Signal,
  type StepPart,
} from './signal.js';
import type { Fact } from '../../flink/facts/fact.js';

export interface ScanOptions {
  /** For sources that name no cluster. */
  readonly cluster?: string;
  /** IANA zone of time stamps without one. */
  readonly zone?: string;
  /** Left out: a whole log. */
  readonly reading?: Reading;
}

/** More of one entry is never decoded: a stack trace or a dump is long before that. */
const MAX_LOOK_BYTES = 512 * 1024;

export function scanEntry(entry: Entry, catalog: Catalog, options: ScanOptions = {}): Signal | undefined {
  const found = entry.met?.by === catalog.scanner ? entry.met.texts : catalog.scanner.scan(entry.bytes);
  if (found.length === 0) return undefined;
  const uses = found.flatMap((literal) => catalog.usesOf(literal));
  if (!(options.reading ?? WHOLE_LOG).hearsWords && uses.every((use) => use.kind === 'fact'))
    return scanFacts(
      entry,
      uses.map(({ anchor }) => anchor),
      catalog.engine,
      options,
    );
  const { parsed, facts, failure, candidate, byUser, isOptions, mayName, bytes } = readCandidate(
    entry,
    uses,
    catalog.engine,
    options,
  );
  const matches = isOptions ? [] : findMatches(uses.filter(mayName), candidate);
  const steps = findSteps(uses, candidate);
  if (facts.length === 0 && matches.length === 0 && steps.length === 0 && failure === undefined) return undefined;
  const telling = matches.length > 0 || failure !== undefined;
  const shown = telling ? showEntry(bytes, candidate.text) : { text: '', shift: 0 };
  return {
    place: describePlace(entry, parsed.time, undefined, options.cluster ?? ''),
    hints: readHints(parsed, facts, entry.source.jobId, telling),
    facts,
    matches: matches.map((match) => shiftHighlights(match, shown.shift)),
    steps,
    failure,
    ...(byUser ? { byUser } : {}),
    ...(telling ? { text: shortenText(shown.text) } : {}),
  };
}

/** Most entries in which something was met hold nothing but facts: an exception would be a mark of a failure. */
function scanFacts(entry: Entry, met: readonly string[], engine: Engine, options: ScanOptions): Signal | undefined {
  const parsed = parseEntry(
    lookAt(entry),
    options.zone === undefined ? { isPlain: true } : { isPlain: true, zone: options.zone },
  );
  const facts = isSaidByUser({ parsed, source: entry.source }, entry.bytes, engine)
    ? []
    : readFacts(parsed, entry.source, met);
  if (facts.length === 0) return undefined;
  return {
    place: describePlace(entry, parsed.time, undefined, options.cluster ?? ''),
    hints: readHints(parsed, facts, entry.source.jobId, false),
    facts,
    matches: [],
    steps: [],
  };
}

function lookAt({ bytes }: Entry): Buffer {
  return bytes.length > MAX_LOOK_BYTES ? bytes.subarray(0, MAX_LOOK_BYTES) : bytes;
}

export interface Look {
  readonly parsed: ParsedEntry;
  readonly facts: readonly Fact[];
  readonly failure: FailurePart | undefined;
  readonly candidate: Candidate;
  readonly byUser: boolean;
  /** The entry is a line of the start-up dump of options: no rule fits it. */
  readonly isOptions: boolean;
  /** Which rules the entry may call for. */
  readonly mayName: View['mayName'];
  /** What was decoded. */
  readonly bytes: Buffer;
}

/** The closer look at an entry in which anchors with these uses were found. */
export function readCandidate(entry: Entry, uses: readonly AnchorUse[], engine: Engine, options: ScanOptions): Look {
  const reading = options.reading ?? WHOLE_LOG;
  const bytes = lookAt(entry);
  const parsed = parseEntry(bytes, { zone: options.zone });
  const subject: RowSubject = { parsed, source: entry.source };
  const byUser = isSaidByUser(subject, bytes, engine);
  const isOptions = findRow(engine.dumps, subject) !== undefined;
  const stated = byUser
    ? []
    : readFacts(
        parsed,
        entry.source,
        uses.flatMap((use) => (use.kind === 'fact' ? [use.anchor] : [])),
      );
  const failure =
    !byUser && !isOptions && uses.some((use) => use.kind === 'failure')
      ? readFailure(subject, stated, engine, reading.takesErrors)
      : undefined;
  const facts = failure === undefined ? stated : [...stated, ...readJarVersion(parsed)];
  const text = joinText(parsed);
  const { links, mayEnd, mayName } = reading.view({ subject, text, hasFailed: failure !== undefined, byUser }, engine);
  const candidate: Candidate = {
    parsed: links === parsed.links ? parsed : { ...parsed, links },
    text,
    source: entry.source,
    isFailure: failure !== undefined || mayEnd || isSuspect(subject, byUser, engine),
    isHeadless: reading.isHeadless(subject),
  };
  return { parsed, facts, failure, candidate, byUser, isOptions, mayName, bytes };
}

/** What ended something in any log, if a rule knows it. */
function isSuspect(subject: RowSubject, byUser: boolean, { suspects }: Engine): boolean {
  return findRow(suspects, subject, (row) => !row.excerpt && (row.byUser || !byUser)) !== undefined;
}

/** So much of what was printed tells whose words it is. */
const MAX_START_BYTES = 1024;

/** Logged by user code that goes on, or printed by it. */
function isSaidByUser(subject: RowSubject, bytes: Buffer, engine: Engine): boolean {
  const { parsed, source } = subject;
  if (parsed.logger !== undefined) return isUserLogger(parsed.logger) && !endsProgram(subject, engine);
  if (engine.printed.every(({ file }) => file.length > 0 && !file.includes(source.kind))) return false;
  const printed = { ...parsed, message: bytes.subarray(0, MAX_START_BYTES).toString('utf8') };
  return findRow(engine.printed, { parsed: printed, source }) !== undefined;
}

/** Evidence as it was written, where the layout leaves the words as they are; how far they stand from its beginning. */
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

/** The entry's words without its layout's head: what patterns see and what is shown as evidence. */
function joinText(parsed: ParsedEntry): string {
  if (parsed.stack === undefined || parsed.message === '') return parsed.stack ?? parsed.message;
  if (parsed.stack.startsWith(parsed.message)) return parsed.stack;
  return parsed.message.includes(parsed.stack) ? parsed.message : `${parsed.message}\n${parsed.stack}`;
}

/** At most one match per rule: of its alternatives that fit, the one that stands first in its file. */
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

/** Ids as Flink prints them: 32 hex digits, or an attempt id of 1.16 and newer. */
const ID = /\b[0-9a-f]{32}(?:_[0-9a-f]{32}_\d+_\d+)?\b/g;
const MAX_IDS = 12;

/** Also in the messages of exceptions: a client says there which job failed. */
function findIds(parsed: ParsedEntry): readonly string[] {
  const texts = [parsed.message, parsed.thread ?? '', ...parsed.links.map((link) => link.message.slice(0, 1000))];
  return [...new Set(texts.flatMap((text) => text.match(ID) ?? []))].slice(0, MAX_IDS);
}

function readHints(parsed: ParsedEntry, facts: readonly Fact[], pathJobId: string | undefined, deep: boolean): Hints {
  const jobId = parsed.jobId ?? pathJobId;
  const ids = deep ? findIds(parsed) : [];
  const tasks = facts.flatMap((fact) => ('task' in fact ? [fact.task] : []));
  const threadTask = deep ? /^(.+) \(\d+\/\d+\)(?:#\d+)?/.exec(parsed.thread ?? '')?.[1] : undefined;
  if (threadTask !== undefined) tasks.push(threadTask);
  return { jobId, ids, tasks: tasks.length < 2 ? tasks : [...new Set(tasks)] };
}
