// Reads a time in the past, as people write it on the command line and in questions to assistants: a duration before
// now (15m, 2h, 7d), or an ISO time. Pure functions.
import { toIso } from './iso.js';
import { readDuration } from './duration.js';

/** Returns the time in ISO 8601, UTC; undefined if the text is neither form. */
export function readMoment(text: string, nowMs: number): string | undefined {
  const duration = readDuration(text.replaceAll(' ', ''));
  const time = duration === undefined ? Date.parse(text) : nowMs - duration;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : toIso(date.getTime());
}
