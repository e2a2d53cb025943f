// Decides whether one receiver is notified of an incident now. Takes the incident, the earlier alerts to this receiver,
// the time and the policy, and returns a named reason either way. Pure functions. The goal is one message for each
// cause. A restart is never worth a message; a corrected cause, a worse state, the end and (once) "still failing" are.
import type { Incident, Severity } from '../../core/documents/incident.js';
import {
  findNewest,
  findSubject,
  listSubjects,
  RANK,
  readTime,
  type NoSubject,
  type Subject,
  type SubjectPolicy,
} from './subject.js';

export type AlertReason =
  | 'new-incident'
  | 'unacknowledged'
  | 'cause-corrected'
  | 'second-cause'
  | 'joined'
  | 'grown'
  | 'escalated'
  | 'still-failing'
  | 'resolved'
  | 'canceled'
  | 'ended'
  | 'silent'
  | 'notice';
export type SilenceReason =
  | NoSubject
  | 'muted'
  | 'undated'
  | 'backlog'
  | 'cause-known'
  | 'part-of-platform'
  | 'said-already'
  | 'over-unheard'
  | 'nothing-new';

export interface DecidePolicy extends SubjectPolicy {
  /**
   * Time that a cause waits for its immediate consequences: the end of the job, or a better description by another
   * process.
   */
  readonly settleMs: number;
  /**
   * Time that a symptom waits for its cause, and that a diagnosis without a failure waits for lines that show it to be
   * harmless. Rules that are news (`isNews`) do not wait.
   */
  readonly symptomWaitMs: number;
  /** Age above which a failure that is examined for the first time alerts nobody, unless it is late. */
  readonly backlogAfterMs: number;
  /** True for a failure that happened while its log was not read. Absent: no failure is late. */
  readonly isLate?: ((cluster: string, timeMs: number) => boolean) | undefined;
  readonly stillFailingAfterMs: number;
  /** True if "still failing" is sent again after each interval, not once. */
  readonly repeats?: boolean | undefined;
  /** Shortest time that the first message of a group waits for others of the group. */
  readonly groupWaitMs?: number | undefined;
  /** Shortest time that a late failure waits for others. */
  readonly lateWaitMs?: number | undefined;
  /** Time after which this receiver is notified if nobody has acknowledged the incident. */
  readonly escalatesAfterMs?: number | undefined;
  /** True for a rule whose finding is sent at once, because it needs no other finding to explain it. */
  readonly isNews: (ruleId: string) => boolean;
  /** Returns the milliseconds within which a later line may still refute the rule; 0 if none can. */
  readonly doubtMs: (ruleId: string) => number;
}

/** Earlier alert of this incident to this receiver. */
export interface Notification {
  readonly reason: string;
  readonly cause: string;
  readonly symptom: boolean;
  readonly severity: Severity;
  readonly outcome: Incident['outcome'];
  /** Number of jobs of a platform incident at the time of the alert. */
  readonly jobs?: number | undefined;
  /** True if the alert waits to be sent. Such a message is replaced instead of followed by another. */
  readonly isPending: boolean;
  /** Time at which it was sent, or from which it may be sent. */
  readonly timeMs: number;
  /** Time of the incident's last failure at that alert; undefined for an incident without times. */
  readonly seenMs: number | undefined;
}

/** Alerts that a receiver has for an incident so far. */
export interface NotificationHistory {
  /** Earlier alerts, newest first. */
  readonly notifications: readonly Notification[];
  /** True if the channel changes the existing message instead of sending another. */
  readonly canEdit: boolean;
  /** True if its route or a silence holds the pending message back. */
  readonly isHeld?: boolean;
}

export type AlertDecision =
  | { readonly send: false; readonly reason: SilenceReason; readonly withdrawsPending?: true | undefined }
  | {
      readonly send: true;
      readonly reason: AlertReason;
      readonly subject: Subject;
      readonly notBeforeMs: number;
      readonly replacesPending: boolean;
    };

/** Time after the first alert, in milliseconds, in which changes of the failure count as part of that alert. */
const ONE_MESSAGE_MS = 60_000;

/**
 * Time, in milliseconds, in which failures that happened while their logs were not read are collected into one message.
 */
export const LATE_WAIT_MS = 5000;

/** Reasons that concern the cause of an incident. */
const OF_CAUSES: ReadonlySet<string> = new Set<AlertReason>(['cause-corrected', 'second-cause']);

/** Factor by which the jobs of a platform incident must grow before it is announced again. */
const GROWN_FACTOR = 2;

export function decideAlert(
  incident: Incident,
  history: NotificationHistory,
  nowMs: number,
  policy: DecidePolicy,
): AlertDecision {
  const { notifications } = history;
  const found = findSubject(incident, policy);
  if (typeof found === 'string') return silent(found);
  // The second cause is announced alone if the first one is muted.
  const [subject] = listSubjects(incident, found, policy);
  if (subject === undefined) return silent('muted');
  const pending = notifications[0]?.isPending === true ? notifications[0] : undefined;
  const sent = { ...history, notifications: notifications.slice(1) };
  if (incident.parent !== undefined)
    return decideChild(subject, pending, pending === undefined ? notifications : sent.notifications, nowMs);
  if (pending !== undefined) return decidePending(incident, subject, pending, sent, nowMs, policy);
  return decideFresh(incident, subject, history, nowMs, policy);
}

/**
 * Decides about an incident that is part of a platform incident. The platform incident is announced instead; a receiver
 * that already knows this incident gets one message that refers to it.
 */
function decideChild(
  subject: Subject,
  pending: Notification | undefined,
  sent: readonly Notification[],
  nowMs: number,
): AlertDecision {
  if (pending?.reason === 'joined') return silent('said-already');
  const isAnnounced = sent[0] !== undefined && !isOver(sent[0]) && sent.every(({ reason }) => reason !== 'joined');
  if (isAnnounced)
    return { send: true, reason: 'joined', subject, notBeforeMs: nowMs, replacesPending: pending !== undefined };
  return { ...silent('part-of-platform'), withdrawsPending: pending === undefined ? undefined : true };
}

/**
 * Decides again about a pending message, as if it did not exist. The cause has waited already; only a different cause
 * that may still be refuted waits again.
 */
function decidePending(
  incident: Incident,
  subject: Subject,
  pending: Notification,
  sent: NotificationHistory,
  nowMs: number,
  policy: DecidePolicy,
): AlertDecision {
  if (subject.symptom && !pending.symptom) return silent('cause-known');
  // Nobody has been notified yet. An incident that is over before its group is sent, or before a quiet time ends, is
  // not news.
  const mayWait = sent.isHeld === true || (policy.groupWaitMs ?? 0) > 0 || pending.reason === 'unacknowledged';
  const isUnannounced = sent.notifications.length === 0 && mayWait;
  if (isUnannounced && isOver(incident) && !isNotice(subject))
    return { ...silent('over-unheard'), withdrawsPending: true };
  const decision = decideFresh(incident, subject, sent, nowMs, policy);
  // The pending message is withdrawn if a correction restores the announced cause, or if the second cause now follows
  // from the first.
  if (!decision.send) return OF_CAUSES.has(pending.reason) ? { ...decision, withdrawsPending: true } : decision;
  const about = decision.subject;
  // The card is "resolved" by its last failure, so the pending message must contain the current one.
  const isUpToDate = pending.reason !== 'unacknowledged' || pending.seenMs === readTime(incident.lastSeen);
  const isSame =
    isUpToDate &&
    decision.reason === pending.reason &&
    about.cause === pending.cause &&
    about.severity === pending.severity &&
    incident.outcome === pending.outcome &&
    incident.platform?.jobs === pending.jobs &&
    decision.notBeforeMs >= pending.timeMs;
  if (isSame) return silent('said-already');
  const isRefutable = about.cause !== pending.cause && readRefutationMs(about, policy) > 0;
  const untilMs = isRefutable ? decision.notBeforeMs : Math.min(decision.notBeforeMs, pending.timeMs);
  return { ...decision, notBeforeMs: untilMs, replacesPending: true };
}

function decideFresh(
  incident: Incident,
  subject: Subject,
  history: NotificationHistory,
  nowMs: number,
  policy: DecidePolicy,
): AlertDecision {
  const last = history.notifications[0];
  return last === undefined
    ? decideFirst(incident, subject, nowMs, policy)
    : decideNext(incident, subject, last, history, nowMs, policy);
}

function decideFirst(incident: Incident, subject: Subject, nowMs: number, policy: DecidePolicy): AlertDecision {
  if (incident.lastSeen === undefined) return silent('undated');
  const isOld = nowMs - Date.parse(incident.lastSeen) > policy.backlogAfterMs;
  const isLate = isOld && isLateNews(incident, policy);
  if (isOld && !isLate) return silent('backlog');
  const waitMs =
    incident.client === true || (!isNews(incident, subject, policy) && (subject.symptom || !hasFailed(incident)))
      ? policy.symptomWaitMs
      : incident.outcome === 'failing'
        ? policy.settleMs
        : 0;
  const { escalatesAfterMs } = policy;
  const groupWaitMs = Math.max(policy.groupWaitMs ?? 0, isLate ? (policy.lateWaitMs ?? 0) : 0);
  if (isNotice(subject) && escalatesAfterMs !== undefined) return silent('below-warning');
  return {
    send: true,
    reason: isNotice(subject) ? 'notice' : escalatesAfterMs === undefined ? 'new-incident' : 'unacknowledged',
    subject,
    notBeforeMs: nowMs + Math.max(waitMs, readRefutationMs(subject, policy), groupWaitMs, escalatesAfterMs ?? 0),
    replacesPending: false,
  };
}

/**
 * True for a failure that happened while its log was not read and that continues. Such a failure that is over is not
 * announced.
 */
function isLateNews(incident: Incident, { isLate }: DecidePolicy): boolean {
  const { cluster, lastSeen = '' } = incident;
  return !isOver(incident) && isLate?.(cluster, Date.parse(lastSeen)) === true;
}

/**
 * Returns the milliseconds in which the subject may still be refuted, at most the wait of a symptom, so that no message
 * waits longer.
 */
function readRefutationMs({ cause }: Subject, { doubtMs, symptomWaitMs }: DecidePolicy): number {
  const ms = doubtMs(cause);
  return ms > symptomWaitMs ? 0 : ms;
}

/** True if the rule is news. A platform incident is not, because it collects its first jobs before it is announced. */
function isNews({ platform }: Incident, { cause }: Subject, { isNews }: DecidePolicy): boolean {
  return platform === undefined && isNews(cause);
}

/**
 * True if an attempt has failed. A warning is not a failure yet, because later lines in other logs often show a
 * recovery. A platform incident has no attempts of its own and collects its first jobs meanwhile.
 */
function hasFailed({ attempts }: Incident): boolean {
  return attempts.some(({ failedAt }) => failedAt !== undefined);
}

/** True if nothing went wrong. A notice is sent once, and nothing follows it. */
function isNotice({ severity }: Subject): boolean {
  return severity === 'info';
}

function decideNext(
  incident: Incident,
  primary: Subject,
  last: Notification,
  history: NotificationHistory,
  nowMs: number,
  policy: DecidePolicy,
): AlertDecision {
  const { notifications } = history;
  const known = notifications.find(({ symptom }) => !symptom) ?? last;
  // A symptom is not news after a cause was announced; that cause stays the subject.
  const subject: Subject =
    primary.symptom && known.cause !== primary.cause
      ? { ...primary, cause: known.cause, severity: known.severity }
      : primary;
  const news = listNews(incident, primary, subject, last, history, nowMs, policy);
  if (news.length === 0) return silent(subject === primary ? 'nothing-new' : 'cause-known');
  // The same reason is never sent twice for the same cause.
  const chosen = news.find(
    ({ reason, subject: { cause } }) =>
      reason === 'grown' ||
      (reason === 'still-failing' && policy.repeats === true) ||
      !notifications.some((item) => item.reason === reason && item.cause === cause),
  );
  if (chosen === undefined) return silent('said-already');
  const { reason } = chosen;
  // Late lines of a process may still change the cause; such an interim cause is not announced.
  const mayChange =
    reason === 'grown' ||
    (reason === 'second-cause' && (chosen.subject.symptom || !isOver(incident))) ||
    (reason === 'cause-corrected' && !known.symptom && !isOver(incident));
  const waitMs = mayChange ? policy.symptomWaitMs : 0;
  return { send: true, reason, subject: chosen.subject, notBeforeMs: nowMs + waitMs, replacesPending: false };
}

interface News {
  readonly reason: AlertReason;
  readonly subject: Subject;
}

/** Lists all news since the last message, the most important first. */
function listNews(
  incident: Incident,
  primary: Subject,
  subject: Subject,
  last: Notification,
  { notifications, canEdit }: NotificationHistory,
  nowMs: number,
  policy: DecidePolicy,
): readonly News[] {
  const subjects = [subject, ...listSubjects(incident, primary, policy).filter(({ cause }) => cause !== primary.cause)];
  const newest = findNewest(subjects);
  const worst = notifications.reduce((rank, { severity }) => Math.max(rank, RANK[severity]), -Infinity);
  if (last.reason === 'ended') return [];
  // The failure that only a client had logged now appears in a JobManager's log, too.
  if (last.reason === 'notice') return isNotice(subject) ? [] : [{ reason: 'new-incident', subject }];
  const isApart = canEdit || !isOneMessage(incident, notifications);
  // The end of a job is always announced. A failed client has nothing that could continue.
  const hasEnded =
    incident.outcome === 'failed' && last.outcome !== 'failed' && (incident.job !== undefined || isApart);
  const isWorse = RANK[subject.severity] > worst && isApart;
  const hasFailedSince =
    incident.outcome === 'failing' && incident.lastSeen !== undefined && Date.parse(incident.lastSeen) > last.timeMs;
  const isLongAgo = nowMs - last.timeMs >= policy.stillFailingAfterMs;
  const hasStopped = last.outcome === 'recovered' || last.outcome === 'silent';
  const hasFailedAgain = hasStopped && hasNewEvidence(incident, newest, last, nowMs, policy);
  const isAlone = incident.platform === undefined;
  const news: readonly (readonly [AlertReason, boolean, Subject?])[] = [
    ['ended', incident.ended !== undefined && notifications.every(({ reason }) => reason !== 'ended')],
    ...(isAlone ? listCauses(subjects, notifications, canEdit) : []),
    ['resolved', incident.outcome === 'recovered' && last.outcome !== 'recovered'],
    ['canceled', incident.outcome === 'canceled' && last.outcome !== 'canceled'],
    ['silent', incident.outcome === 'silent' && last.outcome !== 'silent'],
    ['grown', hasGrown(incident, notifications)],
    ['escalated', hasEnded, newest],
    ['escalated', !isOver(incident) && isWorse],
    ['still-failing', hasFailedSince && (isLongAgo || hasFailedAgain), newest],
  ];
  const isOld = isOldRevision(incident, nowMs, policy);
  return news
    .filter(([reason, holds]) => holds && !(isOld && OF_WORDS.has(reason)))
    .map(([reason, , about = subject]) => ({ reason, subject: about }));
}

/** Reasons that a change of rules can cause, without a new line in the log. */
const OF_WORDS: ReadonlySet<AlertReason> = new Set(['cause-corrected', 'second-cause', 'escalated']);

/**
 * Lists causes that were not announced yet. A new cause corrects an announced one that is no longer on the card;
 * otherwise it is a second cause next to it. If another rule of the same cause (`sql.options/missing`) adds details, no
 * message is sent.
 */
function listCauses(
  subjects: readonly Subject[],
  notifications: readonly Notification[],
  canEdit: boolean,
): readonly (readonly [AlertReason, boolean, Subject])[] {
  const [primary] = subjects;
  if (primary === undefined) return [];
  const unannounced = subjects.filter(
    (item) => !notifications.some(({ cause }) => causeOf(cause) === causeOf(item.cause)),
  );
  const wrong = findWrong(subjects, notifications);
  const isReworded =
    canEdit && !unannounced.includes(primary) && notifications.every(({ cause }) => cause !== primary.cause);
  const [right = primary, ...others] = unannounced;
  return [
    ['cause-corrected', wrong !== undefined, right],
    ['cause-corrected', wrong === undefined && isReworded, primary],
    ...(wrong === undefined ? unannounced : others).map((item) => ['second-cause', true, item] as const),
  ];
}

/** Finds the last announced cause that is no longer on the card, unless its correction was announced. */
function findWrong(subjects: readonly Subject[], notifications: readonly Notification[]): Notification | undefined {
  const isStillFound = ({ cause }: Notification): boolean =>
    subjects.some((item) => causeOf(item.cause) === causeOf(cause));
  const index = notifications.findIndex((item) => !isStillFound(item));
  return notifications
    .slice(0, Math.max(0, index))
    .some((item) => item.reason === 'cause-corrected' && isStillFound(item))
    ? undefined
    : notifications[index];
}

/**
 * True if a failure after a recovery has lines of its own that describe it, or has been without such lines for as long
 * as a symptom waits.
 */
function hasNewEvidence(
  { lastSeen }: Incident,
  newest: Subject | undefined,
  last: Notification,
  nowMs: number,
  { symptomWaitMs }: DecidePolicy,
): boolean {
  if (newest?.lastMs === undefined || newest.lastMs > last.timeMs) return true;
  return lastSeen !== undefined && nowMs - Date.parse(lastSeen) >= symptomWaitMs;
}

/** True if other rules revise a failure that ended long ago. The card changes, but nobody is notified. */
function isOldRevision({ revised, lastSeen }: Incident, nowMs: number, { backlogAfterMs }: DecidePolicy): boolean {
  return revised !== undefined && lastSeen !== undefined && nowMs - Date.parse(lastSeen) > backlogAfterMs;
}

function hasGrown({ platform, outcome }: Incident, notifications: readonly Notification[]): boolean {
  const max = notifications.reduce((jobs, item) => Math.max(jobs, item.jobs ?? 0), 0);
  return platform !== undefined && outcome === 'failing' && platform.jobs >= GROWN_FACTOR * max;
}

/** Returns the cause id of a rule. A failure that no rule names is a cause by itself. */
function causeOf(rule: string): string {
  return rule.split('/', 1)[0] ?? rule;
}

/**
 * True if the last failure belongs to the first message. The times of the log count, so that late lines make no
 * difference.
 */
function isOneMessage({ lastSeen }: Incident, notifications: readonly Notification[]): boolean {
  const first = notifications.at(-1);
  if (first?.seenMs === undefined || lastSeen === undefined) return false;
  return Date.parse(lastSeen) - first.seenMs < ONE_MESSAGE_MS;
}

/** True if the incident cannot get worse any more. */
function isOver({ outcome }: Pick<Incident, 'outcome'>): boolean {
  return outcome === 'recovered' || outcome === 'canceled';
}

function silent(reason: SilenceReason): { readonly send: false; readonly reason: SilenceReason } {
  return { send: false, reason };
}
