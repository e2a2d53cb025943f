// Routes a card in a list of steps. The first steps find the receivers when a card is written. The other steps may hold
// the card back and run again before each try to send it. Each step records a named reason. Takes settings, the labels
// of a card, a time, silences and annotations; returns paths with reasons. Pure functions.
import type { CardLabels } from '../../core/config/route.js';
import { decideCardState, type TriagedIncident } from '../../core/documents/card-state.js';
import type { Triage } from '../../core/documents/triage.js';
import { printDuration } from '../../core/time/duration.js';
import type { TimeInterval } from './interval.js';
import { findMisfit, type Matcher } from './matchers.js';
import { tryTree, type RouteNode } from './tree.js';

export type PathReason =
  | 'no-routes'
  | 'matched'
  | 'no-child-matched'
  | 'no-receiver'
  | 'said-by-another-route'
  | 'unacknowledged-after'
  | 'outside-active-time'
  | 'within-mute-time'
  | 'silenced'
  | 'acknowledged'
  | 'resolved'
  | 'ignored'
  | 'merged';

/** One path of a card to one receiver. */
export interface Path {
  /** Name of the receiver; empty if the route has none. */
  readonly receiver: string;
  readonly node: RouteNode;
  /**
   * State of the path. `goes`: the card is sent. `held`: it waits until the reason ends. `dropped`: it is not sent on
   * this path.
   */
  readonly state: 'goes' | 'held' | 'dropped';
  /** Milliseconds that the path waits for somebody to acknowledge the card; undefined: no wait. */
  readonly escalatesAfterMs?: number;
  /** Reasons in the order of the steps. */
  readonly reasons: readonly { readonly reason: PathReason; readonly about: string }[];
}

/** Parts of a silence that routing needs. The store also has its creator and times. */
export interface ActiveSilence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/** Message on its path. */
export interface RoutedMessage {
  readonly labels: CardLabels;
  /** Facts about the incident of a waiting message. They decide whether an annotation holds the message back. */
  readonly annotations?: IncidentAnnotations | undefined;
}

export interface IncidentAnnotations extends TriagedIncident {
  readonly incidentId: string;
  readonly reason: string;
}

/** Context of routing: everything besides the card that decides. */
export interface RoutingContext {
  readonly tree: RouteNode;
  readonly intervals: ReadonlyMap<string, TimeInterval>;
  readonly silences: readonly ActiveSilence[];
  /** Last annotation of each incident that has any. */
  readonly triage: ReadonlyMap<string, Triage>;
}

type Step = (paths: readonly Path[], message: RoutedMessage, context: RoutingContext, nowMs: number) => readonly Path[];

const FIND: readonly Step[] = [followTree, nameReceivers, addEscalation, dropDuplicates];
const HOLD: readonly Step[] = [holdOutsideActiveTime, holdWithinMuteTime, holdSilenced, holdTriaged];

/** Finds the paths of a card and checks whether it would be sent now. */
export function routeCard(labels: CardLabels, context: RoutingContext, nowMs: number): readonly Path[] {
  return run([...FIND, ...HOLD], [], { labels }, context, nowMs);
}

/** Finds the paths of a card, whenever it will be sent. */
export function findPaths(labels: CardLabels, context: RoutingContext): readonly Path[] {
  return run(FIND, [], { labels }, context, 0).filter(({ state }) => state === 'goes');
}

/** Checks a path before its message is sent: returns the path with the reason that holds it, or unchanged. */
export function holdPath(path: Path, message: RoutedMessage, context: RoutingContext, nowMs: number): Path {
  return run(HOLD, [path], message, context, nowMs)[0] ?? path;
}

function run(
  steps: readonly Step[],
  paths: readonly Path[],
  message: RoutedMessage,
  context: RoutingContext,
  nowMs: number,
): readonly Path[] {
  return steps.reduce((found, step) => step(found, message, context, nowMs), paths);
}

/** Makes one path for each node of the tree that the card reaches. */
function followTree(_: readonly Path[], { labels }: RoutedMessage, { tree }: RoutingContext): readonly Path[] {
  return tryTree(tree, labels)
    .filter(({ isReached }) => isReached)
    .map(({ node }) => {
      const reason: PathReason =
        node !== tree ? 'matched' : node.routes.length === 0 ? 'no-routes' : 'no-child-matched';
      return { receiver: '', node, state: 'goes', reasons: [{ reason, about: node.place }] };
    });
}

/** Makes one path for each receiver of a node. */
function nameReceivers(paths: readonly Path[]): readonly Path[] {
  return paths.flatMap((path) =>
    path.node.receivers.length === 0
      ? [stop(path, 'dropped', 'no-receiver', path.node.place)]
      : path.node.receivers.map((receiver) => ({ ...path, receiver })),
  );
}

/** Adds paths to the receivers that are notified later, if nobody acknowledges the card. */
function addEscalation(paths: readonly Path[]): readonly Path[] {
  const nodes = new Set(paths.filter(({ state }) => state === 'goes').map(({ node }) => node));
  const later = [...nodes].flatMap((node) =>
    node.escalation.flatMap(({ afterMs, receivers }) =>
      receivers.map((receiver): Path => {
        const about = `${printDuration(afterMs)}, ${node.place}`;
        return {
          receiver,
          node,
          state: 'goes',
          escalatesAfterMs: afterMs,
          reasons: [{ reason: 'unacknowledged-after', about }],
        };
      }),
    ),
  );
  return [...paths, ...later];
}

/** Drops repeated paths to the same receiver, which `continue` may cause. The first one notifies it. */
function dropDuplicates(paths: readonly Path[]): readonly Path[] {
  return paths.map((path, index) => {
    const first = paths.slice(0, index).find(({ state, receiver }) => state === 'goes' && receiver === path.receiver);
    return first === undefined || path.state !== 'goes'
      ? path
      : stop(path, 'dropped', 'said-by-another-route', first.node.place);
  });
}

function holdOutsideActiveTime(
  paths: readonly Path[],
  _: RoutedMessage,
  { intervals }: RoutingContext,
  nowMs: number,
): readonly Path[] {
  return each(paths, ({ node }) => {
    const active = listIntervals(node.activeTimeIntervals, intervals);
    return active.length === 0 || active.some((interval) => interval.isWithin(nowMs))
      ? undefined
      : ['outside-active-time', node.activeTimeIntervals.join(', ')];
  });
}

function holdWithinMuteTime(
  paths: readonly Path[],
  _: RoutedMessage,
  { intervals }: RoutingContext,
  nowMs: number,
): readonly Path[] {
  return each(paths, ({ node }) => {
    const muted = listIntervals(node.muteTimeIntervals, intervals).find((interval) => interval.isWithin(nowMs));
    return muted === undefined ? undefined : ['within-mute-time', muted.name];
  });
}

function holdSilenced(
  paths: readonly Path[],
  { labels }: RoutedMessage,
  { silences }: RoutingContext,
  nowMs: number,
): readonly Path[] {
  if (silences.length === 0) return paths;
  const silence = silences.find(
    ({ matchers, startsAtMs, endsAtMs }) =>
      startsAtMs <= nowMs && nowMs < endsAtMs && findMisfit(matchers, labels) === undefined,
  );
  return each(paths, () => (silence === undefined ? undefined : ['silenced', silence.id]));
}

/** Reasons of messages that are of no use once somebody works on the incident. */
const CALLS: readonly string[] = ['unacknowledged', 'still-failing'];

function holdTriaged(
  paths: readonly Path[],
  { annotations }: RoutedMessage,
  { triage }: RoutingContext,
  nowMs: number,
): readonly Path[] {
  const word = annotations === undefined ? undefined : triage.get(annotations.incidentId);
  if (annotations === undefined || word === undefined) return paths;
  const state = decideCardState(annotations, word, nowMs);
  if (state === 'open' || state === 'regressed') return paths;
  const isHeld = state === 'ignored' || state === 'merged' || CALLS.includes(annotations.reason);
  return each(paths, () => (isHeld ? [state, word.by] : undefined));
}

function each(
  paths: readonly Path[],
  findReason: (path: Path) => readonly [reason: PathReason, about: string] | undefined,
): readonly Path[] {
  return paths.map((path) => {
    const found = path.state === 'goes' ? findReason(path) : undefined;
    return found === undefined ? path : stop(path, 'held', ...found);
  });
}

function stop(path: Path, state: Path['state'], reason: PathReason, about: string): Path {
  return { ...path, state, reasons: [...path.reasons, { reason, about }] };
}

/** Lists the intervals of these names. Names that the settings do not define any more have no effect. */
function listIntervals(
  names: readonly string[],
  intervals: ReadonlyMap<string, TimeInterval>,
): readonly TimeInterval[] {
  return names.map((name) => intervals.get(name)).filter((interval) => interval !== undefined);
}
