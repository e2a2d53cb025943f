// Renders diagnoses and search results for a terminal, within its width; colours only on a terminal (write.ts makes
// them). Causes come before symptoms; file:line is suitable for clicking and grep. Widths follow Unicode's table in
// get-east-asian-width: string-width also knows the sequences of emoji, but takes 40 ms to load. wrap-ansi does not
// break between Chinese characters, so the wrapping is here.
import { eastAsianWidth } from 'get-east-asian-width';
import type { Diagnosis, Evidence, UnknownFailure } from '../../core/documents/incident.js';
import type { Language, Level, LogRecord } from '../../core/types.js';
import { paintText, type Paint } from '../../core/text/terminal.js';
import { OWNERS, RISKS } from '../../core/wording/wording.js';
import { countOf } from '../../core/text/count.js';
import type { Output } from '../command.js';

export interface Style {
  readonly width: number;
  readonly color: boolean;
}

const WORDS = {
  en: {
    cause: 'Cause',
    why: 'Reasons',
    fix: 'Fix',
    evidence: 'Evidence',
    verify: 'Verify',
    cost: 'Trade-off',
    owner: 'Owner',
    also: 'Consequences',
    beside: 'cause of other attempts',
    job: 'Job',
    times: 'occurrences',
    unknown: 'Unknown failure',
    confidence: 'confidence',
    noRule: 'no matching rule',
  },
  zh: {
    cause: '原因',
    why: '可能原因',
    fix: '修复建议',
    evidence: '证据',
    verify: '验证',
    cost: '代价',
    owner: '责任方',
    also: '由此引起',
    beside: '其他运行的失败原因',
    job: '作业',
    times: '次',
    unknown: '未知故障',
    confidence: '置信度',
    noRule: '暂无匹配规则',
  },
} as const satisfies Record<Language, Record<string, string>>;

export function styleOf(
  stream: Pick<Output, 'isTTY' | 'columns'>,
  environment: Readonly<Record<string, string | undefined>>,
): Style {
  const color = stream.isTTY === true && environment['NO_COLOR'] === undefined;
  return { width: Math.max(60, Math.min(stream.columns ?? 80, 120)), color };
}

/** Returns name and id of a job, or the id alone. */
export function nameJob({ id, name }: { readonly id: string; readonly name?: string }): string {
  return name === undefined ? id : `${name} (${id})`;
}

/** Renders one cause with its reasons, fixes and evidence, then its consequences. */
function renderDiagnosis(diagnosis: Diagnosis, lang: Language, style: Style): string {
  const words = WORDS[lang];
  const symbol =
    diagnosis.severity === 'warning' || diagnosis.severity === 'info'
      ? paint('▲', 'yellow', style)
      : paint('✖', 'red', style);
  const job = diagnosis.job === undefined ? '' : `${words.job} ${nameJob(diagnosis.job)}`;
  const count = diagnosis.count > 1 ? ` · ${diagnosis.count} ${words.times}` : '';
  const when = diagnosis.firstSeen === undefined ? '' : ` · ${diagnosis.firstSeen}`;
  const beside = diagnosis.beside === true ? ` · ${words.beside}` : '';
  const lines = [
    `${symbol} ${paint(diagnosis.title, 'bold', style)}`,
    `  ${paint(`${diagnosis.rule} · ${words.confidence} ${diagnosis.confidence.toFixed(2)}${when}${count}${beside}`, 'dim', style)}`,
    ...(job === '' ? [] : [`  ${job}`]),
    ...section(words.cause, [diagnosis.summary], style),
    ...section(words.owner, [OWNERS[diagnosis.owner][lang]], style),
    ...section(
      words.why,
      diagnosis.reasons.map((reason) => `${Math.round(reason.weight * 100)}% ${reason.text}`),
      style,
    ),
    ...diagnosis.fixes.flatMap((fix) => renderFix(fix, lang, style)),
    ...renderEvidence(words.evidence, diagnosis.evidence, style),
    ...section(words.also, diagnosis.explains.length === 0 ? [] : [diagnosis.explains.join(', ')], style),
  ];
  return `${lines.join('\n')}\n`;
}

function renderFix(fix: Diagnosis['fixes'][number], lang: Language, style: Style): string[] {
  const words = WORDS[lang];
  const patch = Object.entries(fix.patch).map(
    ([key, value]) => `${' '.repeat(12)}${paint(`${key}: ${value}`, 'green', style)}`,
  );
  return [
    ...section(words.fix, [`${fix.text} · ${RISKS[fix.risk][lang]}`], style),
    ...patch,
    ...section(words.cost, fix.cost === undefined ? [] : [fix.cost], style),
    ...section(words.verify, fix.verify === undefined ? [] : [fix.verify], style),
  ];
}

/**
 * Renders the cards of one or several incidents. If the first diagnosis is only a symptom, unknown failures come first.
 */
export function renderCards(
  diagnoses: readonly Diagnosis[],
  unknown: readonly UnknownFailure[],
  lang: Language,
  style: Style,
): readonly string[] {
  const named = diagnoses
    .filter((diagnosis, index) => index === 0 || !diagnosis.symptom)
    .map((diagnosis) => renderDiagnosis(diagnosis, lang, style));
  const unnamed = unknown.map((item) => renderUnknown(item, lang, style));
  return diagnoses[0]?.symptom === true ? [...unnamed, ...named] : [...named, ...unnamed];
}

function renderUnknown(unknown: UnknownFailure, lang: Language, style: Style): string {
  const words = WORDS[lang];
  const beside = unknown.beside === true ? ` · ${words.beside}` : '';
  const count = `${unknown.count > 1 ? ` · ${unknown.count} ${words.times}` : ''}${beside}`;
  const lines = [
    `${paint('?', 'yellow', style)} ${paint(words.unknown, 'bold', style)} ${paint(`${unknown.group?.id ?? unknown.fingerprint} · ${words.noRule}${count}`, 'dim', style)}`,
    ...(unknown.job === undefined ? [] : [`  ${words.job} ${nameJob(unknown.job)}`]),
    ...section(
      words.cause,
      [`${unknown.chain.at(-1) ?? ''}${unknown.message === '' ? '' : `: ${unknown.message}`}`],
      style,
    ),
    ...section(words.owner, [OWNERS[unknown.owner][lang]], style),
    ...renderEvidence(words.evidence, unknown.evidence, style),
  ];
  return `${lines.join('\n')}\n`;
}

function renderEvidence(title: string, evidence: readonly Evidence[], style: Style): string[] {
  if (evidence.length === 0) return [];
  const distinctive = evidence.filter(
    (item, index) => evidence.findIndex((other) => prefixOf(other) === prefixOf(item)) === index,
  );
  return [
    `  ${title}`,
    ...distinctive.slice(0, 4).flatMap((item) => [
      `    ${paint(`${item.file}${item.line > 0 ? `:${item.line}` : ''}`, 'cyan', style)}`,
      ...chooseLines(item)
        .filter((line) => line.trim() !== '')
        .map((line) => `      ${paint(cutText(line.trim(), style.width - 6), 'dim', style)}`),
    ]),
  ];
}

/**
 * Chooses the first line of the entry and the line that proves the diagnosis. If the first line is the proof, it
 * chooses the next line too; if the first line is only a stack frame, it chooses the proving line and the next one.
 */
function chooseLines({ text, highlights = [] }: Evidence): readonly string[] {
  const [prefix = '', ...rest] = text.split('\n');
  const proving = highlights[0] === undefined ? 0 : text.slice(0, highlights[0][0]).split('\n').length - 1;
  if (proving > 0 && /^\s*at /.test(prefix)) return rest.slice(proving - 1, proving + 1);
  return [prefix, ...rest.slice(Math.max(0, proving - 1)).slice(0, 1)];
}

/** Returns the text of an evidence without its time, so that the same line in three logs is shown once. */
function prefixOf(evidence: Evidence): string {
  return evidence.text
    .split('\n')
    .slice(0, 2)
    .join('\n')
    .replace(/^[\d-]+[ T][\d:,.]+/, '');
}

/**
 * Renders a record as one line: time, level, job, logger, message, and the exception as a phrase without its frames.
 */
export function renderRecord(record: LogRecord, style: Style): string {
  const level = record['log.level'];
  const job = record['flink.job.name'] ?? record['flink.job.id']?.slice(0, 8) ?? '-';
  const prefix = `${record['@timestamp']} ${paint((level ?? '-').padEnd(5), levelPaint(level), style)} ${job} ${shortLogger(record['log.logger'])}`;
  const frames = record['error.stack_trace']?.split('\n').filter((line) => /^\s*at /.test(line)).length ?? 0;
  const root = record['flink.chain']?.at(-1);
  const error =
    root === undefined
      ? ''
      : ` ${paint(`${root}${frames > 0 ? ` (+${countOf(frames, 'frame')})` : ''}`, 'red', style)}`;
  return `${prefix} ${record.message.split('\n')[0] ?? ''}${error}\n`;
}

function shortLogger(logger: string | undefined): string {
  return logger === undefined ? '-' : (logger.split('.').at(-1) ?? logger);
}

function levelPaint(level: Level | undefined): Paint {
  if (level === 'ERROR' || level === 'FATAL') return 'red';
  return level === 'WARN' ? 'yellow' : 'dim';
}

function section(title: string, texts: readonly string[], style: Style): string[] {
  return texts.flatMap((text, index) =>
    wrapText(text, style.width - 12).map(
      (line, at) => `  ${at === 0 && index === 0 ? padTitle(title) : ' '.repeat(10)}${line}`,
    ),
  );
}

function padTitle(title: string): string {
  return title + ' '.repeat(Math.max(1, 10 - columnsOf(title)));
}

/** Wraps a text at blanks, and between any two Chinese characters. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.match(/[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+|\s+/g) ?? []) {
    if (columnsOf(line) + columnsOf(word.trimEnd()) > columns && line !== '') {
      lines.push(line.trimEnd());
      line = word.trimStart();
    } else line += word;
  }
  if (line.trimEnd() !== '') lines.push(line.trimEnd());
  return lines;
}

export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += eastAsianWidth(character.codePointAt(0) ?? 0);
  return columns;
}

export function cutText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

export function paint(text: string, kind: Paint, style: Style): string {
  return style.color ? paintText(text, kind) : text;
}
