// A rule as people read it, in one language: what it looks for, what it answers, and the logs that prove it (those that
// it must name, and near misses that it must not). The rule's folder is read for the logs; one without a folder has
// none. cli/service hands it to the API, which shows it as the rule's room.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Language } from '../../core/types.js';
import { printGlob } from '../../core/text/glob.js';
import type { Condition, Rule, RuleStep, Where } from '../catalog/rule/rule.js';

/** Texts hold `{placeholders}` for what is found in a log. */
export interface RuleSheet {
  readonly summary: string;
  readonly role: Rule['role'];
  readonly scope: Rule['scope'];
  /** One line of these must be there. */
  readonly finds: readonly LineSheet[];
  /** None of these. */
  readonly unless: readonly LineSheet[];
  /** And all of these. */
  readonly steps: readonly StepSheet[];
  readonly captures: Readonly<Record<string, string>>;
  readonly reasons: readonly { readonly text: string; readonly weight: number; readonly when?: string | undefined }[];
  readonly fixes: readonly FixSheet[];
  readonly explains: readonly string[];
  readonly logs: readonly ProofLog[];
  /** Logs that it has beside these. */
  readonly moreLogs: number;
}

export interface LineSheet {
  /** Bytes that it must hold. */
  readonly text?: string | undefined;
  readonly pattern?: string | undefined;
  readonly flink?: string | undefined;
  /** By the name that rule.yaml has for it. */
  readonly where: Readonly<Partial<Record<keyof Where, readonly string[]>>>;
}

export interface StepSheet extends LineSheet, Pick<RuleStep, 'on' | 'order' | 'withinMs' | 'count' | 'absent'> {}

export interface FixSheet {
  readonly text: string;
  readonly when?: string | undefined;
  readonly flink?: string | undefined;
  readonly patch: Readonly<Record<string, string>>;
  readonly risk: 'low' | 'medium' | 'high';
  readonly cost?: string | undefined;
  readonly verify?: string | undefined;
}

export interface ProofLog {
  readonly name: string;
  readonly isMatch: boolean;
  readonly text: string;
  /** It is longer. */
  readonly isCut: boolean;
}

/** Of a log that is longer its beginning is shown. */
const MOST_CHARACTERS = 20_000;
/** Of each kind. */
const MOST_LOGS = 20;

export function describeSheet(rule: Rule, language: Language): RuleSheet {
  return {
    summary: rule.summary[language].source,
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
      text: text[language].source,
      weight,
      when: when?.source,
    })),
    fixes: rule.fixes.map(({ text, when, flink, patch, risk, cost, verify }) => ({
      text: text[language].source,
      when: when?.source,
      flink,
      patch: Object.fromEntries(patch.map(([option, value]) => [option, value.source])),
      risk,
      cost: cost?.[language].source,
      verify: verify?.[language].source,
    })),
    explains: rule.explains.map(printGlob),
    ...readProofs(dirname(rule.file)),
  };
}

function describeLine({ where, regex }: Condition, text: string | undefined): LineSheet {
  return { text, pattern: regex?.source, where: where === undefined ? {} : describeWhere(where) };
}

function describeWhere(where: Where): LineSheet['where'] {
  const asked: Partial<Record<keyof Where, readonly string[]>> = {};
  for (const [name, value] of Object.entries(where) as [keyof Where, Where[keyof Where]][]) {
    const values = listValues(value);
    if (values.length > 0) asked[name] = values;
  }
  return asked;
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
