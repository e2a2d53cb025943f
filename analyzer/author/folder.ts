// Reads and writes the file of a rule among a team's own rules. It also writes what stands beside the rules: the
// schemas, and a new cause in causes.yaml. A rule of the old form is read as its converted text, and its folder goes
// when the rule is saved.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument } from '../../core/document.js';
import type { Owner } from '../../core/documents/incident.js';
import type { Catalog } from '../catalog/catalog.js';
import { isRuleFile } from '../catalog/closed.js';
import { findBuiltInRules } from '../catalog/files.js';
import { readCases, type RuleCase } from './cases.js';
import { convertRule } from './convert.js';
import { TODO } from './draft.js';
import { NO_SCAFFOLDS } from './scaffolds.js';

/** Pattern of a rule id: CAUSE/VARIANT. */
export const RULE_ID = /^[a-z0-9]+\.[a-z0-9-]+\/[a-z0-9-]+$/;

/** Texts of a rule that is being written. */
export interface RuleTexts {
  /** Text of its file. */
  readonly ruleYaml: string;
  /** Log of its first case that it must name. */
  readonly matchLog: string;
  /** Log of its first near miss. */
  readonly nearMissLog: string;
}

/** Returns the file of the rule with the id CAUSE/VARIANT. */
export function placeRule(folder: string, id: string): string {
  return `${join(folder, ...id.replace('.', '/').split('/'))}.yaml`;
}

/** Returns the file of the rule in the old form. */
function placeOldRule(folder: string, id: string): string {
  return join(placeRule(folder, id).replace(/\.yaml$/, ''), 'rule.yaml');
}

/** True if the folder has a rule with this id, in either form. */
export function hasRule(folder: string, id: string): boolean {
  return existsSync(placeRule(folder, id)) || existsSync(placeOldRule(folder, id));
}

/** Reads the texts of a rule from the last of `folders` that has it; returns undefined if none of them has it. */
export function readRule(folders: readonly string[], id: string): RuleTexts | undefined {
  if (!RULE_ID.test(id)) return undefined;
  const folder = folders.findLast((one) => hasRule(one, id));
  if (folder === undefined) return undefined;
  const file = placeRule(folder, id);
  const old = placeOldRule(folder, id);
  const isOld = !existsSync(file);
  const { cases } = readCases({ file: isOld ? old : file });
  const logOf = (isMatch: boolean): string =>
    cases.find((one) => one.isMatch === isMatch)?.bytes.toString('utf8') ?? '';
  return {
    ruleYaml: isOld ? readOld(old, id, cases) : readFileSync(file, 'utf8'),
    matchLog: logOf(true),
    nearMissLog: logOf(false),
  };
}

/** Returns the text of a rule of the old form as one file. */
function readOld(file: string, id: string, cases: readonly RuleCase[]): string {
  const text = readFileSync(file, 'utf8');
  const document = parseDocument(text, file);
  const { value } = document;
  if (!isRuleFile(value)) return text;
  const old = { id, document, rule: value, text, logs: cases };
  return convertRule(old, { owner: undefined, sets: new Map(), scaffolds: NO_SCAFFOLDS, isAlone: true }).text;
}

/** Writes the file of a rule; its folder of the old form is removed. */
export function writeRule(folder: string, id: string, text: string): void {
  const file = placeRule(folder, id);
  mkdirSync(dirname(file), { recursive: true });
  const old = placeOldRule(folder, id);
  if (existsSync(old)) rmSync(dirname(old), { recursive: true });
  writeFileSync(file, text);
}

const SCHEMAS = ['rule.schema.json', 'schema.json', 'proof.schema.json', 'engine.schema.json'];

/** Copies the schemas beside the rules, so that editors complete keys by them. An older copy is replaced. */
export function shareSchemas(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of SCHEMAS) writeFileSync(join(folder, name), readFileSync(join(findBuiltInRules(), name)));
}

/**
 * Adds a new cause to causes.yaml and returns the path of that file; undefined if the catalog has the cause already.
 */
export function addCause(cause: string, folder: string, { causes }: Catalog, owner: Owner): string | undefined {
  if (causes.has(cause)) return undefined;
  const file = join(folder, 'causes.yaml');
  const isUnfinished = existsSync(file) && !/(?:^|\n)$/.test(readFileSync(file, 'utf8'));
  appendFileSync(
    file,
    `${isUnfinished ? '\n' : ''}${cause}: { owner: ${owner}, title: { en: "${TODO}: a short name", zh: "${TODO}：简短的名称" } }\n`,
  );
  return file;
}
