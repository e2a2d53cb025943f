// Formats times as the page shows them, in the zone that the reader has chosen, and finds the time at the start of a
// line. Pure functions.
import { toIso } from '../../../../core/time/iso.ts';
import { nameOffset } from '../../../../core/time/zone.ts';

/** Zones for display. `log` is the clock of the cluster, if the line contains its time. */
export const ZONES = ['browser', 'utc', 'log'] as const;
export type Zone = (typeof ZONES)[number];

/** Formats a time as "2026-11-20 18:00:00.000". A time without a logged form is shown in the browser's zone. */
export function writeTime(value: string, shown: Zone): string {
  const time = new Date(value);
  const local = shown === 'utc' ? time : new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return Number.isNaN(time.getTime()) ? value : toIso(local.getTime()).slice(0, 23).replace('T', ' ');
}

/** Returns the offset of the zone at that time, such as "UTC+08:00" or "UTC". */
export function nameZone(shown: Zone, value: string): string {
  const minutes = shown === 'utc' ? 0 : -new Date(value).getTimezoneOffset();
  return minutes === 0 ? 'UTC' : nameOffset(minutes);
}

/** Returns the time at the start of a line, in any common layout. */
export function readStamp(line: string): string | undefined {
  return /^\W?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)[.,](\d{3})/
    .exec(line)
    ?.slice(1)
    .join(' ')
    .replace(/ (?=\d{3}$)/, '.');
}
