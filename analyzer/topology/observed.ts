// Keeps facts about one thing (a process, a job). The latest fact of each name counts, whatever the order in which
// facts come and however often. No I/O.
import type { Fact } from '../../flink/facts/fact.js';
import type { EntryPosition } from '../entry/signal.js';
import { meaningOf } from './meaning.js';

/** Position of a fact in the logs. It decides which of two facts is the later one. */
export type FactPosition = Pick<EntryPosition, 'path' | 'offset' | 'process'> & { readonly time: number };

export interface ObservedFact {
  readonly at: FactPosition;
  readonly fact: Fact;
}

/** Facts, by what they are about. */
export type ObservedFacts = Map<string, ObservedFact>;

export function factPositionOf({ time = 0, path, offset, process }: EntryPosition): FactPosition {
  return { time, path, offset, process };
}

/** Adds a fact; returns false if a later one is known. */
export function addFact(observed: ObservedFacts, about: string, fact: ObservedFact): boolean {
  const known = observed.get(about);
  if (known !== undefined && compareFactPositions(fact.at, known.at) < 0) return false;
  observed.set(about, fact);
  return true;
}

/** Sorts facts in the order of the logs. */
export function sortFacts(observed: Iterable<ObservedFact>): readonly ObservedFact[] {
  return [...observed].sort((a, b) => compareFactPositions(a.at, b.at));
}

export function compareFactPositions(a: FactPosition, b: FactPosition): number {
  if (a.time !== b.time) return a.time - b.time;
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.offset - b.offset;
}

/**
 * Forgets facts of a series (such as the states of a job) that are older than `time`, except the last one of each
 * series.
 */
export function forgetFacts(observed: ObservedFacts, time: number): void {
  const last = new Map<string, string>();
  for (const [about, { at, fact }] of [...observed].sort(([, a], [, b]) => compareFactPositions(a.at, b.at))) {
    const series = meaningOf(fact).series?.(fact);
    if (series === undefined || at.time >= time) continue;
    const name = `${fact.type} ${series}`;
    const before = last.get(name);
    if (before !== undefined) observed.delete(before);
    last.set(name, about);
  }
}
