// Implements "jobtrace diagnose FILE…": diagnoses logs offline; no data leave the machine. The engine is
// analyzer/incident/diagnose.ts; this file reads the arguments, prints, and chooses the exit code.
import { loadCatalog, type Catalog } from '../../analyzer/catalog/catalog.js';
import type { DiagnoseContext } from '../../analyzer/incident/clusters.js';
import { diagnose } from '../../analyzer/incident/diagnose.js';
import type { RuleFault } from '../../analyzer/incident/explain.js';
import { flattenIncidents, type DiagnosisDocument } from '../../analyzer/incident/document.js';
import { renderNote } from '../../analyzer/input/files/note.js';
import { createReadNotes, readEntries, type ReadNotes } from '../../analyzer/input/read.js';
import { wantedBy } from '../../analyzer/catalog/wanted.js';
import { createError } from '../../core/errors.js';
import { type Incident, SEVERITY } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import { countOf } from '../../core/text/count.js';
import { CONFIG_OPTION, LANG_OPTION, type Command, type Invocation } from '../command.js';
import { write, writeNote } from '../terminal/write.js';
import { renderOutcomes } from '../terminal/outcome.js';
import { paint, renderCards, styleOf } from '../terminal/print.js';
import { createProgress } from '../terminal/progress.js';
import { languageOf, readSettings, zoneOf } from '../settings.js';

const NO_LOG = {
  en: 'No log lines to diagnose: the files are empty or are not logs.',
  zh: '没有可诊断的日志：文件为空，或不是日志文件。',
} as const;

export const DIAGNOSE: Command = {
  name: 'diagnose',
  operands: 'FILE…',
  summary: 'Diagnose log files offline: what failed, and how to fix it.',
  options: [
    { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'Output format.' },
    LANG_OPTION,
    {
      name: 'rules',
      value: 'DIR',
      multiple: true,
      help: 'Folder with your own rules, in addition to the built-in ones; may be repeated.',
    },
    {
      name: 'fail-on',
      value: 'SEVERITY',
      values: SEVERITY.enum,
      help: 'Exit with 1 if a failure of at least this severity is found.',
    },
    CONFIG_OPTION,
  ],
  inputs: [
    'a log, .out or .err file, a folder of them, "-" for standard input',
    'an archive: .gz, .tar, .tar.gz, .zip, also nested; read like a folder',
    'the output of "yarn logs -applicationId ID", split into its containers; YARN diagnostics',
    'the output of "kubectl describe pod" or "kubectl get events"; what grep found in several logs',
    "an hs_err_pid file of the JVM, a GC log, a thread dump (jstack, or Flink's REST answer)",
    "the answer of Flink's REST API to /jobs/ID/exceptions, a paste from a chat,",
    'a copy from a mail or a terminal that broke its lines, a trace in one line,',
    'the console of a scheduler or a program that starts jobs, with heads in front of its lines',
    'Skipped or partly read files are reported, in JSON as "notes".',
  ],
  examples: [
    'jobtrace diagnose /opt/flink/log',
    'jobtrace diagnose --lang zh logs.tar.gz',
    'kubectl logs my-job-jobmanager | jobtrace diagnose -',
  ],
  run: runDiagnose,
};

async function runDiagnose(invocation: Invocation): Promise<number> {
  if (invocation.operands.length === 0)
    throw createError('JT_USAGE', {
      problem: 'diagnose needs at least one file, folder or "-" for standard input.',
      command: 'diagnose',
    });
  const { settings } = readSettings(invocation);
  const catalog = loadCatalog({ extra: [...settings['analyzer.rulesDirs'], ...invocation.options('rules')] });
  const notes = createReadNotes();
  const faults = new Map<string, RuleFault>();
  const lang = languageOf(settings);
  const document = flattenIncidents(
    diagnoseFiles(invocation, catalog, notes, {
      zone: zoneOf(settings),
      healthyMs: settings['analyzer.healthyAfterMs'],
      onFault: (fault) => faults.set(`${fault.rule} ${fault.part}`, fault),
    }),
    lang,
  );
  const json = invocation.option('format') === 'json';
  for (const note of notes.list)
    if (json || !note.partial) writeNote(invocation.terminal, `jobtrace: ${renderNote(note, lang)}\n`);
  for (const fault of faults.values()) writeNote(invocation.terminal, `jobtrace: ${renderFault(fault, lang)}\n`);
  const text = json
    ? `${JSON.stringify({ ...document, notes: describeNotes(notes, lang) }, null, 2)}\n`
    : renderReport(document, notes, catalog.size, lang, invocation);
  await write(invocation.terminal, text);
  return hasSeverity(document, invocation.option('fail-on')) ? 1 : 0;
}

function renderFault({ rule, part, problem }: RuleFault, lang: Language): string {
  return lang === 'zh'
    ? `规则 ${rule} 的 ${part} 执行失败，已跳过：${problem}`
    : `${part} of rule ${rule} failed and was skipped: ${problem}`;
}

/** Reads and diagnoses in one pass, with a progress bar on a terminal. */
function diagnoseFiles(
  invocation: Invocation,
  catalog: Catalog,
  notes: ReadNotes,
  context: DiagnoseContext,
): readonly Incident[] {
  const progress = createProgress(invocation.terminal.stderr);
  try {
    return diagnose(
      readEntries(invocation.operands, { notes, onProgress: progress.update, find: wantedBy(catalog) }),
      catalog,
      context,
    );
  } finally {
    progress.erase();
  }
}

/** Returns, in a form for programs, the files that were skipped or read in part. */
function describeNotes({ list }: ReadNotes, lang: Language): readonly unknown[] {
  return list.map(({ path, partial, reason, text }) => ({ path, partial, reason, text: text[lang] }));
}

function renderReport(
  document: DiagnosisDocument,
  notes: ReadNotes,
  rules: number,
  lang: Language,
  invocation: Invocation,
): string {
  const style = styleOf(invocation.terminal.stdout, invocation.terminal.environment);
  const followers = document.diagnoses.filter((diagnosis, index) => index > 0 && diagnosis.symptom);
  const version = document.facts.flinkVersion;
  const read =
    lang === 'zh'
      ? `${notes.files} 个文件，${notes.lines} 行日志，${rules} 条规则`
      : `${countOf(notes.files, 'file')}, ${groupDigits(notes.lines)} ${notes.lines === 1 ? 'line' : 'lines'}, ${rules} rules`;
  const gaps = notes.list
    .filter((note) => note.partial)
    .map((note) => `${paint('▲', 'yellow', style)} ${renderNote(note, lang)}\n\n`);
  const header = `${paint(version === undefined ? read : `Flink ${version} · ${read}`, 'dim', style)}\n\n${gaps.join('')}`;
  if (notes.lines === 0) return `${header}${paint('▲', 'yellow', style)} ${NO_LOG[lang]}\n`;
  if (document.diagnoses.length + document.unknown.length === 0)
    return `${header}${paint('✔', 'green', style)} ${lang === 'zh' ? '未发现故障。' : 'No failure found.'}\n`;
  const follow =
    followers.length === 0
      ? ''
      : `${paint(`${lang === 'zh' ? '由此引起：' : 'Consequences: '}${followers.map((item) => item.title).join(' · ')}`, 'dim', style)}\n`;
  const cards = renderCards(document.diagnoses, document.unknown, lang, style);
  const outcomes = renderOutcomes(document.incidents, lang, style);
  return [header, `${outcomes}\n`, ...cards.map((card) => `${card}\n`), follow].join('');
}

/**
 * Formats a number: 12345 → 12,345. It does not use Intl, because loading its tables takes 20 ms, a tenth of the time
 * of a short answer.
 */
function groupDigits(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

function hasSeverity(document: DiagnosisDocument, least: string | undefined): boolean {
  if (least === undefined) return false;
  const rank = SEVERITY.enum.findIndex((severity) => severity === least);
  return (
    document.diagnoses.some((diagnosis) => SEVERITY.enum.indexOf(diagnosis.severity) >= rank) ||
    (document.unknown.length > 0 && rank <= SEVERITY.enum.indexOf('error'))
  );
}
