// Computes the time range of the incidents that a reported time (an alert, a question) may refer to, and the distance
// of an incident from that time. Pure functions.
import { toIso } from './iso.js';
import type { Incident } from '../documents/incident.js';

/**
 * Milliseconds before and after the reported time. An alert rule may cover some time, and the log may arrive
 * later than the alert.
 */
const BEFORE_MS = 3_600_000;
const AFTER_MS = 600_000;

/** Returns the range of incidents that may belong to a time, or to a span that begins with it. */
export function rangeAround(atMs: number, untilMs = atMs): { readonly from: string; readonly to: string } {
  return {
    from: toIso(atMs - BEFORE_MS),
    to: toIso(Math.max(atMs, untilMs) + AFTER_MS),
  };
}

/** Returns the milliseconds between a time and an incident; 0 within the incident. */
export function measureDistance(
  { firstSeen, lastSeen }: Pick<Incident, 'firstSeen' | 'lastSeen'>,
  atMs: number,
): number {
  const [first, last] = [Date.parse(firstSeen ?? ''), Date.parse(lastSeen ?? firstSeen ?? '')];
  return atMs < first ? first - atMs : atMs > last ? atMs - last : 0;
}

/** True if the outcome does not say that the incident is over. */
export function isOpen({ outcome }: Pick<Incident, 'outcome'>): boolean {
  return outcome === 'failing' || outcome === 'failed' || outcome === 'silent';
}
