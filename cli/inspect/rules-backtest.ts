// Implements "jobtrace rules backtest [ID…] FOLDER…": runs rules on stored logs, one case for each job or cluster. It
// exits with 1 if the rules replace a diagnosis of another rule or match although nothing failed.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  compareCases,
  withoutRules,
  type CaseIncidents,
  type BacktestHit,
  type RuleBacktest,
  type Taken,
} from '../../analyzer/author/backtest.js';
import { loadCatalog, type Catalog } from '../../analyzer/catalog/catalog.js';
import { diagnose } from '../../analyzer/incident/diagnose.js';
import { readEntries } from '../../analyzer/input/read.js';
import type { Rule } from '../../analyzer/catalog/rule.js';
import { createError, JobtraceError } from '../../core/errors.js';
import { countOf } from '../../core/text/count.js';
import { CONFIG_OPTION, RULES_OPTION, type Command, type Invocation } from '../command.js';
import { write, writeNote } from '../terminal/write.js';
import { paint, styleOf, type Style } from '../terminal/print.js';
import { openCatalog, selectRules } from './rules.js';
import { extraFolders, readSettings, zoneOf } from '../settings.js';

const STOLEN = 1;
/** Largest number of listed lines of each kind. */
const MAX_SHOWN = 10;

export const RULES_BACKTEST: Command = {
  name: 'rules backtest',
  operands: '[ID…] FOLDER…',
  summary:
    'Replay rules over stored logs: failures newly diagnosed, diagnoses taken from other rules, healthy jobs matched.',
  options: [
    RULES_OPTION,
    CONFIG_OPTION,
    { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'Output format.' },
  ],
  examples: [
    'jobtrace rules backtest --rules our-rules /archive/flink',
    "jobtrace rules backtest connector.ledger/closed '/archive/flink'",
  ],
  run: async (invocation) => {
    const { ids, folders } = sortOperands(invocation.operands);
    const catalog = openCatalog(invocation);
    const builtIn = loadCatalog();
    const rules = ids.length > 0 ? selectRules(catalog, ids) : selectOwn(catalog, extraFolders(invocation));
    const cases = folders.flatMap(listCases);
    if (cases.length === 0)
      throw createError('JT_USAGE', {
        problem: `There are no logs in ${folders.join(', ')}.`,
        command: 'rules backtest',
      });
    const skipped: string[] = [];
    const report = compareCases(
      rules,
      diagnoseCases(cases, withoutRules(catalog, rules, builtIn), catalog, invocation, skipped),
      catalog,
    );
    for (const line of skipped) writeNote(invocation.terminal, line);
    const text =
      invocation.option('format') === 'json'
        ? `${JSON.stringify({ cases: cases.length, rules: report }, null, 2)}\n`
        : renderReport(
            report,
            cases.length - skipped.length,
            styleOf(invocation.terminal.stdout, invocation.terminal.environment),
          );
    await write(invocation.terminal, text);
    return report.some((item) => item.takes.length + item.healthy.length > 0) ? STOLEN : 0;
  },
};

/** Splits the operands: existing paths are folders of logs, the others are rules. */
function sortOperands(operands: readonly string[]): {
  readonly ids: readonly string[];
  readonly folders: readonly string[];
} {
  const folders = operands.filter((operand) => existsSync(operand));
  const ids = operands.filter((operand) => !folders.includes(operand));
  const missing = ids.find((id) => !/^[a-z0-9]+\.[a-z0-9*-]+(\/[a-z0-9-]+)?$/.test(id));
  if (missing !== undefined) throw createError('JT_FILE_UNREADABLE', { path: missing, problem: 'it does not exist' });
  if (folders.length === 0)
    throw createError('JT_USAGE', {
      problem: 'rules backtest needs a folder with logs: a folder in it for each job or cluster.',
      command: 'rules backtest',
    });
  return { ids, folders };
}

/** Returns the rules in the team's own folders. */
function selectOwn(catalog: Catalog, folders: readonly string[]): readonly Rule[] {
  const own = catalog.rules.filter((rule) => folders.some((folder) => rule.file.startsWith(join(folder, '/'))));
  if (own.length === 0)
    throw createError('JT_USAGE', {
      problem: 'Name the rules to test, or give the folder of your own with --rules.',
      command: 'rules backtest',
    });
  return own;
}

/** Returns the cases: each folder and file in the folder, or the file itself. */
function listCases(folder: string): readonly string[] {
  if (!statSync(folder).isDirectory()) return [folder];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => join(folder, name));
}

function* diagnoseCases(
  cases: readonly string[],
  before: Catalog,
  after: Catalog,
  invocation: Invocation,
  skipped: string[],
): Generator<CaseIncidents> {
  const context = { zone: zoneOf(readSettings(invocation).settings) };
  for (const path of cases) {
    try {
      yield {
        case: path,
        before: diagnose(readEntries([path]), before, context),
        after: diagnose(readEntries([path]), after, context),
      };
    } catch (error) {
      // A damaged archive is skipped, so that the report covers the other ones.
      if (!(error instanceof JobtraceError)) throw error;
      skipped.push(`jobtrace: ${path} was skipped: ${error.message}\n`);
    }
  }
}

function renderReport(report: readonly RuleBacktest[], cases: number, style: Style): string {
  const lines = report.flatMap((item) => [
    `${item.takes.length + item.healthy.length > 0 ? paint('✖', 'red', style) : paint('✔', 'green', style)} ${paint(item.rule, 'bold', style)}`,
    ...renderHits(`diagnoses ${countOf(item.claims.length, 'failure')} without a matching rule`, item.claims, style),
    ...groupTaken(item.refines).flatMap(([from, hits]) =>
      renderHits(`takes ${hits.length} from the general rule ${from}, as intended`, hits, style),
    ),
    ...groupTaken(item.takes).flatMap(([from, hits]) =>
      renderHits(`takes ${countOf(hits.length, 'top diagnosis', 'top diagnoses')} of ${from}`, hits, style),
    ),
    ...renderHits(`matches ${countOf(item.healthy.length, 'healthy job')}`, item.healthy, style),
    ...(item.follows.length === 0 ? [] : [`  ranked below another diagnosis ${countOf(item.follows.length, 'time')}`]),
    ...(item.claims.length + item.refines.length + item.takes.length + item.healthy.length + item.follows.length === 0
      ? ['  changes nothing']
      : []),
  ]);
  const stolen = report.reduce((sum, item) => sum + item.takes.length, 0);
  const healthy = report.reduce((sum, item) => sum + item.healthy.length, 0);
  const claimed = report.reduce((sum, item) => sum + item.claims.length, 0);
  const total = [
    countOf(cases, 'job'),
    `${countOf(claimed, 'unknown failure')} diagnosed`,
    `${stolen} taken from other rules`,
    `${countOf(healthy, 'healthy job')} matched`,
  ].join(', ');
  return `${[...lines, total].join('\n')}\n`;
}

function renderHits(header: string, hits: readonly BacktestHit[], style: Style): readonly string[] {
  if (hits.length === 0) return [];
  const shown = hits
    .slice(0, MAX_SHOWN)
    .map((hit) => `      ${paint(`${hit.file}:${hit.line}`, 'cyan', style)} ${paint(hit.title, 'dim', style)}`);
  return [`  ${header}`, ...shown, ...(hits.length > MAX_SHOWN ? [`      … and ${hits.length - MAX_SHOWN} more`] : [])];
}

function groupTaken(taken: readonly Taken[]): readonly (readonly [string, readonly Taken[]])[] {
  return [...new Set(taken.map((item) => item.from))].map((from) => [from, taken.filter((item) => item.from === from)]);
}
