// Saves a rule that somebody wrote on the page as a file among the team's own rules, if it is valid and its logs
// prove it. Every program that reads those folders uses the rule from then on.
import { createError } from '../../core/errors.js';
import { errorText } from '../../core/fault.js';
import { formatProblems, parseDocument } from '../../core/document.js';
import { isObject } from '../../core/json.js';
import type { RuleTrial } from '../../core/documents/rule.js';
import type { Catalog } from '../catalog/catalog.js';
import { isRuleFile } from '../catalog/closed.js';
import { compileRule } from '../catalog/compile.js';
import { readForm } from '../catalog/form/read.js';
import { openChineseOf } from '../catalog/form/texts.js';
import type { Rule } from '../catalog/rule.js';
import { writeCases } from './draft.js';
import { addCause, hasRule, placeRule, shareSchemas, writeRule } from './folder.js';
import { checkRule, tryRule, type RuleSource, type TrialContext } from './trial.js';

export interface SaveContext extends TrialContext {
  readonly catalog: Catalog;
  /** Folder of the team's own rules. */
  readonly folder: string;
  /** Author of the rule. */
  readonly by: string;
  /** True if the rule may replace the one that stands there. */
  readonly replace: boolean;
}

export interface SavedRule {
  readonly id: string;
  readonly place: string;
  /** Texts that are still to be written. */
  readonly todos: readonly string[];
}

/**
 * Saves a rule. Throws JT_RULE_INVALID with its problems or with what its logs do not prove, JT_REQUEST_INVALID if a
 * rule stands there already, or JT_FILE_UNWRITABLE.
 */
export function saveRule(source: RuleSource, context: SaveContext): SavedRule {
  const { catalog, folder, replace } = context;
  const { rule, problems } = checkRule(source, catalog);
  if (rule === undefined) throw createError('JT_RULE_INVALID', { problems: formatProblems('rule.yaml', problems) });
  const trial = tryRule(source, catalog, context);
  const gaps = [...findGaps(source, trial), ...findChineseGaps(source, rule, folder)];
  if (gaps.length > 0) throw createError('JT_RULE_INVALID', { problems: gaps.join('\n') });
  const place = placeRule(folder, source.id);
  if (!replace && hasRule(folder, source.id))
    throw createError('JT_REQUEST_INVALID', {
      problems: `the folder of ${source.id} already has a rule; use another id, or send "replace": true`,
    });
  try {
    shareSchemas(folder);
    addCause(rule.cause, folder, catalog, rule.owner);
    writeRule(folder, source.id, addCases(source, trial, rule, context));
  } catch (error) {
    throw createError('JT_FILE_UNWRITABLE', { path: place, problem: errorText(error) });
  }
  return { id: source.id, place, todos: trial.todos ?? [] };
}

/** Returns the text with the two logs as its cases, if it has no cases of its own. */
function addCases(
  { rule: text, match, nearMiss }: RuleSource,
  trial: RuleTrial,
  rule: Rule,
  { by }: SaveContext,
): string {
  const { value } = parseDocument(text, 'rule.yaml');
  if (isObject(value) && 'cases' in value) return text;
  const cases = writeCases({
    note: `Lines from which ${by} wrote the rule in the page`,
    version: undefined,
    values: trial.match?.values ?? {},
    handled: rule.alternatives.some(({ where }) => where?.failure === true),
    matchLog: match,
    nearMissLog: nearMiss,
  });
  return `${text.trimEnd()}\n${cases}`;
}

/** Returns what the logs of the rule do not prove. */
function findGaps({ id }: RuleSource, { match, nearMiss, failedCases = [] }: RuleTrial): readonly string[] {
  return [
    ...(match?.stands === 'first' ? [] : [`match.log: the top diagnosis is ${match?.first ?? 'none'}, not ${id}`]),
    ...(nearMiss?.stands === 'nowhere' ? [] : ['nearmiss.log: this rule fires on its near miss']),
    ...[...(match?.faults ?? []), ...(nearMiss?.faults ?? [])].map((fault) => `rule.yaml: ${fault}`),
    ...failedCases,
  ];
}

/** Returns the placeholders by which the texts differ from the Chinese ones that stand beside in the folder. */
function findChineseGaps({ id, rule: text }: RuleSource, { owner, file }: Rule, folder: string): readonly string[] {
  const chinese = openChineseOf(placeRule(folder, id));
  if (chinese === undefined) return [];
  const form = readForm(parseDocument(text, file), { owner, sets: new Map(), chinese });
  if (form.value === undefined || !isRuleFile(form.value) || !('match' in form.value)) return [];
  const { problems } = compileRule(id, file, form.value, form);
  return problems
    .filter(({ message }) => message.includes('placeholder'))
    .map(({ message }) => `${chinese.file}: ${message}`);
}
