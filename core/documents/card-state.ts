// Derives the state of a card from people's annotations: somebody works on it, it is resolved, it is ignored for a
// while, it is merged into another card, or it is open again. The stores keep every annotation with its author and
// time. The API and the command line take annotations, the page shows them, and notify suppresses messages by them.
// Pure functions.
import { omitMissing } from '../json.js';
import type { Incident } from './incident.js';
import { MAX_COMMENT, type Text } from '../types.js';
import type { CardState, CardTriage, Triage } from './triage.js';

/** State names that people read. */
export const CARD_STATES: Readonly<Record<CardState, Text>> = {
  open: { en: 'Open', zh: '待处理' },
  acknowledged: { en: 'Acknowledged', zh: '已认领' },
  resolved: { en: 'Resolved', zh: '已解决' },
  ignored: { en: 'Ignored', zh: '已忽略' },
  merged: { en: 'Merged', zh: '已合并' },
  regressed: { en: 'Regressed', zh: '已复发' },
};

/** Largest number of annotations that a store returns, the newest first. */
export const MAX_TRIAGE = 10_000;

/**
 * Returns the key of an annotation. Every annotation is kept, but two of one person in the same millisecond are one.
 */
export function nameTriage({ incidentId, at, by }: Triage): string {
  return JSON.stringify([incidentId, at, by]);
}

/** Returns incident → its last annotation. Takes the annotations newest first, as a store returns them. */
export function listCurrentTriage(triage: readonly Triage[]): ReadonlyMap<string, Triage> {
  const latest = new Map<string, Triage>();
  for (const word of triage) if (!latest.has(word.incidentId)) latest.set(word.incidentId, word);
  return latest;
}

/** Outcomes of a job in which nobody needs to act, whatever was annotated before. */
export const OVER_OUTCOMES = ['recovered', 'canceled'] as const satisfies readonly Incident['outcome'][];

/** Parts of an incident that decide a card's state, besides the last annotation. */
export type TriagedIncident = Pick<Incident, 'outcome' | 'lastSeen'>;

export function decideCardState(
  { outcome, lastSeen }: TriagedIncident,
  triage: Triage | undefined,
  nowMs: number,
): CardState {
  if (triage?.state === 'merged') return 'merged';
  if (triage?.state === 'ignored' && (triage.until === undefined || Date.parse(triage.until) > nowMs)) return 'ignored';
  if (OVER_OUTCOMES.some((over) => over === outcome)) return 'resolved';
  if (triage?.state === 'resolved')
    return lastSeen !== undefined && Date.parse(lastSeen) > Date.parse(triage.at) ? 'regressed' : 'resolved';
  return triage?.state === 'acknowledged' ? 'acknowledged' : 'open';
}

export function describeTriage(incident: TriagedIncident, triage: Triage | undefined, nowMs: number): CardTriage {
  const state = decideCardState(incident, triage, nowMs);
  return {
    state,
    ...(triage?.state === state ? omitMissing({ by: triage.by, until: triage.until, into: triage.into }) : {}),
  };
}

/**
 * Returns why an incident cannot be the target of a merge: it is merged into another one itself. Takes its last
 * annotation.
 */
export function findMergeProblems(last: Triage | undefined): readonly string[] {
  return last?.state === 'merged' ? [`into: "${last.incidentId}" is merged into "${last.into ?? ''}" itself`] : [];
}

/** Returns what is wrong with an annotation that is to be stored, in words; empty if it is valid. */
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
