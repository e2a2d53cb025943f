// Compares the matchers of routes and silences with the labels of a card. A label may have several values (a job its id
// and its name). A missing label counts as an empty text, as in Prometheus. Pure functions.
import { ROUTE_LABELS, type MatcherSettings, type RouteLabel } from '../../core/documents/silence.js';
import { type CardLabels } from '../../core/config/route.js';
import { fitsGlob, parseGlob, type Glob } from '../../core/text/glob.js';

export interface Matcher {
  readonly label: RouteLabel;
  /** Patterns of which one must match one value; empty: any value matches. */
  readonly wanted: readonly Glob[];
  /** Patterns of which none may match any value. */
  readonly unwanted: readonly Glob[];
  /** Text of the matcher, as people wrote it. */
  readonly text: string;
}

export function parseMatchers(settings: MatcherSettings): readonly Matcher[] {
  return ROUTE_LABELS.flatMap((label) => {
    const value = settings[label];
    if (value === undefined) return [];
    const patterns = toList(value);
    return [
      {
        label,
        wanted: patterns.filter((pattern) => !pattern.startsWith('!')).map(parseGlob),
        unwanted: patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => parseGlob(pattern.slice(1))),
        text: `${label}=${patterns.join(',')}`,
      },
    ];
  });
}

/** Returns the first matcher that does not match; undefined if all match. */
export function findMisfit(matchers: readonly Matcher[], labels: CardLabels): Matcher | undefined {
  return matchers.find((matcher) => !isFit(matcher, labels[matcher.label]));
}

function isFit({ wanted, unwanted }: Matcher, values: readonly string[]): boolean {
  const given = values.length === 0 ? [''] : values;
  const fits = (glob: Glob): boolean => given.some((value) => fitsGlob(glob, value));
  return (wanted.length === 0 || wanted.some(fits)) && !unwanted.some(fits);
}

export function printMatchers(matchers: readonly Matcher[]): string {
  return matchers.map(({ text }) => text).join(' ');
}

export function toList(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}
