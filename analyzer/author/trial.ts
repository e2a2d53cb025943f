// Tries a rule that is being written on its two logs. It returns what is wrong with the rule, line by line, and what
// the rule does: which of its lines are found, what it reads from them, whether it stands first, and whether it stays
// silent on the near miss. The page's editor asks at each pause of typing. Pure functions, except that the schema is
// read.
import { join } from 'node:path';
import { parseDocument, type DocumentProblem } from '../../core/document.js';
import { isObject } from '../../core/json.js';
import type { Diagnosis } from '../../core/documents/incident.js';
import type { LogTrial, RuleTrial } from '../../core/documents/rule.js';
import type { Language } from '../../core/types.js';
import type { Catalog } from '../catalog/catalog.js';
import { suggestCause, type Cause } from '../catalog/causes.js';
import { findBuiltInRules } from '../catalog/files.js';
import { readSchema } from '../catalog/folders.js';
import { compileRule } from '../catalog/compile.js';
import { readForm } from '../catalog/form/read.js';
import type { Rule, RuleFile } from '../catalog/rule.js';
import { flattenIncidents } from '../incident/document.js';
import { readLog, type LogConclusion } from '../incident/diagnose.js';
import type { RuleFault } from '../incident/explain.js';
import { readPasted } from '../input/read.js';
import { RULE_ID } from './folder.js';
import { listTodos, proveCase } from './proof.js';
import { readFormCases } from './cases.js';

/** Rule that is being written, and the two logs on which it is tried. */
export interface RuleSource {
  /** Rule id, CAUSE/VARIANT, which says where its file would stand. */
  readonly id: string;
  /** Text of its file. */
  readonly rule: string;
  /** Log in which the rule must stand first. */
  readonly match: string;
  /** Log in which the rule must not fire. */
  readonly nearMiss: string;
}

export interface CheckedRule {
  readonly problems: readonly DocumentProblem[];
  /** Compiled rule; undefined if there are problems. */
  readonly rule: Rule | undefined;
  readonly cause: Cause | undefined;
  /** True if the cause is none of the catalog's. */
  readonly isNewCause: boolean;
  /** Question that names a cause with nearly the same id; empty if there is none. */
  readonly suggestion: string;
}

/** Compiles a rule's file, or returns everything that is wrong with it. */
export function checkRule({ id, rule: text }: Pick<RuleSource, 'id' | 'rule'>, catalog: Catalog): CheckedRule {
  const cause = id.slice(0, id.indexOf('/'));
  const written = parseDocument(text, 'rule.yaml', readSchema(join(findBuiltInRules(), 'rule.schema.json')));
  const owner = catalog.causes.get(cause)?.owner ?? 'configuration';
  const document = readForm(written, { owner, sets: catalog.sets, chinese: undefined });
  const refuse = (problems: readonly DocumentProblem[]): CheckedRule => ({
    problems,
    rule: undefined,
    cause: undefined,
    isNewCause: false,
    suggestion: '',
  });
  if (!RULE_ID.test(id))
    return refuse([
      document.problemAt([], `its id is "${id}", but must be CAUSE/VARIANT, such as connector.ledger/closed`),
      ...document.problems,
    ]);
  if (document.value === undefined) return refuse(document.problems);
  if (!isWhole(document.value))
    return refuse([document.problemAt(['status'], 'is for rules that change another one: write a whole rule here')]);
  const compiled = compileRule(id, 'rule.yaml', document.value, document);
  const problems = [...document.problems, ...compiled.problems];
  if (problems.length > 0) return refuse(problems);
  const known = catalog.causes.get(cause);
  return {
    problems: [],
    rule: compiled.rule,
    cause: known ?? { id: cause, title: { en: cause, zh: cause }, owner: compiled.rule.owner, symptom: false },
    isNewCause: known === undefined,
    suggestion: known === undefined ? suggestCause(cause, catalog.causes) : '',
  };
}

export function tryRule(source: RuleSource, catalog: Catalog, context: TrialContext): RuleTrial {
  const { problems, rule, cause, isNewCause, suggestion } = checkRule(source, catalog);
  if (rule === undefined || cause === undefined) return { problems: problems.map(showProblem) };
  const trial = catalog.withRule(rule, cause);
  return {
    problems: [],
    ...(isNewCause ? { newCause: { id: cause.id, suggestion } } : {}),
    replaces: catalog.findRule(rule.id) !== undefined,
    todos: listTodos(rule).map(({ name, language }) => (language === undefined ? name : `${name} (${language})`)),
    failedCases: tryCases(source, rule, trial),
    match: {
      ...tryLog(source.match, rule, trial, context),
      before: nameFirst(readText(source.match, catalog, context), context.language),
    },
    nearMiss: tryLog(source.nearMiss, rule, trial, context),
  };
}

/** Returns what the cases in the rule's own file do not prove, each with its line. */
function tryCases({ rule: text }: RuleSource, rule: Rule, trial: Catalog): readonly string[] {
  const { cases, problems } = readFormCases(parseDocument(text, 'rule.yaml'), 'rule.yaml');
  const failed = cases.map((one) => proveCase(rule, trial, one)).filter(({ problem }) => problem !== undefined);
  return [...problems, ...failed.map(({ file, problem }) => `${file} ${problem ?? ''}`)];
}

function showProblem({ line, column, path, message }: DocumentProblem): RuleTrial['problems'][number] {
  return { line, column, message: path === '' ? message : `${path} ${message}` };
}

export interface TrialContext {
  /** Time zone of times that name none. */
  readonly zone: string;
  readonly language: Language;
}

function tryLog(text: string, rule: Rule, trial: Catalog, context: TrialContext): LogTrial {
  const faults: string[] = [];
  const { clusters, incidents } = readText(text, trial, context, (fault) => {
    if (fault.rule === rule.id) faults.push(`${fault.part}: ${fault.problem}`);
  });
  const { diagnoses } = flattenIncidents(incidents, context.language);
  const hits = clusters.flatMap(({ signals }) => [...signals]).flatMap(({ matches }) => matches);
  const own = diagnoses.find((diagnosis) => diagnosis.rule === rule.id);
  return {
    stands: own === undefined ? 'nowhere' : own === diagnoses[0] ? 'first' : 'below',
    first: diagnoses[0]?.rule,
    lines: rule.alternatives.map(({ id, anchor }) => ({
      id,
      anchor,
      hits: hits.filter((hit) => hit.rule === rule.id && hit.alternative === id).length,
    })),
    ...describeFound(own, rule),
    faults: [...new Set(faults)],
  };
}

function readText(
  text: string,
  catalog: Catalog,
  { zone }: TrialContext,
  onFault?: (fault: RuleFault) => void,
): LogConclusion {
  return readLog(readPasted(Buffer.from(text, 'utf8')), catalog, { zone, onFault });
}

function nameFirst({ incidents }: LogConclusion, language: Language): string | undefined {
  return flattenIncidents(incidents, language).diagnoses[0]?.rule;
}

/** Returns what the diagnosis would tell people: title, values and number of fixes. */
function describeFound(
  own: Diagnosis | undefined,
  { captures, lets }: Rule,
): Pick<LogTrial, 'title' | 'values' | 'fixes'> {
  const names = [...Object.keys(captures), ...lets.map(([name]) => name)];
  const values = names.flatMap((name) => {
    const value = own?.values[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { title: own?.title, values: Object.fromEntries(values), fixes: own?.fixes.length ?? 0 };
}

/** True if the document is a whole rule. It must be valid by the schema. */
function isWhole(value: unknown): value is RuleFile {
  return isObject(value) && 'match' in value;
}
