// A moment at which somebody says that a job failed (an alert, a question) → where the incident that is meant may
// stand, and how far one stands from it. Called by the notifier for alerts that come in, and by the API. Pure.
import type { Incident } from '../types.js';

/** An alert's rule may look back over some time, and the log may come later than the alert. */
const BEFORE_MS = 3_600_000;
const AFTER_MS = 600_000;

/** The range in which an incident may be meant by a moment, or by a span that begins with it. */
export function rangeAround(atMs: number, untilMs = atMs): { readonly from: string; readonly to: string } {
  return {
    from: new Date(atMs - BEFORE_MS).toISOString(),
    to: new Date(Math.max(atMs, untilMs) + AFTER_MS).toISOString(),
  };
}

/** Milliseconds between a moment and an incident; 0 while it lasts. */
export function measureDistance(
  { firstSeen, lastSeen }: Pick<Incident, 'firstSeen' | 'lastSeen'>,
  atMs: number,
): number {
  const [first, last] = [Date.parse(firstSeen ?? ''), Date.parse(lastSeen ?? firstSeen ?? '')];
  return atMs < first ? first - atMs : atMs > last ? atMs - last : 0;
}

/** True while nothing says that it is over. */
export function isOpen({ outcome }: Pick<Incident, 'outcome'>): boolean {
  return outcome === 'failing' || outcome === 'failed' || outcome === 'silent';
}
