// A silence: what somebody does not want to hear of for a while, with an end, a name and a reason. The fields and the
// states are Alertmanager's. The stores keep them, the API and the command line make and end them, notify asks. Pure.
import { ROUTE_LABELS, type MatcherSettings } from '../config/rows/route.js';

export interface Silence {
  readonly id: string;
  /** All must fit, as those of a route. */
  readonly matchers: MatcherSettings;
  /** ISO times; the end is not included. */
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  /** Why. */
  readonly comment: string;
}

export const SILENCE_STATES = ['pending', 'active', 'expired'] as const;
export type SilenceState = (typeof SILENCE_STATES)[number];

/** A store gives at most so many. */
export const MAX_SILENCES = 10_000;

export function stateOfSilence({ startsAt, endsAt }: Silence, nowMs: number): SilenceState {
  if (Date.parse(endsAt) <= nowMs) return 'expired';
  return Date.parse(startsAt) > nowMs ? 'pending' : 'active';
}

/** What is wrong with one that is to be kept, in words; empty when nothing. */
export function findSilenceProblems(silence: Silence, nowMs: number): readonly string[] {
  const { matchers, startsAt, endsAt, createdBy, comment } = silence;
  const [start, end] = [Date.parse(startsAt), Date.parse(endsAt)];
  const problems: readonly (readonly [boolean, string])[] = [
    [!ROUTE_LABELS.some((label) => isNarrow(matchers[label])), 'matchers: at least one must name something but "*"'],
    [Number.isNaN(start), `startsAt is "${startsAt}", which is no ISO time`],
    [Number.isNaN(end), `endsAt is "${endsAt}", which is no ISO time`],
    [end <= start, 'endsAt must be after startsAt'],
    [end <= nowMs, 'endsAt is over already'],
    [createdBy.trim() === '', 'createdBy must say who wants it'],
    [comment.trim() === '', 'comment must say why'],
  ];
  return problems.filter(([isWrong]) => isWrong).map(([, problem]) => problem);
}

/** Lest everything is silenced by mistake. */
function isNarrow(patterns: string | readonly string[] | undefined): boolean {
  const list = patterns === undefined ? [] : typeof patterns === 'string' ? [patterns] : patterns;
  return list.length > 0 && list.every((pattern) => !/^(\*|!.*|)$/.test(pattern));
}

/** It is kept for the record; one that had not begun never was. Undefined: it is over already. */
export function expireSilence(silence: Silence, nowMs: number): Silence | undefined {
  const state = stateOfSilence(silence, nowMs);
  if (state === 'expired') return undefined;
  const endsAt = new Date(nowMs).toISOString();
  return { ...silence, startsAt: state === 'pending' ? endsAt : silence.startsAt, endsAt };
}
