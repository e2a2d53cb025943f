// Converts a folder of rules of the old form into the form of one file a rule: writes each rule's file, the Chinese
// texts of each area and the recordings, and removes what it converted. A rule is converted only if it compiles to the
// same rule as before and each of its cases gives its log back byte for byte.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { formatProblems, parseDocument, type ParsedDocument } from '../../core/document.js';
import { isObject } from '../../core/json.js';
import type { Catalog } from '../catalog/catalog.js';
import { isRuleFile } from '../catalog/closed.js';
import { compileRule } from '../catalog/compile.js';
import { CHINESE_NAME, findBuiltInRules, findCatalogFiles, isOldRule, SETS_NAME } from '../catalog/files.js';
import { readSchema } from '../catalog/folders.js';
import { isChinese, isSets } from '../catalog/form/texts.js';
import { readForm, type Sets } from '../catalog/form/read.js';
import type { Rule } from '../catalog/rule.js';
import { readCases, readFormCases, RECORDINGS_FOLDER, type RuleCases } from './cases.js';
import { convertRule, type ConvertedRule, type OldLog, type OldRule } from './convert.js';
import { readScaffolds } from './scaffolds.js';
import { writeForm } from './write-form.js';

export interface Conversion {
  /** Ids of the rules that are one file now. */
  readonly converted: readonly string[];
  /** Rules that stay as they are, each with the reason. */
  readonly problems: readonly string[];
}

/** Converts every rule of the old form below the folder. */
export function convertFolder(folder: string, catalog: Catalog): Conversion {
  const converted: string[] = [];
  const problems: string[] = [];
  const sets = readOwnSets(folder);
  for (const file of findCatalogFiles(folder).rules.filter(isOldRule)) {
    const problem = convertOne(folder, file, { catalog, sets });
    if (problem === undefined) converted.push(idOf(folder, file));
    else problems.push(`${file}:1:1 ${problem}`);
  }
  return { converted, problems };
}

interface FolderContext {
  readonly catalog: Catalog;
  readonly sets: Sets;
}

function idOf(folder: string, file: string): string {
  const [area = '', cause = '', variant = ''] = relative(folder, dirname(file)).split(/[\\/]/);
  return `${area}.${cause}/${variant}`;
}

/** Converts one rule, or returns the reason why it stays. */
function convertOne(folder: string, file: string, { catalog, sets }: FolderContext): string | undefined {
  const id = idOf(folder, file);
  const text = readFileSync(file, 'utf8');
  const document = parseDocument(text, file, readSchema(join(findBuiltInRules(), 'schema.json')));
  const { value } = document;
  if (document.problems.length > 0 || !isRuleFile(value))
    return `is not valid: ${formatProblems(file, document.problems)}`;
  const proof = readCases({ file });
  const broken = proof.problems.filter((problem) => /^proof\.yaml:\d/.test(problem));
  if (broken.length > 0) return `has a proof with problems: ${broken.join('; ')}`;
  const old: OldRule = { id, document, rule: value, text, logs: listLogs(proof) };
  const owner = catalog.causes.get(id.slice(0, id.indexOf('/')))?.owner;
  const converted = convertRule(old, { owner, sets, scaffolds: readScaffolds(folder) });
  const place = `${dirname(file)}.yaml`;
  if (existsSync(place)) return `is to become ${place}, which exists`;
  writeRecordings(folder, converted);
  const made = parseDocument(converted.text, place, readSchema(join(findBuiltInRules(), 'rule.schema.json')));
  const chinese = { texts: converted.chinese ?? {}, document: made, file: place, path: [] };
  const form = readForm(made, { owner: owner ?? 'configuration', sets, chinese });
  const difference = findDifference(old, made, form, { id, file: place });
  if (difference !== undefined) {
    removeRecordings(folder, converted);
    return difference;
  }
  writeFileSync(place, converted.text);
  if (converted.chinese !== undefined) addChinese(dirname(dirname(place)), id, converted.chinese);
  removeOld(dirname(file), old.logs);
  return undefined;
}

/** Lists the logs: those that the rule must name first, each kind in the order of its numbers. */
function listLogs({ cases }: RuleCases): readonly OldLog[] {
  const numberOf = (name: string): number => Number(/-(\d+)\.log$/.exec(name)?.[1] ?? 1);
  return [...cases]
    .sort((a, b) => Number(b.isMatch) - Number(a.isMatch) || numberOf(a.name) - numberOf(b.name))
    .map(({ name, bytes, expectation }) => ({ name, bytes, expectation }));
}

/** Returns what the converted rule or its logs have otherwise than before; undefined if nothing is different. */
function findDifference(
  { rule, document, logs }: OldRule,
  made: ParsedDocument,
  form: ParsedDocument,
  { id, file }: Pick<Rule, 'id' | 'file'>,
): string | undefined {
  const { value } = form;
  if (form.problems.length > 0 || !isRuleFile(value))
    return `becomes a file with problems: ${formatProblems(file, form.problems)}`;
  if (!('match' in rule) || !('match' in value))
    return JSON.stringify(rule) === JSON.stringify(value) ? undefined : 'becomes another change';
  const before = compileRule(id, file, rule, document);
  const after = compileRule(id, file, value, form);
  if (after.problems.length > before.problems.length)
    return `becomes a rule with problems: ${formatProblems(file, after.problems)}`;
  if (printRule(before.rule) !== printRule(after.rule)) return 'becomes another rule';
  const { cases, problems } = readFormCases(made, file);
  if (problems.length > 0) return problems.join('; ');
  const changed = logs.find(({ bytes }, index) => cases[index]?.bytes.equals(bytes) !== true);
  return changed === undefined ? undefined : `has the log ${changed.name}, which no case gives back`;
}

/** Prints everything of a compiled rule; patterns, expressions and texts by their source. */
export function printRule(rule: Rule): string {
  return JSON.stringify(rule, (_, value: unknown) =>
    isObject(value) && typeof value['source'] === 'string' ? value['source'] : value,
  );
}

function writeRecordings(folder: string, { recordings }: ConvertedRule): void {
  if (recordings.size > 0) mkdirSync(join(folder, RECORDINGS_FOLDER), { recursive: true });
  for (const [name, bytes] of recordings) writeFileSync(join(folder, RECORDINGS_FOLDER, `${name}.log`), bytes);
}

function removeRecordings(folder: string, { recordings }: ConvertedRule): void {
  for (const name of recordings.keys()) rmSync(join(folder, RECORDINGS_FOLDER, `${name}.log`), { force: true });
}

/** Removes the files that were converted, and the folder if nothing else stands in it. */
function removeOld(folder: string, logs: readonly OldLog[]): void {
  for (const name of ['rule.yaml', 'rule.yml', 'proof.yaml', ...logs.map((log) => log.name)])
    rmSync(join(folder, name), { force: true });
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

const CHINESE_COMMENT =
  '# Chinese texts of this area, by <cause>/<variant>; the files of the rules have the English ones.\n';

/** Adds the texts of a rule to its area's file. */
function addChinese(area: string, id: string, texts: Readonly<Record<string, unknown>>): void {
  const file = join(area, CHINESE_NAME);
  const [, name = ''] = /^[^.]*\.(.*)$/.exec(id) ?? [];
  const { value } = parseDocument(existsSync(file) ? readFileSync(file, 'utf8') : '{}', file);
  const known = isChinese(value) ? value : {};
  const all = Object.entries({ ...known, [name]: texts }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(file, CHINESE_COMMENT + writeForm(Object.fromEntries(all)));
}

function readOwnSets(folder: string): Sets {
  const files = [findBuiltInRules(), folder].map((from) => join(from, SETS_NAME)).filter((file) => existsSync(file));
  return new Map(
    files.flatMap((file) => {
      const { value } = parseDocument(readFileSync(file, 'utf8'), file);
      return isSets(value) ? Object.entries(value) : [];
    }),
  );
}
