// Implements "jobtrace rules list|check|test": lists, validates and proves rules. The other commands for rule authors
// are in rules-new.ts, rules-explain.ts and rules-backtest.ts.
import { relative } from 'node:path';
import { loadCatalog, type Catalog } from '../../analyzer/catalog/catalog.js';
import { listRows, proveRow } from '../../analyzer/author/engine-proof.js';
import { proveRule } from '../../analyzer/author/proof.js';
import type { EngineRow } from '../../analyzer/catalog/engine.js';
import { isNamedBy, type Named, type Rule } from '../../analyzer/catalog/rule.js';
import { parseGlob, type Glob } from '../../core/text/glob.js';
import { findNearest } from '../../core/text/nearest.js';
import { createError, JobtraceError } from '../../core/errors.js';
import { pause } from '../../core/time/wait.js';
import { findBuiltInRules } from '../../analyzer/catalog/files.js';
import { describeFolders } from '../service/rule-reloader.js';
import { readPlace, renderReport, type TestResult } from './rules-report.js';
import { countOf } from '../../core/text/count.js';
import { CONFIG_OPTION, LANG_OPTION, RULES_OPTION, type Command, type Invocation, type OptionRow } from '../command.js';
import { write } from '../terminal/write.js';
import { paint, styleOf } from '../terminal/print.js';
import { extraFolders, languageOf, readSettings } from '../settings.js';

export const RULES_LIST: Command = {
  name: 'rules list',
  operands: '[ID…]',
  summary: 'List rules and engine entries.',
  options: [
    RULES_OPTION,
    LANG_OPTION,
    CONFIG_OPTION,
    { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'Output format.' },
  ],
  examples: ['jobtrace rules list', "jobtrace rules list 'memory.*'"],
  run: async (invocation) => {
    const { settings } = readSettings(invocation);
    const lang = languageOf(settings);
    const { rules, rows } = selectAll(openCatalog(invocation), invocation.operands);
    if (invocation.option('format') === 'json') {
      const listed = rules.map(({ id, cause, status, severity, owner, role, title }) => ({
        id,
        cause,
        status,
        severity,
        owner,
        role,
        title: title[lang].source,
      }));
      await write(
        invocation.terminal,
        `${JSON.stringify({ rules: listed, engine: rows.map(({ id, why }) => ({ id, why })) }, null, 2)}\n`,
      );
      return 0;
    }
    const width = [...rules, ...rows].reduce((max, { id }) => Math.max(max, id.length), 0);
    for (const rule of rules)
      await write(
        invocation.terminal,
        `${rule.id.padEnd(width)}  ${rule.status.padEnd(6)}  ${rule.title[lang].source}\n`,
      );
    for (const { id, why } of rows) await write(invocation.terminal, `${id.padEnd(width)}  engine  ${why.trimEnd()}\n`);
    return 0;
  },
};

const FORMAT_OPTION: OptionRow = {
  name: 'format',
  value: 'FORMAT',
  values: ['text', 'junit', 'sarif'],
  help: 'Output format: JUnit XML or SARIF 2.1.0 for a CI step.',
};
const FAILED = 2;

export const RULES_CHECK: Command = {
  name: 'rules check',
  operands: '[DIR…]',
  summary: 'Validate all rules and print every problem with file:line:column.',
  options: [RULES_OPTION, CONFIG_OPTION, FORMAT_OPTION],
  examples: ['jobtrace rules check', 'jobtrace rules check our-rules', 'jobtrace rules check our-rules --format sarif'],
  run: async (invocation) => {
    const format = invocation.option('format') ?? 'text';
    const checked = checkCatalog([...extraFolders(invocation), ...invocation.operands], format);
    if ('catalog' in checked) {
      const { size, engine } = checked.catalog;
      const summary = `${size} rules and ${listRows(engine).length} engine entries are valid.\n`;
      await write(invocation.terminal, format === 'text' ? summary : renderReport(format, []));
      return 0;
    }
    await write(invocation.terminal, renderReport(format, checked.results));
    return FAILED;
  },
};

/** Loads the catalog; for a CI step the problems are results, otherwise the error says them. */
function checkCatalog(
  extra: readonly string[],
  format: string,
): { readonly catalog: Catalog } | { readonly results: readonly TestResult[] } {
  try {
    return { catalog: loadCatalog({ extra }) };
  } catch (error) {
    if (format === 'text' || !(error instanceof JobtraceError) || error.code !== 'JT_RULE_INVALID') throw error;
    const lines = String(error.details['problems']).split('\n');
    return { results: lines.map((line) => ({ suite: 'rules check', ...readPlace(line), name: line })) };
  }
}

export const RULES_TEST: Command = {
  name: 'rules test',
  operands: '[ID…]',
  summary: 'Run the cases of rules: each log must get the diagnosis of its rule, near misses must not.',
  options: [
    RULES_OPTION,
    CONFIG_OPTION,
    FORMAT_OPTION,
    { name: 'watch', help: 'Run again whenever a rule changes, until Ctrl-C.' },
  ],
  examples: [
    'jobtrace rules test',
    'jobtrace rules test network.insufficient-buffers/total',
    'jobtrace rules test --rules our-rules --watch connector.ledger/closed',
    'jobtrace rules test --rules our-rules --format junit > rules.xml',
  ],
  run: async (invocation) => (invocation.has('watch') ? watchTests(invocation) : runTests(invocation)),
};

/** Interval between two checks of the files, in milliseconds. */
const POLL_MS = 300;

/** Runs the tests again after each change. Problems of rules are printed, and the next change is waited for. */
async function watchTests(invocation: Invocation): Promise<number> {
  const { signal } = invocation.terminal;
  const folders = [findBuiltInRules(), ...extraFolders(invocation)];
  let seen: string | undefined;
  let code = 0;
  while (!signal.aborted) {
    const now = describeFolders(folders);
    if (now !== seen) {
      seen = now;
      code = await runTests(invocation).catch(async (error: unknown) => {
        if (!(error instanceof JobtraceError)) throw error;
        await write(invocation.terminal, `${error.message}\n`);
        return FAILED;
      });
    }
    await pause(POLL_MS, signal);
  }
  return code;
}

async function runTests(invocation: Invocation): Promise<number> {
  const catalog = openCatalog(invocation);
  const { rules, rows } = selectAll(catalog, invocation.operands);
  const format = invocation.option('format') ?? 'text';
  const style = styleOf(invocation.terminal.stdout, invocation.terminal.environment);
  const all: TestResult[] = [];
  for (const [suite, results] of listSuites(rules, rows, catalog)) {
    for (const result of results) all.push(result);
    if (format !== 'text') continue;
    const problems = results.flatMap(({ file, problem }) => (problem === undefined ? [] : [`${file}: ${problem}`]));
    const symbol = problems.length === 0 ? paint('✔', 'green', style) : paint('✖', 'red', style);
    await write(invocation.terminal, [`${symbol} ${suite}`, ...problems.map((line) => `    ${line}`), ''].join('\n'));
  }
  const failed = all.filter(({ problem }) => problem !== undefined).length;
  const counted = rows.length === 0 ? '' : `, ${countOf(rows.length, 'engine entry', 'engine entries')}`;
  await write(
    invocation.terminal,
    format === 'text'
      ? `${countOf(rules.length, 'rule')}${counted}, ${countOf(all.length, 'test')}, ${failed} failed\n`
      : renderReport(format, all),
  );
  return failed === 0 ? 0 : FAILED;
}

/** Proves the rules and rows one after another, each with its results. */
function* listSuites(
  rules: readonly Rule[],
  rows: readonly EngineRow[],
  catalog: Catalog,
): Generator<readonly [suite: string, results: readonly TestResult[]]> {
  for (const rule of rules) {
    const results = proveRule(rule, catalog);
    yield [
      rule.id,
      results.map(({ name, file, problem }) => ({
        suite: rule.id,
        name: `${rule.id}: ${name ?? problem ?? ''}`,
        file: nearHere(file),
        problem,
      })),
    ];
  }
  for (const row of rows) {
    const results = proveRow(row, catalog);
    yield [
      row.id,
      results.map(({ name, problem }) => ({
        suite: row.id,
        name: `${row.id}: ${name}`,
        file: nearHere(row.path),
        problem: problem === undefined ? undefined : `${name} ${problem}`,
      })),
    ];
  }
}

/** Returns the path from the current folder, if it is below it. */
function nearHere(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}

export function openCatalog(invocation: Invocation): Catalog {
  return loadCatalog({ extra: extraFolders(invocation) });
}

interface Selection {
  readonly rules: readonly Rule[];
  readonly rows: readonly EngineRow[];
}

/** Returns the rules and engine rows that the patterns name. A row is named by its id or its table (`engine.ends`). */
function selectAll(catalog: Catalog, patterns: readonly string[]): Selection {
  const rows = listRows(catalog.engine).map((row) => ({ row, id: row.id, cause: `engine.${row.table}` }));
  const globs = readPatterns(patterns, [...catalog.rules, ...rows]);
  return { rules: filterNamed(catalog.rules, globs), rows: filterNamed(rows, globs).map(({ row }) => row) };
}

/** Returns the rules named by ids, cause ids or patterns (`area.*`); all rules without a pattern. */
export function selectRules(catalog: Catalog, patterns: readonly string[]): readonly Rule[] {
  return filterNamed(catalog.rules, readPatterns(patterns, catalog.rules));
}

/** Parses the patterns and rejects a pattern that matches nothing. */
function readPatterns(patterns: readonly string[], known: readonly Named[]): readonly Glob[] {
  return patterns.map((pattern) => {
    const glob = parseGlob(pattern);
    if (known.some((item) => isNamedBy(item, glob))) return glob;
    const nearest = findNearest(
      pattern,
      known.map(({ id }) => id),
    );
    throw createError('JT_RULE_NOT_FOUND', {
      id: pattern,
      hint: nearest === undefined ? '' : `; the nearest is "${nearest}"`,
    });
  });
}

function filterNamed<Item extends Named>(items: readonly Item[], globs: readonly Glob[]): readonly Item[] {
  return globs.length === 0 ? items : items.filter((item) => globs.some((glob) => isNamedBy(item, glob)));
}
