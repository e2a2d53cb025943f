// The pipeline at work in a notifier: where an incident's card goes, where an alert that came in goes, and what holds a
// message that waits. It joins settings, teams and the silences of the moment; the steps stand in pipeline.ts.
import type { CardLabels, RouteSettings, TeamSettings, TimeIntervalSettings } from '../../core/config/rows/route.js';
import type { ReceiverSettings } from '../../core/config/rows/receiver.js';
import type { Log } from '../../core/log.js';
import type { Incident } from '../../core/types.js';
import type { SilenceStore } from '../../store/store.js';
import type { Subject } from '../decide.js';
import type { InboundAlert } from '../forward.js';
import type { Payload } from '../payload.js';
import { labelAlert, labelIncident } from './labels.js';
import { createSilences } from './silences.js';
import { findPaths, holdPath, type Path, type RoutingScene } from './pipeline.js';
import { readScene } from './scene.js';
import type { RouteNode } from './tree.js';

/** What routes go by, beside the receivers. */
export interface RoutingOptions {
  readonly route: RouteSettings;
  readonly timeIntervals: readonly TimeIntervalSettings[];
  readonly teams: readonly TeamSettings[];
}

export interface RouterOptions {
  readonly receivers: readonly ReceiverSettings[];
  readonly routing: RoutingOptions | undefined;
  readonly store: Pick<SilenceStore, 'findSilences'>;
  readonly log: Log;
  readonly now: () => number;
}

export interface Router {
  readonly root: RouteNode;
  /** Looks for new and ended silences again, where that was long ago. */
  refresh(): Promise<void>;
  /** By the name of the receiver. */
  routeIncident(incident: Incident, subject: Subject): RoutedCard;
  /** `jobs`: what an alert that came in calls the job. */
  labelAlert(alert: InboundAlert, jobs: readonly string[]): CardLabels;
  /** True where an alert with these labels goes to this receiver. */
  takesAlert(labels: CardLabels, receiver: string): boolean;
  /** The path of a waiting message with what holds it; undefined when nothing does. */
  findHold(payload: Payload, receiver: string): Path | undefined;
}

export interface RoutedCard {
  readonly labels: CardLabels;
  readonly nodes: ReadonlyMap<string, RouteNode>;
}

/** Of a card that is about nothing. */
export const NO_LABELS: CardLabels = { team: [], cluster: [], job: [], severity: [], cause: [], owner: [] };
const NO_ROUTES: RoutingOptions = { route: {}, timeIntervals: [], teams: [] };

export function createRouter({ receivers, routing = NO_ROUTES, store, log, now }: RouterOptions): Router {
  const settings = readScene({ ...routing, receivers: receivers.map(({ name }) => name) });
  const silences = createSilences(store, log, now);
  // A message is asked about many times while it waits, and its labels never change.
  const known = new WeakMap<Payload, Path | 'none'>();
  const scene = (): RoutingScene => ({ ...settings, silences: silences.list() });
  return {
    root: settings.tree,
    refresh: () => silences.refresh(),
    routeIncident(incident, subject) {
      const labels = labelIncident(incident, subject, routing.teams);
      return { labels, nodes: new Map(findPaths(labels, scene()).map(({ receiver, node }) => [receiver, node])) };
    },
    labelAlert: (alert, jobs) => labelAlert(alert, jobs, routing.teams),
    takesAlert: (labels, name) => findPaths(labels, scene()).some(({ receiver }) => receiver === name),
    findHold(payload, name) {
      const { labels } = payload;
      if (labels === undefined || (settings.intervals.size === 0 && silences.list().length === 0)) return undefined;
      const path = known.get(payload) ?? findPaths(labels, scene()).find(({ receiver }) => receiver === name) ?? 'none';
      known.set(payload, path);
      if (path === 'none') return undefined;
      const held = holdPath(path, labels, scene(), now());
      return held.state === 'held' ? held : undefined;
    },
  };
}

/** What is said of one group at once goes out as one message. */
export function renderGroup(reason: string, labels: CardLabels, groupBy: RouteNode['groupBy']): string {
  return [reason, ...groupBy.map((label) => labels[label][0] ?? '')].join('|');
}
