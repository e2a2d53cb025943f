// Compiles rule.yaml (already valid by rules/schema.json) into a rule, or reports every problem that the schema cannot
// see: patterns that RE2 refuses, captures that are unknown or unused, placeholders that differ between the languages,
// expressions that read what is not there, fixes for reasons that do not exist. It reads no files.
import type { DocumentPath, ParsedDocument, Problem } from '../../core/document.js';
import { parseGlob } from '../../core/text/glob.js';
import { findNearest } from '../../core/text/nearest.js';
import type { Text } from '../../core/types.js';
import { findOptionProblem } from '../../flink/facts/options.js';
import { compileExpression, deferExpression, type Expression } from './expression.js';
import { FORMATS, deferText, parseTemplate, parseText, type Template, type TextTemplate } from './template.js';
import {
  BUILT_IN_VALUES,
  type Alternative,
  type Condition,
  type ExceptionFile,
  type ExtensionFile,
  type FixRule,
  type ReasonRule,
  type Rule,
  type RuleFile,
  type RuleStep,
  type Where,
  type WhereFile,
} from './rule.js';
import { compileRegex, toList } from './values.js';

export interface CompiledRule {
  readonly rule: Rule;
  readonly problems: readonly Problem[];
}

interface Work {
  readonly document: ParsedDocument;
  readonly problems: Problem[];
  /** Names that texts and expressions may use. */
  readonly known: Set<string>;
  readonly used: Set<string>;
}

/** Compiles a rule. A rule with problems must not be used; it is returned so that the other checks can go on. */
export function compileRule(id: string, file: string, source: RuleFile, document: ParsedDocument): CompiledRule {
  const captures = source.captures ?? {};
  const work: Work = {
    document,
    problems: [],
    known: new Set([...Object.keys(BUILT_IN_VALUES), ...Object.keys(captures)]),
    used: new Set(),
  };
  const alternatives = source.match.map((item, index) => compileAlternative(work, item, index));
  const steps = (source.steps ?? []).map((item, index) => compileStep(work, item, index));
  checkGroups(work, source);
  checkPeer(work, source);
  const lets = compileLets(work, source);
  const reasons = (source.reasons ?? []).map((item, index) => compileReason(work, item, index));
  const fixes = source.fixes.map((item, index) => compileFix(work, source, item, index));
  const rule: Rule = {
    id,
    cause: id.slice(0, id.lastIndexOf('/')),
    file,
    status: source.status,
    severity: source.severity,
    owner: source.owner,
    role: source.role,
    scope: source.scope ?? 'job',
    standsAlone: source.standsAlone ?? (source.scope ?? 'job') !== 'job',
    general: source.general !== undefined && source.general !== false,
    last: source.general === 'last',
    confidence: source.confidence ?? 0.8,
    explains: (source.explains ?? []).map(parseGlob),
    title: compileText(work, source.title, ['title']),
    summary: compileText(work, source.summary, ['summary']),
    alternatives,
    captures,
    unless: compileExceptions(work, source.unless ?? []),
    steps,
    peer: source.peer,
    lets,
    reasons,
    fixes,
    references: source.references,
  };
  if (document.trusted === true) return { rule, problems: [] };
  checkIds(work, source);
  checkUnused(work, captures);
  return { rule, problems: work.problems };
}

/** Returns the rule of an earlier catalog with the exceptions that a team adds to it. */
export function extendRule(rule: Rule, source: ExtensionFile, document: ParsedDocument): CompiledRule {
  const work: Work = { document, problems: [], known: new Set(), used: new Set() };
  return {
    rule: { ...rule, unless: [...rule.unless, ...compileExceptions(work, source.unless)] },
    problems: work.problems,
  };
}

function compileExceptions(work: Work, exceptions: readonly ExceptionFile[]): readonly Condition[] {
  return exceptions.map((item, index) => ({
    text: item.text,
    regex: compileRegex(work, item.regex, ['unless', index, 'regex']),
    where: compileWhere(work, item.where, ['unless', index, 'where']),
  }));
}

function report(work: Work, path: DocumentPath, message: string): void {
  work.problems.push(work.document.problemAt(path, message));
}

function compileAlternative(work: Work, item: RuleFile['match'][number], index: number): Alternative {
  return {
    id: item.id,
    anchor: item.anchor,
    words: item.words ?? [],
    flink: item.flink,
    sources: item.source === undefined ? [] : [item.source].flat(),
    text: undefined,
    ...compileCondition(work, item, ['match', index]),
    ...compileSame(work, item, ['match', index, 'same']),
  };
}

function compileStep(work: Work, item: NonNullable<RuleFile['steps']>[number], index: number): RuleStep {
  const condition = compileCondition(work, item, ['steps', index]);
  return {
    id: item.id,
    anchor: item.anchor,
    text: undefined,
    ...condition,
    on: item.on,
    order: item.order ?? 'around',
    withinMs: parseWindow(item.within),
    apartMs: item.apart === undefined ? 0 : parseWindow(item.apart),
    count: item.count ?? 1,
    absent: item.absent ?? false,
  };
}

function compileCondition(
  work: Work,
  item: { readonly where?: WhereFile; readonly regex?: string },
  path: DocumentPath,
): Pick<Condition, 'where' | 'regex'> {
  return {
    where: compileWhere(work, item.where, [...path, 'where']),
    regex: compileRegex(work, item.regex, [...path, 'regex']),
  };
}

/**
 * Compiles the captures that must hold the same text. They are compared after the match, because RE2 has no
 * back-references.
 */
function compileSame(work: Work, item: RuleFile['match'][number], path: DocumentPath): Pick<Condition, 'same'> {
  if (item.same === undefined) return {};
  const groups = readGroups(item.regex);
  for (const name of item.same) {
    work.used.add(name);
    if (!groups.includes(name))
      report(work, path, `names \`${name}\`, which is no group of this alternative's pattern${suggest(name, groups)}`);
  }
  return { same: item.same };
}

function compileWhere(work: Work, where: WhereFile | undefined, path: DocumentPath): Where | undefined {
  if (where === undefined) return undefined;
  return {
    exception: toList(where.exception),
    root: toList(where.root),
    frame: where.frame,
    under: where.under,
    userFrame: where.userFrame,
    failure: where.failure,
    thrownBy: where.thrownBy ?? [],
    message: compileRegex(work, where.message, [...path, 'message']),
    logger: toList(where.logger),
    level: where.level ?? [],
    component: where.component ?? [],
    file: where.file ?? [],
  };
}

const WINDOW_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

function parseWindow(text: string): number {
  const [, amount = '0', unit = 's'] = /^(\d+) ?(ms|s|min|h)$/.exec(text) ?? [];
  return Number(amount) * (WINDOW_MS[unit] ?? 1000);
}

function readGroups(regex: string | undefined): readonly string[] {
  return [...(regex ?? '').matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].flatMap((found) => found[1] ?? []);
}

function checkGroups(work: Work, source: RuleFile): void {
  if (work.document.trusted === true) return;
  const captures = Object.keys(source.captures ?? {});
  const patterns: (readonly [DocumentPath, string | undefined])[] = [
    ...source.match.map((item, index) => [['match', index, 'regex'], item.regex] as const),
    ...(source.steps ?? []).map((item, index) => [['steps', index, 'regex'], item.regex] as const),
  ];
  const groups = new Set(patterns.flatMap(([, regex]) => readGroups(regex)));
  for (const [path, regex] of patterns) {
    for (const group of readGroups(regex)) {
      if (!captures.includes(group))
        report(work, path, `captures \`${group}\`, which \`captures\` does not give a type${suggest(group, captures)}`);
      if (BUILT_IN_VALUES[group] !== undefined)
        report(work, path, `captures \`${group}\`, which is the name of a built-in value; choose another name`);
    }
  }
  for (const name of captures) {
    if (!groups.has(name))
      report(work, ['captures', name], `no pattern has a group \`${name}\`${suggest(name, groups)}`);
  }
}

function checkPeer(work: Work, source: RuleFile): void {
  if (source.peer === undefined) return;
  work.used.add(source.peer);
  if (source.captures?.[source.peer] === undefined)
    report(
      work,
      ['peer'],
      `names the capture \`${source.peer}\`, which does not exist${suggest(source.peer, Object.keys(source.captures ?? {}))}`,
    );
}

function compileLets(work: Work, source: RuleFile): Rule['lets'] {
  return Object.entries(source.let ?? {}).flatMap(([name, text]): [string, Expression][] => {
    if (work.known.has(name))
      report(work, ['let', name], `\`${name}\` is already the name of a capture or a built-in value`);
    const expression = compileExpressionAt(work, text, ['let', name]);
    work.known.add(name);
    return expression === undefined ? [] : [[name, expression]];
  });
}

function compileExpressionAt(
  work: Work,
  source: string | number | boolean | undefined,
  path: DocumentPath,
): Expression | undefined {
  if (source === undefined) return undefined;
  if (work.document.trusted === true) return deferExpression(String(source));
  const compiled = compileExpression(String(source));
  if ('problem' in compiled) {
    report(work, path, compiled.problem);
    return undefined;
  }
  for (const name of compiled.names) useName(work, name, path);
  for (const [, name = ''] of compiled.expression.source.matchAll(/known\("(\w+)"\)/g)) useName(work, name, path);
  return compiled.expression;
}

function useName(work: Work, name: string, path: DocumentPath): void {
  work.used.add(name);
  if (!work.known.has(name))
    report(work, path, `uses \`${name}\`, which is no capture, let or built-in value${suggest(name, work.known)}`);
}

function suggest(word: string, known: Iterable<string>): string {
  const nearest = findNearest(word, known);
  return nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
}

function compileReason(work: Work, item: NonNullable<RuleFile['reasons']>[number], index: number): ReasonRule {
  const path = ['reasons', index] as const;
  return {
    id: item.id,
    forms: item.forms ?? [],
    when: compileExpressionAt(work, item.when, [...path, 'when']),
    weight: item.weight,
    text: compileText(work, item.text, [...path, 'text']),
  };
}

function compileFix(work: Work, source: RuleFile, item: RuleFile['fixes'][number], index: number): FixRule {
  const path = ['fixes', index] as const;
  const reasons = (source.reasons ?? []).map((reason) => reason.id);
  for (const [position, id] of (item.for ?? []).entries()) {
    if (!reasons.includes(id))
      report(
        work,
        [...path, 'for', position],
        `names the reason \`${id}\`, which does not exist${suggest(id, reasons)}`,
      );
  }
  for (const option of item.flink === undefined || work.document.trusted === true
    ? []
    : Object.keys(item.patch ?? {})) {
    const problem = findOptionProblem(option, item.flink ?? '');
    if (problem !== undefined)
      report(work, [...path, 'patch', option], `sets an option that ${problem}; narrow \`flink\`, or set another`);
  }
  if (item.patchFrom !== undefined) useName(work, item.patchFrom, [...path, 'patchFrom']);
  const optional = (text: Text | undefined, key: string): TextTemplate | undefined =>
    text === undefined ? undefined : compileText(work, text, [...path, key]);
  return {
    id: item.id,
    for: item.for ?? [],
    flink: item.flink,
    when: compileExpressionAt(work, item.when, [...path, 'when']),
    patch: Object.entries(item.patch ?? {}).map(
      ([option, value]) => [option, compileTemplate(work, value, [...path, 'patch', option])] as const,
    ),
    patchFrom: item.patchFrom,
    risk: item.risk,
    cost: optional(item.cost, 'cost'),
    text: compileText(work, item.text, [...path, 'text']),
    verify: optional(item.verify, 'verify'),
  };
}

function compileText(work: Work, text: Text, path: DocumentPath): TextTemplate {
  if (work.document.trusted === true) return deferText(text);
  const parsed = parseText(text);
  const [en, zh] = [listSlots(parsed.en), listSlots(parsed.zh)];
  for (const slot of en.filter((name) => !zh.includes(name)))
    report(work, [...path, 'zh'], `misses the placeholder ${slot} that the English text has`);
  for (const slot of zh.filter((name) => !en.includes(name)))
    report(work, [...path, 'en'], `misses the placeholder ${slot} that the Chinese text has`);
  checkTemplate(work, parsed.en, [...path, 'en']);
  return parsed;
}

function compileTemplate(work: Work, text: string, path: DocumentPath): Template {
  const template = parseTemplate(text);
  checkTemplate(work, template, path);
  return template;
}

function checkTemplate(work: Work, template: Template, path: DocumentPath): void {
  for (const part of template.parts) {
    if (!('name' in part)) continue;
    useName(work, part.name, path);
    if (part.format !== undefined && !FORMATS.some((format) => format === part.format))
      report(work, path, `has the unknown format \`${part.format}\`${suggest(part.format, FORMATS)}`);
  }
}

function listSlots(template: Template): readonly string[] {
  return template.parts.flatMap((part) =>
    'text' in part ? [] : 'option' in part ? [`{option:${part.option}}`] : [`{${part.name}}`],
  );
}

function checkIds(work: Work, source: RuleFile): void {
  for (const key of ['match', 'steps', 'reasons', 'fixes'] as const) {
    const seen = new Set<string>();
    for (const [index, item] of (source[key] ?? []).entries()) {
      if (seen.has(item.id)) report(work, [key, index, 'id'], `\`${item.id}\` is defined twice`);
      seen.add(item.id);
    }
  }
}

function checkUnused(work: Work, captures: Rule['captures']): void {
  for (const name of Object.keys(captures)) {
    if (!work.used.has(name))
      report(work, ['captures', name], `\`${name}\` is captured but used nowhere; make its group (?:…) or use it`);
  }
}
