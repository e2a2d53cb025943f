// Builds the tree of routes with inherited values, and finds the nodes that a card reaches. The rules are those of
// Alertmanager (dispatch/route.go): depth first; the first matching child ends the search unless it says `continue`; a
// node without a matching child is reached itself. Pure functions.
import type { RouteLabel } from '../../core/documents/silence.js';
import type { CardLabels, EscalationSettings, RouteSettings } from '../../core/config/route.js';
import { readDuration } from '../../core/time/duration.js';
import { findMisfit, parseMatchers, toList, type Matcher } from './matchers.js';

export interface RouteNode {
  /** Path of the node in the settings, e.g. `route.routes[0]`. */
  readonly place: string;
  readonly receivers: readonly string[];
  readonly matchers: readonly Matcher[];
  readonly continues: boolean;
  readonly groupBy: readonly RouteLabel[];
  readonly groupWaitMs: number;
  /** Interval of repetition; undefined: one repetition after `notify.stillFailingAfterMs`. */
  readonly repeatIntervalMs: number | undefined;
  /** Escalations, the earliest first. */
  readonly escalation: readonly Escalation[];
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  readonly routes: readonly RouteNode[];
}

/** Receivers that are notified of a card if nobody has acknowledged it by then. */
export interface Escalation {
  readonly afterMs: number;
  readonly receivers: readonly string[];
}

/** Result of testing one node. */
export interface RouteTrial {
  readonly node: RouteNode;
  /** Matcher that does not match; undefined if the node matches. */
  readonly misfit: Matcher | undefined;
  /** True if the card takes this node. */
  readonly isReached: boolean;
}

const ROOT: Omit<RouteNode, 'place' | 'matchers' | 'continues' | 'routes'> = {
  receivers: [],
  groupBy: ['cause', 'cluster'],
  groupWaitMs: 0,
  repeatIntervalMs: undefined,
  escalation: [],
  muteTimeIntervals: [],
  activeTimeIntervals: [],
};

/** Builds the tree. Without any route all receivers are notified of everything. */
export function buildTree(settings: RouteSettings, receivers: readonly string[]): RouteNode {
  return buildNode(settings, 'route', { ...ROOT, receivers });
}

function buildNode(settings: RouteSettings, place: string, parent: typeof ROOT): RouteNode {
  const { receiver, groupBy, groupWait, repeatInterval, escalation } = settings;
  const inherited = {
    receivers: receiver === undefined ? parent.receivers : toList(receiver),
    groupBy: groupBy ?? parent.groupBy,
    groupWaitMs: (groupWait === undefined ? undefined : readDuration(groupWait)) ?? parent.groupWaitMs,
    repeatIntervalMs:
      (repeatInterval === undefined ? undefined : readDuration(repeatInterval)) ?? parent.repeatIntervalMs,
    escalation: escalation === undefined ? parent.escalation : escalation.map(readEscalation).sort(byTime),
    muteTimeIntervals: settings.muteTimeIntervals ?? [],
    activeTimeIntervals: settings.activeTimeIntervals ?? [],
  };
  return {
    ...inherited,
    place,
    matchers: parseMatchers(settings.matchers ?? {}),
    continues: settings.continue ?? false,
    routes: (settings.routes ?? []).map((child, index) => buildNode(child, `${place}.routes[${index}]`, inherited)),
  };
}

/** Reads an escalation. The schema has accepted its duration. */
function readEscalation({ after, receiver }: EscalationSettings): Escalation {
  return { afterMs: readDuration(after) ?? 0, receivers: toList(receiver) };
}

function byTime(left: Escalation, right: Escalation): number {
  return left.afterMs - right.afterMs;
}

/** Lists every node that was tested, in order. The card goes to those that are reached. */
export function tryTree(node: RouteNode, labels: CardLabels): readonly RouteTrial[] {
  const misfit = findMisfit(node.matchers, labels);
  if (misfit !== undefined) return [{ node, misfit, isReached: false }];
  const below: RouteTrial[] = [];
  for (const child of node.routes) {
    const trials = tryTree(child, labels);
    for (const trial of trials) below.push(trial);
    if (trials[0]?.misfit === undefined && !child.continues) break;
  }
  return [{ node, misfit: undefined, isReached: below.every(({ isReached }) => !isReached) }, ...below];
}

export function listNodes(node: RouteNode): readonly RouteNode[] {
  return [node, ...node.routes.flatMap(listNodes)];
}
