// Forwards alerts from Alertmanager or Grafana with the diagnosis of the job's incident in their annotations. Without a
// diagnosis an alert waits a little, is sent as it is, and the diagnosis follows when it appears. A repeated message
// (both senders repeat) is not sent again.
import { toIso } from '../../core/time/iso.js';
import { hashText } from '../../core/hash.js';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { rangeAround } from '../../core/time/around.js';
import type { Incident } from '../../core/documents/incident.js';
import type { ReceivedAlert } from '../../core/documents/alert.js';
import type { Collections, IncidentStore } from '../../store/store.js';
import { CHANNELS } from '../channels/table.js';
import type { DecidePolicy } from '../decide/decide.js';
import { findSubject, type Subject } from '../decide/subject.js';
import {
  chooseIncident,
  isOwnAlert,
  listJobNames,
  parseAlert,
  parseMessage,
  type ForwardedAlert,
  type InboundAlert,
} from '../card/forward.js';
import { isJsonObject, toJsonObject, type Payload } from '../card/payload.js';
import type { OutboxRow, Outbox } from './outbox.js';
import type { Router } from '../routing/router.js';

export interface InboundPolicy extends Pick<DecidePolicy, 'isSymptom'> {
  /** Time that an alert waits for its diagnosis before it is sent without one. */
  readonly attachWaitMs: number;
  /** Labels that name the job, in order of precedence. */
  readonly jobLabels: readonly string[];
}

export interface InboundOptions {
  readonly store: Pick<IncidentStore, 'findIncidents'> & Pick<Collections, 'states'>;
  readonly outbox: Outbox;
  readonly router: Pick<Router, 'labelAlert' | 'takesAlert'>;
  readonly receivers: readonly ReceiverSettings[];
  readonly policy: InboundPolicy;
  readonly instance: string;
  readonly publicUrl: string;
  readonly deadlineMs: number;
  readonly now: () => number;
}

export interface Inbound {
  /** Handles a body in Alertmanager's format, which is valid by the API's schema. */
  receive(message: unknown): Promise<readonly ReceivedAlert[]>;
  /** Searches again for the missing diagnoses. */
  stepOnce(): Promise<void>;
}

type Found = NonNullable<ForwardedAlert['found']>;

const FOLLOW_MS = 600_000;
const MAX_INCIDENTS = 500;
const SEEN_MS = 7 * 24 * 3_600_000;
const MAX_SEEN = 5000;

/** Options with the ids of earlier alerts. */
interface InboundState extends InboundOptions {
  readonly seen: Seen;
}

export function createInbound(options: InboundOptions): Inbound {
  const inbound: InboundState = {
    ...options,
    receivers: options.receivers.filter((receiver) => CHANNELS[receiver.kind].renderForwarded !== undefined),
    seen: createSeen(options.store, `notify/${options.instance}/forwarded`, options.now),
  };
  return {
    async receive(message) {
      const alerts = parseMessage(message);
      const last = new Map(alerts.map((alert) => [identify(alert), alert]));
      const found = createFinder(inbound);
      const answers = new Map<string, ReceivedAlert>();
      for (const [key, alert] of last) answers.set(key, await receiveOne(inbound, alert, found));
      await inbound.seen.save();
      // Each alert of the message gets one answer; among alerts with the same identity the last one counts.
      return alerts.flatMap((alert) => answers.get(identify(alert)) ?? []);
    },
    async stepOnce() {
      for (const row of inbound.outbox.listFollowed()) await attachDiagnosis(inbound, row);
    },
  };
}

/** Returns the identity of an alert within a message. A later alert with the same identity replaces the earlier one. */
function identify(alert: InboundAlert): string {
  return [alert.fingerprint, alert.startsAt, alert.status].join('\n');
}

type Finder = (alert: InboundAlert) => Promise<Found | undefined>;

/** Creates a finder that asks the store once for all alerts of a message with the same job and time. */
function createFinder(inbound: InboundState): Finder {
  const known = new Map<string, Promise<Found | undefined>>();
  return (alert) => {
    const key = JSON.stringify([listJobNames(alert, inbound.policy.jobLabels), alert.startsAt, alert.endsAt]);
    const found = known.get(key) ?? findDiagnosis(inbound, alert);
    known.set(key, found);
    return found;
  };
}

async function receiveOne(inbound: InboundState, alert: InboundAlert, find: Finder): Promise<ReceivedAlert> {
  const jobs = listJobNames(alert, inbound.policy.jobLabels);
  const [job] = jobs;
  const base = { fingerprint: alert.fingerprint, status: alert.status, job };
  if (isOwnAlert(alert)) return { ...base, outcome: 'own-alert' };
  const labels = inbound.router.labelAlert(alert, jobs);
  const receivers = inbound.receivers.filter(({ name }) => inbound.router.takesAlert(labels, name));
  if (receivers.length === 0) return { ...base, outcome: 'no-receiver' };
  const found = await find(alert);
  const waits = alert.status === 'firing' && job !== undefined && (found === undefined || found.subject.symptom);
  let isNew = false;
  for (const receiver of receivers) isNew = (await accept(inbound, alert, receiver, found, waits)) || isNew;
  const known = { incidentId: found?.incident.id, cause: found?.subject.cause };
  const outcome = !isNew
    ? 'repeated'
    : job === undefined
      ? 'no-job'
      : waits
        ? 'waiting'
        : found === undefined
          ? 'forwarded'
          : 'diagnosed';
  return { ...base, ...known, outcome };
}

async function findDiagnosis({ store, policy, now }: InboundState, alert: InboundAlert): Promise<Found | undefined> {
  const names = listJobNames(alert, policy.jobLabels);
  const startsAtMs = Date.parse(alert.startsAt);
  if (names.length === 0 || Number.isNaN(startsAtMs)) return undefined;
  const range = rangeAround(startsAtMs, Math.min(now(), Date.parse(alert.endsAt ?? '') || now()));
  const found: Incident[] = [];
  for (const job of new Set(names))
    for (const incident of await store.findIncidents({ ...range, job, limit: MAX_INCIDENTS })) found.push(incident);
  const incident = chooseIncident(found, names, startsAtMs);
  const subject = incident === undefined ? undefined : findSubject(incident, policy);
  return incident === undefined || subject === undefined || typeof subject === 'string'
    ? undefined
    : { incident, subject };
}

/** Accepts an alert for a receiver; returns false if the alert went to this receiver before. */
async function accept(
  inbound: InboundState,
  alert: InboundAlert,
  receiver: ReceiverSettings,
  found: Found | undefined,
  waits: boolean,
): Promise<boolean> {
  const id = alertId(alert, receiver);
  const repeated = await inbound.seen.has(id);
  await inbound.seen.note(id);
  if (repeated) return false;
  await sendFiringNow(inbound, alert, receiver);
  await putMessage(inbound, id, {
    alert,
    found,
    receiver,
    isFollowUp: false,
    notBeforeMs: inbound.now() + (waits ? inbound.policy.attachWaitMs : 0),
    follows: waits,
  });
  return true;
}

/** Sends a waiting alert at once, because it is resolved. The alert itself must be sent before its end. */
async function sendFiringNow(
  { outbox, now }: InboundState,
  alert: InboundAlert,
  receiver: ReceiverSettings,
): Promise<void> {
  if (alert.status !== 'resolved') return;
  const id = alertId({ ...alert, status: 'firing' }, receiver);
  const row = outbox
    .listFollowed()
    .find((item) => item.alert.id === id && item.alert.state === 'pending' && !item.isInFlight);
  if (row !== undefined) await outbox.put(row.alert, { ...row.payload, notBeforeMs: now() });
}

interface WantedMessage {
  readonly alert: InboundAlert;
  readonly found: Found | undefined;
  readonly receiver: ReceiverSettings;
  readonly isFollowUp: boolean;
  readonly notBeforeMs: number;
  readonly follows: boolean;
}

async function putMessage(inbound: InboundState, id: string, wanted: WantedMessage): Promise<void> {
  const { outbox, policy, now } = inbound;
  const { alert, found, receiver, isFollowUp, notBeforeMs, follows } = wanted;
  const message = CHANNELS[receiver.kind].renderForwarded?.({
    alert,
    found,
    isFollowUp,
    language: receiver.language,
    publicUrl: inbound.publicUrl,
    nowMs: now(),
  });
  if (message === undefined) return;
  const payload: Payload = {
    instance: inbound.instance,
    topic: `alert ${alert.fingerprint}`,
    notBeforeMs,
    deadlineMs: now() + inbound.deadlineMs,
    symptom: found?.subject.symptom ?? true,
    severity: found?.subject.severity ?? 'error',
    outcome: found?.incident.outcome ?? 'unknown',
    group: `${String(alert.frame['groupKey'] ?? id)}|${alert.status}|${isFollowUp ? 'diagnosis' : ''}`,
    message,
    brief: {},
    labels: inbound.router.labelAlert(alert, listJobNames(alert, policy.jobLabels)),
    ...(follows ? { inbound: toJsonObject(alert), followUntilMs: now() + policy.attachWaitMs + FOLLOW_MS } : {}),
  };
  await outbox.put(
    {
      id,
      incidentId: found?.incident.id ?? '',
      receiver: receiver.name,
      reason: isFollowUp ? 'diagnosis-follows' : 'forwarded',
      cause: found?.subject.cause ?? '',
      sentAt: toIso(now()),
      state: 'pending',
      attempts: 0,
    },
    payload,
  );
}

async function attachDiagnosis(inbound: InboundState, row: OutboxRow): Promise<void> {
  const { outbox, receivers, now } = inbound;
  const receiver = receivers.find(({ name }) => name === row.alert.receiver);
  const alert = readInbound(row.payload);
  if (receiver === undefined || alert === undefined || row.isInFlight) return;
  const isOver = (row.payload.followUntilMs ?? 0) <= now();
  const found = await findDiagnosis(inbound, alert);
  const isBetter =
    found !== undefined &&
    (row.alert.cause === '' || (!found.subject.symptom && found.subject.cause !== row.alert.cause));
  if (row.alert.state === 'pending') {
    if (isBetter)
      await putMessage(inbound, row.alert.id, {
        alert,
        found,
        receiver,
        isFollowUp: false,
        notBeforeMs: found.subject.symptom ? row.payload.notBeforeMs : now(),
        follows: found.subject.symptom,
      });
  } else if (isBetter && isWorthFollowing(inbound, found.subject, row)) {
    await putMessage(inbound, `${row.alert.id}/diagnosis`, {
      alert,
      found,
      receiver,
      isFollowUp: true,
      notBeforeMs: now(),
      follows: false,
    });
    await outbox.put(row.alert, withoutFollow(row.payload));
  } else if (isOver) await outbox.put(row.alert, withoutFollow(row.payload));
}

/**
 * True if the subject is worth a second message. After the first message a symptom waits for its cause as long as
 * others do.
 */
function isWorthFollowing({ now, policy }: InboundState, subject: Subject, row: OutboxRow): boolean {
  return !subject.symptom || now() - Date.parse(row.alert.sentAt) >= policy.attachWaitMs;
}

interface Seen {
  has(id: string): Promise<boolean>;
  /** Adds the id in memory until it is saved. */
  note(id: string): Promise<void>;
  save(): Promise<void>;
}

/** Creates the set of ids of received alerts, stored as one small document for as long as they repeat. */
function createSeen(store: Pick<Collections, 'states'>, key: string, now: () => number): Seen {
  let ids: Map<string, number> | undefined;

  async function load(): Promise<Map<string, number>> {
    if (ids !== undefined) return ids;
    const value: unknown = JSON.parse((await store.states.load(key))?.value ?? '{}');
    ids = new Map(
      isJsonObject(value)
        ? Object.entries(value).flatMap(([id, time]) => (typeof time === 'number' ? [[id, time] as const] : []))
        : [],
    );
    return ids;
  }

  return {
    has: async (id) => (await load()).has(id),
    async note(id) {
      const known = await load();
      known.delete(id);
      known.set(id, now());
    },
    async save() {
      const known = await load();
      for (const [old, time] of known) if (known.size > MAX_SEEN || now() - time > SEEN_MS) known.delete(old);
      await store.states.save({ key, value: JSON.stringify(Object.fromEntries(known)) });
    },
  };
}

/** Returns the same id for every repetition of an alert's firing, or of its end. */
function alertId(alert: InboundAlert, receiver: ReceiverSettings): string {
  return `inbound/${hashText([alert.fingerprint, alert.startsAt, alert.status, receiver.name].join('\n'), 20)}`;
}

function readInbound(payload: Payload): InboundAlert | undefined {
  const { inbound } = payload;
  if (inbound === undefined) return undefined;
  return parseAlert(inbound, isJsonObject(inbound['frame']) ? inbound['frame'] : {});
}

function withoutFollow(payload: Payload): Payload {
  const { inbound, followUntilMs, ...rest } = payload;
  return { ...rest, message: {}, brief: {} };
}
