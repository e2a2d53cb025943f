// An incident as a message: one card of facts in the receiver's language (title, cause, fix, evidence, numbers,
// links), made small enough, then put into the shape of a generic webhook or of Alertmanager's API. Pure.
import { linkIncident } from '../core/text/markdown.js';
import type {
  Diagnosis,
  Evidence,
  Fix,
  Incident,
  Language,
  PlatformShare,
  Severity,
  UnknownFailure,
} from '../core/types.js';
import type { AlertReason, Subject } from './decide.js';
import { toJsonObject, type JsonObject } from './payload.js';

export interface Card {
  readonly incident: Incident;
  readonly subject: Subject;
  readonly reason: AlertReason;
  readonly language: Language;
  /** Address of the page; empty when none is known, then the links are left out. */
  readonly publicUrl: string;
  readonly nowMs: number;
}

/** What is said about an incident, in words. */
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

const MAX_BODY_BYTES = 20_000;
const MAX_EVIDENCE = 5;
const MAX_CHILDREN = 10;
const MAX_EVIDENCE_LENGTH = 400;
const MAX_ANNOTATION_LENGTH = 2000;

const TEXTS: Readonly<
  Record<
    Language,
    {
      readonly unknown: string;
      readonly noRule: string;
      readonly noDiagnosis: string;
      readonly reasons: Readonly<Record<AlertReason, string>>;
    }
  >
> = {
  en: {
    unknown: 'Unknown failure',
    noRule: 'No rule names this failure.',
    noDiagnosis: 'No diagnosis yet.',
    reasons: {
      'new-incident': 'New incident',
      'cause-corrected': 'Correction: the cause is another one',
      joined: 'Correction: part of a failure of many jobs',
      grown: 'More jobs fail',
      escalated: 'Worse than before',
      'still-failing': 'Still failing',
      resolved: 'Resolved',
      canceled: 'Canceled by a person',
    },
  },
  zh: {
    unknown: '未知故障',
    noRule: '没有规则能说明这个故障。',
    noDiagnosis: '暂无诊断。',
    reasons: {
      'new-incident': '新故障',
      'cause-corrected': '更正：原因另有其他',
      joined: '更正：属于多个作业的同一故障',
      grown: '更多作业失败',
      escalated: '情况恶化',
      'still-failing': '仍在失败',
      resolved: '已恢复',
      canceled: '已被人工取消',
    },
  },
};

const TYPES: Readonly<Record<AlertReason, string>> = {
  'new-incident': 'jobtrace.incident.opened',
  'cause-corrected': 'jobtrace.incident.corrected',
  joined: 'jobtrace.incident.joined',
  grown: 'jobtrace.incident.grown',
  escalated: 'jobtrace.incident.escalated',
  'still-failing': 'jobtrace.incident.continued',
  resolved: 'jobtrace.incident.resolved',
  canceled: 'jobtrace.incident.canceled',
};

/** The body of a generic webhook (docs/alerts.md): type, timestamp, data; at most 20,000 bytes. */
export function renderWebhook(card: Card): JsonObject {
  const { incident, subject, reason, language, nowMs } = card;
  const words = describeIncident(card);
  const diagnosis = findDiagnosis(incident, subject, language);
  const unknown = diagnosis === undefined ? incident.unknown[0] : undefined;
  const { id, cluster, job, process, firstSeen, lastSeen, outcome, restarts, facts } = incident;
  const body = (evidence: number, details: boolean): JsonObject =>
    toJsonObject({
      type: TYPES[reason],
      timestamp: new Date(nowMs).toISOString(),
      data: {
        reason,
        headline: `${TEXTS[language].reasons[reason]}: ${words.title}`,
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
          platform: incident.platform === undefined ? undefined : cutShare(incident.platform),
        },
        diagnosis: diagnosis === undefined ? null : cutDiagnosis(diagnosis, evidence, details),
        unknown: unknown === undefined ? null : cutUnknown(unknown, evidence),
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

/** One alert of Alertmanager's API v2, without its end: the channel sets that when it sends. */
export function renderAlertmanager(card: Card): JsonObject {
  const { incident, reason } = card;
  const words = describeIncident(card);
  const { job } = incident;
  const labels = {
    alertname: 'FlinkJobFailure',
    job_id: job?.id ?? '',
    job_name: job?.name ?? '',
    process: job === undefined ? (incident.process ?? '') : '',
    cause: words.cause,
    severity: words.severity,
    cluster: incident.platform === undefined ? incident.cluster : '',
    platform: incident.platform === undefined ? '' : incident.id,
  };
  const annotations = {
    summary: words.title,
    description: words.summary,
    fix: words.fix,
    patch: words.patch,
    link: words.link,
    incident: incident.id,
    reason,
    restarts: String(incident.restarts),
    outcome: incident.outcome,
    parent: incident.parent ?? '',
    jobs: String(incident.platform?.jobs ?? ''),
  };
  return toJsonObject({
    labels: dropEmpty(labels),
    annotations: dropEmpty(annotations),
    startsAt: incident.firstSeen ?? new Date(card.nowMs).toISOString(),
    ...(words.link === '' ? {} : { generatorURL: words.link }),
  });
}

/** What stands of an incident in another's message. */
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
    return { ...describeUnknown(incident.unknown[0], language), severity: subject.severity, fix: '', patch: '', link };
  const fix = diagnosis.fixes[0];
  return {
    title: diagnosis.title,
    summary: cutMiddle(diagnosis.summary, MAX_ANNOTATION_LENGTH),
    severity: diagnosis.severity,
    cause: diagnosis.cause,
    fix: cutMiddle(fix?.text ?? '', MAX_ANNOTATION_LENGTH),
    patch: fix === undefined ? '' : renderPatch(fix),
    link,
  };
}

/** Of a child also to the platform incident that stands for it. */
function listLinks({ incident, publicUrl }: Card): Record<string, string> {
  const { id, parent } = incident;
  return dropEmpty({
    incident: linkIncident(publicUrl, id) ?? '',
    parent: parent === undefined ? '' : (linkIncident(publicUrl, parent) ?? ''),
  });
}

/** The first of its jobs; the page has all of them. */
function cutShare(share: PlatformShare): PlatformShare {
  return { ...share, children: share.children.slice(0, MAX_CHILDREN) };
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
    summary: cutMiddle(`${texts.noRule} ${unknown.message} (${chain})`, MAX_ANNOTATION_LENGTH),
    cause: 'unknown',
  };
}

export function renderPatch(fix: Fix): string {
  return Object.entries(fix.patch)
    .map(([option, value]) => `${option}: ${value}`)
    .join('\n');
}

/** The subject's diagnosis; when a later look no longer has it, the one that stands in its place. */
function findDiagnosis(incident: Incident, subject: Subject, language: Language): Diagnosis | undefined {
  const diagnoses = incident.diagnoses[language];
  const named = diagnoses.find((diagnosis) => diagnosis.rule === subject.cause);
  return named ?? (subject.diagnosis === undefined ? undefined : diagnoses[subject.diagnosis]);
}

function cutDiagnosis(diagnosis: Diagnosis, evidence: number, details: boolean): Partial<Diagnosis> {
  const { references, score, values, ...rest } = diagnosis;
  const cut = {
    ...rest,
    evidence: diagnosis.evidence.slice(0, evidence).map(cutEvidence),
    summary: cutMiddle(diagnosis.summary, MAX_ANNOTATION_LENGTH),
    fixes: diagnosis.fixes
      .slice(0, details ? 10 : 1)
      .map((fix) => ({ ...fix, text: cutMiddle(fix.text, MAX_ANNOTATION_LENGTH) })),
  };
  return details
    ? { ...cut, references, score, values }
    : { ...cut, reasons: diagnosis.reasons.slice(0, 1), explains: diagnosis.explains.slice(0, 10) };
}

function cutUnknown(unknown: UnknownFailure, evidence: number): UnknownFailure {
  return {
    ...unknown,
    message: cutMiddle(unknown.message, MAX_ANNOTATION_LENGTH),
    chain: unknown.chain.slice(0, 20),
    evidence: unknown.evidence.slice(0, evidence).map(cutEvidence),
  };
}

/** A long line keeps its beginning and its end; the ranges no longer fit then. */
function cutEvidence(evidence: Evidence): Evidence {
  if (evidence.text.length <= MAX_EVIDENCE_LENGTH) return evidence;
  const { highlights, ...rest } = evidence;
  void highlights;
  return { ...rest, text: cutMiddle(evidence.text, MAX_EVIDENCE_LENGTH) };
}

/** Cuts whole characters out of the middle and says how many. */
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
