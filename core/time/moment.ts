// A moment as people write it where they ask about the past: a duration back from now (15m, 2h, 7d), or an ISO time.
// Pure; the command line and the tools of assistants call it.
import { readDuration } from './duration.js';

/** As ISO 8601 in UTC. Undefined: neither of the two. */
export function readMoment(text: string, nowMs: number): string | undefined {
  const duration = readDuration(text.replaceAll(' ', ''));
  const time = duration === undefined ? Date.parse(text) : nowMs - duration;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
