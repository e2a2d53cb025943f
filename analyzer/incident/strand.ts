// The findings of an incident, and what no rule names → strands: causes that failed the job in attempts of their own.
// The first finding of a strand is a headline; further ones are other readings of the same attempts. What still happens
// goes before what is past, then what began earlier before what began later: a card with two causes leads with the one
// that lasts. Pure; called by rank.ts.
import type { IncidentEvent } from '../cluster/event.js';
import type { IncidentGroup } from './group/group.js';
import type { Finding, Ranking, UnknownFinding } from './rank.js';
import { EARLY_MS, holdsBeside, listTimes, type Timeline } from './timeline.js';

/** What has not happened for so long while the job went on failing is past. */
export const PAST_MS = 600_000;

interface Strand<Item> {
  readonly headline: Item;
  readonly items: Item[];
  /** Of the headline, those that count. */
  readonly events: readonly IncidentEvent[];
}

export function placeStrands(
  findings: readonly Finding[],
  unknown: readonly UnknownFinding[],
  group: IncidentGroup,
  timeline: Timeline,
): Ranking {
  const standing = findings.filter(({ isConsequence }) => !isConsequence);
  const strands = orderStrands(collectStrands(standing, listTelling, timeline), group);
  const unnamed = collectStrands(unknown, ({ events }) => events, timeline);
  const isApart = (strand: Strand<UnknownFinding>): boolean =>
    strands.every(({ events }) => !isCovered(strand.events, events, timeline));
  const [first] = [...strands.map(({ headline }) => headline), ...unknown];
  return {
    findings: [
      ...strands.flatMap(({ headline, items }) =>
        items.map((item) => (item === headline && item !== first ? { ...item, isBeside: true } : item)),
      ),
      ...findings.filter(({ isConsequence }) => isConsequence),
    ],
    unknown: unknown.map((item) => {
      const strand = unnamed.find(({ headline }) => headline === item);
      return strand !== undefined && item !== first && isApart(strand) ? { ...item, isBeside: true } : item;
    }),
  };
}

/** True for what failed, or what is an incident by itself: a remark beside it is no second cause, whenever it stands. */
export function counts({ rule }: Pick<Finding, 'rule'>, event: IncidentEvent): boolean {
  return isFailure(event) || rule.standsAlone;
}

export function isFailure({ failure }: IncidentEvent): boolean {
  return failure !== undefined;
}

function listTelling(finding: Finding): readonly IncidentEvent[] {
  return finding.events.filter((event) => counts(finding, event));
}

/** `items` best first. */
function collectStrands<Item extends Pick<Finding, 'events'>>(
  items: readonly Item[],
  tellingOf: (item: Item) => readonly IncidentEvent[],
  timeline: Timeline,
): readonly Strand<Item>[] {
  const strands: Strand<Item>[] = [];
  for (const item of items) {
    const telling = tellingOf(item);
    const same = strands.find((strand) => isSameStrand(strand, telling, timeline)) ?? (telling.length === 0 ? strands[0] : undefined);
    if (same === undefined) strands.push({ headline: item, items: [item], events: telling });
    else same.items.push(item);
  }
  return strands;
}

/**
 * What lasts without having failed anything (checkpoints that expire) is another thing than what failed in the same
 * attempt, where it began before anybody could have noticed that, unless an exception is of both.
 */
function isSameStrand(strand: Strand<unknown>, telling: readonly IncidentEvent[], timeline: Timeline): boolean {
  if (telling.length === 0 || strand.events.length === 0) return true;
  if (isBefore(strand.events, telling) && !sharesException(strand.events, telling)) return false;
  return isCovered(telling, strand.events, timeline);
}

/** Of two kinds of events, those that failed nothing began long before those that failed. */
function isBefore(some: readonly IncidentEvent[], others: readonly IncidentEvent[]): boolean {
  if (some.some(isFailure) === others.some(isFailure)) return false;
  const [lasting, failed] = some.some(isFailure) ? [others, some] : [some, others];
  const [began, broke] = [lasting, failed].map((events) => listTimes(events).times[0]);
  return began !== undefined && broke !== undefined && broke - began > EARLY_MS;
}

function sharesException(some: readonly IncidentEvent[], others: readonly IncidentEvent[]): boolean {
  const known = new Set(some.flatMap((event) => [event.signal.place.key, ...event.fingerprints]));
  return others.some((event) => [event.signal.place.key, ...event.fingerprints].some((key) => known.has(key)));
}

/** Each of them is of an attempt in which one of the others is. */
function isCovered(
  events: readonly IncidentEvent[],
  others: readonly IncidentEvent[],
  timeline: Timeline,
): boolean {
  const times = listTimes(others);
  return events.every((event) =>
    holdsBeside(times, event.time, (time) => timeline.isSameAttempt(time, event.time)),
  );
}

function orderStrands(strands: readonly Strand<Finding>[], group: IncidentGroup): readonly Strand<Finding>[] {
  if (strands.length < 2) return strands;
  const until = group.lastTime ?? 0;
  const keyed = strands.map((strand) => {
    const { times } = listTimes(strand.events);
    return { strand, isPast: until - (times.at(-1) ?? until) > PAST_MS, begin: times[0] ?? Number.NEGATIVE_INFINITY };
  });
  return keyed
    .sort((a, b) => Number(a.isPast) - Number(b.isPast) || a.begin - b.begin)
    .map(({ strand }) => strand);
}
