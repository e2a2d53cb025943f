// Proves a rule by its cases (cases.ts): it must stand first on the logs that it is for and stay silent on its near
// misses, and its captures, reasons and patches must be those that each case names.
import type { Diagnosis } from '../../core/documents/incident.js';
import { LANGUAGES, type Language } from '../../core/types.js';
import { parseEntry } from '../../flink/layout/layout.js';
import type { Catalog } from '../catalog/catalog.js';
import { isOldRule } from '../catalog/files.js';
import { diagnose, readLog } from '../incident/diagnose.js';
import type { RuleFault } from '../incident/explain.js';
import { flattenIncidents } from '../incident/document.js';
import { readCases, type Expectation, type RuleCase } from './cases.js';
import { TODO } from './draft.js';
import { readPasted, splitText } from '../input/read.js';
import type { Rule } from '../catalog/rule.js';
import type { TextTemplate } from '../catalog/template.js';

export interface ProofResult {
  /** Name of the case; undefined if something is missing that no case shows. */
  readonly name?: string;
  /** Place of the case: its log, or the line in the rule's file; the rule's file if something is missing. */
  readonly file: string;
  /** Reason why the proof fails; undefined if the case proves what it should. */
  readonly problem?: string;
  /** Alternatives of the rule that this log hits. */
  readonly alternatives: readonly string[];
}

/** Returns one result for each case, and one for each thing that is missing. */
export function proveRule(rule: Rule, catalog: Catalog): readonly ProofResult[] {
  const { cases, problems } = readCases(rule);
  const results = cases.map((one) => proveCase(rule, catalog, one));
  return [...results, ...proveWhole(rule, catalog, results, cases, problems)];
}

/** Runs one case of a rule. */
export function proveCase(rule: Rule, catalog: Catalog, one: RuleCase): ProofResult {
  const faults: RuleFault[] = [];
  const read = readLog(readPasted(one.bytes, {}, one.log), catalog, { onFault: (fault) => faults.push(fault) });
  const { diagnoses } = flattenIncidents(read.incidents, 'en');
  const matches = read.clusters.flatMap(({ signals }) => [...signals]).flatMap((signal) => signal.matches);
  const alternatives = matches.filter((match) => match.rule === rule.id).map((match) => match.alternative);
  const fault = faults.find((item) => item.rule === rule.id);
  const problem =
    fault !== undefined
      ? `${fault.part} fails: ${fault.problem}`
      : one.isMatch
        ? findMatchProblem(rule, diagnoses, one.expectation)
        : findNearMissProblem(rule, diagnoses);
  return { name: one.name, file: one.place, alternatives, problem };
}

/** Returns what no single case shows: cases that are missing, texts still to be written, words that nothing proves. */
export function proveWhole(
  rule: Rule,
  catalog: Catalog,
  results: readonly ProofResult[],
  cases: readonly RuleCase[],
  problems: readonly string[],
): readonly ProofResult[] {
  const found = [
    ...problems,
    ...findGaps(rule, cases, results),
    ...findWordGaps(rule, catalog, cases),
    ...findCauseTodos(rule, catalog),
  ];
  return found.map((problem) => ({ file: rule.file, problem, alternatives: [] }));
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

function findGaps(rule: Rule, cases: readonly RuleCase[], results: readonly ProofResult[]): readonly string[] {
  const hit = new Set(results.flatMap((result) => result.alternatives));
  const isOld = isOldRule(rule.file);
  const asserted = cases.some(
    ({ expectation: item }) => item?.values !== undefined || item?.reasons !== undefined || item?.patches !== undefined,
  );
  const missing = isOld
    ? { match: 'there is no match.log', near: 'there is no nearmiss.log', values: 'proof.yaml asserts no values' }
    : {
        match: 'there is no case that the rule must name (throws, log or recording)',
        near: 'there is no near miss (near or near-line): a log that is easily taken for this failure',
        values: 'no case asserts values (gives)',
      };
  return [
    ...(cases.some(({ isMatch }) => isMatch) ? [] : [missing.match]),
    ...(cases.some(({ isMatch }) => !isMatch) ? [] : [missing.near]),
    ...findTodos(rule, cases),
    ...rule.alternatives
      .filter((alternative) => !hit.has(alternative.id))
      .map((alternative) => `no match log hits the alternative ${alternative.id}`),
    ...(asserted || Object.keys(rule.captures).length + rule.lets.length === 0
      ? []
      : [`${missing.values}, reasons or patches for any match log`]),
  ];
}

/**
 * Returns a problem for each of the rule's words that no match log proves. Words are proven by an exception whose
 * message holds them, if that message alone, without its class, is enough for the rule.
 */
function findWordGaps(rule: Rule, catalog: Catalog, cases: readonly RuleCase[]): readonly string[] {
  const words = rule.alternatives.flatMap((alternative) => alternative.words);
  if (words.length === 0) return [];
  const messages = cases
    .filter(({ isMatch }) => isMatch)
    .flatMap(({ bytes, log }) => [...readPasted(bytes, {}, log)])
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
function findTodos(rule: Rule, cases: readonly RuleCase[]): readonly string[] {
  const isOld = isOldRule(rule.file);
  return [
    ...listTodos(rule).map(({ name, language }) =>
      isOld && language !== undefined
        ? `rule.yaml: the ${name} is still to be written (${language === 'en' ? 'English' : 'Chinese'})`
        : `the ${name} is still to be written`,
    ),
    ...cases.flatMap(({ name, expectation }) =>
      expectation?.note?.startsWith(TODO) === true
        ? [
            `${isOld ? `proof.yaml: ${name}` : `case ${name}`} is a template: ${expectation.note.slice(TODO.length + 2)}`,
          ]
        : [],
    ),
  ];
}

/** Returns the texts of a rule that its author has still to write; of a text in one language without its language. */
export function listTodos(rule: Rule): readonly { readonly name: string; readonly language: Language | undefined }[] {
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
    LANGUAGES.filter((language) => text?.[language].source.startsWith(TODO) === true).flatMap((language) => {
      const isOne = text?.en.source === text?.zh.source;
      return isOne && language !== 'en' ? [] : [{ name, language: isOne ? undefined : language }];
    }),
  );
}

function sortEntries(patch: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(patch).sort(([a], [b]) => a.localeCompare(b));
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
