// Whether one receiver hears of an incident now, and why. In: the incident as it is, what this receiver was told
// of it before, the time, the policy. Out: a named reason either way. Pure. The aim is one message per cause: a
// restart is never news; a better cause, a worse state, the end, and (once) "still failing" are.
import { fitsGlob, type Glob } from '../core/text/glob.js';
import type { Diagnosis, Incident, Severity, UnknownFailure } from '../core/types.js';

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
  | 'muted'
  | 'nothing-found'
  | 'draft-rule'
  | 'distrusted-rule'
  | 'below-warning'
  | 'undated'
  | 'backlog'
  | 'cause-known'
  | 'part-of-platform'
  | 'said-already'
  | 'over-unheard'
  | 'nothing-new';

export interface DecidePolicy {
  /** How long a cause waits for what follows it at once: the job's end, or another process that says it better. */
  readonly settleMs: number;
  /**
   * How long what is only a symptom waits for its cause, and what nothing has failed of for lines that show it to be
   * harmless; what is news does not wait.
   */
  readonly symptomWaitMs: number;
  /** A failure last seen longer ago than this, when it is first looked at, alerts nobody, unless it is late. */
  readonly backlogAfterMs: number;
  /** True for a failure that happened while its log was not read. Left out: none did. */
  readonly isLate?: ((cluster: string, timeMs: number) => boolean) | undefined;
  readonly stillFailingAfterMs: number;
  /** Still failing is said each time that this has passed, not once. */
  readonly repeats?: boolean | undefined;
  /** How long the first message waits at least for others of its group. */
  readonly groupWaitMs?: number | undefined;
  /** The same for what is late. */
  readonly lateWaitMs?: number | undefined;
  /** This receiver hears of it only where nobody has acknowledged it after so long. */
  readonly escalatesAfterMs?: number | undefined;
  /** A failure that only a client tells of is as bad as its cause; left out: it is a notice. */
  readonly clientAlerts?: boolean | undefined;
  /** Rule ids, cause ids, job ids or job names. */
  readonly mutes: readonly Glob[];
  /** True for a rule whose finding usually follows from another failure, even when it stands first. */
  readonly isSymptom: (ruleId: string) => boolean;
  /** True for a rule whose finding is told at once: by itself it says enough, whatever comes. */
  readonly isNews: (ruleId: string) => boolean;
  /** How long, in ms, a line that comes later may still take back what a rule says; 0: none can. */
  readonly doubtMs: (ruleId: string) => number;
  /** True for a rule of which people said too often that it is wrong. Left out: none. */
  readonly isDistrusted?: (ruleId: string) => boolean;
}

/** What an alert is about: the best diagnosis that may be announced, or a failure that no rule names. */
export interface Subject {
  /** Rule id, or `unknown:` and the fingerprint. */
  readonly cause: string;
  readonly symptom: boolean;
  readonly severity: Severity;
  /** Position in the incident's `diagnoses`; undefined for an unknown failure. */
  readonly diagnosis: number | undefined;
  /** Its last failure, in milliseconds since 1970. */
  readonly lastMs?: number | undefined;
}

/** An earlier alert of this incident to this receiver. */
export interface Told {
  readonly reason: string;
  readonly cause: string;
  readonly symptom: boolean;
  readonly severity: Severity;
  readonly outcome: Incident['outcome'];
  /** Of a platform incident: how many jobs it had when this was said. */
  readonly jobs?: number | undefined;
  /** Waits to be sent; such a message is replaced rather than followed by another. */
  readonly isPending: boolean;
  /** When it was sent, or from when on it may be. */
  readonly timeMs: number;
  /** The incident's last failure when this was said; undefined for one without times. */
  readonly seenMs: number | undefined;
}

/** What a receiver was told of an incident so far. */
export interface Hearing {
  /** Newest first. */
  readonly told: readonly Told[];
  /** The message that stands there is changed rather than followed by another. */
  readonly canEdit: boolean;
  /** Its route or a silence holds the message that waits. */
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

/** What a failure becomes this soon after it was first told is part of that message. */
export const ONE_MESSAGE_MS = 60_000;

/** What failed during an absence gathers for so long, to go out as one message. */
export const LATE_WAIT_MS = 5000;

/** Reasons that say what an incident is about. */
const OF_CAUSES: ReadonlySet<string> = new Set<AlertReason>(['cause-corrected', 'second-cause']);

/** A platform incident that has so many times the jobs that were told is told again. */
const GROWN_FACTOR = 2;

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2, critical: 3 };

export function decideAlert(incident: Incident, hearing: Hearing, nowMs: number, policy: DecidePolicy): AlertDecision {
  const { told } = hearing;
  const found = findSubject(incident, policy);
  if (typeof found === 'string') return silent(found);
  // Where the first cause is muted, the second is told alone.
  const [subject] = listSubjects(incident, found, policy);
  if (subject === undefined) return silent('muted');
  const pending = told[0]?.isPending === true ? told[0] : undefined;
  const sent = { ...hearing, told: told.slice(1) };
  if (incident.parent !== undefined)
    return decideChild(subject, pending, pending === undefined ? told : sent.told, nowMs);
  if (pending !== undefined) return decidePending(incident, subject, pending, sent, nowMs, policy);
  return decideFresh(incident, subject, hearing, nowMs, policy);
}

/**
 * What an incident is about, or why it is about nothing: the first cause that no draft found, nor a rule that people
 * distrust; else a symptom that stands for itself; else the failure that no rule names; else a symptom of that one.
 * Mere notices are left out; what only a client tells of is one.
 */
export function findSubject(
  incident: Incident,
  policy: Pick<DecidePolicy, 'isSymptom' | 'isDistrusted' | 'clientAlerts'>,
): Subject | SilenceReason {
  const subject = findLoudest(incident, policy);
  const isOfClient = incident.client === true && policy.clientAlerts !== true;
  return isOfClient && typeof subject !== 'string' ? { ...subject, severity: 'info' } : subject;
}

function findLoudest(
  incident: Incident,
  policy: Pick<DecidePolicy, 'isSymptom' | 'isDistrusted'>,
): Subject | SilenceReason {
  const proven = listProven(incident);
  const found = proven.filter(({ diagnosis }) => policy.isDistrusted?.(diagnosis.rule) !== true);
  // What ended on purpose is told, as a notice.
  const least = incident.ending === undefined ? RANK.warning : RANK.info;
  const loud = found.filter(({ diagnosis }) => RANK[diagnosis.severity] >= least);
  const standing = loud.filter(({ diagnosis }) => !diagnosis.symptom);
  // A second cause stands before the other readings of its attempts.
  const second = standing.findIndex(({ diagnosis }) => diagnosis.beside === true);
  const candidates = second > 0 ? standing.slice(0, second) : standing;
  const best = candidates.find(({ diagnosis }) => !policy.isSymptom(diagnosis.rule)) ?? candidates[0];
  const unknown = incident.unknown[0];
  if (best === undefined && unknown !== undefined) return nameUnknown(unknown);
  const chosen = best ?? loud[0];
  if (chosen === undefined) {
    if (found.length > 0) return 'below-warning';
    if (proven.length > 0) return 'distrusted-rule';
    return incident.diagnoses.en.length > 0 ? 'draft-rule' : 'nothing-found';
  }
  return nameDiagnosis(chosen, policy);
}

/** What the incident is about, and its second causes: each is told that nobody muted. */
function listSubjects(incident: Incident, lead: Subject, policy: DecidePolicy): readonly Subject[] {
  const named = listProven(incident)
    .filter((item) => item.diagnosis.beside === true && isLoud(item))
    .filter(({ diagnosis }) => policy.isDistrusted?.(diagnosis.rule) !== true)
    .map((item) => nameDiagnosis(item, policy));
  const unknown = incident.unknown.filter(({ beside }) => beside === true).map(nameUnknown);
  return [lead, ...[...named, ...unknown].filter(({ cause }) => cause !== lead.cause)].filter(
    (item) => !isMuted(incident, item, policy.mutes),
  );
}

interface ListedDiagnosis {
  readonly diagnosis: Diagnosis;
  readonly index: number;
}

function listProven(incident: Incident): readonly ListedDiagnosis[] {
  return incident.diagnoses.en
    .map((diagnosis, index) => ({ diagnosis, index }))
    .filter(({ diagnosis }) => diagnosis.status !== 'draft');
}

function isLoud({ diagnosis }: ListedDiagnosis): boolean {
  return RANK[diagnosis.severity] >= RANK.warning;
}

function nameDiagnosis({ diagnosis, index }: ListedDiagnosis, { isSymptom }: Pick<DecidePolicy, 'isSymptom'>): Subject {
  return {
    cause: diagnosis.rule,
    symptom: diagnosis.symptom || isSymptom(diagnosis.rule),
    severity: diagnosis.severity,
    diagnosis: index,
    lastMs: readTime(diagnosis.lastSeen),
  };
}

function nameUnknown({ fingerprint, lastSeen, firstSeen }: UnknownFailure): Subject {
  return {
    cause: `unknown:${fingerprint}`,
    symptom: true,
    severity: 'error',
    diagnosis: undefined,
    lastMs: readTime(lastSeen ?? firstSeen),
  };
}

/** Its platform incident is told in its place; who was told of it before is led there, once. */
function decideChild(subject: Subject, pending: Told | undefined, sent: readonly Told[], nowMs: number): AlertDecision {
  if (pending?.reason === 'joined') return silent('said-already');
  const hasStood = sent[0] !== undefined && !isOver(sent[0]) && sent.every(({ reason }) => reason !== 'joined');
  if (hasStood)
    return { send: true, reason: 'joined', subject, notBeforeMs: nowMs, replacesPending: pending !== undefined };
  return { ...silent('part-of-platform'), withdrawsPending: pending === undefined ? undefined : true };
}

/**
 * A message that was not sent yet is brought up to date, as if it had never been; a cause need not wait any longer,
 * unless it is another one that may be taken back.
 */
function decidePending(
  incident: Incident,
  subject: Subject,
  pending: Told,
  sent: Hearing,
  nowMs: number,
  policy: DecidePolicy,
): AlertDecision {
  if (subject.symptom && !pending.symptom) return silent('cause-known');
  // Nobody has heard of it yet: what is over before its group goes out, or before a quiet time ends, is no news.
  const mayWait = sent.isHeld === true || (policy.groupWaitMs ?? 0) > 0 || pending.reason === 'unacknowledged';
  const isUnheard = sent.told.length === 0 && mayWait;
  if (isUnheard && isOver(incident) && !isNotice(subject)) return { ...silent('over-unheard'), withdrawsPending: true };
  const decision = decideFresh(incident, subject, sent, nowMs, policy);
  // What a correction says is right again is what was told; what was a second cause follows from the first.
  if (!decision.send) return OF_CAUSES.has(pending.reason) ? { ...decision, withdrawsPending: true } : decision;
  const about = decision.subject;
  // Whether somebody mended it is held against its last failure.
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
  const isDoubtful = about.cause !== pending.cause && readDoubt(about, policy) > 0;
  const untilMs = isDoubtful ? decision.notBeforeMs : Math.min(decision.notBeforeMs, pending.timeMs);
  return { ...decision, notBeforeMs: untilMs, replacesPending: true };
}

function decideFresh(
  incident: Incident,
  subject: Subject,
  hearing: Hearing,
  nowMs: number,
  policy: DecidePolicy,
): AlertDecision {
  const last = hearing.told[0];
  return last === undefined
    ? decideFirst(incident, subject, nowMs, policy)
    : decideNext(incident, subject, last, hearing, nowMs, policy);
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
    notBeforeMs: nowMs + Math.max(waitMs, readDoubt(subject, policy), groupWaitMs, escalatesAfterMs ?? 0),
    replacesPending: false,
  };
}

/** What failed while its log was not read, and goes on: who comes back is told of that, and of nothing that is over. */
function isLateNews(incident: Incident, { isLate }: DecidePolicy): boolean {
  const { cluster, lastSeen = '' } = incident;
  return !isOver(incident) && isLate?.(cluster, Date.parse(lastSeen)) === true;
}

/** For how long what is told is not sure; nobody is left waiting longer than for the cause of a symptom. */
function readDoubt({ cause }: Subject, { doubtMs, symptomWaitMs }: DecidePolicy): number {
  const ms = doubtMs(cause);
  return ms > symptomWaitMs ? 0 : ms;
}

/** A platform incident gathers its first jobs before. */
function isNews({ platform }: Incident, { cause }: Subject, { isNews }: DecidePolicy): boolean {
  return platform === undefined && isNews(cause);
}

/**
 * A warning is no failure yet: what follows it in other logs, which may be read later, often shows that it healed. A
 * platform incident has no attempts of its own, and gathers its first jobs meanwhile.
 */
function hasFailed({ attempts }: Incident): boolean {
  return attempts.some(({ failedAt }) => failedAt !== undefined);
}

/** Nothing went wrong: it is said once, and nothing follows. */
function isNotice({ severity }: Subject): boolean {
  return severity === 'info';
}

function decideNext(
  incident: Incident,
  lead: Subject,
  last: Told,
  hearing: Hearing,
  nowMs: number,
  policy: DecidePolicy,
): AlertDecision {
  const { told } = hearing;
  const known = told.find(({ symptom }) => !symptom) ?? last;
  // Once something was named, a symptom beside it is no news; what was named stays the subject.
  const subject: Subject =
    lead.symptom && known.cause !== lead.cause ? { ...lead, cause: known.cause, severity: known.severity } : lead;
  const news = listNews(incident, lead, subject, last, hearing, nowMs, policy);
  if (news.length === 0) return silent(subject === lead ? 'nothing-new' : 'cause-known');
  // The same is never said twice of the same cause.
  const chosen = news.find(
    ({ reason, subject: { cause } }) =>
      reason === 'grown' ||
      (reason === 'still-failing' && policy.repeats === true) ||
      !told.some((item) => item.reason === reason && item.cause === cause),
  );
  if (chosen === undefined) return silent('said-already');
  const { reason } = chosen;
  // Where lines of one process come late, the cause may be another one until they are there: that is not told.
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

/** Everything that is new since the last message, the most important first. */
function listNews(
  incident: Incident,
  lead: Subject,
  subject: Subject,
  last: Told,
  { told, canEdit }: Hearing,
  nowMs: number,
  policy: DecidePolicy,
): readonly News[] {
  const subjects = [subject, ...listSubjects(incident, lead, policy).filter(({ cause }) => cause !== lead.cause)];
  const newest = findNewest(subjects);
  const worst = told.reduce((rank, { severity }) => Math.max(rank, RANK[severity]), -Infinity);
  if (last.reason === 'ended') return [];
  // What only a client told of turned out to be of a JobManager's log, too.
  if (last.reason === 'notice') return isNotice(subject) ? [] : [{ reason: 'new-incident', subject }];
  const isApart = canEdit || !isOneMessage(incident, told);
  // That a job is dead is never left out; a client that failed has nothing to go on.
  const hasEnded =
    incident.outcome === 'failed' && last.outcome !== 'failed' && (incident.job !== undefined || isApart);
  const isWorse = RANK[subject.severity] > worst && isApart;
  const hasFailedSince =
    incident.outcome === 'failing' && incident.lastSeen !== undefined && Date.parse(incident.lastSeen) > last.timeMs;
  const isLongAgo = nowMs - last.timeMs >= policy.stillFailingAfterMs;
  const hasStopped = last.outcome === 'recovered' || last.outcome === 'silent';
  const hasFailedAgain = hasStopped && isJudged(incident, newest, last, nowMs, policy);
  const isAlone = incident.platform === undefined;
  const news: readonly (readonly [AlertReason, boolean, Subject?])[] = [
    ['ended', incident.ended !== undefined && told.every(({ reason }) => reason !== 'ended')],
    ...(isAlone ? listCauses(subjects, told, canEdit) : []),
    ['resolved', incident.outcome === 'recovered' && last.outcome !== 'recovered'],
    ['canceled', incident.outcome === 'canceled' && last.outcome !== 'canceled'],
    ['silent', incident.outcome === 'silent' && last.outcome !== 'silent'],
    ['grown', hasGrown(incident, told)],
    ['escalated', hasEnded, newest],
    ['escalated', !isOver(incident) && isWorse],
    ['still-failing', hasFailedSince && (isLongAgo || hasFailedAgain), newest],
  ];
  const isOld = isOldRevision(incident, nowMs, policy);
  return news
    .filter(([reason, holds]) => holds && !(isOld && OF_WORDS.has(reason)))
    .map(([reason, , about = subject]) => ({ reason, subject: about }));
}

/** Reasons for which another rule suffices, without a line that is new. */
const OF_WORDS: ReadonlySet<AlertReason> = new Set(['cause-corrected', 'second-cause', 'escalated']);

/**
 * Causes that were not told yet. One corrects what was told where that stands on the card no more; else it is a second
 * cause beside it. Of one cause (`sql.options/missing`) another rule may say more: that is no message of its own.
 */
function listCauses(
  subjects: readonly Subject[],
  told: readonly Told[],
  canEdit: boolean,
): readonly (readonly [AlertReason, boolean, Subject])[] {
  const [lead] = subjects;
  if (lead === undefined) return [];
  const untold = subjects.filter((item) => !told.some(({ cause }) => causeOf(cause) === causeOf(item.cause)));
  const wrong = findWrong(subjects, told);
  const isReworded = canEdit && !untold.includes(lead) && told.every(({ cause }) => cause !== lead.cause);
  const [right = lead, ...others] = untold;
  return [
    ['cause-corrected', wrong !== undefined, right],
    ['cause-corrected', wrong === undefined && isReworded, lead],
    ...(wrong === undefined ? untold : others).map((item) => ['second-cause', true, item] as const),
  ];
}

/** The last cause that was told and stands no more, unless that was said. */
function findWrong(subjects: readonly Subject[], told: readonly Told[]): Told | undefined {
  const stands = ({ cause }: Told): boolean => subjects.some((item) => causeOf(item.cause) === causeOf(cause));
  const index = told.findIndex((item) => !stands(item));
  return told.slice(0, Math.max(0, index)).some((item) => item.reason === 'cause-corrected' && stands(item))
    ? undefined
    : told[index];
}

/** The one that failed last: what goes on is told by it. */
function findNewest(subjects: readonly Subject[]): Subject | undefined {
  return subjects.reduce<Subject | undefined>(
    (newest, item) => (newest === undefined || (item.lastMs ?? 0) > (newest.lastMs ?? 0) ? item : newest),
    undefined,
  );
}

/** What failed after it had recovered is told by its own lines; without any after as long as a symptom waits. */
function isJudged(
  { lastSeen }: Incident,
  newest: Subject | undefined,
  last: Told,
  nowMs: number,
  { symptomWaitMs }: DecidePolicy,
): boolean {
  if (newest?.lastMs === undefined || newest.lastMs > last.timeMs) return true;
  return lastSeen !== undefined && nowMs - Date.parse(lastSeen) >= symptomWaitMs;
}

/** What other rules say of a failure that is long over changes its card, and nobody is called for it. */
function isOldRevision({ revised, lastSeen }: Incident, nowMs: number, { backlogAfterMs }: DecidePolicy): boolean {
  return revised !== undefined && lastSeen !== undefined && nowMs - Date.parse(lastSeen) > backlogAfterMs;
}

function hasGrown({ platform, outcome }: Incident, told: readonly Told[]): boolean {
  const most = told.reduce((jobs, item) => Math.max(jobs, item.jobs ?? 0), 0);
  return platform !== undefined && outcome === 'failing' && platform.jobs >= GROWN_FACTOR * most;
}

function readTime(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

/** A failure that no rule names is one by itself. */
function causeOf(rule: string): string {
  return rule.split('/', 1)[0] ?? rule;
}

/** By the times of the log: it does not matter how late its lines arrive. */
function isOneMessage({ lastSeen }: Incident, told: readonly Told[]): boolean {
  const first = told.at(-1);
  if (first?.seenMs === undefined || lastSeen === undefined) return false;
  return Date.parse(lastSeen) - first.seenMs < ONE_MESSAGE_MS;
}

/** Nothing of it can get worse. */
function isOver({ outcome }: Pick<Incident, 'outcome'>): boolean {
  return outcome === 'recovered' || outcome === 'canceled';
}

/** True when one of the patterns fits the rule, its cause, the job's id or the job's name. */
function isMuted(incident: Incident, subject: Subject, mutes: readonly Glob[]): boolean {
  const cause = subject.diagnosis === undefined ? undefined : incident.diagnoses.en[subject.diagnosis]?.cause;
  const names = [subject.cause, cause, incident.job?.id, incident.job?.name].filter((name) => name !== undefined);
  return mutes.some((glob) => names.some((name) => fitsGlob(glob, name)));
}

function silent(reason: SilenceReason): { readonly send: false; readonly reason: SilenceReason } {
  return { send: false, reason };
}
