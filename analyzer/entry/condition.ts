// What a rule may ask of an entry: one list of checks, in the order of their cost. fitCondition walks it for every
// candidate of the scan and captures where all of them hold; findMisfit walks the same list for `rules explain` and
// says which one failed, what the rule asks and what the entry has. Pure; called by match.ts, scan.ts and why.ts.
import { joinLines } from '../../core/text/lines.js';
import type { ChainLink, ParsedEntry, Source } from '../../core/types.js';
import { firstUserFrame, hasFrames, isLost, ownerOfFrames, root } from '../../flink/trace/chain.js';
import { fitBeginning, type PartialFit } from './partial.js';
import type { Condition, Where } from '../catalog/rule/rule.js';

/** An entry that is looked at closer; `text` is the entry as it was written. */
export interface Candidate {
  readonly parsed: ParsedEntry;
  readonly text: string;
  readonly source: Source;
  /** The entry is a failure by itself (failure.ts): a task, job, process or submission ended with it. */
  readonly isFailure: boolean;
  /** What stands in front of a message, the level and the logger, was cut off: they may be any. */
  readonly isHeadless: boolean;
}

export interface Fit {
  /** The exception that fitted, when the condition asked for one. */
  readonly link: ChainLink | undefined;
  readonly groups: Readonly<Record<string, string>>;
}

/** The first check that does not hold, in words for the author of the rule. */
export interface Misfit {
  /** Key in rule.yaml, e.g. `where.level`. */
  readonly key: string;
  readonly asked: string;
  readonly found: string;
  /** How many checks of the list held before it. */
  readonly passed: number;
  /** For a pattern: how far it fits. */
  readonly partial?: PartialFit;
}

interface Check {
  readonly key: string;
  /** As the rule says it; undefined when it asks nothing. */
  readonly asked: (condition: Condition) => string | undefined;
  readonly holds: (condition: Condition, candidate: Candidate) => boolean;
  /** What the entry has there. */
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
      `the entry ${isFailure ? 'is a failure' : 'is no failure by itself: no task, job, process or submission ended with it'}`,
  ),
  check(
    'where.level',
    ({ where }) => some(where?.level),
    (levels, { parsed, isHeadless }) => isHeadless || levels.includes(parsed.level ?? ''),
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
    (loggers, { parsed, isHeadless }) =>
      isHeadless || loggers.some((logger) => endsWithName(parsed.logger ?? '', logger)),
    ({ parsed }) => parsed.logger ?? 'no logger',
  ),
  check(
    'where.frame',
    ({ where }) => where?.frame,
    (literal, { parsed }) => hasFrame(parsed.links, literal),
    ({ parsed }) => root(parsed.links)?.frames[0] ?? 'no stack frame',
  ),
  check(
    'where.userFrame',
    ({ where }) => where?.userFrame,
    (wanted, { parsed }) => wanted === (firstUserFrame(parsed.links) !== undefined),
    ({ parsed }) => firstUserFrame(parsed.links) ?? "no frame of the user's own code",
  ),
  check(
    'where.thrownBy',
    ({ where }) => some(where?.thrownBy),
    (owners, { parsed }) => owners.includes(ownerOfFrames(parsed.links)),
    ({ parsed }) => ownerOfFrames(parsed.links),
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
 * Undefined when it does not fit. With an exception class asked for, the pattern looks at "class: message" of that
 * link.
 */
export function fitCondition(condition: Condition, candidate: Candidate): Fit | undefined {
  if (!CHECKS.every((item) => item.holds(condition, candidate))) return undefined;
  for (const { link, text } of listTargets(condition.where, candidate)) {
    const groups = execute(condition.regex, text);
    if (groups !== undefined && isSame(groups, condition.same)) return { link, groups };
  }
  return undefined;
}

/** Undefined when it fits. */
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

/** What the pattern looks at: the exceptions that fit, the deepest first, or the whole entry. */
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

/** What people write in front of a message that they quote: `When it starts: …`, `现象：…`, a mark of code. */
const LEAD = /[:：`“「]\s*(?=\S)/g;
const MAX_LEADS = 6;

function listQuoted(message: string): readonly string[] {
  return [...message.matchAll(LEAD)]
    .slice(0, MAX_LEADS)
    .map(({ 0: lead, index }) => message.slice(index + lead.length));
}

function ownLinks(links: readonly ChainLink[]): ChainLink[] {
  return links.filter((link) => link.relation !== 'suppressed');
}

/**
 * A class that was lost on its way (SerializedThrowable) may be any, a pattern that begins with a class sees it named;
 * people leave out the package.
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

/** Without any frame a class of that package is taken for one: a library throws its own. */
function hasFrame(links: readonly ChainLink[], literal: string): boolean {
  return hasFrames(links)
    ? links.some((link) => link.frames.some((frame) => frame.includes(literal)))
    : ownLinks(links).some((link) => link.type.startsWith(literal));
}

function printChain(links: readonly ChainLink[]): string {
  return links.length === 0
    ? 'no exception'
    : ownLinks(links)
        .map((link) => link.type)
        .join(' ← ');
}

/** `IOException` fits `java.io.IOException` and `a.B$IOException`, not `java.io.UncheckedIOException`. */
export function endsWithName(full: string, name: string): boolean {
  if (!full.endsWith(name)) return false;
  const before = full.charAt(full.length - name.length - 1);
  return before === '' || before === '.' || before === '$';
}

function execute(regex: Condition['regex'], text: string): Readonly<Record<string, string>> | undefined {
  if (regex === undefined) return {};
  const found = regex.exec(text) ?? (text.includes('\n') ? regex.exec(unbreak(text)) : null);
  return found === null ? undefined : readGroups(found.groups);
}

let joined = { text: '', line: '' };

/**
 * Wrapped in a paste: the same words with blanks where the lines were broken. One entry is asked for by many
 * conditions.
 */
function unbreak(text: string): string {
  if (joined.text !== text) joined = { text, line: joinLines(text) };
  return joined.line;
}

/** Groups that a rule wants to be equal. */
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
