// Implements "jobtrace rules list|check|test": lists, validates and proves rules. The other commands for rule authors
// are in rules-new.ts, rules-explain.ts and rules-backtest.ts.
import { loadCatalog, type Catalog } from '../../analyzer/catalog/catalog.js';
import { listRows, proveRow } from '../../analyzer/author/engine-proof.js';
import { proveRule } from '../../analyzer/author/proof.js';
import type { EngineRow } from '../../analyzer/catalog/engine.js';
import { isNamedBy, type Named, type Rule } from '../../analyzer/catalog/rule.js';
import { parseGlob, type Glob } from '../../core/text/glob.js';
import { findNearest } from '../../core/text/nearest.js';
import { createError } from '../../core/errors.js';
import { countOf } from '../../core/text/count.js';
import { CONFIG_OPTION, LANG_OPTION, RULES_OPTION, type Command, type Invocation } from '../command.js';
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

export const RULES_CHECK: Command = {
  name: 'rules check',
  operands: '[DIR…]',
  summary: 'Validate all rules and print every problem with file:line:column.',
  options: [RULES_OPTION, CONFIG_OPTION],
  examples: ['jobtrace rules check', 'jobtrace rules check our-rules'],
  run: async (invocation) => {
    const { rules, engine } = loadCatalog({ extra: [...extraFolders(invocation), ...invocation.operands] });
    await write(
      invocation.terminal,
      `${rules.length} rules and ${listRows(engine).length} engine entries are valid.\n`,
    );
    return 0;
  },
};

export const RULES_TEST: Command = {
  name: 'rules test',
  operands: '[ID…]',
  summary: 'Run rule tests: match logs must get the diagnosis of their rule, near misses must not.',
  options: [RULES_OPTION, CONFIG_OPTION],
  examples: [
    'jobtrace rules test',
    'jobtrace rules test network.insufficient-buffers/total',
    "jobtrace rules test '*buffer*'",
  ],
  run: async (invocation) => {
    const catalog = openCatalog(invocation);
    const style = styleOf(invocation.terminal.stdout, invocation.terminal.environment);
    const { rules, rows } = selectAll(catalog, invocation.operands);
    const report = async (id: string, problems: readonly string[]): Promise<void> => {
      const symbol = problems.length === 0 ? paint('✔', 'green', style) : paint('✖', 'red', style);
      await write(invocation.terminal, [`${symbol} ${id}`, ...problems.map((line) => `    ${line}`), ''].join('\n'));
    };
    let failed = 0;
    let logs = 0;
    for (const rule of rules) {
      const results = proveRule(rule, catalog);
      const problems = results.filter((result) => result.problem !== undefined);
      logs += results.length;
      failed += problems.length;
      await report(
        rule.id,
        problems.map(({ file, problem }) => `${file}: ${problem ?? ''}`),
      );
    }
    for (const row of rows) {
      const results = proveRow(row, catalog);
      const problems = results.filter((result) => result.problem !== undefined);
      logs += results.length;
      failed += problems.length;
      await report(
        row.id,
        problems.map(({ name, problem }) => `${row.path}: ${name} ${problem ?? ''}`),
      );
    }
    const counted = rows.length === 0 ? '' : `, ${countOf(rows.length, 'engine entry', 'engine entries')}`;
    await write(
      invocation.terminal,
      `${countOf(rules.length, 'rule')}${counted}, ${countOf(logs, 'test')}, ${failed} failed\n`,
    );
    return failed === 0 ? 0 : 2;
  },
};

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
