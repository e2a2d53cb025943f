// Writes a moment as an ISO 8601 text in UTC, such as "2026-11-20T10:00:00.000Z". Records, documents and messages hold
// times in this form. Pure functions.

/**
 * Returns the text of a time in milliseconds since 1970, or undefined if there is no time. Throws RangeError if a date
 * cannot hold it.
 */
export function toIso(ms: number): string;
export function toIso(ms: number | undefined): string | undefined;
export function toIso(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** Returns the time that a text means, in UTC; the text itself if it is no time, so that a check can name it. */
export function normalizeTime(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : toIso(ms);
}
