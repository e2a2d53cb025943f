// Pushes alerts to Alertmanager's API v2. Alertmanager identifies an alert by its labels and ends it unless it is sent
// again. Each push therefore sets its end a few minutes ahead, and if its labels change (another cause, another
// severity), the same request ends the old alert. `message.alerts` holds the alerts to send; an alert without `endsAt`
// is open.
import type { Incident } from '../../../core/types.js';
import type { Channel } from '../channel.js';
import { postJson } from '../http.js';
import { isJsonObject, type Json, type JsonObject } from '../../payload.js';
import type { Card } from '../../render.js';
import { renderAlertmanager, renderUndelivered } from './render.js';

/**
 * Distance of an open alert's end from the time of sending, in milliseconds. The alert is sent again several times
 * before.
 */
export const OPEN_AHEAD_MS = 300_000;

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
      .map((alert) => ({ endsAt: new Date(nowMs + OPEN_AHEAD_MS).toISOString(), ...alert }));
    return postJson(`${receiver.url.replace(/(?<!\/)\/+$/, '')}/api/v2/alerts`, JSON.stringify(alerts), {}, delivery);
  },
};

const ENDED: ReadonlySet<Incident['outcome']> = new Set(['recovered', 'canceled', 'silent']);

function renderAlerts(card: Card, previous: JsonObject | undefined): JsonObject {
  const now = new Date(card.nowMs).toISOString();
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
