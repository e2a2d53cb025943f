// Turns changed incidents, and alerts of Alertmanager, into messages at receivers. A process has one notifier, which
// gets every incident that the analyzer saved. decide.ts decides, render.ts words, outbox.ts stores, sender.ts
// delivers; this file joins them.
import { toIso } from '../core/time/iso.js';
import { createSerialQueue, type SerialQueue } from '../core/queue.js';
import type { ReceiverSettings } from '../core/config/receiver.js';
import { createError, JobtraceError } from '../core/errors.js';
import { errorText, errorTrace } from '../core/fault.js';
import type { Log } from '../core/log.js';
import type { Proxies } from '../core/proxy.js';
import type { Incident } from '../core/documents/incident.js';
import type { ReceivedAlert } from '../core/documents/alert.js';
import type { PrecisionFloor } from '../core/documents/precision.js';
import type { Collections, IncidentStore } from '../store/store.js';
import { findReceiverProblems, findReceiverRisk } from './deliver/settings.js';
import { CHANNELS } from './channels/table.js';
import { createSender, type Sender } from './deliver/sender.js';
import { decideAlert, LATE_WAIT_MS, type DecidePolicy, type Notification } from './decide/decide.js';
import { findSubject } from './decide/subject.js';
import { createFallback } from './deliver/fallback.js';
import { createInbound, type Inbound, type InboundPolicy } from './deliver/inbound.js';
import { createWakeup, type Wakeup } from './decide/pace.js';
import { DELIVER_DEADLINE_MS, type Payload } from './card/payload.js';
import { renderBrief, type Card } from './card/render.js';
import {
  createRouter,
  NO_LABELS,
  renderGroup,
  type RoutedCard,
  type Router,
  type RoutingOptions,
} from './routing/router.js';
import { findRoutingProblems } from './routing/context.js';
import { createPrecisionGuard } from './decide/precision-guard.js';
import { createOutbox, type MessageShares, type OutboxRow, type Outbox } from './deliver/outbox.js';

export interface NotifyPolicy extends DecidePolicy, InboundPolicy {
  /** Precision below which a rule alerts nobody. */
  readonly floor: PrecisionFloor;
}

export interface NotifierOptions {
  readonly store: Pick<IncidentStore, 'findIncidents'> &
    Pick<Collections, 'alerts' | 'feedback' | 'silences' | 'triage' | 'states'>;
  readonly receivers: readonly ReceiverSettings[];
  /** Routes that select receivers and times. Absent: every receiver is notified of everything at any time. */
  readonly routing?: RoutingOptions | undefined;
  /**
   * Names of receivers that get emergency messages without the store. emergency.ts sends those; the names are checked
   * here.
   */
  readonly emergency?: readonly string[];
  readonly policy: NotifyPolicy;
  /** Proxies of the settings; absent: none. */
  readonly proxies?: Proxies | undefined;
  readonly log: Log;
  /** Address of the page for links; empty: no links. */
  readonly publicUrl?: string;
  /** Name that distinguishes the messages of several processes on one store, e.g. "analyzer-0", "api". */
  readonly instance?: string;
  /** Ownership of messages, if several processes share the partitions of the incidents. */
  readonly shares?: MessageShares | undefined;
  readonly now?: () => number;
  readonly random?: () => number;
  readonly onDelivery?: (kind: string, result: 'sent' | 'retry' | 'undeliverable') => void;
  /** Outbox of the previous notifier; absent: a new one, which loads its state from the store. */
  readonly outbox?: Outbox | undefined;
  /** Observes that a receiver accepted a first message, with the milliseconds since the last line of its failure. */
  readonly onNotified?: (ms: number) => void;
}

/** Messages of one receiver that are due and not sent. */
export interface WaitingMessages {
  readonly receiver: string;
  readonly state: 'waiting' | 'held';
  readonly count: number;
  /** Milliseconds since the oldest message became due. */
  readonly oldestMs: number;
}

export interface Notifier {
  /** Decides for every receiver and stores the messages; sends nothing itself. */
  incidentChanged(incident: Incident): Promise<void>;
  /** Withdraws the pending messages of a removed incident. */
  incidentGone(id: string): Promise<void>;
  /** Makes the notifier read its messages from the store again, because data was deleted on request. */
  forget(): void;
  /** Handles a message from Alertmanager's webhook. */
  receiveAlerts(message: unknown): Promise<readonly ReceivedAlert[]>;
  /** Counts waiting and held messages: two rows for each receiver, even without any message. */
  waiting(): readonly WaitingMessages[];
  /** Sends all messages that are due. */
  stepOnce(): Promise<void>;
  /** Messages that wait to be sent. A notifier with other settings takes them over when it replaces this one. */
  readonly outbox: Outbox;
  /** Steps until the signal aborts; waits while the store is unreachable. */
  run(signal: AbortSignal): Promise<void>;
}

/** Time, in milliseconds, after which an incident without news is no longer kept open at an Alertmanager. */
const OPEN_MS = 24 * 3_600_000;
const DELIVER_EVERY_MS = 250;
const POLL_EVERY_MS = 1000;

interface NotifierState {
  readonly outbox: Outbox;
  readonly router: Router;
  /** Senders by the name of their receiver. */
  readonly senders: ReadonlyMap<string, Sender>;
  readonly inbound: Inbound;
  readonly wakeup: Wakeup;
  readonly log: Log;
  loading: Promise<void> | undefined;
  /** Changes one after the other, because each decision needs what the previous one stored. */
  readonly inOrder: SerialQueue;
}

export function createNotifier(options: NotifierOptions): Notifier {
  checkReceivers(options);
  warnOfRisks(options);
  const notifier = createState(options);
  const { store, receivers, log, publicUrl = '', instance = 'main', now = Date.now } = options;
  const { outbox, router, inbound, senders, wakeup } = notifier;
  const precisionGuard = createPrecisionGuard(store, options.policy.floor, log, now);
  const policy: NotifyPolicy = { ...options.policy, isRuleMuted: precisionGuard.isRuleMuted };
  const nameOf = options.shares?.nameOf ?? (() => instance);
  const writer = createWriter({ outbox, router, policy, publicUrl, nameOf, log, now });
  return {
    outbox,
    async incidentChanged(incident) {
      await makeReady(notifier);
      await notifier.inOrder(async () => {
        if (router.isLeftAlone(incident.id)) return outbox.withdraw(incident.id);
        if (receivers.length > 0) await precisionGuard.refresh();
        const subject = findSubject(incident, policy);
        const card = typeof subject === 'string' ? undefined : router.routeIncident(incident, subject);
        for (const receiver of receivers) await tryWrite(() => writer(incident, receiver, card), receiver, log);
      });
      await outbox.saveUnsaved();
      wakeup.ring();
    },
    async incidentGone(id) {
      await makeReady(notifier);
      await notifier.inOrder(() => outbox.withdraw(id));
    },
    forget: () => outbox.forget(),
    async receiveAlerts(message) {
      await makeReady(notifier);
      const received = await notifier.inOrder(() => inbound.receive(message));
      wakeup.ring();
      return received;
    },
    waiting: () => receivers.flatMap(({ name }) => countWaiting(notifier, name, now())),
    async stepOnce() {
      await stepInbound(notifier);
      await Promise.all([...senders.values()].map((sender) => stepSender(notifier, sender)));
    },
    async run(signal) {
      const deliver = [...senders].map(([name, sender]) =>
        loop(notifier, name, DELIVER_EVERY_MS, () => stepSender(notifier, sender), signal),
      );
      const receive = loop(notifier, 'inbound', POLL_EVERY_MS, () => stepInbound(notifier), signal);
      // Receivers run independently, so that one that hangs delays no other.
      await Promise.all([...deliver, receive]);
    },
  };
}

function createState(options: NotifierOptions): NotifierState {
  const { store, receivers, policy, proxies, log, publicUrl = '', instance = 'main', shares } = options;
  const { now = Date.now, random = Math.random, onDelivery = () => undefined, onNotified = () => undefined } = options;
  const outbox = options.outbox ?? createOutbox({ store, receivers, instance, shares });
  const router = createRouter({ receivers, routing: options.routing, store, log, now });
  return {
    outbox,
    router,
    senders: new Map(
      receivers.map((receiver) => {
        const isHeld = (row: OutboxRow): boolean => router.findHold(row) !== undefined;
        const sendToFallback = createFallback(receiver, { outbox, receivers, now });
        return [
          receiver.name,
          createSender({ outbox, receiver, proxies, log, now, random, onDelivery, onNotified, isHeld, sendToFallback }),
        ];
      }),
    ),
    inbound: createInbound({
      store,
      outbox,
      router,
      receivers,
      policy,
      instance,
      publicUrl,
      deadlineMs: DELIVER_DEADLINE_MS,
      now,
    }),
    wakeup: createWakeup(),
    log,
    loading: undefined,
    inOrder: createSerialQueue(),
  };
}

function countWaiting({ outbox, router }: NotifierState, receiver: string, now: number): readonly WaitingMessages[] {
  const due = outbox.listPending(receiver).filter(({ payload }) => payload.notBeforeMs <= now);
  return (['waiting', 'held'] as const).map((state) => {
    const rows = due.filter((row) => (router.findHold(row) === undefined) === (state === 'waiting'));
    const firstMs = rows.reduce((first, { payload }) => Math.min(first, payload.notBeforeMs), now);
    return { receiver, state, count: rows.length, oldestMs: now - firstMs };
  });
}

/** Loads the outbox. Concurrent callers wait for the same load. */
async function makeReady(notifier: NotifierState): Promise<void> {
  const loading = (notifier.loading ??= notifier.outbox.load());
  try {
    await loading;
  } finally {
    if (notifier.loading === loading) notifier.loading = undefined;
  }
}

async function stepInbound(notifier: NotifierState): Promise<void> {
  await makeReady(notifier);
  await notifier.inOrder(() => notifier.inbound.stepOnce());
}

async function stepSender(notifier: NotifierState, sender: Sender): Promise<void> {
  await makeReady(notifier);
  await notifier.router.refresh();
  await sender.deliverDue();
  await sender.refreshOpen();
}

async function loop(
  { log, wakeup }: NotifierState,
  name: string,
  everyMs: number,
  step: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let problem = '';
  while (!signal.aborted) {
    const error = await catchError(step);
    const found = error === undefined ? '' : errorText(error);
    if (found !== problem && error instanceof JobtraceError)
      log.warn({ part: name, problem: found }, 'Alerts wait: the store cannot be used; trying again.');
    else if (found !== problem && error !== undefined)
      log.error(
        { part: name, code: 'JT_RECEIVER_DEFECT', trace: errorTrace(error) },
        'Alerts wait because of a defect; trying again.',
      );
    problem = found;
    await wakeup.wait(everyMs, signal);
  }
}

/**
 * Returns what the step threw, if anything. This last catch keeps a receiver's error from ending the process or
 * delaying another receiver.
 */
async function catchError(step: () => Promise<void>): Promise<unknown> {
  try {
    await step();
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing was thrown');
  }
}

/**
 * Runs one receiver's write, so that its defect does not affect other receivers. An error of the store is passed to the
 * caller.
 */
async function tryWrite(write: () => Promise<void>, { name }: ReceiverSettings, log: Log): Promise<void> {
  const error = await catchError(write);
  if (error instanceof JobtraceError) throw error;
  if (error !== undefined)
    log.error(
      { receiver: name, code: 'JT_RECEIVER_DEFECT', trace: errorTrace(error) },
      'A message to the receiver could not be made.',
    );
}

interface WriterOptions {
  readonly outbox: Outbox;
  readonly router: Router;
  readonly policy: NotifyPolicy;
  readonly publicUrl: string;
  readonly nameOf: MessageShares['nameOf'];
  readonly log: Log;
  readonly now: () => number;
}

type Writer = (incident: Incident, receiver: ReceiverSettings, card: RoutedCard | undefined) => Promise<void>;

/**
 * Creates a function that decides for one receiver and stores the message. A receiver that was notified of an incident
 * keeps getting its updates, whatever the incident's labels become.
 */
function createWriter({ outbox, router, policy, publicUrl, nameOf, log, now }: WriterOptions): Writer {
  return async (incident, receiver, routed) => {
    const rows = await outbox.findNotifications(incident.id, receiver.name);
    const channel = CHANNELS[receiver.kind];
    const active = rows.filter(({ alert }) => alert.state !== 'withdrawn');
    const notifications = active.map(toNotification);
    const waiting = active[0];
    const path = routed?.paths.get(receiver.name);
    if (routed !== undefined && path === undefined && notifications.every(({ isPending }) => isPending)) {
      if (waiting !== undefined) outbox.keep({ ...waiting.alert, state: 'withdrawn' }, waiting.payload);
      return;
    }
    const { groupBy, groupWaitMs, repeatIntervalMs } = path?.node ?? router.root;
    const group = (reason: string): string => renderGroup(reason, routed?.labels ?? NO_LABELS, groupBy);
    const isHeld = waiting !== undefined && router.findHold(waiting) !== undefined;
    const decision = decideAlert(incident, { notifications, canEdit: channel.canEdit, isHeld }, now(), {
      ...policy,
      groupWaitMs:
        groupWaitMs === 0 ? 0 : waitForGroup(outbox, receiver.name, group('new-incident'), groupWaitMs, now()),
      stillFailingAfterMs: repeatIntervalMs ?? policy.stillFailingAfterMs,
      lateWaitMs: waitForGroup(outbox, receiver.name, group('new-incident'), LATE_WAIT_MS, now()),
      repeats: repeatIntervalMs !== undefined,
      escalatesAfterMs: path?.escalatesAfterMs,
    });
    log.debug(
      { incident: incident.id, receiver: receiver.name, send: decision.send, reason: decision.reason },
      'Decided about an alert.',
    );
    if (!decision.send) {
      if (decision.withdrawsPending && waiting !== undefined)
        outbox.keep({ ...waiting.alert, state: 'withdrawn' }, waiting.payload);
      return;
    }
    const { subject, reason } = decision;
    const primary = findSubject(incident, policy);
    const card: Card = {
      incident,
      // A message that is edited in place stays about the first cause and names the second next to it.
      subject: reason === 'second-cause' && channel.canEdit && typeof primary !== 'string' ? primary : subject,
      reason,
      language: receiver.language,
      publicUrl,
      nowMs: now(),
      zone: receiver.zone,
      template: receiver.template,
    };
    const payload: Payload = {
      instance: nameOf(incident),
      topic: incident.id,
      notBeforeMs: decision.notBeforeMs,
      deadlineMs: now() + DELIVER_DEADLINE_MS,
      symptom: subject.symptom,
      severity: subject.severity,
      outcome: incident.outcome,
      jobs: incident.platform?.jobs,
      seenMs: incident.lastSeen === undefined ? undefined : Date.parse(incident.lastSeen),
      group: reason === 'joined' ? `joined|${incident.parent ?? ''}` : group(reason),
      message: channel.renderIncident(card, outbox.findOpen(incident.id, receiver.name)?.message),
      brief: renderBrief(card),
      // A notice is sent once and does not stay open.
      openUntilMs: channel.refresh === undefined || reason === 'notice' ? undefined : now() + OPEN_MS,
      labels: routed?.labels,
    };
    const replaced = decision.replacesPending ? waiting?.alert : undefined;
    outbox.keep(
      {
        id: replaced?.id ?? `${incident.id}/${receiver.name}/${rows.length + 1}`,
        incidentId: incident.id,
        receiver: receiver.name,
        reason,
        cause: subject.cause,
        sentAt: toIso(now()),
        state: 'pending',
        attempts: replaced?.attempts ?? 0,
      },
      payload,
    );
  };
}

/** Returns the time until the first message of the group is due, if one waits already, else the full wait. */
function waitForGroup(outbox: Outbox, receiver: string, group: string, groupWaitMs: number, nowMs: number): number {
  const firstMs = outbox
    .listPending(receiver)
    .filter(({ payload }) => payload.group === group)
    .reduce((first, { payload }) => Math.min(first, payload.notBeforeMs), nowMs + groupWaitMs);
  return Math.max(0, firstMs - nowMs);
}

function toNotification({ alert, payload, isInFlight }: OutboxRow): Notification {
  const isPending = alert.state === 'pending' && !isInFlight;
  return {
    reason: alert.reason,
    cause: alert.cause,
    symptom: payload.symptom,
    severity: payload.severity,
    outcome: payload.outcome,
    seenMs: payload.seenMs,
    jobs: payload.jobs,
    isPending,
    timeMs: isPending ? payload.notBeforeMs : Date.parse(alert.sentAt),
  };
}

function warnOfRisks({ receivers, log }: NotifierOptions): void {
  for (const receiver of receivers) {
    const risk = findReceiverRisk(receiver);
    if (risk !== undefined) log.warn({ receiver: receiver.name }, risk.en);
  }
}

function checkReceivers({ receivers, routing, emergency = [] }: NotifierOptions): void {
  const names = receivers.map(({ name }) => name);
  const problems = [
    ...findReceiverProblems(receivers),
    ...(routing === undefined ? [] : findRoutingProblems({ ...routing, receivers: names })),
    ...emergency
      .filter((name) => !names.includes(name))
      .map((name) => `notify.emergency names the receiver "${name}", which notify.receivers does not have.`),
  ].map((problem) => `  ${problem}`);
  if (problems.length > 0) throw createError('JT_CONFIG_INVALID', { problems: problems.join('\n') });
}
