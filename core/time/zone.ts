// The time zone of this machine, for where settings leave the zone of time stamps open. In: nothing. Out: an IANA name,
// found without loading the tables of all zones where the machine is on UTC.

/** An IANA name; a zone that is given is used as it is. */
export function findZone(given: string): string {
  if (given !== '') return given;
  return isAlwaysUtc() ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** True on most servers; the tables of all zones need not be loaded for it. */
function isAlwaysUtc(): boolean {
  const year = new Date().getFullYear();
  return [0, 3, 6, 9].every((month) => new Date(year, month).getTimezoneOffset() === 0);
}
