// Describes an incident for people: the diagnosis with its title, cause, fix and patch in the receiver's language, or
// the known facts if no rule names the failure. The channels format these texts. Pure functions.
import type { CardTemplate } from '../../core/config/receiver.js';
import { listSecondCauses } from '../../core/wording/second-causes.js';
import { findPrimary, nameUnknown } from '../../core/wording/primary.js';
import { linkIncident } from '../../core/wording/markdown.js';
import type { Diagnosis, Fix, Incident, Severity, UnknownFailure } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import type { AlertReason } from '../decide/decide.js';
import type { Subject } from '../decide/subject.js';
import { toJsonObject, type JsonObject } from './payload.js';

export interface Card {
  readonly incident: Incident;
  readonly subject: Subject;
  readonly reason: AlertReason;
  readonly language: Language;
  /** Address of the page; empty if it is unknown. Links are then left out. */
  readonly publicUrl: string;
  readonly nowMs: number;
  /** IANA name of the receiver's time zone; absent: UTC. */
  readonly zone?: string | undefined;
  /** Texts of the receiver's own. */
  readonly template?: CardTemplate | undefined;
}

/** Texts about an incident. */
export interface Words {
  readonly title: string;
  readonly summary: string;
  readonly severity: Severity;
  /** Cause id, or "unknown". */
  readonly cause: string;
  readonly fix: string;
  /** Option lines, ready to paste. */
  readonly patch: string;
  readonly link: string;
}

/** Longest text about an incident, in UTF-16 units. */
export const MAX_TEXT_UNITS = 2000;
const MAX_TITLE_UNITS = 200;

const TEXTS: Readonly<Record<Language, { readonly [key in 'unknown' | 'noRule' | 'noDiagnosis']: string }>> = {
  en: { unknown: 'Unknown failure', noRule: 'No rule matches this failure.', noDiagnosis: 'No diagnosis yet.' },
  zh: { unknown: '未知故障', noRule: '暂无匹配规则。', noDiagnosis: '暂无诊断。' },
};

/** Renders the short form of an incident, for use in the message of another incident. */
export function renderBrief(card: Card): JsonObject {
  const { title, cause, link } = describeIncident(card);
  const { id, cluster, job, outcome, restarts } = card.incident;
  return toJsonObject({
    incidentId: id,
    cluster,
    job,
    cause,
    title,
    outcome,
    restarts,
    ...(link === '' ? {} : { link }),
  });
}

export function describeIncident({ incident, subject, language, publicUrl }: Omit<Card, 'reason' | 'nowMs'>): Words {
  const diagnosis = findDiagnosis(incident, subject, language);
  const link = linkIncident(publicUrl, incident.id) ?? '';
  if (diagnosis === undefined)
    return {
      ...describeUnknown(findUnknown(incident, subject), language),
      severity: subject.severity,
      fix: '',
      patch: '',
      link,
    };
  const fix = diagnosis.fixes[0];
  return {
    title: diagnosis.title,
    summary: cutMiddle(diagnosis.summary, MAX_TEXT_UNITS),
    severity: subject.severity,
    cause: diagnosis.cause,
    fix: cutMiddle(fix?.text ?? '', MAX_TEXT_UNITS),
    patch: fix === undefined ? '' : renderPatch(fix),
    link,
  };
}

function describeUnknown(
  unknown: UnknownFailure | undefined,
  language: Language,
): Pick<Words, 'title' | 'summary' | 'cause'> {
  const texts = TEXTS[language];
  if (unknown === undefined) return { title: texts.noDiagnosis, summary: texts.noDiagnosis, cause: 'unknown' };
  const root = unknown.chain.at(-1) ?? '';
  const chain = unknown.chain.join(' ← ');
  return {
    title: `${texts.unknown}${root === '' ? '' : `: ${root.split('.').at(-1) ?? root}`}`,
    summary: cutMiddle(`${texts.noRule} ${unknown.message} (${chain})`, MAX_TEXT_UNITS),
    cause: 'unknown',
  };
}

/** Returns the address of a page of Jobtrace by its path; undefined if no address is configured. */
export function linkPage(publicUrl: string, path: string): string | undefined {
  return publicUrl === '' ? undefined : `${publicUrl.replace(/(?<!\/)\/+$/, '')}${path}`;
}

function renderPatch(fix: Fix): string {
  return Object.entries(fix.patch)
    .map(([option, value]) => `${option}: ${value}`)
    .join('\n');
}

/** Finds the subject's diagnosis, or the one at its position if a later analysis does not have it any more. */
export function findDiagnosis(incident: Incident, subject: Subject, language: Language): Diagnosis | undefined {
  const diagnoses = incident.diagnoses[language];
  const named = diagnoses.find((diagnosis) => diagnosis.rule === subject.cause);
  return named ?? (subject.diagnosis === undefined ? undefined : diagnoses[subject.diagnosis]);
}

/** Finds the subject's failure that no rule names, else the first such failure. */
export function findUnknown({ unknown }: Incident, { cause }: Subject): UnknownFailure | undefined {
  return unknown.find(({ fingerprint }) => cause === `unknown:${fingerprint}`) ?? unknown[0];
}

/** Lists titles of the incident's other causes: the first cause and the second causes, without the subject. */
export function listOthers({ incident, subject, language }: Pick<Card, 'incident' | 'subject' | 'language'>): string[] {
  const found = { diagnoses: incident.diagnoses[language], unknown: incident.unknown };
  const secondCauses = listSecondCauses(found);
  if (secondCauses.length === 0) return [];
  const primary = findPrimary(found);
  const first =
    primary.kind === 'cause'
      ? { cause: primary.diagnosis.rule, title: primary.diagnosis.title }
      : { cause: `unknown:${primary.unknown?.fingerprint ?? ''}`, title: nameUnknown(primary.unknown) };
  const own = findDiagnosis(incident, subject, language)?.rule ?? subject.cause;
  return [first, ...secondCauses]
    .filter(({ cause }) => cause !== own)
    .map(({ title }) => cutMiddle(title, MAX_TITLE_UNITS));
}

/** True for a message about a job that ended and does not restart. */
export function hasEnded({ reason, incident }: Pick<Card, 'reason' | 'incident'>): boolean {
  return reason === 'escalated' && incident.outcome === 'failed' && incident.job !== undefined;
}

/** Cuts whole characters out of the middle and writes how many. */
export function cutMiddle(text: string, length: number): string {
  if (text.length <= length) return text;
  const characters = [...text];
  const half = Math.max(1, Math.floor((length - 12) / 2));
  return characters.length <= 2 * half
    ? text
    : `${characters.slice(0, half).join('')} …[${characters.length - 2 * half}]… ${characters.slice(-half).join('')}`;
}

export function dropEmpty(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}
