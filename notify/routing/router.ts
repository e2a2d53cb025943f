// Runs the pipeline in a notifier: finds the receivers of an incident's card and of an incoming alert, and the reason
// that holds a waiting message back. It combines settings, teams, silences and annotations; pipeline.ts has the steps.
import { toIso } from '../../core/time/iso.js';
import type { CardLabels, RouteSettings, TeamSettings, TimeIntervalSettings } from '../../core/config/route.js';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { omitMissing } from '../../core/json.js';
import type { Log } from '../../core/log.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Alert } from '../../core/documents/alert.js';
import type { Collections } from '../../store/store.js';
import type { Subject } from '../decide/subject.js';
import type { InboundAlert } from '../card/forward.js';
import type { Payload } from '../card/payload.js';
import { labelAlert, labelIncident } from './labels.js';
import { createCachedPoller } from './cached-poller.js';
import { findPaths, holdPath, type Path, type RoutingContext, type IncidentAnnotations } from './pipeline.js';
import { readSilences, readTriage } from './annotations.js';
import { createRoutingContext } from './context.js';
import type { RouteNode } from './tree.js';

/** Settings for routing, besides the receivers. */
export interface RoutingOptions {
  readonly route: RouteSettings;
  readonly timeIntervals: readonly TimeIntervalSettings[];
  readonly teams: readonly TeamSettings[];
}

export interface RouterOptions {
  readonly receivers: readonly ReceiverSettings[];
  readonly routing: RoutingOptions | undefined;
  readonly store: Pick<Collections, 'silences' | 'triage'>;
  readonly log: Log;
  readonly now: () => number;
}

export interface Router {
  readonly root: RouteNode;
  /** Reads silences and annotations again if the last read was long ago. */
  refresh(): Promise<void>;
  /** Routes an incident; the paths are keyed by the name of the receiver. */
  routeIncident(incident: Incident, subject: Subject): RoutedCard;
  /** Derives the labels of an incoming alert. `jobs`: ids and names of the job in the alert. */
  labelAlert(alert: InboundAlert, jobs: readonly string[]): CardLabels;
  /** True if an alert with these labels is sent to this receiver. */
  takesAlert(labels: CardLabels, receiver: string): boolean;
  /** True for an incident that is merged into another one or ignored forever. Nobody is notified of it any more. */
  isLeftAlone(incidentId: string): boolean;
  /** Returns the path of a waiting message with the reason that holds it; undefined if nothing does. */
  findHold(row: { readonly alert: Alert; readonly payload: Payload }): Path | undefined;
}

export interface RoutedCard {
  readonly labels: CardLabels;
  /** Paths by the name of their receiver. */
  readonly paths: ReadonlyMap<string, Path>;
}

/** Labels of an incident that has no subject. */
export const NO_LABELS: CardLabels = { team: [], cluster: [], job: [], severity: [], cause: [], owner: [] };
const NO_ROUTES: RoutingOptions = { route: {}, timeIntervals: [], teams: [] };

export function createRouter({ receivers, routing = NO_ROUTES, store, log, now }: RouterOptions): Router {
  const settings = createRoutingContext({ ...routing, receivers: receivers.map(({ name }) => name) });
  const silences = createCachedPoller({
    read: () => readSilences(store, now()),
    nothing: [],
    warning: 'Silences cannot be read: nothing is silenced until they can.',
    log,
    now,
  });
  const triage = createCachedPoller({
    read: () => readTriage(store),
    nothing: new Map(),
    warning: 'What people said of cards cannot be read: none is acknowledged until it can.',
    log,
    now,
  });
  // A waiting message is checked many times, and its labels never change.
  const known = new WeakMap<Payload, Path | 'none'>();
  const context = (): RoutingContext => ({ ...settings, silences: silences.last(), triage: triage.last() });
  return {
    root: settings.tree,
    async refresh() {
      await Promise.all([silences.refresh(), triage.refresh()]);
    },
    routeIncident(incident, subject) {
      const labels = labelIncident(incident, subject, routing.teams);
      return { labels, paths: new Map(findPaths(labels, context()).map((path) => [path.receiver, path])) };
    },
    labelAlert: (alert, jobs) => labelAlert(alert, jobs, routing.teams),
    // Alerts of other tools cannot be acknowledged here, so escalations do not count.
    takesAlert: (labels, name) =>
      findPaths(labels, context()).some(
        ({ receiver, escalatesAfterMs }) => receiver === name && escalatesAfterMs === undefined,
      ),
    isLeftAlone(incidentId) {
      const word = triage.last().get(incidentId);
      return word?.state === 'merged' || (word?.state === 'ignored' && word.until === undefined);
    },
    findHold({ alert, payload }) {
      const { labels } = payload;
      const mayHold = settings.intervals.size > 0 || silences.last().length > 0 || triage.last().size > 0;
      if (labels === undefined || !mayHold) return undefined;
      const found =
        known.get(payload) ?? findPaths(labels, context()).find(({ receiver }) => receiver === alert.receiver);
      const path = found ?? 'none';
      known.set(payload, path);
      if (path === 'none') return undefined;
      const held = holdPath(path, { labels, annotations: readAnnotations(alert, payload) }, context(), now());
      return held.state === 'held' ? held : undefined;
    },
  };
}

/**
 * Returns the facts that decide whether an annotation holds the message back. An alert of another tool has none,
 * because annotations of its incident do not hold it back.
 */
export function readAnnotations(
  { incidentId, reason }: Pick<Alert, 'incidentId' | 'reason'>,
  { outcome, seenMs, inbound }: Payload,
): IncidentAnnotations | undefined {
  if (inbound !== undefined) return undefined;
  return { incidentId, reason, outcome, ...omitMissing({ lastSeen: toIso(seenMs) }) };
}

/** Renders the group key. Messages of the same group that are due together are sent as one. */
export function renderGroup(reason: string, labels: CardLabels, groupBy: RouteNode['groupBy']): string {
  return [reason, ...groupBy.map((label) => labels[label][0] ?? '')].join('|');
}
