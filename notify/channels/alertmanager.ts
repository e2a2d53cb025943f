// Pushes alerts to Alertmanager's API v2. Alertmanager identifies an alert by its labels and ends it unless it is sent
// again. Each push therefore sets its end a few minutes ahead, and if its labels change (another cause, another
// severity), the same request ends the old alert. `message.alerts` holds the alerts to send; an alert without `endsAt`
// is open.
import { toIso } from '../../core/time/iso.js';
import type { Incident } from '../../core/documents/incident.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import type { AlertCard } from '../card/card.js';
import { isJsonObject, type Json, type JsonObject, toJsonObject } from '../card/payload.js';
import { type Card, describeIncident, dropEmpty, listOthers } from '../card/render.js';
import type { Channel } from './channel.js';
import { postJson } from './http.js';

/**
 * Distance of an open alert's end from the time of sending, in milliseconds. The alert is sent again several times
 * before.
 */
const OPEN_AHEAD_MS = 300_000;

export const ALERTMANAGER: Channel = {
  settings: {
    title: 'Alertmanager',
    needs: [],
    takes: [],
    example: 'http://alertmanager:9093',
    perMinute: 60,
  },
  renderIncident: (card, previous) => renderAlerts(card, previous),
  // Alertmanager already has the alerts that come from it, and Jobtrace pushes its own. Sending alerts back would loop
  // forever.
  renderForwarded: undefined,
  refresh: renderOpen,
  canEdit: true,
  joins: 'all',
  renderFallback: (card, nowMs) => ({ alerts: [renderUndelivered(card, nowMs)] }),
  async send(parts, delivery) {
    const { receiver, nowMs } = delivery;
    const alerts = parts
      .flatMap(({ message }) => listAlerts(message))
      .map((alert) => ({ endsAt: toIso(nowMs + OPEN_AHEAD_MS), ...alert }));
    return postJson(`${receiver.url.replace(/(?<!\/)\/+$/, '')}/api/v2/alerts`, JSON.stringify(alerts), {}, delivery);
  },
};

const ENDED: ReadonlySet<Incident['outcome']> = new Set(['recovered', 'canceled', 'silent']);

function renderAlerts(card: Card, previous: JsonObject | undefined): JsonObject {
  const now = toIso(card.nowMs);
  const alert = renderAlertmanager(card);
  const { outcome, ended } = card.incident;
  // An incident that joined a platform incident continues there. The state of a silent incident is unknown.
  const isOver = card.reason === 'joined' || card.reason === 'notice' || ended !== undefined;
  const hasEnded = ENDED.has(outcome) || isOver;
  const outdated =
    previous === undefined ? [] : listAlerts(previous).filter((old) => isOpen(old) && !hasSameLabels(old, alert));
  return {
    alerts: [hasEnded ? { ...alert, endsAt: now } : alert, ...outdated.map((old) => ({ ...old, endsAt: now }))],
  };
}

function renderOpen(message: JsonObject): JsonObject | undefined {
  const alerts = listAlerts(message).filter(isOpen);
  return alerts.length === 0 ? undefined : { alerts };
}

function isOpen(alert: JsonObject): boolean {
  return alert['endsAt'] === undefined;
}

function listAlerts(message: JsonObject): readonly JsonObject[] {
  const alerts: Json | undefined = message['alerts'];
  return Array.isArray(alerts) ? alerts.filter(isJsonObject) : [];
}

function hasSameLabels(left: JsonObject, right: JsonObject): boolean {
  const print = (alert: JsonObject): string =>
    JSON.stringify(Object.entries(isJsonObject(alert['labels']) ? alert['labels'] : {}).sort());
  return print(left) === print(right);
}

// Renders an incident as one alert of Alertmanager's API v2: identifying values as labels, texts as annotations.
// alertmanager.ts sets the end when it sends. Pure functions.

/** Renders one alert of Alertmanager's API v2. */
export function renderAlertmanager(card: Card): JsonObject {
  const { incident, reason } = card;
  const words = describeIncident(card);
  const { job } = incident;
  const labels = {
    alertname: 'FlinkJobFailure',
    job_id: job?.id ?? '',
    job_name: job?.name ?? '',
    process: job === undefined ? (incident.process ?? '') : '',
    cause: words.cause,
    severity: words.severity,
    cluster: incident.cluster === ALL_CLUSTERS ? '' : incident.cluster,
    platform: incident.platform === undefined ? '' : incident.id,
  };
  const annotations = {
    summary: words.title,
    description: words.summary,
    fix: words.fix,
    patch: words.patch,
    link: words.link,
    incident: incident.id,
    reason,
    restarts: String(incident.restarts),
    outcome: incident.outcome,
    ended: incident.ended?.reason ?? '',
    also: listOthers(card).join('; '),
    parent: incident.parent ?? '',
    jobs: String(incident.platform?.jobs ?? ''),
  };
  return toJsonObject({
    labels: dropEmpty(labels),
    annotations: dropEmpty(annotations),
    startsAt: incident.firstSeen ?? toIso(card.nowMs),
    ...(words.link === '' ? {} : { generatorURL: words.link }),
  });
}

/** Renders a message that another receiver did not accept. The alert ends by itself. */
export function renderUndelivered(card: AlertCard, nowMs: number): JsonObject {
  return toJsonObject({
    labels: dropEmpty({ alertname: 'JobtraceAlertUndelivered', subject: card.subject, cause: card.cause }),
    annotations: dropEmpty({ summary: card.headline, description: card.notice, link: card.links[0]?.url ?? '' }),
    startsAt: toIso(nowMs),
  });
}
