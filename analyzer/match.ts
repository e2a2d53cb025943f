// Does a condition of a rule (an alternative, a step, an exception under "unless") fit an entry? The scan has found the
// anchor; here the conditions are tried in the order of their cost, and only what fits is captured. Pure.
import type { ChainLink, Source } from '../core/types.js';
import type { ParsedEntry } from '../flink/layout.js';
import { fingerprint, firstUserFrame, ownerOfFrames, root } from '../flink/chain.js';
import type { Alternative, Condition, Rule, Where } from './rule.js';
import type { MatchPart } from './signal.js';

/** An entry that is looked at closer; `text` is the entry as it was written. */
export interface Candidate {
  readonly parsed: ParsedEntry;
  readonly text: string;
  readonly source: Source;
  /** The entry is a failure by itself (failure.ts): a task, job, process or submission ended with it. */
  readonly isFailure: boolean;
}

export interface Fit {
  /** The exception that fitted, when the condition asked for one. */
  readonly link: ChainLink | undefined;
  readonly groups: Readonly<Record<string, string>>;
}

/** The alternative with its captures, or undefined: a condition fails, or an exception of the rule fits. */
export function matchAlternative(rule: Rule, alternative: Alternative, candidate: Candidate): MatchPart | undefined {
  const fit = fitCondition(alternative, candidate);
  if (fit === undefined) return undefined;
  if (rule.unless.some((exception) => fitCondition(exception, candidate) !== undefined)) return undefined;
  const { links } = candidate.parsed;
  const own = links.filter((link) => link.relation !== 'suppressed');
  const last = root(links);
  const link = fit.link ?? findMentioning(own, alternative.anchor);
  const userFrame = firstUserFrame(links);
  return {
    rule: rule.id,
    alternative: alternative.id,
    captures: fit.groups,
    ...(link === undefined ? {} : { fromRoot: distanceToRoot(own, link, last), exception: { type: link.type, message: shorten(link.message) } }),
    ...(last === undefined ? {} : { root: { type: last.type, message: shorten(last.message) } }),
    ...(userFrame === undefined ? {} : { userFrame }),
    ...(links.length === 0 ? {} : { fingerprint: fingerprint(links, candidate.parsed.message.split('\n', 1)[0] ?? '') }),
    highlights: findHighlights(candidate.text, [alternative.anchor, ...Object.values(fit.groups)]),
  };
}

/** Undefined when it does not fit. With an exception class asked for, the pattern looks at "class: message" of that link. */
export function fitCondition(condition: Condition, candidate: Candidate): Fit | undefined {
  const { where, regex, same = [] } = condition;
  if (condition.text !== undefined && !candidate.text.includes(condition.text)) return undefined;
  if (where !== undefined && !fitsPlace(where, candidate)) return undefined;
  const wanted = where === undefined ? [] : [...where.exception, ...where.root];
  if (where === undefined || wanted.length === 0) {
    const found = regex === undefined ? {} : execute(regex, candidate.text);
    return found === undefined || !isSame(found, same) ? undefined : { link: undefined, groups: found };
  }
  for (const link of findLinks(where, candidate.parsed.links)) {
    const found = regex === undefined ? {} : execute(regex, `${link.type}: ${link.message}`);
    if (found !== undefined && isSame(found, same)) return { link, groups: found };
  }
  return undefined;
}

function fitsPlace(where: Where, { parsed, source, isFailure }: Candidate): boolean {
  if (where.failure !== undefined && where.failure !== isFailure) return false;
  if (where.level.length > 0 && !where.level.includes(parsed.level ?? '')) return false;
  if (where.component.length > 0 && !where.component.includes(source.component ?? 'unknown')) return false;
  if (where.file.length > 0 && !where.file.includes(source.kind)) return false;
  if (where.logger.length > 0 && !where.logger.some((logger) => endsWithName(parsed.logger ?? '', logger))) return false;
  if (where.frame !== undefined && !hasFrame(parsed.links, where.frame)) return false;
  if (where.userFrame !== undefined && where.userFrame !== (firstUserFrame(parsed.links) !== undefined)) return false;
  if (where.thrownBy.length > 0 && !where.thrownBy.includes(ownerOfFrames(parsed.links))) return false;
  return where.message === undefined || where.message.test(parsed.message);
}

function hasFrame(links: readonly ChainLink[], literal: string): boolean {
  return links.some((link) => link.frames.some((frame) => frame.includes(literal)));
}

/** Links whose class fits, the deepest first. A class that was lost on its way (SerializedThrowable) may be any. */
function findLinks(where: Where, links: readonly ChainLink[]): readonly ChainLink[] {
  const own = links.filter((link) => link.relation !== 'suppressed').reverse();
  const fits = (link: ChainLink, names: readonly string[]): boolean => hasLostClass(link) || names.some((name) => endsWithName(link.type, name));
  if (where.exception.length > 0) return own.filter((link) => fits(link, where.exception) && (where.root.length === 0 || fitsRoot(where, links, fits)));
  const last = root(links);
  return last !== undefined && fits(last, where.root) ? [last] : [];
}

function hasLostClass(link: ChainLink): boolean {
  return link.type === '' || link.type.endsWith('.SerializedThrowable');
}

function fitsRoot(where: Where, links: readonly ChainLink[], fits: (link: ChainLink, names: readonly string[]) => boolean): boolean {
  const last = root(links);
  return last !== undefined && fits(last, where.root);
}

/** `IOException` fits `java.io.IOException` and `a.B$IOException`, not `java.io.UncheckedIOException`. */
export function endsWithName(full: string, name: string): boolean {
  if (!full.endsWith(name)) return false;
  const before = full.charAt(full.length - name.length - 1);
  return before === '' || before === '.' || before === '$';
}

function execute(regex: Condition['regex'], text: string): Readonly<Record<string, string>> | undefined {
  if (regex === undefined) return {};
  // Wrapped in a paste: the same words with blanks where the lines were broken.
  const found = regex.exec(text) ?? (text.includes('\n') ? regex.exec(text.replaceAll(/\s*\n\s*/g, ' ')) : null);
  if (found === null) return undefined;
  const groups: Record<string, string> = {};
  for (const [name, value] of Object.entries(found.groups ?? {})) {
    if (typeof value === 'string' && value !== '') groups[name] = value.trim();
  }
  return groups;
}

function isSame(groups: Readonly<Record<string, string>>, names: readonly string[]): boolean {
  return new Set(names.map((name) => groups[name])).size <= 1;
}

/** The deepest exception whose message holds the anchor: where a rule without an exception class stands in the chain. */
function findMentioning(links: readonly ChainLink[], anchor: string): ChainLink | undefined {
  return [...links].reverse().find((link) => `${link.type}: ${link.message}`.includes(anchor));
}

function distanceToRoot(links: readonly ChainLink[], link: ChainLink, last: ChainLink | undefined): number {
  if (last === undefined || link === last) return 0;
  return Math.max(0, links.indexOf(last) - links.indexOf(link));
}

const MAX_HIGHLIGHTS = 12;

/** Where the anchor and the captured texts stand in the evidence. */
function findHighlights(text: string, wanted: readonly string[]): readonly (readonly [number, number])[] {
  const anchorAt = Math.max(0, text.indexOf(wanted[0] ?? ''));
  const ranges = wanted.slice(0, MAX_HIGHLIGHTS).flatMap((words, index): (readonly [number, number])[] => {
    const near = index === 0 ? anchorAt : text.indexOf(words, anchorAt);
    const start = near >= 0 ? near : text.indexOf(words);
    return start < 0 || words === '' ? [] : [[start, start + words.length]];
  });
  return ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

function shorten(text: string): string {
  return text.length > 1000 ? `${text.slice(0, 1000)}…` : text;
}
