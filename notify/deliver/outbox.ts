// Keeps messages: pending ones, those that stay open at a receiver, alerts whose diagnosis may still follow, and all
// earlier messages of an incident. They are in memory for speed, and in the store so that a restart loses none.
import { BoundedMap } from '../../core/cache.js';
import { createSerialQueue, type SerialQueue } from '../../core/queue.js';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Alert } from '../../core/documents/alert.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import type { Collections } from '../../store/store.js';
import { CHANNELS } from '../channels/table.js';
import { parsePayload, renderPayload, type Payload } from '../card/payload.js';

/** Alert with its parsed payload. */
export interface OutboxRow {
  readonly alert: Alert;
  readonly payload: Payload;
  /** True while the message is being sent. It is too late to change it then. */
  readonly isInFlight: boolean;
}

export interface Outbox {
  /**
   * Loads the messages that an earlier run left behind, and those of another process that this one now owns. Messages
   * for removed receivers are given up. It must be called first.
   */
  load(): Promise<void>;
  /** Gives up messages for receivers that are removed, as `load` does. */
  setReceivers(receivers: readonly ReceiverSettings[]): Promise<void>;
  /** Lists sent, pending and withdrawn messages of an incident to a receiver, newest first. */
  findNotifications(incidentId: string, receiver: string): Promise<readonly OutboxRow[]>;
  /** Lists pending messages, oldest first. */
  listPending(receiver: string): readonly OutboxRow[];
  /** Lists incoming alerts, pending and sent, whose diagnosis may still follow. */
  listFollowed(): readonly OutboxRow[];
  /** Lists messages that must be sent again so that their receiver does not forget them. */
  listOpen(receiver: string): readonly OutboxRow[];
  findOpen(incidentId: string, receiver: string): Payload | undefined;
  put(alert: Alert, payload: Payload): Promise<void>;
  /** Stores the message with the next `saveUnsaved`, so that many changes are one write. */
  keep(alert: Alert, payload: Payload): void;
  /**
   * Withdraws pending messages of an incident, except those that are being sent, and lets a receiver that forgets
   * forget it. Forwarded alerts stay.
   */
  withdraw(incidentId: string): Promise<void>;
  /** Makes `load` read everything again, because data was deleted on request. */
  forget(): void;
  /** Writes what the store could not accept before. */
  saveUnsaved(): Promise<void>;
  /** Marks messages as being sent until the returned function is called. */
  hold(ids: readonly string[]): () => void;
}

export interface OutboxOptions {
  readonly store: Pick<Collections, 'alerts'>;
  readonly receivers: readonly ReceiverSettings[];
  /** Name of this process. Rows of other instances in the same store are ignored. */
  readonly instance: string;
  /**
   * Ownership of messages, if several processes share the partitions of the incidents; `instance` then does not count.
   */
  readonly shares?: MessageShares | undefined;
}

/** Decides which messages this process owns while it holds the partitions of their incidents. */
export interface MessageShares {
  /** Returns the instance name for messages about an incident. */
  nameOf(incident: Incident): string;
  /**
   * True if this process owns the message now; checked before each message. `isOfPlatform`: the message is about a
   * platform incident.
   */
  isOurs(instance: string, isOfPlatform: boolean): boolean;
  /** Returns a text that changes whenever this process holds other partitions, or holds them anew. */
  holding(): string;
}

const MAX_INCIDENTS_KNOWN = 2000;
const MAX_LOADED = 10_000;

/** State in memory; each alert is keyed by its id. */
interface OutboxState extends Omit<OutboxOptions, 'receivers'> {
  receivers: readonly ReceiverSettings[];
  readonly pending: Map<string, Alert>;
  readonly followed: Map<string, Alert>;
  /** Open messages by incident and receiver. */
  readonly open: Map<string, Alert>;
  /** Messages by incident. */
  readonly notifications: Map<string, Map<string, Alert>>;
  readonly inFlight: Set<string>;
  /** Messages that the store has not accepted yet. */
  readonly unsaved: Map<string, Alert>;
  /** Cache of parsed payloads. */
  readonly payloads: WeakMap<Alert, Payload>;
  /** Writes one after the other, so that an older state never overwrites a newer one. */
  readonly inOrder: SerialQueue;
  isLoaded: boolean;
  /** Partitions that this process held when the messages were loaded. */
  holding: string;
}

export function createOutbox(options: OutboxOptions): Outbox {
  const box: OutboxState = {
    ...options,
    pending: new Map(),
    followed: new Map(),
    open: new Map(),
    notifications: new BoundedMap(MAX_INCIDENTS_KNOWN),
    inFlight: new Set(),
    unsaved: new Map(),
    payloads: new WeakMap(),
    inOrder: createSerialQueue(),
    isLoaded: false,
    holding: '',
  };
  return {
    load: () => load(box),
    setReceivers: (receivers) => setReceivers(box, receivers),
    findNotifications: (incidentId, receiver) => findNotifications(box, incidentId, receiver),
    listPending: (receiver) => listMine(box, box.pending, receiver),
    listFollowed: () => toRows(box, box.followed.values()),
    listOpen: (receiver) => listMine(box, box.open, receiver),
    findOpen(incidentId, receiver) {
      const alert = box.open.get(openKey(incidentId, receiver));
      return alert === undefined ? undefined : readPayload(box, alert);
    },
    put: (alert, payload) => remember(box, { ...alert, payload: renderPayload(payload) }),
    keep(alert, payload) {
      noteUnsaved(box, { ...alert, payload: renderPayload(payload) });
    },
    withdraw: (incidentId) => withdraw(box, incidentId),
    forget() {
      forgetShared(box);
      for (const id of box.followed.keys()) if (!box.inFlight.has(id)) box.followed.delete(id);
      box.isLoaded = false;
    },
    saveUnsaved: () => saveUnsaved(box),
    hold(ids) {
      for (const id of ids) box.inFlight.add(id);
      return () => {
        for (const id of ids) box.inFlight.delete(id);
      };
    },
  };
}

function readPayload({ payloads }: OutboxState, alert: Alert): Payload | undefined {
  const payload = payloads.get(alert) ?? parsePayload(alert.payload);
  if (payload !== undefined) payloads.set(alert, payload);
  return payload;
}

function toRow(box: OutboxState, alert: Alert): OutboxRow | undefined {
  const payload = readPayload(box, alert);
  return payload === undefined ? undefined : { alert, payload, isInFlight: box.inFlight.has(alert.id) };
}

function toRows(box: OutboxState, alerts: Iterable<Alert>): readonly OutboxRow[] {
  return [...alerts].map((alert) => toRow(box, alert)).filter((row) => row !== undefined);
}

/**
 * Lists the messages of a receiver, unless the held partitions have changed since `load`, because another process may
 * own the messages now.
 */
function listMine(box: OutboxState, alerts: ReadonlyMap<string, Alert>, receiver: string): readonly OutboxRow[] {
  if ((box.shares?.holding() ?? '') !== box.holding) return [];
  return toRows(box, alerts.values()).filter(({ alert }) => alert.receiver === receiver);
}

/**
 * True for a message about a platform incident. Rows of releases that did not name the cluster are recognized by their
 * jobs.
 */
function isOfPlatform({ instance, jobs }: Payload): boolean {
  return instance.startsWith('of ') ? instance === `of ${ALL_CLUSTERS}` : jobs !== undefined;
}

/** Files an alert in all maps where it belongs. */
function index(box: OutboxState, alert: Alert): void {
  const { pending, followed, open, notifications } = box;
  const payload = readPayload(box, alert);
  notifications.get(alert.incidentId)?.set(alert.id, alert);
  if (alert.state === 'pending') pending.set(alert.id, alert);
  else pending.delete(alert.id);
  if (payload?.inbound !== undefined && alert.state !== 'undeliverable') followed.set(alert.id, alert);
  else followed.delete(alert.id);
  if (alert.state === 'sent' && payload?.openUntilMs !== undefined) {
    const key = openKey(alert.incidentId, alert.receiver);
    if (goesOn(box, alert.receiver, payload)) open.set(key, alert);
    else open.delete(key);
  }
}

function goesOn({ receivers }: OutboxState, name: string, { message }: Payload): boolean {
  const receiver = receivers.find((candidate) => candidate.name === name);
  return receiver !== undefined && CHANNELS[receiver.kind].refresh?.(message) !== undefined;
}

/** Stores an alert, in memory first. While the store is unreachable, a sent message must not be sent again. */
async function remember(box: OutboxState, alert: Alert): Promise<void> {
  noteUnsaved(box, alert);
  await saveUnsaved(box);
}

function noteUnsaved(box: OutboxState, alert: Alert): void {
  index(box, alert);
  box.unsaved.set(alert.id, alert);
}

function saveUnsaved({ store, unsaved, inOrder }: OutboxState): Promise<void> {
  return inOrder(async () => {
    const alerts = [...unsaved.values()];
    if (alerts.length > 0) await store.alerts.saveAll(alerts);
    for (const alert of alerts) if (unsaved.get(alert.id) === alert) unsaved.delete(alert.id);
  });
}

async function load(box: OutboxState): Promise<void> {
  const { store, receivers, isLoaded, shares } = box;
  const holding = shares?.holding() ?? '';
  if (isLoaded && holding === box.holding) return;
  forgetShared(box);
  // Messages that are being sent, or are not stored yet, are newer here than in the store.
  const newer = new Set([...box.inFlight, ...box.unsaved.keys()]);
  const left =
    isLoaded && holding === ''
      ? []
      : [
          ...(await store.alerts.find({ where: { state: 'pending' }, limit: MAX_LOADED })),
          ...(await store.alerts.find({ where: { state: 'sent' }, limit: MAX_LOADED })),
        ];
  for (const alert of left.reverse()) {
    if (newer.has(alert.id) || !isLeft(box, readPayload(box, alert))) continue;
    if (receivers.some(({ name }) => name === alert.receiver)) index(box, alert);
    else if (alert.state === 'pending') await giveUp(box, alert);
  }
  box.isLoaded = true;
  box.holding = holding;
}

async function setReceivers(box: OutboxState, receivers: readonly ReceiverSettings[]): Promise<void> {
  box.receivers = receivers;
  const unroutable = [...box.pending.values()].filter(
    ({ receiver }) => !receivers.some(({ name }) => name === receiver),
  );
  for (const alert of unroutable) await giveUp(box, alert);
}

function giveUp(box: OutboxState, alert: Alert): Promise<void> {
  const error = 'no receiver of this name is configured any more';
  return remember(box, { ...alert, state: 'undeliverable', error });
}

/** True if this process owns the message. */
function isLeft({ instance, shares }: OutboxState, payload: Payload | undefined): boolean {
  if (payload === undefined) return false;
  return shares?.isOurs(payload.instance, isOfPlatform(payload)) ?? payload.instance === instance;
}

/** Removes state that another process may have continued. Sent messages that are not stored yet stay. */
function forgetShared({ pending, open, unsaved, inFlight, notifications }: OutboxState): void {
  for (const id of pending.keys()) if (!inFlight.has(id)) pending.delete(id);
  open.clear();
  for (const [id, { state }] of unsaved) if (state === 'pending') unsaved.delete(id);
  notifications.clear();
}

async function findNotifications(
  box: OutboxState,
  incidentId: string,
  receiver: string,
): Promise<readonly OutboxRow[]> {
  const rows = box.notifications.get(incidentId) ?? (await loadNotifications(box, incidentId));
  const prefix = `${incidentId}/${receiver}/`;
  return toRows(
    box,
    [...rows.values()]
      .filter((alert) => alert.id.startsWith(prefix))
      .sort((left, right) => readNumber(right.id) - readNumber(left.id)),
  );
}

async function loadNotifications(
  { store, notifications, unsaved }: OutboxState,
  incidentId: string,
): Promise<Map<string, Alert>> {
  // The rows are registered before the read, because messages sent meanwhile are newer than the store's answer.
  const rows = new Map([...unsaved].filter(([, alert]) => alert.incidentId === incidentId));
  notifications.set(incidentId, rows);
  try {
    for (const alert of await store.alerts.find({ where: { incidentId }, limit: MAX_LOADED }))
      if (!rows.has(alert.id)) rows.set(alert.id, alert);
  } catch (error) {
    notifications.delete(incidentId);
    throw error;
  }
  return rows;
}

async function withdraw(box: OutboxState, incidentId: string): Promise<void> {
  const waiting = toRows(box, box.pending.values()).filter(
    ({ alert, payload, isInFlight }) => alert.incidentId === incidentId && payload.inbound === undefined && !isInFlight,
  );
  for (const { alert } of waiting) await remember(box, { ...alert, state: 'withdrawn' });
  const open = toRows(box, box.open.values()).filter(({ alert }) => alert.incidentId === incidentId);
  for (const { alert, payload } of open)
    await remember(box, { ...alert, payload: renderPayload({ ...payload, openUntilMs: 0 }) });
}

function openKey(incidentId: string, receiver: string): string {
  return `${receiver}\n${incidentId}`;
}

/** Returns the number of an alert. Alerts of one incident and receiver are numbered in order. */
function readNumber(id: string): number {
  return Number(id.slice(id.lastIndexOf('/') + 1));
}
