// "jobtrace diagnose FILE…": what happened in these logs, offline. Nothing leaves the machine.
import { loadCatalog } from '../analyzer/catalog.js';
import { diagnose, flattenIncidents, type DiagnosisDocument } from '../analyzer/diagnose.js';
import { createReadNotes, readEntries, type ReadNotes } from '../analyzer/read.js';
import { createError } from '../core/errors.js';
import type { Language, Severity } from '../core/types.js';
import { CONFIG_OPTION, LANG_OPTION, type Command, type Invocation } from './command.js';
import { write } from './find.js';
import { paint, renderDiagnosis, renderUnknown, styleOf } from './print.js';
import { languageOf, readSettings, zoneOf } from './settings.js';

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'error', 'critical'];
const PROGRESS_EVERY_MS = 200;

export const DIAGNOSE: Command = {
  name: 'diagnose',
  operands: 'FILE…',
  summary: 'Says what went wrong in these logs and what to do, offline.',
  options: [
    { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'Text for people, or one JSON document.' },
    LANG_OPTION,
    { name: 'rules', value: 'DIR', multiple: true, help: 'Folder with rules of your own, beside the built-in ones; may be repeated.' },
    { name: 'fail-on', value: 'SEVERITY', values: SEVERITIES, help: 'Exit with 1 when something at least this severe was found.' },
    CONFIG_OPTION,
  ],
  examples: ['jobtrace diagnose /opt/flink/log', 'jobtrace diagnose --lang zh taskmanager.log.gz', 'kubectl logs my-job-jobmanager | jobtrace diagnose -'],
  run: runDiagnose,
};

async function runDiagnose(invocation: Invocation): Promise<number> {
  if (invocation.operands.length === 0) throw createError('JT_USAGE', { problem: 'diagnose needs at least one file, folder or "-" for standard input.', command: 'diagnose' });
  const { settings } = readSettings(invocation);
  const catalog = loadCatalog({ extra: [...settings['analyzer.rulesDirs'], ...invocation.options('rules')] });
  const notes = createReadNotes();
  const entries = readEntries(invocation.operands, { notes, onProgress: createProgress(invocation) });
  const document = flattenIncidents(diagnose(entries, catalog, { zone: zoneOf(settings), healthyMs: settings['analyzer.healthyAfterMs'] }), languageOf(settings));
  clearProgress(invocation);
  for (const { path, reason } of notes.skipped) invocation.terminal.stderr.write(`jobtrace: ${path} was left out: ${reason}.\n`);
  const text = invocation.option('format') === 'json' ? `${JSON.stringify(document, null, 2)}\n` : renderReport(document, notes, catalog.rules.length, languageOf(settings), invocation);
  await write(invocation.terminal, text);
  return hasSeverity(document, invocation.option('fail-on')) ? 1 : 0;
}

function renderReport(document: DiagnosisDocument, notes: ReadNotes, rules: number, lang: Language, invocation: Invocation): string {
  const style = styleOf(invocation.terminal.stdout, invocation.terminal.environment);
  const causes = document.diagnoses.filter((diagnosis, index) => index === 0 || !diagnosis.symptom);
  const followers = document.diagnoses.filter((diagnosis) => !causes.includes(diagnosis));
  const version = document.facts.flinkVersion;
  const read = lang === 'zh' ? `${notes.files} 个文件，${notes.entries} 条日志，${rules} 条规则` : `${notes.files} ${notes.files === 1 ? 'file' : 'files'}, ${notes.entries.toLocaleString('en')} entries, ${rules} rules`;
  const head = `${paint(version === undefined ? read : `Flink ${version} · ${read}`, 'dim', style)}\n\n`;
  if (causes.length + document.unknown.length === 0) return `${head}${paint('✔', 'green', style)} ${lang === 'zh' ? '没有发现故障。' : 'No failure was found.'}\n`;
  const follow = followers.length === 0 ? '' : `${paint(`${lang === 'zh' ? '由此引起：' : 'Follows from it: '}${followers.map((item) => item.title).join(' · ')}`, 'dim', style)}\n`;
  return [head, ...causes.map((item) => `${renderDiagnosis(item, lang, style)}\n`), ...document.unknown.map((item) => `${renderUnknown(item, lang, style)}\n`), follow].join('');
}

function hasSeverity(document: DiagnosisDocument, least: string | undefined): boolean {
  if (least === undefined) return false;
  const rank = SEVERITIES.findIndex((severity) => severity === least);
  return document.diagnoses.some((diagnosis) => SEVERITIES.indexOf(diagnosis.severity) >= rank) || (document.unknown.length > 0 && rank <= SEVERITIES.indexOf('error'));
}

/** A line on a terminal that says how far the reading is; nothing when standard error is a file or a pipe. */
function createProgress(invocation: Invocation): (bytes: number) => void {
  const { stderr } = invocation.terminal;
  let next = Date.now() + PROGRESS_EVERY_MS;
  return (bytes) => {
    if (stderr.isTTY !== true || Date.now() < next) return;
    next = Date.now() + PROGRESS_EVERY_MS;
    stderr.write(`\r${(bytes / 1_048_576).toFixed(1)} MiB read `);
  };
}

function clearProgress(invocation: Invocation): void {
  if (invocation.terminal.stderr.isTTY === true) invocation.terminal.stderr.write('\r\u001b[K');
}
