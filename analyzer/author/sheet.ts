// Describes a rule as people read it, in one language: what it looks for, what it answers, and the logs that prove it
// (those that it must name, and near misses that it must not name). The logs are those of the rule's cases; a rule that
// is not saved yet has none. cli/service hands the sheet to the API, which serves it for the rule's page.
import { basename } from 'node:path';
import type { LineSheet, ProofLog, RuleSheet } from '../../core/documents/rule.js';
import type { Language } from '../../core/types.js';
import { printGlob } from '../../core/text/glob.js';
import type { Condition, Rule, Where } from '../catalog/rule.js';
import type { Template, TextTemplate } from '../catalog/template.js';
import { readCases, type RuleCase } from './cases.js';

/** Maximum number of characters of a log that are shown. The rest of a longer log is left out. */
const MAX_CHARACTERS = 20_000;
/** Maximum number of logs of each kind. */
const MAX_LOGS = 20;

export function describeSheet(rule: Rule, language: Language): RuleSheet {
  const say = (text: TextTemplate): string => printTemplate(text[language]);
  return {
    summary: say(rule.summary),
    role: rule.role,
    scope: rule.scope,
    finds: rule.alternatives.map((item) => ({ ...describeLine(item, item.anchor), flink: item.flink })),
    unless: rule.unless.map((item) => describeLine(item, item.text)),
    steps: rule.steps.map((step) => {
      const { on, order, withinMs, count, absent } = step;
      return { ...describeLine(step, step.anchor), on, order, withinMs, count, absent };
    }),
    captures: rule.captures,
    reasons: rule.reasons.map(({ text, weight, when }) => ({
      text: say(text),
      weight,
      when: when?.source,
    })),
    fixes: rule.fixes.map(({ text, when, flink, patch, patchFrom, risk, cost, verify }) => ({
      text: say(text),
      when: when?.source,
      flink,
      patch: Object.fromEntries(patch.map(([option, value]) => [option, printTemplate(value)])),
      computedBy: rule.lets.find(([name]) => name === patchFrom)?.[1].source,
      risk,
      cost: cost && say(cost),
      verify: verify && say(verify),
    })),
    explains: rule.explains.map(printGlob),
    ...readProofs(rule),
  };
}

/**
 * Prints a template as people read it. Formats of values are left out, and an option has the name that the rule gives
 * it, because only the code that fills the template needs formats and versions.
 */
function printTemplate({ parts }: Template): string {
  return parts.map((part) => ('text' in part ? part.text : 'name' in part ? `{${part.name}}` : part.option)).join('');
}

function describeLine({ where, regex }: Condition, text: string | undefined): LineSheet {
  return { text, pattern: regex?.source, where: where === undefined ? {} : describeWhere(where) };
}

function describeWhere(where: Where): LineSheet['where'] {
  const asked = Object.entries(where).map(
    ([name, value]: [string, Where[keyof Where]]) => [name, listValues(value)] as const,
  );
  return Object.fromEntries(asked.filter(([, values]) => values.length > 0));
}

function listValues(value: Where[keyof Where]): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return [value];
  if (typeof value === 'boolean') return [String(value)];
  return 'source' in value ? [value.source] : value;
}

/** Reads the logs of a rule's cases: those that it must name, then the near misses. */
function readProofs(rule: Rule): Pick<RuleSheet, 'logs' | 'moreLogs'> {
  const cases = listCases(rule);
  const kinds = [true, false].map((isMatch) => cases.filter((one) => one.isMatch === isMatch).sort(compareNumbered));
  const logs = kinds.flatMap((all) => all.slice(0, MAX_LOGS)).map(describeLog);
  return { logs, moreLogs: cases.length - logs.length };
}

function listCases(rule: Rule): readonly RuleCase[] {
  try {
    return readCases(rule).cases;
  } catch {
    // The file is gone, or its folder is; a rule that somebody writes has none yet.
    return [];
  }
}

function describeLog({ log, isMatch, bytes }: RuleCase): ProofLog {
  const text = bytes.toString('utf8');
  return { name: basename(log), isMatch, text: text.slice(0, MAX_CHARACTERS), isCut: text.length > MAX_CHARACTERS };
}

/** Compares names by their numbers: `match.log`, `match-2.log`, `match-10.log`. */
function compareNumbered(left: RuleCase, right: RuleCase): number {
  const numberOf = ({ log }: RuleCase): number => Number(/-(\d+)\.log$/.exec(log)?.[1] ?? 1);
  return numberOf(left) - numberOf(right);
}
