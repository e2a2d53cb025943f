// A moment as people write it where they ask about the past: a duration back from now (15m, 2h, 7d), or an ISO time.
// Pure; the command line and the tools of assistants call it.

const DURATION = /^(\d{1,9})\s*(ms|s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** As ISO 8601 in UTC. Undefined: neither of the two. */
export function readMoment(text: string, nowMs: number): string | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  const time =
    amount === undefined || unit === undefined
      ? Date.parse(text)
      : nowMs - Number.parseInt(amount, 10) * (UNIT_MS[unit] ?? 0);
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
