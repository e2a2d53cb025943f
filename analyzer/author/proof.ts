// Proves a rule by its logs: it must stand first on its match logs and stay silent on its near misses, and its
// captures, reasons and patches must be those in proof.yaml.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseDocument } from '../../core/document.js';
import { isObject } from '../../core/json.js';
import type { Diagnosis } from '../../core/documents/incident.js';
import { LANGUAGES, type Language } from '../../core/types.js';
import { parseEntry } from '../../flink/layout/layout.js';
import type { Catalog } from '../catalog/catalog.js';
import { findBuiltInRules } from '../catalog/files.js';
import { diagnose, readLog } from '../incident/diagnose.js';
import type { RuleFault } from '../incident/explain.js';
import { flattenIncidents } from '../incident/document.js';
import { TODO } from './draft.js';
import { readEntries, splitText } from '../input/read.js';
import type { Rule } from '../catalog/rule.js';
import type { TextTemplate } from '../catalog/template.js';

export interface ProofResult {
  /** Path of the log, or of the rule's folder if a file is missing. */
  readonly file: string;
  /** Reason why the proof fails; undefined if the log proves what it should. */
  readonly problem?: string;
  /** Alternatives of the rule that this log hits. */
  readonly alternatives: readonly string[];
}

interface Expectation {
  readonly from: 'lab' | 'production' | 'constructed';
  readonly scenario?: string;
  readonly note: string;
  readonly values?: Readonly<Record<string, string>>;
  readonly reasons?: readonly string[];
  readonly patches?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const EXPECTED = 'proof.yaml';

/** Returns one result for each log, and one for each thing that is missing. */
export function proveRule(rule: Rule, catalog: Catalog): readonly ProofResult[] {
  const folder = dirname(rule.file);
  const logs = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort();
  const { expectations, problems } = readExpectations(folder, logs);
  const results = logs.map((name) => proveLog(rule, catalog, join(folder, name), expectations[name]));
  const matches = logs.filter((name) => name.startsWith('match')).map((name) => join(folder, name));
  return [
    ...results,
    ...[
      ...problems,
      ...findGaps(rule, logs, expectations, results),
      ...findWordGaps(rule, catalog, matches),
      ...findCauseTodos(rule, catalog),
    ].map((problem) => ({ file: folder, problem, alternatives: [] })),
  ];
}

function proveLog(rule: Rule, catalog: Catalog, file: string, expectation: Expectation | undefined): ProofResult {
  const faults: RuleFault[] = [];
  const { clusters, incidents } = readLog(readEntries([file]), catalog, { onFault: (fault) => faults.push(fault) });
  const { diagnoses } = flattenIncidents(incidents, 'en');
  const matches = clusters.flatMap(({ signals }) => [...signals]).flatMap((signal) => signal.matches);
  const alternatives = matches.filter((match) => match.rule === rule.id).map((match) => match.alternative);
  const isMatch = basename(file).startsWith('match');
  const fault = faults.find((item) => item.rule === rule.id);
  const problem =
    fault !== undefined
      ? `${fault.part} fails: ${fault.problem}`
      : isMatch
        ? findMatchProblem(rule, diagnoses, expectation)
        : findNearMissProblem(rule, diagnoses);
  return { file, alternatives, problem };
}

function findMatchProblem(
  rule: Rule,
  diagnoses: readonly Diagnosis[],
  expectation: Expectation | undefined,
): string | undefined {
  const [first] = diagnoses;
  if (first === undefined) return 'no diagnosis; this rule must be the top one';
  if (first.rule !== rule.id)
    return `${first.rule} ${diagnoses.some((item) => item.rule === rule.id) ? 'outranks this rule' : 'is the diagnosis; this rule does not match'}`;
  if (first.fixes.length === 0) return 'no fix applies to this failure: the condition of each is false';
  return expectation === undefined ? undefined : findDifference(first, expectation);
}

function findDifference(found: Diagnosis, expected: Expectation): string | undefined {
  const values = Object.entries(expected.values ?? {}).find(([name, value]) => found.values[name] !== value);
  if (values !== undefined)
    return `the value ${values[0]} is ${found.values[values[0]] ?? 'missing'}, not ${values[1]}`;
  const reasons = found.reasons.map((reason) => reason.id).sort();
  if (expected.reasons !== undefined && !isSame(reasons, [...expected.reasons].sort()))
    return `the reasons are ${reasons.join(', ')}, not ${expected.reasons.join(', ')}`;
  for (const [id, patch] of Object.entries(expected.patches ?? {})) {
    const fix = found.fixes.find((item) => item.id === id);
    if (fix === undefined)
      return `the fix ${id} is missing; there are ${found.fixes.map((item) => item.id).join(', ')}`;
    if (!isSame(sortEntries(fix.patch), sortEntries(patch)))
      return `the fix ${id} patches ${JSON.stringify(fix.patch)}, not ${JSON.stringify(patch)}`;
  }
  return undefined;
}

function findNearMissProblem(rule: Rule, diagnoses: readonly Diagnosis[]): string | undefined {
  return diagnoses.some((diagnosis) => diagnosis.rule === rule.id) ? 'this rule fires on its near miss' : undefined;
}

function readExpectations(
  folder: string,
  logs: readonly string[],
): { expectations: Readonly<Record<string, Expectation>>; problems: readonly string[] } {
  const path = join(folder, EXPECTED);
  if (!existsSync(path))
    return { expectations: {}, problems: [`${EXPECTED} is missing: it says where each log comes from`] };
  const schema: unknown = JSON.parse(readFileSync(join(findBuiltInRules(), 'proof.schema.json'), 'utf8'));
  const { value, problems } = parseDocument(readFileSync(path, 'utf8'), path, isObject(schema) ? schema : {});
  const known = isExpectations(value) && problems.length === 0 ? value : {};
  return {
    expectations: known,
    problems: [
      ...problems.map((problem) => `${EXPECTED}:${problem.line}:${problem.column} ${problem.message}`),
      ...Object.keys(known)
        .filter((name) => !logs.includes(name))
        .map((name) => `${EXPECTED} names ${name}, which does not exist`),
    ],
  };
}

function findGaps(
  rule: Rule,
  logs: readonly string[],
  expectations: Readonly<Record<string, Expectation>>,
  results: readonly ProofResult[],
): readonly string[] {
  const hit = new Set(results.flatMap((result) => result.alternatives));
  const asserted = Object.values(expectations).some(
    (item) => item.values !== undefined || item.reasons !== undefined || item.patches !== undefined,
  );
  return [
    ...(logs.some((name) => name.startsWith('match')) ? [] : ['there is no match.log']),
    ...(logs.some((name) => name.startsWith('nearmiss')) ? [] : ['there is no nearmiss.log']),
    ...logs
      .filter((name) => expectations[name] === undefined)
      .map((name) => `${EXPECTED} does not say where ${name} comes from`),
    ...findTodos(rule, expectations),
    ...rule.alternatives
      .filter((alternative) => !hit.has(alternative.id))
      .map((alternative) => `no match log hits the alternative ${alternative.id}`),
    ...(asserted || Object.keys(rule.captures).length + rule.lets.length === 0
      ? []
      : [`${EXPECTED} asserts no values, reasons or patches for any match log`]),
  ];
}

/**
 * Returns a problem for each of the rule's words that no match log proves. Words are proven by an exception whose
 * message holds them, if that message alone, without its class, is enough for the rule.
 */
function findWordGaps(rule: Rule, catalog: Catalog, matches: readonly string[]): readonly string[] {
  const words = rule.alternatives.flatMap((alternative) => alternative.words);
  if (words.length === 0) return [];
  const messages = [...readEntries(matches)]
    .flatMap(({ bytes }) => parseEntry(Buffer.from(bytes)).links)
    .map(({ message }) => message);
  return words.flatMap((literal) => {
    const found = messages.filter((message) => message.includes(literal));
    if (found.length === 0) return [`no exception of a match log says \`${literal}\``];
    const first = found.map(
      (message) =>
        flattenIncidents(diagnose(splitText(`${message}\n`, 'message.log'), catalog), 'en').diagnoses[0]?.rule,
    );
    return first.includes(rule.id)
      ? []
      : [`a message with \`${literal}\`, without its class, gives ${first[0] ?? 'nothing'}`];
  });
}

function findCauseTodos({ cause }: Rule, { causes }: Catalog): readonly string[] {
  const title = causes.get(cause)?.title;
  return title?.en.startsWith(TODO) === true || title?.zh.startsWith(TODO) === true
    ? [`causes.yaml: the title of the cause ${cause} is still to be written`]
    : [];
}

/** Returns the texts that `rules new` left for the author to write. */
function findTodos(rule: Rule, expectations: Readonly<Record<string, Expectation>>): readonly string[] {
  return [
    ...listTodos(rule).map(
      ({ name, language }) =>
        `rule.yaml: the ${name} is still to be written (${language === 'en' ? 'English' : 'Chinese'})`,
    ),
    ...Object.entries(expectations).flatMap(([name, { note }]) =>
      note.startsWith(TODO) ? [`${EXPECTED}: ${name} is a template: ${note.slice(TODO.length + 2)}`] : [],
    ),
  ];
}

/** Returns the texts of a rule that its author has still to write. */
export function listTodos(rule: Rule): readonly { readonly name: string; readonly language: Language }[] {
  const texts: readonly (readonly [string, TextTemplate | undefined])[] = [
    ['title', rule.title],
    ['summary', rule.summary],
    ...rule.reasons.map((reason) => [`reason ${reason.id}`, reason.text] as const),
    ...rule.fixes.flatMap((fix) => [
      [`text of fix ${fix.id}`, fix.text] as const,
      [`cost of fix ${fix.id}`, fix.cost] as const,
      [`check of fix ${fix.id}`, fix.verify] as const,
    ]),
  ];
  return texts.flatMap(([name, text]) =>
    LANGUAGES.filter((language) => text?.[language].source.startsWith(TODO) === true).map((language) => ({
      name,
      language,
    })),
  );
}

function isExpectations(value: unknown): value is Readonly<Record<string, Expectation>> {
  return isObject(value) && Object.values(value).every(isObject);
}

function sortEntries(patch: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(patch).sort(([a], [b]) => a.localeCompare(b));
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
