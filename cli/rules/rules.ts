// "jobtrace rules list|check|test": what there is, is it valid, is it proven. The rest of the author's loop stands in
// rules-new.ts, rules-explain.ts and rules-backtest.ts.
import { loadCatalog, type Catalog } from '../../analyzer/catalog/catalog.js';
import { proveRule } from '../../analyzer/author/proof.js';
import { isNamedBy, type Rule } from '../../analyzer/catalog/rule.js';
import { findNearest } from '../../core/document.js';
import { createError } from '../../core/errors.js';
import { CONFIG_OPTION, LANG_OPTION, type Command, type Invocation, type OptionRow } from '../command.js';
import { write } from '../find.js';
import { paint, styleOf } from '../print.js';
import { languageOf, readSettings } from '../settings.js';

export const RULES_OPTION: OptionRow = {
  name: 'rules',
  value: 'DIR',
  multiple: true,
  help: 'Folder with rules of your own, beside the built-in ones; may be repeated.',
};

export const RULES_LIST: Command = {
  name: 'rules list',
  operands: '[ID…]',
  summary: 'Lists the rules: what Jobtrace can name.',
  options: [
    RULES_OPTION,
    LANG_OPTION,
    CONFIG_OPTION,
    { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'For people, or one JSON document.' },
  ],
  examples: ['jobtrace rules list', "jobtrace rules list 'memory.*'"],
  run: async (invocation) => {
    const { settings } = readSettings(invocation);
    const lang = languageOf(settings);
    const rules = selectRules(openCatalog(invocation), invocation.operands);
    if (invocation.option('format') === 'json') {
      const rows = rules.map(({ id, cause, status, severity, owner, role, title }) => ({
        id,
        cause,
        status,
        severity,
        owner,
        role,
        title: title[lang].source,
      }));
      await write(invocation.terminal, `${JSON.stringify({ rules: rows }, null, 2)}\n`);
      return 0;
    }
    const width = Math.max(...rules.map((rule) => rule.id.length));
    for (const rule of rules)
      await write(
        invocation.terminal,
        `${rule.id.padEnd(width)}  ${rule.status.padEnd(6)}  ${rule.title[lang].source}\n`,
      );
    return 0;
  },
};

export const RULES_CHECK: Command = {
  name: 'rules check',
  operands: '',
  summary: 'Checks every rule and prints all problems with file:line:column.',
  options: [RULES_OPTION, CONFIG_OPTION],
  run: async (invocation) => {
    const { rules } = openCatalog(invocation);
    await write(invocation.terminal, `${rules.length} rules are valid.\n`);
    return 0;
  },
};

export const RULES_TEST: Command = {
  name: 'rules test',
  operands: '[ID…]',
  summary: 'Runs the logs of the rules: match logs must be named by their rule, near misses must not.',
  options: [RULES_OPTION, CONFIG_OPTION],
  examples: ['jobtrace rules test', 'jobtrace rules test network.insufficient-buffers/total'],
  run: async (invocation) => {
    const catalog = openCatalog(invocation);
    const style = styleOf(invocation.terminal.stdout, invocation.terminal.environment);
    const rules = selectRules(catalog, invocation.operands);
    let failed = 0;
    let logs = 0;
    for (const rule of rules) {
      const results = proveRule(rule, catalog);
      const problems = results.filter((result) => result.problem !== undefined);
      logs += results.length;
      failed += problems.length;
      await write(
        invocation.terminal,
        `${problems.length === 0 ? paint('✔', 'green', style) : paint('✖', 'red', style)} ${rule.id}\n`,
      );
      for (const { file, problem } of problems) await write(invocation.terminal, `    ${file}: ${problem ?? ''}\n`);
    }
    await write(invocation.terminal, `${rules.length} rules, ${logs} proofs, ${failed} failed\n`);
    return failed === 0 ? 0 : 2;
  },
};

export function openCatalog(invocation: Invocation): Catalog {
  return loadCatalog({ extra: extraFolders(invocation) });
}

export function extraFolders(invocation: Invocation): readonly string[] {
  return [...readSettings(invocation).settings['analyzer.rulesDirs'], ...invocation.options('rules')];
}

/** Rules named by ids, cause ids or `area.*`; all when nothing is named. */
export function selectRules(catalog: Catalog, patterns: readonly string[]): readonly Rule[] {
  for (const pattern of patterns) {
    if (catalog.rules.some((rule) => isNamedBy(rule, pattern))) continue;
    const nearest = findNearest(
      pattern,
      catalog.rules.map((rule) => rule.id),
    );
    throw createError('JT_RULE_NOT_FOUND', {
      id: pattern,
      hint: nearest === undefined ? '' : `; the nearest is "${nearest}"`,
    });
  }
  return patterns.length === 0
    ? catalog.rules
    : catalog.rules.filter((rule) => patterns.some((pattern) => isNamedBy(rule, pattern)));
}
