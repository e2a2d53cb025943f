// The pipeline at work in a notifier: where an incident's card goes, where an alert that came in goes, and what holds a
// message that waits. It joins settings, teams and what people said by now; the steps stand in pipeline.ts.
import type { CardLabels, RouteSettings, TeamSettings, TimeIntervalSettings } from '../../core/config/rows/route.js';
import type { ReceiverSettings } from '../../core/config/rows/receiver.js';
import { omitMissing } from '../../core/json.js';
import type { Log } from '../../core/log.js';
import type { Incident } from '../../core/types.js';
import type { Alert, SilenceStore, TriageStore } from '../../store/store.js';
import type { Subject } from '../decide.js';
import type { InboundAlert } from '../forward.js';
import type { Payload } from '../payload.js';
import { labelAlert, labelIncident } from './labels.js';
import { createLookout } from './lookout.js';
import { findPaths, holdPath, type Path, type RoutingScene, type SaidOfIncident } from './pipeline.js';
import { readSilences, readTriage } from './said.js';
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
  readonly store: Pick<SilenceStore, 'findSilences'> & Pick<TriageStore, 'findTriage'>;
  readonly log: Log;
  readonly now: () => number;
}

export interface Router {
  readonly root: RouteNode;
  /** Looks again for what people said, where that was long ago. */
  refresh(): Promise<void>;
  /** By the name of the receiver. */
  routeIncident(incident: Incident, subject: Subject): RoutedCard;
  /** `jobs`: what an alert that came in calls the job. */
  labelAlert(alert: InboundAlert, jobs: readonly string[]): CardLabels;
  /** True where an alert with these labels goes to this receiver. */
  takesAlert(labels: CardLabels, receiver: string): boolean;
  /** True for what nobody wants to hear of any more: another card stands for it, or it is ignored for good. */
  isLeftAlone(incidentId: string): boolean;
  /** The path of a waiting message with what holds it; undefined when nothing does. */
  findHold(row: { readonly alert: Alert; readonly payload: Payload }): Path | undefined;
}

export interface RoutedCard {
  readonly labels: CardLabels;
  /** By the name of the receiver. */
  readonly paths: ReadonlyMap<string, Path>;
}

/** Of a card that is about nothing. */
export const NO_LABELS: CardLabels = { team: [], cluster: [], job: [], severity: [], cause: [], owner: [] };
const NO_ROUTES: RoutingOptions = { route: {}, timeIntervals: [], teams: [] };

export function createRouter({ receivers, routing = NO_ROUTES, store, log, now }: RouterOptions): Router {
  const settings = readScene({ ...routing, receivers: receivers.map(({ name }) => name) });
  const silences = createLookout({
    read: () => readSilences(store, now()),
    nothing: [],
    complaint: 'Silences cannot be read: nothing is silenced until they can.',
    log,
    now,
  });
  const triage = createLookout({
    read: () => readTriage(store),
    nothing: new Map(),
    complaint: 'What people said of cards cannot be read: none is acknowledged until it can.',
    log,
    now,
  });
  // A message is asked about many times while it waits, and its labels never change.
  const known = new WeakMap<Payload, Path | 'none'>();
  const scene = (): RoutingScene => ({ ...settings, silences: silences.last(), triage: triage.last() });
  return {
    root: settings.tree,
    async refresh() {
      await Promise.all([silences.refresh(), triage.refresh()]);
    },
    routeIncident(incident, subject) {
      const labels = labelIncident(incident, subject, routing.teams);
      return { labels, paths: new Map(findPaths(labels, scene()).map((path) => [path.receiver, path])) };
    },
    labelAlert: (alert, jobs) => labelAlert(alert, jobs, routing.teams),
    // Nobody acknowledges here what another tool has said.
    takesAlert: (labels, name) =>
      findPaths(labels, scene()).some(
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
        known.get(payload) ?? findPaths(labels, scene()).find(({ receiver }) => receiver === alert.receiver);
      const path = found ?? 'none';
      known.set(payload, path);
      if (path === 'none') return undefined;
      const held = holdPath(path, { labels, said: readSaid(alert, payload) }, scene(), now());
      return held.state === 'held' ? held : undefined;
    },
  };
}

/** An alert of another tool is not held by what people say of its incident here. */
export function readSaid(
  { incidentId, reason }: Pick<Alert, 'incidentId' | 'reason'>,
  { outcome, seenMs, inbound }: Payload,
): SaidOfIncident | undefined {
  if (inbound !== undefined) return undefined;
  return { incidentId, reason, outcome, ...omitMissing({ lastSeen: printTime(seenMs) }) };
}

function printTime(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}

/** What is said of one group at once goes out as one message. */
export function renderGroup(reason: string, labels: CardLabels, groupBy: RouteNode['groupBy']): string {
  return [reason, ...groupBy.map((label) => labels[label][0] ?? '')].join('|');
}
