// Tools for rules: a rule or all rules of a cause in words, and a draft of a rule from the lines of a failure that no
// rule matches.
import { createError } from '../../core/errors.js';
import { escapeMarkdown, fence } from '../../core/wording/markdown.js';
import { findNearest } from '../../core/text/nearest.js';
import { OWNERS, STATUSES } from '../../core/wording/wording.js';
import type { Language } from '../../core/types.js';
import type { ArgumentRow, ToolValues } from './arguments.js';
import type { ToolContext, Reply, RuleArticle } from './tool-context.js';

export const EXPLAIN_ROWS: readonly ArgumentRow[] = [
  {
    name: 'id',
    kind: 'text',
    isNeeded: true,
    max: 300,
    help: 'A rule (memory.heap-oom/tm) or a cause (memory.heap-oom), as a diagnosis names it.',
  },
];

export const DRAFT_ROWS: readonly ArgumentRow[] = [
  {
    name: 'lines',
    kind: 'text',
    isNeeded: true,
    max: 65_536,
    help: 'Lines of a log in which something failed, with the whole stack trace.',
  },
];

export async function explainRule(context: ToolContext, values: ToolValues, language: Language): Promise<Reply> {
  const id = values.text('id') ?? '';
  const rules = context.listRules(language);
  const found = rules.filter((rule) => rule.id === id || rule.cause === id);
  if (found.length === 0) {
    const nearest = findNearest(
      id,
      rules.flatMap((rule) => [rule.id, rule.cause]),
    );
    throw createError('JT_RULE_NOT_FOUND', { id, hint: nearest === undefined ? '' : `; the nearest is "${nearest}"` });
  }
  return {
    header: `${found.length === 1 ? 'The rule' : `${found.length} rules of the cause`} \`${id}\`. In its texts {name} is a value from the log.`,
    blocks: found.map((rule) => renderRule(rule, language)),
  };
}

function renderRule(rule: RuleArticle, language: Language): string {
  const fixes = rule.fixes.flatMap(({ text, patch }) => [
    `- fix: ${escapeMarkdown(text)}`,
    ...Object.entries(patch).map(([option, value]) => `  \`${option}: ${value}\``),
  ]);
  return [
    `### ${escapeMarkdown(rule.title)}`,
    `\`${rule.id}\` · ${rule.severity} · ${OWNERS[rule.owner][language]} · ${STATUSES[rule.status][language]}`,
    escapeMarkdown(rule.summary),
    ...rule.anchors.map((anchor) => `- found by: \`${anchor}\``),
    ...rule.reasons.map((reason) => `- reason: ${escapeMarkdown(reason)}`),
    ...fixes,
    ...rule.references.map((reference) => `- <${reference}>`),
  ].join('\n');
}

export async function draftRule(context: ToolContext, values: ToolValues): Promise<Reply> {
  const outline = context.draftRule(values.text('lines') ?? '');
  if (outline === undefined)
    throw createError('JT_REQUEST_INVALID', {
      problems:
        'nothing failed in these lines: no task, job or process ended. Send the line that says so with its whole stack trace',
    });
  const { id, named, file } = outline;
  return {
    header: [
      `A draft of ${id === undefined ? 'a rule; choose its cause (CAUSE/VARIANT)' : `the rule \`${id}\``}. Nothing was written.`,
      ...(named === undefined ? [] : [`The rule \`${named}\` names this failure already.`]),
      'Put it into <area>/<cause>/<variant>.yaml below a folder of your own rules, replace each TODO, and run "jobtrace rules test".',
    ].join(' '),
    blocks: [`**${id === undefined ? 'rule' : `${id.replace('.', '/')}.yaml`}**\n\n${fence(file.trimEnd(), 'yaml')}`],
  };
}
