// Implements "jobtrace rules explain FILE… RULE": prints why a rule did or did not match the logs.
// analyzer/author/why.ts finds the reasons; this file turns them into sentences with file:line of the log and of the
// rule.
import { joinLines } from '../../core/text/lines.js';
import { relative } from 'node:path';
import { totalScore, type Finding } from '../../analyzer/incident/finding.js';
import type { ExplainReason } from '../../analyzer/incident/rank.js';
import { readEntries } from '../../analyzer/input/read.js';
import type { Rule } from '../../analyzer/catalog/rule.js';
import { tryRule, type AlternativeTrial, type WhyOutcome, type Trial } from '../../analyzer/author/why.js';
import type { DocumentPath } from '../../core/document.js';
import { locatePart } from '../../analyzer/author/locate.js';
import { createError } from '../../core/errors.js';
import { countOf } from '../../core/text/count.js';
import { CONFIG_OPTION, RULES_OPTION, type Command } from '../command.js';
import { write } from '../terminal/write.js';
import { paint, styleOf, type Style } from '../terminal/print.js';
import { openCatalog, selectRules } from './rules.js';
import { readSettings, zoneOf } from '../settings.js';

export const RULES_EXPLAIN: Command = {
  name: 'rules explain',
  operands: 'FILE… RULE',
  summary: 'Explain why a rule matched or not: the first failed condition, the nearest line, the captured values.',
  options: [RULES_OPTION, CONFIG_OPTION],
  examples: [
    'jobtrace rules explain taskmanager.log network.insufficient-buffers/total',
    'jobtrace rules explain --rules our-rules jm.log tm.log connector.ledger/closed',
  ],
  run: async (invocation) => {
    const paths = invocation.operands.slice(0, -1);
    const id = invocation.operands.at(-1);
    if (id === undefined || paths.length === 0)
      throw createError('JT_USAGE', {
        problem: 'rules explain needs a log and the id of a rule.',
        command: 'rules explain',
      });
    const catalog = openCatalog(invocation);
    const style = styleOf(invocation.terminal.stdout, invocation.terminal.environment);
    const context = { zone: zoneOf(readSettings(invocation).settings) };
    for (const rule of selectRules(catalog, [id]))
      await write(invocation.terminal, renderTrial(tryRule(rule, readEntries(paths), catalog, context), style));
    return 0;
  },
};

function renderTrial(trial: Trial, style: Style): string {
  const alternatives = trial.alternatives.flatMap((item) => renderAlternative(trial.rule, item, style));
  return `${paint(trial.rule.id, 'bold', style)}  ${paint(`${countOf(trial.entries, 'entry', 'entries')} read`, 'dim', style)}\n${[...alternatives, ...renderOutcome(trial.rule, trial.outcome, style)].join('\n')}\n`;
}

function renderAlternative(rule: Rule, trial: AlternativeTrial, style: Style): readonly string[] {
  const { alternative, at, misfit, likeness } = trial;
  if (trial.fitting > 0)
    return [
      `${paint('✔', 'green', style)} ${alternative.id}: fits ${trial.fitting === 1 ? 'an entry' : `${trial.fitting} entries`}`,
      ...renderLine('line', at, style),
    ];
  const order = rule.alternatives.indexOf(alternative);
  if (misfit === undefined) {
    const nearest =
      likeness === undefined
        ? [row('nearest', 'no line contains a word of it')]
        : [...renderLine('nearest', at, style), row('', renderLikeness(likeness))];
    return [
      `${paint('✖', 'red', style)} ${alternative.id}: the anchor was not found ${placeOf(rule, ['match', order, 'anchor'], style)}`,
      row('asks', quote(alternative.anchor)),
      ...nearest,
    ];
  }
  const held =
    trial.anchored === 1
      ? 'the entry that holds the anchor'
      : `the nearest of ${trial.anchored} entries that hold the anchor`;
  return [
    `${paint('✖', 'red', style)} ${alternative.id}: ${paint(misfit.key, 'bold', style)} does not hold in ${held} ${placeOf(rule, misfit.path, style)}`,
    ...renderLine('line', at, style),
    row('asks', misfit.asked),
    ...(misfit.partial === undefined
      ? []
      : [
          row('fits', misfit.partial.pattern === '' ? 'nothing of the pattern' : misfit.partial.pattern),
          row('not', misfit.partial.rest),
          row('captured', printGroups(misfit.partial.groups)),
        ]),
    row('has', cut(misfit.found, style)),
  ];
}

function renderLikeness({ shared, missing, beginning }: NonNullable<AlternativeTrial['likeness']>): string {
  const words = `${shared.length} of ${shared.length + missing.length} words${missing.length === 0 ? '' : `, without ${missing.map(quote).join(', ')}`}`;
  return beginning.trim().length < 4 ? words : `${words}; the same up to ${quote(beginning)}`;
}

function renderOutcome(rule: Rule, outcome: WhyOutcome, style: Style): readonly string[] {
  if (outcome.kind === 'none') return ['→ The rule does not match.'];
  const header = [
    ...renderLine('match', { file: outcome.at.path, line: outcome.at.line, text: '' }, style),
    row('captured', printGroups(outcome.match.captures)),
  ];
  return [...explainOutcome(rule, outcome, style), ...header];
}

function explainOutcome(rule: Rule, outcome: Exclude<WhyOutcome, { kind: 'none' }>, style: Style): readonly string[] {
  switch (outcome.kind) {
    case 'step': {
      const { step, found, anywhere } = outcome.failed;
      const wanted = step.absent
        ? 'no line may be'
        : step.count === 1
          ? 'one line must be'
          : `${step.count} lines must be`;
      const matching = step.absent
        ? 'one does'
        : `there ${found.length === 1 ? 'is' : 'are'} ${found.length}, and ${anywhere} anywhere in these logs`;
      return [
        `→ It matches, but its step ${step.id} does not hold ${placeOf(rule, ['steps', rule.steps.indexOf(step)], style)}: ${wanted} ${step.order === 'around' ? 'around' : step.order} it in the same ${step.on}; ${matching}.`,
        ...(step.absent
          ? found.flatMap(({ place }) => renderLine('found', { file: place.path, line: place.line, text: '' }, style))
          : []),
      ];
    }
    case 'harmless':
      return ['→ It matches, but nothing failed: the job kept running, and the rule is not marked `standsAlone`.'];
    case 'hidden':
      return [
        `→ It matches, but it is general, and ${outcome.by.map((other) => other.id).join(', ') || 'another rule'} matches the same failure.`,
      ];
    case 'after':
      return [`→ It matches, but ${outcome.first.rule.id} outranks it: ${explainPlace(outcome)}.`];
    case 'first':
      return [
        '→ It matches and is the top diagnosis of its incident.',
        ...(outcome.unknown === undefined
          ? []
          : [
              `  It is a symptom, and the incident also has an unknown failure: ${outcome.unknown.failure.chain.at(-1)?.type ?? ''}: ${cut(outcome.unknown.failure.chain.at(-1)?.message ?? '', style)}`,
            ]),
        ...(outcome.elsewhere === undefined
          ? []
          : [
              `  Another incident of these logs is ranked before it: ${outcome.elsewhere.rule.id} (${compareScores(outcome.elsewhere, outcome.own)}).`,
            ]),
      ];
  }
}

const BECAUSE: Readonly<Record<ExplainReason, (by: Finding, own: Finding) => string>> = {
  rule: (by) => `${by.rule.id} names it under \`explains\``,
  deeper: (by) => `${by.rule.id} is nearer to the root of the same exception chain`,
  peer: (by) => `${by.rule.id} happened in the process that its \`peer\` names`,
  symptom: (by) => `this rule is a symptom and ${by.rule.id} names a cause`,
};

function explainPlace({ why, by, own, first }: Extract<WhyOutcome, { kind: 'after' }>): string {
  if (why === 'unknown') return 'this rule is a symptom, and the incident also has an unknown failure';
  return why === 'score' ? compareScores(first, own) : BECAUSE[why](by, own);
}

/** Describes the difference of two scores, such as "score 98 to 71.5: failure 40 to 0, root 15 to 8". */
function compareScores(better: Finding, worse: Finding): string {
  const parts = Object.keys(better.score).filter((part) => better.score[part] !== worse.score[part]);
  if (totalScore(better.score) === totalScore(worse.score)) return 'equal score; ties go to the lower rule id';
  return `score ${print(totalScore(better.score))} to ${print(totalScore(worse.score))}: ${parts.map((part) => `${part} ${print(better.score[part] ?? 0)} to ${print(worse.score[part] ?? 0)}`).join(', ')}`;
}

function print(number: number): string {
  return String(Number(number.toFixed(2)));
}

function placeOf(rule: Rule, path: DocumentPath, style: Style): string {
  const { line, column } = locatePart(rule, path);
  const name = relative(process.cwd(), rule.file);
  return paint(`(${name.startsWith('..') ? rule.file : name}:${line}:${column})`, 'cyan', style);
}

function renderLine(
  title: string,
  at: { readonly file: string; readonly line: number; readonly text: string } | undefined,
  style: Style,
): readonly string[] {
  if (at === undefined) return [];
  return [
    row(title, paint(`${at.file}:${at.line}`, 'cyan', style)),
    ...(at.text === '' ? [] : [row('', paint(cut(at.text, style), 'dim', style))]),
  ];
}

function row(title: string, text: string): string {
  return `    ${title.padEnd(9)}${text}`;
}

function printGroups(groups: Readonly<Record<string, string>>): string {
  return (
    Object.entries(groups)
      .map(([name, value]) => `${name} = ${quote(value)}`)
      .join(', ') || 'nothing'
  );
}

function quote(text: string): string {
  return JSON.stringify(text);
}

/** Shortens a text to one line, at most twice as long as the terminal is wide. */
function cut(text: string, { width }: Style): string {
  const line = joinLines(text, ' ⏎ ');
  return line.length > 2 * width ? `${line.slice(0, 2 * width - 1)}…` : line;
}
