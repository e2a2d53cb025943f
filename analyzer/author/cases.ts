// Reads the cases that prove a rule: those in the rule's own file, or the logs in its folder with proof.yaml in the old
// form. A case is a log and what must be found in it. proof.ts runs them.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { parseDocument, type ParsedDocument } from '../../core/document.js';
import { isObject } from '../../core/json.js';
import { findBuiltInRules, isOldRule } from '../catalog/files.js';
import { readSchema } from '../catalog/folders.js';
import { isFormFile, isWholeForm, type CaseFile } from '../catalog/form/file.js';
import type { Rule } from '../catalog/rule.js';
import { readScaffolds, renderThrown, type Scaffolds } from './scaffolds.js';

/** Values, reasons and patches that a case asserts, and where its log comes from. */
export interface Expectation {
  readonly from: 'lab' | 'production' | 'constructed';
  readonly scenario?: string;
  readonly flink?: string;
  readonly note?: string;
  readonly values?: Readonly<Record<string, string>>;
  readonly reasons?: readonly string[];
  readonly patches?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface RuleCase {
  /** Short name, such as `match-2.log` or the number of the case with what it throws. */
  readonly name: string;
  /** Place of the case: the log, or the rule's file with line and column. */
  readonly place: string;
  /** Name of the log that is diagnosed. */
  readonly log: string;
  readonly bytes: Buffer;
  /** True if the rule must be the first diagnosis; false if it must be silent. */
  readonly isMatch: boolean;
  readonly expectation: Expectation | undefined;
  /** Name of the recording that is its log. */
  readonly recording?: string;
}

export interface RuleCases {
  readonly cases: readonly RuleCase[];
  readonly problems: readonly string[];
}

/** Reads the cases of a rule's file, or of its folder in the old form. */
export function readCases(rule: Pick<Rule, 'file'>): RuleCases {
  if (isOldRule(rule.file)) return readFolder(dirname(rule.file));
  // A rule of the catalog fits the schema already.
  return readFormCases(parseDocument(readFileSync(rule.file, 'utf8'), rule.file), rule.file);
}

/** Reads the cases of a rule's document. */
export function readFormCases(document: ParsedDocument, file: string): RuleCases {
  const { value } = document;
  if (!isFormFile(value) || !isWholeForm(value)) return { cases: [], problems: [] };
  // The rule stands three levels below its folder: <area>/<cause>/<variant>.yaml.
  const folder = file.split(sep).slice(0, -3).join(sep);
  const scaffolds = readScaffolds(folder);
  const cases: RuleCase[] = [];
  const problems: string[] = [];
  const count = { match: 0, near: 0 };
  for (const [index, source] of (value.cases ?? []).entries()) {
    const { line, column } = document.locate(['cases', index]);
    const place = `${file}:${line}:${column}`;
    const kinds = KINDS.filter((kind) => source[kind] !== undefined);
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1) {
      problems.push(`${place} \`cases[${index}]\` needs one of ${KINDS.join(', ')}`);
      continue;
    }
    // The recordings of a text that has no file yet are not known.
    if (kind === 'recording' && folder === '') continue;
    const isMatch = kind !== 'near' && kind !== 'near-line';
    const number = isMatch ? (count.match += 1) : (count.near += 1);
    const log = readLog(source, kind, folder, scaffolds);
    if (typeof log === 'string') {
      problems.push(`${place} \`cases[${index}].${kind}\` ${log}`);
      continue;
    }
    cases.push({
      name: nameCase(source, kind, index),
      place,
      log: join(
        dirname(file),
        source.file ?? `${isMatch ? 'match' : 'nearmiss'}${number === 1 ? '' : `-${number}`}.log`,
      ),
      bytes: log,
      isMatch,
      recording: source.recording,
      expectation: {
        from: source.from ?? (kind === 'recording' ? 'lab' : 'constructed'),
        scenario: source.scenario,
        flink: source.flink,
        note: source.note,
        values: source.gives,
        reasons: source.so === undefined ? undefined : [source.so].flat(),
        patches: source.fix,
      },
    });
  }
  return { cases, problems };
}

const KINDS = ['throws', 'log', 'recording', 'near', 'near-line'] as const;
type Kind = (typeof KINDS)[number];

/** Returns the bytes of the case's log, or the reason why there are none. */
function readLog(source: CaseFile, kind: Kind, folder: string, scaffolds: Scaffolds): Buffer | string {
  if (kind === 'recording') return readRecording(folder, source.recording ?? '');
  const lines = listLines(source[kind] ?? '');
  const isThrown = kind === 'throws' || (kind === 'near' && source.in !== undefined);
  const rendered = isThrown ? renderThrown(lines, source, scaffolds) : lines;
  return typeof rendered === 'string' ? rendered : Buffer.from(`${rendered.join('\n')}\n`, 'utf8');
}

function readRecording(folder: string, name: string): Buffer | string {
  const path = join(folder, RECORDINGS_FOLDER, `${name}.log`);
  return existsSync(path) ? readFileSync(path) : `names ${path}, which does not exist`;
}

export const RECORDINGS_FOLDER = 'recordings';

function listLines(lines: string | readonly string[]): readonly string[] {
  return typeof lines === 'string' ? lines.replace(/\n$/, '').split('\n') : lines;
}

const MAX_NAME = 70;

function nameCase(source: CaseFile, kind: Kind, index: number): string {
  const [first = ''] = listLines(source[kind] ?? '');
  const short = first.length > MAX_NAME ? `${first.slice(0, MAX_NAME)}…` : first;
  return `${index + 1} ${kind} ${short}`;
}

const EXPECTED = 'proof.yaml';

/** Reads the logs of a rule's folder in the old form, and proof.yaml. */
function readFolder(folder: string): RuleCases {
  const logs = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort();
  const { expectations, problems } = readExpectations(folder, logs);
  return {
    cases: logs.map((name) => ({
      name,
      place: join(folder, name),
      log: join(folder, name),
      bytes: readFileSync(join(folder, name)),
      isMatch: name.startsWith('match'),
      expectation: expectations[name],
    })),
    problems: [
      ...problems,
      ...logs
        .filter((name) => expectations[name] === undefined)
        .map((name) => `${EXPECTED} does not say where ${name} comes from`),
    ],
  };
}

function readExpectations(
  folder: string,
  logs: readonly string[],
): { expectations: Readonly<Record<string, Expectation>>; problems: readonly string[] } {
  const path = join(folder, EXPECTED);
  if (!existsSync(path))
    return { expectations: {}, problems: [`${EXPECTED} is missing: it says where each log comes from`] };
  const schema = readSchema(join(findBuiltInRules(), 'proof.schema.json'));
  const { value, problems } = parseDocument(readFileSync(path, 'utf8'), path, schema);
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

/** True if the document is a proof.yaml. It must be valid by rules/proof.schema.json. */
function isExpectations(value: unknown): value is Readonly<Record<string, Expectation>> {
  return isObject(value) && Object.values(value).every(isObject);
}
