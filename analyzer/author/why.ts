// Explains to the author of a rule why it named, or did not name, what stands in some logs. It finds, for each
// alternative, the nearest entry and the first condition that failed there. Then it tells what became of the matches: a
// step that does not hold, nothing that failed, another rule that hides it or stands before it. The decisions are those
// of the engine (condition.ts, step.ts, rank.ts), asked for their reasons. Pure functions; `jobtrace rules explain`
// prints the result.
import type { Entry } from '../../core/types.js';
import type { AnchorUse, Catalog } from '../catalog/catalog.js';
import { groupCluster, type ClusterSignals, type DiagnoseContext } from '../incident/clusters.js';
import { readLog } from '../incident/diagnose.js';
import { findAlternativeMisfit, type AlternativeMisfit } from '../entry/match.js';
import { totalScore, type Finding, type UnknownFinding } from '../incident/finding.js';
import { rankCauses, whyExplains, type ExplainReason } from '../incident/rank.js';
import type { Alternative, Rule } from '../catalog/rule.js';
import { readCandidate } from '../entry/scan.js';
import type { MatchPart, EntryPosition } from '../entry/signal.js';
import { findFailedStep, indexSteps, type FailedStep } from '../incident/step.js';

/** Line of the logs. */
export interface LinePlace {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface AlternativeTrial {
  readonly alternative: Alternative;
  /** Number of entries that hold its anchor, and of those among them that fit. */
  readonly anchored: number;
  readonly fitting: number;
  /**
   * Line of the nearest entry: one that fits, else the one that passed most conditions, else the one whose words are
   * most like the anchor.
   */
  readonly at: LinePlace | undefined;
  /** Condition that failed there; undefined if the entry fits or the anchor was not found. */
  readonly misfit: AlternativeMisfit | undefined;
  /** Likeness of the line to the anchor, if no entry holds the anchor. */
  readonly likeness: Likeness | undefined;
}

export interface Likeness {
  /** Words of the anchor that the line holds, and those it lacks. */
  readonly shared: readonly string[];
  readonly missing: readonly string[];
  /** Longest beginning of the anchor that stands in the line. */
  readonly beginning: string;
}

/** Outcome of the match that came furthest. The kinds stand in order, worst first. */
export type WhyOutcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'step'; readonly at: EntryPosition; readonly match: MatchPart; readonly failed: FailedStep }
  | { readonly kind: 'harmless'; readonly at: EntryPosition; readonly match: MatchPart }
  | { readonly kind: 'hidden'; readonly at: EntryPosition; readonly match: MatchPart; readonly by: readonly Rule[] }
  | {
      readonly kind: 'after';
      readonly at: EntryPosition;
      readonly match: MatchPart;
      readonly own: Finding;
      readonly first: Finding;
      readonly why: ExplainReason | 'score' | 'unknown';
      readonly by: Finding;
    }
  | {
      readonly kind: 'first';
      readonly at: EntryPosition;
      readonly match: MatchPart;
      readonly own: Finding;
      readonly unknown: UnknownFinding | undefined;
      readonly elsewhere: Finding | undefined;
    };

export interface Trial {
  readonly rule: Rule;
  readonly entries: number;
  readonly alternatives: readonly AlternativeTrial[];
  readonly outcome: WhyOutcome;
}

export function tryRule(rule: Rule, entries: Iterable<Entry>, catalog: Catalog, context: DiagnoseContext = {}): Trial {
  const trials = rule.alternatives.map((alternative) => createTrial(alternative));
  let count = 0;
  function* watch(): Generator<Entry> {
    for (const entry of entries) {
      count++;
      tryEntry(entry, rule, trials, catalog, context);
      yield entry;
    }
  }
  const { clusters, secondReading } = readLog(watch(), catalog, context);
  if (secondReading === undefined)
    return { rule, entries: count, alternatives: trials, outcome: decideOutcome(rule, clusters, catalog, context) };
  const others = rule.alternatives.map((alternative) => createTrial(alternative));
  for (const entry of secondReading.entries) tryEntry(entry, rule, others, catalog, secondReading.context);
  return {
    rule,
    entries: count,
    alternatives: others,
    outcome: decideOutcome(rule, clusters, catalog, secondReading.context),
  };
}

type OpenTrial = { -readonly [Key in keyof AlternativeTrial]: AlternativeTrial[Key] } & { nearness: number };

function createTrial(alternative: Alternative): OpenTrial {
  return {
    alternative,
    anchored: 0,
    fitting: 0,
    at: undefined,
    misfit: undefined,
    likeness: undefined,
    nearness: Number.NEGATIVE_INFINITY,
  };
}

function tryEntry(
  entry: Entry,
  rule: Rule,
  trials: readonly OpenTrial[],
  catalog: Catalog,
  context: DiagnoseContext,
): void {
  const uses = catalog.scanner.scan(entry.bytes).flatMap((literal) => catalog.usesOf(literal));
  for (const trial of trials) {
    if (
      uses.some(
        (use) =>
          (use.kind === 'alternative' || (use.kind === 'words' && context.reading?.readsWords === true)) &&
          use.alternative === trial.alternative,
      )
    )
      tryAlternative(entry, rule, trial, uses, catalog, context);
    else if (trial.anchored === 0) compareWords(entry, trial);
  }
}

function tryAlternative(
  entry: Entry,
  rule: Rule,
  trial: OpenTrial,
  uses: readonly AnchorUse[],
  { engine }: Catalog,
  context: DiagnoseContext,
): void {
  const { candidate, isOptions } = readCandidate(entry, uses, engine, context);
  const misfit = isOptions ? OPTION_LINE : findAlternativeMisfit(rule, trial.alternative, candidate);
  // The author means an entry with an exception rather than another one that fails the same condition.
  const nearness =
    misfit === undefined ? Number.POSITIVE_INFINITY : misfit.passed + (candidate.parsed.links.length > 0 ? 0.5 : 0);
  trial.anchored++;
  if (misfit === undefined) trial.fitting++;
  if (nearness <= trial.nearness) return;
  trial.nearness = nearness;
  trial.at = findLine(entry, trial.alternative.anchor);
  trial.misfit = misfit;
  trial.likeness = undefined;
}

const OPTION_LINE: AlternativeMisfit = {
  key: 'anchor',
  path: ['match'],
  asked: 'what happened',
  found: 'a line of the start-up dump of options, where no rule looks',
  passed: -1,
};

/** Finds the line of the entry in which the anchor begins. */
function findLine({ bytes, line, source }: Entry, anchor: string): LinePlace {
  const at = Math.max(0, bytes.toString('latin1').search(anchorPattern(anchor)));
  const before = bytes.subarray(0, at).toString('latin1').split('\n').length - 1;
  return { file: source.path, line: line + before, text: bytes.toString('utf8').split('\n')[before] ?? '' };
}

/** Returns a pattern that compares as the scan does: byte by byte, with a blank that fits any white space. */
function anchorPattern(anchor: string): RegExp {
  return new RegExp(
    Buffer.from(anchor, 'utf8')
      .toString('latin1')
      .replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
      .replaceAll(' ', '\\s'),
  );
}

function compareWords(entry: Entry, trial: OpenTrial): void {
  const words = listWords(trial.alternative.anchor);
  const best = trial.likeness?.shared.length ?? 0;
  const text = entry.bytes.toString('utf8');
  if (countWords(text.toLowerCase(), words) <= best) return;
  for (const [index, line] of text.split('\n').entries()) {
    const lower = line.toLowerCase();
    if (countWords(lower, words) <= (trial.likeness?.shared.length ?? 0)) continue;
    trial.at = { file: entry.source.path, line: entry.line + index, text: line };
    trial.likeness = {
      shared: words.filter((word) => lower.includes(word.toLowerCase())),
      missing: words.filter((word) => !lower.includes(word.toLowerCase())),
      beginning: findBeginning(trial.alternative.anchor, line),
    };
  }
}

function listWords(anchor: string): readonly string[] {
  return [...new Set(anchor.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== ''))];
}

function countWords(lower: string, words: readonly string[]): number {
  return words.reduce((count, word) => count + Number(lower.includes(word.toLowerCase())), 0);
}

function findBeginning(anchor: string, line: string): string {
  for (let length = anchor.length; length > 0; length--)
    if (line.includes(anchor.slice(0, length))) return anchor.slice(0, length);
  return '';
}

const WORST_FIRST: readonly WhyOutcome['kind'][] = ['none', 'step', 'harmless', 'hidden', 'after', 'first'];

function decideOutcome(
  rule: Rule,
  clusters: readonly ClusterSignals[],
  catalog: Catalog,
  context: DiagnoseContext,
): WhyOutcome {
  const judged = clusters.map((cluster) => judgeCluster(rule, groupCluster(cluster, catalog, context), catalog));
  const best = judged
    .flatMap((item) => item.outcomes)
    .reduce<WhyOutcome>(
      (furthest, outcome) =>
        WORST_FIRST.indexOf(outcome.kind) > WORST_FIRST.indexOf(furthest.kind) ? outcome : furthest,
      { kind: 'none' },
    );
  if (best.kind !== 'first') return best;
  const score = totalScore(best.own.score);
  const elsewhere = judged
    .flatMap((item) => item.firsts)
    .find((other) => other.rule !== rule && totalScore(other.score) > score);
  return { ...best, elsewhere };
}

interface Judged {
  readonly outcomes: readonly WhyOutcome[];
  /** First findings of the cluster's incidents. */
  readonly firsts: readonly Finding[];
}

function judgeCluster(
  rule: Rule,
  { view, groups, signals }: ReturnType<typeof groupCluster>,
  catalog: Catalog,
): Judged {
  const rankings = groups.map((group) => ({ group, ranking: rankCauses(group, view, catalog) }));
  const steps = indexSteps(signals);
  const outcomes = signals.flatMap((signal): WhyOutcome[] =>
    signal.matches
      .filter((match) => match.rule === rule.id)
      .flatMap((match): WhyOutcome[] => {
        const at = signal.place;
        const failed = findFailedStep(rule, match, signal, steps, view);
        if (failed !== undefined) return [{ kind: 'step', at, match, failed }];
        const own = rankings.filter(({ group }) => group.events.some((event) => event.signal === signal));
        if (own.length === 0) return [{ kind: 'harmless', at, match }];
        return own.map(({ ranking }) => explainRank(rule, ranking, at, match));
      }),
  );
  return { outcomes, firsts: rankings.flatMap(({ ranking }) => ranking.findings.slice(0, 1)) };
}

function explainRank(
  rule: Rule,
  { findings, unknown }: ReturnType<typeof rankCauses>,
  at: EntryPosition,
  match: MatchPart,
): WhyOutcome {
  const own = findings.find((finding) => finding.rule === rule);
  const [first] = findings;
  if (own === undefined || first === undefined)
    return {
      kind: 'hidden',
      at,
      match,
      by: findings
        .filter((finding) => !finding.rule.general && finding.rule.role === 'cause')
        .map((finding) => finding.rule),
    };
  if (own === first)
    return {
      kind: 'first',
      at,
      match,
      own,
      unknown: rule.role === 'symptom' ? unknown.find((item) => item.failure.chain.length > 0) : undefined,
      elsewhere: undefined,
    };
  const [by] = own.explainedBy;
  const why = by === undefined ? undefined : whyExplains(by, own);
  if (by !== undefined && why !== undefined) return { kind: 'after', at, match, own, first, why, by };
  return {
    kind: 'after',
    at,
    match,
    own,
    first,
    why: totalScore(own.score) > totalScore(first.score) ? 'unknown' : 'score',
    by: first,
  };
}
