// Renders an incident as one alert of Alertmanager's API v2: identifying values as labels, texts as annotations.
// alertmanager.ts sets the end when it sends. Pure functions.
import { ALL_CLUSTERS } from '../../../core/types.js';
import type { AlertCard } from '../../card/card.js';
import { toJsonObject, type JsonObject } from '../../payload.js';
import { describeIncident, dropEmpty, listOthers, type Card } from '../../render.js';

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
    startsAt: incident.firstSeen ?? new Date(card.nowMs).toISOString(),
    ...(words.link === '' ? {} : { generatorURL: words.link }),
  });
}

/** Renders a message that another receiver did not accept. The alert ends by itself. */
export function renderUndelivered(card: AlertCard, nowMs: number): JsonObject {
  return toJsonObject({
    labels: dropEmpty({ alertname: 'JobtraceAlertUndelivered', subject: card.subject, cause: card.cause }),
    annotations: dropEmpty({ summary: card.headline, description: card.notice, link: card.links[0]?.url ?? '' }),
    startsAt: new Date(nowMs).toISOString(),
  });
}
