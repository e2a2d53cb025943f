// Reads and prints a duration as people write it in settings and on the command line: a number with its unit, or
// several, such as 1h30m (the form is Prometheus'), and as a reader sees it, such as 1.5 h. Pure functions.

export const DURATION_FORM = /^(\d{1,6}(ms|s|m|h|d|w))+$/;
const PART = /(\d{1,6})(ms|s|m|h|d|w)/g;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Returns milliseconds; undefined if the text is no duration. */
export function readDuration(text: string): number | undefined {
  if (!DURATION_FORM.test(text)) return undefined;
  return [...text.matchAll(PART)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? 0),
    0,
  );
}

/** Prints a duration with its two largest units: 90000 → 1m30s. */
export function printDuration(ms: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, Math.round(ms));
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNIT_MS[unit] ?? 1;
    const amount = Math.floor(rest / size);
    if (amount > 0 && parts.length < 2) parts.push(`${amount}${unit}`);
    rest -= amount * size;
  }
  return parts.length === 0 ? '0s' : parts.join('');
}

const READ_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** Rounds a duration for a reader to one digit of its largest unit: 90000 → 1.5 min. */
export function roundDuration(ms: number): string {
  const [unit, size] = READ_UNITS.find(([, unitMs]) => Math.abs(ms) >= unitMs) ?? (['ms', 1] as const);
  return size === 1 ? `${ms} ms` : `${Number((ms / size).toFixed(1))} ${unit}`;
}
