// Compares the conditions of a rule with an entry, by one list of checks, the cheapest first. fitCondition runs the
// checks for a candidate of the scan and returns the captures if all hold. findMisfit runs the same checks for `rules
// explain` and returns the first one that fails, with what the rule asks and what the entry has. Pure functions.
import { joinLines } from '../../core/text/lines.js';
import type { ChainLink, ParsedEntry, Source } from '../../core/types.js';
import { findThrower, firstUserFrame, hasFrames, isLost, root, type Thrower } from '../../flink/trace/chain.js';
import { fitBeginning, type PartialFit } from './partial.js';
import { withoutModule, type CodeOwners } from '../../flink/trace/packages.js';
import type { Condition, Where } from '../catalog/rule.js';

/** Entry that is compared with rules. `text` holds the words of the entry without its message prefix. */
export interface Candidate {
  readonly parsed: ParsedEntry;
  readonly text: string;
  readonly source: Source;
  /** True if the entry is a failure by itself (failure.ts): a task, job, process or submission ended with it. */
  readonly isFailure: boolean;
  /**
   * True if the prefix of the line was cut off, so that level and logger are unknown. Then any level and any logger
   * fit.
   */
  readonly isWithoutPrefix: boolean;
  /** Owners of the code in the frames of its exceptions. */
  readonly code: CodeOwners;
}

export interface Fit {
  /** Exception that fitted; undefined if the condition names no exception. */
  readonly link: ChainLink | undefined;
  readonly groups: Readonly<Record<string, string>>;
}

/** First check that fails, described for the author of the rule. */
export interface Misfit {
  /** Key in rule.yaml, e.g. `where.level`. */
  readonly key: string;
  readonly asked: string;
  readonly found: string;
  /** Number of checks that hold before this one. */
  readonly passed: number;
  /** Longest prefix of the pattern that fits; set only for a pattern. */
  readonly partial?: PartialFit;
}

interface Check {
  readonly key: string;
  /** Returns the condition as the rule writes it, or undefined if the rule has no such condition. */
  readonly asked: (condition: Condition) => string | undefined;
  readonly holds: (condition: Condition, candidate: Candidate) => boolean;
  /** Returns the value that the entry has for this check. */
  readonly found: (candidate: Candidate) => string;
}

const CHECKS: readonly Check[] = [
  check(
    'text',
    ({ text }) => text,
    (text, candidate) => candidate.text.includes(text),
    () => 'no such text in the entry',
  ),
  check(
    'where.failure',
    ({ where }) => where?.failure,
    (wanted, { isFailure }) => wanted === isFailure,
    ({ isFailure }) =>
      `the entry ${isFailure ? 'is a failure' : 'is not a failure: no task, job, process or submission ended with it'}`,
  ),
  check(
    'where.level',
    ({ where }) => some(where?.level),
    (levels, { parsed, isWithoutPrefix }) => isWithoutPrefix || levels.includes(parsed.level ?? ''),
    ({ parsed }) => parsed.level ?? 'no level',
  ),
  check(
    'where.component',
    ({ where }) => some(where?.component),
    (components, { source }) => components.includes(source.component ?? 'unknown'),
    ({ source }) => source.component ?? 'unknown (the name of the file does not say it)',
  ),
  check(
    'where.file',
    ({ where }) => some(where?.file),
    (kinds, { source }) => kinds.includes(source.kind),
    ({ source }) => source.kind,
  ),
  check(
    'where.logger',
    ({ where }) => some(where?.logger),
    (loggers, { parsed, isWithoutPrefix }) =>
      isWithoutPrefix || loggers.some((logger) => endsWithName(parsed.logger ?? '', logger)),
    ({ parsed }) => parsed.logger ?? 'no logger',
  ),
  check(
    'where.frame',
    ({ where }) => where?.frame,
    (literal, { parsed }) => hasFrame(parsed.links, literal),
    ({ parsed }) => root(parsed.links)?.frames[0] ?? 'no stack frame',
  ),
  {
    key: 'where.under',
    asked: ({ where }) => where?.under,
    holds: ({ where }, { parsed }) =>
      where?.under === undefined || hasFrameUnder(parsed.links, where.frame, where.under),
    found: ({ parsed }) => root(parsed.links)?.frames[0] ?? 'no stack frame',
  },
  check(
    'where.userFrame',
    ({ where }) => where?.userFrame,
    (wanted, { parsed, code }) => wanted === (firstUserFrame(parsed.links, code) !== undefined),
    ({ parsed, code }) => firstUserFrame(parsed.links, code) ?? "no frame of the user's own code",
  ),
  check(
    'where.thrownBy',
    ({ where }) => some(where?.thrownBy),
    (wanted, { parsed, code }) => isThrownBy(findThrower(parsed.links, code), wanted),
    ({ parsed, code }) => printThrower(findThrower(parsed.links, code)),
  ),
  check(
    'where.message',
    ({ where }) => where?.message,
    (pattern, { parsed }) => pattern.test(parsed.message),
    ({ parsed }) => parsed.message,
  ),
  check(
    'where.exception',
    ({ where }) => some(where?.exception),
    (names, { parsed }) => ownLinks(parsed.links).some((link) => isOfClass(link, names)),
    ({ parsed }) => printChain(parsed.links),
  ),
  check(
    'where.root',
    ({ where }) => some(where?.root),
    (names, { parsed }) => isRootOfClass(parsed.links, names),
    ({ parsed }) => root(parsed.links)?.type ?? 'no exception',
  ),
];

function check<Wanted>(
  key: string,
  wanted: (condition: Condition) => Wanted | undefined,
  holds: (wanted: Wanted, candidate: Candidate) => boolean,
  found: (candidate: Candidate) => string,
): Check {
  return {
    key,
    asked: (condition) => {
      const value = wanted(condition);
      return value === undefined ? undefined : printWanted(value);
    },
    holds: (condition, candidate) => {
      const value = wanted(condition);
      return value === undefined || holds(value, candidate);
    },
    found,
  };
}

function printWanted(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' && value !== null && 'source' in value ? String(value.source) : String(value);
}

function some(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/**
 * Returns the captures, or undefined if the condition does not fit. If the condition names an exception class, its
 * pattern is compared with "class: message" of that exception.
 */
export function fitCondition(condition: Condition, candidate: Candidate): Fit | undefined {
  if (!CHECKS.every((item) => item.holds(condition, candidate))) return undefined;
  for (const { link, text } of listTargets(condition.where, candidate)) {
    const groups = execute(condition.regex, text);
    if (groups !== undefined && isSame(groups, condition.same)) return { link, groups };
  }
  return undefined;
}

/** Returns the first check that fails, or undefined if the condition fits. */
export function findMisfit(condition: Condition, candidate: Candidate): Misfit | undefined {
  const passed = CHECKS.findIndex((item) => !item.holds(condition, candidate));
  const failed = CHECKS[passed];
  if (failed !== undefined)
    return { key: failed.key, asked: failed.asked(condition) ?? '', found: failed.found(candidate), passed };
  const targets = listTargets(condition.where, candidate);
  const { regex } = condition;
  if (regex === undefined) return undefined;
  const fits: Readonly<Record<string, string>>[] = [];
  for (const { text } of targets) {
    const groups = execute(regex, text);
    if (groups !== undefined) fits.push(groups);
  }
  const [different] = fits;
  if (fits.some((groups) => isSame(groups, condition.same))) return undefined;
  if (different !== undefined)
    return {
      key: 'same',
      asked: `${(condition.same ?? []).join(' = ')}`,
      found: (condition.same ?? []).map((name) => different[name] ?? '').join(', '),
      passed: CHECKS.length,
    };
  const partial = targets
    .map(({ text }) => fitBeginning(regex.source, text))
    .sort((a, b) => b.pattern.length - a.pattern.length)[0];
  return {
    key: 'regex',
    asked: regex.source,
    found: targets.map(({ text }) => text).join('\n'),
    passed: CHECKS.length,
    partial,
  };
}

/**
 * Returns the texts that are compared with the pattern: the exceptions that fit, the deepest first, or the whole entry.
 */
function listTargets(
  where: Where | undefined,
  candidate: Candidate,
): readonly { readonly link: ChainLink | undefined; readonly text: string }[] {
  const { links } = candidate.parsed;
  if (where === undefined || where.exception.length + where.root.length === 0)
    return [{ link: undefined, text: candidate.text }];
  const last = root(links);
  const found =
    where.exception.length > 0
      ? ownLinks(links)
          .reverse()
          .filter((link) => isOfClass(link, where.exception))
      : last === undefined
        ? []
        : [last];
  return found.flatMap((link) => {
    const types = [link.type, ...(isLost(link) ? [...where.exception, ...where.root] : [])];
    const messages = [link.message, ...(link.type === '' ? listQuoted(link.message) : [])];
    return messages.flatMap((message) => types.map((type) => ({ link, text: `${type}: ${message}` })));
  });
}

/** Punctuation that people write before a message that they quote: `When it starts: …`, `现象：…`, a backtick. */
const QUOTE_START = /[:：`“「]\s*(?=\S)/g;
const MAX_QUOTES = 6;

function listQuoted(message: string): readonly string[] {
  return [...message.matchAll(QUOTE_START)]
    .slice(0, MAX_QUOTES)
    .map(({ 0: opening, index }) => message.slice(index + opening.length));
}

function ownLinks(links: readonly ChainLink[]): ChainLink[] {
  return links.filter((link) => link.relation !== 'suppressed');
}

/**
 * True if the exception has one of the classes. An exception whose class was lost on its way (SerializedThrowable) has
 * every class, and its pattern is applied as if it had the wanted one. The package may be missing, because people omit
 * it.
 */
function isOfClass(link: ChainLink, names: readonly string[]): boolean {
  return (
    isLost(link) ||
    names.some((name) => endsWithName(link.type, name) || (!link.type.includes('.') && endsWithName(name, link.type)))
  );
}

function isRootOfClass(links: readonly ChainLink[], names: readonly string[]): boolean {
  const last = root(links);
  return last !== undefined && isOfClass(last, names);
}

/**
 * True if a frame of the exceptions contains the text. If there are no frames, the package of the exception class
 * decides, because a library throws its own exceptions.
 */
function hasFrame(links: readonly ChainLink[], literal: string): boolean {
  return hasFrames(links)
    ? links.some((link) => link.frames.some((frame) => frame.includes(literal)))
    : ownLinks(links).some((link) => link.type.startsWith(literal));
}

/** True if one of these owners threw, or code in a package or class that begins with one of these names. */
function isThrownBy({ owner, frame }: Thrower, wanted: readonly string[]): boolean {
  if (wanted.includes(owner)) return true;
  const name = frame === undefined ? '' : withoutModule(frame);
  return wanted.some((item) => item.includes('.') && name.startsWith(item));
}

function printThrower({ owner, frame }: Thrower): string {
  return frame === undefined ? owner : `${owner}, at ${frame}`;
}

/**
 * True if a frame with the text `caller` is below one with the text `literal`. The callers of a cause are its own
 * frames and those of the exceptions around it, because Java prints common frames once.
 */
function hasFrameUnder(links: readonly ChainLink[], literal: string | undefined, caller: string): boolean {
  return links.some(({ frames }, order) => {
    const start = literal === undefined ? -1 : frames.findIndex((frame) => frame.includes(literal));
    if (literal !== undefined && start < 0) return false;
    const below = [frames.slice(start + 1), ...links.slice(0, order).map((outer) => outer.frames)];
    return below.some((callers) => callers.some((frame) => frame.includes(caller)));
  });
}

function printChain(links: readonly ChainLink[]): string {
  return links.length === 0
    ? 'no exception'
    : ownLinks(links)
        .map((link) => link.type)
        .join(' ← ');
}

/**
 * True if the class name ends with the name. `IOException` fits `java.io.IOException` and `a.B$IOException`, but not
 * `java.io.UncheckedIOException`.
 */
export function endsWithName(full: string, name: string): boolean {
  if (!full.endsWith(name)) return false;
  const before = full.charAt(full.length - name.length - 1);
  return before === '' || before === '.' || before === '$';
}

function execute(regex: Condition['regex'], text: string): Readonly<Record<string, string>> | undefined {
  if (regex === undefined) return {};
  const found = regex.exec(text) ?? (text.includes('\n') ? regex.exec(joinWrapped(text)) : null);
  return found === null ? undefined : readGroups(found.groups);
}

let joined = { text: '', line: '' };

/**
 * Joins the lines of a text with blanks, because a paste may have wrapped them. The last result is kept, because many
 * conditions ask for the same entry.
 */
function joinWrapped(text: string): string {
  if (joined.text !== text) joined = { text, line: joinLines(text) };
  return joined.line;
}

/** True if the groups that the rule wants to be equal are equal. */
function isSame(groups: Readonly<Record<string, string>>, names: readonly string[] = []): boolean {
  return new Set(names.map((name) => groups[name])).size <= 1;
}

function readGroups(found: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, string>> {
  const groups: Record<string, string> = {};
  for (const [name, value] of Object.entries(found ?? {})) {
    if (typeof value === 'string' && value !== '') groups[name] = value.trim();
  }
  return groups;
}
