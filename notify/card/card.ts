// Defines the model of a chat message: an incident in words, without the format of any channel. Built from an incident
// with the reason of its message (Card), or from an alert that came in. Its plain texts are in the order in which
// people need them. A channel escapes and formats them, and cut.ts shortens them. The card is stored as JSON until it
// is sent. Pure functions.
import { nameSubject } from '../../core/wording/subject.js';
import { OUTCOMES, OWNERS } from '../../core/wording/wording.js';
import { type Evidence, type Incident, type Severity, SEVERITY } from '../../core/documents/incident.js';
import { ALL_CLUSTERS, type Language } from '../../core/types.js';
import type { AlertReason } from '../decide/decide.js';
import type { ForwardedAlert } from './forward.js';
import { isJsonObject, toJsonObject, type Json, type JsonObject } from './payload.js';
import {
  cutMiddle,
  describeIncident,
  findDiagnosis,
  findUnknown,
  hasEnded,
  linkPage,
  listOthers,
  type Card,
} from './render.js';
import { ENDED, JOB_ENDED, NEWS, SEVERITIES, WORDS } from './words.js';

export interface CardNumber {
  readonly name: string;
  readonly value: string;
}

export interface CardLink {
  readonly text: string;
  readonly url: string;
}

export interface AlertCard {
  readonly language: Language;
  /** Severity for a colour. Good news is not bad any more. */
  readonly tone: 'bad' | 'warning' | 'good' | 'neutral';
  readonly severity: Severity;
  /** Cause id, or "unknown"; empty for an alert without a diagnosis. */
  readonly cause: string;
  readonly cluster: string;
  /** Topic, which is the same for all messages about one incident. */
  readonly topic: string;
  /** Symbol, kind of news and subject, short enough for a phone's notification. */
  readonly title: string;
  /** Failure in a few words. */
  readonly headline: string;
  readonly summary: string;
  readonly fix: string;
  /** Option lines of the fix: all or none, because half a patch is another patch. */
  readonly patch: readonly string[];
  /** Evidence, one line each. */
  readonly evidence: readonly string[];
  readonly numbers: readonly CardNumber[];
  /** Other subjects of this message, one line each, and the number of further lines. */
  readonly related: readonly string[];
  readonly relatedMore: number;
  /** Links; the first one leads to the incident. */
  readonly links: readonly CardLink[];
  /** Note of Jobtrace about the message itself. */
  readonly notice: string;
  /** Number of characters that cut.ts removed. */
  readonly leftOut: number;
  /** Kind of the message. A digest groups messages of the same kind. */
  readonly kind: string;
  readonly subject: string;
}

const MAX_EVIDENCE = 3;
const EVIDENCE_UNITS = 200;
/** Number of characters that a cut line keeps before the place that the rule matched. */
const EVIDENCE_PREFIX = 60;
/** Text at the end of every job that may not restart. */
const GIVES_UP = 'Recovery is suppressed by';
const SUBJECT_UNITS = 80;
const HEADLINE_UNITS = 200;
const SUMMARY_UNITS = 600;
const FIX_UNITS = 400;
const MAX_PATCH = 8;
const MAX_JOBS = 10;

/** Reasons after which the incident is over or continues elsewhere. */
const OVER: ReadonlySet<AlertReason> = new Set(['resolved', 'canceled', 'joined', 'ended', 'silent']);

export function buildCard(card: Card): AlertCard {
  const { incident, reason, language, nowMs } = card;
  const words = describeIncident(card);
  const severity = SEVERITIES[words.severity];
  const news =
    reason === 'ended' && incident.ended !== undefined
      ? { symbol: '⚪', ...ENDED[incident.ended.reason] }
      : hasEnded(card)
        ? { ...NEWS[reason], ...JOB_ENDED }
        : NEWS[reason];
  const who = cutMiddle(nameSubject(incident, language), SUBJECT_UNITS);
  const isOver = OVER.has(reason);
  const patch = isOver ? [] : splitLines(words.patch);
  return {
    language,
    tone:
      isOver || reason === 'notice'
        ? reason === 'resolved'
          ? 'good'
          : 'neutral'
        : words.severity === 'warning'
          ? 'warning'
          : 'bad',
    severity: words.severity,
    cause: words.cause,
    cluster: incident.cluster === ALL_CLUSTERS ? '' : incident.cluster,
    topic: incident.id,
    title: `${news?.symbol ?? severity.symbol} ${news?.[language] ?? severity[language]} · ${who}`,
    headline: cutMiddle(words.title, HEADLINE_UNITS),
    summary: isOver || words.summary === words.title ? '' : cutMiddle(words.summary, SUMMARY_UNITS),
    fix: isOver ? '' : cutMiddle(words.fix, FIX_UNITS),
    patch: patch.length > MAX_PATCH ? [] : patch,
    evidence: isOver ? [] : listEvidence(card),
    numbers: listNumbers(incident, card, nowMs),
    related: [...listJobs(incident, language), ...listAlso(card, isOver)],
    relatedMore: 0,
    links: listLinks(card),
    notice: '',
    leftOut: 0,
    kind: `${reason} ${words.cause}`,
    subject: who,
  };
}

/** Builds the card of an alert that came in, with its diagnosis if there is one. */
export function buildForwardedCard(forwarded: ForwardedAlert): AlertCard {
  const { alert, found, language, publicUrl, nowMs } = forwarded;
  const { labels, annotations, status } = alert;
  const name = annotations['summary'] ?? labels['alertname'] ?? '';
  const description = splitLines(annotations['description'] ?? annotations['message'] ?? '').join(' ');
  const reason: AlertReason = status === 'resolved' ? 'resolved' : 'new-incident';
  const isWarning = ['warning', 'info'].includes(labels['severity'] ?? '');
  const symbol = status === 'resolved' ? '✅' : isWarning ? '🟠' : '🔴';
  const base =
    found === undefined
      ? undefined
      : buildCard({ incident: found.incident, subject: found.subject, reason, language, publicUrl, nowMs });
  const source = alert.generatorURL;
  return {
    ...(base ?? emptyCard(language)),
    tone: status === 'resolved' ? 'good' : isWarning ? 'warning' : 'bad',
    severity: base?.severity ?? (isWarning ? 'warning' : 'error'),
    topic: `alert ${alert.fingerprint}`,
    title: `${symbol} ${cutMiddle(labels['alertname'] ?? name, SUBJECT_UNITS)}${base === undefined ? '' : ` · ${base.subject}`}`,
    headline: base?.headline ?? cutMiddle(name, HEADLINE_UNITS),
    summary: base === undefined || base.summary === '' ? cutMiddle(description, SUMMARY_UNITS) : base.summary,
    links: [
      ...(base?.links ?? []),
      ...(source !== undefined && /^https?:/.test(source) ? [{ text: 'Prometheus', url: source }] : []),
    ],
    kind: `${status} ${labels['alertname'] ?? ''}`,
    subject: base?.subject ?? cutMiddle(name, SUBJECT_UNITS),
  };
}

/** Returns a card without any content. */
export function emptyCard(language: Language): AlertCard {
  const texts = {
    cause: '',
    cluster: '',
    topic: '',
    title: '',
    headline: '',
    summary: '',
    fix: '',
    notice: '',
    kind: '',
    subject: '',
  };
  const lists = { patch: [], evidence: [], numbers: [], related: [], links: [] };
  return { language, tone: 'neutral', severity: 'error', ...texts, ...lists, relatedMore: 0, leftOut: 0 };
}

export function renderCard(card: AlertCard): JsonObject {
  return toJsonObject(card);
}

/** Reads a card that renderCard wrote. Missing parts of a damaged card are empty. */
export function readCard(message: JsonObject): AlertCard {
  const text = (key: string): string => (typeof message[key] === 'string' ? message[key] : '');
  const count = (key: string): number => (typeof message[key] === 'number' ? message[key] : 0);
  const list = (key: string): readonly Json[] => (Array.isArray(message[key]) ? message[key] : []);
  const texts = (key: string): readonly string[] => list(key).filter((item) => typeof item === 'string');
  const pairs = (key: string, left: string, right: string): readonly (readonly [string, string])[] =>
    list(key)
      .filter(isJsonObject)
      .map((item) => [String(item[left]), String(item[right])] as const);
  const tone = text('tone');
  return {
    language: text('language') === 'zh' ? 'zh' : 'en',
    tone: tone === 'bad' || tone === 'warning' || tone === 'good' ? tone : 'neutral',
    severity: SEVERITY.enum.find((name) => name === message['severity']) ?? 'error',
    cause: text('cause'),
    cluster: text('cluster'),
    topic: text('topic'),
    title: text('title'),
    headline: text('headline'),
    summary: text('summary'),
    fix: text('fix'),
    patch: texts('patch'),
    evidence: texts('evidence'),
    numbers: pairs('numbers', 'name', 'value').map(([name, value]) => ({ name, value })),
    related: texts('related'),
    relatedMore: count('relatedMore'),
    links: pairs('links', 'text', 'url').map(([shown, url]) => ({ text: shown, url })),
    notice: text('notice'),
    leftOut: count('leftOut'),
    kind: text('kind'),
    subject: text('subject'),
  };
}

/** Lists the first jobs of a platform incident, by name. */
function listJobs({ platform }: Incident, language: Language): readonly string[] {
  if (platform === undefined || platform.children.length === 0) return [];
  const names = platform.children.map(({ job, cluster }) => job?.name ?? job?.id ?? cluster);
  const shown = [...new Set(names)].slice(0, MAX_JOBS);
  const { jobs, colon } = WORDS[language];
  return [`${jobs}${colon}${shown.join(', ')}${platform.jobs > shown.length ? ' …' : ''}`];
}

/** Lists the other causes, which fail the job in other attempts. */
function listAlso(card: Card, isOver: boolean): readonly string[] {
  const { beside, colon } = WORDS[card.language];
  return isOver ? [] : listOthers(card).map((title) => `${beside}${colon}${title}`);
}

/**
 * Lists the evidence of the subject. Lines that differ only in numbers count as one. Flink's line about the end of
 * restarts is left out if there are others, because it says nothing about the cause.
 */
function listEvidence({ incident, subject, language }: Card): readonly string[] {
  const found = findDiagnosis(incident, subject, language)?.evidence ?? findUnknown(incident, subject)?.evidence ?? [];
  const lines = new Map<string, string>();
  for (const { line, at } of found.map(pickLine)) {
    const alike = line.replaceAll(/\d+/g, '0');
    if (line !== '' && !lines.has(alike)) lines.set(alike, cutAround(line, at));
  }
  const specific = [...lines.values()].filter((line) => !line.includes(GIVES_UP));
  return (specific.length > 0 ? specific : [...lines.values()]).slice(0, MAX_EVIDENCE);
}

/**
 * Picks the line with the root of the stack trace, unless a rule matched another line; also returns the position of the
 * match.
 */
function pickLine({ text, highlights }: Evidence): { readonly line: string; readonly at: number } {
  const [start = 0] = highlights?.[0] ?? [];
  const begin = text.lastIndexOf('\n', start - 1) + 1;
  const end = text.indexOf('\n', begin);
  const root = begin === 0 ? pickRoot(text.split('\n')) : undefined;
  if (root !== undefined) return { line: root.trim(), at: 0 };
  return { line: text.slice(begin, end === -1 ? undefined : end).trimEnd(), at: start - begin };
}

/** Cuts a long line around a position, in whole characters, because half a surrogate pair is not a character. */
function cutAround(line: string, at: number): string {
  if (line.length <= EVIDENCE_UNITS || at < EVIDENCE_UNITS / 2) return cutMiddle(line, EVIDENCE_UNITS);
  const rest = [...line.slice(at - EVIDENCE_PREFIX)].slice(1);
  const shown = rest
    .slice(0, EVIDENCE_UNITS - 2)
    .join('')
    .trim();
  return `…${shown}${rest.length > EVIDENCE_UNITS - 2 ? '…' : ''}`;
}

function pickRoot(lines: readonly string[]): string | undefined {
  const root = lines.findLast((line) => line.startsWith('Caused by: '));
  const thrown = lines.find((line) => /^[a-z][\w.$]{0,200}(?:Exception|Error)\b/.test(line));
  return root ?? thrown;
}

function listNumbers(incident: Incident, card: Card, nowMs: number): readonly CardNumber[] {
  const { language, zone = 'UTC' } = card;
  const words = WORDS[language];
  const diagnosis = findDiagnosis(incident, card.subject, language);
  const process = diagnosis?.evidence.find((item) => item.process !== undefined)?.process ?? incident.process;
  const { reprocessMs } = incident.facts;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [words.cluster, incident.cluster === ALL_CLUSTERS ? undefined : incident.cluster],
    [
      words.taskManager,
      process === undefined ? undefined : nameSubject({ process, cluster: incident.cluster }, language),
    ],
    [words.since, incident.firstSeen === undefined ? undefined : writeTime(incident.firstSeen, zone, nowMs)],
    [words.restarts, incident.restarts > 0 ? String(incident.restarts) : undefined],
    [words.state, incident.outcome === 'unknown' ? undefined : OUTCOMES[incident.outcome][language]],
    [words.again, reprocessMs === undefined ? undefined : words.minutes(Math.ceil(reprocessMs / 60_000))],
    [words.owner, diagnosis === undefined ? undefined : OWNERS[diagnosis.owner][language]],
  ];
  return rows.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]));
}

/** Writes a time such as `10:00:05 UTC`, with the date unless it is today's. */
function writeTime(time: string, zone: string, nowMs: number): string {
  const at = new Date(time);
  const day = (date: Date): string => date.toLocaleDateString('sv-SE', { timeZone: zone });
  const clock = at.toLocaleTimeString('sv-SE', { timeZone: zone });
  return `${day(at) === day(new Date(nowMs)) ? '' : `${day(at)} `}${clock} ${zone}`;
}

function listLinks({ incident, subject, language, publicUrl }: Card): readonly CardLink[] {
  const words = WORDS[language];
  const evidence =
    findDiagnosis(incident, subject, language)?.evidence ?? findUnknown(incident, subject)?.evidence ?? [];
  const record = evidence.find(({ recordId }) => recordId !== undefined)?.recordId;
  const links: readonly (readonly [string, string | undefined])[] = [
    [words.openIncident, `/incidents/${encodeURIComponent(incident.id)}`],
    [words.openParent, incident.parent === undefined ? undefined : `/incidents/${encodeURIComponent(incident.parent)}`],
    [words.openLogs, record === undefined ? undefined : `/search?range=all&record=${encodeURIComponent(record)}`],
  ];
  return links.flatMap(([text, path]) => {
    const url = path === undefined ? undefined : linkPage(publicUrl, path);
    return url === undefined ? [] : [{ text, url }];
  });
}

function splitLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
