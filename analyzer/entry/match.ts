// Decides whether an alternative of a rule fits an entry in which the scan found its anchor. It fits if the entry is
// above DEBUG (or the alternative asks for its level), the conditions of the alternative hold and no exception under
// `unless` does. A match holds the position in the exception chain and the ranges to highlight. findAlternativeMisfit
// explains to the author why an alternative does not fit. Pure functions.
import type { DocumentPath } from '../../core/document.js';
import type { ChainLink } from '../../core/types.js';
import { findPackage } from '../../flink/trace/packages.js';
import { findThrower, firstUserFrame, root } from '../../flink/trace/chain.js';
import { fingerprint } from '../../flink/trace/fingerprint.js';
import { findMisfit, fitCondition, type Candidate, type Misfit } from './condition.js';
import type { Alternative, Rule } from '../catalog/rule.js';
import { findSpelling, spellInEnglish } from '../catalog/spelling.js';
import type { MatchPart } from './signal.js';

export interface AlternativeMisfit extends Misfit {
  /** Path of the condition in rule.yaml. */
  readonly path: DocumentPath;
}

/**
 * Returns the match of the alternative, with its captures, or undefined if a condition fails or an exception under
 * `unless` fits.
 */
export function matchAlternative(rule: Rule, alternative: Alternative, candidate: Candidate): MatchPart | undefined {
  const fit = isHandled(alternative, candidate) ? undefined : fitCondition(alternative, candidate);
  if (fit === undefined) return undefined;
  if (findException(rule, candidate) >= 0) return undefined;
  const { links } = candidate.parsed;
  const own = links.filter((link) => link.relation !== 'suppressed');
  const last = root(links);
  const anchors = [alternative.anchor, ...alternative.words].map((anchor) => findSpelling(anchor, candidate.text));
  const link = fit.link ?? findMentioning(own, anchors);
  const userFrame = firstUserFrame(links, candidate.code);
  return {
    rule: rule.id,
    alternative: alternative.id,
    captures: Object.fromEntries(Object.entries(fit.groups).map(([name, text]) => [name, spellInEnglish(text)])),
    fromRoot: link === undefined ? undefined : distanceToRoot(own, link, last),
    exception: link === undefined ? undefined : { type: link.type, message: shorten(link.message) },
    root: last === undefined ? undefined : { type: last.type, message: shorten(last.message) },
    userFrame,
    library: findLibrary(candidate),
    ...(links.length === 0
      ? {}
      : { fingerprint: fingerprint(links, candidate.parsed.message.split('\n', 1)[0] ?? '', candidate.code) }),
    highlights: findHighlights(candidate.text, [...anchors, ...Object.values(fit.groups)]),
  };
}

/**
 * Returns the reason why the alternative does not match, or undefined if it does. It decides the same as
 * matchAlternative.
 */
export function findAlternativeMisfit(
  rule: Rule,
  alternative: Alternative,
  candidate: Candidate,
): AlternativeMisfit | undefined {
  const order = rule.alternatives.indexOf(alternative);
  if (isHandled(alternative, candidate))
    return {
      key: 'where.level',
      path: ['match', order],
      asked: 'an entry above DEBUG, as long as it names no level',
      found: candidate.parsed.level ?? '',
      passed: 0,
    };
  const misfit = findMisfit(alternative, candidate);
  if (misfit !== undefined) return { ...misfit, path: ['match', order, ...misfit.key.split('.')] };
  const exception = findException(rule, candidate);
  if (exception < 0) return undefined;
  return {
    key: `unless[${exception}]`,
    path: ['unless', exception],
    asked: 'that the entry does not fit this exception',
    found: 'it fits',
    passed: Number.MAX_SAFE_INTEGER,
  };
}

/**
 * True if the entry is at DEBUG or TRACE and the alternative does not ask for that level. A program that logs a problem
 * at DEBUG has handled it.
 */
function isHandled({ where }: Alternative, { parsed: { level } }: Candidate): boolean {
  return (level === 'DEBUG' || level === 'TRACE') && where?.level.includes(level) !== true;
}

/**
 * Returns the index of the exception under `unless` that fits, or -1. A level or logger that was cut off fits no
 * exception.
 */
function findException(rule: Rule, candidate: Candidate): number {
  const known = candidate.isWithoutPrefix ? { ...candidate, isWithoutPrefix: false } : candidate;
  return rule.unless.findIndex((exception) => fitCondition(exception, known) !== undefined);
}

/**
 * Returns the deepest exception whose message holds one of the anchors. This is the position in the chain of a rule
 * that names no exception class.
 */
function findMentioning(links: readonly ChainLink[], anchors: readonly string[]): ChainLink | undefined {
  return [...links]
    .reverse()
    .find(({ type, message }) => anchors.some((anchor) => `${type}: ${message}`.includes(anchor)));
}

function distanceToRoot(links: readonly ChainLink[], link: ChainLink, last: ChainLink | undefined): number {
  if (last === undefined || link === last) return 0;
  return Math.max(0, links.indexOf(last) - links.indexOf(link));
}

const MAX_HIGHLIGHTS = 12;

/** Returns the ranges of the anchor and of the captured texts in the evidence. */
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

function findLibrary({ parsed, code }: Candidate): string | undefined {
  const { owner, frame } = findThrower(parsed.links, code);
  return owner === 'library' && frame !== undefined ? findPackage(frame) : undefined;
}
