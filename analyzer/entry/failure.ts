// Decides whether an entry is a failure by itself, whether or not a rule knows it. It is one if something ended: a task
// or job switched to a failed state, a process died or did not start, a program could not be submitted. A stack trace
// without a log line counts too. A warning with a handled exception, a retry or a noisy client does not. The sentences
// and classes are in rules/engine; this file has the order of the checks. Pure functions.
import type { Fact } from '../../flink/facts/fact.js';
import type { ParsedEntry, Source } from '../../core/types.js';
import { firstUserFrame, ownerOfFrames } from '../../flink/trace/chain.js';
import { fingerprint } from '../../flink/trace/fingerprint.js';
import { groupFailure } from '../../flink/trace/group.js';
import type { Engine, FailureKind } from '../catalog/engine.js';
import { findRow, type RowSubject } from './row.js';
import { toFailureLinks, type FailurePart } from './signal.js';

/** Returns the failure, or undefined if nothing ended. `takesErrors` is explained at Reading. */
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
    fingerprint: fingerprint(parsed.links, readHeadline(parsed.message), engine.code),
    group: groupFailure(parsed.links, readHeadline(parsed.message), engine.code),
    echo: echo === undefined ? undefined : (echo.of ?? 'other'),
    owner: parsed.links.length === 0 ? 'framework' : ownerOfFrames(parsed.links, engine.code),
    userFrame: firstUserFrame(parsed.links, engine.code),
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
 * True if the state is a failure. A job that restarts for another reason (rescaling) has no exception. A job that is
 * cancelled or suspended has not failed.
 */
function isFailedState(state: string, parsed: ParsedEntry): boolean {
  if (state === 'FAILED' || state === 'FAILING') return true;
  return state === 'RESTARTING' && parsed.links.length > 0;
}

/** True if the entry reports the end of the program, although the program's own code logged it. */
export function endsProgram(subject: RowSubject, engine: Engine): boolean {
  return findRow(engine.ends, subject, ({ fromUserCode }) => fromUserCode) !== undefined;
}

/** True if the exceptions come from an interrupt. The interrupted task or thread was cancelled. */
function isInterrupted(links: ParsedEntry['links']): boolean {
  return links.some((link) => link.type.endsWith('InterruptedException'));
}

/**
 * True if the entry reports an exception that ends the job and is logged again later, often in a line that is missing
 * from the excerpt.
 */
function isReported(subject: RowSubject, engine: Engine): boolean {
  const { links } = subject.parsed;
  return links.length > 0 && !isInterrupted(links) && findRow(engine.reported, subject) !== undefined;
}

/**
 * Marker such as `[...]` in a line of its own. It means that lines were left out, so that the stack trace after it does
 * not belong to the lines before it.
 */
const GAP = /\n[ \t]*[[(<]?(?:\.{3,}|…+)[\])>]?$/;

/** Start of a line that begins with an exception class. */
const HEADER = /^(?:Caused by: )?[\w$]+(?:\.[\w$]+)+(?:Exception|Error)\b/;

/** Words with which the JVM reports the exception that ended a thread. */
const THREAD_ENDED = /^Exception in thread "/;

/**
 * True if the entry is a stack trace without a log line, as in a paste or on a console. Such traces in .out and .err
 * files count only if they ended a thread or come from a client, because programs print exceptions there that they have
 * handled.
 */
function isBare(subject: RowSubject, engine: Engine): boolean {
  const { parsed, source } = subject;
  if (parsed.links.length === 0 || isHarmless(subject, engine)) return false;
  if (parsed.logger !== undefined) return GAP.test(parsed.message);
  // Consoles and chats put a time and a level before every line of a stack trace.
  const first = parsed.message === '' ? (parsed.stack ?? '') : parsed.message;
  if (parsed.level !== undefined && !HEADER.test(first)) return false;
  if (THREAD_ENDED.test(parsed.message) || THREAD_ENDED.test(parsed.stack ?? '')) return true;
  return source.kind === 'log' || source.kind === 'unknown' || source.component === 'client';
}

/** True if the entry is an error with a stack trace. Only the lines around it would show whether something ended. */
function isLogged(subject: RowSubject, engine: Engine): boolean {
  const { level, links } = subject.parsed;
  return (
    (level === 'ERROR' || level === 'FATAL') &&
    links.length > 0 &&
    !isInterrupted(links) &&
    !isHarmless(subject, engine)
  );
}

/**
 * True if the stack trace is known to be harmless: nothing ends with it. Without its log line it would count as a
 * failure.
 */
function isHarmless(subject: RowSubject, engine: Engine): boolean {
  return findRow(engine.harmless, subject) !== undefined;
}

/**
 * True if the entry is text without an exception class, with or without frames: the message of an exception as a web
 * page shows it or as a person quotes it. Files of kind `out` do not count, because programs print arbitrary text.
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
