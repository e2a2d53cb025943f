// Is this entry a failure by itself, whether a rule names it or not? Only what ends something counts: a task or job
// that switches to a failed state, a process that dies or does not start, a program that could not be submitted, a
// stack trace that stands alone. A warning with a handled exception, a retry or a noisy client is none. Which sentences
// and classes say so stands in rules/engine; this file holds the order of the questions. Pure; called by scan.ts.
import type { Fact } from '../../flink/facts/fact.js';
import type { ParsedEntry, Source } from '../../core/types.js';
import { firstUserFrame, ownerOfFrames } from '../../flink/trace/chain.js';
import { fingerprint } from '../../flink/trace/fingerprint.js';
import { groupFailure } from '../../flink/trace/group.js';
import type { Engine, FailureKind } from '../catalog/engine/engine.js';
import { findRow, type RowSubject } from './row.js';
import { toFailureLinks, type FailurePart } from './signal.js';

/** Entry → failure, or undefined when nothing ended; `takesErrors`: see Reading. */
export function readFailure(
  subject: RowSubject,
  facts: readonly Fact[],
  engine: Engine,
  takesErrors = false,
): FailurePart | undefined {
  const { parsed } = subject;
  const kind = classify(subject, facts, engine) ?? (takesErrors && isLogged(subject, engine) ? 'bare' : undefined);
  if (kind === undefined || findRow(engine.consequences, { ...subject, ends: kind }) !== undefined) return undefined;
  const echo = findRow(engine.echoes, { ...subject, ends: kind });
  return {
    kind,
    chain: toFailureLinks(parsed.links),
    fingerprint: fingerprint(parsed.links, readHeadline(parsed.message)),
    group: groupFailure(parsed.links, readHeadline(parsed.message)),
    echo: echo === undefined ? undefined : (echo.of ?? 'other'),
    owner: parsed.links.length === 0 ? 'framework' : ownerOfFrames(parsed.links),
    userFrame: firstUserFrame(parsed.links),
    message: readHeadline(parsed.message),
  };
}

function classify(subject: RowSubject, facts: readonly Fact[], engine: Engine): FailureKind | undefined {
  const { parsed } = subject;
  for (const fact of facts) {
    if (fact.type === 'task-state' && fact.to === 'FAILED') return 'task';
    if (fact.type === 'job-state' && isFailedState(fact.to, parsed)) return 'job';
  }
  const outcome = findRow(engine.ends, subject)?.outcome;
  if (outcome !== undefined) return outcome === 'nothing' ? undefined : outcome;
  return isBare(subject, engine) || isReported(subject, engine) ? 'bare' : undefined;
}

/**
 * A job that restarts for another reason (rescaling) has no exception. A job that is cancelled or suspended has not
 * failed.
 */
function isFailedState(state: string, parsed: ParsedEntry): boolean {
  if (state === 'FAILED' || state === 'FAILING') return true;
  return state === 'RESTARTING' && parsed.links.length > 0;
}

/** The end of a program, although the program's own code logs it. */
export function endsProgram(subject: RowSubject, engine: Engine): boolean {
  return findRow(engine.ends, subject, ({ byUser }) => byUser) !== undefined;
}

/** Who was interrupted has been cancelled. */
function isInterrupted(links: ParsedEntry['links']): boolean {
  return links.some((link) => link.type.endsWith('InterruptedException'));
}

/** The exception comes again, often in a line that nobody copies. */
function isReported(subject: RowSubject, engine: Engine): boolean {
  const { links } = subject.parsed;
  return links.length > 0 && !isInterrupted(links) && findRow(engine.reported, subject) !== undefined;
}

/** `[...]` in a line of its own: somebody left out lines, and the trace behind it belongs to none of those before. */
const GAP = /\n[ \t]*[[(<]?(?:\.{3,}|…+)[\])>]?$/;

/** A line that begins with a class. */
const HEADER = /^(?:Caused by: )?[\w$]+(?:\.[\w$]+)+(?:Exception|Error)\b/;

/** The JVM's own words for what ended a thread. */
const THREAD_ENDED = /^Exception in thread "/;

/**
 * A trace that nobody's log line introduces: a paste, a console. In .out and .err files programs print what they
 * handled.
 */
function isBare(subject: RowSubject, engine: Engine): boolean {
  const { parsed, source } = subject;
  if (parsed.links.length === 0 || isHarmless(subject, engine)) return false;
  if (parsed.logger !== undefined) return GAP.test(parsed.message);
  // Consoles and chats put a time and a level in front of every line of a trace.
  const first = parsed.message === '' ? (parsed.stack ?? '') : parsed.message;
  if (parsed.level !== undefined && !HEADER.test(first)) return false;
  if (THREAD_ENDED.test(parsed.message) || THREAD_ENDED.test(parsed.stack ?? '')) return true;
  return source.kind === 'log' || source.kind === 'unknown' || source.component === 'client';
}

/** An error with its trace, of which only the lines around it would tell whether anything ended with it. */
function isLogged(subject: RowSubject, engine: Engine): boolean {
  const { level, links } = subject.parsed;
  return (
    (level === 'ERROR' || level === 'FATAL') &&
    links.length > 0 &&
    !isInterrupted(links) &&
    !isHarmless(subject, engine)
  );
}

/** A trace that is printed and nothing ends by it, when the line before it was left out. */
function isHarmless(subject: RowSubject, engine: Engine): boolean {
  return findRow(engine.harmless, subject) !== undefined;
}

/**
 * Words without a class, with frames or without: the message of an exception as a page shows it, or as people tell of
 * it. Programs print anything.
 */
export function isMessage({ level, links }: ParsedEntry, { kind }: Source): boolean {
  return (
    links.every(({ type }) => type === '') &&
    kind !== 'out' &&
    (level === undefined || level === 'ERROR' || level === 'FATAL')
  );
}

function readHeadline(message: string): string {
  const line = message.split('\n', 1)[0] ?? '';
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}
