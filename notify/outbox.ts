// Messages on their way to receivers. Every one is remembered in the store before it is tried, so that none is lost
// by a restart: sent at least once, and once when nothing goes wrong. A failure that may pass is tried again until a
// deadline; what cannot be delivered stays visible with its reason. It decides nothing about what is said.
import type { ReceiverSettings } from '../core/config.js';
import type { Log } from '../core/log.js';
import type { Alert, Store } from '../store/store.js';
import type { SendResult } from './channel.js';
import { CHANNELS } from './channels.js';
import { listAlerts } from './channels/alertmanager.js';
import { hash } from './forward.js';
import { createBucket, backoffMs } from './pace.js';
import { parsePayload, renderPayload, type Payload } from './payload.js';

export interface OutboxOptions {
  readonly store: Store;
  readonly receivers: readonly ReceiverSettings[];
  /** Rows of other instances in the same store are left alone. */
  readonly instance: string;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  readonly onDelivery: (kind: string, result: 'sent' | 'retry' | 'undeliverable') => void;
}

/** An alert with its payload read. */
export interface Row {
  readonly alert: Alert;
  readonly payload: Payload;
  /** Being sent at this moment: too late to change it. */
  readonly isInFlight: boolean;
}

export interface Outbox {
  /** Reads what an earlier run left behind. */
  load(): Promise<void>;
  /** What was said or is to be said of an incident to a receiver, newest first. */
  findTold(incidentId: string, receiver: string): Promise<readonly Row[]>;
  /** Incoming alerts whose diagnosis is still looked for, pending and sent ones. */
  listFollowed(): readonly Row[];
  /** The message about an incident that stands at a receiver that must be told again. */
  findOpen(incidentId: string, receiver: string): Payload | undefined;
  put(alert: Alert, payload: Payload): Promise<void>;
  deliverDue(receiver: ReceiverSettings): Promise<void>;
  /** Tells a receiver that forgets what is still open. */
  refreshOpen(receiver: ReceiverSettings): Promise<void>;
}

const REFRESH_MS = 60_000;
const MAX_PARTS = 100;
const MAX_INCIDENTS_KNOWN = 2000;
const MAX_LOADED = 10_000;

export function createOutbox(options: OutboxOptions): Outbox {
  const { store, receivers, instance, log, now } = options;
  const pending = new Map<string, Alert>();
  const followed = new Map<string, Alert>();
  const open = new Map<string, Alert>();
  const told = new Map<string, Map<string, Alert>>();
  const inFlight = new Set<string>();
  /** What the store has not taken yet. */
  const unsaved = new Map<string, Alert>();
  const tries = new Map<string, { readonly failures: number; readonly nextMs: number }>();
  const paces = new Map(receivers.map((receiver) => [receiver.name, { bucket: createBucket(receiver.perMinute, now()), holdUntilMs: 0, refreshedMs: now(), problem: '' }]));

  function toRow(alert: Alert): Row | undefined {
    const payload = parsePayload(alert.payload);
    return payload === undefined ? undefined : { alert, payload, isInFlight: inFlight.has(alert.id) };
  }

  /** Puts an alert where the rest of this file looks for it. */
  function index(alert: Alert): void {
    const payload = parsePayload(alert.payload);
    told.get(alert.incidentId)?.set(alert.id, alert);
    if (alert.state === 'pending') pending.set(alert.id, alert);
    else pending.delete(alert.id);
    if (payload?.inbound !== undefined && alert.state !== 'undeliverable') followed.set(alert.id, alert);
    else followed.delete(alert.id);
    if (alert.state === 'sent' && payload?.openUntilMs !== undefined) {
      const key = openKey(alert.incidentId, alert.receiver);
      if (listAlerts(payload.message).some((item) => item['endsAt'] === undefined)) open.set(key, alert);
      else open.delete(key);
    }
  }

  /** Here first: while the store is away, what was sent must not be sent again. */
  async function remember(alert: Alert): Promise<void> {
    index(alert);
    unsaved.set(alert.id, alert);
    await saveUnsaved();
  }

  async function saveUnsaved(): Promise<void> {
    for (const [id, alert] of unsaved) {
      await store.rememberAlert(alert);
      if (unsaved.get(id) === alert) unsaved.delete(id);
    }
  }

  async function load(): Promise<void> {
    const left = [...(await store.findAlerts({ state: 'pending', limit: MAX_LOADED })), ...(await store.findAlerts({ state: 'sent', limit: MAX_LOADED }))];
    for (const alert of left.reverse()) {
      if (parsePayload(alert.payload)?.instance !== instance) continue;
      if (paces.has(alert.receiver)) index(alert);
      else if (alert.state === 'pending') await remember({ ...alert, state: 'undeliverable', error: 'no receiver of this name is configured any more' });
    }
  }

  async function findTold(incidentId: string, receiver: string): Promise<readonly Row[]> {
    const rows = told.get(incidentId) ?? (await loadTold(incidentId));
    const prefix = `${incidentId}/${receiver}/`;
    return [...rows.values()]
      .filter((alert) => alert.id.startsWith(prefix))
      .sort((left, right) => readNumber(right.id) - readNumber(left.id))
      .map(toRow)
      .filter((row) => row !== undefined);
  }

  async function loadTold(incidentId: string): Promise<Map<string, Alert>> {
    const alerts = await store.findAlerts({ incidentId, limit: MAX_LOADED });
    const rows = new Map(alerts.map((alert) => [alert.id, alert]));
    told.set(incidentId, rows);
    const [oldest] = told.keys();
    if (told.size > MAX_INCIDENTS_KNOWN && oldest !== undefined) told.delete(oldest);
    return rows;
  }

  /** Due messages in groups that go out as one; a message waits for an earlier one about the same incident. */
  function listDue(receiver: ReceiverSettings): readonly (readonly Row[])[] {
    const groups = new Map<string, Row[]>();
    const waiting = new Set<string>();
    for (const alert of pending.values()) {
      if (alert.receiver !== receiver.name) continue;
      const row = toRow(alert);
      if (row === undefined || waiting.has(row.payload.topic)) continue;
      waiting.add(row.payload.topic);
      const isDue = !row.isInFlight && row.payload.notBeforeMs <= now() && (tries.get(alert.id)?.nextMs ?? 0) <= now();
      if (!isDue) continue;
      const group = CHANNELS[receiver.kind].joinsAll ? '' : row.payload.group;
      groups.set(group, [...(groups.get(group) ?? []), row]);
    }
    return [...groups.values()].flatMap((rows) => splitRows(rows, MAX_PARTS));
  }

  async function deliverDue(receiver: ReceiverSettings): Promise<void> {
    const pace = paces.get(receiver.name);
    if (pace === undefined) return;
    await saveUnsaved();
    // Looked at anew after each message: while one is on its way, the next may be replaced by a better one.
    for (let rows = listDue(receiver)[0]; rows !== undefined; rows = listDue(receiver)[0]) {
      if (pace.holdUntilMs > now() || !pace.bucket.take(now())) return;
      const result = await sendRows(rows, receiver);
      if (!result.ok && result.retryAfterMs !== undefined) pace.holdUntilMs = now() + result.retryAfterMs;
      reportChange(receiver, pace, result);
      for (const row of rows) await settle(row, result, receiver);
    }
  }

  async function sendRows(rows: readonly Row[], receiver: ReceiverSettings): Promise<SendResult> {
    const ids = rows.map(({ alert }) => alert.id);
    for (const id of ids) inFlight.add(id);
    try {
      return await CHANNELS[receiver.kind].send(rows.map(({ payload }) => payload), { receiver, id: `msg_${hash(ids.join('\n'))}`, nowMs: now() });
    } finally {
      for (const id of ids) inFlight.delete(id);
    }
  }

  async function settle({ alert, payload }: Row, result: SendResult, receiver: ReceiverSettings): Promise<void> {
    const attempts = alert.attempts + 1;
    const sentAt = new Date(now()).toISOString();
    if (result.ok) {
      tries.delete(alert.id);
      const isNeeded = payload.openUntilMs !== undefined || payload.inbound !== undefined;
      const { error, ...rest } = alert;
      void error;
      options.onDelivery(receiver.kind, 'sent');
      return remember({ ...rest, attempts, sentAt, state: 'sent', payload: renderPayload(isNeeded ? payload : { ...payload, message: {}, brief: {} }) });
    }
    const isGivenUp = !result.retryable || now() >= payload.deadlineMs;
    options.onDelivery(receiver.kind, isGivenUp ? 'undeliverable' : 'retry');
    const failures = (tries.get(alert.id)?.failures ?? 0) + 1;
    if (isGivenUp) tries.delete(alert.id);
    else tries.set(alert.id, { failures, nextMs: now() + Math.max(result.retryAfterMs ?? 0, backoffMs(failures, options.random)) });
    return remember({ ...alert, attempts, sentAt: isGivenUp ? sentAt : alert.sentAt, state: isGivenUp ? 'undeliverable' : 'pending', error: result.error });
  }

  /** One line when a receiver begins to fail, fails differently, or works again. */
  function reportChange(receiver: ReceiverSettings, pace: { problem: string }, result: SendResult): void {
    const problem = result.ok ? '' : result.error;
    if (problem === pace.problem) return;
    pace.problem = problem;
    if (result.ok) log.info({ receiver: receiver.name }, 'The receiver takes alerts again.');
    else if (result.retryable) log.warn({ receiver: receiver.name, code: 'JT_ALERT_UNREACHABLE', problem }, 'An alert could not be delivered; it is kept and tried again.');
    else log.error({ receiver: receiver.name, code: 'JT_ALERT_REFUSED', problem }, 'An alert was refused and will not be tried again.');
  }

  async function refreshOpen(receiver: ReceiverSettings): Promise<void> {
    const pace = paces.get(receiver.name);
    if (!CHANNELS[receiver.kind].needsRefresh || pace === undefined || now() - pace.refreshedMs < REFRESH_MS || pace.holdUntilMs > now()) return;
    pace.refreshedMs = now();
    const parts = [...open].flatMap(([key, alert]) => {
      const payload = parsePayload(alert.payload);
      if (alert.receiver !== receiver.name || payload?.openUntilMs === undefined) return [];
      if (payload.openUntilMs <= now()) open.delete(key);
      const alerts = listAlerts(payload.message).filter((item) => item['endsAt'] === undefined);
      return payload.openUntilMs <= now() ? [] : [{ message: { alerts }, brief: {} }];
    });
    if (parts.length === 0) return;
    const result = await CHANNELS[receiver.kind].send(parts, { receiver, id: '', nowMs: now() });
    reportChange(receiver, pace, result);
  }

  return {
    load,
    findTold,
    listFollowed: () => [...followed.values()].map(toRow).filter((row) => row !== undefined),
    findOpen: (incidentId, receiver) => parsePayload(open.get(openKey(incidentId, receiver))?.payload),
    put: (alert, payload) => remember({ ...alert, payload: renderPayload(payload) }),
    deliverDue,
    refreshOpen,
  };
}

function openKey(incidentId: string, receiver: string): string {
  return `${receiver}\n${incidentId}`;
}

/** Alerts of one incident and receiver are numbered in the order of saying. */
function readNumber(id: string): number {
  return Number(id.slice(id.lastIndexOf('/') + 1));
}

function splitRows(rows: readonly Row[], size: number): readonly (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) => rows.slice(index * size, (index + 1) * size));
}
