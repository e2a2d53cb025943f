// Handles alerts that come in from Alertmanager or Grafana. Reads them from their message (already checked against the
// API's schema), finds the job by their labels, and renders them with the diagnosis in their annotations. The format
// stays the same, so that the previous readers of the alerts can read the result. Pure functions.
import { toIso } from '../../core/time/iso.js';
import { hashText } from '../../core/hash.js';
import { isOpen, measureDistance } from '../../core/time/around.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import type { Subject } from '../decide/subject.js';
import { isJsonObject, toJsonObject, type JsonObject } from './payload.js';
import { describeIncident, dropEmpty } from './render.js';

export interface InboundAlert {
  readonly fingerprint: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt?: string;
  readonly generatorURL?: string;
  /** Additional fields of Grafana: links to its panel, the compared values. */
  readonly more: JsonObject;
  /** Message that contained the alert, without its alerts. */
  readonly frame: JsonObject;
}

export interface ForwardedAlert {
  readonly alert: InboundAlert;
  /** Incident and subject; undefined while no diagnosis is known. */
  readonly found: { readonly incident: Incident; readonly subject: Subject } | undefined;
  /** True if an earlier message without diagnosis was sent. */
  readonly isFollowUp: boolean;
  readonly language: Language;
  readonly publicUrl: string;
  readonly nowMs: number;
}

const FRAME_FIELDS = [
  'version',
  'receiver',
  'groupKey',
  'groupLabels',
  'commonLabels',
  'commonAnnotations',
  'externalURL',
  'orgId',
] as const;
/** Additional fields that Grafana adds to one alert. */
const MORE_FIELDS = ['silenceURL', 'dashboardURL', 'panelURL', 'imageURL', 'values', 'valueString'] as const;
const OWN_ALERTNAME = 'FlinkJobFailure';

export function parseMessage(message: unknown): readonly InboundAlert[] {
  if (!isJsonObject(message) || !Array.isArray(message['alerts'])) return [];
  const frame = pick(message, FRAME_FIELDS);
  return message['alerts'].filter(isJsonObject).map((alert) => parseAlert(alert, frame));
}

export function parseAlert(alert: JsonObject, frame: JsonObject): InboundAlert {
  const labels = readTexts(alert['labels']);
  const { fingerprint, startsAt, endsAt, generatorURL } = alert;
  return {
    // Old senders send no fingerprint, so it is made of the labels.
    fingerprint:
      typeof fingerprint === 'string' && fingerprint !== ''
        ? fingerprint
        : hashText(JSON.stringify(Object.entries(labels).sort()), 20),
    status: alert['status'] === 'resolved' ? 'resolved' : 'firing',
    labels,
    annotations: readTexts(alert['annotations']),
    startsAt: typeof startsAt === 'string' ? startsAt : '',
    ...(typeof endsAt === 'string' ? { endsAt } : {}),
    ...(typeof generatorURL === 'string' ? { generatorURL } : {}),
    more: pick(isJsonObject(alert['more']) ? { ...alert, ...alert['more'] } : alert, MORE_FIELDS),
    frame,
  };
}

/** True for an alert that Jobtrace pushed, or that has passed through it. */
export function isOwnAlert(alert: InboundAlert): boolean {
  return alert.labels['alertname'] === OWN_ALERTNAME || alert.annotations['diagnosis_cause'] !== undefined;
}

/** Lists the job's ids and names from the labels, in the order of the setting. */
export function listJobNames(alert: InboundAlert, jobLabels: readonly string[]): readonly string[] {
  return jobLabels.flatMap((label) => {
    const value = alert.labels[label];
    return value === undefined || value === '' ? [] : [value];
  });
}

/**
 * Finds the incident of that job that fits the alert's start best: open incidents before closed ones, then the nearest.
 */
export function chooseIncident(
  incidents: readonly Incident[],
  names: readonly string[],
  startsAtMs: number,
): Incident | undefined {
  const distance = (incident: Incident): number => measureDistance(incident, startsAtMs);
  for (const name of names) {
    const ofJob = incidents.filter(({ job }) => job?.id === name || job?.name === name);
    const best = [...ofJob].sort(
      (left, right) => Number(isOpen(right)) - Number(isOpen(left)) || distance(left) - distance(right),
    )[0];
    if (best !== undefined) return best;
  }
  return undefined;
}

/**
 * Renders the body for a generic webhook: the message as its sender made it, with one alert, plus type and timestamp.
 */
export function renderForwardedMessage(forwarded: ForwardedAlert): JsonObject {
  const { alert, isFollowUp, nowMs } = forwarded;
  const { status, labels, startsAt, endsAt, generatorURL, fingerprint, more, frame } = alert;
  return toJsonObject({
    type: isFollowUp ? 'jobtrace.alert.diagnosed' : 'jobtrace.alert.forwarded',
    timestamp: toIso(nowMs),
    ...frame,
    status,
    alerts: [
      {
        status,
        labels,
        annotations: { ...alert.annotations, ...renderAnnotations(forwarded) },
        startsAt,
        endsAt: endsAt ?? '0001-01-01T00:00:00Z',
        generatorURL,
        fingerprint,
        ...more,
      },
    ],
  });
}

function renderAnnotations({ found, language, publicUrl }: ForwardedAlert): Record<string, string> {
  if (found === undefined) return {};
  const words = describeIncident({ incident: found.incident, subject: found.subject, language, publicUrl });
  return dropEmpty({
    diagnosis_cause: words.cause,
    diagnosis_title: words.title,
    diagnosis_summary: words.summary,
    diagnosis_fix: words.fix,
    diagnosis_patch: words.patch,
    diagnosis_link: words.link,
    diagnosis_incident: found.incident.id,
  });
}

function pick(from: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(fields.flatMap((field) => (from[field] === undefined ? [] : [[field, from[field]]])));
}

function readTexts(value: unknown): Record<string, string> {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (typeof inner === 'string' ? [[key, inner]] : [])),
  );
}
