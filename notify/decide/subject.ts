// Finds what an alert is about: the causes of an incident that may be announced, the first one first. Draft rules,
// rules that the precision guard muted, and patterns that a receiver muted are left out. Pure functions.
import { fitsGlob, type Glob } from '../../core/text/glob.js';
import type { Diagnosis, Incident, Severity, UnknownFailure } from '../../core/documents/incident.js';

export interface SubjectPolicy {
  /** True if a failure that only a client logged has the severity of its cause. Absent: it is a notice. */
  readonly clientAlerts?: boolean | undefined;
  /** Patterns of rule ids, cause ids, job ids or job names. */
  readonly mutes: readonly Glob[];
  /** True for a rule whose finding usually follows from another failure, even if it ranks first. */
  readonly isSymptom: (ruleId: string) => boolean;
  /** True for a rule that the precision guard muted, because people rated it wrong too often. Absent: none is muted. */
  readonly isRuleMuted?: (ruleId: string) => boolean;
}

/** Reason why an incident has no subject. */
export type NoSubject = 'nothing-found' | 'draft-rule' | 'distrusted-rule' | 'below-warning';

/** Subject of an alert: the best diagnosis that may be announced, or a failure that no rule names. */
export interface Subject {
  /** Rule id, or `unknown:` and the fingerprint. */
  readonly cause: string;
  readonly symptom: boolean;
  readonly severity: Severity;
  /** Position in the incident's `diagnoses`; undefined for an unknown failure. */
  readonly diagnosis: number | undefined;
  /** Time of its last failure, in milliseconds since 1970. */
  readonly lastMs?: number | undefined;
}

export const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2, critical: 3 };

/**
 * Finds the subject of an incident, or the reason why it has none. The subject is the first cause that comes neither
 * from a draft rule nor from a muted rule; else a symptom that stands alone; else the failure that no rule names; else
 * a symptom of that failure. Notices do not count. A failure that only a client logged is a notice.
 */
export function findSubject(incident: Incident, policy: Omit<SubjectPolicy, 'mutes'>): Subject | NoSubject {
  const subject = findPrimary(incident, policy);
  const isOfClient = incident.client === true && policy.clientAlerts !== true;
  return isOfClient && typeof subject !== 'string' ? { ...subject, severity: 'info' } : subject;
}

function findPrimary(
  incident: Incident,
  policy: Pick<SubjectPolicy, 'isSymptom' | 'isRuleMuted'>,
): Subject | NoSubject {
  const proven = listProven(incident);
  const found = proven.filter(({ diagnosis }) => policy.isRuleMuted?.(diagnosis.rule) !== true);
  // An intentional end is announced, as a notice.
  const least = incident.ending === undefined ? RANK.warning : RANK.info;
  const alerting = found.filter(({ diagnosis }) => RANK[diagnosis.severity] >= least);
  const causes = alerting.filter(({ diagnosis }) => !diagnosis.symptom);
  // A second cause comes before the other interpretations of its attempts.
  const second = causes.findIndex(({ diagnosis }) => diagnosis.beside === true);
  const candidates = second > 0 ? causes.slice(0, second) : causes;
  const best = candidates.find(({ diagnosis }) => !policy.isSymptom(diagnosis.rule)) ?? candidates[0];
  const unknown = incident.unknown[0];
  if (best === undefined && unknown !== undefined) return nameUnknown(unknown);
  const chosen = best ?? alerting[0];
  if (chosen === undefined) {
    if (found.length > 0) return 'below-warning';
    if (proven.length > 0) return 'distrusted-rule';
    return incident.diagnoses.en.length > 0 ? 'draft-rule' : 'nothing-found';
  }
  return nameDiagnosis(chosen, policy);
}

/** Lists the subject of the incident and its second causes, without those that are muted. */
export function listSubjects(incident: Incident, primary: Subject, policy: SubjectPolicy): readonly Subject[] {
  const named = listProven(incident)
    .filter((item) => item.diagnosis.beside === true && isAlerting(item))
    .filter(({ diagnosis }) => policy.isRuleMuted?.(diagnosis.rule) !== true)
    .map((item) => nameDiagnosis(item, policy));
  const unknown = incident.unknown.filter(({ beside }) => beside === true).map(nameUnknown);
  return [primary, ...[...named, ...unknown].filter(({ cause }) => cause !== primary.cause)].filter(
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

function isAlerting({ diagnosis }: ListedDiagnosis): boolean {
  return RANK[diagnosis.severity] >= RANK.warning;
}

function nameDiagnosis(
  { diagnosis, index }: ListedDiagnosis,
  { isSymptom }: Pick<SubjectPolicy, 'isSymptom'>,
): Subject {
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

/** True if one of the patterns matches the rule, its cause, the job's id or the job's name. */
function isMuted(incident: Incident, subject: Subject, mutes: readonly Glob[]): boolean {
  const cause = subject.diagnosis === undefined ? undefined : incident.diagnoses.en[subject.diagnosis]?.cause;
  const names = [subject.cause, cause, incident.job?.id, incident.job?.name].filter((name) => name !== undefined);
  return mutes.some((glob) => names.some((name) => fitsGlob(glob, name)));
}

/** Finds the subject that failed last. Messages about a continuing failure name it. */
export function findNewest(subjects: readonly Subject[]): Subject | undefined {
  return subjects.reduce<Subject | undefined>(
    (newest, item) => (newest === undefined || (item.lastMs ?? 0) > (newest.lastMs ?? 0) ? item : newest),
    undefined,
  );
}

export function readTime(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
