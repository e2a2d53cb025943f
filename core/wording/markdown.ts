// Renders an incident as Markdown, to paste into an issue or for an assistant to read. Each statement is a block, in
// the order in which people need them (cause, fix, evidence). Text from a log is in fences that it cannot close, or is
// escaped. Pure functions.
import type {
  Diagnosis,
  Evidence,
  Fix,
  Incident,
  PlatformShare,
  Revision,
  UnknownFailure,
} from '../documents/incident.js';
import type { Language } from '../types.js';
import { listSecondCauses } from './second-causes.js';
import { joinLines } from '../text/lines.js';
import { showText } from '../text/terminal.js';
import { OUTCOMES, OWNERS, RISKS } from './wording.js';

const WORDS = {
  en: {
    job: 'Job',
    process: 'Process',
    cluster: 'Cluster',
    outcome: 'Status',
    first: 'First seen',
    last: 'Last seen',
    restarts: 'Restarts',
    incident: 'Incident',
    cause: 'Cause',
    owner: 'Owner',
    rule: 'Rule',
    why: 'Likely reasons',
    fix: 'Fix',
    cost: 'Trade-off',
    verify: 'How to verify',
    evidence: 'Evidence',
    follows: 'Consequences',
    unknown: 'Unknown failure (no matching rule)',
    jobs: 'Affected jobs',
    also: 'Also caused by',
    parent: 'Part of incident',
    revised: 'Re-diagnosed after a rule change',
    before: 'previously',
    unnamed: 'previously unknown',
    more: 'more lines',
    none: 'No diagnosis',
    colon: ': ',
  },
  zh: {
    job: '作业',
    process: '进程',
    cluster: '集群',
    outcome: '状态',
    first: '首次失败',
    last: '最近出现',
    restarts: '重启次数',
    incident: '故障',
    cause: '原因',
    owner: '责任方',
    rule: '规则',
    why: '可能原因',
    fix: '修复建议',
    cost: '代价',
    verify: '验证',
    evidence: '证据',
    follows: '由此引起',
    unknown: '未知故障（暂无匹配规则）',
    jobs: '受影响的作业',
    also: '其他原因',
    parent: '所属故障',
    revised: '规则变更后重新诊断',
    before: '此前的首要诊断',
    unnamed: '此前未匹配到规则',
    more: '行略去',
    none: '暂无诊断',
    colon: '：',
  },
} as const satisfies Record<Language, Record<string, string>>;

/** Number of lines shown of one piece of evidence. Stack frames beyond it are seldom read. */
const EVIDENCE_LINES = 12;
const LINE_UNITS = 400;

export interface MarkdownOptions {
  readonly language: Language;
  /** Address of the incident's page; absent if no address is configured. */
  readonly link?: string | undefined;
}

/** Renders the whole card, which ends with a line break. */
export function renderIncidentMarkdown(incident: Incident, options: MarkdownOptions): string {
  return `${listIncidentBlocks(incident, options).join('\n\n')}\n`;
}

/** Lists the blocks of the card, the most needed first. */
export function listIncidentBlocks(incident: Incident, { language, link }: MarkdownOptions): readonly string[] {
  const { platform, unknown } = incident;
  const blocks = [
    renderHeader(incident, { language, link }),
    ...listFindings(incident.diagnoses[language], unknown, language),
  ];
  return platform === undefined ? blocks : [...blocks, renderChildren(platform, language)];
}

/** Lists the findings of an incident or of a log: causes with fixes and evidence, unknown failures, consequences. */
export function listFindings(
  diagnoses: readonly Diagnosis[],
  unknown: readonly UnknownFailure[],
  language: Language,
): readonly string[] {
  const named = diagnoses.filter((diagnosis, index) => index === 0 || !diagnosis.symptom);
  const following = diagnoses.filter((diagnosis, index) => index > 0 && diagnosis.symptom);
  const follows = following.map((item) => `- ${escapeMarkdown(item.title)} (\`${item.rule}\`)`);
  return [
    ...named.flatMap((diagnosis) => listDiagnosisBlocks(diagnosis, language)),
    ...unknown.map((item) => renderUnknown(item, language)),
    ...(follows.length === 0 ? [] : [[`**${WORDS[language].follows}**`, '', ...follows].join('\n')]),
  ];
}

/** Returns the address of the incident's page; undefined if no address of the page is configured. */
export function linkIncident(publicUrl: string, id: string): string | undefined {
  return publicUrl === '' ? undefined : `${publicUrl.replace(/(?<!\/)\/+$/, '')}/incidents/${encodeURIComponent(id)}`;
}

/** Names an incident by its first cause, or by the failure that no rule names. */
export function nameIncident({ diagnoses, unknown }: Incident, language: Language): string {
  return diagnoses[language][0]?.title ?? unknown[0]?.chain.at(-1) ?? WORDS[language].none;
}

function renderHeader(incident: Incident, { language, link }: MarkdownOptions): string {
  const words = WORDS[language];
  const { id, job, process, cluster, outcome, firstSeen, lastSeen, restarts, parent, revised } = incident;
  const who = job === undefined ? process : job.name === undefined ? job.id : `${job.name} (${job.id})`;
  const also = listSecondCauses({ diagnoses: incident.diagnoses[language], unknown: incident.unknown });
  const rows: readonly (readonly [string, string | undefined])[] = [
    [job === undefined ? words.process : words.job, who],
    [words.cluster, cluster],
    [words.outcome, OUTCOMES[outcome][language]],
    [words.also, also.length === 0 ? undefined : also.map(({ title }) => title).join('; ')],
    [words.first, firstSeen],
    [words.last, lastSeen],
    [words.restarts, String(restarts)],
    [words.incident, id],
    [words.parent, parent],
    [words.revised, revised === undefined ? undefined : describeRevision(revised, language)],
  ];
  return [
    `## ${escapeMarkdown(nameIncident(incident, language))}`,
    '',
    ...rows.flatMap(([name, value]) =>
      value === undefined ? [] : [`- ${name}${words.colon}${escapeMarkdown(value)}`],
    ),
    ...(link === undefined ? [] : [`- <${link}>`]),
  ].join('\n');
}

function describeRevision({ time, before }: Revision, language: Language): string {
  const { before: first, unnamed, colon } = WORDS[language];
  return `${time} (${before === undefined ? unnamed : `${first}${colon}${before}`})`;
}

function listDiagnosisBlocks(diagnosis: Diagnosis, language: Language): readonly string[] {
  const words = WORDS[language];
  const reasons = diagnosis.reasons.map(({ weight, text }) => `- ${Math.round(weight * 100)}% ${escapeMarkdown(text)}`);
  const cause = [
    `### ${words.cause}${words.colon}${escapeMarkdown(diagnosis.title)}`,
    '',
    escapeMarkdown(diagnosis.summary),
    '',
    `${words.owner}${words.colon}${OWNERS[diagnosis.owner][language]} · ${words.rule}${words.colon}\`${diagnosis.rule}\` (${diagnosis.confidence.toFixed(2)})`,
    ...(reasons.length === 0 ? [] : ['', `**${words.why}**`, '', ...reasons]),
  ].join('\n');
  return [
    cause,
    ...diagnosis.fixes.map((fix) => renderFix(fix, language)),
    ...selectTelling(diagnosis.evidence).map((item) => renderEvidence(item, language)),
  ];
}

function renderFix({ text, risk, patch, cost, verify }: Fix, language: Language): string {
  const words = WORDS[language];
  const lines = Object.entries(patch).map(([option, value]) => `${option}: ${value}`);
  return [
    `**${words.fix}** · ${RISKS[risk][language]}${words.colon}${escapeMarkdown(text)}`,
    ...(lines.length === 0 ? [] : ['', fence(lines.join('\n'), 'yaml')]),
    ...(cost === undefined ? [] : ['', `${words.cost}${words.colon}${escapeMarkdown(cost)}`]),
    ...(verify === undefined ? [] : ['', `${words.verify}${words.colon}${escapeMarkdown(verify)}`]),
  ].join('\n');
}

/** Removes evidence with the same text as earlier evidence, such as one line in three logs. */
function selectTelling(evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.filter((item, index) => evidence.findIndex(({ text }) => text === item.text) === index);
}

function renderEvidence({ file, line, time, recordId, text }: Evidence, language: Language): string {
  const place = escapeMarkdown(line > 0 ? `${file}:${line}` : file);
  const about = [place, time, recordId === undefined ? undefined : `\`${recordId}\``];
  return [
    `**${WORDS[language].evidence}** ${about.filter((item) => item !== undefined).join(' · ')}`,
    '',
    quoteLog(text, language),
  ].join('\n');
}

function renderUnknown(
  { chain, message, owner, group, fingerprint, evidence }: UnknownFailure,
  lang: Language,
): string {
  const words = WORDS[lang];
  const text = [chain.at(-1) ?? '', message].filter((part) => part !== '').join(': ');
  return [
    `### ${words.unknown}`,
    '',
    `${words.owner}${words.colon}${OWNERS[owner][lang]} · \`${group?.id ?? fingerprint}\``,
    '',
    quoteLog(text, lang),
    ...selectTelling(evidence).flatMap((item) => ['', renderEvidence(item, lang)]),
  ].join('\n');
}

function renderChildren({ children }: PlatformShare, language: Language): string {
  const rows = children.map(({ id, job, cluster, firstSeen, outcome }) => {
    const about = [job?.name ?? job?.id ?? cluster, OUTCOMES[outcome][language], firstSeen];
    return `- ${about.flatMap((item) => (item === undefined ? [] : [escapeMarkdown(item)])).join(' · ')} (\`${id}\`)`;
  });
  return [`**${WORDS[language].jobs}**`, '', ...rows].join('\n');
}

/** Quotes lines of a log: at most `max` lines, each cut if it is very long. */
export function quoteLog(text: string, language: Language, max = EVIDENCE_LINES): string {
  const lines = text.trimEnd().split('\n');
  const kept = lines.slice(0, max).map((line) => (line.length > LINE_UNITS ? `${line.slice(0, LINE_UNITS)}…` : line));
  const rest = lines.length > max ? [`… ${lines.length - max} ${WORDS[language].more}`] : [];
  return fence([...kept, ...rest].join('\n'), 'log');
}

/** Puts a text between fences that are longer than any run of backticks in it. */
export function fence(text: string, kind: string): string {
  const shown = showText(text);
  const longest = [...shown.matchAll(/`+/g)].reduce((max, [row]) => Math.max(max, row.length), 2);
  const backticks = '`'.repeat(longest + 1);
  return `${backticks}${kind}\n${shown}\n${backticks}`;
}

/** Renders a text in one line in which nothing is markup. */
export function escapeMarkdown(text: string): string {
  return showText(joinLines(text)).replace(/[\\`*[\]<>|~]|(?<!\w)_|_(?!\w)/g, '\\$&');
}
