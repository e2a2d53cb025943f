// Facts about one thing (a process, a job), of which the latest of each name counts, whatever the order in which they
// come and however often. Called by memory.ts, process.ts and job.ts. Pure.
import type { Fact } from '../../../flink/facts/fact.js';
import type { EntryPlace } from '../../entry/signal.js';
import { meaningOf } from './meaning.js';

/** Where in the logs a fact stands: the order in which facts are believed. */
export type FactPlace = Pick<EntryPlace, 'path' | 'offset' | 'process'> & { readonly time: number };

export interface ToldFact {
  readonly at: FactPlace;
  readonly fact: Fact;
}

/** By what the fact is about. */
export type ToldFacts = Map<string, ToldFact>;

export function factPlaceOf({ time = 0, path, offset, process }: EntryPlace): FactPlace {
  return { time, path, offset, process };
}

/** False when a later one is known. */
export function addFact(told: ToldFacts, about: string, fact: ToldFact): boolean {
  const known = told.get(about);
  if (known !== undefined && compareFactPlaces(fact.at, known.at) < 0) return false;
  told.set(about, fact);
  return true;
}

/** In the order of the logs. */
export function sortFacts(told: Iterable<ToldFact>): readonly ToldFact[] {
  return [...told].sort((a, b) => compareFactPlaces(a.at, b.at));
}

export function compareFactPlaces(a: FactPlace, b: FactPlace): number {
  if (a.time !== b.time) return a.time - b.time;
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.offset - b.offset;
}

/** Of what goes on in series (the states of a job) forgets what was before `time`, except the last of each series. */
export function forgetFacts(told: ToldFacts, time: number): void {
  const last = new Map<string, string>();
  for (const [about, { at, fact }] of [...told].sort(([, a], [, b]) => compareFactPlaces(a.at, b.at))) {
    const series = meaningOf(fact).series?.(fact);
    if (series === undefined || at.time >= time) continue;
    const name = `${fact.type} ${series}`;
    const before = last.get(name);
    if (before !== undefined) told.delete(before);
    last.set(name, about);
  }
}
