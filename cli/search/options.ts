// What commands that look into the store are told: a range of time, and whole numbers. In: the options of a command.
// Out: their values. Throws JT_USAGE. Called by search.ts, and by find.ts for incidents.
import { createError } from '../../core/errors.js';
import { omitMissing } from '../../core/json.js';
import { readMoment } from '../../core/time/moment.js';
import type { Invocation } from '../command.js';

/** Undefined where it is not given. */
export function readWhole(invocation: Invocation, name: string, command: string): number | undefined {
  const text = invocation.option(name);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text))
    throw createError('JT_USAGE', { problem: `--${name} is "${text}", but must be a whole number.`, command });
  return Number.parseInt(text, 10);
}

/** Of --since and --until: a duration back from now, or a time. */
export function readRange(invocation: Invocation, command: string): { readonly from?: string; readonly to?: string } {
  const [from, to] = ['since', 'until'].map((name) => readTime(name, invocation.option(name), command));
  return omitMissing({ from, to });
}

function readTime(name: string, text: string | undefined, command: string): string | undefined {
  if (text === undefined) return undefined;
  const time = readMoment(text, Date.now());
  if (time !== undefined) return time;
  throw createError('JT_USAGE', {
    problem: `--${name} is "${text}", but must be a duration such as 15m, 2h or 7d, or an ISO time.`,
    command,
  });
}
