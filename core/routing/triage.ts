// What people say of a card: that somebody is at it, that it is mended, that nobody wants to hear of it for a while,
// that another card is of the same failure, or that it is open again → the state in which it is. The stores keep every
// word with who said it and when; the API and the command line take them, the page shows them, notify holds messages
// back by them. Pure.
import { omitMissing } from '../json.js';
import type { Incident, Text } from '../types.js';

export const TRIAGE_STATES = ['open', 'acknowledged', 'resolved', 'ignored', 'merged'] as const;
export type TriageState = (typeof TRIAGE_STATES)[number];

/** One word of one person. Of all that were said of an incident the last one stands. */
export interface Triage {
  readonly incidentId: string;
  readonly state: TriageState;
  /** ISO time until which it is ignored; absent: for good. */
  readonly until?: string;
  /** Of what is merged: the incident whose card stands for it. */
  readonly into?: string;
  /** Why. */
  readonly comment?: string;
  /** Name of the token, or of the user. */
  readonly by: string;
  readonly at: string;
}

/** `regressed`: somebody said that it is mended, and it failed again. */
export type CardState = TriageState | 'regressed';

/** What people read of it. */
export const CARD_STATES: Readonly<Record<CardState, Text>> = {
  open: { en: 'nobody is at it', zh: '无人处理' },
  acknowledged: { en: 'acknowledged', zh: '已确认' },
  resolved: { en: 'mended', zh: '已解决' },
  ignored: { en: 'ignored', zh: '已忽略' },
  merged: { en: 'merged', zh: '已合并' },
  regressed: { en: 'failed again after it was mended', zh: '解决后再次失败' },
};

/** A store gives at most so many, the newest. */
export const MAX_TRIAGE = 10_000;
export const MAX_COMMENT = 1000;

/** Each word is kept: two of one person at the same millisecond are one. */
export function nameTriage({ incidentId, at, by }: Triage): string {
  return JSON.stringify([incidentId, at, by]);
}

/** Incident → what stands. In: the newest first, as a store gives them. */
export function listStanding(triage: readonly Triage[]): ReadonlyMap<string, Triage> {
  const standing = new Map<string, Triage>();
  for (const word of triage) if (!standing.has(word.incidentId)) standing.set(word.incidentId, word);
  return standing;
}

/** Of a job in these nobody is needed, whatever was said before. */
export const OVER_OUTCOMES = ['recovered', 'canceled'] as const satisfies readonly Incident['outcome'][];

/** What a card's state depends on beside the word that stands. */
export type TriagedIncident = Pick<Incident, 'outcome' | 'lastSeen'>;

export function decideCardState(
  { outcome, lastSeen }: TriagedIncident,
  said: Triage | undefined,
  nowMs: number,
): CardState {
  if (said?.state === 'merged') return 'merged';
  if (said?.state === 'ignored' && (said.until === undefined || Date.parse(said.until) > nowMs)) return 'ignored';
  if (OVER_OUTCOMES.some((over) => over === outcome)) return 'resolved';
  if (said?.state === 'resolved')
    return lastSeen !== undefined && Date.parse(lastSeen) > Date.parse(said.at) ? 'regressed' : 'resolved';
  return said?.state === 'acknowledged' ? 'acknowledged' : 'open';
}

/** The state of a card, and whose word that is, where it is a person's. */
export interface CardTriage {
  readonly state: CardState;
  readonly by?: string;
  readonly until?: string;
  readonly into?: string;
}

export function describeTriage(incident: TriagedIncident, said: Triage | undefined, nowMs: number): CardTriage {
  const state = decideCardState(incident, said, nowMs);
  return { state, ...(said?.state === state ? omitMissing({ by: said.by, until: said.until, into: said.into }) : {}) };
}

/** Why an incident cannot stand for another one: it has one that stands for it. In: the last word on it. */
export function findHeirProblems(last: Triage | undefined): readonly string[] {
  return last?.state === 'merged' ? [`into: "${last.incidentId}" is merged into "${last.into ?? ''}" itself`] : [];
}

/** What is wrong with one that is to be kept, in words; empty when nothing. */
export function findTriageProblems(triage: Triage, nowMs: number): readonly string[] {
  const { incidentId, state, until, into, comment = '', by } = triage;
  const end = until === undefined ? Infinity : Date.parse(until);
  const problems: readonly (readonly [boolean, string])[] = [
    [until !== undefined && state !== 'ignored', 'until is for what is to be ignored'],
    [(into !== undefined) !== (state === 'merged'), 'into is for what is merged, and names the other incident'],
    [into === incidentId, 'an incident is not merged into itself'],
    [Number.isNaN(end), `until is "${until ?? ''}", which is no ISO time`],
    [end <= nowMs, 'until is over already'],
    [comment.length > MAX_COMMENT, `comment is longer than ${MAX_COMMENT} characters`],
    [by.trim() === '', 'by must say who says it'],
  ];
  return problems.filter(([isWrong]) => isWrong).map(([, problem]) => problem);
}
