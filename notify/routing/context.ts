// Builds the routing context from the settings, and finds everything that is wrong with them at once. A notifier and
// "jobtrace receivers route" use it.
import type { RouteSettings, TimeIntervalSettings } from '../../core/config/route.js';
import { findNearest } from '../../core/text/nearest.js';
import { findIntervalProblems, parseIntervals } from './interval.js';
import { toList } from './matchers.js';
import type { RoutingContext } from './pipeline.js';
import { buildTree } from './tree.js';

export interface RoutingSettings {
  readonly route: RouteSettings;
  readonly timeIntervals: readonly TimeIntervalSettings[];
  /** Names of the receivers. */
  readonly receivers: readonly string[];
}

/** Builds the context without silences and annotations, because these change at run time. */
export function createRoutingContext({
  route,
  receivers,
  timeIntervals,
}: RoutingSettings): Omit<RoutingContext, 'silences' | 'triage'> {
  return { tree: buildTree(route, receivers), intervals: parseIntervals(timeIntervals) };
}

/** Lists problems with the name and place of the setting; empty if there are none. */
export function findRoutingProblems({ route: root, receivers, timeIntervals }: RoutingSettings): readonly string[] {
  const intervals = [...new Set(timeIntervals.map(({ name }) => name))];
  return [
    ...findRootProblems(root),
    ...listRoutes(root, 'route').flatMap(({ route, place }) => [
      ...findUndefinedNames('receiver', toList(route.receiver ?? []), receivers, place),
      ...(route.escalation ?? []).flatMap(({ receiver }, index) =>
        findUndefinedNames('receiver', toList(receiver), receivers, `${place}.escalation[${index}]`),
      ),
      ...findUndefinedNames('time interval', route.muteTimeIntervals ?? [], intervals, place),
      ...findUndefinedNames('time interval', route.activeTimeIntervals ?? [], intervals, place),
    ]),
    ...timeIntervals.flatMap((interval) =>
      findIntervalProblems(interval).map((problem) => `notify.timeIntervals: of "${interval.name}" ${problem}`),
    ),
  ];
}

/**
 * Finds problems of the root. It takes all cards that no other route takes, so it must match everything at any time.
 */
function findRootProblems(root: RouteSettings): readonly string[] {
  if (Object.keys(root).length === 0) return [];
  const banned = (['matchers', 'continue', 'muteTimeIntervals', 'activeTimeIntervals'] as const)
    .filter((key) => root[key] !== undefined)
    .map((key) => `notify.route: the root takes everything, so it has no ${key}; put it on one of its routes`);
  const missing =
    root.receiver === undefined
      ? ['notify.route: the root needs a receiver for everything that no other route matches ([] = none)']
      : [];
  return [...banned, ...missing];
}

function listRoutes(
  route: RouteSettings,
  place: string,
): readonly { readonly route: RouteSettings; readonly place: string }[] {
  const below = (route.routes ?? []).flatMap((child, index) => listRoutes(child, `${place}.routes[${index}]`));
  return [{ route, place }, ...below];
}

function findUndefinedNames(
  what: string,
  names: readonly string[],
  known: readonly string[],
  place: string,
): readonly string[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const nearest = findNearest(name, known);
      return `notify.${place}: there is no ${what} "${name}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`;
    });
}
