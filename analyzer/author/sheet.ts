// A rule as people read it, in one language: what it looks for, what it answers, and the logs that prove it (those that
// it must name, and near misses that it must not). The rule's folder is read for the logs; one without a folder has
// none. cli/service hands it to the API, which shows it as the rule's room.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Language, LineSheet, ProofLog, RuleSheet } from '../../core/types.js';
import { printGlob } from '../../core/text/glob.js';
import type { Condition, Rule, Where } from '../catalog/rule/rule.js';
import type { Template, TextTemplate } from '../catalog/rule/template.js';

/** Of a log that is longer its beginning is shown. */
const MOST_CHARACTERS = 20_000;
/** Of each kind. */
const MOST_LOGS = 20;

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
    ...readProofs(dirname(rule.file)),
  };
}

/** How a value is to be written, and in which version an option is called so, is for who fills it. */
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

/** `match.log`, `match-2.log` …, then the near misses. */
function readProofs(folder: string): Pick<RuleSheet, 'logs' | 'moreLogs'> {
  let names: readonly string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    return { logs: [], moreLogs: 0 };
  }
  const of = (start: string): readonly string[] =>
    names.filter((name) => name.startsWith(start) && name.endsWith('.log')).sort(compareNumbered);
  const kinds = [of('match'), of('nearmiss')];
  const logs = kinds.flatMap((all) => all.slice(0, MOST_LOGS)).flatMap((name) => readProof(folder, name));
  return { logs, moreLogs: kinds.flat().length - logs.length };
}

function readProof(folder: string, name: string): readonly ProofLog[] {
  try {
    const text = readFileSync(join(folder, name), 'utf8');
    const isCut = text.length > MOST_CHARACTERS;
    return [{ name, isMatch: name.startsWith('match'), text: text.slice(0, MOST_CHARACTERS), isCut }];
  } catch {
    return [];
  }
}

/** `match.log` before `match-2.log`, and that before `match-10.log`. */
function compareNumbered(left: string, right: string): number {
  const numberOf = (name: string): number => Number(/-(\d+)\./.exec(name)?.[1] ?? 1);
  return numberOf(left) - numberOf(right);
}
