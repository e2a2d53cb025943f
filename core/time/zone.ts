// Finds the time zone of this machine, as an IANA name, for settings that leave the zone of time stamps open, and names
// the offset of a clock. On a machine in UTC it does not load the tables of all zones.

/** Returns the given zone unchanged, or the IANA name of this machine's zone if none is given. */
export function findZone(given: string): string {
  if (given !== '') return given;
  return isAlwaysUtc() ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Names the offset of a clock that is so many minutes ahead of UTC, such as "UTC+08:00". */
export function nameOffset(aheadMinutes: number): string {
  const minutes = Math.abs(aheadMinutes);
  const [hours, rest] = [Math.floor(minutes / 60), Math.floor(minutes % 60)].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `UTC${aheadMinutes < 0 ? '-' : '+'}${hours ?? ''}:${rest ?? ''}`;
}

/** True if this machine is always in UTC, as most servers are. The check does not load the tables of all zones. */
function isAlwaysUtc(): boolean {
  const year = new Date().getFullYear();
  return [0, 3, 6, 9].every((month) => new Date(year, month).getTimezoneOffset() === 0);
}
