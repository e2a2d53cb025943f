// Defines the channel of a generic webhook: JSON with the headers of Standard Webhooks 1.0 (webhook-id,
// webhook-timestamp and, with a secret, webhook-signature) and, for receivers that verify only the body,
// X-Jobtrace-Signature. Other incidents of the group are "related" in one message; forwarded alerts of one group are
// listed together.
import { toIso } from '../../core/time/iso.js';
import { createHmac } from 'node:crypto';
import { linkIncident } from '../../core/wording/markdown.js';
import type { Diagnosis, Evidence, PlatformShare, UnknownFailure } from '../../core/documents/incident.js';
import type { Text } from '../../core/types.js';
import type { AlertCard } from '../card/card.js';
import { renderForwardedMessage } from '../card/forward.js';
import { isJsonObject, type JsonObject, toJsonObject } from '../card/payload.js';
import {
  cutMiddle,
  describeIncident,
  dropEmpty,
  findDiagnosis,
  findUnknown,
  hasEnded,
  listOthers,
  MAX_TEXT_UNITS,
  type Card,
} from '../card/render.js';
import { JOB_ENDED, NEWS, WORDS } from '../card/words.js';
import type { Channel, Delivery, MessagePart } from './channel.js';
import { postJson } from './http.js';
import type { AlertReason } from '../decide/decide.js';

export const WEBHOOK: Channel = {
  settings: {
    title: 'Webhook',
    needs: [],
    takes: ['secret'],
    example: 'https://example.com/hooks/flink',
    perMinute: 60,
  },
  renderIncident: (card) => renderWebhook(card),
  renderForwarded: (alert) => renderForwardedMessage(alert),
  refresh: undefined,
  canEdit: false,
  joins: 'group',
  renderFallback: renderUndelivered,
  async send(parts, delivery) {
    const body = JSON.stringify(joinParts(parts));
    return postJson(delivery.receiver.url, body, signBody(body, delivery), delivery);
  },
};

export function joinParts(parts: readonly MessagePart[]): JsonObject {
  const [first, ...rest] = parts;
  if (first === undefined) return {};
  if (rest.length === 0) return first.message;
  const alerts = parts.flatMap(({ message }) => (Array.isArray(message['alerts']) ? message['alerts'] : []));
  if (alerts.length > 0) return { ...first.message, alerts };
  const data = first.message['data'];
  return { ...first.message, data: { ...(isJsonObject(data) ? data : {}), related: rest.map(({ brief }) => brief) } };
}

export function signBody(body: string, { id, nowMs, receiver }: Delivery): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (receiver.secret === undefined || receiver.secret === '') return headers;
  const key = readKey(receiver.secret);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    ...headers,
    'webhook-signature': `v1,${signature}`,
    'x-jobtrace-signature': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
  };
}

/** Decodes `whsec_` and base64, the standard's format of secrets; any other text is used as it is. */
function readKey(secret: string): Buffer {
  return secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
}

// Renders an incident as the body of a generic webhook (docs/alerts.md): type, timestamp, data, with the fields of a
// diagnosis as in `jobtrace diagnose --format json`. A large body is shortened by leaving out evidence, then details.
// Pure functions.

const MAX_BODY_BYTES = 20_000;
const MAX_EVIDENCE = 5;
const MAX_CHILDREN = 10;
const MAX_EVIDENCE_LENGTH = 400;

const NEW_INCIDENT: Text = { en: 'New incident', zh: '新故障' };

const TYPES: Readonly<Record<AlertReason, string>> = {
  'new-incident': 'jobtrace.incident.opened',
  unacknowledged: 'jobtrace.incident.unacknowledged',
  'cause-corrected': 'jobtrace.incident.corrected',
  'second-cause': 'jobtrace.incident.added',
  joined: 'jobtrace.incident.joined',
  grown: 'jobtrace.incident.grown',
  escalated: 'jobtrace.incident.escalated',
  'still-failing': 'jobtrace.incident.continued',
  resolved: 'jobtrace.incident.resolved',
  canceled: 'jobtrace.incident.canceled',
  ended: 'jobtrace.incident.ended',
  silent: 'jobtrace.incident.silent',
  notice: 'jobtrace.incident.notice',
};

/** Renders the body of a generic webhook (docs/alerts.md): type, timestamp, data; at most 20,000 bytes. */
export function renderWebhook(card: Card): JsonObject {
  const { incident, subject, reason, language, nowMs } = card;
  const words = describeIncident(card);
  const diagnosis = findDiagnosis(incident, subject, language);
  const unknown = diagnosis === undefined ? findUnknown(incident, subject) : undefined;
  const also = listOthers(card);
  const { id, cluster, job, process, firstSeen, lastSeen, outcome, restarts, facts } = incident;
  const body = (evidence: number, details: boolean): JsonObject =>
    toJsonObject({
      type: TYPES[reason],
      timestamp: toIso(nowMs),
      data: {
        reason,
        headline: `${(hasEnded(card) ? JOB_ENDED : (NEWS[reason] ?? NEW_INCIDENT))[language]}${WORDS[language].colon}${words.title}`,
        incident: {
          id,
          cluster,
          job,
          process,
          firstSeen,
          lastSeen,
          outcome,
          restarts,
          attempts: incident.attempts.length,
          facts,
          parent: incident.parent,
          ending: incident.ending,
          ended: incident.ended,
          platform: incident.platform === undefined ? undefined : cutShare(incident.platform),
        },
        diagnosis: diagnosis === undefined ? null : cutDiagnosis(diagnosis, evidence, details),
        unknown: unknown === undefined ? null : cutUnknown(unknown, evidence),
        ...(also.length === 0 ? {} : { also }),
        links: listLinks(card),
        ...(evidence < MAX_EVIDENCE || !details ? { truncated: true } : {}),
      },
    });
  const sizes: readonly [number, boolean][] = [
    [MAX_EVIDENCE, true],
    [1, true],
    [1, false],
  ];
  const fitting = sizes
    .map(([evidence, details]) => body(evidence, details))
    .find((candidate) => Buffer.byteLength(JSON.stringify(candidate)) <= MAX_BODY_BYTES);
  return fitting ?? body(0, false);
}

/** Renders a message that another receiver did not accept: its card, with the reason in the notice. */
export function renderUndelivered(card: AlertCard, nowMs: number): JsonObject {
  return toJsonObject({ type: 'jobtrace.alert.undelivered', timestamp: toIso(nowMs), data: card });
}

/** Lists the links of an incident. A child also has a link to the platform incident that represents it. */
function listLinks({ incident, publicUrl }: Card): Record<string, string> {
  const { id, parent } = incident;
  return dropEmpty({
    incident: linkIncident(publicUrl, id) ?? '',
    parent: parent === undefined ? '' : (linkIncident(publicUrl, parent) ?? ''),
  });
}

/** Keeps only the first jobs, because the page has all of them. */
function cutShare(share: PlatformShare): PlatformShare {
  return { ...share, children: share.children.slice(0, MAX_CHILDREN) };
}

function cutDiagnosis(diagnosis: Diagnosis, evidence: number, details: boolean): Partial<Diagnosis> {
  const { references, score, values, ...rest } = diagnosis;
  const cut = {
    ...rest,
    evidence: diagnosis.evidence.slice(0, evidence).map(cutEvidence),
    summary: cutMiddle(diagnosis.summary, MAX_TEXT_UNITS),
    fixes: diagnosis.fixes
      .slice(0, details ? 10 : 1)
      .map((fix) => ({ ...fix, text: cutMiddle(fix.text, MAX_TEXT_UNITS) })),
  };
  return details
    ? { ...cut, references, score, values }
    : { ...cut, reasons: diagnosis.reasons.slice(0, 1), explains: diagnosis.explains.slice(0, 10) };
}

function cutUnknown(unknown: UnknownFailure, evidence: number): UnknownFailure {
  return {
    ...unknown,
    message: cutMiddle(unknown.message, MAX_TEXT_UNITS),
    chain: unknown.chain.slice(0, 20),
    evidence: unknown.evidence.slice(0, evidence).map(cutEvidence),
  };
}

/** Shortens a long line to its beginning and its end. The highlights are removed because they do not fit any more. */
function cutEvidence(evidence: Evidence): Evidence {
  if (evidence.text.length <= MAX_EVIDENCE_LENGTH) return evidence;
  const { highlights, ...rest } = evidence;
  return { ...rest, text: cutMiddle(evidence.text, MAX_EVIDENCE_LENGTH) };
}
