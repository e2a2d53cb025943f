// Reads options of commands that query the store: a time range and whole numbers. Takes the options of a command;
// returns their values. Throws JT_USAGE.
import { createError } from '../../core/errors.js';
import { omitMissing } from '../../core/json.js';
import { readMoment } from '../../core/time/moment.js';
import type { Invocation } from '../command.js';

/** Returns a whole number; undefined if the option is not given. */
export function readWhole(invocation: Invocation, name: string, command: string): number | undefined {
  const text = invocation.option(name);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text))
    throw createError('JT_USAGE', { problem: `--${name} is "${text}", but must be a whole number.`, command });
  return Number.parseInt(text, 10);
}

/** Returns the range of --since and --until: each is a duration back from now, or a time. */
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
