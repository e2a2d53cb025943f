// The tree of routes: settings → nodes that have inherited what they do not say, and which of them a card reaches. As
// in Alertmanager (dispatch/route.go): depth first, the first child that matches ends it unless it says `continue`, and
// a node of which no child matches is reached itself. Pure.
import type { CardLabels, EscalationSettings, RouteLabel, RouteSettings } from '../../core/config/rows/route.js';
import { readDuration } from '../../core/time/duration.js';
import { findMisfit, parseMatchers, toList, type Matcher } from './matchers.js';

export interface RouteNode {
  /** Where it stands in the settings, e.g. `route.routes[0]`. */
  readonly place: string;
  readonly receivers: readonly string[];
  readonly matchers: readonly Matcher[];
  readonly continues: boolean;
  readonly groupBy: readonly RouteLabel[];
  readonly groupWaitMs: number;
  /** Undefined: said once more, after `notify.stillFailingAfterMs`. */
  readonly repeatIntervalMs: number | undefined;
  /** The earliest first. */
  readonly escalation: readonly Escalation[];
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  readonly routes: readonly RouteNode[];
}

/** Who hears of a card that nobody has acknowledged by then. */
export interface Escalation {
  readonly afterMs: number;
  readonly receivers: readonly string[];
}

/** What was asked of one node. */
export interface RouteTrial {
  readonly node: RouteNode;
  /** The matcher that does not fit; undefined: the node matches. */
  readonly misfit: Matcher | undefined;
  /** The card goes by this node. */
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

/** Without any route all receivers hear of everything. */
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

/** The schema has accepted the duration. */
function readEscalation({ after, receiver }: EscalationSettings): Escalation {
  return { afterMs: readDuration(after) ?? 0, receivers: toList(receiver) };
}

function byTime(left: Escalation, right: Escalation): number {
  return left.afterMs - right.afterMs;
}

/** Every node that was asked, in this order; those that are reached are where the card goes. */
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
