// Ranks the causes of one incident: returns its findings, best first, and the failures that no rule names. A finding is
// one rule with all events that it matches. Its score is a sum of named parts, which the page shows. Consequences are
// placed below their cause, and causes of other attempts beside the first cause (cause-group.ts). Pure functions.
import type { Catalog } from '../catalog/catalog.js';
import type { ClusterView } from '../topology/cluster.js';
import type { IncidentEvent } from '../topology/event.js';
import type { IncidentGroup } from './group.js';
import { isNamedBy, type Rule } from '../catalog/rule.js';
import type { MatchPart } from '../entry/signal.js';
import { totalScore, type Finding, type Ranking, type UnknownFinding } from './finding.js';
import { counts, isFailure, arrangeCauseGroups } from './cause-group.js';
import { createTimeline, holdsBeside, listTimes, type EventTimes, type Timeline } from './timeline.js';

export function rankCauses(group: IncidentGroup, view: ClusterView, catalog: Catalog): Ranking {
  const timeline = createTimeline(group.job);
  const drafts = hideGeneral(collectFindings(group, view, catalog), view);
  const scored = drafts.map((draft) => ({ ...draft, score: scoreFinding(draft, drafts) }));
  const byScore = [...scored].sort((a, b) => totalScore(b.score) - totalScore(a.score) || compareRules(a.rule, b.rule));
  const unknown = findUnknown(group, byScore, catalog, timeline);
  const explained = explainFindings(byScore, unknown, timeline);
  return arrangeCauseGroups(explained, unknown, group, timeline);
}

type Draft = Omit<Finding, 'score' | 'explainedBy' | 'isConsequence' | 'isBeside'>;
type ScoredDraft = Omit<Finding, 'explainedBy' | 'isConsequence' | 'isBeside'>;

function compareRules(a: Rule, b: Rule): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function collectFindings(group: IncidentGroup, view: ClusterView, catalog: Catalog): readonly Draft[] {
  const byRule = new Map<string, Hit[]>();
  for (const event of group.events) {
    for (const match of event.matches) {
      const hits = byRule.get(match.rule);
      if (hits === undefined) byRule.set(match.rule, [{ event, match }]);
      else hits.push({ event, match });
    }
  }
  return [...byRule].flatMap(([id, hits]): Draft[] => {
    const rule = catalog.findRule(id);
    if (rule === undefined) return [];
    const best = chooseHit(rule.peer === undefined ? hits : keepNewestPeer(hits, rule.peer));
    if (best === undefined) return [];
    const peerName = rule.peer === undefined ? undefined : best.match.captures[rule.peer];
    return [
      {
        rule,
        event: best.event,
        match: best.match,
        events: hits.map((hit) => hit.event),
        peer: peerName === undefined ? undefined : view.processOf(peerName),
        count: countOccurrences(hits.map((hit) => hit.event)),
      },
    ];
  });
}

interface Hit {
  readonly event: IncidentEvent;
  readonly match: MatchPart;
}

/**
 * Returns the earliest hit among those with the most captures, because a shortened copy of the exception in another log
 * captures less. A hit without a time is chosen only if all are without, because its time is unknown.
 */
function chooseHit(hits: readonly Hit[]): Hit | undefined {
  const max = hits.reduce((count, hit) => Math.max(count, Object.keys(hit.match.captures).length), 0);
  const fullest = hits.filter((hit) => Object.keys(hit.match.captures).length === max);
  return fullest.find(({ event }) => event.time !== undefined) ?? fullest[0];
}

/** Time, in milliseconds, after which the loss of another process counts as a new loss, which the title then names. */
const NEXT_LOSS_MS = 180_000;

/**
 * Returns the hits that name the process that was lost last, if another process was lost long before. It is used for
 * rules about another process (a peer).
 */
function keepNewestPeer(hits: readonly Hit[], peer: string): readonly Hit[] {
  const nameOf = ({ match }: Hit): string | undefined => match.captures[peer];
  const newest = hits.findLast((hit) => hit.event.time !== undefined && nameOf(hit) !== undefined);
  if (newest === undefined) return hits;
  const own = hits.filter((hit) => nameOf(hit) === nameOf(newest));
  const [first, firstOfNewest] = [hits, own].map(
    (some) => some.find(({ event }) => event.time !== undefined)?.event.time,
  );
  return (firstOfNewest ?? 0) - (first ?? 0) > NEXT_LOSS_MS ? own : hits;
}

/**
 * Counts the failures: 500 subtasks that fail count as 500. Copies of a failure in the logs of the JobManager and the
 * client are not counted.
 */
function countOccurrences(events: readonly IncidentEvent[]): number {
  const attempts = new Set<string>();
  const lines = new Set<string>();
  const jobLines = new Set<string>();
  for (const { signal, failure, failedAttempts } of events) {
    for (const attempt of failedAttempts) attempts.add(attempt);
    if (failedAttempts.length > 0) continue;
    if (failure === undefined) lines.add(signal.place.key);
    else
      jobLines.add(
        signal.facts.flatMap((fact) => (fact.type === 'job-state' ? [fact.jobId] : []))[0] ?? failure.fingerprint,
      );
  }
  return Math.max(1, attempts.size > 0 ? attempts.size : lines.size > 0 ? lines.size : jobLines.size);
}

/**
 * Drops general rules (catch-alls). A general rule is dropped if a specific rule names the same failure. A rule with
 * `general: last`, which knows only the exception class, is dropped also beside other general rules and symptoms of the
 * same exception. A reading may drop all of them.
 */
function hideGeneral(drafts: readonly Draft[], { reading }: ClusterView): readonly Draft[] {
  const isSpecific = ({ rule }: Draft): boolean => !rule.general && rule.role === 'cause';
  if (reading.dropsGeneral && drafts.some(isSpecific)) return drafts.filter(({ rule }) => !rule.general);
  const bySpecific = collectNamed(drafts.filter(isSpecific));
  const byAny = collectNamed(
    drafts.filter(
      ({ rule, events }) => !rule.last && (rule.role === 'cause' || events.some((event) => matchesRoot(event, rule))),
    ),
  );
  const shown = drafts.filter(({ rule, events }) => !rule.general || !events.every(rule.last ? byAny : bySpecific));
  return shown.filter(({ rule, events }) => !rule.last || !events.every(byStronger(shown, rule)));
}

/** Returns a function that is true for an event that a rule of the kind `last` with more confidence names. */
function byStronger(drafts: readonly Draft[], { confidence }: Rule): (event: IncidentEvent) => boolean {
  return collectNamed(drafts.filter(({ rule }) => rule.last && rule.confidence > confidence));
}

/** Returns a function that is true for an event of one of these findings, and for the same exception in another log. */
function collectNamed(drafts: readonly Draft[]): (event: IncidentEvent) => boolean {
  const events = new Set(drafts.flatMap((draft) => draft.events));
  const known = new Set<string>();
  for (const { fingerprints } of events) for (const item of fingerprints) known.add(item);
  return (event) => events.has(event) || event.fingerprints.some((item) => known.has(item));
}

function matchesRoot(event: IncidentEvent, rule: Rule): boolean {
  return event.matches.some((match) => match.rule === rule.id && !isAboveRoot(event, match));
}

/** True if the match is in an exception around the root, or in the line before the exceptions. */
function isAboveRoot(event: IncidentEvent, { fromRoot }: MatchPart): boolean {
  return fromRoot === undefined ? (event.failure?.chain.length ?? 0) > 0 : fromRoot > 0;
}

const MINUTE_MS = 60_000;

/**
 * Returns the parts of the score: the line is the failure itself, the rule names a cause, it fits the root of the
 * exception chain and not a wrapper, it is specific, it came first, the confidence of the rule, and the amount of
 * evidence.
 */
function scoreFinding(draft: Draft, all: readonly Draft[]): Readonly<Record<string, number>> {
  const first = all.reduce(
    (earliest, other) => Math.min(earliest, other.events[0]?.time ?? Number.POSITIVE_INFINITY),
    Number.POSITIVE_INFINITY,
  );
  const late =
    draft.events[0]?.time === undefined || !Number.isFinite(first) ? 0 : (draft.events[0].time - first) / MINUTE_MS;
  const fromRoot = draft.events.reduce(
    (least, event) => Math.min(least, event.matches.find((match) => match.rule === draft.rule.id)?.fromRoot ?? 1),
    Number.POSITIVE_INFINITY,
  );
  return {
    role: draft.rule.role === 'cause' ? 30 : 0,
    failure: scoreFailure(draft, all),
    root: fromRoot === 0 ? 15 : fromRoot === 1 ? 8 : 0,
    specific: draft.rule.last ? -45 : draft.rule.general ? -20 : 0,
    first: Number(Math.max(0, 8 - late).toFixed(2)),
    confidence: Number((draft.rule.confidence * 10).toFixed(2)),
    evidence: Number(Math.min(5, Math.log2(draft.count + 1)).toFixed(2)),
  };
}

/**
 * Returns the score for a failure. If nothing has failed yet, a match that is an incident by itself counts as the
 * failure.
 */
function scoreFailure({ rule, events }: Draft, all: readonly Draft[]): number {
  if (events.some(isFailure)) return 40;
  if (rule.scope === 'process') return rule.severity === 'critical' ? 30 : 0;
  return rule.standsAlone && !all.some((draft) => draft.events.some(isFailure)) ? 40 : 0;
}

/**
 * Adds to each finding the findings that explain it. A finding is a consequence if each of its events that count
 * follows from another finding or from a failure that no rule names. Events that do not count need not follow in time.
 */
function explainFindings(
  byScore: readonly ScoredDraft[],
  unknown: readonly UnknownFinding[],
  timeline: Timeline,
): readonly Finding[] {
  const times = new Map(byScore.map((draft) => [draft, listTimes(draft.events)]));
  const possible = new Map(
    byScore.map((draft) => [
      draft,
      byScore.filter((other) => other !== draft && whyExplains(other, draft) !== undefined),
    ]),
  );
  // The better of two findings that explain each other is the cause.
  for (const [index, draft] of byScore.entries()) {
    const list = possible.get(draft) ?? [];
    possible.set(
      draft,
      list.filter((other) => byScore.indexOf(other) < index || !(possible.get(other) ?? []).includes(draft)),
    );
  }
  const roots = unknown.filter(({ failure }) => failure.chain.length > 0).map(({ events }) => listTimes(events));
  const judged = new Map(
    byScore.map((draft) => [draft, judgeDraft(draft, possible.get(draft) ?? [], times, roots, timeline)]),
  );
  const finished = new Map<ScoredDraft, Finding>();
  const finish = (draft: ScoredDraft, above: readonly ScoredDraft[]): Finding => {
    const known = finished.get(draft);
    if (known !== undefined) return known;
    const { by, isConsequence } = judged.get(draft) ?? { by: [], isConsequence: false };
    const explainedBy = by.filter((other) => !above.includes(other)).map((other) => finish(other, [...above, draft]));
    const finding: Finding = { ...draft, explainedBy, isConsequence, isBeside: false };
    finished.set(draft, finding);
    return finding;
  };
  return byScore.map((draft) => finish(draft, []));
}

function judgeDraft(
  draft: ScoredDraft,
  possible: readonly ScoredDraft[],
  times: ReadonlyMap<ScoredDraft, EventTimes>,
  roots: readonly EventTimes[],
  timeline: Timeline,
): { readonly by: readonly ScoredDraft[]; readonly isConsequence: boolean } {
  const telling = draft.events.filter((event) => counts(draft, event));
  const follows = (event: IncidentEvent, other: ScoredDraft): boolean =>
    holdsBeside(times.get(other) ?? listTimes([]), event.time, (time) =>
      timeline.mayFollow(time, event.time, other.rule.scope === 'process' && draft.rule.peer !== undefined),
    );
  const by = possible.filter((other) => draft.events.some((event) => follows(event, other)));
  const isSymptomOf = (event: IncidentEvent): boolean =>
    draft.rule.role === 'symptom' &&
    roots.some((root) => holdsBeside(root, event.time, (time) => timeline.isSameAttempt(time, event.time)));
  const isConsequence =
    telling.length === 0
      ? possible.length > 0 || (draft.rule.role === 'symptom' && roots.length > 0)
      : telling.every((event) => by.some((other) => follows(event, other)) || isSymptomOf(event));
  return { by: isConsequence ? by : [], isConsequence };
}

/**
 * Reason why one finding is placed below another: the rule says so, the other is deeper in the same exception chain, it
 * happened to the peer, or a symptom occurs beside a cause that is more than an exception class.
 */
export type ExplainReason = 'rule' | 'deeper' | 'peer' | 'symptom';

/**
 * Returns the reason why `a` explains `b`, or undefined. Example: JobException "Recovery is suppressed" (symptom) ←
 * CheckpointException (threshold, symptom) ← IOException "No space left" (cause): the full disk is first, the other two
 * are below it. A symptom that nothing explains is first itself.
 */
export function whyExplains(a: Draft, b: Draft): ExplainReason | undefined {
  if (a.rule.explains.some((glob) => isNamedBy(b.rule, glob))) return 'rule';
  if (b.rule.explains.some((glob) => isNamedBy(a.rule, glob))) return undefined;
  if (isDeeper(a, b)) return 'deeper';
  if (
    b.peer !== undefined &&
    a.rule.scope === 'process' &&
    a.events.some((event) => event.signal.place.process === b.peer?.process)
  )
    return 'peer';
  if (b.rule.role !== 'symptom' || a.rule.role !== 'cause') return undefined;
  if (a.rule.last) return isAround(b, a) ? 'deeper' : undefined;
  return a.rule.scope === 'job' && !mayEndBy(b, a) ? undefined : 'symptom';
}

/**
 * True if a job's failure may have caused `rule`'s match. An event of a process does not follow from a failure of a
 * job, unless the failure is in the log of that process: an exception of a job ends no TaskManager, but may end the
 * process of its program.
 */
function mayEndBy({ rule, events }: Draft, cause: Draft): boolean {
  if (rule.scope === 'job') return rule.peer === undefined;
  const own = new Set(events.map(({ signal }) => signal.place.process));
  return rule.peer === undefined && cause.events.some(({ signal }) => own.has(signal.place.process));
}

/** True if the symptom is only in what is around the root of the failure whose root the other one names. */
function isAround(symptom: Draft, { events }: Draft): boolean {
  return symptom.events.every((event) => events.includes(event) && !matchesRoot(event, symptom.rule));
}

function isDeeper(a: Draft, b: Draft): boolean {
  if (a.rule.role === 'symptom' && b.rule.role === 'cause') return false;
  return a.events.some((event) => isDeeperIn(event, a.rule.id, b.rule.id));
}

function isDeeperIn(event: IncidentEvent, a: string, b: string): boolean {
  const left = event.matches.find((match) => match.rule === a)?.fromRoot;
  const right = event.matches.find((match) => match.rule === b)?.fromRoot;
  return left !== undefined && right !== undefined && left < right;
}

/** Time, in milliseconds, by which a failure without a rule must precede a rule's match to be a failure of its own. */
const CONSEQUENCE_MS = 120_000;

/** Returns the failures that no rule names and that do not follow from a finding. */
function findUnknown(
  group: IncidentGroup,
  drafts: readonly Draft[],
  catalog: Catalog,
  timeline: Timeline,
): readonly UnknownFinding[] {
  const explaining = drafts
    .filter((draft) => draft.rule.role === 'cause' || draft.rule.scope !== 'job')
    .map((draft) => ({ draft, times: listTimes(draft.events) }));
  const named = new Set<string>();
  for (const { rule, events } of drafts)
    if (rule.role === 'cause') for (const { fingerprints } of events) for (const item of fingerprints) named.add(item);
  const byRoot = new Map<string, IncidentEvent[]>();
  for (const event of group.events) {
    const { root: key } = event;
    if (key === undefined || isNamed(event, named, catalog)) continue;
    if (explaining.some(({ draft, times }) => isConsequence(event, key, draft, times, timeline))) continue;
    const same = byRoot.get(key);
    if (same === undefined) byRoot.set(key, [event]);
    else same.push(event);
  }
  const found = [...byRoot.values()].flatMap((events): UnknownFinding[] => {
    const failure = events.find((event) => (event.failure?.chain.length ?? 0) > 0)?.failure ?? events[0]?.failure;
    return failure === undefined ? [] : [{ failure, events, count: countOccurrences(events), isBeside: false }];
  });
  // A switch to FAILED without an exception adds nothing to a failure with an exception or to a finding.
  const telling = found.filter((item) => item.failure.chain.length > 0);
  return telling.length > 0 || drafts.length > 0 ? orderEchoes(telling) : found;
}

/** Moves failures that only report another failure to the end. */
function orderEchoes(found: readonly UnknownFinding[]): readonly UnknownFinding[] {
  const isEcho = ({ failure }: UnknownFinding): boolean => failure.echo !== undefined;
  return [...found.filter((item) => !isEcho(item)), ...found.filter(isEcho)];
}

/**
 * True if a rule names the failure: a cause anywhere in the chain, or a symptom at the root. A symptom above the root
 * matches only a wrapper.
 */
function isNamed(event: IncidentEvent, named: ReadonlySet<string>, catalog: Catalog): boolean {
  if (event.fingerprints.some((item) => named.has(item))) return true;
  const hasChain = (event.failure?.chain.length ?? 0) > 0;
  return event.matches.some(
    ({ rule, fromRoot }) =>
      fromRoot === 0 || (fromRoot === undefined && !hasChain) || catalog.findRule(rule)?.role === 'cause',
  );
}

/**
 * True if the failure follows from the finding. A symptom that ended a process because of this same root does not
 * explain it.
 */
function isConsequence(
  event: IncidentEvent,
  root: string,
  { rule, events }: Draft,
  times: EventTimes,
  timeline: Timeline,
): boolean {
  if (rule.role === 'symptom' && events.some((other) => other.root === root)) return false;
  return holdsBeside(
    times,
    event.time,
    (time) =>
      time === undefined ||
      event.time === undefined ||
      (event.time >= time - CONSEQUENCE_MS &&
        (timeline.isSameAttempt(time, event.time) || timeline.mayFollow(time, event.time))),
  );
}
