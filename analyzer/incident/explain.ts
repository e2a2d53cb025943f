// Explains a finding as a diagnosis in both languages: captured and computed values, the reasons that hold with their
// relative weights, and the fixes whose values are known, with option names of the job's Flink version. A value that
// cannot be computed is left out and never guessed. If the texts of a rule fail, the diagnosis still names the cause.
// Pure functions.
import type { Diagnosis, Evidence, Fix, Reason } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import { inRange } from '../../flink/facts/options.js';
import { ASSUMED_VERSION, nameOption } from './evaluation-context.js';
import { errorText } from '../../core/fault.js';
import { readWhole, type Value, type Values, type EvaluationContext } from '../catalog/expression.js';
import { totalScore, type Finding } from './finding.js';
import type { CaptureType, FixRule, ReasonRule } from '../catalog/rule.js';
import { fillTemplate, formatValue, type TextTemplate } from '../catalog/template.js';

/** Fault of a rule that shows only when the rule is used. */
export interface RuleFault {
  readonly rule: string;
  /** Part of the rule in the author's words: `let.share`, `reasons.ratio.when`. */
  readonly part: string;
  readonly problem: string;
}

export interface Explanation {
  readonly finding: Finding;
  /** Functions and data for expressions of rules. `version` is undefined if the Flink version is unknown. */
  readonly context: EvaluationContext;
  readonly version: string | undefined;
  /** Values of the incident (job, restarts, peer, …). */
  readonly builtIn: Values;
  readonly evidence: readonly Evidence[];
  readonly explains: readonly string[];
  readonly symptom: boolean;
  /** True if the finding is a second cause. */
  readonly isBeside: boolean;
  readonly job: { readonly id: string; readonly name?: string } | undefined;
  readonly firstSeen: string | undefined;
  readonly lastSeen: string | undefined;
  readonly onFault?: (fault: RuleFault) => void;
}

/** Explains a finding. It never throws, because one faulty rule must not remove the incident. */
export function explainFinding(explanation: Explanation): Readonly<Record<Language, Diagnosis>> {
  try {
    return explainWhole(explanation);
  } catch (error) {
    reportFault(explanation, 'texts', errorText(error));
    return { en: renderBare('en', explanation), zh: renderBare('zh', explanation) };
  }
}

function reportFault(
  { finding, onFault }: Pick<Explanation, 'finding' | 'onFault'>,
  part: string,
  problem: string,
): void {
  onFault?.({ rule: finding.rule.id, part, problem });
}

function explainWhole(explanation: Explanation): Readonly<Record<Language, Diagnosis>> {
  const values = computeValues(explanation);
  const judged = explanation.finding.rule.reasons.map((reason) => ({
    reason,
    holds: !isOfForm(reason, explanation.finding.match.alternative)
      ? false
      : reason.when === undefined
        ? true
        : reason.when.evaluate(values, explanation.context, (problem) =>
            reportFault(explanation, `reasons.${reason.id}.when`, problem),
          ),
  }));
  const reasons = judged.filter(({ holds }) => holds === true).map(({ reason }) => reason);
  // Use the reasons whose condition could not be evaluated, if none is known to hold.
  const open =
    reasons.length > 0 ? reasons : judged.filter(({ holds }) => holds === undefined).map(({ reason }) => reason);
  const fixes = chooseFixes(open, values, explanation);
  return {
    en: renderDiagnosis('en', explanation, values, reasons, fixes),
    zh: renderDiagnosis('zh', explanation, values, reasons, fixes),
  };
}

/** Converts the captures to their types, then evaluates every `let` that can be computed. */
function computeValues(explanation: Explanation): Values {
  const { finding, context, builtIn } = explanation;
  const values: Record<string, Value> = { ...builtIn };
  for (const [name, type] of Object.entries(finding.rule.captures)) {
    const text = finding.match.captures[name];
    const value = text === undefined ? undefined : convertCapture(text, type, context);
    if (value !== undefined) values[name] = value;
  }
  for (const [name, expression] of finding.rule.lets) {
    const value = expression.evaluate(values, context, (problem) => reportFault(explanation, `let.${name}`, problem));
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/**
 * Converts a captured text to its type. A class name in the JVM's own form (`org/acme/Order`, `Lorg/acme/Order;`) is
 * converted to the usual form, so that rules compare one form only.
 */
function convertCapture(text: string, type: CaptureType, context: EvaluationContext): Value | undefined {
  if (type === 'int') return readWhole(text.replaceAll(/[,_]/g, ''));
  if (type === 'class') return text.replace(/^L(?=[\w$/]+;$)|;$/g, '').replaceAll('/', '.');
  if (type !== 'bytes' && type !== 'duration') return text;
  const number = type === 'bytes' ? context.parseSize(text) : context.parseDuration(text);
  return number === undefined || !Number.isFinite(number) ? undefined : BigInt(Math.trunc(number));
}

function isTrue(value: Value | undefined, without: boolean): boolean {
  return value === undefined ? without : value === true;
}

/** True if the reason holds for the form of the message that was found. */
function isOfForm({ forms }: ReasonRule, alternative: string): boolean {
  return forms.length === 0 || forms.includes(alternative);
}

/**
 * Returns the fixes for a reason that may hold and the fixes for any reason. If there are none, it returns all possible
 * fixes, because a choice is better than nothing.
 */
function chooseFixes(open: readonly ReasonRule[], values: Values, explanation: Explanation): readonly FixRule[] {
  const possible = explanation.finding.rule.fixes.filter((fix) => isPossible(fix, values, explanation));
  const fitting = possible.filter((fix) => fix.for.length === 0 || open.some((reason) => fix.for.includes(reason.id)));
  return fitting.length > 0 ? fitting : possible;
}

function isPossible(fix: FixRule, values: Values, explanation: Explanation): boolean {
  const { context, version } = explanation;
  if (fix.flink !== undefined && !inRange(version ?? ASSUMED_VERSION, fix.flink)) return false;
  const holds = fix.when?.evaluate(values, context, (problem) =>
    reportFault(explanation, `fixes.${fix.id}.when`, problem),
  );
  return isTrue(holds, fix.when === undefined);
}

function renderDiagnosis(
  language: Language,
  explanation: Explanation,
  values: Values,
  reasons: readonly ReasonRule[],
  fixes: readonly FixRule[],
): Diagnosis {
  const { finding, version } = explanation;
  const { rule } = finding;
  const fill = (template: TextTemplate): { readonly text: string; readonly missing: readonly string[] } =>
    fillTemplate(template[language], values, (key) => nameOption(key, version) ?? key);
  return {
    ...renderBare(language, explanation),
    title: fill(rule.title).text,
    summary: fill(rule.summary).text,
    reasons: renderReasons(reasons, fill),
    fixes: fixes.flatMap((fix) => renderFix(fix, values, version, fill) ?? []),
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, formatValue(value, undefined)])),
  };
}

/** Renders a finding without computed values: its cause and its evidence, with the rule's texts unfilled. */
function renderBare(language: Language, explanation: Explanation): Diagnosis {
  const { finding, job, firstSeen, lastSeen, symptom, isBeside } = explanation;
  const { rule } = finding;
  return {
    cause: rule.cause,
    rule: rule.id,
    title: rule.title[language].source,
    summary: rule.summary[language].source,
    severity: rule.severity,
    confidence: decideConfidence(finding),
    symptom,
    ...(isBeside ? { beside: true } : {}),
    owner: rule.owner,
    status: rule.status,
    job,
    firstSeen,
    lastSeen,
    count: finding.count,
    reasons: [],
    fixes: [],
    evidence: explanation.evidence,
    explains: explanation.explains,
    references: rule.references,
    values: {},
    score: { ...finding.score, total: Number(totalScore(finding.score).toFixed(2)) },
  };
}

/**
 * Returns the confidence of a finding. It is lower for a finding without a failure of its own, and for a rule that is a
 * draft.
 */
function decideConfidence(finding: Finding): number {
  const beside = (finding.score['failure'] ?? 0) === 0 && finding.rule.role === 'cause' ? 0.9 : 1;
  const drafted = finding.rule.status === 'draft' ? 0.8 : 1;
  return Number((finding.rule.confidence * beside * drafted).toFixed(2));
}

type Fill = (template: TextTemplate) => { readonly text: string; readonly missing: readonly string[] };

function renderReasons(reasons: readonly ReasonRule[], fill: Fill): readonly Reason[] {
  const filled = reasons
    .map((reason) => ({ reason, ...fill(reason.text) }))
    .filter((item) => item.missing.length === 0);
  const sum = filled.reduce((total, item) => total + item.reason.weight, 0);
  return filled
    .map(({ reason, text }) => ({ id: reason.id, text, weight: Number((reason.weight / sum).toFixed(2)) }))
    .sort((a, b) => b.weight - a.weight);
}

/** Returns undefined if a value of the text or of the patch is unknown, or if the version has no such option. */
function renderFix(fix: FixRule, values: Values, version: string | undefined, fill: Fill): Fix | undefined {
  const text = fill(fix.text);
  const patch = renderPatch(fix, values, version);
  if (text.missing.length > 0 || patch === undefined) return undefined;
  const cost = fix.cost === undefined ? undefined : fill(fix.cost);
  const verify = fix.verify === undefined ? undefined : fill(fix.verify);
  return {
    id: fix.id,
    text: text.text,
    patch,
    risk: fix.risk,
    cost: cost === undefined || cost.missing.length > 0 ? undefined : cost.text,
    verify: verify === undefined || verify.missing.length > 0 ? undefined : verify.text,
  };
}

function renderPatch(
  fix: FixRule,
  values: Values,
  version: string | undefined,
): Readonly<Record<string, string>> | undefined {
  const entries: (readonly [string, string])[] = [];
  if (fix.patchFrom !== undefined) {
    const computed = values[fix.patchFrom];
    if (typeof computed !== 'object' || Array.isArray(computed)) return undefined;
    for (const [option, value] of Object.entries(computed)) entries.push([option, String(value)]);
  }
  for (const [option, template] of fix.patch) {
    const filled = fillTemplate(template, values, (key) => nameOption(key, version) ?? key);
    if (filled.missing.length > 0) return undefined;
    entries.push([option, filled.text]);
  }
  const patch: Record<string, string> = {};
  for (const [option, value] of entries) {
    const name = nameOption(option, version);
    if (name === undefined) return undefined;
    patch[name] = value;
  }
  return patch;
}
