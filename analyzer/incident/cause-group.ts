// Groups findings and unknown failures by cause. A cause group is a cause that failed the job in attempts of its own;
// its first finding is the headline, and further ones are other explanations of the same attempts. Current groups come
// before past ones, then earlier before later, so that the card of an incident with two causes shows the lasting one
// first. Pure functions.
import type { IncidentEvent } from '../topology/event.js';
import type { IncidentGroup } from './group.js';
import type { Finding, Ranking, UnknownFinding } from './finding.js';
import { EARLY_MS, holdsBeside, listTimes, type Timeline } from './timeline.js';

/** Time, in milliseconds, without an occurrence after which a cause is past, while the job went on failing. */
const PAST_MS = 600_000;

interface CauseGroup<Item> {
  readonly headline: Item;
  readonly items: Item[];
  /** Events of the headline that count. */
  readonly events: readonly IncidentEvent[];
}

export function arrangeCauseGroups(
  findings: readonly Finding[],
  unknown: readonly UnknownFinding[],
  group: IncidentGroup,
  timeline: Timeline,
): Ranking {
  const current = findings.filter(({ isConsequence }) => !isConsequence);
  const causeGroups = orderCauseGroups(
    collectCauseGroups(current, (finding) => listTelling(finding, findings, timeline), timeline),
    group,
  );
  const unnamed = collectCauseGroups(unknown, ({ events }) => events, timeline);
  const isApart = (causeGroup: CauseGroup<UnknownFinding>): boolean =>
    causeGroups.every(({ events }) => !isCovered(causeGroup.events, events, timeline));
  const [first] = [...causeGroups.map(({ headline }) => headline), ...unknown];
  const grouped = new Set(causeGroups.flatMap(({ items }) => items));
  return {
    findings: [
      ...causeGroups.flatMap(({ headline, items }) =>
        headline === first ? items : [{ ...headline, isBeside: true }, ...items.filter((item) => item !== headline)],
      ),
      // A match in an attempt in which nothing failed because of it is no cause of failures in other attempts.
      ...findings.flatMap((item) => (grouped.has(item) ? [] : [{ ...item, isConsequence: true }])),
    ],
    unknown: unknown.map((item) => {
      const causeGroup = unnamed.find(({ headline }) => headline === item);
      return causeGroup !== undefined && item !== first && isApart(causeGroup) ? { ...item, isBeside: true } : item;
    }),
  };
}

/** True for a failure and for a match that is an incident by itself. Other matches are no second cause. */
export function counts({ rule }: Pick<Finding, 'rule'>, event: IncidentEvent): boolean {
  return isFailure(event) || rule.standsAlone;
}

export function isFailure({ failure }: IncidentEvent): boolean {
  return failure !== undefined;
}

/** Returns the events of a finding that count, and those of its consequences in the same attempts. */
function listTelling(finding: Finding, findings: readonly Finding[], timeline: Timeline): readonly IncidentEvent[] {
  const times = listTimes(finding.events);
  const following = findings
    .filter(({ explainedBy }) => explainedBy.includes(finding))
    .flatMap((other) => other.events.filter((event) => counts(other, event)))
    .filter((event) => holdsBeside(times, event.time, (time) => timeline.isSameAttempt(time, event.time)));
  return [...finding.events.filter((event) => counts(finding, event)), ...following];
}

/**
 * Groups `items`, best first, into cause groups. An item without events that count starts no group if others have such
 * events; it may be in no group.
 */
function collectCauseGroups<Item extends Pick<Finding, 'events'>>(
  items: readonly Item[],
  tellingOf: (item: Item) => readonly IncidentEvent[],
  timeline: Timeline,
): readonly CauseGroup<Item>[] {
  const causeGroups: CauseGroup<Item>[] = [];
  const weighed = items.map((item) => ({ item, telling: tellingOf(item) }));
  const isQuiet = weighed.every(({ telling }) => telling.length === 0);
  for (const { item, telling } of weighed.filter((each) => isQuiet || each.telling.length > 0)) {
    const same = isQuiet
      ? causeGroups[0]
      : causeGroups.find((causeGroup) => isSameCauseGroup(causeGroup, telling, timeline));
    if (same === undefined) causeGroups.push({ headline: item, items: [item], events: telling });
    else same.items.push(item);
  }
  if (isQuiet) return causeGroups;
  for (const { item } of weighed.filter((each) => each.telling.length === 0))
    causeGroups.find(({ events }) => isCovered(item.events, events, timeline))?.items.push(item);
  return causeGroups.map((causeGroup) => ({
    ...causeGroup,
    items: items.filter((item) => causeGroup.items.includes(item)),
  }));
}

/**
 * True if the item belongs to the group. Events that fail nothing but last (checkpoints that expire) are kept apart
 * from a failure in the same attempt if they began long before it, unless both share an exception.
 */
function isSameCauseGroup(
  causeGroup: CauseGroup<unknown>,
  telling: readonly IncidentEvent[],
  timeline: Timeline,
): boolean {
  if (isBefore(causeGroup.events, telling) && !sharesException(causeGroup.events, telling)) return false;
  return isCovered(telling, causeGroup.events, timeline);
}

/** True if exactly one of the lists holds failures and the other began long before them. */
function isBefore(some: readonly IncidentEvent[], others: readonly IncidentEvent[]): boolean {
  if (some.some(isFailure) === others.some(isFailure)) return false;
  const [lasting, failed] = some.some(isFailure) ? [others, some] : [some, others];
  const [began, failedAt] = [lasting, failed].map((events) => listTimes(events).times[0]);
  return began !== undefined && failedAt !== undefined && failedAt - began > EARLY_MS;
}

function sharesException(some: readonly IncidentEvent[], others: readonly IncidentEvent[]): boolean {
  const known = new Set(some.flatMap((event) => [event.signal.place.key, ...event.fingerprints]));
  return others.some((event) => [event.signal.place.key, ...event.fingerprints].some((key) => known.has(key)));
}

/** True if each event is in the attempt of one of the others. */
function isCovered(events: readonly IncidentEvent[], others: readonly IncidentEvent[], timeline: Timeline): boolean {
  const times = listTimes(others);
  return events.every((event) => holdsBeside(times, event.time, (time) => timeline.isSameAttempt(time, event.time)));
}

function orderCauseGroups(
  causeGroups: readonly CauseGroup<Finding>[],
  group: IncidentGroup,
): readonly CauseGroup<Finding>[] {
  if (causeGroups.length < 2) return causeGroups;
  const until = group.lastTime ?? 0;
  const keyed = causeGroups.map((causeGroup) => {
    const { times } = listTimes(causeGroup.events);
    return {
      strand: causeGroup,
      isPast: until - (times.at(-1) ?? until) > PAST_MS,
      begin: times[0] ?? Number.NEGATIVE_INFINITY,
    };
  });
  return keyed
    .sort((a, b) => Number(a.isPast) - Number(b.isPast) || a.begin - b.begin)
    .map(({ strand: causeGroup }) => causeGroup);
}
