// Pushes to Alertmanager's API v2. An alert is known there by its labels, and ends by itself unless it is told
// again: so it gets an end a few minutes ahead each time it is sent, and when its labels change (another cause,
// another severity) the old one is ended in the same request. `message.alerts` holds what to send; an alert
// without `endsAt` is the one that goes on.
import type { Incident } from '../../../core/types.js';
import type { Channel } from '../channel.js';
import { postJson } from '../http.js';
import { isJsonObject, type Json, type JsonObject } from '../../payload.js';
import type { Card } from '../../render.js';
import { renderAlertmanager, renderUndelivered } from './render.js';

/** How far ahead an open alert's end is set; it is re-sent several times within. */
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
  // Alertmanager already has the alerts that come from it, and gets Jobtrace's own; sending back would go round for
  // ever.
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
  // What joined a platform incident goes on there; of what is silent nobody knows any more.
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
