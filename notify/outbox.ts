// The messages that are kept: pending ones, those that stand open at a receiver, alerts whose diagnosis may still
// follow, and what was told of an incident. In memory for speed, in the store so that a restart loses none.
import type { ReceiverSettings } from '../core/config/rows/receiver.js';
import { ALL_CLUSTERS, type Incident } from '../core/types.js';
import type { Alert, AlertStore } from '../store/store.js';
import { CHANNELS } from './channels/table.js';
import { parsePayload, renderPayload, type Payload } from './payload.js';

/** An alert with its payload read. */
export interface OutboxRow {
  readonly alert: Alert;
  readonly payload: Payload;
  /** Being sent at this moment: too late to change it. */
  readonly isInFlight: boolean;
}

export interface Outbox {
  /**
   * Reads what an earlier run left behind, and what another process did whose messages are this one's now; messages for
   * receivers that are gone are given up. To be called before anything else.
   */
  load(): Promise<void>;
  /** Gives up what waits for receivers that are gone, as `load` does. */
  setReceivers(receivers: readonly ReceiverSettings[]): Promise<void>;
  /** What was said, is to be said or was taken back of an incident to a receiver, newest first. */
  findTold(incidentId: string, receiver: string): Promise<readonly OutboxRow[]>;
  /** Oldest first. */
  listPending(receiver: string): readonly OutboxRow[];
  /** Incoming alerts whose diagnosis is still looked for, pending and sent ones. */
  listFollowed(): readonly OutboxRow[];
  /** Messages that stand at a receiver which must be told again. */
  listOpen(receiver: string): readonly OutboxRow[];
  findOpen(incidentId: string, receiver: string): Payload | undefined;
  put(alert: Alert, payload: Payload): Promise<void>;
  /** The same, but stored by the next `saveUnsaved`: of many changes at once all messages in one write. */
  keep(alert: Alert, payload: Payload): void;
  /**
   * Takes back what waits to be said of an incident, but for what is on its way, and lets a receiver that forgets
   * forget it; somebody else's alerts stay.
   */
  withdraw(incidentId: string): Promise<void>;
  /** Lets `load` read everything again: something was deleted on request. */
  forget(): void;
  /** Writes what the store could not take before. */
  saveUnsaved(): Promise<void>;
  /** Marks messages as being sent, until the function that it gives is called. */
  hold(ids: readonly string[]): () => void;
}

export interface OutboxOptions {
  readonly store: AlertStore;
  readonly receivers: readonly ReceiverSettings[];
  /** Rows of other instances in the same store are left alone. */
  readonly instance: string;
  /** Where several processes share what is said; then `instance` does not count. */
  readonly shares?: MessageShares | undefined;
}

/** Which messages are of this process, as long as it holds what they are about. */
export interface MessageShares {
  /** The instance of what is said of an incident. */
  nameOf(incident: Incident): string;
  /** Asked before each message. `isOfPlatform`: of a platform incident. */
  isOurs(instance: string, isOfPlatform: boolean): boolean;
  /** Another text as soon as this process holds something else, or holds it anew. */
  holding(): string;
}

const MAX_INCIDENTS_KNOWN = 2000;
const MAX_LOADED = 10_000;

/** What is kept in memory, each alert by its id. */
interface OutboxState extends Omit<OutboxOptions, 'receivers'> {
  receivers: readonly ReceiverSettings[];
  readonly pending: Map<string, Alert>;
  readonly followed: Map<string, Alert>;
  /** By incident and receiver. */
  readonly open: Map<string, Alert>;
  /** By incident. */
  readonly told: Map<string, Map<string, Alert>>;
  readonly inFlight: Set<string>;
  /** What the store has not taken yet. */
  readonly unsaved: Map<string, Alert>;
  /** A payload is read once, however often it is looked at. */
  readonly payloads: WeakMap<Alert, Payload>;
  saving: Promise<void>;
  isLoaded: boolean;
  /** What this process held when they were loaded. */
  holding: string;
}

export function createOutbox(options: OutboxOptions): Outbox {
  const box: OutboxState = {
    ...options,
    pending: new Map(),
    followed: new Map(),
    open: new Map(),
    told: new Map(),
    inFlight: new Set(),
    unsaved: new Map(),
    payloads: new WeakMap(),
    saving: Promise.resolve(),
    isLoaded: false,
    holding: '',
  };
  return {
    load: () => load(box),
    setReceivers: (receivers) => setReceivers(box, receivers),
    findTold: (incidentId, receiver) => findTold(box, incidentId, receiver),
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

/** Asked before each message: what another one may say by now is not said here. */
function listMine(box: OutboxState, alerts: ReadonlyMap<string, Alert>, receiver: string): readonly OutboxRow[] {
  if ((box.shares?.holding() ?? '') !== box.holding) return [];
  return toRows(box, alerts.values()).filter(({ alert }) => alert.receiver === receiver);
}

/** Rows of a release that did not name the cluster are of a platform incident when they have jobs. */
function isOfPlatform({ instance, jobs }: Payload): boolean {
  return instance.startsWith('of ') ? instance === `of ${ALL_CLUSTERS}` : jobs !== undefined;
}

/** Puts an alert where the rest of this file looks for it. */
function index(box: OutboxState, alert: Alert): void {
  const { pending, followed, open, told } = box;
  const payload = readPayload(box, alert);
  told.get(alert.incidentId)?.set(alert.id, alert);
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

/** Here first: while the store is away, what was sent must not be sent again. */
async function remember(box: OutboxState, alert: Alert): Promise<void> {
  noteUnsaved(box, alert);
  await saveUnsaved(box);
}

function noteUnsaved(box: OutboxState, alert: Alert): void {
  index(box, alert);
  box.unsaved.set(alert.id, alert);
}

/** One after the other, so that an older state never lands on a newer one. */
function saveUnsaved(box: OutboxState): Promise<void> {
  const { store, unsaved } = box;
  const turn = box.saving.then(async () => {
    const alerts = [...unsaved.values()];
    if (alerts.length > 0) await store.rememberAlerts(alerts);
    for (const alert of alerts) if (unsaved.get(alert.id) === alert) unsaved.delete(alert.id);
  });
  // Whoever asked is told of the failure; the next one begins anew.
  box.saving = turn.catch(() => undefined);
  return turn;
}

async function load(box: OutboxState): Promise<void> {
  const { store, receivers, isLoaded, shares } = box;
  const holding = shares?.holding() ?? '';
  if (isLoaded && holding === box.holding) return;
  forgetShared(box);
  // What is on its way, or could not be noted yet, is newer here than what the store answers.
  const newer = new Set([...box.inFlight, ...box.unsaved.keys()]);
  const left =
    isLoaded && holding === ''
      ? []
      : [
          ...(await store.findAlerts({ state: 'pending', limit: MAX_LOADED })),
          ...(await store.findAlerts({ state: 'sent', limit: MAX_LOADED })),
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
  const strangers = [...box.pending.values()].filter(
    ({ receiver }) => !receivers.some(({ name }) => name === receiver),
  );
  for (const alert of strangers) await giveUp(box, alert);
}

function giveUp(box: OutboxState, alert: Alert): Promise<void> {
  const error = 'no receiver of this name is configured any more';
  return remember(box, { ...alert, state: 'undeliverable', error });
}

/** Whether it is for this process to go on with it. */
function isLeft({ instance, shares }: OutboxState, payload: Payload | undefined): boolean {
  if (payload === undefined) return false;
  return shares?.isOurs(payload.instance, isOfPlatform(payload)) ?? payload.instance === instance;
}

/** Somebody else may have gone on with it. What was sent stays to be noted. */
function forgetShared({ pending, open, unsaved, inFlight, told }: OutboxState): void {
  for (const id of pending.keys()) if (!inFlight.has(id)) pending.delete(id);
  open.clear();
  for (const [id, { state }] of unsaved) if (state === 'pending') unsaved.delete(id);
  told.clear();
}

async function findTold(box: OutboxState, incidentId: string, receiver: string): Promise<readonly OutboxRow[]> {
  const rows = box.told.get(incidentId) ?? (await loadTold(box, incidentId));
  const prefix = `${incidentId}/${receiver}/`;
  return toRows(
    box,
    [...rows.values()]
      .filter((alert) => alert.id.startsWith(prefix))
      .sort((left, right) => readNumber(right.id) - readNumber(left.id)),
  );
}

async function loadTold({ store, told, unsaved }: OutboxState, incidentId: string): Promise<Map<string, Alert>> {
  // Known before it is read: what is sent meanwhile is newer than what the store answers.
  const rows = new Map([...unsaved].filter(([, alert]) => alert.incidentId === incidentId));
  told.set(incidentId, rows);
  try {
    for (const alert of await store.findAlerts({ incidentId, limit: MAX_LOADED }))
      if (!rows.has(alert.id)) rows.set(alert.id, alert);
  } catch (error) {
    told.delete(incidentId);
    throw error;
  }
  const [oldest] = told.keys();
  if (told.size > MAX_INCIDENTS_KNOWN && oldest !== undefined) told.delete(oldest);
  return rows;
}

async function withdraw(box: OutboxState, incidentId: string): Promise<void> {
  const waiting = toRows(box, box.pending.values()).filter(
    ({ alert, payload, isInFlight }) => alert.incidentId === incidentId && payload.inbound === undefined && !isInFlight,
  );
  for (const { alert } of waiting) await remember(box, { ...alert, state: 'withdrawn' });
  const standing = toRows(box, box.open.values()).filter(({ alert }) => alert.incidentId === incidentId);
  for (const { alert, payload } of standing)
    await remember(box, { ...alert, payload: renderPayload({ ...payload, openUntilMs: 0 }) });
}

function openKey(incidentId: string, receiver: string): string {
  return `${receiver}\n${incidentId}`;
}

/** Alerts of one incident and receiver are numbered in the order of saying. */
function readNumber(id: string): number {
  return Number(id.slice(id.lastIndexOf('/') + 1));
}
