// Defines a silence: it suppresses notifications of matching cards for a while and has an end, a creator and a comment.
// The fields and the states are Alertmanager's. The stores keep silences, the API and the command line create and
// expire them, and notify applies them. Pure functions.
import { toIso } from '../time/iso.js';
import { ROUTE_LABELS, type Silence } from './silence.js';

export const SILENCE_STATES = ['pending', 'active', 'expired'] as const;
export type SilenceState = (typeof SILENCE_STATES)[number];

/** Largest number of silences that a store returns. */
export const MAX_SILENCES = 10_000;

export function stateOfSilence({ startsAt, endsAt }: Silence, nowMs: number): SilenceState {
  if (Date.parse(endsAt) <= nowMs) return 'expired';
  return Date.parse(startsAt) > nowMs ? 'pending' : 'active';
}

/** Returns what is wrong with a silence that is to be stored, in words; empty if it is valid. */
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

/** True if the patterns do not match everything, so that nobody silences all cards by mistake. */
function isNarrow(patterns: string | readonly string[] | undefined): boolean {
  const list = patterns === undefined ? [] : typeof patterns === 'string' ? [patterns] : patterns;
  return list.length > 0 && list.every((pattern) => !/^(\*|!.*|)$/.test(pattern));
}

/**
 * Ends a silence now and keeps it for the record. A pending silence becomes one that never was active. Returns
 * undefined if it is expired already.
 */
export function expireSilence(silence: Silence, nowMs: number): Silence | undefined {
  const state = stateOfSilence(silence, nowMs);
  if (state === 'expired') return undefined;
  const endsAt = toIso(nowMs);
  return { ...silence, startsAt: state === 'pending' ? endsAt : silence.startsAt, endsAt };
}
